"""Which protocol is this, by what the two ends say first."""

import random
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_captures import CASES, iter_payloads, join_streams, run_tshark, write_datagrams

from phonehome.wire.names import (
    HEAD_BYTES,
    MAX_CLEAR_BYTES,
    Name,
    find_tls,
    may_turn_to_tls,
    name_datagrams,
    name_stream,
    open_channel,
)
from phonehome.wire.side import Side

HELLO = b"\x16\x03\x01\x00\x05\x01\0\0\1\0"
QUERY = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + b"\5phone\7example\0\0\1\0\1"
STUN = b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12)
NTP = b"\x23" + bytes(47)
RTP = [
    b"\x80\x60" + struct.pack(">HII", number, 160 * number, 99) + bytes(20) for number in (65534, 65535, 0, 1)
]
DTLS = b"\x16\xfe\xfd" + bytes(8) + b"\0\x04" + b"body"
DHCP = b"\1\1\6\0" + bytes(232) + b"\x63\x82\x53\x63\xff"
INVITE = b"INVITE sip:anna@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n\r\n"

H2_REQUEST = b"\0\0\x03\x01\x04\0\0\0\5\x82\x86\x84"
H2_DATA = b"\0\0\x02\0\x01\0\0\0\5{}"
MASKED_TEXT = b"\x81\x90\0\0\0\0a text that reads"[:22]
MASKED_BYTES = b"\x82\x84\0\0\0\0\1\2\3\4"

STREAMS = [
    (HELLO, b"", None, Name.TLS),
    (b"", HELLO, None, Name.TLS),
    (b"GET / HTTP/1.1\r\nHost: a\r\n", b"", None, Name.HTTP_1),
    (b"M-SEARCH * HTTP/1.1\r\n", b"", None, Name.HTTP_1),
    (b"CONNECT example.com:443 HTTP/1.1\r\n", b"", None, Name.HTTP_1),
    (b"POST https://example.com/" + b"a" * 500, b"", None, Name.HTTP_1),
    (b"body of something", b"HTTP/1.1 200 OK\r\n", None, Name.HTTP_1),
    (b"GET the thing", b"", None, Name.UNKNOWN),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0", b"", None, Name.HTTP_2),
    (b"", b"\0\0\x12\4\0\0\0\0\0\0\3", None, Name.HTTP_2),
    (b"\x10\x1a\0\4MQTT\4\2\0\x3c", b"", None, Name.MQTT),
    (b"\x10\x9a\1\0\6MQIsdp\3", b"", None, Name.MQTT),
    (b"", b"\x20\2\0\0", 1883, Name.MQTT),
    (b"", b"\x20\2\0\0", 4711, Name.UNKNOWN),
    (b"<?xml version='1.0'?><stream:stream to='a'>", b"", None, Name.XMPP),
    (b"", b"\n<stream:stream from='a'>", None, Name.XMPP),
    (b"<?xml version='1.0'?><plist>", b"", None, Name.UNKNOWN),
    (INVITE, b"", None, Name.SIP),
    (b"", b"SIP/2.0 200 OK\r\n", None, Name.SIP),
    (b"OPTIONS rtsp://example.com/a RTSP/1.0\r\n", b"", None, Name.RTSP),
    (b"SSH-2.0-x\r\n", b"", None, Name.SSH),
    (b"EHLO phone\r\n", b"220 mail\r\n", None, Name.SMTP),
    (b"", b"220 mail\r\n", 587, Name.SMTP),
    (b"USER anna\r\n", b"220 files\r\n", None, Name.FTP),
    (b"", b"220 who?\r\n", None, Name.UNKNOWN),
    (b"", b"* OK ready\r\n", None, Name.IMAP),
    (b"", b"+OK ready\r\n", None, Name.POP3),
    (struct.pack(">H", len(QUERY)) + QUERY, b"", None, Name.DNS),
    (STUN, b"", None, Name.STUN),
    (H2_REQUEST + H2_DATA, b"", None, Name.UNKNOWN),
    (H2_REQUEST + H2_DATA + H2_REQUEST, b"", None, Name.HTTP_2),
    (H2_REQUEST + H2_DATA, H2_DATA, None, Name.HTTP_2),
    (b"rest of data" + H2_DATA + H2_REQUEST + H2_DATA, b"", None, Name.HTTP_2),
    (H2_REQUEST + H2_DATA.replace(b"\5", b"\4") + H2_REQUEST, b"", None, Name.UNKNOWN),
    (MASKED_TEXT, b"", None, Name.WEBSOCKET),
    (MASKED_TEXT[:14], b"", None, Name.WEBSOCKET),
    (MASKED_TEXT[:13], b"", None, Name.UNKNOWN),
    (MASKED_BYTES, b"", None, Name.UNKNOWN),
    (MASKED_BYTES * 2, b"", None, Name.WEBSOCKET),
    (MASKED_BYTES * 2 + b"?", b"", None, Name.UNKNOWN),
    (MASKED_BYTES * 3 + b"?", b"", None, Name.WEBSOCKET),
    (b"", b"", 443, Name.UNKNOWN),
    (b"\0\5hello", b"\0", 443, Name.UNKNOWN),
]


@pytest.mark.parametrize(("client", "server", "port", "name"), STREAMS)
def test_a_stream_is_named_by_its_first_bytes(
    client: bytes, server: bytes, port: int | None, name: Name
) -> None:
    assert name_stream(client, server, port=port) is name


DATAGRAMS = [
    ([QUERY], [], (None, None), Name.DNS),
    ([], [QUERY], (None, None), Name.DNS),
    ([STUN], [], (None, None), Name.STUN),
    ([b"\x40\0\0\x14" + STUN], [], (None, None), Name.STUN),
    ([b"\x40\0\0\x04data"], [], (5000, 3478), Name.STUN),
    ([b"\x40\0\0\x04data"], [], (5000, 4711), Name.UNKNOWN),
    ([NTP], [], (5000, 123), Name.NTP),
    ([NTP], [], (5000, 4711), Name.UNKNOWN),
    ([b"\x16" + bytes(11)], [], (5000, 123), Name.NTP),
    ([b"\x20"], [], (5000, 123), Name.UNKNOWN),
    (RTP, [], (None, None), Name.RTP),
    ([], [RTP[0], b"\x80\xc8" + bytes(26), *RTP[1:]], (None, None), Name.RTP),
    ([RTP[0], RTP[0], RTP[0]], [], (None, None), Name.UNKNOWN),
    (RTP[:2], [], (None, None), Name.UNKNOWN),
    ([DTLS], [], (None, None), Name.DTLS),
    ([DHCP], [], (68, 67), Name.DHCP),
    ([b"\1\0\0\1"], [], (546, 547), Name.DHCPV6),
    ([b"\1\0\0\1"], [], (546, 4711), Name.UNKNOWN),
    ([INVITE], [], (5060, 5060), Name.SIP),
    ([b"\xc0\0\0\0\1\0\0\0\1\0" + bytes(20)], [], (None, None), Name.QUIC),
    ([b""], [b""], (123, 123), Name.UNKNOWN),
    ([], [], (None, None), Name.UNKNOWN),
]


@pytest.mark.parametrize(("client", "server", "ports", "name"), DATAGRAMS)
def test_a_flow_of_datagrams_is_named(
    client: list[bytes], server: list[bytes], ports: tuple[int | None, int | None], name: Name
) -> None:
    assert name_datagrams(client, server, ports=ports) is name


def test_what_a_turn_channel_carries_is_given() -> None:
    assert open_channel(b"\x40\1\0\3abc\0") == b"abc"
    assert open_channel(b"\x40\1\0\3ab") is None
    assert open_channel(b"\x80\1\0\3abc") is None


@pytest.mark.parametrize(
    ("name", "client", "server"),
    [
        (
            Name.XMPP,
            b"<stream:stream><starttls xmlns='x'/>",
            b"<stream:stream><starttls/><proceed xmlns='x'/>",
        ),
        (Name.XMPP, b"<starttls xmlns='x'></starttls>\n", b"<proceed xmlns='x'></proceed>"),
        (Name.SMTP, b"EHLO a\r\nSTARTTLS\r\n", b"220 mail\r\n250 STARTTLS\r\n220 go\r\n"),
        (Name.IMAP, b"a1 STARTTLS\r\n", b"* OK hello\r\na1 OK begin\r\n"),
        (Name.POP3, b"STLS\r\n", b"+OK hello\r\n+OK begin\r\n"),
        (Name.FTP, b"AUTH TLS\r\n", b"220 files\r\n234 go\r\n"),
    ],
)
def test_the_change_to_tls_is_found(name: Name, client: bytes, server: bytes) -> None:
    assert may_turn_to_tls(name)
    for side, clear in ((Side.CLIENT, client), (Side.SERVER, server)):
        assert find_tls(name, side, clear + HELLO) == len(clear)
        for end in range(len(clear) + 2):
            assert find_tls(name, side, (clear + HELLO)[:end]) is None
        assert find_tls(name, side, clear + b"more in clear") is None
    assert find_tls(Name.HTTP_1, Side.CLIENT, client + HELLO) is None


def test_the_change_is_looked_for_in_bounded_bytes() -> None:
    late = b"<a/>" * (MAX_CLEAR_BYTES // 4) + b"<starttls/>" + HELLO
    assert find_tls(Name.XMPP, Side.CLIENT, late) is None
    for bait in (b"<starttls ", b"a STARTTLS ", b"220 "):
        for name in Name:
            for side in Side:
                assert find_tls(name, side, bait * (MAX_CLEAR_BYTES // len(bait))) is None


@given(st.binary(max_size=100), st.binary(max_size=100), st.sampled_from([None, 53, 123, 443, 3478]))
def test_random_bytes_never_raise(client: bytes, server: bytes, port: int | None) -> None:
    name_stream(client, server, port=port)
    name_datagrams([client] * 3, [server] * 3, ports=(port, port))


def test_random_bytes_have_no_name() -> None:
    """One stream in thousands may look like something; more would send them to the wrong parser."""
    chance = random.Random(13)
    named = 0
    for _ in range(4000):
        head = chance.randbytes(HEAD_BYTES)
        named += name_stream(head, head[::-1]) is not Name.UNKNOWN
        named += name_datagrams([head], [head[::-1]]) is not Name.UNKNOWN
    assert named <= 4


def test_a_recorded_change_of_xmpp_to_tls_is_followed() -> None:
    path = CASES / "pcap-zeek-xmpp-starttls" / "zeek-xmpp-starttls.pcap"
    streams = join_streams(path)
    ((client, server),) = [
        (data, streams[target, source]) for (source, target), data in streams.items() if target[1] == 5222
    ]
    assert name_stream(client[:HEAD_BYTES], server[:HEAD_BYTES]) is Name.XMPP
    places = [find_tls(Name.XMPP, Side.CLIENT, client), find_tls(Name.XMPP, Side.SERVER, server)]
    assert places == [client.index(b"\x16\x03\x01"), server.index(b"\x16\x03\x03")]
    assert name_stream(client[places[0] :], server[places[1] :]) is Name.TLS


@pytest.mark.needs_tool("tshark")
@pytest.mark.parametrize(
    ("file", "ours"),
    [
        ("pcap-zeek-quic-chromium/zeek-quic-chromium.pcap", Name.QUIC),
        ("pcap-zeek-dns-https/zeek-dns-https.pcap", Name.DNS),
        ("pcap-illustrated-quic/illustrated-quic.pcap", Name.QUIC),
    ],
)
def test_recorded_datagrams_have_the_name_that_tshark_gives(file: str, ours: Name) -> None:
    first = next(one for one in iter_payloads(CASES / file) if one.data)
    assert name_datagrams([first.data], []) is ours
    protocols = run_tshark(CASES / file, "frame.protocols")[0][0]
    assert str(ours) in protocols.split(":")


@pytest.mark.needs_tool("tshark")
def test_datagrams_of_ours_have_the_name_that_tshark_gives(tmp_path: Path) -> None:
    path = tmp_path / "names.pcap"
    samples = [(5000, 53, QUERY), (5000, 3478, STUN), (5000, 123, NTP), (5060, 5060, INVITE), (68, 67, DHCP)]
    write_datagrams(path, samples)
    seen = [line[0].split(":")[3] for line in run_tshark(path, "frame.protocols")]
    assert [str(name_datagrams([data], [], ports=(a, b))) for a, b, data in samples] == seen
