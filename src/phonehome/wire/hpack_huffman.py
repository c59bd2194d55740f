"""The Huffman code of HPACK and QPACK (RFC 7541 section 5.2 and appendix B), decoded by zlib.

The code is canonical, and so are deflate's codes, whose bits stand in the same order once the bits of each
byte are mirrored. Deflate allows 15 bits to a symbol; HPACK's longer codes all begin with fifteen ones, and
that is just the code that deflate's end-of-block symbol gets. So a literal with mirrored bytes is the rest of
a deflate block whose header never changes, and the padding (ones) makes its end. Literals with one of the rare longer
codes stop there too early, and go through a table, a byte at a time.
"""

import zlib
from functools import lru_cache

from phonehome.model.errors import DecodeError

LENGTHS = bytes.fromhex(
    "0d171c1c1c1c1c1c1c181e1c1c1e1c1c1c1c1c1c1c1c1e1c1c1c1c1c1c1c1c1c"
    "060a0a0c0d06080b0a0a080b080606060505050606060606060607080f060c0a"
    "0d06070707070707070707070707070707070707070707070807080d130d0e06"
    "0f05060506050606060507070606060506070605050607070707070f0b0e0d1c"
    "1416141416161617161717171717181718181617181717171715161716171718"
    "1615141616171715171616181516171715151615171617171416161617161617"
    "1a1a1413161716191a1a1a1b1b1a181913151a1b1b1a1b1815151a1a1c1b1b1b"
    "14181415161515171616191918181a171a1b1a1a1b1b1b1b1b1c1b1b1b1b1b1a"
    "1e"
)
"""Bits of each symbol's code, by symbol; the code itself follows, as it is canonical. End-of-string (256) has 30."""
_DEFLATE_BITS = 15
_MAX_PADDING = 7
_WINDOW = -8  # raw, and the smallest, for nothing refers back
_END = 256


def _codes() -> dict[tuple[int, int], int]:
    """Every symbol by the length and the value of its code."""
    codes = {}
    code = bits = 0
    for symbol in sorted(range(_END + 1), key=lambda s: (LENGTHS[s], s)):
        code <<= LENGTHS[symbol] - bits
        bits = LENGTHS[symbol]
        codes[bits, code] = symbol
        code += 1
    return codes


def _block_header() -> bytes:
    """The beginning of a deflate block with dynamic codes (RFC 1951 section 3.2.7), of whole bytes."""
    wanted = [bits if bits <= _DEFLATE_BITS else 0 for bits in LENGTHS[:_END]] + [_DEFLATE_BITS]
    used = sorted(set(wanted))  # 0 comes first, and is the padding below
    short = (1 << 4) - len(used)  # so many codes of 3 bits and the rest of 4 are a complete code
    widths = {length: 3 if place < short else 4 for place, length in enumerate(used)}
    codes = {length: place if place < short else place + short for place, length in enumerate(used)}
    order = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
    fixed = 3 + 14 + 3 * len(order) + sum(widths[length] for length in wanted)
    distances = next(count for count in range(1, 9) if (fixed + count * widths[0]) % 8 == 0)
    bits = "1" + "01"  # the last block; type 2, lowest bit first
    bits += f"{len(wanted) - 257:05b}"[::-1] + f"{distances - 1:05b}"[::-1] + f"{len(order) - 4:04b}"[::-1]
    bits += "".join(f"{widths.get(length, 0):03b}"[::-1] for length in order)
    bits += "".join(f"{codes[length]:0{widths[length]}b}" for length in wanted + [0] * distances)
    return int(bits[::-1], 2).to_bytes(len(bits) // 8, "little")


_MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_BLOCK_END = b"\xff\x7f"
"""Fifteen ones and no more, so that no padding of zeros is taken for a symbol with them."""
_ONES = 0xFF
_block = zlib.decompressobj(_WINDOW)
_block.decompress(_block_header())
_copy_block = _block.copy


def decode_huffman(data: bytes) -> bytes:
    """Decode one string literal.

    Raises:
        DecodeError: A code that does not exist, or a padding that is too long or not of ones.
    """
    block = _copy_block()
    decoded = block.decompress(data.translate(_MIRROR) + _BLOCK_END)
    # The end-of-block code takes the padding and the first added byte, and part of the second; nothing of that where
    # the padding has seven bits, or more, which are too many.
    if block.eof and (not block.unused_data or (len(block.unused_data) == 1 and data[-1] != _ONES)):
        return decoded
    return _decode_slowly(data)


@lru_cache(maxsize=1)
def _tree() -> tuple[list[list[int]], list[list[tuple[int, bytes]] | None]]:
    """Inner nodes as pairs (child, or −1 − symbol), node 0 the root; and room for the steps of each."""
    nodes = [[0, 0]]
    for (bits, code), symbol in _codes().items():
        node = 0
        for place in range(bits - 1, 0, -1):
            bit = code >> place & 1
            if not nodes[node][bit]:
                nodes.append([0, 0])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        nodes[node][code & 1] = -1 - symbol
    return nodes, [None] * len(nodes)


def _steps(nodes: list[list[int]], start: int) -> list[tuple[int, bytes]]:
    """For each byte read at a node: the node behind it (−1: the end-of-string code) and the symbols passed."""
    steps = []
    for byte in range(256):
        node, symbols = start, bytearray()
        for place in range(7, -1, -1):
            node = nodes[node][byte >> place & 1]
            if node == -1 - _END:
                node = -1
                break
            if node < 0:
                symbols.append(-1 - node)
                node = 0
        steps.append((node, bytes(symbols)))
    return steps


def _decode_slowly(data: bytes) -> bytes:
    nodes, tables = _tree()
    node, parts = 0, []
    for byte in data:
        table = tables[node]
        if table is None:
            table = tables[node] = _steps(nodes, node)
        node, symbols = table[byte]
        if node < 0:
            raise DecodeError(
                f"expected Huffman-coded text, found its end-of-string code in {len(data)} bytes"
            )
        parts.append(symbols)
    if node not in _paddings():
        raise DecodeError(f"expected padding of ones behind {len(data)} bytes of Huffman-coded text")
    return b"".join(parts)


@lru_cache(maxsize=1)
def _paddings() -> frozenset[int]:
    """The nodes at which a literal may end: up to seven ones from the root."""
    nodes, _ = _tree()
    allowed = [0]
    for _ in range(_MAX_PADDING):
        allowed.append(nodes[allowed[-1]][1])
    return frozenset(allowed)
