from pathlib import Path

import pytest
from benchmarks.detection.generator.cases import CASES
from benchmarks.detection.score import Found, Run, Score, Truth, add_run, load_run, weighted_recall, wilson
from benchmarks.detection.table import render
from benchmarks.detection.weights import COMMON, EVERYDAY, RARE, WEIGHTS, weight


def make_run(*findings: Found) -> Run:
    return Run(tool="tool", version="1", requests=4, seconds=2.0, cpu=1.0, setup=0.5, findings=findings)


def make_score(*findings: Found) -> Score:
    truth = (
        Truth(index=0, name="form imei/plain", value_id="imei-1", type="imei"),
        Truth(index=1, name="layer base58", value_id="phone", type="phone_number"),
        Truth(index=2, name="twin form imei/plain", value_id=None, type="imei"),
    )
    score = Score()
    add_run(score, truth, make_run(*findings))
    return score


# 81 of 263 is the worked example of Newcombe, Statistics in Medicine 17 (1998); 0 of n has the bound z²/(n + z²).
@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (0, 10, 0.0, 0.2775328),
        (10, 10, 0.7224672, 1.0),
        (5, 10, 0.2365931, 0.7634069),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_wilsons_interval_has_its_known_values(hits: int, trials: int, low: float, high: float) -> None:
    assert wilson(hits, trials) == pytest.approx((low, high), abs=5e-5)


def test_without_trials_nothing_is_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_planted_value_that_is_found_counts_once_however_often_it_is_reported() -> None:
    found = Found(index=0, value_id="imei-1", type="imei")
    score = make_score(found, found)
    assert score.found["form imei/plain"] == 1
    assert score.found["layer base58"] == 0
    assert score.missed == [1]


def test_a_weak_finding_counts_for_recall_but_not_as_strong() -> None:
    score = make_score(Found(index=0, value_id="imei-1", type="imei", weak=True))
    assert (score.found.total(), score.strong.total()) == (1, 0)


def test_a_finding_in_a_strangers_request_is_false() -> None:
    score = make_score(Found(index=2, value_id="imei-1", type="imei"))
    assert score.false == {("twin form imei/plain", "imei-1"): 1}


def test_another_value_in_a_planted_request_is_false() -> None:
    score = make_score(Found(index=0, value_id="imei-2", type="imei"))
    assert score.false.total() == 1
    assert score.found.total() == 0


def test_weak_false_findings_are_counted_apart() -> None:
    score = make_score(Found(index=2, value_id="imei-1", type="imei", weak=True))
    assert (score.false.total(), score.false_weak.total()) == (0, 1)


def test_the_right_value_under_a_wrong_type_is_counted() -> None:
    score = make_score(Found(index=1, value_id="phone", type="imei"))
    assert score.wrong_types == {("phone_number", "imei"): 1}


def test_weighted_recall_counts_a_class_by_how_common_it_is() -> None:
    score = make_score(Found(index=0, value_id="imei-1", type="imei"))
    assert weighted_recall(score, score.found) == pytest.approx(EVERYDAY / (EVERYDAY + RARE))


def test_every_weight_belongs_to_a_class() -> None:
    assert set(WEIGHTS) <= {case.name for case in CASES}


def test_a_class_that_no_list_names_is_rare() -> None:
    assert weight("layer base58") == RARE < weight("digest sha1") == COMMON


def test_the_table_shows_recall_false_findings_and_speed() -> None:
    score = make_score(
        Found(index=0, value_id="imei-1", type="imei"), Found(index=2, value_id="imei-1", type="imei")
    )
    table = "\n".join(render([score]))
    assert "1 of 2" in table
    assert "twin form imei/plain → imei-1 ×1" in table
    assert "requests a second                                          2  by processor time 4" in table


def test_a_run_is_read_as_runners_write_it(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(
        '{"tool": "t", "version": "1", "requests": 9, "setup": 0, "seconds": 1.5, "cpu": 1,'
        ' "findings": [[3, "imei-1", "imei", true]]}'
    )
    assert load_run(path).findings == (Found(index=3, value_id="imei-1", type="imei", weak=True),)
