"""Comparing a result with a repetition: bytes for the same versions, contents for others, by place."""

import json

import pytest

from phonehome.case.repetition import MAX_LISTED, compare_results
from phonehome.model.errors import ConfigError

Json = dict[str, object]


def result(version: str = "1", **rest: object) -> bytes:
    tool = {
        "name": "phonehome",
        "version": version,
        "data": [{"name": "asn", "date": "2026-01-01", "source": "s"}],
    }
    return json.dumps({"tool": tool, **rest}).encode()


def test_the_same_bytes_hold() -> None:
    found = compare_results(result(), result())
    assert found.same_bytes
    assert found.holds


def test_the_same_versions_must_give_the_same_bytes() -> None:
    found = compare_results(result(a=1), result(a=2))
    assert not found.holds
    assert found.versions == []
    assert found.differences == ["a: 1 → 2"]


def test_contents_with_other_spaces_do_not_hold() -> None:
    found = compare_results(result(a=1), result(a=1) + b"\n")
    assert not found.holds
    assert "not the bytes" in found.differences[0]


def test_other_versions_are_named_and_the_contents_compared() -> None:
    found = compare_results(result("1", a=1), result("2", a=1))
    assert found.holds
    assert not found.same_bytes
    assert found.versions == ['program version: "1" → "2"']
    assert not compare_results(result("1", a=1), result("2", a=2)).holds


def test_other_data_are_named() -> None:
    newer = json.loads(result(a=1))
    newer["tool"]["data"] = [
        {"name": "asn", "date": "2026-02-01", "source": "s"},
        {"name": "x", "date": None, "source": "t"},
    ]
    found = compare_results(result(a=1), json.dumps(newer).encode())
    assert found.versions == [
        'data asn: ["2026-01-01", "s"] → ["2026-02-01", "s"]',
        'data x: "none" → [null, "t"]',
    ]
    assert found.holds


def test_entries_with_ids_are_compared_by_them() -> None:
    before = result(findings=[{"id": "a", "n": 1}, {"id": "b", "n": 2}])
    now = result(findings=[{"id": "c", "n": 9}, {"id": "a", "n": 1}, {"id": "b", "n": 3}])
    assert compare_results(before, now).differences == ["findings[b].n: 2 → 3", "findings[c]: new"]


def test_an_entry_that_went_is_named_and_so_is_another_order() -> None:
    two = [{"id": "a"}, {"id": "b"}]
    assert compare_results(result(f=two), result(f=two[:1])).differences == ["f[b]: gone"]
    assert compare_results(result(f=two), result(f=two[::-1])).differences == ["f: in another order"]


def test_true_is_not_one_and_null_is_not_missing() -> None:
    assert compare_results(result(a=True), result(a=1)).differences == ["a: true → 1"]
    assert compare_results(result(o={"a": None}), result(o={})).differences == ["o.a: gone"]


def test_the_list_of_differences_has_an_end() -> None:
    found = compare_results(result(a=list(range(500))), result(a=list(range(1, 501))))
    assert len(found.differences) == MAX_LISTED
    assert found.more == 450


@pytest.mark.parametrize("stored", [b"", b"[]", b"nonsense", b"[" * 100_000])
def test_a_stored_result_that_is_none_is_a_sentence(stored: bytes) -> None:
    with pytest.raises(ConfigError, match="the stored result is no"):
        compare_results(stored, result())
