"""What both sides say in the handshake: negotiations, facts, and when keys change."""

from dataclasses import replace

from phonehome.model.errors import DecodeError
from phonehome.wire.side import Side
from phonehome.wire.tls import messages as types
from phonehome.wire.tls.certificates import parse_compressed_names, parse_names
from phonehome.wire.tls.cursor import Cursor
from phonehome.wire.tls.facts import TlsFacts
from phonehome.wire.tls.half import Half
from phonehome.wire.tls.hello import (
    ALPN,
    ENCRYPTED_CLIENT_HELLO,
    ClientHello,
    ServerHello,
    parse_client_hello,
    parse_server_hello,
    parse_sslv2_hello,
    protocol_names,
    read_extensions,
    readable,
)
from phonehome.wire.tls.ja4 import ja4
from phonehome.wire.tls.negotiation import Round
from phonehome.wire.tls.schedule import SSL3, TLS10, TLS11, TLS12, TLS13
from phonehome.wire.tls.suites import suite_name
from phonehome.wire.tls.traffic import EARLY, HANDSHAKE

MAX_ROUNDS = 64
"""Negotiations of one connection; more stay closed."""

_VERSIONS = {SSL3: "SSL 3.0", TLS10: "TLS 1.0", TLS11: "TLS 1.1", TLS12: "TLS 1.2", TLS13: "TLS 1.3"}
_HEADER_BYTES = 4


class Handshake:
    """The handshake messages of both sides, read as they come.

    Attributes:
        malformed: Messages that could not be understood.
        retried: The server asked for another hello, which only TLS 1.3 knows.
        news: A hello, or something else that the other direction may wait for, has come since this was reset.
    """

    __slots__ = (
        "_alpn_chosen",
        "_certificate_names",
        "_ech_outer",
        "_facts",
        "_first_client",
        "_first_server",
        "_rounds",
        "malformed",
        "news",
        "retried",
    )

    def __init__(self) -> None:
        self._first_client: ClientHello | None = None
        self._first_server: ServerHello | None = None
        self._ech_outer = False
        self._alpn_chosen: bytes | None = None
        self._certificate_names: tuple[str, ...] = ()
        self._facts: TlsFacts | None = None
        self.malformed = 0
        self.news = False
        self.retried = False
        self._rounds = [Round()]

    @property
    def facts(self) -> TlsFacts:
        """What is known so far."""
        if self._facts is None:
            self._facts = self._make_facts()
        return self._facts

    @property
    def sni(self) -> str | None:
        """The server name that the first hello asks for."""
        return self._first_client.server_name if self._first_client is not None else None

    def _make_facts(self) -> TlsFacts:
        client, server = self._first_client, self._first_server
        return TlsFacts(
            sni=self.sni,
            ech_outer=self._ech_outer,
            alpn_offered=tuple(map(readable, client.alpn)) if client is not None else (),
            alpn_chosen=readable(self._alpn_chosen) if self._alpn_chosen is not None else None,
            version=_VERSIONS.get(server.version, f"0x{server.version:04x}") if server is not None else None,
            cipher=suite_name(server.cipher) if server is not None else None,
            ja4=ja4(client) if client is not None else None,
            certificate_names=self._certificate_names,
        )

    def round_of(self, half: Half) -> Round | None:
        """The negotiation that a direction is in; None before its own hello, or past the last that is kept."""
        return self._rounds[half.round] if 0 <= half.round < len(self._rounds) else None

    def read(self, half: Half, content: bytes) -> None:
        """Take the content of a handshake record."""
        for kind, message in half.messages.feed(content):
            try:
                self._read_message(half, kind, message)
            except DecodeError:
                self.malformed += 1  # without its hello a connection stays closed

    def read_sslv2_hello(self, half: Half, body: bytes) -> None:
        """Take a hello in the form of SSL 2.0."""
        try:
            self._client_hello(half, parse_sslv2_hello(body), body)
        except DecodeError:
            self.malformed += 1

    def prove_outer(self, current: Round) -> None:
        """The key log's secrets under the random in clear open the connection: that hello was in force.

        Had the server accepted an encrypted one, they would be under the random in there (RFC 9850 §2).
        """
        if self._ech_outer and not current.unveiled:
            self._ech_outer, self._facts = False, None

    def unveil(self, current: Round, random: bytes) -> None:
        """The hello in force was an encrypted one, with this random."""
        if current.client is not None:
            current.client = replace(current.client, random=random)
            current.unveiled = True

    def _read_message(self, half: Half, kind: int, message: bytes) -> None:
        body = message[_HEADER_BYTES:]
        if kind == types.CLIENT_HELLO and half.side is Side.CLIENT:
            self._client_hello(half, parse_client_hello(body), message)
        elif kind == types.SERVER_HELLO and half.side is Side.SERVER:
            self._server_hello(half, parse_server_hello(body), message)
        elif half.phase is not None:
            self._message_of_13(half, kind, body)
        elif (negotiation := self.round_of(half)) is not None:
            self._message_below_13(half, negotiation, kind, message)

    def _client_hello(self, half: Half, hello: ClientHello, message: bytes) -> None:
        current = self.round_of(half)
        # The second hello that a HelloRetryRequest asks for has the first one's random.
        if current is None or current.client is None or current.client.random != hello.random:
            current = self._next_round(half)
        if current is None:
            return
        first = current.client is None and half.round == 0
        current.client = hello
        current.note(Side.CLIENT, message)
        self.news = True
        if first:
            self._first_client, self._ech_outer, self._facts = hello, hello.ech_outer, None

    def _server_hello(self, half: Half, hello: ServerHello, message: bytes) -> None:
        if hello.retry:
            self.retried = True
            return
        current = self._next_round(half)
        if current is None:
            return
        current.server = hello
        current.note(Side.SERVER, message)
        self.news = True
        if half.round == 0:
            self._first_server, self._alpn_chosen, self._facts = hello, hello.alpn, None

    def _next_round(self, half: Half) -> Round | None:
        half.round += 1
        if half.round == len(self._rounds) < MAX_ROUNDS:
            self._rounds.append(Round())
        return self.round_of(half)

    def _message_below_13(self, half: Half, current: Round, kind: int, message: bytes) -> None:
        body = message[_HEADER_BYTES:]
        if kind == types.FINISHED:
            return
        if half.side is Side.CLIENT:
            if current.key_exchange is None:
                current.note(Side.CLIENT, message)
            if kind == types.CLIENT_KEY_EXCHANGE:
                current.key_exchange = body
                self.news = True
            return
        if not current.hello_done and kind not in (types.HELLO_REQUEST, types.NEW_SESSION_TICKET):
            current.note(Side.SERVER, message)
        if kind == types.SERVER_HELLO_DONE:
            current.hello_done = True
            self.news = True
        elif kind == types.NEW_SESSION_TICKET and len(body) > 6:
            current.ticket = body[6:]
        elif kind == types.CERTIFICATE and not self._certificate_names:
            self._name(parse_names(body, has_context=False))

    def _message_of_13(self, half: Half, kind: int, body: bytes) -> None:
        phase, stream = half.phase, half.stream
        if phase is None:
            return
        if phase.number == HANDSHAKE and half.side is Side.SERVER:
            self._server_facts(kind, body)
        if (kind == types.FINISHED and phase.number == HANDSHAKE) or (
            kind == types.END_OF_EARLY_DATA and phase.number == EARLY
        ):
            stream.opener = None  # the next record shows which of the later keys it is under
        elif kind == types.KEY_UPDATE and phase.number > HANDSHAKE:
            half.phase = phase.next()
            half.start(half.phase.opener())

    def _name(self, names: tuple[str, ...]) -> None:
        self._certificate_names, self._facts = names, None

    def _server_facts(self, kind: int, body: bytes) -> None:
        if kind == types.ENCRYPTED_EXTENSIONS:
            extensions = dict(read_extensions(Cursor(body)))
            protocols = protocol_names(extensions.get(ALPN))
            if protocols:
                self._alpn_chosen, self._facts = protocols[0], None
            if ENCRYPTED_CLIENT_HELLO in extensions:
                # It answers an encrypted hello that it could not read (RFC 9849 §7.1).
                self._ech_outer, self._facts = False, None
        elif kind == types.CERTIFICATE:
            self._name(parse_names(body, has_context=True))
        elif kind == types.COMPRESSED_CERTIFICATE:
            self._name(parse_compressed_names(body))
