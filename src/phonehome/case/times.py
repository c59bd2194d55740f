"""Moments as people write them in a case: RFC 3339, always with a time zone."""

import re
from datetime import UTC, datetime

EXAMPLE = "2026-03-01T09:30:00Z or 2026-03-01T15:00:00+05:30"
_SHAPE = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d)?(\.\d{1,9})?\s?(Z|z|[+-]\d\d:?\d\d)?", re.ASCII
)


class BadTime(ValueError):  # noqa: N818  the end of a sentence, not a fault
    """This is no moment; the text says what is wrong with it, as the end of a sentence."""


def parse_time(text: str) -> datetime:
    """Read a moment with its zone, as one in UTC.

    Raises:
        BadTime: It is none, or has no zone.
    """
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        raise BadTime(f"must be a moment, as in {EXAMPLE}")
    day, minute, second, fraction, zone = found.groups()
    if zone is None:
        raise BadTime(
            f"has no time zone, so nobody elsewhere knows when it was; add Z (UTC) or the offset, as in {EXAMPLE}"
        )
    zone = "+00:00" if zone in "Zz" else zone
    try:
        moment = datetime.fromisoformat(f"{day}T{minute}{second or ':00'}{(fraction or '')[:7]}{zone}")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadTime("is no moment of the calendar") from error


def write_time(moment: datetime) -> str:
    """Write a moment in UTC, as `parse_time` reads it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
