"""The hellos: what client and server say of themselves in clear (RFC 8446 §4.1, RFC 5246 §7.4.1, RFC 6066, RFC 9849).

Lenient: a hello whose extensions are cut or wrong still gives what could be read of it, since the rest of
the connection does not depend on us. Only a hello without its fixed part is a `DecodeError`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct

from phonehome.model.errors import DecodeError
from phonehome.wire.tls.cursor import Cursor
from phonehome.wire.tls.schedule import TLS12, TLS13

MAX_EXTENSIONS = 512
"""Extensions read of one hello; browsers send about twenty."""

SERVER_NAME = 0x0000
SIGNATURE_ALGORITHMS = 0x000D
ALPN = 0x0010
ENCRYPT_THEN_MAC = 0x0016
EXTENDED_MASTER_SECRET = 0x0017
SESSION_TICKET = 0x0023
EARLY_DATA = 0x002A
SUPPORTED_VERSIONS = 0x002B
ENCRYPTED_CLIENT_HELLO = 0xFE0D

_RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
_ECH_OUTER = b"\0"
_RANDOM_BYTES = 32
_MAX_REMEMBERED = 256
_EXTENSION = Struct(">HH")
_VISIBLE = re.compile(rb"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientHello:
    """A client's hello.

    Attributes:
        version: The legacy version field.
        versions: What `supported_versions` offers, in order, GREASE included; empty without the extension.
        extensions: Types and bodies in the order of the message; a type may repeat in a wrong hello.
        server_name: SNI, lower case; None if there is none, or it is no host name.
        alpn: Application protocols as bytes, in order.
        ech_outer: There is an encrypted hello in it, so that this is (or pretends to be) the outer one.
    """

    version: int
    random: bytes
    session_id: bytes
    ciphers: tuple[int, ...]
    extensions: tuple[tuple[int, bytes], ...]
    versions: tuple[int, ...]
    signature_algorithms: tuple[int, ...]
    server_name: str | None
    alpn: tuple[bytes, ...]
    ech_outer: bool

    def extension(self, kind: int) -> bytes | None:
        """The body of an extension, None without it."""
        return _find(self.extensions, kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerHello:
    """A server's hello; `retry` tells a HelloRetryRequest, which has the same form."""

    version: int
    random: bytes
    session_id: bytes
    cipher: int
    compression: int
    retry: bool
    alpn: bytes | None
    encrypt_then_mac: bool
    extended_master_secret: bool


def parse_client_hello(body: bytes) -> ClientHello:
    """Read the body of a ClientHello (behind the four bytes of its handshake header).

    Raises:
        DecodeError: The fixed part is not there.
    """
    cursor = Cursor(body)
    version = cursor.number(2)
    random = cursor.take(_RANDOM_BYTES)
    session_id = cursor.vector(1)
    ciphers = cursor.numbers(2)
    cursor.vector(1)
    extensions = read_extensions(cursor)
    first = dict(reversed(extensions))  # of a type that repeats, the first counts
    return ClientHello(
        version=version,
        random=random,
        session_id=session_id,
        ciphers=ciphers,
        extensions=extensions,
        versions=_numbers(first.get(SUPPORTED_VERSIONS, b""), 1),
        signature_algorithms=_numbers(first.get(SIGNATURE_ALGORITHMS, b""), 2),
        server_name=_server_name(first.get(SERVER_NAME)),
        alpn=protocol_names(first.get(ALPN)),
        ech_outer=first.get(ENCRYPTED_CLIENT_HELLO, b"").startswith(_ECH_OUTER),
    )


def parse_sslv2_hello(body: bytes) -> ClientHello:
    """Read a hello in the form of SSL 2.0 that offers a later version (RFC 5246 appendix E.2).

    Raises:
        DecodeError: It is none, or it offers SSL 2.0 only.
    """
    cursor = Cursor(body)
    kind, version = cursor.number(1), cursor.number(2)
    if kind != 1 or version >> 8 != 3:
        raise DecodeError("a hello in the form of SSL 2.0 that offers no later version")
    sizes = cursor.number(2), cursor.number(2), cursor.number(2)
    ciphers, session_id, challenge = (cursor.take(size) for size in sizes)
    # Suites of three bytes whose first is not zero are SSL 2.0's own.
    suites = (ciphers[at : at + 3] for at in range(0, len(ciphers) - 2, 3))
    return ClientHello(
        version=version,
        random=challenge[-_RANDOM_BYTES:].rjust(_RANDOM_BYTES, b"\0"),
        session_id=session_id,
        ciphers=tuple(suite[1] << 8 | suite[2] for suite in suites if suite[0] == 0),
        extensions=(),
        versions=(),
        signature_algorithms=(),
        server_name=None,
        alpn=(),
        ech_outer=False,
    )


def parse_server_hello(body: bytes) -> ServerHello:
    """Read the body of a ServerHello.

    Raises:
        DecodeError: The fixed part is not there.
    """
    cursor = Cursor(body)
    version = cursor.number(2)
    random = cursor.take(_RANDOM_BYTES)
    session_id = cursor.vector(1)
    cipher = cursor.number(2)
    compression = cursor.number(1)
    extensions = read_extensions(cursor)
    chosen = _find(extensions, SUPPORTED_VERSIONS)
    if chosen is not None and len(chosen) == 2:
        version = int.from_bytes(chosen, "big")
        # Drafts of TLS 1.3 numbered themselves 0x7fNN; from draft 19 on they derive keys as the final text does.
        version = TLS13 if version >> 8 == 0x7F else version
    protocols = protocol_names(_find(extensions, ALPN))
    return ServerHello(
        version=version,
        random=random,
        session_id=session_id,
        cipher=cipher,
        compression=compression,
        retry=random == _RETRY_RANDOM and version >= TLS12,
        alpn=protocols[0] if protocols else None,
        encrypt_then_mac=_find(extensions, ENCRYPT_THEN_MAC) is not None,
        extended_master_secret=_find(extensions, EXTENDED_MASTER_SECRET) is not None,
    )


def read_extensions(cursor: Cursor) -> tuple[tuple[int, bytes], ...]:
    """Read a list of extensions as far as it is whole; at most `MAX_EXTENSIONS`."""
    if cursor.left < _EXTENSION.size:
        return ()
    return _split_extensions(cursor.take(min(cursor.number(2), cursor.left)), MAX_EXTENSIONS)


def split_extensions(listed: bytes, most: int) -> tuple[tuple[int, bytes], ...]:
    """Cut a list of extensions apart, as far as it is whole; at most so many."""
    found: list[tuple[int, bytes]] = []
    at, last = 0, len(listed) - _EXTENSION.size
    while at <= last and len(found) < most:
        kind, size = _EXTENSION.unpack_from(listed, at)
        at += _EXTENSION.size
        body = listed[at : at + size]
        if len(body) < size:
            break  # what is whole counts
        found.append((kind, body))
        at += size
    return tuple(found)


try:
    from phonehome.wire.native.hello import split_extensions as _split_extensions
except ImportError:
    _split_extensions = split_extensions


def protocol_names(body: bytes | None) -> tuple[bytes, ...]:
    """The names in an ALPN extension, as far as they are whole."""
    if not body:
        return ()
    return _remembered_names(body) if len(body) <= _MAX_REMEMBERED else _protocol_names(body)


def _protocol_names(body: bytes) -> tuple[bytes, ...]:
    names: list[bytes] = []
    try:
        listed = Cursor(Cursor(body).vector(2))
        while listed and len(names) < MAX_EXTENSIONS:
            names.append(listed.vector(1))
    except DecodeError:
        pass
    return tuple(names)


_remembered_names = lru_cache(_MAX_REMEMBERED)(_protocol_names)  # traffic repeats them


@lru_cache(_MAX_REMEMBERED)
def readable(name: bytes) -> str:
    """A protocol name as text; what is no printable ASCII is written as `x0a` behind a backslash."""
    return "".join(chr(byte) if 0x20 < byte < 0x7F else f"\\x{byte:02x}" for byte in name)


def _find(extensions: tuple[tuple[int, bytes], ...], kind: int) -> bytes | None:
    for found, body in extensions:
        if found == kind:
            return body
    return None


def _numbers(body: bytes, prefix: int) -> tuple[int, ...]:
    return _remembered_numbers(body, prefix) if len(body) <= _MAX_REMEMBERED else _read_numbers(body, prefix)


def _read_numbers(body: bytes, prefix: int) -> tuple[int, ...]:
    try:
        return Cursor(body).numbers(prefix)
    except DecodeError:
        return ()


_remembered_numbers = lru_cache(_MAX_REMEMBERED)(_read_numbers)


def _server_name(body: bytes | None) -> str | None:
    """The first host name of a server name extension (RFC 6066 §3)."""
    if not body:
        return None
    try:
        listed = Cursor(Cursor(body).vector(2))
        while listed:
            kind, name = listed.number(1), listed.vector(2)
            if kind == 0 and _VISIBLE.fullmatch(name):
                return name.decode().rstrip(".").lower() or None
    except DecodeError:
        pass
    return None
