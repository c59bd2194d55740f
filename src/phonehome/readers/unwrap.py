"""Compression around a capture (gzip, zstd, xz, zlib), told by its first bytes and peeled as a stream.

Nothing is decompressed into memory whole, and nothing for ever: what comes out is bounded, and so is its
ratio to what went in.
"""

import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import zstandard

from phonehome.model.errors import InputError
from phonehome.readers.base import ByteStream

MAX_UNWRAPPED_BYTES = 64 * 1024**3
"""The most bytes that come out of one wrapping."""

MAX_RATIO = 500
"""The most bytes that come out for each that goes in, once `RATIO_FREE_BYTES` have come out."""

RATIO_FREE_BYTES = 256 * 1024**2
MAX_DECODER_MEMORY = 512 * 1024**2

_INPUT_BYTES = 32 * 1024
_OUTPUT_BYTES = 256 * 1024
# A call that meets damage gives nothing of what it had decompressed, and xz cannot go back: so little is asked for.
_XZ_OUTPUT_BYTES = 4 * 1024
# zstandard's decompressor bounds no output: four bytes can make a block of 128 KiB, so it gets few at once.
_ZSTD_INPUT_BYTES = 1024
_SIGNATURES = {b"\x1f\x8b\x08": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ\x00": "xz"}
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_ZLIB_WBITS, _GZIP_WBITS = 15, 31
_LOOKED_AT = 16


def name_wrapping(head: bytes) -> str | None:
    """Name the compression that a stream begins with: `gzip`, `zstd`, `xz`, `zlib`, or None."""
    for signature, name in _SIGNATURES.items():
        if head.startswith(signature):
            return name
    return "zlib" if head.startswith(_ZLIB) and _inflates_to_text(head) else None


def _inflates_to_text(head: bytes) -> bool:
    """Tell a zlib stream, whose two bytes are too few, by what is in it: mitmproxy keeps HAR so, as `.zhar`."""
    try:
        start = zlib.decompressobj(_ZLIB_WBITS).decompress(head, _LOOKED_AT)
    except zlib.error:
        return False
    text = start.removeprefix(b"\xef\xbb\xbf")
    return bool(text) and all(byte in b"\t\r\n" or 0x20 <= byte < 0x7F for byte in text)


def unwrap(stream: ByteStream, wrapping: str) -> "BoundedStream":
    """Peel one compression off a stream.

    Reading gives everything that could be decompressed, and then raises an `InputError` that says what
    stopped it: the stream is damaged, ends early, or more came out than is allowed.
    """
    chunks: dict[str, Callable[[_Counter], Iterator[bytes]]] = {
        "gzip": partial(_iter_inflated, wbits=_GZIP_WBITS),
        "zlib": partial(_iter_inflated, wbits=_ZLIB_WBITS),
        "zstd": _iter_zstd,
        "xz": _iter_xz,
    }
    source = _Counter(stream)
    return BoundedStream(chunks[wrapping](source), lambda: source.taken, f"its {wrapping} wrapping")


class BoundedStream:
    """Decompressed bytes to read, never more than the bounds allow.

    A failure is kept back until all that came before it was given.
    """

    def __init__(self, chunks: Iterator[bytes], count_stored: Callable[[], int], what: str) -> None:
        self._chunks = chunks
        self._count_stored = count_stored
        self._what = what
        self._left = memoryview(b"")
        self._given = 0
        self._failure: InputError | None = None

    def read(self, size: int = -1, /) -> bytes:
        """Read `size` bytes, fewer only at the end; all of them without a size."""
        parts: list[bytes] = []
        missing = size if size >= 0 else MAX_UNWRAPPED_BYTES
        while missing and (self._left or self._fill()):
            part = self._left[:missing]
            parts.append(bytes(part))
            self._left = self._left[len(part) :]
            missing -= len(part)
        if missing and not parts and self._failure is not None:
            raise self._failure
        return b"".join(parts)

    def _fill(self) -> bool:
        """Get the next chunk; False at the end, or where a failure waits."""
        if self._failure is not None:
            return False
        try:
            chunk = next((chunk for chunk in self._chunks if chunk), b"")
        except (zlib.error, lzma.LZMAError, zstandard.ZstdError, EOFError, zipfile.BadZipFile) as error:
            damage = "ends early" if isinstance(error, EOFError) else "is damaged"
            self._failure = InputError(f"{self._what} {damage}: {self._given:,} bytes in it were read")
            return False
        self._given += len(chunk)
        self._left = memoryview(chunk)
        self._guard()
        return bool(chunk)

    def _guard(self) -> None:
        too_dense = self._given > RATIO_FREE_BYTES and self._given > MAX_RATIO * self._count_stored()
        if too_dense or self._given > MAX_UNWRAPPED_BYTES:
            self._failure = InputError(
                f"{self._what} holds more than is unwrapped ({MAX_UNWRAPPED_BYTES:,} bytes, or {MAX_RATIO} "
                f"for each stored one): the first {self._given:,} bytes in it were read"
            )


class _Counter:
    """The compressed side: gives pieces of it and counts them."""

    def __init__(self, stream: ByteStream) -> None:
        self.taken = 0
        self._stream = stream

    def take(self, size: int = _INPUT_BYTES) -> bytes:
        piece = self._stream.read(size)
        self.taken += len(piece)
        return piece


def _iter_inflated(source: _Counter, wbits: int) -> Iterator[bytes]:
    """RFC 1952, or 1950 in the same manner; members may follow one another, and zeros may pad the end."""
    data = source.take()
    while data:
        inflater = zlib.decompressobj(wbits)
        while True:
            before = inflater.copy()
            try:
                chunk = inflater.decompress(data, _OUTPUT_BYTES)
            except zlib.error:
                yield from _iter_before_damage(before, data)
                raise
            yield chunk
            if inflater.eof:
                break
            data = inflater.unconsumed_tail or source.take()
            if not data:
                yield inflater.flush()
                raise EOFError
        data = inflater.unused_data.lstrip(b"\0") or source.take().lstrip(b"\0")


def _iter_before_damage(inflater: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    """Decompress byte by byte what one call refused as a whole."""
    for at in range(len(data)):
        try:
            chunk = inflater.decompress(data[at : at + 1])
        except zlib.error:
            return
        yield chunk


def _iter_xz(source: _Counter) -> Iterator[bytes]:
    data = source.take()
    while data:
        inflater = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_DECODER_MEMORY)
        while True:
            yield inflater.decompress(data, _XZ_OUTPUT_BYTES)
            if inflater.eof:
                break
            data = source.take() if inflater.needs_input else b""
            if not data and inflater.needs_input:
                raise EOFError
        data = inflater.unused_data.lstrip(b"\0") or source.take().lstrip(b"\0")


def _iter_zstd(source: _Counter) -> Iterator[bytes]:
    """RFC 8878; the window, which is memory, is bounded as the command-line tool bounds it with `--long`."""
    data = source.take(_ZSTD_INPUT_BYTES)
    while data:
        inflater = zstandard.ZstdDecompressor(max_window_size=MAX_DECODER_MEMORY).decompressobj()
        while True:
            yield inflater.decompress(data)
            if inflater.eof:
                break
            data = source.take(_ZSTD_INPUT_BYTES)
            if not data:
                raise EOFError
        data = inflater.unused_data or source.take(_ZSTD_INPUT_BYTES)
