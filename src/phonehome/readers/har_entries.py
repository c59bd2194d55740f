"""The entries of a HAR, one by one, out of a stream that may be larger than memory.

Walks the outer objects key by key, steps over what nobody needs, and decodes each member of
`log.entries` by itself. Behind a broken entry it looks for the next object that has a `request`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from phonehome.model.errors import DecodeError, InputError, LimitExceeded
from phonehome.readers.base import ByteStream
from phonehome.readers.json_stream import BrokenJsonError, DeepJsonError, JsonStream, TruncatedJsonError

MAX_RESYNC_TRIES = 10_000
"""How many objects are tried as the next entry behind a broken one."""

MAX_RESYNC_CHARACTERS = 2 * 1024**3
"""How much is decoded in those tries."""

_RESUMED = "reading went on at the next entry"
_NOT_RESUMED = "no further entry was found behind it"

# The end of one object and the beginning of the next; white space between them is bounded so that
# a match fits into the overlap of two windows.
_NEXT_OBJECT = re.compile(r"\}[ \t\r\n]{0,200},[ \t\r\n]{0,200}(?=\{)")
_NEXT_OBJECT_LENGTH = 402


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """One member of `log.entries`.

    Attributes:
        value: What was decoded; None where it could not be.
        trouble: What was wrong with it or around it, or None.
        lost: Whether the trouble cost anything.
    """

    index: int
    value: object = None
    trouble: str | None = None
    lost: bool = True


class HarEntries:
    """Iterates over the entries of one HAR."""

    def __init__(self, stream: ByteStream) -> None:
        self._json = JsonStream(stream)
        self._index = 0
        self._log_found = False
        self._entries_found = False
        self._cut = False

    @property
    def has_other_bytes(self) -> bool:
        """Whether bytes that are not UTF-8 came by."""
        return self._json.has_other_bytes

    def find_log(self) -> bool:
        """Tell whether the outermost object has a `log`; stops at it."""
        try:
            for key in self._iter_keys():
                if key == "log":
                    return True
                self._json.skip()
        except (DecodeError, LimitExceeded):
            pass
        return False

    def __iter__(self) -> Iterator[RawEntry]:
        """Give all entries, and what was wrong with them.

        Raises:
            InputError: There is no list of entries.
        """
        try:
            yield from self._iter_document()
        except TruncatedJsonError:
            self._require_entries("it ends before its list of entries")
            if self._cut:
                return
            yield self._trouble("the file ends early, behind its last entry", lost=False)
        except (DecodeError, LimitExceeded) as error:
            self._require_entries(f"what stands before its list of entries is {error}")
            yield self._trouble(f"what follows the entries is {error}", lost=False)

    def _iter_document(self) -> Iterator[RawEntry]:
        for key in self._iter_keys():
            if key != "log":
                self._json.skip()
                continue
            self._log_found = True
            if self._json.peek() != "{":
                raise InputError('JSON, but no HAR: its "log" is not an object')
            yield from self._iter_log()
        self._require_entries("")
        if self._json.peek().strip("\0\x1a"):
            yield self._trouble(
                "something stands behind the end of the JSON text; it was not read", lost=True
            )

    def _iter_log(self) -> Iterator[RawEntry]:
        for key in self._iter_keys():
            if key == "entries" and self._json.peek() == "[":
                self._entries_found = True
                yield from self._iter_entries()
            else:
                self._json.skip()

    def _iter_keys(self) -> Iterator[object]:
        """Give the keys of the object that begins here; the caller takes each value."""
        self._json.take("{")
        while self._json.peek() == '"':
            key = self._json.decode()
            self._json.take(":")
            yield key
            if self._json.peek() == ",":
                self._json.take(",")
        self._json.take("}")

    def _iter_entries(self) -> Iterator[RawEntry]:
        self._json.take("[")
        while (character := self._json.peek()) != "]":
            if character == ",":
                self._json.take(",")
                continue
            try:
                yield self._read_entry()
            except TruncatedJsonError:
                self._cut = True
                yield self._next(trouble="the file ends inside this entry, or before it; nothing follows")
                raise
            except BrokenJsonError as error:
                found = self._find_next_entry()
                yield self._next(trouble=f"{error}; {_RESUMED if found else _NOT_RESUMED}")
                if not found:
                    self._cut = True
                    raise TruncatedJsonError("nothing follows") from None
            except (DeepJsonError, LimitExceeded) as error:
                yield self._next(trouble=str(error))
                self._json.skip()
        self._json.take("]")

    def _read_entry(self) -> RawEntry:
        if not self._json.peek():
            raise TruncatedJsonError("the text ends between two entries")
        value = self._json.decode()
        if self._json.has_duplicates:
            return self._next(value, "an object names the same key twice; only the last was read")
        return self._next(value)

    def _find_next_entry(self) -> bool:
        """Move to the next object that looks like an entry; False if none was found within bounds."""
        work = self._json.decoded + MAX_RESYNC_CHARACTERS
        for _ in range(MAX_RESYNC_TRIES):
            if self._json.decoded > work or not self._json.seek(_NEXT_OBJECT, _NEXT_OBJECT_LENGTH):
                return False
            self._json.advance(1)
            self._json.take(",")
            try:
                if self._json.is_object_with("request"):
                    return True
            except TruncatedJsonError:
                continue
        return False

    def _next(self, value: object = None, trouble: str | None = None) -> RawEntry:
        entry = RawEntry(index=self._index, value=value, trouble=trouble)
        self._index += 1
        return entry

    def _trouble(self, trouble: str, *, lost: bool) -> RawEntry:
        return RawEntry(index=self._index, trouble=trouble, lost=lost)

    def _require_entries(self, otherwise: str) -> None:
        if self._entries_found:
            return
        if not self._log_found:
            raise InputError(f"JSON, but no HAR: {otherwise or 'it has no “log” key at its top'}")
        raise InputError(f"JSON, but no HAR: {otherwise or 'its “log” has no list of “entries”'}")
