"""Captures: the file formats that packets are recorded in, as columns of where each packet lies."""

from phonehome.wire.capture.base import (
    App,
    Apps,
    ByteStream,
    CaptureItem,
    Carried,
    Fault,
    Interface,
    Names,
    Secrets,
    Window,
)
from phonehome.wire.capture.reading import looks_like_capture, read_capture

__all__ = [
    "App",
    "Apps",
    "ByteStream",
    "CaptureItem",
    "Carried",
    "Fault",
    "Interface",
    "Names",
    "Secrets",
    "Window",
    "looks_like_capture",
    "read_capture",
]
