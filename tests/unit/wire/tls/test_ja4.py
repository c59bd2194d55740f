"""Published examples of FoxIO's specification (technical_details/JA4.md), and its special cases."""

import pytest

from phonehome.wire.tls.hello import ClientHello
from phonehome.wire.tls.ja4 import Carrier, is_grease, ja4

CIPHERS = "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"
EXTENSIONS = "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015"
SIGNATURES = "0403,0804,0401,0503,0805,0501,0806,0601"


def _numbers(listed: str) -> tuple[int, ...]:
    return tuple(int(number, 16) for number in listed.split(",") if number)


def _hello(
    ciphers: str = CIPHERS,
    extensions: str = EXTENSIONS,
    signatures: str = SIGNATURES,
    alpn: tuple[bytes, ...] = (b"h2", b"http/1.1"),
    versions: tuple[int, ...] = (0x2A2A, 0x0304, 0x0303),
    version: int = 0x0303,
) -> ClientHello:
    return ClientHello(
        version=version,
        random=bytes(32),
        session_id=b"",
        ciphers=_numbers(ciphers),
        extensions=tuple((kind, b"") for kind in _numbers(extensions)),
        versions=versions,
        signature_algorithms=_numbers(signatures),
        server_name=None,
        alpn=alpn,
        ech_outer=False,
    )


def test_the_specification_s_example() -> None:
    assert ja4(_hello()) == "t13d1516h2_8daaf6152771_e5627efa2ab1"


def test_grease_counts_nowhere() -> None:
    greased = _hello("0a0a," + CIPHERS, "dada," + EXTENSIONS + ",fafa", "1a1a," + SIGNATURES)
    assert ja4(greased) == ja4(_hello())
    assert [value for value in range(0x10000) if is_grease(value)] == [0x0A0A + 0x1010 * n for n in range(16)]


def test_without_signature_algorithms_the_list_ends_without_an_underscore() -> None:
    assert ja4(_hello(signatures="")).endswith("_6d807ffa2a79")


def test_empty_lists_are_shown_as_zeros() -> None:
    assert ja4(_hello("", "", "", (), ())) == "t12i000000_000000000000_000000000000"


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        (b"h2", "h2"),
        (b"http/1.1", "h1"),
        (b"", "00"),
        (b"x", "xx"),
        (b"\xab", "ab"),
        (b"\xab\xcd", "ad"),
        (b"\x30\xab", "3b"),
        (b"\x30\x31\xab\xcd", "3d"),
        (b"\x30\xab\xcd\x31", "01"),
    ],
)
def test_the_ends_of_the_first_protocol_name(name: bytes, ends: str) -> None:
    assert ja4(_hello(alpn=(name, b"other")))[8:10] == ends


@pytest.mark.parametrize(
    ("version", "shown"), [(0x0301, "10"), (0x0300, "s3"), (0x0002, "s2"), (0x0303, "12"), (0x1234, "00")]
)
def test_without_the_extension_the_hello_s_own_version_counts(version: int, shown: str) -> None:
    assert ja4(_hello(versions=(), version=version))[1:3] == shown


def test_the_carrier_is_the_first_letter() -> None:
    assert ja4(_hello(), Carrier.QUIC).startswith("q13")
    assert ja4(_hello(versions=(0xFEFD, 0xFEFC)), Carrier.DTLS).startswith("dd3")


def test_more_than_ninety_nine_are_shown_as_such() -> None:
    many = ",".join(f"{number:04x}" for number in range(1, 121))
    assert ja4(_hello(many))[4:6] == "99"
