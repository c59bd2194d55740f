import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from phonehome.reports.text import visible

HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def test_printable_text_of_any_script_stays_as_it_is() -> None:
    text = "IMEI ‹imei-1› 小米 हिन्दी العربية naïve 😀 <b> & \\"
    assert visible(text) == text


def test_terminal_escapes_bidi_controls_and_invisible_characters_become_escapes() -> None:
    assert visible("a\x1b[31m\x9b0m\r\n\x7f") == "a\\x1B[31m\\x9B0m\\x0D\\x0A\\x7F"
    assert visible("\u202egnp.exe\u2066\ufeff\u200b") == "\\u202Egnp.exe\\u2066\\uFEFF\\u200B"
    assert visible("\U000e0041\ud800") == "\\U000E0041\\uD800"


def test_every_hidden_category_of_unicode_is_covered() -> None:
    hidden = "".join(chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) in HIDDEN_CATEGORIES)
    assert {unicodedata.category(character) for character in visible(hidden)}.isdisjoint(HIDDEN_CATEGORIES)
    assert visible(visible(hidden)) == visible(hidden)


@given(st.text())
def test_nothing_hidden_is_left_of_any_text(text: str) -> None:
    assert {unicodedata.category(character) for character in visible(text)}.isdisjoint(HIDDEN_CATEGORIES)
