"""The pcapng capture format; not read yet."""

from collections.abc import Iterator

from phonehome.model.errors import InputError
from phonehome.wire.capture.base import CaptureItem
from phonehome.wire.capture.chunks import Chunks


def recognises(head: bytes) -> bool:
    """Tell whether this begins like a pcapng file."""
    return head[:4] == b"\n\r\r\n"


def read(chunks: Chunks) -> Iterator[CaptureItem]:
    """Read the file whose first bytes are in `chunks`."""
    raise InputError(f"is a pcapng file, {chunks.base} bytes into it")
