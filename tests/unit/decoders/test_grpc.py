import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.grpc import Grpc
from phonehome.model.errors import DecodeError, LimitExceeded


def frame(message: bytes, flag: int = 0) -> bytes:
    return bytes((flag,)) + len(message).to_bytes(4, "big") + message


def test_messages_are_given_with_their_place_and_empty_ones_counted() -> None:
    data = frame(b"one") + frame(b"") + frame(b"packed", 1)
    leaves = Grpc().split(data, 10)
    assert [(leaf.step, leaf.data) for leaf in leaves] == [("grpc:0", b"one"), ("grpc:2", b"packed")]
    assert data[leaves[1].start : leaves[1].end] == b"packed"


@pytest.mark.parametrize(
    "data", [b"", bytes(5), frame(b"a") + b"x", frame(b"a")[:-1], frame(b"a", 2), bytes(4)]
)
def test_frames_that_do_not_fill_the_buffer_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Grpc().split(data, 10)


def test_more_messages_than_the_limit_are_an_error_of_their_own() -> None:
    with pytest.raises(LimitExceeded):
        Grpc().split(frame(b"a") * 3, 2)


def test_truncation_at_every_byte_gives_whole_frames_or_the_declared_error() -> None:
    data = frame(b"one") + frame(b"two")
    for end in range(len(data)):
        try:
            assert [leaf.data for leaf in Grpc().split(data[:end], 10)] == [b"one"]
        except DecodeError:
            assert end != len(frame(b"one"))


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=8))
def test_what_was_framed_comes_back(messages: list[bytes]) -> None:
    assert [leaf.data for leaf in Grpc().split(b"".join(map(frame, messages)), 10)] == messages
