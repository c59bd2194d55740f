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


def chance_bits(finding: Finding, bytes_searched: int) -> float:
    """−log2 of the probability that the finding is an accident; 0 where one is to be expected."""
    return round(max(finding.form_bits - math.log2(max(bytes_searched, 1)), 0.0), 1)


def weakness(finding: Finding, value: KnownValue, bytes_searched: int) -> str | None:
    """Why a finding counts little, in a sentence, or None if it counts."""
    if value.since is not None and finding.exchange.time is not None:
        born = datetime.combine(value.since, time.min, UTC)
        if finding.exchange.time < born:
            return f"recorded before {value.since}, the day since when the value exists"
    bits = chance_bits(finding, bytes_searched)
    if bits < THRESHOLD_BITS:
        return (
            f"short for a capture of this size: {finding.form_bits:.0f} bits of surprise in "
            f"{bytes_searched:,} bytes searched, so an accident is not improbable enough"
        )
    return None
