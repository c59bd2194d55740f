"""Phone numbers of ranges that regulators keep for fiction, as people of the country write them.

Ranges: NANP 555-0100 to 555-0199; Ofcom 07700 900000 to 900999; Bundesnetzagentur (0)30 23125 000 to 999
and (0)89 99998 000 to 999; ARCEP 06 39 98 00 00 to 99 99; PTS 070-174 06 05 to 06 99; ACMA (02) 5550 and
7010 xxxx; ComReg (0)20 91x xxxx.
"""

from dataclasses import dataclass
from random import Random

from benchmarks.detection.generator.checkdigits import digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one country writes its numbers: groups are lengths of the national number's parts."""

    region: str
    code: str
    trunk: str
    groups: tuple[int, ...]
    fixed: tuple[str, ...]
    free: int


PLANS: tuple[Plan, ...] = (
    Plan(
        region="US", code="1", trunk="", groups=(3, 3, 4), fixed=("20255501", "31255501", "61755501"), free=2
    ),
    Plan(region="GB", code="44", trunk="0", groups=(4, 6), fixed=("7700900",), free=3),
    Plan(region="DE", code="49", trunk="0", groups=(2, 8), fixed=("3023125", "8999998"), free=3),
    Plan(region="FR", code="33", trunk="0", groups=(1, 2, 2, 2, 2), fixed=("63998",), free=4),
    Plan(region="SE", code="46", trunk="0", groups=(2, 3, 2, 2), fixed=("7017406",), free=2),
    Plan(region="AU", code="61", trunk="0", groups=(1, 4, 4), fixed=("25550", "27010"), free=4),
    Plan(region="IE", code="353", trunk="0", groups=(2, 3, 4), fixed=("2091",), free=5),
)


def make(rng: Random, plan: Plan) -> str:
    """A number of the plan in E.164."""
    tail = digits(rng, plan.free)
    while plan.region == "SE" and not "05" <= tail <= "99":
        tail = digits(rng, plan.free)
    return f"+{plan.code}{rng.choice(plan.fixed)}{tail}"


def plan_of(e164: str) -> Plan:
    """The plan that a number made here belongs to."""
    return next(plan for plan in PLANS if e164.startswith("+" + plan.code))


def national(e164: str) -> str:
    """The national number without a trunk prefix."""
    return e164[1 + len(plan_of(e164).code) :]


def grouped(e164: str, separator: str) -> str:
    """The national number in the country's groups; surplus digits join the last group."""
    number, plan = national(e164), plan_of(e164)
    parts, at = [], 0
    for length in plan.groups[:-1]:
        parts.append(number[at : at + length])
        at += length
    return separator.join([*parts, number[at:]])
