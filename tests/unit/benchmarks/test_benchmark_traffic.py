import base64
import hashlib
import json
from pathlib import Path
from random import Random

import pytest
import yaml
from benchmarks.detection.generate import write_traffic
from benchmarks.detection.generator.cases import CASES
from benchmarks.detection.generator.encoders import CODECS
from benchmarks.detection.generator.forms import FORMS
from benchmarks.detection.generator.identities import make_identity
from benchmarks.detection.generator.strangers import TRAPS, holds_word
from benchmarks.detection.generator.traffic import Traffic, make_traffic
from benchmarks.detection.reverse import INVERSE, Leaf, peel, raw
from benchmarks.detection.spellings import spells

SEEDS = (1, 2, 3)
REFERENCE_DIGESTS = ("md5", "sha1", "sha256")


@pytest.fixture(scope="module", params=SEEDS)
def traffic(request: pytest.FixtureRequest) -> Traffic:
    return make_traffic(request.param, per_class=6)


@pytest.mark.parametrize("name", [name for name in CODECS if name not in ("json-escapes", "percent-twice")])
def test_each_layer_is_undone_by_its_own_inverse(name: str) -> None:
    document = (
        '{"imei": "490154203237518", "name": "Zoë Müller", "p": "+1 202-555-0143", "rest": "aaaabbbbcccc"}'
    )
    for turn in range(20):
        encoded = CODECS[name].encode(Random(turn), document)
        assert document in [raw(leaf).decode(errors="replace") for leaf in INVERSE[name](encoded)]


def test_json_escapes_are_what_json_reads() -> None:
    for turn in range(20):
        escaped = CODECS["json-escapes"].encode(Random(turn), "+1 Zoë 👍")
        assert isinstance(escaped, str)
        assert "\\u" in escaped
        assert json.loads(f'"{escaped}"') == "+1 Zoë 👍"


def test_every_planted_value_is_where_the_truth_says(traffic: Traffic) -> None:
    for entry, truth in zip(traffic.entries, traffic.truth, strict=True):
        if truth["kind"] != "planted":
            continue
        assert isinstance(truth["layers"], list)
        value = traffic.people.get(str(truth["value_id"]))
        assert spells(value, str(truth["form"]), peel(entry, truth["layers"])), truth


def test_what_checks_the_planted_values_does_not_find_those_of_somebody_else(traffic: Traffic) -> None:
    other = make_identity(99)
    for entry, truth in zip(traffic.entries, traffic.truth, strict=True):
        # A carrier's or a contact's name is drawn from a short list, which other subjects share.
        if truth["kind"] == "planted" and truth["type"] not in (
            "carrier_name",
            "contact_name",
            "calendar_entry",
        ):
            assert isinstance(truth["layers"], list)
            value = other.get(str(truth["value_id"]))
            assert not spells(value, str(truth["form"]), peel(entry, truth["layers"])), truth


def shown_to_strangers(traffic: Traffic) -> list[tuple[str, str]]:
    """Class and all text of each stranger's request, peeled by the layers it has."""
    shown = []
    for entry, truth in zip(traffic.entries, traffic.truth, strict=True):
        if truth["kind"] == "planted":
            continue
        assert isinstance(truth["layers"], list)
        leaves: list[Leaf] = [json.dumps(entry, ensure_ascii=False), *peel(entry, truth["layers"])]
        shown.append(
            (str(truth["class"]), "\n".join(raw(leaf).decode(errors="replace") for leaf in leaves).lower())
        )
    return shown


def test_strangers_hold_no_value_of_the_subject(traffic: Traffic) -> None:
    known = [value.text.lower() for value in traffic.people.values if value.type != "carrier_name"]
    for name, text in shown_to_strangers(traffic):
        assert not [value for value in known if holds_word(text, value)], name


def test_strangers_hold_no_digest_of_a_value_of_the_subject(traffic: Traffic) -> None:
    texts = [
        spelt
        for value in traffic.people.values
        for spelt in (value.text, value.text.lower(), value.text.upper())
    ]
    digests = [hashlib.new(name, text.encode()).digest() for text in texts for name in REFERENCE_DIGESTS]
    known = {digest.hex()[:16] for digest in digests} | {
        base64.b64encode(digest).decode().lower()[:16] for digest in digests
    }
    for name, text in shown_to_strangers(traffic):
        assert not [digest for digest in known if digest in text], name


def test_the_carriers_word_stands_in_strangers_requests_only_out_of_context(traffic: Traffic) -> None:
    word = traffic.people.get("carrier").text.lower()
    assert {name for name, text in shown_to_strangers(traffic) if holds_word(text, word)} <= {
        "trap carrier_word"
    }


def test_every_class_is_planted_as_often_and_strangers_are_as_many(traffic: Traffic) -> None:
    planted = [truth["class"] for truth in traffic.truth if truth["kind"] == "planted"]
    assert len(planted) * 2 == len(traffic.truth) == len(traffic.entries)
    assert all(planted.count(case.name) == 6 for case in CASES)
    assert {f"form {form}" for form in FORMS} <= set(planted)


def test_every_trap_is_set(traffic: Traffic) -> None:
    assert {truth["class"] for truth in traffic.truth if truth["kind"] == "trap"} == {
        f"trap {name}" for name in TRAPS
    }


def test_nestings_have_the_depth_that_they_name(traffic: Traffic) -> None:
    for truth in traffic.truth:
        if truth["kind"] == "planted" and str(truth["class"]).startswith("nesting"):
            assert isinstance(truth["layers"], list)
            # A header or cookie adds the escapes that its own grammar asks for.
            assert len(truth["layers"]) - int(str(truth["class"]).split()[1]) in (0, 1)


def test_the_same_seed_writes_the_same_files_and_another_seed_others(tmp_path: Path) -> None:
    for folder, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_traffic(make_traffic(seed, per_class=1), tmp_path / folder)
    for name in ("subject.yaml", "traffic.har", "truth.json"):
        first, second, third = ((tmp_path / folder / name).read_bytes() for folder in "abc")
        assert first == second != third


def test_the_subject_file_is_yaml_that_gives_every_value_back(tmp_path: Path) -> None:
    traffic = make_traffic(4, per_class=1)
    write_traffic(traffic, tmp_path)
    written = yaml.safe_load((tmp_path / "subject.yaml").read_text(encoding="utf-8"))
    assert [row["value"] for row in written["values"]] == [value.text for value in traffic.people.values]


def test_the_generator_imports_nothing_from_the_package() -> None:
    folder = Path(make_traffic.__code__.co_filename).parent
    assert len(list(folder.glob("*.py"))) > 10
    assert not [path.name for path in folder.glob("*.py") if "phonehome" in path.read_text()]
