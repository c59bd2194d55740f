"""How improbable an accident is, and which findings are too probable to count.

A form carries its surprise (bits against random text of its own alphabet at one given place). Looking at more places
gives accidents more chances, so the bits that remain are the form's, less the binary logarithm of the bytes searched.
That overstates the accidents (hardly any place of a capture can hold an IMEI), which is the safe side.
"""

import math
from datetime import UTC, datetime, time

from phonehome.model.finding import Finding
from phonehome.model.subject import KnownValue

THRESHOLD_BITS = 10.0
"""Below this a finding is weak: such an accident happens in one of a thousand captures of this size."""


def chance_bits(form_bits: float, bytes_searched: int) -> float:
    """−log2 of the probability that a finding is an accident; 0 where one is to be expected."""
    return round(max(form_bits - math.log2(max(bytes_searched, 1)), 0.0), 1)


def weakness(form_bits: float, bytes_searched: int) -> str | None:
    """Why a finding counts little, in a sentence, or None if it counts."""
    if chance_bits(form_bits, bytes_searched) >= THRESHOLD_BITS:
        return None
    return (
        f"short for a capture of this size: {form_bits:.0f} bits of surprise in {bytes_searched:,} bytes "
        "searched, so an accident is not improbable enough"
    )


def recorded_before(finding: Finding, value: KnownValue) -> str | None:
    """Why a finding cannot be the value: it is older than the value; None if it is not."""
    if value.since is None or finding.exchange.time is None:
        return None
    born = datetime.combine(value.since, time.min, UTC)
    if finding.exchange.time >= born:
        return None
    return f"recorded before {value.since}, the day since when the value exists"
