"""What a QUIC connection shows without its keys: version, server name, fingerprint.

The client's hello lies in its Initial packets, cut into CRYPTO frames that some clients shuffle on purpose and that
no longer fit one datagram since hellos carry post-quantum key shares. All behind it stays closed and is counted.
"""

from collections import deque

from phonehome.model.errors import DecodeError
from phonehome.wire.quic_packet import (
    InitialKeys,
    PacketHeader,
    PacketKind,
    derive_keys,
    iter_crypto,
    iter_headers,
    open_initial,
    read_versions,
    version_name,
)
from phonehome.wire.side import Side
from phonehome.wire.tls.facts import TlsFacts
from phonehome.wire.tls.hello import ClientHello, parse_client_hello, parse_server_hello, readable
from phonehome.wire.tls.ja4 import Carrier, ja4
from phonehome.wire.tls.suites import suite_name

MAX_HELLO_BYTES = 64 * 1024
"""CRYPTO bytes kept of a side; hellos with post-quantum key shares take 2 KiB."""
MAX_FRAGMENTS = 1024
"""CRYPTO frames kept of a side."""
MAX_FAILURES = 32
"""Initial packets that no key opens; behind them no more are tried."""
MAX_EARLY = 8
"""Datagrams of the server kept until the client's first, from which their keys follow, is seen."""
MAX_NOTES = 8
"""Notes kept of one connection."""
MAX_IDS = 16
"""Connection IDs kept of each side."""

_CLIENT_HELLO = 1
_SERVER_HELLO = 2
_HANDSHAKE_HEADER = 4


class _Crypto:
    """The handshake bytes of one side, put in order."""

    __slots__ = ("_parts", "_size")

    def __init__(self) -> None:
        self._parts: dict[int, bytes] = {}
        self._size = 0

    def add(self, offset: int, data: bytes) -> None:
        known = len(self._parts.get(offset, b""))
        if len(data) <= known or offset + len(data) > MAX_HELLO_BYTES:
            return
        if len(self._parts) >= MAX_FRAGMENTS or self._size + len(data) - known > 2 * MAX_HELLO_BYTES:
            return
        self._parts[offset] = data
        self._size += len(data) - known

    def join(self) -> bytes:
        """Give the bytes from the first on that are without a hole."""
        joined = bytearray()
        for offset, data in sorted(self._parts.items()):
            if offset > len(joined):
                break
            joined += data[len(joined) - offset :]
        return bytes(joined)

    def clear(self) -> None:
        self._parts.clear()
        self._size = 0


class QuicFlow:
    """One flow of datagrams between two endpoints.

    Attributes:
        versions: Version names in the order of their being seen, the last one in force.
        offered: What a server's version negotiation offered.
        retried: The server asked the client to prove its address first (RFC 9000, 17.2.5).
        client_hello: The client's handshake message with its header; the beginning where `complete` is False.
        complete: The hello is there to its last byte.
        ids: Connection IDs in clear, per side that chose them.
        opened: Bytes of datagrams, per side, that were read: Initial packets, negotiation, retry, padding.
        closed: Bytes of datagrams, per side, that stay closed.
        notes: What was malformed, in words that hold nothing of it.
    """

    __slots__ = (
        "_cipher",
        "_crypto",
        "_early",
        "_failures",
        "_first_id",
        "_hello",
        "_keys",
        "client_hello",
        "closed",
        "complete",
        "ids",
        "notes",
        "offered",
        "opened",
        "retried",
        "versions",
    )

    def __init__(self) -> None:
        self.versions: list[str] = []
        self.offered: tuple[str, ...] = ()
        self.retried = False
        self.client_hello = b""
        self.complete = False
        self.ids: tuple[list[bytes], list[bytes]] = ([], [])
        self.opened = [0, 0]
        self.closed = [0, 0]
        self.notes: list[str] = []
        self._hello: ClientHello | None = None
        self._cipher: str | None = None
        self._crypto = (_Crypto(), _Crypto())
        self._early: deque[bytes] = deque()
        self._failures = 0
        self._first_id: bytes | None = None
        self._keys: dict[tuple[int, Side], InitialKeys] = {}

    def feed(self, side: Side, datagram: bytes) -> None:
        """Take a datagram's payload."""
        if datagram and not datagram[0] & 0x80:  # a short header: the whole of it is closed
            self.closed[side] += len(datagram)
            return
        if side is Side.SERVER and self._is_early(datagram):
            self._early.append(datagram)
            return
        self._read(side, datagram)
        while self._early and self._first_id is not None:
            self._read(Side.SERVER, self._early.popleft())

    def finish(self) -> None:
        """Say that no more comes: what waited for keys stays closed."""
        while self._early:
            self.closed[Side.SERVER] += len(self._early.popleft())

    def facts(self) -> TlsFacts:
        """Give what was seen of the handshake, in the terms of TLS."""
        hello = self._hello
        if hello is None:
            return TlsFacts(cipher=self._cipher)
        return TlsFacts(
            sni=hello.server_name,
            ech_outer=hello.ech_outer,
            alpn_offered=tuple(readable(name) for name in hello.alpn),
            version="TLS 1.3",  # RFC 9001, 4.2: QUIC knows no other
            cipher=self._cipher,
            ja4=ja4(hello, Carrier.QUIC) if self.complete else None,
        )

    def _is_early(self, datagram: bytes) -> bool:
        if self._first_id is not None or len(self._early) >= MAX_EARLY:
            return False
        return any(one.kind is PacketKind.INITIAL for one in self._headers(datagram))

    def _headers(self, datagram: bytes) -> list[PacketHeader]:
        headers: list[PacketHeader] = []
        try:
            headers.extend(iter_headers(datagram))
        except DecodeError as fault:
            self._note(str(fault))
        return headers

    def _read(self, side: Side, datagram: bytes) -> None:
        closed = 0
        headers = self._headers(datagram)
        for header in headers:
            self._learn(side, header)
            if not self._is_read(side, datagram, header):
                closed += header.end - header.start
        read_to = headers[-1].end if headers else 0
        if datagram.count(0, read_to) != len(datagram) - read_to:
            closed += len(datagram) - read_to
        self.closed[side] += closed
        self.opened[side] += len(datagram) - closed

    def _is_read(self, side: Side, datagram: bytes, header: PacketHeader) -> bool:
        match header.kind:
            case PacketKind.INITIAL:
                return self._open(side, datagram, header)
            case PacketKind.VERSION_NEGOTIATION:
                self.offered = tuple(version_name(one) for one in read_versions(datagram, header)[:MAX_IDS])
                return True
            case PacketKind.RETRY:
                self.retried = True
                return True
            case _:
                return False

    def _learn(self, side: Side, header: PacketHeader) -> None:
        if header.kind is PacketKind.ONE_RTT:
            return
        name = version_name(header.version)
        if header.version and name not in self.versions and len(self.versions) < MAX_IDS:
            self.versions.append(name)
        known = self.ids[side]
        if header.source not in known and len(known) < MAX_IDS:
            known.append(header.source)

    def _open(self, side: Side, datagram: bytes, header: PacketHeader) -> bool:
        payload = self._decrypt(side, datagram, header)
        if payload is None:
            return False
        try:
            for offset, data in iter_crypto(payload):
                self._crypto[side].add(offset, data)
        except DecodeError as fault:
            self._note(str(fault))
        if side is Side.CLIENT and not self.complete:
            self._read_client_hello()
        elif side is Side.SERVER and self._cipher is None:
            self._read_server_hello()
        return True

    def _decrypt(self, side: Side, datagram: bytes, header: PacketHeader) -> bytes | None:
        if header.missing or self._failures >= MAX_FAILURES:
            self._suppose(side, header)
            return None
        if self._first_id is not None:
            key = header.version, side
            if key not in self._keys:
                self._keys[key] = derive_keys(header.version, self._first_id, side)
            payload = open_initial(datagram, header, self._keys[key])
            if payload is not None:
                return payload
        if side is Side.CLIENT and header.destination != self._first_id:
            # The first packet of a connection, or of its second attempt behind a retry or a negotiation.
            keys = derive_keys(header.version, header.destination, side)
            payload = open_initial(datagram, header, keys)
            if payload is not None:
                self._begin(header, keys)
                return payload
        self._suppose(side, header)
        self._failures += 1
        self._note("a QUIC Initial packet that the connection's own keys do not open")
        return None

    def _suppose(self, side: Side, header: PacketHeader) -> None:
        """Take the keys' ID from a client's packet that is itself cut or broken: the server's may be whole."""
        if side is Side.CLIENT and self._first_id is None:
            self._first_id = header.destination

    def _begin(self, header: PacketHeader, keys: InitialKeys) -> None:
        self._first_id = header.destination
        self._keys = {(header.version, Side.CLIENT): keys}
        for crypto in self._crypto:
            crypto.clear()

    def _read_client_hello(self) -> None:
        message = self._crypto[Side.CLIENT].join()
        size = _HANDSHAKE_HEADER + int.from_bytes(message[1:_HANDSHAKE_HEADER])
        if len(message) < _HANDSHAKE_HEADER or len(message) <= len(self.client_hello):
            return
        if message[0] != _CLIENT_HELLO:
            self._note("a QUIC handshake that begins with no hello of the client")
            return
        self.client_hello, self.complete = message[:size], len(message) >= size
        try:
            self._hello = parse_client_hello(self.client_hello[_HANDSHAKE_HEADER:])
        except DecodeError as fault:
            if self.complete:
                self._note(str(fault))

    def _read_server_hello(self) -> None:
        message = self._crypto[Side.SERVER].join()
        size = _HANDSHAKE_HEADER + int.from_bytes(message[1:_HANDSHAKE_HEADER])
        if len(message) < size or message[:1] != bytes([_SERVER_HELLO]):
            return
        try:
            hello = parse_server_hello(message[_HANDSHAKE_HEADER:size])
        except DecodeError as fault:
            self._note(str(fault))
            return
        self._cipher = suite_name(hello.cipher)

    def _note(self, text: str) -> None:
        if text not in self.notes and len(self.notes) < MAX_NOTES:
            self.notes.append(text)
