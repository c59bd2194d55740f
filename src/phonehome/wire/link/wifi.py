"""IEEE 802.11 data frames, alone or behind a radiotap header, as far as they are open.

Monitor mode records frames as they are on the air. An encrypted one is counted as such: the key exchange that would
open it is not read. Aggregates (A-MSDU) and fragments of frames are counted, too.
"""

import numpy as np

from phonehome.wire.columns import Column, Mask, Rows, Words, byte_at, gather, integers, words
from phonehome.wire.link.base import Packets, Stripped, Unread, long_enough
from phonehome.wire.link.ethertype import follow

MAX_PRESENT_WORDS = 16
"""How many words of flags a radiotap header may have."""

_HEADER = np.dtype(
    {
        "names": ["control", "flags", "address1", "address2", "address3", "sequence"],
        "formats": ["u1", "u1", ">u8", ">u8", ">u8", "<u2"],
        "offsets": [0, 1, 4, 10, 16, 22],
        "itemsize": 24,
    }
)
_ADDRESS = np.dtype([("high", ">u4"), ("low", ">u2")])
_RADIOTAP = np.dtype([("version", "u1"), ("pad", "u1"), ("length", "<u2"), ("present", "<u4")])
_WORD = np.dtype([("word", "<u4")])
_EXCESS = np.uint64(16)

_TYPE, _DATA, _NO_DATA, _QOS = 0x0C, 0x08, 0x40, 0x80
_TO_SYSTEM, _FROM_SYSTEM, _MORE_FRAGMENTS, _PROTECTED, _ORDER = 0x01, 0x02, 0x04, 0x40, 0x80
_BRIDGED = _TO_SYSTEM | _FROM_SYSTEM
_AGGREGATE = 0x80
_TIMER, _FLAGS, _MORE_WORDS = 1, 2, 1 << 31
_PADDED = 0x20


def strip_wifi(packets: Packets, unread: Unread) -> Stripped:
    """Take off the header of a data frame, and count all other frames."""
    return _strip(packets, np.zeros(len(packets), np.bool_), unread)


def strip_radiotap(packets: Packets, unread: Unread) -> Stripped:
    """Take off a radiotap header and that of the frame behind it."""
    packets = long_enough(packets, _RADIOTAP.itemsize, "a radiotap packet", unread)
    rows = gather(packets.buffer, packets.start, _RADIOTAP)
    length = integers(rows, "length")
    fits = (length >= _RADIOTAP.itemsize) & (length <= packets.end - packets.start)
    fits &= integers(rows, "version") == 0
    unread.add("a radiotap header is malformed", int((~fits).sum()))
    packets, length, present = packets.pick(fits), length[fits], integers(rows, "present")[fits]
    padded = _radiotap_flags(packets, present, length) & _PADDED != 0
    packets.start = packets.start + length
    return _strip(packets, padded, unread)


def _radiotap_flags(packets: Packets, present: Column, length: Column) -> Column:
    """Read the field of flags: it stands first, or behind a timer, behind all words that say what is present."""
    at = packets.start + _RADIOTAP.itemsize
    end = packets.start + length
    word = present
    for _ in range(MAX_PRESENT_WORDS):
        more = (word & _MORE_WORDS != 0) & (at + 4 <= end)
        if not more.any():
            break
        word = np.where(more, 0, word)
        word[more] = integers(gather(packets.buffer, at[more], _WORD), "word")
        at = np.where(more, at + 4, at)
    aligned = packets.start + (at - packets.start + 7) // 8 * 8
    at = np.where(present & _TIMER != 0, aligned + 8, at)
    readable = (present & _FLAGS != 0) & (at < end)
    flags = np.zeros(len(packets), np.int64)
    flags[readable] = byte_at(packets.buffer, at[readable])
    return flags


def _strip(packets: Packets, padded: Mask, unread: Unread) -> Stripped:
    whole = packets.end - packets.start >= _HEADER.itemsize
    unread.add("an 802.11 control frame or a cut one", int((~whole).sum()))
    packets, padded = packets.pick(whole), padded[whole]
    rows = gather(packets.buffer, packets.start, _HEADER)
    readable = _open_data(rows, unread)
    packets, padded, rows = packets.pick(readable), padded[readable], rows[readable]
    header, aggregate = _header_sizes(packets, rows, padded)
    unread.add("an 802.11 frame is an aggregate", int(aggregate.sum()))
    cut = ~aggregate & (packets.end - packets.start < header)
    unread.add("an 802.11 frame is cut", int(cut.sum()))
    good = ~aggregate & ~cut
    packets, rows, header = packets.pick(good), rows[good], header[good]
    source, destination = _addresses(packets, rows)
    packets.start = packets.start + header
    # An IEEE 802.2 header follows, as behind an Ethernet length.
    kind = np.zeros(len(packets), np.int64)
    stripped = Stripped(packets=packets, kind=kind, source=source, destination=destination)
    return follow(stripped, unread)


def _open_data(rows: Rows, unread: Unread) -> Mask:
    """Tell which frames carry data that can be read; count the others by why not."""
    control, flags = integers(rows, "control"), integers(rows, "flags")
    data = (control & _TYPE == _DATA) & (control & _NO_DATA == 0)
    unread.add("an 802.11 frame carries no data", int((~data).sum()))
    closed = data & (flags & _PROTECTED != 0)
    unread.add("an 802.11 frame is encrypted", int(closed.sum()))
    piece = (flags & _MORE_FRAGMENTS != 0) | (integers(rows, "sequence") & 15 != 0)
    unread.add("an 802.11 frame is a fragment", int((data & ~closed & piece).sum()))
    readable: Mask = data & ~closed & ~piece
    return readable


def _header_sizes(packets: Packets, rows: Rows, padded: Mask) -> tuple[Column, Mask]:
    """Give the length of each header (IEEE 802.11, 9.3.2.1), and which frames hold several packets."""
    control, flags = integers(rows, "control"), integers(rows, "flags")
    quality = control & _QOS != 0
    size = _HEADER.itemsize + np.where(flags & _BRIDGED == _BRIDGED, 6, 0)
    at = packets.start + size
    aggregate = quality & (at < packets.end)
    aggregate[aggregate] = byte_at(packets.buffer, at[aggregate]) & _AGGREGATE != 0
    size = size + np.where(quality, np.where(flags & _ORDER != 0, 6, 2), 0)
    # Some drivers pad the header to whole words, and radiotap says so.
    return np.where(padded, (size + 3) // 4 * 4, size), aggregate


def _addresses(packets: Packets, rows: Rows) -> tuple[Words, Words]:
    """Give sender and receiver: which of the addresses they are depends on the way through the access point."""
    first, second, third = (words(rows, f"address{number}") >> _EXCESS for number in (1, 2, 3))
    flags = integers(rows, "flags")
    source = np.where(flags & _FROM_SYSTEM != 0, third, second)
    destination = np.where(flags & _TO_SYSTEM != 0, third, first)
    bridged = flags & _BRIDGED == _BRIDGED
    fourth = gather(packets.buffer, packets.start[bridged] + _HEADER.itemsize, _ADDRESS)
    source[bridged] = (words(fourth, "high") << _EXCESS) | words(fourth, "low")
    return source, destination
