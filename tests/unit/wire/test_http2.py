import pytest
from h2_streams import Pair

from phonehome.wire import http2_table
from phonehome.wire.http2 import Http2Connection
from phonehome.wire.http2_frames import PREFACE
from phonehome.wire.http2_stream import Http2Stream
from phonehome.wire.http_message import HttpMessage
from phonehome.wire.side import Side

REQUEST = [
    (b":method", b"POST"),
    (b":authority", b"api.example.org"),
    (b":scheme", b"https"),
    (b":path", b"/v1/collect?x=1"),
    (b"user-agent", b"okhttp/4.9.0"),
    (b"content-type", b"application/json"),
]
RESPONSE = [(b":status", b"200"), (b"server", b"nginx"), (b"content-type", b"text/plain")]


def read(connection: Http2Connection, up: bytes, down: bytes) -> list[Http2Stream]:
    return [
        *connection.feed(Side.CLIENT, up),
        *connection.feed(Side.SERVER, down),
        *connection.finish(),
    ]


def conversation() -> Pair:
    pair = Pair()
    for number in (1, 3):
        pair.client.send_headers(number, REQUEST)
    for number in (3, 1):
        pair.client.send_data(number, b"body of %d" % number, pad_length=5)
        pair.client.send_data(number, b", rest", end_stream=True)
    pair.move()
    pair.server.send_headers(1, [(b":status", b"103"), (b"link", b"</a>")])
    pair.server.send_headers(1, RESPONSE)
    pair.server.push_stream(1, 2, [*REQUEST[1:3], (b":method", b"GET"), (b":path", b"/pushed")])
    pair.server.send_data(1, b"one")
    pair.server.send_headers(3, RESPONSE)
    pair.server.send_data(3, b"three", end_stream=True)
    pair.server.send_headers(1, [(b"checksum", b"7")], end_stream=True)
    pair.server.send_headers(2, RESPONSE)
    pair.server.send_data(2, b"two", end_stream=True)
    pair.client.ping(b"12345678")
    pair.move()
    pair.client.send_headers(
        5, [*REQUEST, *((b"x-%d" % n, b"\x01" * 900) for n in range(30))], end_stream=True
    )
    pair.move()
    pair.server.reset_stream(5, 2)
    pair.server.close_connection()
    pair.move()
    return pair


def test_what_h2_writes_is_read_back() -> None:
    pair = conversation()
    connection = Http2Connection()
    streams = {stream.id: stream for stream in read(connection, pair.client_bytes, pair.server_bytes)}
    assert sorted(streams) == [1, 2, 3, 5]
    first = streams[1].request
    assert first is not None
    assert (first.method, first.target, first.scheme, first.authority) == (
        "POST",
        b"/v1/collect?x=1",
        b"https",
        b"api.example.org",
    )
    assert first.headers == tuple(REQUEST[4:])
    assert first.body == b"body of 1, rest"
    answer = streams[1].response
    assert answer is not None
    assert (answer.status, answer.body, answer.truncated) == (200, b"one", False)
    assert answer.headers == (*RESPONSE[1:], (b"checksum", b"7"))
    assert [message.status for message in streams[1].interim] == [103]
    assert streams[2].pushed
    assert streams[2].request is not None
    assert streams[2].request.target == b"/pushed"
    assert streams[2].response is not None
    assert streams[2].response.body == b"two"
    assert streams[5].request is not None
    assert len(streams[5].request.headers) == 32
    assert streams[5].response is None
    assert connection.skipped == [0, 0]
    assert not connection.middle


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def opening() -> Http2Connection:
    connection = Http2Connection()
    connection.feed(Side.CLIENT, PREFACE + frame(4, 0, 0))
    connection.feed(Side.SERVER, frame(4, 0, 0))
    return connection


GET = b"\x82\x87\x84\x41\x01a"  # GET https / and :authority a, which is added to the table


def test_a_body_goes_on_behind_a_gap_inside_its_frame() -> None:
    connection = opening()
    connection.feed(Side.CLIENT, frame(1, 4, 1, GET) + frame(0, 0, 1, b"0123456789")[:-6])
    connection.gap(Side.CLIENT, 4)
    connection.feed(Side.CLIENT, b"89" + frame(0, 1, 1, b"end") + frame(1, 5, 3, b"\x82\x87\x84\xbe"))
    first, second = connection.finish()
    assert first.request is not None
    assert (first.request.body, first.request.missing, first.request.lost) == (b"012389end", 4, 4)
    assert first.request.truncated
    assert second.request is not None
    assert second.request.authority == b"a"  # the header table is still right


def test_behind_a_gap_of_frames_reading_resumes_and_lost_fields_are_said() -> None:
    connection = opening()
    connection.feed(Side.CLIENT, frame(1, 4, 1, GET) + frame(0, 0, 1, b"0123456789")[:-6])
    connection.gap(Side.CLIENT, 1000)
    rest = (
        b"the tail of a frame"
        + frame(1, 4, 5, b"\x82\x87\x84\xbe")
        + frame(0, 0, 5, b"body")
        + frame(0, 1, 5, b"!")
    )
    connection.feed(Side.CLIENT, rest)
    first, second = connection.finish()
    assert first.request is not None
    assert (first.request.body, first.request.missing, first.request.truncated) == (b"0123", 6, True)
    request = second.request
    assert request is not None
    assert (request.method, request.target, request.authority, request.body) == ("GET", b"/", None, b"body!")
    assert request.note == "header fields that refer to a part of the connection that was not recorded"
    assert connection.skipped == [len(b"the tail of a frame"), 0]


def test_streams_from_the_middle_are_complete_without_their_heads() -> None:
    connection = Http2Connection()
    up = frame(0, 0, 7, b"upload") + frame(8, 0, 7, b"\0\0\1\0") + frame(0, 1, 7, b"!")
    assert connection.feed(Side.CLIENT, b"\xff\xff\xff" + up) == []
    (stream,) = connection.feed(
        Side.SERVER, frame(1, 4, 7, b"\x88\xc0") + frame(0, 0, 7, b"x") + frame(0, 1, 7, b"y")
    )
    assert connection.middle
    assert connection.skipped == [3, 0]
    assert stream.request is not None
    assert (stream.request.body, stream.request.method) == (b"upload!", None)
    assert stream.request.note == "its header fields were not recorded"
    assert stream.response is not None
    assert (stream.response.status, stream.response.body) == (200, b"xy")


def test_h2c_by_upgrade_answers_the_http1_request() -> None:
    request = HttpMessage(0, "1.1", "GET", b"/", None)
    connection = Http2Connection(request)
    up = connection.feed(Side.CLIENT, PREFACE + frame(4, 0, 0) + frame(1, 5, 3, GET))
    first, second = connection.feed(
        Side.SERVER, frame(4, 0, 0) + frame(1, 5, 1, b"\x88") + frame(1, 5, 3, b"\x8d")
    )
    assert up == []
    assert first.request is request
    assert first.response is not None
    assert first.response.status == 200
    assert second.request is not None
    assert second.request.start == len(PREFACE) + 9
    assert connection.unfinished(Side.CLIENT) == []


def test_a_reset_stream_is_reported_whichever_side_is_fed_first() -> None:
    up = frame(1, 4, 1, GET) + frame(0, 0, 1, b"part") + frame(3, 0, 1, b"\0\0\0\x08")
    down = frame(1, 4, 1, b"\x88") + frame(0, 0, 1, b"answer")
    for order in ((Side.CLIENT, Side.SERVER), (Side.SERVER, Side.CLIENT)):
        connection = opening()
        for side in order:
            connection.feed(side, down if side else up)
        (stream,) = connection.finish()
        assert stream.note == "reset by the client"
        assert stream.request is not None
        assert (stream.request.body, stream.request.truncated) == (b"part", True)
        assert stream.response is not None
        assert (stream.response.body, stream.response.truncated) == (b"answer", True)


def test_padding_priority_and_continuation_are_taken_off() -> None:
    connection = opening()
    block = b"\x02" + b"\x00\x00\x00\x00\x10" + GET[:3] + b"\x00\x00"
    up = frame(1, 0x29, 1, block) + frame(9, 0, 1, GET[3:5]) + frame(9, 4, 1, GET[5:])
    connection.feed(Side.CLIENT, up + frame(2, 0, 1, bytes(5)))
    (stream,) = connection.feed(Side.SERVER, frame(1, 4, 1, b"\x88") + frame(0, 9, 1, b"\x03body\0\0\0"))
    assert stream.request is not None
    assert (stream.request.method, stream.request.authority, stream.request.size) == ("GET", b"a", len(up))
    assert stream.response is not None
    assert (stream.response.body, stream.response.size) == (b"body", 9 + 1 + 9 + 8)


def test_an_extended_connect_is_flagged() -> None:
    connection = opening()
    head = b"\x02\x07CONNECT" + b"\x00\x09:protocol\x09websocket" + b"\x84\x87"
    connection.feed(Side.CLIENT, frame(1, 4, 1, head) + frame(0, 1, 1, b"\x81\x80abcd"))
    (stream,) = connection.finish()
    assert stream.request is not None
    assert (stream.request.method, stream.request.protocol, stream.request.body) == (
        "CONNECT",
        b"websocket",
        b"\x81\x80abcd",
    )


def test_a_head_cut_by_the_end_gives_what_is_known() -> None:
    connection = opening()
    connection.feed(Side.CLIENT, frame(1, 5, 1, GET + b"\x40\x03imi\x01x")[:-4])
    (stream,) = connection.finish()
    assert stream.request is not None
    assert (stream.request.method, stream.request.authority, stream.request.truncated) == ("GET", b"a", True)
    assert stream.request.note == "header fields that do not end"


def test_a_data_frame_cut_by_the_end_says_what_is_missing() -> None:
    connection = opening()
    connection.feed(Side.CLIENT, frame(1, 4, 1, GET) + frame(0, 1, 1, b"0123456789")[:-6])
    (stream,) = connection.finish()
    assert stream.request is not None
    assert (stream.request.body, stream.request.missing, stream.request.truncated) == (b"0123", 6, True)


def test_open_streams_and_their_bodies_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http2_table, "MAX_STREAMS", 4)
    monkeypatch.setattr(http2_table, "MAX_OPEN_BODIES", 10)
    connection = opening()
    found = []
    for number in range(1, 41, 2):
        found += connection.feed(Side.CLIENT, frame(1, 4, number, GET) + frame(0, 0, number, b"1234"))
    assert len(found) == 16
    assert found[0].note == "too many open streams"
    messages = [stream.request for stream in found + connection.finish()]
    assert sum(len(message.body) + message.missing for message in messages if message is not None) == 80
    assert any(message is not None and message.missing for message in messages)
