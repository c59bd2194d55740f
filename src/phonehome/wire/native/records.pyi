from array import array

from phonehome.wire.tls.ciphers import Opener
from phonehome.wire.tls.events import Event

def open_records(
    opener: Opener,
    data: bytes,
    position: int,
    sequence: int,
    parts: list[bytes],
    marks: array[int],
    base: int,
    plain: int,
) -> tuple[int, int, int, Event | None]: ...
