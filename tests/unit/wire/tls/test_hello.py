import random

import pytest
from tls_sealed import client_hello, server_hello

from phonehome.model.errors import DecodeError
from phonehome.wire.tls.hello import (
    parse_client_hello,
    parse_server_hello,
    parse_sslv2_hello,
    readable,
)


def _extension(kind: int, body: bytes) -> bytes:
    return kind.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body


def _vector(body: bytes, prefix: int = 2) -> bytes:
    return len(body).to_bytes(prefix, "big") + body


SNI = _extension(0, _vector(b"\0" + _vector(b"Cloud.Example.")))
ALPN = _extension(16, _vector(_vector(b"h2", 1) + _vector(b"http/1.1", 1)))


def test_a_client_hello_names_host_and_protocols() -> None:
    hello = parse_client_hello(client_hello(0x0303, 0xC02F, SNI + ALPN)[4:])
    assert hello.server_name == "cloud.example"
    assert hello.alpn == (b"h2", b"http/1.1")
    assert hello.ciphers == (0xC02F,)
    assert not hello.ech_outer


def test_an_encrypted_hello_is_told_by_its_outer_form() -> None:
    outer = parse_client_hello(client_hello(0x0303, 0x1301, SNI + _extension(0xFE0D, b"\0rest"))[4:])
    inner = parse_client_hello(client_hello(0x0303, 0x1301, SNI + _extension(0xFE0D, b"\1"))[4:])
    assert (outer.ech_outer, inner.ech_outer) == (True, False)


@pytest.mark.parametrize("name", [b"", b"\xff\xfe", b"a\0b", b"white space", b"a\nb"])
def test_a_server_name_that_is_no_host_name_is_none(name: bytes) -> None:
    hello = parse_client_hello(client_hello(0x0303, 1, _extension(0, _vector(b"\0" + _vector(name))))[4:])
    assert hello.server_name is None


def test_the_whole_part_of_cut_extensions_counts() -> None:
    body = client_hello(0x0303, 0xC02F, SNI + ALPN)[4:]
    assert parse_client_hello(body[:-1]).server_name == "cloud.example"
    assert parse_client_hello(body[:-1]).alpn == ()


def test_a_server_hello_of_tls_13_tells_its_version_in_an_extension() -> None:
    hello = parse_server_hello(server_hello(0x0303, 0x1301, _extension(43, b"\3\4"))[4:])
    assert (hello.version, hello.retry) == (0x0304, False)
    draft = parse_server_hello(server_hello(0x0303, 0x1301, _extension(43, b"\x7f\x1c"))[4:])
    assert draft.version == 0x0304


def test_an_extension_of_no_bytes_is_one() -> None:
    hello = parse_server_hello(server_hello(0x0301, 0x2F, _extension(22, b"") + _extension(23, b""))[4:])
    assert hello.encrypt_then_mac
    assert hello.extended_master_secret


def test_protocol_names_are_shown_without_control_characters() -> None:
    assert readable(b"h2\x1b[0m") == "h2\\x1b[0m"


def test_every_cut_and_change_gives_a_hello_or_the_declared_error() -> None:
    chance = random.Random(14)
    sources = [
        (parse_client_hello, client_hello(0x0303, 0xC02F, SNI + ALPN)[4:]),
        (parse_server_hello, server_hello(0x0303, 0x1301, _extension(43, b"\3\4"))[4:]),
        (parse_sslv2_hello, b"\1\3\1" + b"\0\3\0\0\0\x10" + b"\0\0\x2f" + bytes(16)),
    ]
    for parse, whole in sources:
        variants = [whole[:size] for size in range(len(whole))]
        for _ in range(2000):
            changed = bytearray(whole)
            for _ in range(chance.choice((1, 2, 4))):
                changed[chance.randrange(len(changed))] = chance.choice(
                    (0, 1, 127, 255, chance.randrange(256))
                )
            variants.append(bytes(changed))
        read = 0
        for variant in variants:
            try:
                parse(variant)
                read += 1
            except DecodeError:
                continue
        assert read
