"""The push stream's XML, bytes in, stanzas out: one open root, and flat stanzas in it (after RFC 6120).

Hostile until bound to a user: no document types, entities, comments or processing instructions, no element in
another, and bounded in size before anything is stored.
"""

from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from phonehome.lab.cloud.refusal import Reason, Refusal

MAX_STANZA_BYTES = 64 << 10
MAX_ATTRIBUTES = 16
ROOT = "stream:stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stanza:
    """One stanza; the root's opening tag is one, too."""

    name: str
    attributes: dict[str, str]
    text: str = ""


class StanzaReader:
    """Reads one direction of a stream."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._forbidden
        self._parser.CommentHandler = self._forbidden
        self._parser.ProcessingInstructionHandler = self._forbidden
        self._depth = 0
        self._since = 0
        self._open: tuple[str, dict[str, str]] | None = None
        self._texts: list[str] = []
        self._ready: list[Stanza] = []
        self.ended = False

    def feed(self, data: bytes) -> list[Stanza]:
        """Take bytes; give the stanzas that are complete. Raises Refusal for what is no such stream."""
        self._since += len(data)
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError as error:
            reason = expat.errors.messages[error.code]
            raise Refusal(Reason.MALFORMED, f"the stream is not well-formed: {reason}") from error
        ready, self._ready = self._ready, []
        if ready:
            self._since = 0
        if self._since > MAX_STANZA_BYTES:
            raise Refusal(Reason.OVERSIZED, f"a stanza is longer than {MAX_STANZA_BYTES} bytes")
        return ready

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(attributes) > MAX_ATTRIBUTES:
            raise Refusal(Reason.OVERSIZED, "a stanza has too many attributes")
        if self._depth == 0:
            if name != ROOT:
                raise Refusal(Reason.MALFORMED, f"a stream begins with <{ROOT}>")
            self._ready.append(Stanza(name=name, attributes=attributes))
        elif self._depth == 1:
            self._open, self._texts = (name, attributes), []
        else:
            raise Refusal(Reason.MALFORMED, "a stanza holds text only, no elements")
        self._depth += 1

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._depth == 1 and self._open is not None:
            self._ready.append(Stanza(name=name, attributes=self._open[1], text="".join(self._texts)))
            self._open = None
        self.ended = self._depth == 0

    def _text(self, data: str) -> None:
        if self._depth == 2:
            self._texts.append(data)

    def _forbidden(self, *_: object) -> None:
        raise Refusal(Reason.MALFORMED, "a stream holds elements and text only")


def write_stanza(name: str, text: str | None = None, **attributes: str | int) -> bytes:
    """Write a stanza."""
    parts = "".join(f" {key}={quoteattr(_legal(str(value)))}" for key, value in attributes.items())
    return (
        f"<{name}{parts}/>" if text is None else f"<{name}{parts}>{escape(_legal(text), _LINE_ENDS)}</{name}>"
    ).encode()


def open_stream(**attributes: str) -> bytes:
    """Write the opening tag of a stream; `CLOSE` closes it."""
    parts = "".join(f" {key}={quoteattr(_legal(value))}" for key, value in attributes.items())
    return (
        "<?xml version='1.0'?><stream:stream xmlns='xm' "
        f"xmlns:stream='http://etherx.jabber.org/streams'{parts}>"
    ).encode()


CLOSE = b"</stream:stream>"
_LINE_ENDS = {"\r": "&#13;"}
"""A reader of XML takes a bare carriage return for a line feed (XML 1.0, 2.11)."""


def is_legal(text: str) -> bool:
    """Tell whether XML 1.0 can hold a text."""
    return all(map(_is_legal, text))


def _legal(text: str) -> str:
    """Replace what XML 1.0 cannot hold, not even escaped."""
    return "".join(c if _is_legal(c) else "\ufffd" for c in text)


def _is_legal(c: str) -> bool:
    return c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
