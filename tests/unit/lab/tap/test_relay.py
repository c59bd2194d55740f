"""The tap passes on every byte, and writes a capture that others read as the same streams."""

import asyncio
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from read_packets import stream
from tls_live import certificate_file

from phonehome.lab.tap import Route, StepClock, Tap
from phonehome.lab.tap.pcapng import CaptureBook
from phonehome.model.exchange import Direction, Exchange, Transport
from phonehome.readers import iter_inputs, read_inputs

BEGIN = datetime(2014, 8, 7, 10, tzinfo=UTC)
HOST = "api.account.xiaomi.com"
ADDRESS = "203.0.113.7"
PAYLOAD = Random(7).randbytes(70_000)


async def _answer_in_capitals(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that gives back what it got, with the case of letters swapped."""
    while data := await reader.read(5_000):
        writer.write(data.swapcase())
        await writer.drain()
    writer.close()


async def _talk(book: CaptureBook, payload: bytes, folder: Path, *, encrypted: bool) -> bytes:
    served = client = None
    if encrypted:
        pem = certificate_file(folder, "rsa")
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(pem)
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE
        client.keylog_filename = str(folder / "keys.log")
    server = await asyncio.start_server(_answer_in_capitals, "127.0.0.1", 0, ssl=served)
    port = 443 if encrypted else 80
    route = Route(host=HOST, port=port, address=ADDRESS, server=server.sockets[0].getsockname()[:2])
    async with server, Tap([route], book, StepClock(BEGIN)) as tap:
        reader, writer = await asyncio.open_connection(
            *tap.listening[HOST, port], ssl=client, server_hostname=HOST if encrypted else None
        )
        writer.write(payload)
        answer = await reader.readexactly(len(payload))
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.05)  # until the other side's end has passed, too
    return answer


@pytest.fixture(scope="module", params=[False, True], ids=["clear", "tls"])
def capture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tap")
    book = CaptureBook("a test")
    answer = asyncio.run(_talk(book, PAYLOAD, folder, encrypted=request.param))
    assert answer == PAYLOAD.swapcase()
    keys = folder / "keys.log"
    path = folder / "capture.pcapng"
    path.write_bytes(book.render(keys.read_bytes() if keys.exists() else b""))
    return path


def read(path: Path) -> Iterator[Exchange]:
    for reading in read_inputs(iter_inputs([path])):
        yield from (item for item in reading if isinstance(item, Exchange))


def test_the_capture_holds_what_was_sent_both_ways(capture: Path) -> None:
    (exchange,) = read(capture)
    assert stream(exchange, Direction.UP) == PAYLOAD
    assert stream(exchange, Direction.DOWN) == PAYLOAD.swapcase()


def test_addresses_and_times_are_those_of_the_scenario(capture: Path) -> None:
    (exchange,) = read(capture)
    assert (exchange.address, exchange.port) in ((ADDRESS, 80), (ADDRESS, 443))
    assert exchange.time is not None
    assert 0 <= (exchange.time - BEGIN).total_seconds() < 1
    if exchange.transport is Transport.TLS:
        assert exchange.host == HOST


@pytest.mark.needs_tool("tshark")
def test_tshark_finds_nothing_wrong_with_a_single_packet(capture: Path) -> None:
    strict = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    wrong = "tcp.checksum.status==0 || ip.checksum.status==0 || tcp.analysis.flags || _ws.malformed"
    said = [
        subprocess.run(
            ["tshark", "-r", str(capture), *strict, "-Y", chosen], capture_output=True, check=True, text=True
        ).stdout
        for chosen in (wrong, "tcp")
    ]
    assert said[0] == ""
    assert said[1].count("\n") > 50


def test_a_server_that_is_gone_is_no_connection_in_the_capture() -> None:
    async def knock() -> bytes:
        route = Route(host=HOST, port=80, address=ADDRESS, server=("127.0.0.1", 1))
        async with Tap([route], book, StepClock(BEGIN)) as tap:
            reader, writer = await asyncio.open_connection(*tap.listening[HOST, 80])
            try:
                return await reader.read()
            except ConnectionError:
                return b""
            finally:
                writer.transport.abort()

    book = CaptureBook("a test")
    assert asyncio.run(knock()) == b""
    assert len(book) == 0
