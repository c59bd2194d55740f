"""JSON read from a stream: values are decoded whole where wanted, and stepped over where not.

Memory holds one window of text. A value that is wanted grows the window until it is there (and no further
than a bound); a value that is not wanted passes through it. Stepping over counts brackets and strings
instead of calling itself, so that a million levels cost no more than a million brackets.
Specification: RFC 8259; tolerated: control characters in strings, NaN, bytes that are not UTF-8.
"""

import codecs
import json
import re
from typing import NoReturn

from phonehome.model.errors import DecodeError, LimitExceeded
from phonehome.readers.base import ByteStream

MAX_VALUE_CHARACTERS = 512 * 1024 * 1024
"""The longest value that is decoded at once."""

_CHUNK_BYTES = 1 << 20
_MAX_INTEGER_DIGITS = 20
_CUT_MARGIN = 16  # longer than any escape, literal or surrogate pair that a window can cut in two

_SPACE = re.compile(r"[ \t\r\n]*")
_STRUCTURE = re.compile(r'["{}\[\]]')
_STRING_END = re.compile(r'["\\]')
_SCALAR_END = re.compile(r"[,\]}\s]")
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class TruncatedJsonError(DecodeError):
    """The stream ended inside a value."""


class BrokenJsonError(DecodeError):
    """Text that is not JSON, `distance` characters behind the cursor."""

    def __init__(self, message: str, distance: int = 0) -> None:
        super().__init__(message)
        self.distance = distance


class DeepJsonError(DecodeError):
    """A value nested too deeply to be decoded; the stream still stands at its beginning."""


class JsonStream:
    """A cursor over the JSON text of a byte stream.

    Attributes:
        has_other_bytes: Bytes that are not UTF-8 came by; they were kept, escaped as Python escapes them.
        has_duplicates: The value decoded last holds an object with the same key twice (the last one counts).
        decoded: Characters decoded so far, failed attempts included: the work that was done.
    """

    def __init__(self, stream: ByteStream) -> None:
        self.has_other_bytes = False
        self.has_duplicates = False
        self.decoded = 0
        self._stream = stream
        self._text = ""
        self._at = 0
        first = stream.read(_CHUNK_BYTES)
        self._ended = not first
        bom, encoding = next(((bom, name) for bom, name in _BOMS if first.startswith(bom)), (b"", "utf-8"))
        errors = "surrogateescape" if encoding == "utf-8" else "replace"
        self._encoding = codecs.getincrementaldecoder(encoding)(errors)
        self._append(first[len(bom) :])
        self._json = json.JSONDecoder(
            strict=False,
            parse_int=_parse_int,
            parse_constant=_no_constant,
            object_pairs_hook=self._make_object,
        )

    def peek(self) -> str:
        """Step over white space and give the next character without taking it; empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found is not None else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, character: str) -> None:
        """Take one expected character.

        Raises:
            BrokenJsonError: Another one stands there.
            TruncatedJsonError: The stream has ended.
        """
        found = self.peek()
        if found != character:
            if not found:
                raise TruncatedJsonError(f"expected {character!r}, the text ends")
            raise BrokenJsonError(f"expected {character!r}")
        self._at += 1

    def decode(self) -> object:
        """Decode the value that begins here, whole.

        Raises:
            BrokenJsonError: It is no JSON; the cursor stands where that shows.
            DeepJsonError: It is nested too deeply; the cursor has not moved.
            LimitExceeded: It is longer than `MAX_VALUE_CHARACTERS`; the cursor has not moved.
            TruncatedJsonError: The stream ends inside it.
        """
        try:
            value, self._at = self._look_ahead()
        except BrokenJsonError as error:
            self._at += error.distance
            raise
        return value

    def is_object_with(self, key: str) -> bool:
        """Tell whether an object with this key begins here; the cursor does not move.

        Raises:
            TruncatedJsonError: The stream ends inside what begins here.
        """
        try:
            value, _ = self._look_ahead()
        except (BrokenJsonError, DeepJsonError, LimitExceeded):
            return False
        return isinstance(value, dict) and key in value

    def _look_ahead(self) -> tuple[object, int]:
        """Decode the value that begins here; give it and where in the window it ends."""
        self.peek()
        while True:
            self.has_duplicates = False
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                self.decoded += error.pos - self._at
                if self._ended or not self._is_cut(error):
                    self._refuse(error)
            except RecursionError:
                raise DeepJsonError("nested too deeply to be decoded") from None
            else:
                self.decoded += end - self._at
                # A number at the window's edge may go on behind it.
                if end < len(self._text) or self._ended or isinstance(value, dict | list | str):
                    return value, end
            size = len(self._text) - self._at
            if size > MAX_VALUE_CHARACTERS:
                raise LimitExceeded(
                    f"longer than the {MAX_VALUE_CHARACTERS:,} characters that are read at once"
                )
            self._more(size)

    def skip(self) -> None:
        """Step over the value that begins here, in bounded memory.

        Raises:
            TruncatedJsonError: The stream ends inside it.
        """
        match self.peek():
            case "":
                raise TruncatedJsonError("expected a value, the text ends")
            case '"':
                self._at += 1
                self._skip_string()
            case "{" | "[":
                self._skip_nested()
            case _:
                while not self._jump(_SCALAR_END):
                    if not self._more():
                        return
                self._at -= 1

    def seek(self, pattern: re.Pattern[str], overlap: int) -> bool:
        """Move to the beginning of the next match of a pattern, which is at most `overlap` characters long.

        Returns:
            False when the stream ended without one.
        """
        while True:
            found = pattern.search(self._text, self._at)
            if found is not None:
                self._at = found.start()
                return True
            self._at = max(self._at, len(self._text) - overlap)
            if not self._more():
                self._at = len(self._text)
                return False

    def advance(self, count: int) -> None:
        """Step over characters that were seen."""
        self._at = min(self._at + count, len(self._text))

    def _skip_nested(self) -> None:
        depth = 0
        while True:
            if not self._jump(_STRUCTURE):
                if not self._more():
                    raise TruncatedJsonError("the text ends inside a value")
                continue
            match self._text[self._at - 1]:
                case '"':
                    self._skip_string()
                case "{" | "[":
                    depth += 1
                case _:
                    depth -= 1
                    if depth == 0:
                        return

    def _skip_string(self) -> None:
        """Step over the rest of a string whose opening quote is taken."""
        while True:
            if not self._jump(_STRING_END):
                if not self._more():
                    raise TruncatedJsonError("the text ends inside a string")
            elif self._text[self._at - 1] == '"':
                return
            else:
                if self._at >= len(self._text):
                    self._more()
                self._at += 1

    def _jump(self, pattern: re.Pattern[str]) -> bool:
        """Move behind the next match in the window, or to the window's end."""
        found = pattern.search(self._text, self._at)
        self._at = found.end() if found is not None else len(self._text)
        return found is not None

    def _more(self, size: int = 0) -> bool:
        """Drop what lies behind the cursor and read at least one more chunk, or `size` bytes."""
        if self._ended:
            return False
        chunk = self._stream.read(max(_CHUNK_BYTES, size))
        self._ended = not chunk
        self._append(chunk)
        return True

    def _append(self, chunk: bytes) -> None:
        text = self._encoding.decode(chunk, not chunk)
        if not self.has_other_bytes and not text.isascii() and _ESCAPED_BYTE.search(text):
            self.has_other_bytes = True
        self._text = self._text[self._at :] + text
        self._at = 0

    def _is_cut(self, error: json.JSONDecodeError) -> bool:
        """Tell whether a value may be broken only because the window ends."""
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - _CUT_MARGIN

    def _refuse(self, error: json.JSONDecodeError) -> NoReturn:
        if self._ended and self._is_cut(error) and self._ends_inside():
            raise TruncatedJsonError("the text ends inside a value") from None
        distance = max(0, min(error.pos, len(self._text)) - self._at)
        raise BrokenJsonError(f"no JSON: {error.msg[0].lower()}{error.msg[1:]}", distance) from None

    def _ends_inside(self) -> bool:
        """Tell, at the end of the stream, whether a bracket or quote of this value is still open."""
        at = self._at
        try:
            self.skip()
        except TruncatedJsonError:
            return True
        finally:
            self._at = at
        return False

    def _make_object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) != len(pairs):
            self.has_duplicates = True
        return made


def _parse_int(digits: str) -> int | float:
    # Python refuses to read integers of thousands of digits; no field of a recording holds one.
    return int(digits) if len(digits) <= _MAX_INTEGER_DIGITS else float(digits)


def _no_constant(_name: str) -> None:
    """NaN and infinities say nothing about a size or a time."""
