"""A fault in the log: its kind and place, none of its words."""

from phonehome.lab.cloud.faults import describe


def _fail() -> None:
    try:
        raise KeyError("+12025550143 Bob")
    except KeyError as error:
        raise ValueError("what Bob wrote") from error


def test_a_fault_is_told_by_kind_and_place_and_quotes_nothing() -> None:
    try:
        _fail()
    except ValueError as error:
        told = describe(error)
    assert "builtins.ValueError" in told
    assert "after builtins.KeyError" in told
    assert "test_faults.py" in told
    assert "_fail" in told
    assert "Bob" not in told
