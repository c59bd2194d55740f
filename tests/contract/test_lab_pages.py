"""The page on the lab holds for the program: its example loads and fits the schemas, as all that is shipped does."""

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from phonehome.lab import scenario_file, scenario_sessions, skeleton
from phonehome.lab.handset import builds, expressions, request_file
from phonehome.lab.reach import MAX_ACTS, check_reach
from phonehome.lab.scenarios import FOLDER, load_scenario, names
from phonehome.lab.schemas import build_schema, scenario_schema

PAGE = (Path(__file__).parents[2] / "docs" / "lab.md").read_text(encoding="utf-8")
FILES = re.compile(r'```yaml title="([a-z/.-]+)"\n(.*?)```', re.DOTALL)
SCENARIOS = [FOLDER / f"{name}.yaml" for name in names()]
BUILDS = [builds.FOLDER / f"{name}.yaml" for name in builds.names()]


def plain(text: str) -> object:
    """The file as an editor reads it: YAML 1.2, of which dates, and words like `on`, are no part."""

    class Loader(yaml.SafeLoader):
        pass

    loose = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
    Loader.yaml_implicit_resolvers = {
        key: [(tag, pattern) for tag, pattern in found if tag not in loose]
        for key, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver(loose[1], re.compile("true|false"), list("tf"))
    return yaml.load(text, Loader)


def test_the_example_on_the_page_is_whole_and_fits_the_schemas(tmp_path: Path) -> None:
    written = dict(FILES.findall(PAGE))
    assert set(written) == {"apps.yaml", "builds/wrapped-apps.yaml"}
    for name, text in written.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    check_reach(load_scenario(tmp_path / "apps.yaml"))
    jsonschema.validate(plain(written["apps.yaml"]), scenario_schema())
    jsonschema.validate(plain(written["builds/wrapped-apps.yaml"]), build_schema())


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenarios_that_come_with_the_lab_fit_the_schema_and_stand_on_the_page(path: Path) -> None:
    jsonschema.validate(plain(path.read_text(encoding="utf-8")), scenario_schema())
    assert f"| `{path.stem}` |" in PAGE


@pytest.mark.parametrize("path", BUILDS, ids=lambda path: path.stem)
def test_builds_that_come_with_the_lab_fit_the_schema(path: Path) -> None:
    jsonschema.validate(plain(path.read_text(encoding="utf-8")), build_schema())


@pytest.mark.parametrize(
    "wrong",
    [
        "{}",
        "{method: FETCH}",
        "{stores: false}",
        "{body: {kind: form}}",
        "{body: {kind: file, file: imei, fields: {}}}",
        "{query: {a b: imei}}",
        "{status: 99}",
        "{colour: red}",
    ],
)
def test_the_schema_of_builds_refuses_what_the_reader_refuses(wrong: str) -> None:
    request = {"method": "GET", "url": "http://api.example.com/x"} if wrong != "{}" else {}
    request |= yaml.safe_load(wrong)
    document = {"id": "one", "title": "One", "about": "A build."}
    document["behaviours"] = [{"id": "look", "on": ["*"], "request": request}]  # type: ignore[assignment]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, build_schema())


def test_the_bounds_on_the_page_are_those_of_the_program() -> None:
    assert scenario_sessions.MAX_ENTRIES == request_file.MAX_ENTRIES == 200
    assert expressions.MAX_LENGTH == 500
    assert skeleton.MAX_FILE_BYTES == 8 << 20
    assert "lists of 200 entries, expressions of 500 characters" in PAGE
    assert f"{MAX_ACTS:,} requests" in PAGE
    assert scenario_file.MAX_ELSEWHERE + 10 < 255  # the addresses that they get
