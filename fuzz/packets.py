"""Captures of packets changed at random, their packets mostly left in place, read in windows of any size."""

import io
import random
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

from fuzz.mutation import TOKENS, mutate
from phonehome.model.account import Account
from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.readers import ReadingOptions
from phonehome.readers.capture import CaptureReader
from phonehome.reports.exchanges import iter_har, iter_ndjson
from phonehome.wire.capture import read_capture

CASES = Path(__file__).parents[1] / "tests" / "cases"
MAX_CAPTURE_BYTES = 20_000
WINDOWS = (64, 600, 5_000, 1 << 24)
PACKET_TOKENS = (
    *TOKENS,
    *(
        b"\x0a\x0d\x0d\x0a",
        b"\xd4\xc3\xb2\xa1",
        b"\x06\x00\x00\x00",
        b"\x45\x00\x00\x28",
        b"\x60\x00\x00\x00",
    ),
    *(
        b"GET / HTTP/1.1\r\n",
        b"HTTP/1.1 101 X\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
    ),
    *(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01", b"\x17\x03\x03", b"\x00\x00\x04\x08\x00"),
    *(b"Content-Length: 99999999999\r\n", b"Transfer-Encoding: chunked\r\n", b"Upgrade: websocket\r\n"),
)


@cache
def captures() -> tuple[bytes, ...]:
    """Give the captures of the test cases that are small enough, in a fixed order."""
    paths = sorted(path for path in CASES.glob("pcap-*/*") if path.suffix in (".pcap", ".pcapng"))
    return tuple(data for path in paths if len(data := path.read_bytes()) <= MAX_CAPTURE_BYTES)


def overwrite(data: bytes, chance: random.Random) -> bytes:
    """Change a few places without moving what follows, so that the protocols inside are reached."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 10)):
        token = chance.choice(PACKET_TOKENS)[:200]
        at = chance.randrange(len(changed))
        changed[at : at + len(token)] = token[: len(changed) - at]
    return bytes(changed)


def make(chance: random.Random) -> bytes:
    """Make one input; its first byte chooses the size of the windows."""
    data = chance.choice(captures())
    data = overwrite(data, chance) if chance.random() < 0.8 else mutate(data, chance, PACKET_TOKENS)
    return bytes([chance.randrange(len(WINDOWS))]) + data


def check(data: bytes) -> int:
    """Read a capture and write out what was read; gives the number of exchanges."""
    window_bytes = WINDOWS[data[0] % len(WINDOWS)] if data else WINDOWS[0]
    sized = partial(read_capture, window_bytes=window_bytes)
    stream = io.BytesIO(data[1:])
    with patch("phonehome.readers.capture.read_capture", sized):
        try:
            items = list(CaptureReader().read(stream, where="a.pcap", number=0, options=ReadingOptions()))
        except InputError:
            return 0
    exchanges = [item for item in items if isinstance(item, Exchange)]
    assert len({exchange.index for exchange in exchanges}) == len(exchanges), "one index twice"
    assert all(exchange.packets for exchange in exchanges), "an exchange of no packet"
    for item in items:
        if isinstance(item, Account):
            assert min(item.read, item.closed, item.lost) >= 0, "less than nothing"
    written = sum(len(piece) for piece in (*iter_har(exchanges), *iter_ndjson(exchanges, bodies=True)))
    assert written or not exchanges
    return len(exchanges)
