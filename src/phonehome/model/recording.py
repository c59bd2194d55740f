"""The time that a recording covers."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSpan:
    """From the first to the last moment of which an input holds something, as far as its format tells.

    Of packets these are the first and the last, of exchanges the beginning of the first and the end of the last.

    Attributes:
        input: Which input of the audit, counted from 0.
        begin: By the recording's clock.
        end: By the recording's clock.
    """

    input: int = 0
    begin: datetime
    end: datetime
