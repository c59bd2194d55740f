"""What Python's ssl module does not do: key updates, early data, renegotiation, the suites with CCM of TLS 1.3.

`openssl s_client` speaks to `openssl s_server` over loopback, through a tap that records both directions.
"""

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import pytest
from tls_live import certificate_file, read_tls

from phonehome.wire.side import Side
from phonehome.wire.tls import KeyLog

pytestmark = pytest.mark.needs_tool("openssl")

SECONDS = 20
Wire = list[tuple[Side, bytes]]


class Tap:
    """Hands bytes between a client and a server, and keeps them."""

    def __init__(self, port: int) -> None:
        self.wire: Wire = []
        self._server = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        address = ("127.0.0.1", self._server)
        with (
            self._listener,
            self._listener.accept()[0] as client,
            socket.create_connection(address) as server,
        ):
            back = threading.Thread(target=self._hand, args=(server, client, Side.SERVER), daemon=True)
            back.start()
            self._hand(client, server, Side.CLIENT)
            back.join(SECONDS)

    def _hand(self, source: socket.socket, target: socket.socket, side: Side) -> None:
        try:
            while data := source.recv(65536):
                self.wire.append((side, data))
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def rest(self) -> None:
        """Wait until both sides have said something, and then nothing for a while."""
        seen, until = 0, time.monotonic() + SECONDS
        while len(self.wire) > seen or not seen:
            assert time.monotonic() < until
            seen = len(self.wire) if {side for side, _ in self.wire} == set(Side) else 0
            time.sleep(0.4)

    def join(self) -> Wire:
        """Wait for the end of the connection."""
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()
        return self.wire


@contextmanager
def _program(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    pipe = subprocess.PIPE
    program = subprocess.Popen(["openssl", *arguments], stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT)
    timer = threading.Timer(SECONDS, program.kill)
    timer.start()
    try:
        yield program
    finally:
        timer.cancel()
        program.kill()
        program.communicate()


def _wait_for(stream: IO[bytes] | None, words: bytes) -> None:
    assert stream is not None
    heard = b""
    while words not in heard:
        byte = stream.read(1)
        assert byte, heard[-2000:]
        heard += byte


def _say(program: subprocess.Popen[bytes], line: bytes) -> None:
    assert program.stdin is not None
    program.stdin.write(line)
    program.stdin.flush()


@contextmanager
def _server(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    certificate = str(certificate_file(folder, "RSA"))
    with _program("s_server", "-accept", f"127.0.0.1:{port}", "-cert", certificate, *arguments) as server:
        _wait_for(server.stdout, b"ACCEPT\n")
        yield server, port


def _reversing(folder: Path, server: tuple[str, ...], client: tuple[str, ...], lines: list[bytes]) -> Wire:
    """Say lines to a server that says each backwards; commands are among them."""
    with ExitStack() as stack:
        _, port = stack.enter_context(_server(folder, "-rev", *server))
        tap = Tap(port)
        address = f"127.0.0.1:{tap.port}"
        log = str(folder / "keys.log")
        speaker = stack.enter_context(_program("s_client", "-connect", address, "-keylogfile", log, *client))
        for line in lines:
            _say(speaker, line)
            if len(line) > 2:
                _wait_for(speaker.stdout, line[:-1][::-1] + b"\n")
            elif line != b"Q\n":
                _wait_for(
                    speaker.stdout, {b"K": b"KEYUPDATE", b"k": b"KEYUPDATE", b"R": b"RENEGOTIATING"}[line[:1]]
                )
        return tap.join()


@pytest.mark.parametrize(
    ("server", "client", "lines"),
    [
        ((), (), [b"before\n", b"K\n", b"after\n", b"k\n", b"later\n", b"K\n", b"last\n", b"Q\n"]),
        (
            ("-ciphersuites", "TLS_AES_128_CCM_SHA256"),
            ("-ciphersuites", "TLS_AES_128_CCM_SHA256"),
            [b"word\n", b"Q\n"],
        ),
        (
            ("-ciphersuites", "TLS_AES_128_CCM_8_SHA256"),
            ("-ciphersuites", "TLS_AES_128_CCM_8_SHA256"),
            [b"word\n", b"Q\n"],
        ),
        (("-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"), (), [b"word\n", b"Q\n"]),
        (("-ciphersuites", "TLS_AES_128_GCM_SHA256"), ("-record_padding", "512"), [b"word\n", b"Q\n"]),
        (("-tls1_2", "-client_renegotiation"), ("-tls1_2",), [b"before\n", b"R\n", b"after\n", b"Q\n"]),
        (
            ("-tls1_2", "-client_renegotiation", "-cipher", "AES128-SHA"),
            ("-tls1_2", "-cipher", "AES128-SHA"),
            [b"before\n", b"R\n", b"after\n", b"R\n", b"again\n", b"Q\n"],
        ),
    ],
    ids=["key-update", "ccm", "ccm-8", "chacha20", "padding", "renegotiation", "renegotiation-cbc"],
)
def test_what_openssl_says_is_read(
    tmp_path: Path, server: tuple[str, ...], client: tuple[str, ...], lines: list[bytes]
) -> None:
    wire = _reversing(tmp_path, server, client, lines)
    spoken = [line for line in lines if len(line) > 2]
    tls, said = read_tls(wire, KeyLog.parse((tmp_path / "keys.log").read_bytes()))
    assert said == [[b"".join(spoken)], [b"".join(line[:-1][::-1] + b"\n" for line in spoken)]]
    assert (tls.closed, tls.reason_closed) == ([0, 0], None)


@pytest.mark.parametrize("first", list(Side))
def test_early_data_is_read(tmp_path: Path, first: Side) -> None:
    early, session, log = tmp_path / "early", tmp_path / "session.pem", str(tmp_path / "keys.log")
    early.write_bytes(b"early words\n")
    with _server(tmp_path, "-early_data") as (_, port):
        for options in (("-sess_out", str(session)), ("-sess_in", str(session), "-early_data", str(early))):
            tap = Tap(port)
            with _program(
                "s_client", "-connect", f"127.0.0.1:{tap.port}", "-keylogfile", log, *options
            ) as client:
                tap.rest()
                _say(client, b"later words\n")
                tap.rest()
                _say(client, b"Q\n")
                tap.join()
    streams = [b"".join(data for side, data in tap.wire if side is each) for each in Side]
    keys = KeyLog.parse((tmp_path / "keys.log").read_bytes())
    tls, said = read_tls([(side, streams[side]) for side in (first, first.other)], keys)
    assert said == [[b"early words\nlater words\n"], []]
    assert (tls.closed, tls.reason_closed) == ([0, 0], None)
    lines = (tmp_path / "keys.log").read_bytes().splitlines()
    late = KeyLog.parse(b"\n".join(line for line in lines if b"EARLY_TRAFFIC" not in line))
    tls, said = read_tls([(side, streams[side]) for side in (first, first.other)], late)
    assert said[Side.CLIENT][-1] == b"later words\n"
    assert tls.reason_closed == "the key log lacks the secret of the early data"
    # Without a server there is no telling the version, and the early words open all the same.
    _, said = read_tls([(Side.CLIENT, streams[Side.CLIENT])], keys)
    assert said[Side.CLIENT][0] == b"early words\n"
