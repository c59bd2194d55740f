"""Which protocol is this? Told by what the two ends say first; a port only where bytes alone do not tell.

Protocols without a parser here are named all the same: their bytes go on as raw stretches, under a name that a
person knows. What begins in clear and turns into TLS (STARTTLS) is followed to the byte where it does.
"""

import re
from codecs import getincrementaldecoder
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from phonehome.wire.dns import looks_like_dns
from phonehome.wire.http2_frames import HEAD_SIZE, Frame, find_frame, plausible_length
from phonehome.wire.mqtt_packet import PacketType
from phonehome.wire.quic_packet import looks_like_quic
from phonehome.wire.side import Side
from phonehome.wire.tls.connection import TlsConnection
from phonehome.wire.websocket_frames import head_size, read_head, unmask

HEAD_BYTES = 2048
"""How much of each direction of a stream is enough to tell, also in its middle."""
MAX_CLEAR_BYTES = 64 * 1024
"""How far into a direction the change to TLS is looked for."""


class Name(StrEnum):
    """A protocol."""

    TLS = "tls"
    HTTP_1 = "http/1"
    HTTP_2 = "http/2"
    WEBSOCKET = "websocket"
    MQTT = "mqtt"
    XMPP = "xmpp"
    SIP = "sip"
    RTSP = "rtsp"
    STUN = "stun"
    SMTP = "smtp"
    IMAP = "imap"
    POP3 = "pop3"
    FTP = "ftp"
    SSH = "ssh"
    DNS = "dns"
    QUIC = "quic"
    DTLS = "dtls"
    DHCP = "dhcp"
    DHCPV6 = "dhcpv6"
    NTP = "ntp"
    RTP = "rtp"
    UNKNOWN = "unknown"


HTTP_2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

# A request's target may be long, so its version is asked for only where the line's end is there.
_HTTP_REQUEST = re.compile(
    rb"\r?\n?[A-Z][A-Z-]{2,19} (?:/|\*|https?://|[A-Za-z0-9.\[\]:-]{1,255}:[0-9]{1,5}(?= ))"
    rb"[^ \r\n]*(?:\Z| HTTP/1\.[01]\r?\n)"
)
_HTTP_RESPONSE = re.compile(rb"(?:HTTP/1\.[01]|ICY) [1-5][0-9]{2}[ \r\n]")
_HTTP_2_SETTINGS = re.compile(rb"\x00[\x00\x01].\x04\x00{5}", re.DOTALL)
_SIP = re.compile(rb"(?:[A-Z]{3,12} (?:sips?|tel):[^ \r\n]{1,500} SIP/2\.0\r?\n|SIP/2\.0 [1-6][0-9]{2} )")
_RTSP = re.compile(
    rb"(?:[A-Z_]{3,16} (?:rtsps?://[^ \r\n]{1,500}|\*) RTSP/[12]\.0\r?\n|RTSP/[12]\.0 [1-5][0-9]{2} )"
)
_XMPP = re.compile(
    rb"\s{0,16}(?:<\?xml[^>]{0,128}\?>\s{0,16})?"
    rb"<(?:stream:stream\s|flash:stream\s|open\s[^>]{0,256}urn:ietf:params:xml:ns:xmpp-framing)"
)
_SMTP_CLIENT = re.compile(rb"(?:EHLO|HELO|LHLO) ", re.IGNORECASE)
_FTP_CLIENT = re.compile(rb"(?:USER |AUTH TLS|FEAT\r?\n)", re.IGNORECASE)
_IMAP_SERVER = re.compile(rb"\* (?:OK|PREAUTH|BYE)[ \r]", re.IGNORECASE)
_REPLY_220 = re.compile(rb"220[ -]")
_FRAMES_NEEDED = 3
_OF_REQUESTS = frozenset({Frame.DATA, Frame.HEADERS, Frame.RST_STREAM, Frame.CONTINUATION})
_TEXT = 1
_TEXT_NEEDED = 8
_MAX_MASKED = 1 << 20
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_SMTP_PORTS = frozenset({25, 587, 2525})
_FTP_PORT = 21


def name_stream(client: bytes, server: bytes, *, port: int | None = None) -> Name:
    """Name the protocol of a TCP stream.

    Args:
        client: What the client says first, `HEAD_BYTES` or more where there are as many; may be empty.
        server: Likewise.
        port: The server's, a hint only.
    """
    for head in (client, server):
        if TlsConnection.looks_like(head):
            return Name.TLS
    if client[: len(HTTP_2_PREFACE)] == HTTP_2_PREFACE or _HTTP_2_SETTINGS.match(server):
        return Name.HTTP_2
    text = _name_text(client, server, port)
    if text is not None:
        return text
    if _begins_mqtt(client) or (not client and server[:2] == b"\x20\x02" and port == 1883):
        return Name.MQTT
    for head in (client, server):
        if _is_stun(head):
            return Name.STUN
        if len(head) > 2 and looks_like_dns(head[2 : 2 + int.from_bytes(head[:2])]):
            return Name.DNS
    return _name_middle(client, server)


def _name_middle(client: bytes, server: bytes) -> Name:
    """Name a stream whose beginning was not recorded, by frames that stand one behind the other."""
    asked, answered = _count_frames(client), _count_frames(server)
    if max(asked, answered) >= _FRAMES_NEEDED or (asked and answered and asked + answered >= _FRAMES_NEEDED):
        return Name.HTTP_2
    if _is_masked(client):
        return Name.WEBSOCKET
    place, needed = find_frame(client, at_end=False)
    if not needed and _count_frames(client[place:]) >= _FRAMES_NEEDED:
        return Name.HTTP_2
    return Name.UNKNOWN


def _count_frames(head: bytes) -> int:
    """How many frames of HTTP/2 a stretch begins with; 0 where something else than a further one follows too soon."""
    position = heads = 0
    while heads < _FRAMES_NEEDED and position + HEAD_SIZE <= len(head):
        length = plausible_length(head, position)
        # Only servers open streams of even numbers, and few do.
        if length < 0 or (head[position + 3] in _OF_REQUESTS and not head[position + 8] & 1):
            return 0
        heads += 1
        position += length
    return heads


def _is_masked(head: bytes) -> bool:
    """Whether a stretch begins with frames of a WebSocket client, by their form and, if it is readable, their text."""
    position = heads = 0
    while heads < _FRAMES_NEEDED and position + 2 <= len(head):
        if position + head_size(head[position + 1]) > len(head):
            break
        frame = read_head(head, position)
        if frame is None or not frame.key or frame.length > _MAX_MASKED:
            return False
        begin = position + frame.size
        if frame.opcode == _TEXT and not frame.compressed:
            text = unmask(head[begin : begin + frame.length], frame.key)
            if not _is_text(text):
                return False
            if len(text) >= _TEXT_NEEDED:
                return True
        heads += 1
        position = begin + frame.length
    return heads >= _FRAMES_NEEDED or (heads > 1 and position == len(head))


def _is_text(data: bytes) -> bool:
    """Whether bytes are the beginning of a text, which may end within a character."""
    try:
        getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return not _NO_TEXT.search(data)


def _name_text(client: bytes, server: bytes, port: int | None) -> Name | None:
    for head in (client, server):
        if _SIP.match(head):
            return Name.SIP
        if _RTSP.match(head):
            return Name.RTSP
        if _XMPP.match(head):
            return Name.XMPP
        if head.startswith(b"SSH-"):
            return Name.SSH
    if _HTTP_REQUEST.match(client) or _HTTP_RESPONSE.match(server):
        return Name.HTTP_1
    if _SMTP_CLIENT.match(client):
        return Name.SMTP
    if _REPLY_220.match(server):
        if _FTP_CLIENT.match(client) or port == _FTP_PORT:
            return Name.FTP
        return Name.SMTP if port in _SMTP_PORTS else None
    if _IMAP_SERVER.match(server):
        return Name.IMAP
    return Name.POP3 if server.startswith(b"+OK") else None


def _begins_mqtt(head: bytes) -> bool:
    """A CONNECT packet: its type, a length of one to four bytes, the protocol's name (MQTT 5.0, 3.1.2.1)."""
    return head[:1] == bytes([PacketType.CONNECT << 4]) and any(
        head[at : at + 6] == b"\0\4MQTT" or head[at : at + 8] == b"\0\6MQIsdp" for at in range(2, 6)
    )


_STUN_COOKIE = b"\x21\x12\xa4\x42"
_STUN_HEADER_BYTES = 20
_CHANNELS = range(0x4000, 0x5000)


def _is_stun(data: bytes) -> bool:
    """RFC 8489, 5."""
    return (
        len(data) >= _STUN_HEADER_BYTES
        and data[0] < 0x40
        and data[4:8] == _STUN_COOKIE
        and int.from_bytes(data[2:4]) % 4 == 0
    )


def open_channel(datagram: bytes) -> bytes | None:
    """Give what a TURN channel message carries (RFC 8656, 12.4); None if it is none."""
    if len(datagram) < 4 or int.from_bytes(datagram[:2]) not in _CHANNELS:
        return None
    end = 4 + int.from_bytes(datagram[2:4])
    # Over UDP padding is allowed, over TCP it fills up to four bytes.
    return datagram[4:end] if end <= len(datagram) < end + 4 else None


_DHCP_COOKIE_AT = 236
_DHCP_COOKIE = b"\x63\x82\x53\x63"
_DHCPV6_PORTS = frozenset({546, 547})
_NTP_PORT = 123
_NTP_BYTES = 48
_STUN_PORTS = frozenset({3478, 3479, 5349})
_DTLS_HEADER_BYTES = 13
_RTP_HEADER_BYTES = 12
_MAX_RTP_STEP = 64
"""Sequence numbers between two packets that stand next to each other in a recording."""


def name_datagrams(
    client: Sequence[bytes], server: Sequence[bytes], *, ports: tuple[int | None, int | None] = (None, None)
) -> Name:
    """Name the protocol of a UDP flow.

    Args:
        client: The payloads of the client's first datagrams, in order; one is enough for all but RTP.
        server: Likewise.
        ports: The client's and the server's, a hint only.
    """
    for datagram in (*client[:1], *server[:1]):
        name = _name_datagram(datagram, ports)
        if name is not None:
            return name
    for datagram in (*client[:1], *server[:1]):
        inner = open_channel(datagram)
        if inner is not None and (_STUN_PORTS.intersection(ports) or _name_datagram(inner, ports)):
            return Name.STUN
    if _is_rtp(client) or _is_rtp(server):
        return Name.RTP
    return Name.UNKNOWN


def _name_datagram(data: bytes, ports: tuple[int | None, int | None]) -> Name | None:
    if data[_DHCP_COOKIE_AT : _DHCP_COOKIE_AT + 4] == _DHCP_COOKIE and data[0] in {1, 2}:
        return Name.DHCP
    if _DHCPV6_PORTS.issuperset(ports) and data and 1 <= data[0] <= 13:
        return Name.DHCPV6
    if _is_stun(data):
        return Name.STUN
    if looks_like_quic(data):
        return Name.QUIC
    if _is_dtls(data):
        return Name.DTLS
    if _SIP.match(data):
        return Name.SIP
    if _NTP_PORT in ports and _is_ntp(data):
        return Name.NTP
    return Name.DNS if looks_like_dns(data) else None


def _is_dtls(data: bytes) -> bool:
    """RFC 6347, 4.1."""
    size = int.from_bytes(data[11:13])
    return (
        len(data) > _DTLS_HEADER_BYTES
        and 20 <= data[0] <= 25
        and data[1:3] in {b"\xfe\xff", b"\xfe\xfd"}
        and 0 < size <= len(data) - _DTLS_HEADER_BYTES
    )


def _is_ntp(data: bytes) -> bool:
    """RFC 5905, 7.3: a version of 1 to 4, any mode but the reserved; control messages (6, 7) are shorter."""
    version, mode = data[0] >> 3 & 7 if data else 0, data[0] & 7 if data else 0
    return 1 <= version <= 4 and (
        len(data) >= _NTP_BYTES if 1 <= mode <= 5 else mode in {6, 7} and len(data) >= 8
    )


def _is_rtp(datagrams: Sequence[bytes]) -> bool:
    """RFC 3550, 5.1: several packets of version 2 and one source, numbered one after the other."""
    if len(datagrams) < 3 or any(len(one) < _RTP_HEADER_BYTES or one[0] >> 6 != 2 for one in datagrams):
        return False
    # Types 64 to 95 are those of RTCP where both share a port (RFC 5761, 4); it comes in between.
    media = [one for one in datagrams if not 64 <= one[1] & 0x7F <= 95]
    steps = (int.from_bytes(b[2:4]) - int.from_bytes(a[2:4]) & 0xFFFF for a, b in pairwise(media))
    return (
        len(media) >= 3
        and len({one[8:12] for one in media}) == 1
        and all(0 < step <= _MAX_RTP_STEP for step in steps)
    )


_TLS_FOLLOWS = rb"(?=[\x15\x16]\x03[\x00-\x04])"
_TURNS: dict[Name, tuple[re.Pattern[bytes], re.Pattern[bytes]]] = {
    # RFC 6120, 5.4.2; RFC 3207; RFC 9051, 6.2.1; RFC 2595, 4; RFC 4217.
    Name.XMPP: (
        re.compile(rb"<starttls\b[^>]{0,256}>(?:\s{0,8}</starttls\s{0,8}>)?\s{0,8}" + _TLS_FOLLOWS),
        re.compile(rb"<proceed\b[^>]{0,256}>(?:\s{0,8}</proceed\s{0,8}>)?\s{0,8}" + _TLS_FOLLOWS),
    ),
    Name.SMTP: (
        re.compile(rb"^STARTTLS[ \t]{0,8}\r?\n" + _TLS_FOLLOWS, re.IGNORECASE | re.MULTILINE),
        re.compile(rb"^220 [^\r\n]{0,512}\r?\n" + _TLS_FOLLOWS, re.MULTILINE),
    ),
    Name.IMAP: (
        re.compile(rb"^[^\s]{1,64} STARTTLS[ \t]{0,8}\r?\n" + _TLS_FOLLOWS, re.IGNORECASE | re.MULTILINE),
        re.compile(rb"^[^\s*]{1,64} OK[^\r\n]{0,512}\r?\n" + _TLS_FOLLOWS, re.IGNORECASE | re.MULTILINE),
    ),
    Name.POP3: (
        re.compile(rb"^STLS[ \t]{0,8}\r?\n" + _TLS_FOLLOWS, re.IGNORECASE | re.MULTILINE),
        re.compile(rb"^\+OK[^\r\n]{0,512}\r?\n" + _TLS_FOLLOWS, re.MULTILINE),
    ),
    Name.FTP: (
        re.compile(rb"^AUTH (?:TLS|SSL)[ \t]{0,8}\r?\n" + _TLS_FOLLOWS, re.IGNORECASE | re.MULTILINE),
        re.compile(rb"^234 [^\r\n]{0,512}\r?\n" + _TLS_FOLLOWS, re.MULTILINE),
    ),
}


def may_turn_to_tls(name: Name) -> bool:
    """Tell whether a protocol has a command that turns its stream into TLS."""
    return name in _TURNS


def find_tls(name: Name, side: Side, data: bytes) -> int | None:
    """Find where a direction of a stream in clear turns into TLS.

    Args:
        name: The protocol that it began with.
        side: The direction.
        data: Its bytes from the first on; at most `MAX_CLEAR_BYTES` are looked at.

    Returns:
        The offset of the first TLS record; None if there is none, or not yet: ask again with more.
    """
    turns = _TURNS.get(name)
    found = turns[side].search(data, 0, MAX_CLEAR_BYTES) if turns is not None else None
    return found.end() if found is not None else None
