"""Times and hashes as the audit document writes them."""

import hashlib
from datetime import UTC, datetime


def write_time(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def hash_parts(*parts: str) -> str:
    """Sixteen hexadecimal digits that name these parts; the same in every run."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]
