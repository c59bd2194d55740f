"""The words of the views: one for one thing, the same on the terminal and on paper."""

from functools import cache
from importlib.resources import files

from phonehome.model.wording import count, data_type, listing, listing_at_most

__all__ = [
    "count",
    "country",
    "country_in_text",
    "data_type",
    "listing",
    "listing_at_most",
    "percent",
    "size",
    "transport",
]

SEVERITIES = ("critical", "high", "medium", "low")

METHODS = {
    "decoded": "The value itself, after its layers were decoded.",
    "digest": "A digest (hash) of the value. Whoever holds the value, or can try all of them, can link it.",
}
COVERAGE = {
    "read": "looked into",
    "closed": "stayed encrypted by the transport",
    "unreadable": "high entropy, no known format, or not decoded",
    "lost": "missing from the recording",
}
PARTS = {
    "request.url": "request URL",
    "request.headers": "request headers",
    "request.body": "request body",
    "response.headers": "response headers",
    "response.body": "response body",
    "message": "message",
    "stream": "stream",
}
NOT_COVERED = (
    "Not looked for: values that an app encrypted, salted, XORed or wrote in an alphabet of its own."
)
NOT_RECORDED = "What was not recorded is not covered at all."
NOT_SEEN = "“Not seen” is not “not sent”: it counts only for what could be read."

_TRANSPORTS = {"cleartext": "cleartext", "tls": "TLS", "quic": "QUIC", None: "transport unknown"}


def transport(name: str | None) -> str:
    """Write a transport for people; None is one that the recording does not tell."""
    return _TRANSPORTS[name]


def size(number: int) -> str:
    """Write bytes with three digits and a decimal unit: “999 B”, “1.23 MB”."""
    value = float(number)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            break
        value /= 1000
    digits = 0 if unit == "B" or value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:,.{digits}f} {unit}"


def percent(part: int, whole: int) -> str:
    """Write a share; only all is “100 %” and only nothing is “0 %”."""
    if whole <= 0 or part <= 0:
        return "0 %"
    if part >= whole:
        return "100 %"
    share = 100 * part / whole
    if share < 0.1:
        return "< 0.1 %"
    return "> 99.9 %" if share > 99.9 else f"{share:.1f} %"


@cache
def _countries() -> dict[str, str]:
    text = files(__package__).joinpath("assets", "countries.tsv").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {code: name for code, name in lines}  # noqa: C416  a list of two is no pair to mypy


def country(code: str) -> str:
    """Give the English name of a country code, or the code where it is not known."""
    return _countries().get(code, code)


def country_in_text(code: str) -> str:
    """Give the name as it stands inside a sentence: “the United States”."""
    name = country(code)
    plural_or_union = name.startswith(
        ("United", "Netherlands", "Philippines", "Bahamas", "Maldives", "European")
    )
    return f"the {name}" if plural_or_union else name
