"""URLs, addresses and versions as recorders write them, brought to the words of the model."""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

from phonehome.model.exchange import Header, Protocol, Transport
from phonehome.model.header_names import KnownHeaders, find_headers

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://"
    r"(?:[^@/?#]*@)?"
    r"(?P<host>\[[^\]/?#]*\]|[^:/?#\[\]]*)"
    r"(?::(?P<port>[0-9]{1,5}))?(?=[/?#]|$)"
)
_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_MAX_PORT = 65535
_MAX_REMEMBERED = 256
_MAX_REMEMBERED_VALUE = 64
_MAX_LENGTH_DIGITS = 15

# Names of HTTP versions: RFC 9110 tokens, ALPN identifiers, and how browsers and proxies spell them.
_PROTOCOLS = {
    "http/0.9": Protocol.HTTP_0_9,
    "http/1.0": Protocol.HTTP_1_0,
    "http/1": Protocol.HTTP_1_0,
    "http/1.1": Protocol.HTTP_1_1,
    "http/2": Protocol.HTTP_2,
    "http/2.0": Protocol.HTTP_2,
    "h2": Protocol.HTTP_2,
    "h2c": Protocol.HTTP_2,
    "http/3": Protocol.HTTP_3,
    "http/3.0": Protocol.HTTP_3,
    "h3": Protocol.HTTP_3,
    "quic": Protocol.HTTP_3,
}
_DRAFT_HTTP_3 = re.compile(r"(?:h3-[a-z0-9]{1,5}|hq-[0-9]{1,2}|http/2\+quic/[0-9]{1,3}|h3-q[0-9]{3})$")
_BARE_VERSION = re.compile(r"[0-9](?:\.[0-9])?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a URL points: scheme and host in lower case, the port given or implied."""

    scheme: str
    host: str | None
    port: int | None


def parse_endpoint(url: str) -> Endpoint | None:
    """Read scheme, host and port off an absolute URL; None where it has no such form."""
    found = _URL.match(url)
    if found is None:
        return None
    scheme = found["scheme"].lower()
    port = int(found["port"]) if found["port"] else _DEFAULT_PORTS.get(scheme)
    if port is not None and port > _MAX_PORT:
        port = None
    return Endpoint(scheme=scheme, host=clean_host(found["host"]), port=port)


def clean_host(host: str) -> str | None:
    """Bring a host name to lower case, without the brackets of an IPv6 literal; None if nothing is left.

    The dot of the root at its end, which says nothing, is taken off too.
    """
    return host.strip().strip("[]").rstrip(".").lower() or None


def split_authority(authority: str) -> tuple[str | None, int | None]:
    """Split `host:port` (a Host header, an :authority) into host and port."""
    endpoint = parse_endpoint(f"x://{authority.strip()}")
    return (endpoint.host, endpoint.port) if endpoint is not None else (None, None)


def is_address(host: str) -> bool:
    """Tell whether a host is written as an IP address."""
    return parse_address(host) is not None


def parse_address(text: str) -> str | None:
    """Read an IP address with or without brackets and zone; None if it is none.

    An IPv4 address mapped into IPv6 (`::ffff:192.0.2.1`) is given as IPv4, as the handset saw it.
    """
    try:
        address = ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def parse_protocol(version: str) -> Protocol:
    """Read an HTTP version; `Protocol.HTTP` where the text tells none."""
    name = version.strip().lower()
    if _BARE_VERSION.match(name):
        name = f"http/{name}"
    if _DRAFT_HTTP_3.match(name):
        return Protocol.HTTP_3
    return _PROTOCOLS.get(name, Protocol.HTTP)


def transport_of(scheme: str, protocol: Protocol) -> Transport | None:
    """Tell what protects an exchange from its URL's scheme; HTTP/3 always runs over QUIC."""
    if protocol is Protocol.HTTP_3:
        return Transport.QUIC
    match scheme:
        case "https" | "wss":
            return Transport.TLS
        case "http" | "ws":
            return Transport.CLEARTEXT
        case _:
            return None


def to_bytes(text: str) -> bytes:
    """Give text back as the bytes it was read from: UTF-8, where bytes that were not UTF-8 stand escaped.

    JSON can also spell half of a surrogate pair, which no UTF-8 has; it is written the way WTF-8 does.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def header_value(headers: tuple[Header, ...], name: bytes) -> bytes | None:
    """Give the first value of a header, its name in lower case; None where there is none."""
    return next((value for key, value in headers if key.lower() == name), None)


def content_length(headers: tuple[Header, ...]) -> int:
    """Give the Content-Length; 0 where there is none, or no sensible one."""
    length = (header_value(headers, b"content-length") or b"").strip()
    return int(length) if length.isdigit() and len(length) <= _MAX_LENGTH_DIGITS else 0


def declared_codings(headers: tuple[Header, ...]) -> tuple[str, ...]:
    """Give the content codings that the headers declare, outermost last; `identity` is none."""
    return read_codings(headers, find_headers(headers))


def read_codings(headers: tuple[Header, ...], known: KnownHeaders) -> tuple[str, ...]:
    """Give what `declared_codings` gives, of headers that were looked through already."""
    encodings = known.encodings
    if not encodings:
        return ()
    value = b",".join([headers[place][1] for place in encodings])
    return _remembered_codings(value) if len(value) <= _MAX_REMEMBERED_VALUE else _read_codings(value)


def _read_codings(value: bytes) -> tuple[str, ...]:
    names = [part.strip().lower() for part in value.decode("latin-1").split(",")]
    return tuple(name for name in names if name and name != "identity")


_remembered_codings = lru_cache(_MAX_REMEMBERED)(_read_codings)


def head_size(start_line: int, headers: tuple[Header, ...]) -> int:
    """Count the bytes of a head written as HTTP/1.1: start line, `name: value` lines, the empty line."""
    return start_line + 2 + sum(len(name) + len(value) + 4 for name, value in headers) + 2
