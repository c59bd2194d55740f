"""What client and server agreed on, and the keys of it for versions below TLS 1.3.

A connection may negotiate more than once (renegotiation); each time is a `Round`.
"""

from hashlib import sha256

from phonehome.wire.side import Side
from phonehome.wire.tls.ciphers import AeadExplicit, AeadImplicit, Opener
from phonehome.wire.tls.hello import SESSION_TICKET, ClientHello, ServerHello
from phonehome.wire.tls.keylog import KeyLog
from phonehome.wire.tls.legacy import BlockOpener, OldChaCha20, StreamOpener, mac_of
from phonehome.wire.tls.schedule import SSL3, TLS13, extended_master_secret, key_block, master_secret
from phonehome.wire.tls.suites import SUITES, Kind, Suite

MAX_TRANSCRIPT_BYTES = 1024 * 1024
"""Handshake messages kept for an extended master secret; beyond, that secret cannot be computed."""

_SALT_BYTES = 4
_NONCE_BYTES = 12
_MAC_BYTES = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48}
_BLOCK_BYTES = {"AES": 16, "CAMELLIA": 16, "3DES": 8, "DES": 8}


class Round:
    """One negotiation.

    Attributes:
        key_exchange: Body of the ClientKeyExchange; None in an abbreviated handshake.
        hello_done: The server sent its ServerHelloDone, so that the handshake is no abbreviated one.
        ticket: The ticket that the server gave in it.
        unveiled: The random in force stood in an encrypted hello; `client` has it in place of the outer one.
    """

    __slots__ = (
        "_sent",
        "_transcript",
        "client",
        "hello_done",
        "key_exchange",
        "server",
        "ticket",
        "unveiled",
    )

    def __init__(self) -> None:
        self.client: ClientHello | None = None
        self.server: ServerHello | None = None
        self.key_exchange: bytes | None = None
        self.hello_done = False
        self.ticket: bytes | None = None
        self.unveiled = False
        self._sent: tuple[list[bytes], list[bytes]] = ([], [])
        self._transcript = 0

    def note(self, side: Side, message: bytes) -> None:
        """Keep a message that an extended master secret is bound to."""
        if self._transcript <= MAX_TRANSCRIPT_BYTES:
            self._transcript += len(message)
            self._sent[side].append(message)

    def master(self, keys: KeyLog, suite: Suite) -> bytes | None:
        """Find the master secret, by whichever line of the key log leads to it."""
        client, server = self.client, self.server
        if client is None or server is None:
            return None
        master = keys.secret("CLIENT_RANDOM", client.random)
        if master is None:
            premaster = keys.secret("PMS_CLIENT_RANDOM", client.random)
            if premaster is None and self.key_exchange is not None and suite.rsa:
                # The encrypted secret has a length before it, except in SSL 3.0.
                prefix = 0 if server.version == SSL3 else 2
                premaster = keys.premaster(self.key_exchange[prefix:])
            if premaster is not None:
                master = self._from_premaster(premaster, client, server, suite)
        if master is None and self.key_exchange is None:
            master = self._resumed(keys, client, server)
        elif master is None:
            master = keys.master_of_session(server.session_id) if server.session_id else None
        if master is not None and keys.has_premasters:
            keys.remember(server.session_id, master)
            if self.ticket:
                keys.remember(_ticket_name(self.ticket), master)
        return master

    def _from_premaster(
        self, premaster: bytes, client: ClientHello, server: ServerHello, suite: Suite
    ) -> bytes | None:
        if not server.extended_master_secret:
            return master_secret(server.version, suite.digest, premaster, client.random, server.random)
        if self._transcript > MAX_TRANSCRIPT_BYTES:
            return None
        hello, *rest = self._sent[Side.CLIENT] or [b""]
        transcript = b"".join((hello, *self._sent[Side.SERVER], *rest))
        return extended_master_secret(server.version, suite.digest, premaster, transcript)

    @staticmethod
    def _resumed(keys: KeyLog, client: ClientHello, server: ServerHello) -> bytes | None:
        if server.session_id and (master := keys.master_of_session(server.session_id)) is not None:
            return master
        ticket = client.extension(SESSION_TICKET)
        return keys.master_of_session(_ticket_name(ticket)) if ticket else None

    def opener(self, side: Side, keys: KeyLog) -> Opener | str:
        """Make the protection of one side; a reason in words where that is not possible."""
        client, server = self.client, self.server
        if client is None or server is None or server.version >= TLS13:
            return "the beginning of the connection was not recorded"
        suite = SUITES.get(server.cipher)
        if keys.knows(client.random):
            keys.use(client.random)  # the key log fits, whether or not its secret can be put to use
        if suite is None:
            return f"cipher suite 0x{server.cipher:04x} cannot be opened"
        if server.compression:
            return "compressed by TLS itself, which is not read"
        if suite.cipher == "NULL":
            master: bytes | None = self.master(keys, suite) or b"\0"
        else:
            master = self.master(keys, suite)
        if master is None:
            return missing_secret(keys)
        return _opener(suite, side, master, client, server)


def missing_secret(keys: KeyLog) -> str:
    """Why there is no secret, in words."""
    return "no secret for this connection in the key log" if keys else "encrypted, and there is no key log"


def _opener(suite: Suite, side: Side, master: bytes, client: ClientHello, server: ServerHello) -> Opener:
    """Cut the key block (RFC 5246 §6.3) and make an opener of the side's parts."""
    mac = _MAC_BYTES.get(suite.mac, 0)
    block = _BLOCK_BYTES.get(suite.cipher, 0) if suite.kind is Kind.CBC else 0
    iv = {
        Kind.GCM: _SALT_BYTES,
        Kind.CCM: _SALT_BYTES,
        Kind.CCM_8: _SALT_BYTES,
        Kind.CHACHA20: _NONCE_BYTES,
    }.get(suite.kind, block)
    sizes = (mac, suite.key_bytes, iv)
    material = key_block(server.version, suite.digest, master, client.random, server.random, 2 * sum(sizes))
    parts, at = [], 0
    for size in sizes:
        parts.append(material[at + side * size : at + (side + 1) * size])
        at += 2 * size
    mac_key, key, start = parts
    match suite.kind:
        case Kind.GCM | Kind.CCM | Kind.CCM_8:
            return AeadExplicit(suite, key, start)
        case Kind.CHACHA20:
            return AeadImplicit(suite, key, start)
        case Kind.OLD_CHACHA20:
            return OldChaCha20(key)
        case Kind.CBC:
            return BlockOpener(
                suite,
                key,
                start,
                mac_of(suite, server.version, mac_key),
                server.version,
                server.encrypt_then_mac,
            )
        case Kind.STREAM:
            return StreamOpener(suite, key, mac_of(suite, server.version, mac_key))


def _ticket_name(ticket: bytes) -> bytes:
    return b"ticket " + sha256(ticket).digest()
