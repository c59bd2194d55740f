"""Moments in rules: RFC 3339, as CEL's `timestamp` reads them."""

import re
from datetime import datetime

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


def parse_time(text: str) -> datetime | None:
    """Give a moment with its zone, or None if the text is none."""
    if _RFC_3339.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
