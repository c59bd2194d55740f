"""Cursors of a backup, as handsets write them."""

import pytest

from phonehome.lab.cloud.cursors import Cursor, parse_cursor
from phonehome.lab.cloud.refusal import Refusal


@pytest.mark.parametrize("cursor", [Cursor(), Cursor(rev=5), Cursor(rev=5, horizon=1), Cursor(horizon=3)])
def test_a_cursor_is_read_as_it_was_written(cursor: Cursor) -> None:
    assert parse_cursor(str(cursor.write())) == cursor


def test_a_cursor_is_a_number_until_something_was_purged() -> None:
    assert Cursor(rev=5).write() == 5
    assert Cursor(rev=5, horizon=2).write() == "5.2"


@pytest.mark.parametrize("text", ["", "-1", "1e3", "1.", ".1", "1.2.3", "\u0665", "9" * 10, "1\n"])
def test_what_was_never_given_is_malformed(text: str) -> None:
    with pytest.raises(Refusal):
        parse_cursor(text)
