"""HPACK (RFC 7541), decoded fast, and as far as it goes where the table is not known.

A recording may begin in the middle of a connection, or miss a part of it. Then the dynamic table is not
known: fields that point into the unknown part are left out and counted, values keep `UNKNOWN_NAME`, and what
is added from then on is known again. The table's size follows the updates in the header blocks; the
SETTINGS that allow them are not needed for reading (section 4.2: the encoder says each change).

Entries are evicted now and then only: their indices count from the newest, so those that ought to be gone are
never in the way, and nothing but a wrong encoder refers to them.
"""

from phonehome.model.errors import DecodeError
from phonehome.model.exchange import Header
from phonehome.wire.hpack_huffman import LENGTHS, decode_huffman
from phonehome.wire.http_message import MAX_HEADERS

MAX_TABLE = 256 * 1024
"""Bytes of one dynamic table; an encoder that asks for more gets this much."""
MAX_HEADER_BYTES = 4 * 1024 * 1024
"""Bytes of one decoded header list: entries of the table can be repeated for a byte each."""
UNKNOWN_NAME = b"(unknown)"
_DEFAULT_TABLE = 4096
_ENTRY_OVERHEAD = 32
_MAX_VARINT_SHIFT = 28
_MAX_REMEMBERED = 8192
_MAX_REMEMBERED_LITERAL = 256
_FEW = 128
_LARGE_BLOCK = 4096

STATIC_TABLE: tuple[Header, ...] = (
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    *((b":status", status) for status in (b"200", b"204", b"206", b"304", b"400", b"404", b"500")),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    *(
        (name, b"")
        for name in (
            b"accept-language accept-ranges accept access-control-allow-origin age allow authorization "
            b"cache-control content-disposition content-encoding content-language content-length "
            b"content-location content-range content-type cookie date etag expect expires from host if-match "
            b"if-modified-since if-none-match if-range if-unmodified-since last-modified link location "
            b"max-forwards proxy-authenticate proxy-authorization range referer refresh retry-after server "
            b"set-cookie strict-transport-security transfer-encoding user-agent vary via www-authenticate"
        ).split()
    ),
)
"""Appendix A; index 1 comes first."""
_FIRST_DYNAMIC = len(STATIC_TABLE) + 1
_NEWEST = _FIRST_DYNAMIC - 1  # minus an index gives the entry's place, counted from the end
_STATIC: tuple[Header, ...] = ((b"", b""), *STATIC_TABLE)


class _Literals(dict[bytes, bytes]):
    """Huffman-coded literals seen, decoded: connections repeat user agents, tokens and names."""

    def __missing__(self, coded: bytes) -> bytes:
        decoded = decode_huffman(coded)
        if len(coded) <= _MAX_REMEMBERED_LITERAL:
            if len(self) >= _MAX_REMEMBERED:
                self.clear()
            self[coded] = decoded
        return decoded


_literals = _Literals()


def read_nothing(_block: bytes, position: int, _headers: list[Header], _entries: list[Header]) -> int:
    """Leave every field to what is read here; stands in for `native.hpack` where that is not compiled."""
    return position


try:
    from phonehome.wire.native.hpack import FieldReader

    _read_ordinary = FieldReader(LENGTHS, _STATIC).read
except ImportError:
    _read_ordinary = read_nothing


def _read_rest(block: bytes, position: int, value: int) -> tuple[int, int]:
    """The rest of an integer whose prefix is full (section 5.1); gives the value and the next position."""
    shift = 0
    while shift <= _MAX_VARINT_SHIFT:
        byte = block[position]
        position += 1
        value += (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise DecodeError("an integer of more than 32 bits in a header block")


class HpackDecoder:
    """The decoding side of one direction of a connection.

    Attributes:
        unknown: The dynamic table holds entries that were not seen.
        skipped: Fields of the last block that are not given, since they point to unknown entries; or names
            that are not known.
        dropped: Bytes of the last block whose fields are not given as they are beyond a bound; about, as they
            are compressed.
        fault: Why the last block was not read to its end, or None.
    """

    __slots__ = ("_entries", "_limit", "_most", "dropped", "fault", "skipped", "unknown")

    def __init__(self, *, unknown: bool = False) -> None:
        self._entries: list[Header] = []  # the newest last
        self.unknown = unknown
        self.skipped = 0
        self.dropped = 0
        self.fault: str | None = None
        self._set_limit(MAX_TABLE if unknown else _DEFAULT_TABLE)

    def _set_limit(self, limit: int) -> None:
        self._limit = limit
        self._most = 2 * (limit // _ENTRY_OVERHEAD) + 64

    def lose(self) -> None:
        """Say that blocks were missed, or not read: nothing of the table is known from here on."""
        self._entries = []
        self._set_limit(MAX_TABLE)
        self.unknown = True

    def decode(self, block: bytes) -> list[Header]:
        """Decode one header block; on a fault it gives what came before, and the table counts as lost."""
        headers: list[Header] = []
        self.skipped = self.dropped = 0
        self.fault = None
        position = _read_ordinary(block, 0, headers, self._entries)
        try:
            self._decode(block, position, headers)
        except DecodeError as error:
            self.fault = str(error)
        except IndexError:
            self.fault = "a header block that ends inside a field"
        if self.fault is not None:
            self.lose()
        elif len(self._entries) > self._most or len(block) > _LARGE_BLOCK:
            self._evict()
        if len(headers) > _FEW:
            self._cut(headers, len(block))
        return headers

    def _decode(self, block: bytes, position: int, headers: list[Header]) -> None:
        end = len(block)
        append = headers.append
        entries = self._entries
        literals, static = _literals, _STATIC
        while position < end:
            byte = block[position]
            position += 1
            if byte >= 0x80:  # indexed field, section 6.1
                if byte < _FIRST_DYNAMIC + 0x80:
                    if byte == 0x80:
                        raise DecodeError("index 0 in a header block")
                    append(static[byte - 0x80])
                    continue
                index = byte - 0x80
                if byte == 0xFF:
                    index, position = _read_rest(block, position, index)
                try:
                    append(entries[_NEWEST - index])
                except IndexError:
                    self._miss()
                continue
            if byte >= 0x40:  # literal that is added to the table, section 6.2.1
                index, full = byte & 0x3F, 0x3F
            elif byte >= 0x20:  # size update, section 6.3
                index = byte & 0x1F
                if index == 0x1F:
                    index, position = _read_rest(block, position, index)
                self._resize(index)
                continue
            else:  # literal that is not, sections 6.2.2 and 6.2.3
                index, full = byte & 0x0F, 0x0F
            if index == full:
                byte = block[position]
                if byte < 0x80:
                    index += byte
                    position += 1
                else:
                    index, position = _read_rest(block, position, index)
            if not index:
                length = block[position]
                if 0x80 <= length < 0xFF:
                    behind = position + length - 0x7F
                    name = literals[block[position + 1 : behind]]
                    position = behind  # beyond the end, the value's length is not there
                else:
                    name, position = self._read_literal(block, position, end)
            elif index < _FIRST_DYNAMIC:
                name = static[index][0]
            else:
                try:
                    name = entries[_NEWEST - index][0]
                except IndexError:
                    self._miss()
                    name = UNKNOWN_NAME
            length = block[position]
            position += 1
            if length < 0x7F:
                behind = position + length
                value = block[position:behind]
            elif 0x80 <= length < 0xFF:
                behind = position + length - 0x80
                value = literals[block[position:behind]]
            else:
                value, behind = self._read_literal(block, position - 1, end)
            if behind > end:
                raise IndexError
            position = behind
            header = (name, value)
            append(header)
            if full == 0x3F:
                entries.append(header)

    def _read_literal(self, block: bytes, position: int, end: int) -> tuple[bytes, int]:
        """A string of any length (section 5.2); gives it and the next position."""
        length = block[position]
        huffman = length & 0x80
        length &= 0x7F
        position += 1
        if length == 0x7F:
            length, position = _read_rest(block, position, length)
        behind = position + length
        if behind > end:
            raise IndexError
        text = block[position:behind]
        return (_literals[text] if huffman else text), behind

    def _miss(self) -> None:
        if not self.unknown:
            raise DecodeError("an index beyond the table in a header block")
        self.skipped += 1

    def _resize(self, limit: int) -> None:
        self._set_limit(min(limit, MAX_TABLE))
        self._evict()

    def _evict(self) -> None:
        """Drop what the table has no room for (section 4.4)."""
        room = self._limit
        entries = self._entries
        for place in range(len(entries) - 1, -1, -1):
            name, value = entries[place]
            room -= len(name) + len(value) + _ENTRY_OVERHEAD
            if room < 0:
                del entries[: place + 1]
                break
        if room < _ENTRY_OVERHEAD:
            self.unknown = False  # it is full of entries that were seen, or empty: the unknown ones are gone

    def _cut(self, headers: list[Header], size: int) -> None:
        room = MAX_HEADER_BYTES
        for place, (name, value) in enumerate(headers):
            room -= len(name) + len(value)
            if room < 0 or place >= MAX_HEADERS:
                total = sum(len(name) + len(value) for name, value in headers)
                rest = sum(len(name) + len(value) for name, value in headers[place:])
                self.dropped = size * rest // max(total, 1)
                del headers[place:]
                self.fault = f"more than {MAX_HEADERS} header fields or {MAX_HEADER_BYTES} bytes of them"
                return
