import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from phonehome.wire.http1 import RequestParser, ResponseParser
from phonehome.wire.http_message import HttpMessage

REQUESTS = (
    b"GET /a?x=1 HTTP/1.1\r\nHost: example.org\r\n\r\n",
    b"POST /b HTTP/1.1\r\nHost: example.org\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nSum: 1\r\n\r\n",
    b"PUT /d HTTP/1.0\nContent-Length: 2\n\nok",
    b"GET http://example.org/ HTTP/1.1\r\nFold: a\r\n b\r\n\r\n",
    b"\r\n",
    b"some junk that is no request\r\n\r\n",
    b"POST /e HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    b"POST /f HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n1234",
    b"\x00\x01binary",
)
RESPONSES = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
    b"HTTP/1.0 404 Not Found\nContent-Length: 2\n\nno",
    b"left over\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n",
    b"\r\n\r\n",
)

Step = bytes | int  # what is fed, or the size of a gap


def fields(message: HttpMessage) -> dict[str, object]:
    return {name: getattr(message, name) for name in HttpMessage.__slots__}


def run(parser: RequestParser | ResponseParser, steps: list[Step]) -> list[HttpMessage]:
    found: list[HttpMessage] = []
    for step in steps:
        found += parser.gap(step) if isinstance(step, int) else parser.feed(step)
    return found + parser.finish()


def accounted(parser: RequestParser | ResponseParser, found: list[HttpMessage]) -> int:
    return sum(message.size for message in found) + parser.skipped + parser.lost + parser.passed


def total(steps: list[Step]) -> int:
    return sum(step if isinstance(step, int) else len(step) for step in steps)


def cut(steps: list[Step], cuts: list[int]) -> list[Step]:
    result: list[Step] = []
    for step in steps:
        if isinstance(step, int):
            result.append(step)
            continue
        places = sorted({place % (len(step) + 1) for place in cuts} | {0, len(step)})
        result += [step[a:b] for a, b in pairwise(places)]
    return result


def steps_of(parts: tuple[bytes, ...]) -> st.SearchStrategy[list[Step]]:
    run_of_parts = st.lists(st.sampled_from(parts) | st.binary(max_size=6), min_size=1, max_size=6).map(
        b"".join
    )
    return st.lists(run_of_parts | st.integers(1, 9), min_size=1, max_size=5)


@settings(max_examples=400)
@given(steps_of(REQUESTS), st.lists(st.integers(0, 500), max_size=12))
def test_requests_are_the_same_whole_and_in_pieces(steps: list[Step], cuts: list[int]) -> None:
    whole, pieces = RequestParser(), RequestParser()
    expected, got = run(whole, steps), run(pieces, cut(steps, cuts))
    assert [fields(m) for m in got] == [fields(m) for m in expected]
    assert whole.take_skipped() == pieces.take_skipped()
    assert accounted(whole, expected) == accounted(pieces, got) == total(steps)
    assert all(m.end - m.start == m.size + m.lost for m in expected)


@settings(max_examples=400)
@given(
    steps_of(RESPONSES),
    st.lists(st.integers(0, 500), max_size=12),
    st.lists(st.sampled_from(["GET", "HEAD", "0.9"])),
)
def test_responses_are_the_same_whole_and_in_pieces(
    steps: list[Step], cuts: list[int], methods: list[str]
) -> None:
    whole, pieces = ResponseParser(), ResponseParser()
    for method in methods:
        whole.expect(method)
        pieces.expect(method)
    expected, got = run(whole, steps), run(pieces, cut(steps, cuts))
    assert [fields(m) for m in got] == [fields(m) for m in expected]
    assert whole.take_skipped() == pieces.take_skipped()
    assert accounted(whole, expected) == accounted(pieces, got) == total(steps)


def test_a_stream_cut_at_any_byte_is_accounted_for() -> None:
    for parts, make in ((REQUESTS, RequestParser), (RESPONSES, ResponseParser)):
        stream = b"".join(parts)
        for end in range(len(stream)):
            parser = make()
            found = run(parser, [stream[:end]])
            assert accounted(parser, found) == end


def test_changed_bytes_raise_nothing_and_are_accounted_for() -> None:
    random_source = random.Random(3)
    for _ in range(1500):
        parts, parser = random_source.choice(((REQUESTS, RequestParser()), (RESPONSES, ResponseParser())))
        stream = bytearray(b"".join(random_source.sample(parts, 5)))
        for _ in range(random_source.randint(1, 8)):
            stream[random_source.randrange(len(stream))] = (
                random_source.choice(b"\r\n\x00 :9HGz/.")
                if random_source.random() < 0.6
                else random_source.randrange(256)
            )
        found = run(parser, [bytes(stream)])
        assert accounted(parser, found) == len(stream)
