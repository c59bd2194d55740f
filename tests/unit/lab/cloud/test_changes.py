"""Changes of a backup, read: what may be stored can be written again, and errors quote nobody's data."""

import json

import pytest

from phonehome.lab.cloud.changes import MAX_NESTING, parse_changes, parse_photo
from phonehome.lab.cloud.refusal import Reason, Refusal


def _parse(text: str) -> list[object]:
    return [change.data for change in parse_changes(text, limit=5, item_bytes=1_000)]


def test_plain_data_is_taken_as_it_is() -> None:
    data = {"name": "Böb", "numbers": ["+12025550143"], "at": 1.5, "nested": {"null": None}}
    assert _parse(json.dumps([{"id": "c1", "data": data}])) == [data]


def test_nesting_is_taken_to_its_bound_and_no_further() -> None:
    for depth, fits in ((MAX_NESTING - 2, True), (MAX_NESTING, False)):
        text = '[{"id": "a", "data": {"x": ' + "[" * depth + "]" * depth + "}}]"
        if fits:
            assert len(_parse(text)) == 1
        else:
            with pytest.raises(Refusal, match="nested"):
                _parse(text)


@pytest.mark.parametrize("data", ['{"x": NaN}', '{"x": [1e999]}', '{"x": "\\ud800"}', '{"\\udc00": 1}'])
def test_what_json_cannot_write_is_malformed(data: str) -> None:
    with pytest.raises(Refusal) as found:
        _parse('[{"id": "a", "data": ' + data + "}]")
    assert found.value.reason is Reason.MALFORMED
    with pytest.raises(Refusal):
        parse_photo("IMG_1.jpg", base=0, data=data, item_bytes=1_000)


def test_an_item_is_measured_as_it_is_written() -> None:
    with pytest.raises(Refusal) as found:
        _parse(json.dumps([{"id": "a", "data": {"x": "é" * 600}}]))
    assert found.value.reason is Reason.OVERSIZED


@pytest.mark.parametrize(
    "text",
    [
        '[{"id": "a", "+12025550143 Bob": 1}]',
        '[{"id": "Bob Example +12025550143"}]',
        '[{"id": "a", "base": "+12025550143"}]',
        '[{"id": "a", "data": "Bob +12025550143"}]',
        '["Bob +12025550143',
    ],
)
def test_an_error_says_where_and_not_what(text: str) -> None:
    with pytest.raises(Refusal) as found:
        _parse(text)
    assert "Bob" not in found.value.why
    assert "12025550143" not in found.value.why
