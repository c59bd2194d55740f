"""What is masked by its shape alone, and what is not; and what is masked of a number that was sent in parts."""

import re

import pytest
from detecting import IMEI, PHONE, known, subject_of
from hypothesis import given
from hypothesis import strategies as st

from phonehome.detect import Detector
from phonehome.detect.strangers import mask_strangers

MASKER = Detector(subject_of(known("imei", IMEI), known("imsi", "310260123456789"))).make_masker(reveal=False)


@pytest.mark.parametrize(
    "text",
    [
        "mail someone.else@example.com today",
        "call +44 7700 900456 today",
        "id 0b1c2d3e-4f50-4162-8374-95a6b7c8d9ea",
        "mac 00:1b:44:11:3a:b7",
        "at 51.507351,-0.127758",
        "hash d41d8cd98f00b204e9800998ecf8427e",
    ],
)
def test_what_looks_like_a_strangers_data_is_masked_by_its_kind(text: str) -> None:
    shown = MASKER.text(text.encode())
    assert "‹" in shown
    assert re.search(r"\d{6}|[0-9a-f]{12}|someone|51\.5073|00:1b", shown) is None


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("3c%3A5a%3Ab4%3A11%3A22%3A33", "‹mac›"),
        ("3c%253A5a%253Ab4%253A11%253A22%253A33", "‹mac›"),
        ("%223c-5a-b4-11-22-33%22", "%22‹mac›%22"),
        ("3c5ab4112233", "‹hex›"),
        ("2001:db8:85a3::8a2e:370:7334", "‹ip›"),
        ("2001%3Adb8%3A%3A1234%3A5678", "‹ip›"),
        ("2001:db8:0:1:2:3:4:5", "‹ip›"),
        ("zeb%40x.org", "‹e-mail›"),
        ("zeb%2540x.org", "‹e-mail›"),
        ("zeb%2Btag%40x%2Eorg", "‹e-mail›"),
        ("".join(f"%25{byte:02X}" for byte in b"zeb@x.org"), "‹escaped›"),
        ("emViQHgub3Jn", "‹token›"),
        ("7a656240782e6f7267", "‹hex›"),
        ("356938%2D03%2D564380%2D9", "‹number›"),
        ("%2B1%20%28202%29%20555-0177", "‹number›"),
        ("%28202%29+555-0177", "%28‹number›"),
        ("H4sIABfGAWsC/6tKTUpNyUzM0EsuKs0tyEnNyC/Kc0jNKU4tz0gtStXLSy0BAF7gKXIiAAAA", "‹token›"),
        ("a/R52N80ABCDE", "a/‹token›"),
        ("R52N80ABCDE", "‹token›"),
        ("%22ZX1G22KHQK%22", "%22‹token›%22"),
        ("sid9f8e7d6c5b4a", "‹token›"),
    ],
)
def test_a_strangers_value_is_masked_whole_however_it_is_encoded(written: str, shown: str) -> None:
    url = f"https://h.example.net/p?v={written}&x=1".encode()
    assert MASKER.url(url, []) == f"https://h.example.net/p?v={shown}&x=1"
    assert MASKER.text(f'{{"v":"{written}"}}'.encode()) == f'{{"v":"{shown}"}}'


def test_parts_of_the_handsets_numbers_that_stand_alone_are_masked() -> None:
    assert MASKER.text(b"tac=49015420&snr=323751&cd=8") == "tac=‹number›&snr=‹imei-1›&cd=8"
    assert MASKER.text(b"mccmnc=310260&msin=123456789") == "mccmnc=310260&msin=‹imsi-1›"
    assert MASKER.text(b'{"snr":323751}') == '{"snr":‹imei-1›}'
    assert MASKER.text(b"n=323715&m=132375") == "n=323715&m=132375"
    assert MASKER.text(b"n=310260123456789012345;") == "n=‹imsi-1›;"


def test_an_id_that_looks_like_a_token_is_not_masked_itself() -> None:
    subject = subject_of(known("contact_phone_number", PHONE), region="US")
    assert subject.values[0].id == "contact-phone-number-1"
    masker = Detector(subject).make_masker(reveal=False)
    assert masker.text(b"p=2025550143&x") == "p=‹contact-phone-number-1›&x"


def test_ordinary_text_stays_readable() -> None:
    for text in (
        "Dalvik/2.1.0 (Linux; U; Android 11; sdk_gphone_x86_64)",
        "AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 iPhone14ProMax SHA256withRSA v2.1.3-beta10",
        "std::string face::load 12:30:45 /v2/apps/app_open com.example.katana locale=en_US",
        "GET https://d3jdlwnuo8nsnr.cloudfront.net/a and https://[2001:db8::1]/a",
        "POST /v2/events?sdk=1.2.3&lang=en-IN HTTP/1.1",
        '{"os":"Android 14","ok":true}',
        "n=5; path=/",
    ):
        assert MASKER.text(text.encode()) == text
    assert MASKER.host("graph.facebook.com") == "graph.facebook.com"
    for url in ("https://[2001:db8:85a3::8a2e]:8443/v2?a=b", "https://d3jdlwnuo8nsnr.cloudfront.net/v2"):
        assert MASKER.url(url.encode(), []) == url
    assert MASKER.url(b"https://graph.facebook.com/v2?a=b", []) == "https://graph.facebook.com/v2?a=b"


PIECES = st.one_of(
    st.sampled_from(
        ["\ud800\udc00", "\ud801\udfff", "%3A", "%2540", "&#65;", "\\u0041", "@", "::", "a1b2c3", "12", "/"]
    ),
    st.text(alphabet="abF09+/=-_.:%@ ‹›;#&\\", max_size=12),
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_the_marks_of_known_values_stay_whatever_is_around_them(text: str) -> None:
    marks = re.compile("[\ud800-\udfff]+")
    assert "".join(marks.findall(mask_strangers(text))) == "".join(marks.findall(text))
