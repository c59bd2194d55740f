import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.jwt import Jwt
from phonehome.model.errors import DecodeError, LimitExceeded


def part(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


HEADER, PAYLOAD = b'{"typ":"JWT","alg":"HS256"}', b'{"sub":"490154203237518"}'
TOKEN = b".".join((part(HEADER), part(PAYLOAD), part(b"signature")))


@pytest.mark.parametrize(
    "data", [TOKEN, b"Bearer " + TOKEN, TOKEN.rpartition(b".")[0], TOKEN.rpartition(b".")[0] + b"."]
)
def test_header_and_payload_are_given_with_their_encoded_place(data: bytes) -> None:
    leaves = Jwt().split(data, 10)
    assert [(leaf.step, leaf.data) for leaf in leaves] == [("jwt:header", HEADER), ("jwt:payload", PAYLOAD)]
    assert data[leaves[1].start : leaves[1].end] == part(PAYLOAD)


def test_of_an_encrypted_token_only_the_header_is_read() -> None:
    data = b".".join((part(b'{"alg":"dir","enc":"A128GCM"}'), b"", part(b"iv"), part(b"text"), part(b"tag")))
    assert [leaf.step for leaf in Jwt().split(data, 10)] == ["jwt:header"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"www.example.org",
        part(b'{"typ":"JWT"}') + b".a.b",
        part(b"[1,2,3,4]") + b".a.b",
        TOKEN + b" ",
        part(b'{"alg"x  }') + b".a",
        b"aaaaaaaaa.b.c",
    ],
)
def test_other_dotted_texts_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Jwt().split(data, 10)


def test_more_parts_than_the_limit_are_an_error_of_their_own() -> None:
    with pytest.raises(LimitExceeded):
        Jwt().split(TOKEN, 1)


def test_truncation_at_every_byte_gives_the_header_or_the_declared_error() -> None:
    for end in range(len(TOKEN)):
        try:
            assert Jwt().split(TOKEN[:end], 10)[0].data == HEADER
        except DecodeError:
            continue


@given(st.binary(min_size=1, max_size=100))
def test_any_payload_comes_back(payload: bytes) -> None:
    assert Jwt().split(part(HEADER) + b"." + part(payload) + b".", 10)[1].data == payload
