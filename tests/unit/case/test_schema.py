"""The published schema and the loader agree on what a subject file is."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from phonehome.case.schema import subject_schema
from phonehome.case.subject import load_subject
from phonehome.case.template import template
from phonehome.model.errors import ConfigError

VALIDATOR = jsonschema.Draft202012Validator(subject_schema())
FINE = [
    template(),
    "name: x\nhandset: {make: a, model: null}\nregion: IN\nvalues: []\n",
    'values:\n  - {id: a, type: imei, value: "490154203237518", origin: planted, since: "2026-03-01"}\n',
]
WRONG = [
    "colour: red\n",
    "region: XX\n",
    "name: [a]\n",
    "values: {a: b}\n",
    'values:\n  - {id: A b, type: text, value: "xx"}\n',
    'values:\n  - {id: a, type: imie, value: "xx"}\n',
    "values:\n  - {id: a, type: imei, value: 490154203237518}\n",
    'values:\n  - {id: a, type: photo, value: "xx"}\n',
    "values:\n  - {id: a, type: imei, file: xx}\n",
    "values:\n  - {id: a, type: text}\n",
    'values:\n  - {id: a, type: text, value: "  "}\n',
    'values:\n  - {id: a, type: text, value: "xx", origin: guessed}\n',
    "schema: phonehome.subject/9\n",
]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(subject_schema())


@pytest.mark.parametrize("text", FINE)
def test_what_the_loader_reads_is_valid(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.yaml").write_text(text)
    load_subject(tmp_path / "s.yaml")
    VALIDATOR.validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", WRONG)
def test_what_the_schema_refuses_the_loader_refuses_too(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.yaml").write_text(text)
    assert not VALIDATOR.is_valid(yaml.safe_load(text))
    with pytest.raises(ConfigError):
        load_subject(tmp_path / "s.yaml")
