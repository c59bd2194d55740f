"""Expressions say what is sent and what an audit must say of it; the known digest of the affair comes out."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.lab.handset.expressions import Written, parse_expression
from phonehome.model.errors import ConfigError
from phonehome.model.subject import DataType, KnownValue

IMEI = KnownValue(id="imei-1", type=DataType.IMEI, value="490154203237518")
VALUES = {DataType.IMEI: IMEI}
OWN = {"sim_secret": "5a7e"}


def write(text: str) -> Written:
    written = parse_expression(text).write(VALUES, OWN)
    assert written is not None
    return written


@pytest.mark.parametrize(
    ("text", "sent", "form", "chain"),
    [
        ("imei", "490154203237518", "", ()),
        ("H(imei)", "l6IQUjLsyHVvA6Ap", "/sha1/base64-16", ()),
        ("base64( imei )", "NDkwMTU0MjAzMjM3NTE4", "", ("base64",)),
        ("base64(hex(imei))", "MzQzOTMwMzEzNTM0MzIzMDMzMzIzMzM3MzUzMTM4", "", ("base64", "base16")),
        ("base64(H(imei))", "bDZJUVVqTHN5SFZ2QTZBcA==", "/sha1/base64-16", ("base64",)),
        ("md5(imei)", "0eaed834a1e6f4b2bf0c024e0013dea1", "/md5/lower-hex", ()),
    ],
)
def test_a_value_is_written_and_told(text: str, sent: str, form: str, chain: tuple[str, ...]) -> None:
    written = write(text)
    assert written.value == IMEI
    assert (written.form, written.chain) == (form, chain)
    assert written.text == sent


def test_a_constant_holds_no_value() -> None:
    assert write("base64('MXPH')") == Written(text="TVhQSA==", chain=("base64",))


def test_without_a_value_of_the_type_nothing_is_written() -> None:
    assert parse_expression("imsi").write(VALUES, OWN) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no expression"),
        ("imie", "no data type"),
        ("rot13(imei)", "no function"),
        ("base64(imei", "no expression"),
        ("base64 imei", "no expression"),
        ("base64(imei))", "no expression"),
        ("base64()", "no data type|no expression"),
        ("'open", "no expression"),
        ("base64(" * 20 + "imei" + ")" * 20, "no expression"),
    ],
)
def test_what_is_no_expression_is_refused_with_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_expression(text)


def test_a_digest_of_something_encoded_is_refused() -> None:
    with pytest.raises(ConfigError, match="encoded already"):
        write("md5(base64(imei))")


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_a_declared_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        parse_expression(text)
