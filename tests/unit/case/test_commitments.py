"""Commitments: bound to one meaning, and telling nothing before they are opened."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.case.commitments import Committed, commit, digest, parse_committed
from phonehome.model.errors import DecodeError

ABOUT = Committed(finding="f1", data_type="imei", form="imei", value="490154203237518")


def test_equal_values_have_unlike_commitments() -> None:
    assert len({commit(ABOUT)[0] for _ in range(50)}) == 50


def test_an_opening_has_256_random_bits_of_its_own() -> None:
    bits = {json.loads(commit(ABOUT)[1])[-1] for _ in range(50)}
    assert len(bits) == 50
    assert all(len(bytes.fromhex(one)) == 32 for one in bits)


def test_any_tool_that_hashes_can_check_an_opening() -> None:
    commitment, text = commit(ABOUT)
    assert hashlib.sha256(text.encode()).hexdigest() == commitment


@given(
    st.builds(
        Committed, finding=st.text(), data_type=st.text(), form=st.text(), value=st.text(st.characters())
    )
)
def test_whatever_was_committed_to_reads_back(about: Committed) -> None:
    commitment, text = commit(about)
    assert digest(text) == commitment
    assert parse_committed(text) == about


def test_fields_cannot_be_shifted_into_one_another() -> None:
    one = commit(Committed(finding="f1", data_type="a", form="b", value="c"))[1]
    shifted = parse_committed(one.replace('"a","b"', '"a,b",""'))
    assert shifted.data_type == "a,b"
    assert digest(one) != digest(one.replace('"a","b"', '"a,b",""'))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '["phonehome.commitment/1","f","t","o","v"]',
        '["phonehome.commitment/2","f","t","o","v","' + "0" * 64 + '"]',
        '["phonehome.commitment/1","f","t","o","v","' + "0" * 62 + '"]',
        '["phonehome.commitment/1","f","t","o",1,"' + "0" * 64 + '"]',
        '["phonehome.commitment/1","f","t","o","v","' + "z" * 64 + '"]',
        "[" * 100_000,
    ],
)
def test_what_opens_nothing_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        parse_committed(text)
