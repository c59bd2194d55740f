"""Taking personal values out of text that people will see.

Everywhere a known value, a digest of it or an encoded span of it would show, its id stands: `imei=‹imei-1›`. What
looks like somebody else's data (addresses, long numbers, hardware addresses, long tokens that may be digests) is
masked by its kind. Digits next to a masked span go with it: what is left of a number gives the rest away.
"""

import re
from collections.abc import Sequence

from phonehome.detect.hidden import HiddenValues
from phonehome.detect.lexicon import Lexicon
from phonehome.detect.search import Searcher
from phonehome.detect.strangers import mask_strangers

ELLIPSIS = "…"

MAX_SHOWN = 16 << 10
"""Bytes of one captured text that are shown; what follows is left out."""

_HOST_STRANGERS = (
    re.compile(
        r"(?:[0-9a-f]{1,2}-){5,}[0-9a-f]{1,2}|\d{7,}|[0-9a-f]{16,}|(?=[a-z_]*\d)[A-Za-z0-9_]{16,}|[A-Za-z0-9]{25,}"
    ),
    "‹token›",
)
_AUTHORITY = re.compile(
    rb"([a-z]{2,5}://)((?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?)(?=[/?#]|\Z)"
)
_EDGE = rb"[0-9A-Za-z_\x80-\xff+/=%.@:\\-]"
_EDGE_LEFT = re.compile(rb"\A(?:[0-9][ ().-]{0,2})*" + _EDGE + rb"*")
_DIGITS_BEFORE = re.compile(r"(?:\d[ ./-]?|(?<![A-Za-z])[0-9A-Fa-f])+\Z")
_DIGITS_AFTER = re.compile(r"\A(?:[ ./-]?\d|[0-9A-Fa-f](?![G-Zg-z]))+")
_HIGH, _LOW, _LOWS = 0xD800, 0xDC00, 0x400
_MARK = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_UNPRINTABLE = re.compile(
    r"[^\S ]|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)


def printable(data: bytes) -> str:
    r"""Bytes as text: UTF-8 where they are, everything else and all controls as `\xNN` or `\uNNNN`."""
    return _UNPRINTABLE.sub(_escape, data.decode("utf-8", "backslashreplace"))


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class Masker:
    """Masks text for one subject; with `reveal` it only makes text printable."""

    def __init__(self, lexicon: Lexicon, searcher: Searcher, *, reveal: bool) -> None:
        self._lexicon = lexicon
        self._hidden = HiddenValues(lexicon, searcher)
        self._reveal = reveal

    def text(self, data: bytes) -> str:
        """Any captured bytes, printable and masked."""
        if self._reveal:
            return printable(data)
        if len(data) > MAX_SHOWN:
            return self.text(_without_right_edge(data[:MAX_SHOWN])) + ELLIPSIS
        return self._name(mask_strangers(self._mark(data)))

    def path(self, path: str) -> str:
        """A file's name, which may hold a known value (captures are named by IMEI); the rest of it stands.

        What looks like a stranger's data is left, since dates and counters in names tell inputs apart.
        """
        data = path.encode("utf-8", "backslashreplace")
        return printable(data) if self._reveal else self._name(self._mark(data))

    def host(self, host: str | None) -> str | None:
        """A host name: labels that hold data are masked, the rest stands."""
        if host is None or self._reveal:
            return host if host is None else printable(host.encode("utf-8", "surrogateescape"))
        pattern, replacement = _HOST_STRANGERS
        marked = self._mark(host.encode("utf-8", "surrogateescape"))
        return self._name(marked if _is_address(host) else pattern.sub(replacement, marked))

    def url(self, url: bytes, spans: Sequence[tuple[int, int, str]]) -> str:
        """A URL in which some spans are known to hold values; the host stands as `host` gives it."""
        authority = _AUTHORITY.match(url)
        if authority is None or self._reveal or any(start < authority.end() for start, _, _ in spans):
            return self.spans(url, spans)
        scheme, name = authority.groups()
        at = authority.end()
        rest = self.spans(url[at:], [(start - at, end - at, value_id) for start, end, value_id in spans])
        return scheme.decode() + (self.host(name.decode()) or "") + rest

    def spans(self, data: bytes, spans: Sequence[tuple[int, int, str]]) -> str:
        """Text in which some spans are known to hold values: (start, end, id)."""
        if self._reveal:
            return printable(data)
        out, at = [], 0
        for start, end, value_id in sorted(spans):
            if start < at:
                continue
            out.append(_DIGITS_BEFORE.sub("", self.text(data[at:start])))
            out.append(f"‹{value_id}›")
            at = end
        rest = self.text(data[at:])
        out.append(_DIGITS_AFTER.sub("", rest) if spans else rest)
        return "".join(out)

    def window(
        self, data: bytes, start: int, end: int, value_id: str, *, cut_left: bool, cut_right: bool
    ) -> tuple[str, str, str]:
        """Before, span and after of one layer's window; half tokens at its cut edges are left out."""
        before, span, after = data[:start], data[start:end], data[end:]
        if self._reveal:
            return printable(before), printable(span), printable(after)
        if cut_left:
            before = before[_end_of_left_edge(before) :]
        if cut_right:
            after = _without_right_edge(after)
        head = ELLIPSIS * cut_left + self.text(before)
        tail = self.text(after) + ELLIPSIS * cut_right
        if span:
            head, tail = _DIGITS_BEFORE.sub("", head), _DIGITS_AFTER.sub("", tail)
        return head, f"‹{value_id}›" if span else "", tail

    def _mark(self, data: bytes) -> str:
        """Printable text with a pair of surrogates for each known value; printable text itself has none."""
        out, at = [], 0
        for start, end, value in self._hidden.spans(data):
            if start < at:
                at = max(at, end)
                continue
            out.append(printable(data[at:start]))
            out.append(chr(_HIGH + value // _LOWS) + chr(_LOW + value % _LOWS))
            at = end
        out.append(printable(data[at:]))
        return "".join(out)

    def _name(self, text: str) -> str:
        """Put the ids where the marks are."""
        return _MARK.sub(lambda mark: f"‹{self._lexicon.values[_place(mark.group())].id}›", text)


def _place(mark: str) -> int:
    return (ord(mark[0]) - _HIGH) * _LOWS + ord(mark[1]) - _LOW


def _end_of_left_edge(data: bytes) -> int:
    """Where the token ends that the left edge of a window may have cut."""
    edge = _EDGE_LEFT.match(data)
    return edge.end() if edge is not None else 0


def _without_right_edge(data: bytes) -> bytes:
    """The data without the token that its right edge may have cut."""
    end = len(data) - _end_of_left_edge(data[::-1])
    return data[:end]


def _is_address(host: str) -> bool:
    return re.fullmatch(r"[0-9.]{7,15}|\[?[0-9a-fA-F:.]{2,45}\]?", host) is not None
