from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.multipart import Multipart
from phonehome.model.errors import DecodeError, LimitExceeded

BODY = (
    b'--b0und\r\nContent-Disposition: form-data; name="imei"\r\n\r\n490154203237518\r\n'
    b'--b0und\r\nContent-Disposition: form-data; name=f; filename="p q.jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n\x00\r\n--x\n\r\n"
    b"--b0und--\r\n"
)


def parts(data: bytes) -> list[tuple[str, bytes]]:
    leaves = Multipart().split(data, 100)
    assert all(data[leaf.start : leaf.end] == leaf.data for leaf in leaves)
    return [(leaf.step, leaf.data) for leaf in leaves]


def test_bodies_and_file_names_are_given_with_their_place() -> None:
    expected = [
        ("multipart:imei", b"490154203237518"),
        ("multipart:f", b"\x00\r\n--x\n"),
        ("multipart:f:filename", b"p q.jpg"),
    ]
    assert parts(BODY) == expected
    assert parts(b"\r\n" + BODY) == expected


def test_parts_without_a_name_go_by_their_number_and_bare_line_feeds_pass() -> None:
    data = b"--b\nContent-Type: text/plain\n\none\n--b\nContent-Type: text/plain\n\ntwo\n--b--\n"
    assert parts(data) == [("multipart:0", b"one"), ("multipart:1", b"two")]


@pytest.mark.parametrize(
    "data", [b"", b"text", b"--", b"--option value\n", b"---\ntitle\n---\n", b"\r\n--b\r\n\r\nbody"]
)
def test_texts_without_boundary_and_header_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Multipart().split(data, 100)


def test_more_parts_than_the_limit_are_an_error_of_their_own() -> None:
    with pytest.raises(LimitExceeded):
        Multipart().split(BODY, 2)


def test_truncation_at_every_byte_gives_parts_or_the_declared_error() -> None:
    for end in range(len(BODY)):
        try:
            found = parts(BODY[:end])
        except DecodeError:
            continue
        assert len(found) <= 3


@given(st.lists(st.text("ab \n", min_size=1).map(lambda text: text + "."), min_size=1, max_size=4))
def test_what_the_standard_library_writes_is_read(texts: list[str]) -> None:
    message = EmailMessage()
    message.make_mixed()
    for text in texts:
        message.add_attachment(text, cte="8bit")
    whole = message.as_bytes()
    body = whole[whole.index(b"\n--") + 1 :]
    assert [data for _, data in parts(body)] == [f"{text}\n".encode() for text in texts]
