"""What a QUIC connection shows without its keys."""

import random
import struct
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from small_captures import CASES, iter_payloads, run_tshark

from phonehome.wire.quic import MAX_FAILURES, QuicFlow
from phonehome.wire.quic_packet import (
    DRAFT_29,
    VERSION_1,
    VERSION_2,
    InitialKeys,
    derive_keys,
    looks_like_quic,
)
from phonehome.wire.side import Side

CLIENT_ID = bytes.fromhex("8394c8f03e515708")
MUTATIONS = 400


def number(value: int) -> bytes:
    return struct.pack(">I", value | 0x80000000)


def crypto(offset: int, data: bytes) -> bytes:
    return b"\x06" + number(offset) + number(len(data)) + data


def hello(name: bytes = b"phone.example", alpn: bytes = b"h3") -> bytes:
    names = struct.pack(">HHHBH", 0, len(name) + 5, len(name) + 3, 0, len(name)) + name
    protocols = struct.pack(">HHHB", 16, len(alpn) + 3, len(alpn) + 1, len(alpn)) + alpn
    offered = bytes.fromhex("002b0003020304")
    extensions = names + protocols + offered
    body = b"\3\3" + bytes(32) + b"\0" + bytes.fromhex("000213010100") + struct.pack(">H", len(extensions))
    body += extensions
    return b"\1" + len(body).to_bytes(3) + body


def server_hello() -> bytes:
    body = b"\3\3" + bytes(33) + bytes.fromhex("1302000006002b00020304")
    return b"\2" + len(body).to_bytes(3) + body


def seal(
    frames: bytes,
    *,
    side: Side = Side.CLIENT,
    version: int = VERSION_1,
    client_id: bytes = CLIENT_ID,
    destination: bytes = CLIENT_ID,
    source: bytes = b"",
    packet: int = 0,
) -> bytes:
    """Protect an Initial packet (RFC 9001, 5), with code that is not the code under test."""
    keys = derive_keys(version, client_id, side)
    kind = 0xD0 if version == VERSION_2 else 0xC0
    frames = frames.ljust(20, b"\0")
    head = bytes([kind | 1]) + version.to_bytes(4) + bytes([len(destination)]) + destination
    head += bytes([len(source)]) + source + b"\0" + number(2 + len(frames) + 16) + packet.to_bytes(2)
    nonce = (int.from_bytes(keys.iv) ^ packet).to_bytes(12)
    sealed = AESGCM(keys.key).encrypt(nonce, frames, head)
    mask = Cipher(algorithms.AES(keys.header), modes.ECB()).encryptor().update(sealed[2:18])
    hidden = bytes([head[0] ^ mask[0] & 15]) + head[1:-2] + bytes(a ^ b for a, b in zip(head[-2:], mask[1:3]))  # noqa: B905
    return hidden + sealed


@pytest.mark.parametrize(
    ("version", "side", "key", "iv", "header"),
    [
        (  # RFC 9001, A.1
            VERSION_1,
            Side.CLIENT,
            "1f369613dd76d5467730efcbe3b1a22d",
            "fa044b2f42a3fd3b46fb255c",
            "9f50449e04a0e810283a1e9933adedd2",
        ),
        (
            VERSION_1,
            Side.SERVER,
            "cf3a5331653c364c88f0f379b6067e37",
            "0ac1493ca1905853b0bba03e",
            "c206b8d9b9f0f37644430b490eeaa314",
        ),
        (  # RFC 9369, A.1
            VERSION_2,
            Side.CLIENT,
            "8b1a0bc121284290a29e0971b5cd045d",
            "91f73e2351d8fa91660e909f",
            "45b95e15235d6f45a6b19cbcb0294ba9",
        ),
        (
            VERSION_2,
            Side.SERVER,
            "82db637861d55e1d011f19ea71d5d2a7",
            "dd13c276499c0249d3310652",
            "edf6d05c83121201b436e16877593c3a",
        ),
        (  # draft-ietf-quic-tls-29, A.1
            DRAFT_29,
            Side.CLIENT,
            "175257a31eb09dea9366d8bb79ad80ba",
            "6b26114b9cba2b63a9e8dd4f",
            "9ddd12c994c0698b89374a9c077a3077",
        ),
    ],
)
def test_keys_are_those_of_the_specifications(
    version: int, side: Side, key: str, iv: str, header: str
) -> None:
    expected = InitialKeys(bytes.fromhex(key), bytes.fromhex(iv), bytes.fromhex(header))
    assert derive_keys(version, CLIENT_ID, side) == expected


@pytest.mark.parametrize(
    ("version", "name"),
    [(VERSION_1, "1"), (VERSION_2, "2"), (DRAFT_29, "draft-29"), (0xFF000022, "draft-34")],
)
def test_the_name_is_read_in_every_version(version: int, name: str) -> None:
    flow = QuicFlow()
    datagram = seal(crypto(0, hello()), version=version, source=b"me")
    assert looks_like_quic(datagram)
    flow.feed(Side.CLIENT, datagram)
    flow.feed(
        Side.SERVER,
        seal(crypto(0, server_hello()), side=Side.SERVER, version=version, destination=b"me", source=b"it"),
    )
    facts = flow.facts()
    assert (facts.sni, facts.alpn_offered, facts.cipher) == (
        "phone.example",
        ("h3",),
        "TLS_AES_256_GCM_SHA384",
    )
    assert facts.ja4 is not None
    assert facts.ja4.startswith("q13d0103h3_")
    assert (flow.versions, flow.ids, flow.complete, flow.notes) == ([name], ([b"me"], [b"it"]), True, [])
    assert flow.client_hello == hello()
    assert flow.closed == [0, 0]


def test_a_server_may_change_to_version_2() -> None:
    flow = QuicFlow()
    flow.feed(Side.CLIENT, seal(crypto(0, hello())))
    flow.feed(
        Side.SERVER, seal(crypto(0, server_hello()), side=Side.SERVER, version=VERSION_2, destination=b"")
    )
    assert flow.versions == ["1", "2"]
    assert flow.facts().cipher == "TLS_AES_256_GCM_SHA384"


@given(
    cuts=st.lists(st.integers(1, len(hello()) - 1), unique=True, max_size=12),
    order=st.randoms(use_true_random=False),
    together=st.integers(1, 4),
)
def test_a_hello_is_put_together_from_frames_in_any_order(
    cuts: list[int], order: random.Random, together: int
) -> None:
    whole = hello()
    places = [0, *sorted(cuts), len(whole)]
    frames = [crypto(start, whole[start : places[i + 1]]) for i, start in enumerate(places[:-1])]
    order.shuffle(frames)
    packets = [
        seal(b"\0\1".join(frames[at : at + together]), packet=at) for at in range(0, len(frames), together)
    ]
    flow = QuicFlow()
    middle = (len(packets) + 1) // 2
    flow.feed(Side.CLIENT, b"".join(packets[:middle]) + bytes(30))  # coalesced, and padded
    for packet in packets[middle:]:
        flow.feed(Side.CLIENT, packet)
    assert (flow.complete, flow.client_hello, flow.notes) == (True, whole, [])
    assert flow.opened[0] == sum(map(len, packets)) + 30


def test_the_beginning_of_a_hello_counts_though_its_end_is_missing() -> None:
    flow = QuicFlow()
    flow.feed(Side.CLIENT, seal(crypto(0, hello()[:-7])))
    facts = flow.facts()
    assert (facts.sni, facts.alpn_offered, facts.ja4) == ("phone.example", ("h3",), None)
    assert not flow.complete


def test_keys_follow_the_second_attempt_behind_a_retry() -> None:
    flow = QuicFlow()
    whole = hello()
    flow.feed(Side.CLIENT, seal(crypto(0, whole[:50])))
    retry = b"\xf0" + VERSION_1.to_bytes(4) + b"\0\4next" + b"a token" + bytes(16)
    flow.feed(Side.SERVER, retry)
    flow.feed(Side.CLIENT, seal(crypto(0, whole), client_id=b"next", destination=b"next"))
    assert (flow.retried, flow.complete, flow.facts().sni) == (True, True, "phone.example")
    flow.feed(
        Side.SERVER, seal(crypto(0, server_hello()), side=Side.SERVER, client_id=b"next", destination=b"")
    )
    assert flow.facts().cipher is not None
    assert flow.closed == [0, 0]


def test_a_version_negotiation_is_read() -> None:
    flow = QuicFlow()
    offer = b"\x80\0\0\0\0\0\2it" + VERSION_2.to_bytes(4) + DRAFT_29.to_bytes(4)
    assert looks_like_quic(offer)
    flow.feed(Side.SERVER, offer)
    assert (flow.offered, flow.versions, flow.opened) == (("2", "draft-29"), [], [0, len(offer)])


def test_a_server_that_is_recorded_first_is_opened_later() -> None:
    flow = QuicFlow()
    answer = seal(crypto(0, server_hello()), side=Side.SERVER, destination=b"")
    flow.feed(Side.SERVER, answer)
    assert flow.opened == [0, 0]
    flow.feed(Side.CLIENT, seal(crypto(0, hello())))
    assert flow.opened[1] == len(answer)
    assert flow.facts().cipher is not None


def test_what_stays_closed_is_counted_in_bytes() -> None:
    flow = QuicFlow()
    flow.feed(Side.SERVER, seal(crypto(0, server_hello()), side=Side.SERVER, client_id=b"unknown!"))
    one = seal(crypto(0, hello()), client_id=b"unknown!")  # keys that nobody can derive
    later, strange = b"\x40" + bytes(99), b"\xc0\x12\x34\x56\x78\1a\1b and more"
    early = b"\xd0" + VERSION_1.to_bytes(4) + b"\0\0" + number(10) + bytes(10)
    for datagram in (one, later, strange, early):
        flow.feed(Side.CLIENT, datagram)
    assert flow.closed[0] == len(one) + len(later) + len(strange) + len(early)
    flow.finish()
    assert flow.closed[1] > 0
    assert flow.opened == [0, 0]
    assert flow.versions == ["1", "0x12345678"]
    assert flow.notes == ["a QUIC Initial packet that the connection's own keys do not open"]


def test_attempts_to_open_are_bounded() -> None:
    flow = QuicFlow()
    for packet in range(MAX_FAILURES):
        flow.feed(Side.CLIENT, seal(b"", client_id=b"unknown!", packet=packet))
    flow.feed(Side.CLIENT, seal(crypto(0, hello())))
    assert flow.facts().sni is None


def test_the_server_is_opened_though_the_clients_first_packet_is_cut() -> None:
    flow = QuicFlow()
    flow.feed(Side.CLIENT, seal(crypto(0, hello()))[:60])
    flow.feed(Side.SERVER, seal(crypto(0, server_hello()), side=Side.SERVER, destination=b""))
    assert flow.facts().cipher == "TLS_AES_256_GCM_SHA384"
    assert flow.closed == [60, 0]


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(b"\x06" + number(0) + number(500) + b"short", id="a frame that leaves the packet"),
        pytest.param(b"\x08" + bytes(30), id="a frame that has no place there"),
        pytest.param(b"\x02\0\0" + b"\xff" * 8 + bytes(20), id="an endless acknowledgement"),
        pytest.param(crypto(0, b"\x16" + hello()), id="no hello"),
        pytest.param(crypto(0, b"\1\0\0\2\3\3"), id="an empty hello"),
    ],
)
def test_malformed_frames_are_noted(frames: bytes) -> None:
    flow = QuicFlow()
    flow.feed(Side.CLIENT, seal(frames))
    assert len(flow.notes) == 1
    assert flow.facts().sni is None


def test_a_hello_without_end_is_bounded() -> None:
    flow = QuicFlow()
    endless = b"\1\xff\xff\xff" + bytes(1000)
    for packet in range(200):
        flow.feed(Side.CLIENT, seal(crypto(packet * len(endless), endless), packet=packet))
    assert len(flow.client_hello) <= 64 * 1024
    assert not flow.complete


@given(st.lists(st.tuples(st.sampled_from(Side), st.binary(max_size=80)), max_size=6))
def test_random_datagrams_never_raise(datagrams: list[tuple[Side, bytes]]) -> None:
    flow = QuicFlow()
    for side, datagram in datagrams:
        looks_like_quic(datagram)
        flow.feed(side, datagram)
    flow.finish()
    assert sum(flow.opened) + sum(flow.closed) == sum(len(datagram) for _, datagram in datagrams)


def test_a_datagram_cut_anywhere_never_raises() -> None:
    whole = seal(crypto(0, hello())) + seal(b"\1", packet=1)
    for end in range(len(whole)):
        flow = QuicFlow()
        flow.feed(Side.CLIENT, whole[:end])
        flow.finish()
        assert flow.opened[0] + flow.closed[0] == end


def test_mutations_never_raise_outside_or_inside_the_protection() -> None:
    chance, frames = random.Random(5), crypto(0, hello())
    for _ in range(MUTATIONS):
        inside, outside = bytearray(frames), bytearray(seal(frames))
        inside[chance.randrange(len(inside))] = chance.randrange(256)
        outside[chance.randrange(len(outside))] = chance.randrange(256)
        for datagram in (seal(bytes(inside)), bytes(outside)):
            flow = QuicFlow()
            flow.feed(Side.CLIENT, datagram)
            flow.facts()
            assert flow.opened[0] + flow.closed[0] == len(datagram)


CAPTURES = [
    "illustrated-quic.pcap",
    "zeek-quic-chromium.pcap",
    "zeek-quic-fragmented-ch.pcap",
    "hotplace-http3.pcapng",
    "suricata-quic-frag-unordered.pcap",
    "suricata-quic-frag-middle-gap.pcap",
    "zeek-quic-decrypt-fail-google-de-51833.pcap",
    "tcpdump-quic_handshake_truncated.pcap",
]


def _case(name: str) -> Path:
    return CASES / f"pcap-{Path(name).stem}" / name


def _read(path: Path) -> list[QuicFlow]:
    flows: dict[object, QuicFlow] = {}
    clients: dict[object, object] = {}
    for one in iter_payloads(path):
        if one.sequence:
            continue
        key = frozenset({one.source, one.target})
        client = clients.setdefault(key, one.target if one.source[1] == 443 else one.source)
        side = Side.CLIENT if one.source == client else Side.SERVER
        flows.setdefault(key, QuicFlow()).feed(side, one.data)
    for flow in flows.values():
        flow.finish()
    return list(flows.values())


@pytest.mark.needs_tool("tshark")
@pytest.mark.parametrize("name", CAPTURES)
def test_versions_names_and_suites_are_those_that_tshark_sees(name: str) -> None:
    path = _case(name)
    fields = ("quic.version", "tls.handshake.extensions_server_name", "tls.handshake.extensions_alpn_str")
    seen = [
        {value for line in run_tshark(path, "-Y=quic", field) for value in line[0].split("|") if value}
        for field in fields
    ]
    suites = {
        line[0]
        for line in run_tshark(path, "-Y=quic && tls.handshake.type == 2", "tls.handshake.ciphersuite")
    }
    flows = _read(path)
    facts = [flow.facts() for flow in flows]
    assert {f"0x{int(one):08x}" for flow in flows for one in flow.versions} == seen[0]
    assert {one.sni for one in facts if one.sni} == seen[1]
    assert {protocol for one in facts for protocol in one.alpn_offered} == seen[2]
    numbers = {"TLS_AES_128_GCM_SHA256": "0x1301", "TLS_AES_256_GCM_SHA384": "0x1302"}
    assert {numbers[one.cipher] for one in facts if one.cipher} == suites


@pytest.mark.needs_tool("tshark")
@pytest.mark.parametrize("name", CAPTURES[:-1])
def test_as_many_bytes_are_opened_as_tshark_says_are_initial_packets(name: str) -> None:
    """A packet's own size: header, length field and what it counts; padding behind is ours to add."""
    path = _case(name)
    lines = run_tshark(path, "-Y=quic", "udp.length", "quic.long.packet_type", "quic.short")
    pure = [int(length) - 8 for length, kinds, short in lines if set(kinds.split("|")) == {"0"} and not short]
    mixed = [int(length) - 8 for length, kinds, short in lines if "0" in kinds.split("|")]
    opened = sum(sum(flow.opened) for flow in _read(path))
    assert sum(pure) <= opened <= sum(mixed)


@pytest.mark.parametrize(
    "name",
    [
        "tcpdump-quic_32_bit_pointer_overflow.pcap",
        "tcpdump-quic_handshake_truncated.pcap",
        "zeek-383379789-decrypt-crash.pcap",
        "zeek-vector-max-size-crash.pcap",
    ],
)
def test_datagrams_that_broke_others_stay_closed(name: str) -> None:
    payloads = [one.data for one in iter_payloads(_case(name)) if not one.sequence]
    for side in Side:
        flow = QuicFlow()
        for data in payloads:
            flow.feed(side, data)
        flow.finish()
        assert sum(flow.opened) + sum(flow.closed) == sum(map(len, payloads))
        assert flow.facts().sni is None
