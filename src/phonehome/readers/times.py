"""Times as recorders write them, brought to aware UTC."""

import math
import re
from datetime import UTC, datetime, timedelta

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?"
    r"\s*(?:([Zz])|([+\-\u2212])(\d\d):?(\d\d)?)?$",
    re.ASCII,
)
_LAST_SECOND = 59


def parse_time(text: str) -> datetime | None:
    """Read an ISO 8601 date and time with any precision and offset; None if it is none.

    Without an offset it is taken for UTC. A leap second is read as the second before it.
    """
    found = _ISO.match(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute = (int(found[group]) for group in range(1, 6))
    second = min(int(found[6] or 0), _LAST_SECOND)
    micro = int((found[7] or "0")[:6].ljust(6, "0"))
    offset = timedelta(hours=int(found[10] or 0), minutes=int(found[11] or 0))
    try:
        local = datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)
        return local - offset if found[9] == "+" else local + offset
    except (ValueError, OverflowError):
        return None


def has_offset(text: str) -> bool:
    """Tell whether a time that `parse_time` reads says how far it is from UTC."""
    found = _ISO.match(text.strip())
    return found is not None and (found[8] is not None or found[9] is not None)


def from_epoch(seconds: float | None) -> datetime | None:
    """Turn seconds since 1970 into a time; None for what no recording can mean."""
    if seconds is None or not math.isfinite(seconds) or seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
