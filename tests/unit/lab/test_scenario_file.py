"""Scenarios are read strictly, and those that come with the lab fit their builds and claims."""

from pathlib import Path

import pytest
import yaml

from phonehome.case.folder import load_case
from phonehome.lab.handset.build import Build
from phonehome.lab.handset.builds import find_build
from phonehome.lab.handset.builds import names as build_names
from phonehome.lab.scenario_file import read_scenario
from phonehome.lab.scenarios import SKELETONS, find_scenario, names
from phonehome.lab.skeleton import write_skeleton
from phonehome.model.errors import ConfigError

HEAD = """schema: phonehome.lab-scenario/1
id: one
title: "One"
about: "A scenario."
skeleton: two-builds
build: clean
"""
SESSION = """sessions:
  - id: 01-factory
    subject: redmi-1s
    begin: 2014-08-07T10:00:00Z
    protocol: handset-2014
    conditions: {build: factory, network: wifi}
    steps: [start-up, insert-sim]
    consent: [{service: cloud_messaging, state: granted, step: insert-sim}]
"""


@pytest.mark.parametrize("name", names())
def test_each_that_comes_with_the_lab_fits_its_builds_and_has_a_verdict_for_each_claim(
    name: str, tmp_path: Path
) -> None:
    scenario = find_scenario(name)
    for planned in scenario.sessions:
        assert find_build(planned.build).id == planned.build
    root = tmp_path / "case"
    write_skeleton(scenario, root)
    loaded = load_case(root, evidence=False)
    assert loaded.case.kind == "reconstruction"
    assert {planned.session.subject for planned in scenario.sessions} <= set(loaded.case.subjects)
    claims = yaml.safe_load((root / "claims.yaml").read_text(encoding="utf-8"))["claims"]
    assert {claim["id"] for claim in claims} == {one.id for one in scenario.verdicts}
    assert "reconstruction" in (root / "README.md").read_text(encoding="utf-8")


def find(name: str) -> Build | None:
    return find_build(name) if name in build_names() else None


def test_steps_are_a_minute_apart_and_consent_holds_from_its_step(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(HEAD + SESSION, encoding="utf-8")
    (planned,) = read_scenario(path, SKELETONS.get, find).sessions
    first, second = planned.session.steps
    assert (second.at - first.at).total_seconds() == 60
    assert planned.session.consent[0].at == second.at


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SESSION.replace("insert-sim]", "insert-card]"), "insert-card"),
        (SESSION.replace("begin: 2014-08-07T10:00:00Z", "begin: soon"), "begin"),
        (SESSION.replace("    begin: 2014-08-07T10:00:00Z\n", ""), "'begin' is missing"),
        (SESSION.replace("handset-2014", "handset-1914"), "handset-2014"),
        (SESSION.replace("build: factory, ", ""), "has a build"),
        (SESSION.replace("granted", "sure"), "granted"),
        (SESSION.replace("subject:", "sees_cellular: maybe\n    subject:"), "true or false"),
        (
            SESSION.replace("subject:", "carrier_adds: {x-msisdn: phone_number}\n    subject:"),
            "carrier: NAME",
        ),
        (
            SESSION.replace("subject:", "carrier_adds: {X-MSISDN: phone_number}\n    subject:").replace(
                "network: wifi", "network: cellular, carrier: adds-headers"
            ),
            "cannot be a name",
        ),
        (SESSION + "verdicts: {stopped: maybe}\n", "untested"),
        (SESSION + "unknown: [{text: x, claim: '?'}]\n", "claim"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"one\.yaml:\d+: .*{said}"):
        read_scenario(path, SKELETONS.get, find)


def test_a_session_that_its_skeleton_describes_is_not_described_again(tmp_path: Path) -> None:
    text = (
        HEAD.replace("two-builds", "affair-2014")
        + "sessions: [{id: 01-factory-no-account, steps: [start-up]}]\n"
    )
    path = tmp_path / "one.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="take away steps"):
        read_scenario(path, SKELETONS.get, find)
