"""Our reader of flows held against mitmproxy's own, and against flows that a real mitmdump records here."""

import hashlib
import json
import signal
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mitmproxy_tool import install_mitmproxy

from phonehome.model.exchange import Direction, Exchange, Protocol, Transport
from phonehome.readers import iter_inputs, read_input
from phonehome.readers.base import Item
from phonehome.readers.endpoints import is_address

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[3]
DUMP = Path(__file__).with_name("mitmproxy_dump.py")
CASES = sorted((ROOT / "tests" / "cases").glob("mitm-*/*.mitm"))

Flow = dict[str, Any]


@pytest.fixture(scope="session")
def mitmproxy_bin() -> Path:
    return install_mitmproxy()


@pytest.fixture(scope="session")
def ask_mitmproxy(mitmproxy_bin: Path) -> Callable[..., dict[str, list[Flow] | str]]:
    def ask(*paths: Path) -> dict[str, list[Flow] | str]:
        command = [str(mitmproxy_bin / "python"), str(DUMP), *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        answer: dict[str, list[Flow] | str] = json.loads(done.stdout)
        return answer

    return ask


@pytest.fixture(scope="session")
def oracle(ask_mitmproxy: Callable[..., dict[str, list[Flow] | str]]) -> dict[str, list[Flow] | str]:
    return ask_mitmproxy(*CASES)


def read(path: Path) -> list[Exchange]:
    items: list[Item] = list(read_input(iter_inputs([path])[0]))
    return [item for item in items if isinstance(item, Exchange)]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def headers_of(exchange: Exchange, part: str) -> list[list[str]]:
    message = exchange.request if part == "request" else exchange.response
    assert message is not None
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in message.headers]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_recording_reads_as_mitmproxy_reads_it(path: Path, oracle: dict[str, list[Flow] | str]) -> None:
    flows, exchanges = oracle[str(path)], read(path)
    if isinstance(flows, str):
        assert path.stem == "dumpfile-010", flows
        assert len(exchanges) == 1
        return
    assert len(flows) == len(exchanges)
    for flow, exchange in zip(flows, exchanges, strict=True):
        if exchange.request is None:
            # Up to format 11 the messages are a flow of their own, into which mitmproxy copies the request.
            assert path.stem == "dumpfile-7-websocket"
        else:
            compare_http(flow, exchange)
        if "messages" in flow:
            assert [
                [piece.direction is Direction.UP, piece.text, digest(piece.data)] for piece in exchange.pieces
            ] == flow["messages"]


def compare_http(flow: Flow, exchange: Exchange) -> None:
    assert exchange.request is not None
    assert exchange.method == flow["method"]
    assert exchange.port == flow["port"]
    assert exchange.status == flow["status"]
    if not is_address(flow["host"]):
        assert exchange.host == flow["host"].lower()
        assert (exchange.url or b"").decode() == flow["url"]
    assert headers_of(exchange, "request") == flow["headers"]
    assert digest(exchange.request.body) == flow["body"]
    assert exchange.time is not None
    assert abs(exchange.time.timestamp() - flow["time"]) < 1e-5
    if exchange.response is not None:
        assert headers_of(exchange, "response") == flow["response_headers"]
        assert digest(exchange.response.body) == flow["response_body"]
    # mitmproxy copies a host name into an old flow's peer address; that is not an address.
    assert exchange.address == (flow["address"] if flow["address"] and is_address(flow["address"]) else None)


class EchoStream(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(4096):
            self.request.sendall(b"echo " + data)


class EchoDatagram(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, sock = self.request
        sock.sendto(b"echo " + data, self.client_address)


class AnswerName(socketserver.BaseRequestHandler):
    """A DNS server that knows one address, 192.0.2.53, for every name."""

    def handle(self) -> None:
        data, sock = self.request
        question = data[12:]
        answer = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04" + bytes([192, 0, 2, 53])
        header = data[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
        sock.sendto(header + question + answer, self.client_address)


@contextmanager
def serving(server: socketserver.TCPServer | socketserver.UDPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def recording(mitmproxy_bin: Path, mode: str, kind: int, folder: Path) -> Iterator[int]:
    """Run mitmdump until the block ends; gives its port. The flows are then in `folder/flows.mitm`."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(mitmproxy_bin / "mitmdump"), "--mode", f"{mode}@127.0.0.1:{port}"]
    command += ["-w", str(folder / "flows.mitm"), "--set", f"confdir={folder / 'conf'}"]
    log = folder / "log.txt"
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            deadline = time.monotonic() + 60
            while b"listening" not in log.read_bytes():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
            yield port
            time.sleep(0.3)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


@pytest.fixture
def ask_about(ask_mitmproxy: Callable[..., dict[str, list[Flow] | str]]) -> Callable[[Path], Flow]:
    def ask(folder: Path) -> Flow:
        path = folder / "flows.mitm"
        flows = ask_mitmproxy(path)[str(path)]
        assert isinstance(flows, list)
        [flow] = flows
        return flow

    return ask


def test_a_tcp_stream_recorded_by_mitmdump_is_read(
    mitmproxy_bin: Path, tmp_path: Path, ask_about: Callable[[Path], Flow]
) -> None:
    with (
        serving(socketserver.TCPServer(("127.0.0.1", 0), EchoStream)) as target,
        recording(mitmproxy_bin, f"reverse:tcp://127.0.0.1:{target}", socket.SOCK_STREAM, tmp_path) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as client,
    ):
        for text in (b"\x00\x01imei=490154203237518", b"second"):
            client.sendall(text)
            assert client.recv(100) == b"echo " + text
    [exchange] = read(tmp_path / "flows.mitm")
    assert exchange.protocol is Protocol.RAW
    assert exchange.transport is Transport.CLEARTEXT
    assert exchange.url == f"tcp://127.0.0.1:{target}".encode()
    assert b"".join(piece.data for piece in exchange.pieces if piece.direction is Direction.UP) == (
        b"\x00\x01imei=490154203237518second"
    )
    compare_stream(ask_about(tmp_path), exchange)


def test_datagrams_recorded_by_mitmdump_are_read(
    mitmproxy_bin: Path, tmp_path: Path, ask_about: Callable[[Path], Flow]
) -> None:
    with (
        serving(socketserver.UDPServer(("127.0.0.1", 0), EchoDatagram)) as target,
        recording(mitmproxy_bin, f"reverse:udp://127.0.0.1:{target}", socket.SOCK_DGRAM, tmp_path) as port,
    ):
        assert ask_by_datagram(port, b"\x80one") == b"echo \x80one"
    [exchange] = read(tmp_path / "flows.mitm")
    assert exchange.protocol is Protocol.RAW
    assert exchange.url == f"udp://127.0.0.1:{target}".encode()
    assert [(piece.direction, piece.data) for piece in exchange.pieces] == [
        (Direction.UP, b"\x80one"),
        (Direction.DOWN, b"echo \x80one"),
    ]
    compare_stream(ask_about(tmp_path), exchange)


def test_a_dns_query_recorded_by_mitmdump_is_read(
    mitmproxy_bin: Path, tmp_path: Path, ask_about: Callable[[Path], Flow]
) -> None:
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07tracker\x07example\x00\x00\x01\x00\x01"
    with (
        serving(socketserver.UDPServer(("127.0.0.1", 0), AnswerName)) as target,
        recording(mitmproxy_bin, f"reverse:dns://127.0.0.1:{target}", socket.SOCK_DGRAM, tmp_path) as port,
    ):
        assert bytes([192, 0, 2, 53]) in ask_by_datagram(port, query)
    [exchange] = read(tmp_path / "flows.mitm")
    assert exchange.protocol is Protocol.DNS
    assert exchange.url == b"dns:tracker.example?type=A"
    assert (exchange.address, exchange.port) == ("127.0.0.1", target)
    assert exchange.bytes_up == len(query)
    assert exchange.response is not None
    assert exchange.response.body == b"tracker.example 60 A 192.0.2.53"
    flow = ask_about(tmp_path)
    assert flow["names"] == ["tracker.example"]
    assert flow["answers"] == [["tracker.example", 60, "192.0.2.53"]]


def compare_stream(flow: Flow, exchange: Exchange) -> None:
    assert (exchange.address, exchange.port) == (flow["address"], flow["port"])
    assert [[piece.direction is Direction.UP, digest(piece.data)] for piece in exchange.pieces] == flow[
        "messages"
    ]


def ask_by_datagram(port: int, data: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.sendto(data, ("127.0.0.1", port))
        return client.recv(4096)
