"""Walks the headers of one packet whose IP header does not lead straight to a transport.

Most packets never come here: `ip` reads ordinary ones by the thousand. What is left is taken one by one:
IPv6 extension headers (RFC 8200), fragments, and tunnels that are looked through to the packet inside: IP in
IP (RFC 2003, RFC 2473, RFC 4213), GRE (RFC 2784, RFC 2890), GTP-U (3GPP TS 29.281). A tunnel that carries
anything but IP stays what it is: its payload is then a datagram of its own protocol.
"""

from dataclasses import dataclass

from phonehome.model.errors import DecodeError
from phonehome.wire.fragments import Fragments

TCP, UDP = 6, 17
IP_IN_IP, IPV6_IN_IP, GRE = 4, 41, 47
GTP_PORT = 2152
HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION = 0, 43, 44, 51, 60
MOBILITY, HOST_IDENTITY, SHIM6 = 135, 139, 140

TUNNELS = (IP_IN_IP, IPV6_IN_IP, GRE)
EXTENSIONS = (HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION, MOBILITY, HOST_IDENTITY, SHIM6)

MAX_LAYERS = 8
"""How many IP headers a packet may have, one inside the other."""

MAX_EXTENSIONS = 16
"""How many extension headers may follow one IPv6 header."""

IPV4_HEADER_BYTES = 20
IPV6_HEADER_BYTES = 40
MAPPED = bytes(10) + b"\xff\xff"
"""RFC 4291, 2.5.5.2: what stands before an IPv4 address written as one of IPv6."""

_GRE_IPV4, _GRE_IPV6, _GRE_ETHERNET = 0x0800, 0x86DD, 0x6558
_ETHERNET_HEADER_BYTES = 14
_JUMBO = 0xC2


@dataclass(slots=True)
class Layer:
    """What lies behind an IP header.

    Attributes:
        buffer: Where it lies: the window, or a datagram put together from fragments.
        start: Where it begins.
        end: Where what was kept of it ends.
        cut: How many bytes behind `end` the snap length kept out.
        protocol: Its number in the IANA registry of protocols.
        source: The sender's address, 16 bytes.
        destination: The receiver's.
    """

    buffer: bytes
    start: int
    end: int
    cut: int
    protocol: int
    source: bytes
    destination: bytes


@dataclass(slots=True)
class _Piece:
    """Where a fragment belongs."""

    identification: int
    offset: int
    last: bool


def unwrap(buffer: bytes, start: int, end: int, cut: int, *, time: int, fragments: Fragments) -> Layer | None:
    """Walk to the innermost transport of an IP packet.

    Args:
        buffer: Where the packet lies.
        start: Where its IP header begins.
        end: Where what was kept of it ends.
        cut: How many bytes behind `end` the snap length kept out.
        time: When it was recorded, in nanoseconds.
        fragments: The datagrams that are not complete yet.

    Returns:
        The transport, or the last tunnel's payload where that holds no packet that can be read, or more than
        `MAX_LAYERS` inside one another; None when the packet is a fragment that completes no datagram.

    Raises:
        DecodeError: The first header is malformed or cut.
    """
    outer = None
    for _ in range(MAX_LAYERS):
        try:
            layer = _transport(buffer, start, end, cut, time, fragments)
        except DecodeError:
            if outer is None:
                raise
            # What looked like a packet in a tunnel is none: the tunnel's own payload is what there is.
            return outer
        inside = None if layer is None else _inside(layer)
        if layer is None or inside is None:
            return layer
        outer = layer
        buffer, start, end, cut = layer.buffer, inside, layer.end, layer.cut
    return outer


def _transport(
    buffer: bytes, start: int, end: int, cut: int, time: int, fragments: Fragments
) -> Layer | None:
    """Read one IP header and those that belong to it; None for a fragment that completes no datagram."""
    layer, piece = _read_ip(buffer, start, end, cut)
    if piece is None:
        return layer
    if layer.cut:
        raise DecodeError("a fragment is cut by the snap length")
    key = (layer.source, layer.destination, piece.identification, layer.protocol)
    data = layer.buffer[layer.start : layer.end]
    whole = fragments.add(key, piece.offset, data, last=piece.last, time=time)
    if whole is None:
        return None
    layer.buffer, layer.start, layer.end = whole, 0, len(whole)
    if _skip_extensions(layer) is not None:
        raise DecodeError("a fragment lies inside the datagram that fragments make up")
    return layer


def _number(buffer: bytes, at: int, size: int) -> int:
    return int.from_bytes(buffer[at : at + size], "big")


def _read_ip(buffer: bytes, start: int, end: int, cut: int) -> tuple[Layer, _Piece | None]:
    version = buffer[start] >> 4 if start < end else 0
    if version == 4:
        return _read_ipv4(buffer, start, end, cut)
    if version == 6:
        return _read_ipv6(buffer, start, end, cut)
    raise DecodeError("an IP header has no known version")


def _bound(start: int, end: int, cut: int, size: int) -> tuple[int, int]:
    """Give the end and the cut of a packet that says how long it is; longer than recorded is not believed."""
    size = min(size, end - start + cut)
    kept = min(end - start, size)
    return start + kept, size - kept


def _read_ipv4(buffer: bytes, start: int, end: int, cut: int) -> tuple[Layer, _Piece | None]:
    if end - start < IPV4_HEADER_BYTES:
        raise DecodeError("an IPv4 header is cut")
    header = (buffer[start] & 15) * 4
    # Packets that the network card will cut up are recorded with a length of 0 when they are too long for it.
    size = _number(buffer, start + 2, 2) or end - start + cut
    if not IPV4_HEADER_BYTES <= header <= size or header > end - start:
        raise DecodeError("an IPv4 header is longer than its packet, or shorter than a header")
    end, cut = _bound(start, end, cut, size)
    flags = _number(buffer, start + 6, 2)
    piece = None
    if flags & 0x3FFF:
        piece = _Piece(_number(buffer, start + 4, 2), (flags & 0x1FFF) * 8, not flags & 0x2000)
    layer = Layer(
        buffer=buffer,
        start=start + header,
        end=end,
        cut=cut,
        protocol=buffer[start + 9],
        source=MAPPED + buffer[start + 12 : start + 16],
        destination=MAPPED + buffer[start + 16 : start + 20],
    )
    return layer, piece


def _read_ipv6(buffer: bytes, start: int, end: int, cut: int) -> tuple[Layer, _Piece | None]:
    if end - start < IPV6_HEADER_BYTES:
        raise DecodeError("an IPv6 header is cut")
    layer = Layer(
        buffer=buffer,
        start=start + IPV6_HEADER_BYTES,
        end=end,
        cut=cut,
        protocol=buffer[start + 6],
        source=buffer[start + 8 : start + 24],
        destination=buffer[start + 24 : start + 40],
    )
    # A length of 0 stands for a jumbogram (RFC 2675), whose true length is what was recorded of it.
    size = _number(buffer, start + 4, 2)
    if size:
        layer.end, layer.cut = _bound(layer.start, end, cut, size)
    return layer, _skip_extensions(layer)


def _skip_extensions(layer: Layer) -> _Piece | None:
    """Move a layer behind its extension headers; stop at a fragment's payload."""
    for _ in range(MAX_EXTENSIONS):
        kind = layer.protocol
        if kind not in EXTENSIONS:
            return None
        if layer.end - layer.start < 8:
            raise DecodeError("an IPv6 extension header is cut")
        following, length = layer.buffer[layer.start], layer.buffer[layer.start + 1]
        if kind == FRAGMENT:
            flags = _number(layer.buffer, layer.start + 2, 2)
            piece = _Piece(_number(layer.buffer, layer.start + 4, 4), flags & 0xFFF8, not flags & 1)
            layer.start, layer.protocol = layer.start + 8, following
            # RFC 6946: a fragment that is the whole datagram is read at once.
            if piece.offset or not piece.last:
                return piece
            continue
        # RFC 4302, 2.2: the authentication header counts in words of four bytes, the others in eight.
        size = (length + 2) * 4 if kind == AUTHENTICATION else (length + 1) * 8
        if size > layer.end - layer.start:
            raise DecodeError("an IPv6 extension header is longer than its packet")
        layer.start, layer.protocol = layer.start + size, following
    raise DecodeError(f"more than {MAX_EXTENSIONS} extension headers follow an IPv6 header")


def _inside(layer: Layer) -> int | None:
    """Tell where the IP packet inside begins, if this is a tunnel that carries one."""
    if layer.protocol in (IP_IN_IP, IPV6_IN_IP):
        return layer.start if _is_ip(layer, layer.start) else None
    if layer.protocol == GRE:
        return _inside_gre(layer)
    if layer.protocol == UDP and layer.end - layer.start >= 16:
        ports = (_number(layer.buffer, layer.start, 2), _number(layer.buffer, layer.start + 2, 2))
        return _inside_gtp(layer) if GTP_PORT in ports else None
    return None


def _is_ip(layer: Layer, at: int) -> bool:
    """Tell whether a plausible IP header begins here."""
    room = layer.end - at
    if room < IPV4_HEADER_BYTES:
        return False
    version = layer.buffer[at] >> 4
    return (version == 4 and layer.buffer[at] & 15 >= 5) or (version == 6 and room >= IPV6_HEADER_BYTES)


def _inside_gre(layer: Layer) -> int | None:
    if layer.end - layer.start < 4:
        return None
    flags, kind = _number(layer.buffer, layer.start, 2), _number(layer.buffer, layer.start + 2, 2)
    if flags & 7:  # version 1 is PPTP's, another header
        return None
    optional = (flags & 0xC000 != 0) + (flags & 0x2000 != 0) + (flags & 0x1000 != 0)
    at = layer.start + 4 + 4 * optional
    if kind == _GRE_ETHERNET and layer.end - at >= _ETHERNET_HEADER_BYTES:
        kind = _number(layer.buffer, at + 12, 2)
        at += _ETHERNET_HEADER_BYTES
    return at if kind in (_GRE_IPV4, _GRE_IPV6) and _is_ip(layer, at) else None


def _inside_gtp(layer: Layer) -> int | None:
    """Look behind a UDP and a GTP-U header (3GPP TS 29.281, 5.1); only version 1 carries packets."""
    buffer, at = layer.buffer, layer.start + 8
    flags, kind = buffer[at], buffer[at + 1]
    if flags >> 5 != 1 or not flags & 0x10 or kind != 0xFF:
        return None
    at += 8
    if flags & 7:
        at += 4
        following = buffer[at - 1] if flags & 4 and at <= layer.end else 0
        for _ in range(MAX_EXTENSIONS):
            if not following:
                break
            size = buffer[at] * 4 if at < layer.end else 0
            if not size or at + size > layer.end:
                return None
            at += size
            following = buffer[at - 1]
    return at if _is_ip(layer, at) else None
