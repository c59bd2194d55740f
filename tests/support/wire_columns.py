"""Reads captures down to columns, for tests: from a file's bytes to segments."""

import io
from ipaddress import IPv6Address

from phonehome.wire.capture import CaptureItem, Window, read_capture
from phonehome.wire.ip import IpLayer, Segments
from phonehome.wire.link import Frames, strip_link


def items(data: bytes, window_bytes: int = 1 << 24) -> list[CaptureItem]:
    """Everything that a capture gives."""
    return list(read_capture(io.BytesIO(data), window_bytes=window_bytes))


def windows(data: bytes, window_bytes: int = 1 << 24) -> list[Window]:
    """The windows alone."""
    return [item for item in items(data, window_bytes) if isinstance(item, Window)]


def frames(data: bytes) -> Frames:
    """The IP packets of a capture that is one window."""
    [window] = windows(data)
    return strip_link(window)


def segments(data: bytes) -> Segments:
    """The segments of a capture that is one window."""
    return IpLayer().strip(frames(data))


def payloads(some: Segments) -> list[bytes]:
    """The payloads, as far as they were kept."""
    return [some.buffer[start:end] for start, end in zip(some.start.tolist(), some.end.tolist(), strict=True)]


def address(high: int, low: int) -> str:
    """An address of two halves, IPv4 as such."""
    whole = IPv6Address(high << 64 | low)
    return str(whole.ipv4_mapped or whole)
