"""Moments in a case have a time zone."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.case.times import BadTime, parse_time, write_time

NINE = datetime(2014, 8, 7, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2014-08-07T09:00:00Z",
        "2014-08-07t09:00z",
        "2014-08-07 09:00:00+00:00",
        "2014-08-07T14:30:00+05:30",
        "2014-08-07T14:30:00.000000000 +0530",
        " 2014-08-06T21:00:00-12:00 ",
    ],
)
def test_a_moment_with_a_zone_is_read_in_utc(text: str) -> None:
    assert parse_time(text) == NINE
    assert parse_time(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2014-08-07T09:00:00", "no time zone"),
        ("2014-08-07", "must be a moment"),
        ("now", "must be a moment"),
        ("", "must be a moment"),
        ("2014-02-30T09:00:00Z", "calendar"),
        ("2014-08-07T25:00:00Z", "calendar"),
        ("2014-08-07T09:00:00+25:00", "calendar"),
        ("0001-01-01T00:00:00+14:00", "calendar"),
        ("٢٠١٤-08-07T09:00:00Z", "must be a moment"),
        ("2014-W32-4T09:00:00Z", "must be a moment"),
    ],
)
def test_anything_else_is_refused_with_a_reason(text: str, said: str) -> None:
    with pytest.raises(BadTime, match=said):
        parse_time(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_is_read_again(moment: datetime) -> None:
    assert parse_time(write_time(moment)) == moment


@given(st.text())
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    try:
        parse_time(text)
    except BadTime:
        return
