"""What PCAPdroid says of apps: in a pcapng file's blocks and comments, or in a trailer behind each packet.

In pcapng, a custom block of its enterprise number names an app's UID once, and each packet has a comment
`u-UID`. In pcap, 32 bytes follow the packet inside an Ethernet frame: magic number, UID, the app's name in 20
bytes, and a checksum; all numbers in network order, and before them up to three bytes of padding. Both forms
are documented by the project's own Wireshark plugin (tools/pcapdroid.lua).
"""

import numpy as np
from numpy.typing import NDArray

from phonehome.wire.capture.base import App, Apps
from phonehome.wire.columns import Column, byte_at, gather, integers

ENTERPRISE = 62_652
"""PCAPdroid's private enterprise number."""

TRAILER_MAGIC = 0x01072021
TRAILER_BYTES = 32
MAX_OPTIONS = 16
"""How many options of a packet block are looked at for the comment."""

_VERSION = 1
_UID_MAP = 1
_TRAILER = np.dtype([("magic", ">u4"), ("uid", ">i4"), ("name", "V20"), ("checksum", "V4")])
_COMMENT = 1
_MAX_DIGITS = 10


def learn_app(data: bytes, order: str, apps: Apps) -> None:
    """Learn an app from a custom block of PCAPdroid's, given what follows the enterprise number.

    The layout: version (2 bytes), kind (1), unused (1), UID (4), length of the package's name (1), of the app's name
    (1), and both names. Anything else is left alone: it is for newer versions to say.
    """
    byte_order = "little" if order == "<" else "big"
    version = int.from_bytes(data[:2], byte_order)  # type: ignore[arg-type]  # one of the two by construction
    if len(data) < 10 or version != _VERSION or data[2] != _UID_MAP:
        return
    uid = int.from_bytes(data[4:8], byte_order, signed=True)  # type: ignore[arg-type]
    package_end = 10 + data[8]
    package, name = data[10:package_end], data[package_end : package_end + data[9]]
    if uid >= 0:
        apps.describe(App(uid=uid, package=_text(package), name=_text(name)))


def apps_in_comments(buffer: bytes, at: Column, end: Column, order: str, apps: Apps) -> NDArray[np.int32]:
    """Find the app of each packet in its block's options.

    Args:
        buffer: Where the blocks lie.
        at: Where each block's options begin.
        end: Where they end.
        order: The section's byte order, `<` or `>`.
        apps: The apps that the capture named; a UID that it did not name is no app's.
    """
    option = np.dtype([("code", f"{order}u2"), ("length", f"{order}u2")])
    uid = np.full(len(at), -1, np.int64)
    rows = np.arange(len(at))
    for _ in range(MAX_OPTIONS):
        rows = rows[end[rows] - at[rows] >= option.itemsize]
        if not len(rows):
            break
        headers = gather(buffer, at[rows], option)
        code, length = integers(headers, "code"), integers(headers, "length")
        inside = (code != 0) & (at[rows] + option.itemsize + length <= end[rows])
        rows, code, length = rows[inside], code[inside], length[inside]
        comments = (code == _COMMENT) & (length > 2) & (length <= 2 + _MAX_DIGITS)
        told = _uid_in_comment(buffer, at[rows[comments]] + option.itemsize, length[comments])
        uid[rows[comments]] = np.where(uid[rows[comments]] < 0, told, uid[rows[comments]])
        at = at.copy()
        at[rows] += option.itemsize + (length + 3) // 4 * 4
    known = {app.uid: index for index, app in enumerate(apps.known)}
    values, inverse = np.unique(uid, return_inverse=True)
    return np.array([known.get(value, -1) for value in values.tolist()], np.int32)[inverse]


def _uid_in_comment(buffer: bytes, at: Column, length: Column) -> Column:
    """Read `u-10123`; −1 for a comment that says something else."""
    good = (byte_at(buffer, at) == ord("u")) & (byte_at(buffer, at + 1) == ord("-"))
    value = np.zeros(len(at), np.int64)
    for place in range(2, 2 + _MAX_DIGITS):
        here = length > place
        digit = byte_at(buffer, np.where(here, at + place, at)) - ord("0")
        good &= ~here | ((digit >= 0) & (digit <= 9))
        value = np.where(here, value * 10 + digit, value)
    return np.where(good, value, -1)


def find_trailers(buffer: bytes, start: Column, end: Column, apps: Apps) -> NDArray[np.int32] | None:
    """Find PCAPdroid's trailer at the ends of Ethernet frames.

    Returns:
        The app of each packet that has a trailer, −1 for a trailer that names none, −2 where there is no trailer;
        None when no packet has one.
    """
    rows = np.flatnonzero(end - start >= TRAILER_BYTES)
    trailers = gather(buffer, end[rows] - TRAILER_BYTES, _TRAILER)
    marked = integers(trailers, "magic") == TRAILER_MAGIC
    if not marked.any():
        return None
    app = np.full(len(start), -2, np.int32)
    values, first, inverse = np.unique(
        integers(trailers, "uid")[marked], return_index=True, return_inverse=True
    )
    names = trailers["name"][marked][first]
    indexes = [
        apps.describe(App(uid=value, name=_text(name.tobytes()))) if value >= 0 else -1
        for value, name in zip(values.tolist(), names, strict=True)
    ]
    app[rows[marked]] = np.array(indexes, np.int32)[inverse]
    return app


def _text(data: bytes) -> str | None:
    """Read a name that zeros may follow; a name cut in the middle of a character loses that character."""
    return data.split(b"\0", 1)[0].decode("utf-8", "ignore") or None
