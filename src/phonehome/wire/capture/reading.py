"""Finds out which format a capture is in, and reads it."""

from collections.abc import Iterator

from phonehome.model.errors import InputError
from phonehome.wire.capture import pcap, pcapng
from phonehome.wire.capture.base import ByteStream, CaptureItem, Carried
from phonehome.wire.capture.chunks import Chunks

WINDOW_BYTES = 16 * 1024**2
"""How much of a file is looked at together: enough to pay for the calls, little enough for any machine."""

_LEAST_WINDOW = 64


def looks_like_capture(head: bytes) -> bool:
    """Tell whether a file that begins like this is a capture of packets."""
    return pcap.recognises(head) or pcapng.recognises(head)


def read_capture(
    stream: ByteStream, *, window_bytes: int = WINDOW_BYTES, carried: Carried | None = None
) -> Iterator[CaptureItem]:
    """Read a capture in windows, in bounded memory.

    Args:
        stream: The unwrapped bytes.
        window_bytes: Size of a window; a longer record makes a longer one, up to `MAX_PACKET_BYTES`.
        carried: What the files before left, of a recording in several; read to its end, this one adds to it.

    Yields:
        Windows in the order of the file; secrets and names before the window whose packets follow them;
        a fault where something could not be read.

    Raises:
        InputError: The stream is no capture of packets, or breaks off; what came before was yielded.
        OSError: The stream cannot be read on; what came before was yielded.
    """
    chunks = Chunks(stream, max(window_bytes, _LEAST_WINDOW))
    chunks.more(0)
    carried = carried if carried is not None else Carried()
    if pcap.recognises(chunks.buffer):
        yield from pcap.read(chunks, carried)
    elif pcapng.recognises(chunks.buffer):
        yield from pcapng.read(chunks, carried)
    elif chunks.failure is None:
        raise InputError(
            "is no capture of packets: it begins neither like a pcap file nor like a pcapng file"
        )
    if chunks.failure is not None:
        raise chunks.failure
