"""What is written keeps to its JSON Schema, and what differs from it does not."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import jsonschema
import pytest
from evidence_cases import write_evidence

from phonehome.case.evidence_schema import manifest_schema, opening_schema, openings_schema, shared_schema
from phonehome.case.manifest import make_manifest, render_manifest
from phonehome.cli.main import main

Schema = Callable[[], Mapping[str, object]]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[Schema, bytes]:
    folder = tmp_path_factory.mktemp("cases")
    case, copy = write_evidence(folder / "c"), folder / "s"
    assert main(["audit", str(case), "-o", str(folder / "report.json")]) == 0
    assert main(["case", "share", str(case), "-o", str(copy)]) == 0
    assert main(["prove", str(folder / "s.openings.json"), "f1", "-o", str(folder / "f1.json")]) == 0
    return {
        manifest_schema: render_manifest(make_manifest(case)),
        shared_schema: (copy / "shared.json").read_bytes(),
        openings_schema: Path(folder / "s.openings.json").read_bytes(),
        opening_schema: (folder / "f1.json").read_bytes(),
    }


@pytest.mark.parametrize("schema", [manifest_schema, shared_schema, openings_schema, opening_schema])
def test_what_is_written_keeps_to_its_schema(written: dict[Schema, bytes], schema: Schema) -> None:
    document = json.loads(written[schema])
    jsonschema.validate(document, schema(), cls=jsonschema.Draft202012Validator)
    for key in document:
        less = {name: value for name, value in document.items() if name != key}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(less, schema(), cls=jsonschema.Draft202012Validator)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | {"more": 1}, schema(), cls=jsonschema.Draft202012Validator)
