"""Connections of a capture: told apart, put together, ended; in windows of any size."""

import pytest
from pcap_writer import (
    ACK,
    CLIENT,
    FIN,
    RST,
    SERVER,
    SYN,
    Conversation,
    Packet,
    cut,
    pcap,
    repeated,
    shuffled,
)
from read_packets import WHOLE, Took, brief, essence, stream, take

from phonehome.model.exchange import Direction, Protocol

WINDOWS = (64, 700, 5_000, WHOLE)


def request(path: str, body: bytes = b"") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: a.example\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def answer(status: int, body: bytes = b"ok") -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def talk(*, port: int = 40_000, path: str = "/", status: int = 200, body: bytes = b"") -> list[Packet]:
    """A connection with one exchange."""
    one = Conversation(ends=(("192.168.7.20", port), ("198.51.100.1", 80)))
    packets = [*one.open(), *one.send(CLIENT, request(path, body)), *one.send(SERVER, answer(status))]
    return [*packets, *one.close()]


def in_any_window(packets: list[Packet], *, handset: str = "192.168.7.20") -> Took:
    """Read a capture in windows of several sizes, which must give the same."""
    data = pcap(packets)
    whole = take(data, handset=handset)
    for size in WINDOWS[:-1]:
        parts = take(data, window_bytes=size, handset=handset)
        assert sorted(map(essence, parts.exchanges), key=repr) == sorted(
            map(essence, whole.exchanges), key=repr
        ), size
        assert sorted(one.index for one in parts.exchanges) == list(range(len(parts.exchanges)))
        assert parts.bytes_up == whole.bytes_up
    return whole


def test_requests_and_answers_of_one_connection_are_exchanges() -> None:
    one = Conversation()
    packets = one.open()
    for number in range(5):
        packets += one.send(CLIENT, request(f"/{number}", b"x" * 2000 * number))
        packets += one.send(SERVER, answer(210 + number, b"y" * 3000))
    took = in_any_window([*packets, *one.close()])
    assert brief(took) == [("POST", f"a.example/{number}", 210 + number) for number in range(5)]
    assert took.exchanges[2].request is not None
    assert took.exchanges[2].request.body == b"x" * 4000
    assert took.problems == ()


def test_exchanges_carry_their_packets_as_counted_from_1() -> None:
    one = Conversation(mss=100)
    packets = [*one.open(), *one.send(CLIENT, request("/", b"x" * 150)), *one.send(SERVER, answer(200))]
    took = in_any_window(packets)
    assert took.exchanges[0].packets == (4, 5, 6, 7)[: len(packets) - 3]


def test_the_index_follows_the_first_packets_of_whole_and_of_unfinished_exchanges() -> None:
    """Of three connections the first one's answer comes last, in another window than its request."""
    ends = [(("192.168.7.20", 40_000 + at), ("198.51.100.1", 80)) for at in range(3)]
    slow, fast, late = (Conversation(ends=end) for end in ends)
    packets = [*slow.open(), *fast.open(), *late.open()]
    packets += [*slow.send(CLIENT, request("/slow")), *fast.send(CLIENT, request("/fast"))]
    packets += [*fast.send(SERVER, answer(200)), *late.send(CLIENT, request("/late"))]
    packets += [*fast.send(CLIENT, request("/again")), *fast.send(SERVER, answer(200))]
    packets += [*late.send(SERVER, answer(200)), *slow.send(SERVER, answer(200))]
    for size in WINDOWS:
        took = take(pcap(packets), window_bytes=size)
        by_index = sorted(took.exchanges, key=lambda one: one.index)
        assert [one.index for one in by_index] == [0, 1, 2, 3]
        paths = [(one.url or b"").rpartition(b"/")[2] for one in by_index]
        assert paths == [b"slow", b"fast", b"late", b"again"], size


@pytest.mark.parametrize("ended", [True, False])
def test_what_is_known_only_at_the_end_has_its_place_in_a_capture_of_one_window(ended: bool) -> None:
    short = Conversation(ends=(("192.168.7.20", 39_999), ("198.51.100.1", 9_999)))
    packets = [*short.open(), *short.send(CLIENT, b"first")]
    packets += [*(short.close() if ended else []), *talk(path="/second"), *talk(port=40_001, path="/third")]
    took = take(pcap(packets))
    assert [one.index for one in took.exchanges] == [0, 1, 2]
    assert [one.protocol for one in took.exchanges] == [Protocol.RAW, Protocol.HTTP_1_1, Protocol.HTTP_1_1]
    assert [one.packets[0] for one in took.exchanges] == sorted(one.packets[0] for one in took.exchanges)


def test_of_one_window_the_indexes_have_no_holes_though_what_began_was_no_message() -> None:
    one = Conversation()
    packets = [*one.send(CLIENT, b"rest of a body"), *one.send(SERVER, answer(200))]
    took = take(pcap(packets), handset="192.168.7.20")
    assert [one.index for one in took.exchanges] == [0, 1]


def test_a_reused_port_is_another_connection_also_within_a_window() -> None:
    packets: list[Packet] = []
    for number in range(6):
        one = Conversation(sequence=[1_000 + 70_000 * number, 5_000 + 3_000_000_000 * (number % 2)])
        packets += [*one.open(), *one.send(CLIENT, request(f"/{number}")), *one.send(SERVER, answer(200))]
        packets += one.close() if number % 2 else [one.reset(CLIENT)]
    assert [one[1] for one in brief(in_any_window(packets))] == [f"a.example/{at}" for at in range(6)]


@pytest.mark.parametrize("tail", ["data", "fin", "rst"])
def test_the_end_of_an_earlier_connection_does_not_spoil_the_next_on_its_port(tail: str) -> None:
    before = Conversation(sequence=[3_000_000_000, 2_000_000_000])
    packets = {
        "data": [*before.send(SERVER, b"the rest of something"), *before.send(CLIENT, b"thanks for it")],
        "fin": [before._next(SERVER, FIN | ACK), before._next(CLIENT, FIN | ACK)],
        "rst": [before._next(SERVER, RST)],
    }[tail]
    took = in_any_window([*packets, *talk(path="/next")])
    assert brief(took)[-1] == ("POST", "a.example/next", 200)


def test_a_request_recorded_before_its_own_handshake_is_of_the_same_connection() -> None:
    packets = talk(path="/early")
    took = take(pcap([packets[1], packets[3], packets[0], packets[2], *packets[4:]]))
    assert brief(took) == [("POST", "a.example/early", 200)]


def test_data_in_the_syn_is_read() -> None:
    one = Conversation()
    data = request("/fast-open")
    packets = [one._next(CLIENT, SYN, data), one._next(SERVER, SYN | ACK), *one.send(SERVER, answer(200))]
    assert brief(in_any_window(packets)) == [("POST", "a.example/fast-open", 200)]


def test_a_connection_without_its_beginning_is_read() -> None:
    packets = talk(path="/middle")[3:]
    assert brief(in_any_window(packets)) == [("POST", "a.example/middle", 200)]


def test_a_connection_recorded_from_an_answer_on_knows_its_client() -> None:
    took = in_any_window([*talk(path="/lost", status=404)[4:-3]])
    assert brief(took) == [(None, None, 404)]
    assert (took.exchanges[0].address, took.exchanges[0].port) == ("198.51.100.1", 80)


def test_sequence_numbers_wrap_in_the_middle_of_a_request() -> None:
    one = Conversation(sequence=[2**32 - 300, 2**32 - 40], mss=90)
    packets = [*one.open(), *one.send(CLIENT, request("/wrap", b"x" * 1000))]
    packets += [*one.send(SERVER, answer(200, b"y" * 1000)), *one.close()]
    took = in_any_window(packets)
    assert brief(took) == [("POST", "a.example/wrap", 200)]


@pytest.mark.parametrize("seed", range(4))
def test_segments_out_of_order_and_sent_twice_change_nothing(seed: int) -> None:
    one = Conversation(mss=60)
    packets = one.open()
    for number in range(4):
        packets += one.send(CLIENT, request(f"/{number}", bytes(range(256))))
        packets += one.send(SERVER, answer(200, b"y" * 500))
    plain = take(pcap(packets))
    shaken = take(pcap(repeated(shuffled(packets, seed), seed)))
    assert [one.request for one in shaken.exchanges] == [one.request for one in plain.exchanges]
    assert [one.response for one in shaken.exchanges] == [one.response for one in plain.exchanges]
    assert brief(shaken) == brief(plain)


def test_a_missing_segment_is_told_and_reading_goes_on_at_the_next_message() -> None:
    one = Conversation(mss=100)
    packets = [*one.open(), *one.send(CLIENT, request("/holed", b"x" * 500))[:-3]]
    packets += [*one.send(SERVER, answer(200)), *one.send(CLIENT, request("/next"))]
    packets += [*one.send(SERVER, answer(201)), *one.close()]
    took = take(pcap(packets))
    assert brief(took) == [("POST", "a.example/holed", 200), ("POST", "a.example/next", 201)]
    holed = took.exchanges[0].request
    assert holed is not None
    assert holed.truncated
    assert holed.missing > 200
    assert took.bytes_up == len(request("/holed", b"x" * 500)) + len(request("/next"))


def test_a_segment_far_off_its_connection_is_told() -> None:
    packets = talk(path="/near")
    packets.insert(4, Conversation(sequence=[2**31, 0]).send(CLIENT, b"far away")[0])
    took = take(pcap(packets))
    assert brief(took) == [("POST", "a.example/near", 200)]
    [problem] = took.problems
    assert problem.reason.startswith("8 bytes of segments are numbered far from")
    assert problem.lost


def test_of_cut_packets_the_heads_are_read_and_the_rest_is_lost() -> None:
    body = b"x" * 5000
    took = in_any_window(cut(talk(path="/cut", body=body), 200))
    assert [one[:2] for one in brief(took)] == [("POST", "a.example/cut")]
    assert took.bytes_up == len(request("/cut", body))
    assert took.lost > 4000


def test_of_too_many_connections_the_oldest_are_ended_and_read_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonehome.readers.packets.session.MAX_CONNECTIONS", 5)
    many = [Conversation(ends=(("192.168.7.20", 40_000 + at), ("198.51.100.1", 80))) for at in range(40)]
    packets: list[Packet] = []
    for at, one in enumerate(many):
        packets += [*one.open(), *one.send(CLIENT, request(f"/{at}"))]
    for one in many:
        packets += one.send(SERVER, answer(200))
    for size in WINDOWS:
        took = take(pcap(packets), window_bytes=size)
        asked = {one.url for one in took.exchanges if one.url}
        assert len(asked) == 40
        assert took.bytes_up == sum(len(request(f"/{at}")) for at in range(40))
        assert sorted(one.index for one in took.exchanges) == list(range(len(took.exchanges)))


def test_a_protocol_that_nobody_parses_is_a_stretch_of_both_directions() -> None:
    one = Conversation(ends=(("192.168.7.20", 40_000), ("198.51.100.1", 5_000)))
    packets = one.open()
    for number in range(20):
        packets += one.send(CLIENT, b"\x01\x02question %d" % number)
        packets += one.send(SERVER, b"\x03\x04answer %d" % number)
    took = in_any_window([*packets, *one.close()])
    [only] = took.exchanges
    assert (only.protocol, only.url) == (Protocol.RAW, b"tcp://198.51.100.1:5000")
    assert stream(only, Direction.UP) == b"".join(b"\x01\x02question %d" % number for number in range(20))
    assert stream(only, Direction.DOWN) == b"".join(b"\x03\x04answer %d" % number for number in range(20))


def test_a_handshake_without_data_is_no_exchange_and_tells_its_round_trip_alone() -> None:
    one = Conversation()
    took = in_any_window([*one.open(), *one.close()])
    assert (took.exchanges, took.bytes_up) == ((), 0)
    assert [account.round_trip_us for account in took.accounts] == [1000]


@pytest.mark.parametrize("flags", [0, SYN | FIN, SYN | RST, SYN | FIN | RST | ACK, 0xFF])
def test_odd_flags_harm_nothing(flags: int) -> None:
    one = Conversation()
    odd = Conversation(sequence=[one.sequence[0] + 400, one.sequence[1] + 400])
    middle = [odd._next(CLIENT, flags), odd._next(SERVER, flags), odd._next(SERVER, flags, b"")]
    packets = [*one.open(), *one.send(CLIENT, request("/odd")), *one.send(SERVER, answer(200))]
    took = take(pcap([*packets, *middle, *one.close()]))
    assert brief(took)[0] == ("POST", "a.example/odd", 200)
