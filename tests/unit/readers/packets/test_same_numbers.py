"""Connections between the same ports that count from the same number, and bytes sent twice that differ."""

import pytest
from pcap_writer import CLIENT, SERVER, Conversation, Packet, pcap, repeated
from read_packets import WHOLE, Took, brief, take

WINDOWS = (64, 700, WHOLE)
HANDSET = "192.168.7.20"


def post(path: str, body: bytes) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: a.example\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def answer(status: int) -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nok".encode()


def bare(number: int, *, begin: tuple[int, int] = (0, 0), path: str | None = None) -> list[Packet]:
    """One exchange without handshake and ending, as tools that hook a library write it."""
    one = Conversation(sequence=list(begin))
    body = b"same beginning " * 20 + b"%d" % number
    return one.send(CLIENT, post(path or f"/{number}", body)) + one.send(SERVER, answer(210 + number))


def told(took: Took) -> list[tuple[str | None, str | None, int | None]]:
    assert [one.index for one in took.exchanges] == list(range(len(took.exchanges)))
    assert took.lost == 0
    assert not took.problems
    return brief(took)


@pytest.mark.parametrize("window", WINDOWS)
def test_connections_that_all_count_from_0_are_read_each(window: int) -> None:
    packets = [packet for number in range(5) for packet in bare(number)]
    took = take(pcap(packets), window_bytes=window, handset=HANDSET)
    assert told(took) == [("POST", f"a.example/{number}", 210 + number) for number in range(5)]
    assert took.bytes_up == 5 * len(post("/0", b"same beginning " * 20 + b"0"))


def test_they_may_differ_late_in_their_first_segment() -> None:
    packets = [packet for number in range(3) for packet in bare(number, path="/same")]
    took = take(pcap(packets), handset=HANDSET)
    assert [one[2] for one in told(took)] == [210, 211, 212]
    assert all(one.request is not None for one in took.exchanges)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("way", ["fin", "rst"])
def test_a_handshake_after_an_ending_is_another_connection_with_the_same_number_too(
    window: int, way: str
) -> None:
    packets: list[Packet] = []
    for number in range(3):
        one = Conversation()
        packets += [*one.open(), *one.send(CLIENT, post(f"/{number}", b"x")), *one.send(SERVER, answer(200))]
        packets += one.close() if way == "fin" else [one.reset(CLIENT)]
    took = take(pcap(packets), window_bytes=window)
    assert told(took) == [("POST", f"a.example/{number}", 200) for number in range(3)]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("begin", [(10, 20), (3_000_000_000, 20), (50_000, 90_000)])
def test_after_an_ending_data_elsewhere_is_another_connection(window: int, begin: tuple[int, int]) -> None:
    before = Conversation(sequence=[40_000, 80_000])
    packets = [*before.open(), *before.send(CLIENT, post("/1", b"x")), *before.send(SERVER, answer(201))]
    packets += [*before.close(), *bare(2, begin=begin)]
    took = take(pcap(packets), window_bytes=window)
    assert told(took) == [("POST", "a.example/1", 201), ("POST", "a.example/2", 212)]


@pytest.mark.parametrize("window", WINDOWS)
def test_the_same_sent_again_from_the_beginning_is_no_other_connection(window: int) -> None:
    one = Conversation(mss=100)
    body = b"x" * 1_000
    request = post("/1", body)
    packets = [*one.open(), *one.send(CLIENT, request), one.again(CLIENT, request[:700], len(request))]
    packets += [one.again(CLIENT, request[:1], len(request)), *one.send(SERVER, answer(201))]
    packets += [one.again(CLIENT, request, len(request)), *one.close()]
    took = take(pcap(repeated(packets, 3)), window_bytes=window)
    assert told(took) == [("POST", "a.example/1", 201)]


def test_what_was_sent_again_with_another_content_is_counted_and_lost() -> None:
    one = Conversation(mss=100)
    request = post("/1", b"x" * 1_000)
    packets = [*one.open(), *one.send(CLIENT, request), one.again(CLIENT, b"y" * 60, 500)]
    packets += [*one.send(SERVER, answer(201)), *one.close()]
    took = take(pcap(packets))
    assert brief(took) == [("POST", "a.example/1", 201)]
    assert took.lost == 60
    assert took.bytes_up == len(request) + 60
    [problem] = took.problems
    assert problem.reason.startswith("60 bytes were sent again with another content")
    assert problem.lost


@pytest.mark.parametrize("window", WINDOWS)
def test_what_lies_before_the_beginning_is_told_and_lost(window: int) -> None:
    one = Conversation()
    packets = [*one.open(), *one.send(CLIENT, post("/1", b"x")), *one.send(SERVER, answer(201))]
    stray = one.again(CLIENT, b"before it all", 400)
    took = take(pcap([*packets, stray, *one.close()]), window_bytes=window)
    assert brief(took) == [("POST", "a.example/1", 201)]
    assert took.lost == len(b"before it all")
    [problem] = took.problems
    assert problem.reason.startswith("13 bytes of segments are numbered far from")
