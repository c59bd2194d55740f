from h2_streams import Pair

from phonehome.wire.http2 import Http2Connection
from phonehome.wire.http2_stream import Http2Stream
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
