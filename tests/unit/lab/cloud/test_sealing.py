"""The "base-64" layer, against values worked out with other tools and against damage."""

import base64
import subprocess
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.lab.cloud.sealing import (
    IV,
    SIGNATURE,
    SealError,
    open_parameters,
    open_text,
    seal_parameters,
    seal_text,
    short_digest,
    sign,
)

KEY = bytes(range(16))
GIVEN = {"type": "MXPH", "externalId": "+12025550102", "_nonce": "x:1"}


def test_the_short_digest_is_the_published_one() -> None:
    assert short_digest("490154203237518") == "l6IQUjLsyHVvA6Ap"


@pytest.mark.needs_tool("openssl")
def test_another_program_opens_what_was_sealed() -> None:
    command = ["openssl", "enc", "-d", "-aes-128-cbc", "-K", KEY.hex(), "-iv", IV.hex()]
    sealed = base64.b64decode(seal_text("+12025550102", KEY))
    assert subprocess.run(command, input=sealed, capture_output=True, check=True).stdout == b"+12025550102"


@given(st.text(alphabet=st.characters(codec="utf-8")), st.binary(min_size=16, max_size=16))
def test_every_text_comes_back(text: str, key: bytes) -> None:
    assert open_text(seal_text(text, key), key) == text


@given(st.text() | st.binary().map(lambda data: base64.b64encode(data).decode()))
def test_anything_else_is_refused_or_is_text(sealed: str) -> None:
    with suppress(SealError):
        assert isinstance(open_text(sealed, KEY), str)


def test_parameters_that_begin_with_an_underscore_stay_open() -> None:
    sealed = seal_parameters("GET", "/pass", GIVEN, KEY)
    assert sealed["_nonce"] == "x:1"
    assert sealed["externalId"] != GIVEN["externalId"]
    assert open_parameters("GET", "/pass", sealed, KEY) == GIVEN


@pytest.mark.parametrize(
    "change",
    [{"type": "x"}, {"_nonce": "x:2"}, {"extra": "1"}, {SIGNATURE: ""}, {SIGNATURE: "é"}, {"_extra": ""}],
)
def test_any_change_breaks_the_signature(change: dict[str, str]) -> None:
    sealed = seal_parameters("GET", "/pass", GIVEN, KEY)
    with pytest.raises(SealError, match="signature"):
        open_parameters("GET", "/pass", {**sealed, **change}, KEY)


@pytest.mark.parametrize(
    ("method", "path", "key"), [("POST", "/pass", KEY), ("GET", "/", KEY), ("GET", "/pass", b"x" * 16)]
)
def test_the_signature_covers_method_path_and_key(method: str, path: str, key: bytes) -> None:
    with pytest.raises(SealError):
        open_parameters(method, path, seal_parameters("GET", "/pass", GIVEN, KEY), key)


def test_a_signed_parameter_that_is_not_sealed_is_refused() -> None:
    plain = {"a": "not sealed"}
    with pytest.raises(SealError, match="not sealed"):
        open_parameters("GET", "/", {**plain, SIGNATURE: sign("GET", "/", plain, KEY)}, KEY)
