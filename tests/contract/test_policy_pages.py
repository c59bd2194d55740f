"""The pages on policies and residency hold for the program: their files load, their keys and bounds are the code's."""

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from phonehome.audit.round_trips import MAX_KEPT
from phonehome.case import policy_file, residency_file, units_file
from phonehome.case.policies import NAMES, shipped_file
from phonehome.case.policy_file import load_policy
from phonehome.case.policy_schema import policy_schema
from phonehome.case.units_file import load_units
from phonehome.judge.latency import MIN_HANDSHAKES
from phonehome.model.policy import Decision
from phonehome.wire.handshake import MAX_ROUND_TRIP_US

DOCS = Path(__file__).parents[2] / "docs"
POLICY, RESIDENCY = ((DOCS / name).read_text(encoding="utf-8") for name in ("policy.md", "residency.md"))


def block(page: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", page, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("page", [POLICY, RESIDENCY], ids=["policy", "residency"])
def test_the_policy_on_the_page_loads_and_fits_its_schema(page: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(block(page, "yaml"), encoding="utf-8")
    assert load_policy(path).residency
    jsonschema.validate(plain(path), policy_schema())


def plain(path: Path) -> object:
    """The file as a program reads it that knows no dates."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        key: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for key, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml.load(path.read_text(encoding="utf-8"), Loader)


@pytest.mark.parametrize("name", NAMES)
def test_policies_that_come_with_the_program_fit_the_schema_and_stand_on_the_page(name: str) -> None:
    jsonschema.validate(plain(shipped_file(name)), policy_schema())
    assert f"| `{name}` |" in POLICY


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "X", "rules": []},
        {"title": "X", "rules": [{"id": "a", "when": "true", "decision": "forbid", "reason": "R"}]},
        {"title": "X", "rules": [{"id": "a", "when": "true", "decision": "allow", "reason": "R", "x": 1}]},
        {"rules": [{"id": "a", "when": "true", "decision": "allow", "reason": "R"}]},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(wrong: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, policy_schema())


def test_every_key_stands_on_its_page() -> None:
    for key in (*policy_file.KEYS, *policy_file.RULE_KEYS, *policy_file.REQUIREMENT_KEYS):
        assert re.search(rf"\b{key}:|`{key}`", POLICY), key
    for key in residency_file.KEYS:
        assert re.search(rf"\b{key}:", RESIDENCY), key
    assert all(f"`{decision}`" in POLICY for decision in Decision)


def test_the_list_on_the_page_loads(tmp_path: Path) -> None:
    path = tmp_path / "ours.csv"
    path.write_text(block(POLICY, "csv"), encoding="utf-8")
    assert [unit.build for unit in load_units(path).units] == ["JHCMIBH45.0", "JHCMIBH46.0"]
    assert f"{units_file.MAX_UNITS:,} handsets" in POLICY


def test_the_figures_on_the_pages_are_those_of_the_code() -> None:
    assert f"Beyond\n{MAX_KEPT:,} of one destination" in RESIDENCY
    assert f"fewer than {MIN_HANDSHAKES} handshakes" in RESIDENCY
    assert f"after {MAX_ROUND_TRIP_US // 1_000_000} seconds" in RESIDENCY
