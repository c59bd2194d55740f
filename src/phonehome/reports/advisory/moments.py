"""Moments of an audit document, which may be anybody's: what is no moment is left out."""

from datetime import UTC, datetime


def read_moment(text: str | None) -> datetime | None:
    """Read RFC 3339 as a moment in UTC; None if it is none, or outside of the calendar."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write_moment(moment: datetime, *, milliseconds: bool = False) -> str:
    """Write a moment in UTC with seconds, or milliseconds, and Z."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds" if milliseconds else "seconds")
    return text.replace("+00:00", "Z")
