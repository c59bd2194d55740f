"""Writing a capture as pcapng, with the TLS secrets inside (draft-ietf-opsawg-pcapng, sections 4.1 to 4.7).

Secrets stand before the packets, where readers look for them; so packets are held until the end.
"""

import struct
from dataclasses import dataclass, field

MAX_BYTES = 256 << 20
"""Bytes of packets that one capture holds; a scenario's session has a few hundred kilobytes."""

_SECTION, _INTERFACE, _ENHANCED_PACKET, _SECRETS = 0x0A0D0D0A, 1, 6, 10
_ETHERNET = 1
_TLS_KEY_LOG = 0x544C534B
_NANOSECONDS = 9
_OPTION_END, _OPTION_COMMENT, _OPTION_NAME, _OPTION_RESOLUTION = 0, 1, 2, 9


@dataclass(slots=True)
class CaptureBook:
    """Packets of one session in the order in which they were noted.

    Attributes:
        comment: What the capture is, for whoever opens it in another program.
    """

    comment: str
    _blocks: list[bytes] = field(default_factory=list)
    _size: int = 0

    def __len__(self) -> int:
        return len(self._blocks)

    def note(self, time_ns: int, frame: bytes) -> None:
        """Note one frame with its time in nanoseconds since the epoch.

        Raises:
            OverflowError: The capture grew beyond `MAX_BYTES`.
        """
        self._size += len(frame)
        if self._size > MAX_BYTES:
            raise OverflowError(f"the capture holds more than {MAX_BYTES:,} bytes")
        head = struct.pack("<IIIII", 0, time_ns >> 32, time_ns & 0xFFFFFFFF, len(frame), len(frame))
        self._blocks.append(_block(_ENHANCED_PACKET, head + _padded(frame)))

    def render(self, secrets: bytes) -> bytes:
        """Give the whole file.

        Args:
            secrets: Lines of a key log (SSLKEYLOGFILE); none where empty.
        """
        section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options(
            (_OPTION_COMMENT, self.comment.encode())
        )
        interface = struct.pack("<HHI", _ETHERNET, 0, 0) + _options(
            (_OPTION_NAME, b"tap"), (_OPTION_RESOLUTION, bytes([_NANOSECONDS]))
        )
        blocks = [_block(_SECTION, section), _block(_INTERFACE, interface)]
        if secrets:
            blocks.append(_block(_SECRETS, struct.pack("<II", _TLS_KEY_LOG, len(secrets)) + _padded(secrets)))
        return b"".join([*blocks, *self._blocks])


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _options(*options: tuple[int, bytes]) -> bytes:
    written = [struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options]
    return b"".join([*written, struct.pack("<HH", _OPTION_END, 0)])
