"""Numbers and moments as CEL reckons with them: whole numbers of 64 bits, and no mixing of sorts.

What CEL calls an error (a division by zero, a number too large) has no answer here.
"""

from datetime import datetime
from typing import TypeGuard

from phonehome.rules.tokens import INT_LIMIT
from phonehome.rules.undecided import Undecided


def is_int(value: object) -> TypeGuard[int]:
    """Say whether it is a whole number, which true and false are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[int | float]:
    """Say whether it is a number of either sort."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def compare(sign: str, left: object, right: object) -> bool:
    """Compare two numbers, or two moments.

    Raises:
        Undecided: They are neither.
    """
    if is_number(left) and is_number(right):
        return _in_order(sign, left < right, left == right)
    if isinstance(left, datetime) and isinstance(right, datetime) and None not in (left.tzinfo, right.tzinfo):
        return _in_order(sign, left < right, left == right)
    raise Undecided("two things cannot be compared")


def _in_order(sign: str, less: bool, equal: bool) -> bool:
    match sign:
        case "<":
            return less
        case "<=":
            return less or equal
        case ">":
            return not less and not equal
        case _:
            return not less


def reckon(sign: str, left: object, right: object) -> int | float:
    """Add, subtract, multiply or divide two numbers of one sort.

    Raises:
        Undecided: There is no result.
    """
    if is_int(left) and is_int(right):
        return _whole(sign, left, right)
    if not isinstance(left, float) or not isinstance(right, float):
        raise Undecided("two numbers are not of one sort")
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            if right == 0:
                raise Undecided("a number is divided by zero")
            return left / right


def _whole(sign: str, left: int, right: int) -> int:
    """CEL's whole numbers: 64 bits, and a division that drops the fraction."""
    match sign:
        case "+":
            return bounded(left + right)
        case "-":
            return bounded(left - right)
        case "*":
            return bounded(left * right)
        case _:
            if right == 0:
                raise Undecided("a number is divided by zero")
            quotient = abs(left) // abs(right) * (1 if (left < 0) is (right < 0) else -1)
            return bounded(quotient) if sign == "/" else left - quotient * right


def bounded(number: int) -> int:
    """Give the number, if CEL can hold it.

    Raises:
        Undecided: It cannot.
    """
    if not -INT_LIMIT <= number < INT_LIMIT:
        raise Undecided("a number grows beyond 64 bits")
    return number
