"""MQTT packets out of the two directions of a connection."""

import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_captures import CASES, join_streams, run_tshark

from phonehome.wire.mqtt import MAX_PACKET_BYTES, MAX_UNSURE_BYTES, MqttConnection, MqttPacket
from phonehome.wire.mqtt_packet import PacketType
from phonehome.wire.side import Side

MUTATIONS = 1500


def text(value: bytes) -> bytes:
    return len(value).to_bytes(2) + value


def length(size: int) -> bytes:
    parts = bytearray()
    while True:
        size, low = divmod(size, 128)
        parts.append(low | (128 if size else 0))
        if not size:
            return bytes(parts)


def packet(first: int, content: bytes) -> bytes:
    return bytes([first]) + length(len(content)) + content


def listed(*properties: bytes) -> bytes:
    joined = b"".join(properties)
    return length(len(joined)) + joined


CONNECT_4 = packet(
    0x10,
    text(b"MQTT")
    + b"\4\xc6\0\x3c"
    + text(b"490154203237518")
    + text(b"last/will")
    + text(b"gone")
    + text(b"anna")
    + text(b"secret"),
)
CONNECT_5 = packet(
    0x10,
    text(b"MQTT")
    + b"\5\x06\0\x3c"
    + listed(b"\x11\0\0\0\x0a", b"\x26" + text(b"imei") + text(b"490154203237518"))
    + text(b"phone")
    + listed(b"\x18\0\0\0\1")
    + text(b"last/will")
    + text(b"gone"),
)
CONNACK_4 = packet(0x20, b"\0\0")
CONNACK_5 = packet(0x20, b"\1\0" + listed(b"\x12" + text(b"given")))
PUBLISH_4 = packet(0x33, text(b"home/location") + b"\0\7" + b"28.613900,77.209000")
PUBLISH_5 = packet(0x30, text(b"home/location") + listed(b"\x23\0\1", b"\x0b\x81\1") + b"28.613900,77.209000")
ALIASED = packet(0x30, text(b"") + listed(b"\x23\0\1") + b"more")
SUBSCRIBE_5 = packet(0x82, b"\0\1" + listed() + text(b"a/#") + b"\1" + text(b"b") + b"\0")
PING = b"\xc0\0"


def feed(*data: bytes, side: Side = Side.CLIENT) -> list[MqttPacket]:
    connection = MqttConnection()
    return [one for piece in data for one in connection.feed(side, piece)]


def test_a_client_of_version_3_1_1_tells_who_it_is() -> None:
    (one,) = feed(CONNECT_4)
    assert (one.kind, one.start, one.end, one.note) == (PacketType.CONNECT, 0, len(CONNECT_4), None)
    assert one.fields == (
        ("protocol", b"MQTT"),
        ("version", b"4"),
        ("clean_start", b"1"),
        ("keep_alive", b"60"),
        ("client_id", b"490154203237518"),
        ("will_topic", b"last/will"),
        ("will_payload", b"gone"),
        ("user_name", b"anna"),
        ("password", b"secret"),
    )


def test_a_client_of_version_5_tells_properties_too() -> None:
    (one,) = feed(CONNECT_5)
    assert one.note is None
    assert one.fields[4:] == (
        ("session_expiry_interval", b"10"),
        ("user_property:imei", b"490154203237518"),
        ("client_id", b"phone"),
        ("will_will_delay_interval", b"1"),
        ("will_topic", b"last/will"),
        ("will_payload", b"gone"),
    )


@pytest.mark.parametrize(
    ("connect", "publish", "fields"),
    [
        (
            CONNECT_4,
            PUBLISH_4,
            (("topic", b"home/location"), ("qos", b"1"), ("retain", b"1"), ("packet_id", b"7")),
        ),
        (
            CONNECT_5,
            PUBLISH_5,
            (
                ("topic", b"home/location"),
                ("qos", b"0"),
                ("topic_alias", b"1"),
                ("subscription_identifier", b"129"),
            ),
        ),
        pytest.param(
            b"",
            PUBLISH_5,
            (
                ("topic", b"home/location"),
                ("qos", b"0"),
                ("topic_alias", b"1"),
                ("subscription_identifier", b"129"),
            ),
            id="version 5, recorded too late",
        ),
        pytest.param(
            b"",
            PUBLISH_4,
            (("topic", b"home/location"), ("qos", b"1"), ("retain", b"1"), ("packet_id", b"7")),
            id="version 4, recorded too late",
        ),
    ],
)
def test_a_message_has_its_payload_as_body(
    connect: bytes, publish: bytes, fields: tuple[tuple[str, bytes], ...]
) -> None:
    one = feed(connect + publish)[-1]
    assert (one.kind, one.fields, one.body, one.note) == (
        PacketType.PUBLISH,
        fields,
        b"28.613900,77.209000",
        None,
    )
    stream = connect + publish
    assert stream[one.body_start : one.end] == one.body


def test_a_bare_alias_is_given_its_topic() -> None:
    one = feed(CONNECT_5, PUBLISH_5, ALIASED)[-1]
    assert one.fields[-1] == ("aliased_topic", b"home/location")


def test_an_alias_belongs_to_its_own_direction() -> None:
    connection = MqttConnection()
    connection.feed(Side.CLIENT, CONNECT_5 + PUBLISH_5)
    (one,) = connection.feed(Side.SERVER, ALIASED)
    assert dict(one.fields).get("aliased_topic") is None


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (CONNACK_4, (("session_present", b"0"), ("reason", b"0"))),
        (
            CONNACK_5,
            (("session_present", b"1"), ("reason", b"0"), ("assigned_client_identifier", b"given")),
        ),
        (
            CONNACK_5 + packet(0x90, b"\0\1\0\1\x80"),
            (("packet_id", b"1"), ("reason", b"1"), ("reason", b"128")),
        ),
        (CONNACK_4 + packet(0x90, b"\0\1\2"), (("packet_id", b"1"), ("reason", b"2"))),
        (
            CONNACK_5 + SUBSCRIBE_5,
            (
                ("packet_id", b"1"),
                ("topic", b"a/#"),
                ("options", b"1"),
                ("topic", b"b"),
                ("options", b"0"),
            ),
        ),
        (packet(0x40, b"\0\1"), (("packet_id", b"1"),)),
        (
            packet(0x62, b"\0\1\x92" + listed(b"\x1f" + text(b"why"))),
            (("packet_id", b"1"), ("reason", b"146"), ("reason_string", b"why")),
        ),
        (PING, ()),
        (packet(0xE0, b"\x04"), (("reason", b"4"),)),
        (
            packet(0xF0, b"\x18" + listed(b"\x15" + text(b"SCRAM"))),
            (("reason", b"24"), ("authentication_method", b"SCRAM")),
        ),
    ],
)
def test_other_packets_are_read(data: bytes, fields: tuple[tuple[str, bytes], ...]) -> None:
    one = feed(data, side=Side.SERVER)[-1]
    assert (one.fields, one.note) == (fields, None)


@pytest.mark.parametrize(
    ("malformed", "what"),
    [
        (packet(0x36, text(b"topic") + b"\0\1body"), "quality of service 3"),
        (packet(0x30, text(b"a/#") + b"body"), "wildcards"),
        (packet(0x30, b"\xff\xfftopic"), "a field of 65535 bytes, of which 5 are there"),
        (packet(0x20, b"\0\0\2\x7f\0"), "a property of the unknown kind 127"),
        (packet(0x20, b"\0\0\x05"), "properties that end outside"),
        (packet(0x20, b"\0\0\xff\xff\xff\xff\1"), "more than four bytes"),
        (packet(0x20, b"\0\0\1\x25\1"), "within a property"),
        (packet(0xC0, b"\1\0\0"), "behind the last field"),
        (packet(0x82, b"\0\1" + text(b"") * 4), "a field of 1 bytes"),
        (packet(0x90, b"\0\1" + bytes(5000)), "more than 4096 fields"),
    ],
)
def test_a_malformed_packet_keeps_its_bytes_and_reading_goes_on(malformed: bytes, what: str) -> None:
    connection = MqttConnection()
    one, ping = connection.feed(Side.SERVER, malformed + PING)
    assert one.note is not None
    assert what in one.note
    assert one.body
    assert (ping.kind, ping.start, connection.skipped) == (PacketType.PINGREQ, len(malformed), [0, 0])


@pytest.mark.parametrize(
    "junk", [b"\0hello", b"\x31\xff\xff\xff\xff\x01", b"\x10", b"GET / HTTP/1.1\r\n\r\n"]
)
def test_what_is_no_packet_is_skipped(junk: bytes) -> None:
    connection = MqttConnection()
    packets = connection.feed(Side.CLIENT, PING + junk)
    packets += connection.finish()
    assert len(packets) == 1
    assert connection.skipped == [len(junk), 0]


def test_a_hole_within_a_packet_does_not_lose_the_next() -> None:
    connection = MqttConnection()
    connection.feed(Side.CLIENT, CONNECT_4)
    at = len(CONNECT_4)
    assert connection.feed(Side.CLIENT, PUBLISH_4[:25]) == []
    assert connection.unfinished(Side.CLIENT) == [at]
    assert connection.gap(Side.CLIENT, 4) == []
    cut, ping = connection.feed(Side.CLIENT, PUBLISH_4[29:] + PING)
    assert cut.body == PUBLISH_4[19:25] + PUBLISH_4[29:]
    assert (cut.missing, cut.end - cut.start) == (4, len(PUBLISH_4))
    assert cut.note == "4 bytes of the PUBLISH packet are missing"
    assert (ping.start, connection.skipped) == (at + len(PUBLISH_4), [0, 0])


def test_reading_goes_on_behind_a_gap_over_the_borders_of_packets() -> None:
    connection = MqttConnection()
    connection.feed(Side.CLIENT, CONNECT_4 + PUBLISH_4[:20])
    (cut,) = connection.gap(Side.CLIENT, 1000)
    assert (cut.missing, cut.body[:1]) == (len(PUBLISH_4) - 20, b"2")
    (ping,) = connection.feed(Side.CLIENT, PING)
    assert ping.start == len(CONNECT_4) + 20 + 1000


def test_what_does_not_begin_a_packet_behind_a_gap_is_skipped_until_the_next() -> None:
    connection = MqttConnection()
    connection.gap(Side.CLIENT, 10)
    junk = b"\x30\x05\0\x09topic" + PING
    assert connection.feed(Side.CLIENT, junk) == []
    connection.gap(Side.CLIENT, 10)
    (ping,) = connection.feed(Side.CLIENT, PING)
    assert (ping.start, connection.skipped) == (20 + len(junk), [len(junk), 0])


def test_a_huge_packet_behind_a_gap_is_not_waited_for() -> None:
    connection = MqttConnection()
    connection.gap(Side.CLIENT, 10)
    connection.feed(Side.CLIENT, b"\x30" + length(MAX_UNSURE_BYTES) + b"body")
    assert connection.skipped[0] == 8
    assert connection.unfinished(Side.CLIENT) == []


def test_a_packet_of_the_largest_size_is_kept_in_part() -> None:
    connection, size = MqttConnection(), MAX_PACKET_BYTES + 3_000_000
    connection.feed(Side.CLIENT, CONNECT_4)
    whole = b"\x30" + length(size) + text(b"t")
    block = bytes(1_000_000)
    assert connection.feed(Side.CLIENT, whole) == []
    rest, found = size - 3, list[MqttPacket]()
    while rest:
        found += connection.feed(Side.CLIENT, block[:rest])
        rest -= min(rest, len(block))
    (one, ping) = found + connection.feed(Side.CLIENT, PING)
    assert len(one.body) + len(whole) == MAX_PACKET_BYTES
    assert one.missing == size + 5 - MAX_PACKET_BYTES
    assert (ping.start, ping.note) == (one.end, None)


def test_a_packet_cut_at_the_end_counts_for_what_is_there() -> None:
    connection = MqttConnection()
    connection.feed(Side.CLIENT, CONNECT_4 + PUBLISH_4[:-5])
    (cut,) = connection.finish()
    assert (cut.body, cut.missing) == (b"28.613900,77.2", 5)


SAMPLES = [CONNECT_4, CONNECT_5, PUBLISH_4, PUBLISH_5, ALIASED, SUBSCRIBE_5, PING]
Step = bytes | int


def _run(steps: list[Step]) -> tuple[list[MqttPacket], list[int], list[int]]:
    connection, packets = MqttConnection(), []
    for step in steps:
        if isinstance(step, int):
            packets += connection.gap(Side.CLIENT, step)
        else:
            packets += connection.feed(Side.CLIENT, step)
    unfinished = connection.unfinished(Side.CLIENT)
    packets += connection.finish()
    return packets, connection.skipped, unfinished


@given(
    parts=st.lists(
        st.one_of(st.sampled_from(SAMPLES), st.binary(max_size=30), st.integers(1, 90)), max_size=8
    ),
    cuts=st.lists(st.integers(0, 120), max_size=8),
)
def test_fed_whole_or_in_pieces_a_stream_gives_the_same(parts: list[Step], cuts: list[int]) -> None:
    pieces: list[Step] = []
    for part in parts:
        if isinstance(part, int):
            pieces.append(part)
            continue
        places = sorted({0, len(part), *(cut % (len(part) + 1) for cut in cuts)})
        pieces += [part[start:end] for start, end in pairwise(places)]
    packets, skipped, unfinished = _run(parts)
    assert (packets, skipped, unfinished) == _run(pieces)
    fed = sum(len(part) for part in parts if isinstance(part, bytes))
    assert sum(one.end - one.start - one.missing for one in packets) + skipped[0] == fed


def test_a_stream_cut_anywhere_never_raises() -> None:
    data = b"".join(SAMPLES)
    for end in range(len(data)):
        packets, skipped, _ = _run([data[:end]])
        assert sum(one.end - one.start - one.missing for one in packets) + sum(skipped) == end


def test_mutations_never_raise() -> None:
    chance, data = random.Random(7), b"".join(SAMPLES)
    for _ in range(MUTATIONS):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 5)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        packets, skipped, _ = _run([bytes(changed)])
        assert sum(one.end - one.start - one.missing for one in packets) + sum(skipped) == len(data)


def _read(path: Path) -> list[tuple[int, bytes, bytes]]:
    """Type, topic and payload of each packet, in no order."""
    streams, found = join_streams(path), []
    for (source, target), data in streams.items():
        if target[1] != 1883:
            continue
        connection = MqttConnection()
        packets = connection.feed(Side.CLIENT, data)
        packets += connection.feed(Side.SERVER, streams.get((target, source), b""))
        packets += connection.finish()
        found += [
            (int(one.kind), dict(one.fields).get("topic", b""), one.body if one.kind == 3 else b"")
            for one in packets
        ]
        assert connection.skipped == [0, 0]
    return sorted(found)


@pytest.mark.needs_tool("tshark")
@pytest.mark.parametrize(
    "stem",
    [
        "zeek-mqtt",
        "suricata-mqtt5-pub-qos2",
        "suricata-mqtt5-pub-userpass",
        "suricata-mqtt311-pub-userpass",
        "suricata-mqtt-events-invalid-qos",
        "suricata-mqtt-frames-truncated",
    ],
)
def test_packets_topics_and_payloads_are_those_that_tshark_sees(stem: str) -> None:
    path = CASES / f"pcap-{stem}" / f"{stem}.pcap"
    seen = []
    for kinds, topics, bodies in run_tshark(path, "-Y=mqtt", "mqtt.msgtype", "mqtt.topic", "mqtt.msg"):
        left = [topics.split("|"), bodies.split("|")]
        for kind in kinds.split("|"):
            topic = left[0].pop(0).encode() if kind in {"3", "8", "10"} else b""
            body = bytes.fromhex(left[1].pop(0)) if kind == "3" else b""
            seen.append((int(kind), topic, body))
    assert _read(path) == sorted(seen)


@pytest.mark.needs_tool("tshark")
@pytest.mark.parametrize(
    "stem", ["suricata-mqtt5-pub-userpass", "suricata-mqtt311-pub-userpass", "zeek-mqtt"]
)
def test_clients_tell_what_tshark_sees(stem: str) -> None:
    path = CASES / f"pcap-{stem}" / f"{stem}.pcap"
    names = ("mqtt.clientid", "mqtt.username", "mqtt.passwd", "mqtt.ver")
    seen = run_tshark(path, "-Y=mqtt.msgtype == 1", *names)
    found = []
    for (_, target), data in join_streams(path).items():
        if target[1] == 1883:
            connection = MqttConnection()
            fields = dict(connection.feed(Side.CLIENT, data)[0].fields)
            found.append(
                [fields.get(name, b"").decode() for name in ("client_id", "user_name", "password", "version")]
            )
    assert found == seen
