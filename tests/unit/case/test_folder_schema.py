"""The published schemas and the readers agree on what the files of a case are."""

import json
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest
import yaml
from case_folders import ANNOTATIONS_TEXT, CASE_TEXT, SESSION_TEXT, write_case

from phonehome.case import annotations, case_file, protocol_file, session_file
from phonehome.case.folder import load_case
from phonehome.case.folder_schema import annotations_schema, case_schema, protocol_schema, session_schema
from phonehome.case.protocols import PROTOCOLS, shipped_file
from phonehome.model.errors import ConfigError

OWN = shipped_file("idle-night").read_text(encoding="utf-8").replace("id: idle-night", "id: own")
FILES: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "case.yaml": (CASE_TEXT, case_schema()),
    "sessions/01-factory/session.yaml": (SESSION_TEXT, session_schema()),
    "annotations.yaml": (ANNOTATIONS_TEXT, annotations_schema()),
    "protocols/own.yaml": (OWN, protocol_schema()),
}
WRONG = [
    ("case.yaml", "title: A test", "title: ''"),
    ("case.yaml", "title: A test", "colour: red"),
    ("case.yaml", "id: push", "id: Push"),
    ("case.yaml", "id: push", "name: push"),
    ("case.yaml", "phonehome.case/1", "phonehome.case/2"),
    ("sessions/01-factory/session.yaml", "position: gateway", "position: router"),
    ("sessions/01-factory/session.yaml", "position: gateway\n", ""),
    ("sessions/01-factory/session.yaml", "{id: start-up, at: 2014-08-07T09:00:00Z}", "{id: start-up}"),
    ("sessions/01-factory/session.yaml", "2014-08-07T11:10:00+02:00", "2014-08-07T11:10:00"),
    ("sessions/01-factory/session.yaml", "state: declined", "state: refused"),
    ("sessions/01-factory/session.yaml", "file: traffic.pcap", "file: ../traffic.pcap"),
    ("sessions/01-factory/session.yaml", "file: traffic.pcap", "file: .hidden"),
    ("sessions/01-factory/session.yaml", "file: traffic.pcap", "sha256: abc, file: traffic.pcap"),
    ("sessions/01-factory/session.yaml", 'service.cloud: "off"', 'service.cloud: "no"'),
    ("sessions/01-factory/session.yaml", "account: none", "Account: none"),
    ("sessions/01-factory/session.yaml", "clock_offset_s: 1.5", "clock_offset_s: 1.0e+12"),
    (
        "sessions/01-factory/session.yaml",
        "captures:\n- {file: traffic.pcap, keylog: keys.txt}",
        "captures: []",
    ),
    ("annotations.yaml", "author: A. Tester, ", ""),
    ("annotations.yaml", "clock_offset_s: 2", "position: tap"),
    ("annotations.yaml", "annotations:", "notes:"),
    ("protocols/own.yaml", "text: ", "does: "),
    ("protocols/own.yaml", "exposes: [app_usage,", "exposes: [apps,"),
    ("protocols/own.yaml", "title: ", "name: "),
]


class StringLoader(yaml.SafeLoader):
    """Leaves moments as they are written."""


StringLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def as_json(text: str) -> object:
    return yaml.load(text, Loader=StringLoader)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    root = write_case(tmp_path / "case")
    (root / "protocols").mkdir()
    for name, (text, _) in FILES.items():
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("name", FILES)
def test_each_is_a_schema_and_takes_what_the_reader_takes(case: Path, name: str) -> None:
    text, schema = FILES[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(as_json(text))
    load_case(case)


@pytest.mark.parametrize(("name", "old", "new"), WRONG)
def test_each_refuses_what_the_reader_refuses(case: Path, name: str, old: str, new: str) -> None:
    text, schema = FILES[name]
    assert old in text
    wrong = text.replace(old, new, 1)
    assert not jsonschema.Draft202012Validator(schema).is_valid(as_json(wrong))
    (case / name).write_text(wrong, encoding="utf-8")
    with pytest.raises(ConfigError):
        load_case(case)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_protocols_that_come_along_fit_their_schema(name: str) -> None:
    text = shipped_file(name).read_text(encoding="utf-8")
    jsonschema.Draft202012Validator(protocol_schema()).validate(as_json(text))


@pytest.mark.parametrize(
    ("schema", "keys"),
    [
        (case_schema(), case_file.KEYS),
        (session_schema(), session_file.KEYS),
        (annotations_schema(), ("annotations",)),
        (protocol_schema(), protocol_file.KEYS),
    ],
    ids=["case", "session", "annotations", "protocol"],
)
def test_a_schema_has_the_keys_of_its_reader(schema: dict[str, object], keys: tuple[str, ...]) -> None:
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert set(properties) == {"schema", *keys}


def test_an_entry_of_annotations_has_the_keys_of_its_reader() -> None:
    listed = json.loads(json.dumps(annotations_schema()))["properties"]["annotations"]
    assert set(listed["items"]["properties"]) == set(annotations.KEYS)
