"""A scenario of a user's brings its builds and its case along, and is checked before anything is started."""

import os
import shutil
from pathlib import Path

import pytest

from phonehome.cli.main import main
from phonehome.lab.handset import build_file
from phonehome.lab.reach import MAX_ACTS, check_reach
from phonehome.lab.scenario import Scenario
from phonehome.lab.scenarios import SKELETONS, load_scenario
from phonehome.lab.skeleton import MAX_FILE_BYTES, write_skeleton
from phonehome.model.errors import ConfigError

SCENARIO = """schema: phonehome.lab-scenario/1
id: mine
title: "Mine"
about: "A scenario."
skeleton: two-builds
build: own
sessions:
  - id: 01-factory
    subject: redmi-1s
    begin: 2014-08-07T10:00:00Z
    protocol: handset-2014
    conditions: {build: own, network: wifi}
    steps: [start-up, insert-sim]
"""
BUILD = """schema: phonehome.lab-build/1
id: own
title: "Own"
about: "A build."
extends: clean
behaviours:
  - {id: tell, on: [insert-sim], request: {method: GET, url: "http://miui.com/greetings", query: {imei: imei}}}
"""


def write(folder: Path, scenario: str = SCENARIO, **builds: str) -> Path:
    (folder / "builds").mkdir(exist_ok=True)
    for name, text in ({"own": BUILD} | builds).items():
        (folder / "builds" / f"{name}.yaml").write_text(text, encoding="utf-8")
    path = folder / "mine.yaml"
    path.write_text(scenario, encoding="utf-8")
    return path


def load(folder: Path, scenario: str = SCENARIO, **builds: str) -> Scenario:
    loaded = load_scenario(write(folder, scenario, **builds))
    check_reach(loaded)
    return loaded


def test_a_build_beside_the_scenario_extends_one_that_comes_with_the_lab(tmp_path: Path) -> None:
    scenario = load(tmp_path)
    assert scenario.id == "mine"
    ids = [one.id for one in scenario.builds["own"].behaviours]
    assert {"connectivity", "tell"} <= set(ids)


def test_a_folder_beside_the_scenario_is_what_its_case_begins_with(tmp_path: Path) -> None:
    shutil.copytree(SKELETONS["two-builds"], tmp_path / "beginning")
    scenario = load(tmp_path, SCENARIO.replace("two-builds", "beginning"))
    write_skeleton(scenario, tmp_path / "case")
    assert '"own"' in (tmp_path / "case" / "case.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("scenario", "line", "said"),
    [
        (SCENARIO.replace("build: own, net", "build: none-such, net"), 12, "as a build of the handset"),
        (SCENARIO.replace("build: own", "build: nowhere"), 12, "no builds/nowhere.yaml"),
        (SCENARIO.replace("two-builds", "nowhere"), 5, "no folder nowhere/"),
        (SCENARIO.replace("redmi-1s", "redmi-2"), 9, "'redmi-1s'"),
        (SCENARIO.replace("network: wifi", "network: wired"), 12, "wifi, cellular"),
        (SCENARIO.replace("network: wifi", "service.sky: 'on'"), 12, "the service 'sky'"),
        (SCENARIO + "    consent: [{service: sky, state: granted}]\n", 14, "the service 'sky'"),
        (SCENARIO + "  - {id: 01-factory}\n", 14, "line 8 too"),
        (
            SCENARIO
            + SCENARIO.split("sessions:\n")[1].replace("01-", "02-").replace("10:00:00Z", "10:00:30Z"),
            14,
            "before the one above it ends",
        ),
        (SCENARIO.split("sessions:")[0] + "sessions: []\n", 7, "no session"),
        (SCENARIO + "verdicts: {nothing: consistent}\n", 14, "the claim 'nothing'"),
        (SCENARIO + "unknown: [{text: what, claim: nothing}]\n", 14, "the claim 'nothing'"),
        (SCENARIO + "elsewhere: ['http://x.example']\n", 14, "a host is a name"),
        (
            SCENARIO + "elsewhere: [" + ", ".join(f"h{n}.example.net" for n in range(101)) + "]\n",
            14,
            "at most 100",
        ),
        (SCENARIO + "elsewhere: [miui.com]\n", 14, "the vendor's own"),
        (SCENARIO + "elsewhere: [&a x.example.net]\n", 14, "anchors"),
    ],
)
def test_what_is_wrong_in_a_scenario_is_said_with_file_and_line(
    tmp_path: Path, scenario: str, line: int, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, scenario)
    assert said in str(caught.value)
    assert f"{tmp_path / 'mine.yaml'}:{line}: " in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (BUILD.replace("//miui.com/", "//collect.example.net/"), 7, "no such host"),
        (BUILD.replace("//miui.com/", "//miui.com:8080/"), 7, "no such host"),
        (BUILD.replace("http://miui.com", "https://app.chat.xiaomi.net"), 7, "no such host"),
        (BUILD.replace("extends: clean", "extends: own"), 5, "in a circle"),
        (BUILD.replace("extends: clean", "extends: other"), 5, "no build 'other'"),
        (BUILD.replace("imei: imei", f"imei: {'base64(' * 80}imei{')' * 80}"), 7, "characters long"),
        (BUILD.replace("imei: imei", f"imei: {'base64(' * 9}imei{')' * 9}"), 7, "no expression"),
    ],
)
def test_what_is_wrong_in_a_build_is_said_with_file_and_line(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, own=text)
    assert said in str(caught.value)
    assert f"{tmp_path / 'builds' / 'own.yaml'}:{line}: " in str(caught.value)


def test_builds_that_extend_one_another_without_end_are_refused(tmp_path: Path) -> None:
    count = build_file.MAX_EXTENDED + 2
    chain = {
        f"b{n}": BUILD.replace("id: own", f"id: b{n}").replace("extends: clean", f"extends: b{n + 1}")
        for n in range(count)
    }
    with pytest.raises(ConfigError, match="extend one another"):
        load(tmp_path, own=BUILD.replace("extends: clean", "extends: b0"), **chain)


def test_a_name_that_comes_with_the_lab_is_not_taken_again(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"clean\.yaml: a build of this name comes with the lab"):
        load(tmp_path, clean=BUILD.replace("id: own", "id: clean"))
    (tmp_path / "two-builds").mkdir()
    with pytest.raises(ConfigError, match="a skeleton of this name comes with the lab"):
        load(tmp_path)


def test_a_run_that_would_hardly_end_is_refused_before_it_begins(tmp_path: Path) -> None:
    push = "{id: talk, on: ['*'], push: {host: app.chat.xiaomi.net, model: m, os: o, messages: 999}}"
    text = BUILD.partition("behaviours:")[0] + f"behaviours:\n  - {push}\n"
    steps = ", ".join(["start-up"] * (MAX_ACTS // 1000 + 1))
    with pytest.raises(ConfigError, match=r"mine\.yaml:8: these sessions come to 2\d,\d{3} requests"):
        load(tmp_path, SCENARIO.replace("start-up, insert-sim", steps), own=text)


@pytest.mark.parametrize(
    "victim", ["mine.yaml", "builds/own.yaml", "beginning/case.yaml", "beginning/subjects/x.txt"]
)
def test_a_link_is_no_file_of_a_scenario(tmp_path: Path, victim: str) -> None:
    shutil.copytree(SKELETONS["two-builds"], tmp_path / "beginning")
    path = write(tmp_path, SCENARIO.replace("two-builds", "beginning"))
    target = tmp_path / "elsewhere.txt"
    linked = tmp_path / victim
    if linked.exists():
        linked.rename(target)
    else:
        target.write_text("a secret", encoding="utf-8")
    linked.symlink_to(target)
    with pytest.raises(ConfigError, match="must be a plain file"):
        load_scenario(path)


def test_a_pipe_or_a_huge_file_of_a_skeleton_is_not_read(tmp_path: Path) -> None:
    shutil.copytree(SKELETONS["two-builds"], tmp_path / "beginning")
    scenario = load(tmp_path, SCENARIO.replace("two-builds", "beginning"))
    with (tmp_path / "beginning" / "subjects" / "huge.bin").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(ConfigError, match="larger than the 8 MiB"):
        write_skeleton(scenario, tmp_path / "case")
    (tmp_path / "beginning" / "subjects" / "huge.bin").unlink()
    os.mkfifo(tmp_path / "beginning" / "subjects" / "pipe")
    with pytest.raises(ConfigError, match="must be a plain file"):
        load_scenario(tmp_path / "mine.yaml")


def test_what_the_lab_makes_is_no_observation(tmp_path: Path) -> None:
    shutil.copytree(SKELETONS["two-builds"], tmp_path / "beginning")
    case = tmp_path / "beginning" / "case.yaml"
    case.write_text(
        case.read_text(encoding="utf-8").replace("reconstruction", "observation"), encoding="utf-8"
    )
    with pytest.raises(ConfigError, match="kind: reconstruction"):
        load(tmp_path, SCENARIO.replace("two-builds", "beginning"))


def test_the_command_takes_a_file_and_leaves_nothing_behind_when_it_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, own=BUILD.replace("//miui.com/", "//collect.example.net/"))
    assert main(["lab", "run", str(path), "-o", str(tmp_path / "case")]) == 2
    assert (
        f"{tmp_path / 'builds' / 'own.yaml'}:7: tell sends to collect.example.net" in capsys.readouterr().err
    )
    assert not (tmp_path / "case").exists()
    assert main(["lab", "run", "mine", "-o", str(tmp_path / "case")]) == 2
    assert "there is no scenario 'mine': name one of redmi-1s-2014" in capsys.readouterr().err


def test_a_scenario_of_ones_own_is_recorded_and_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = SCENARIO + "elsewhere: [collect.example.net]\nverdicts: {cellular: untested}\n"
    path = write(tmp_path, scenario, own=BUILD.replace("//miui.com/greetings", "//collect.example.net/x"))
    assert main(["lab", "run", str(path), "-o", str(tmp_path / "case")]) == 0
    assert main(["lab", "score", str(tmp_path / "case")]) == 0
    assert "Perfect on what is readable." in capsys.readouterr().out


def test_what_nobody_knows_names_what_there_is(tmp_path: Path) -> None:
    cell = "{text: Photos, sessions: [01-factory], subject: redmi-1s, conditions: {network: wifi}, data_types: [photo]}"
    (unknown,) = load(tmp_path, f"{SCENARIO}unknown: [{cell}]\n").unknown
    assert (unknown.sessions, unknown.subject, unknown.data_types) == (["01-factory"], "redmi-1s", ["photo"])
    assert unknown.conditions == {"network": "wifi"}
    for wrong in ("sessions: [09-none]", "subject: nobody", "data_types: [gold]", "session: 01-factory"):
        with pytest.raises(ConfigError, match=r"mine\.yaml:\d+: "):
            load(tmp_path, f"{SCENARIO}unknown: [{{text: Photos, {wrong}}}]\n")
