"""`phonehome schema`: the JSON Schemas of what phonehome reads and writes."""

import json
from collections.abc import Callable, Mapping

import click

from phonehome.case.advisory_schema import advisory_file_schema
from phonehome.case.claims_schema import claims_schema, verdicts_schema
from phonehome.case.evidence_schema import manifest_schema, opening_schema, openings_schema, shared_schema
from phonehome.case.folder_schema import annotations_schema, case_schema, protocol_schema, session_schema
from phonehome.case.keysfile import keys_schema
from phonehome.case.policy_schema import policy_schema
from phonehome.case.schema import subject_schema
from phonehome.cli.exchanges_schema import exchanges_schema
from phonehome.cli.output import write_stdout
from phonehome.documents.case_overview import CaseOverview
from phonehome.documents.score import ScoreDocument
from phonehome.lab.schemas import build_schema, scenario_schema
from phonehome.lab.truth import Truth
from phonehome.reports.advisory.schema import advisory_schema
from phonehome.reports.schema import audit_schema, diff_schema

SCHEMAS: Mapping[str, tuple[str, Callable[[], Mapping[str, object]]]] = {
    "audit": ("what `phonehome audit --format json` writes", audit_schema),
    "diff": ("what `phonehome diff --format json` writes", diff_schema),
    "claims": ("the file that `phonehome claims check` reads", claims_schema),
    "verdicts": ("verdicts written by hand, to score by", verdicts_schema),
    "policy": ("the file that `phonehome policy check` reads", policy_schema),
    "advisory": ("what `phonehome advisory --format json` writes", advisory_schema),
    "advisory-file": ("the file advisory.yaml of a case", advisory_file_schema),
    "subject": ("the file that `--subject` reads", subject_schema),
    "case": ("the file case.yaml of a case", case_schema),
    "session": ("the file session.yaml of a session", session_schema),
    "annotations": ("the file annotations.yaml of a case", annotations_schema),
    "protocol": ("a protocol in protocols/ of a case", protocol_schema),
    "case-overview": ("what `phonehome case show --format json` writes", CaseOverview.model_json_schema),
    "keys": ("the file keys.yaml of a case", keys_schema),
    "manifest": ("the file manifest.json that `phonehome sign` writes", manifest_schema),
    "shared": ("the file shared.json of `phonehome case share`", shared_schema),
    "openings": ("the file that `phonehome case share` keeps back", openings_schema),
    "opening": ("what `phonehome prove` writes", opening_schema),
    "truth": ("the file truth.yaml of a case of the lab", Truth.model_json_schema),
    "lab-scenario": ("the file of a scenario that `phonehome lab run` reads", scenario_schema),
    "lab-build": ("the file of a build of the lab's handset", build_schema),
    "score": ("what `phonehome lab score --format json` writes", ScoreDocument.model_json_schema),
    "exchanges": ("one line of `phonehome exchanges --format ndjson`", exchanges_schema),
}
EPILOG = """\b
Examples:
  phonehome schema
  phonehome schema audit > audit.schema.json
"""


@click.command(epilog=EPILOG, short_help="Print a JSON Schema, or list them.")
@click.argument("name", required=False, type=click.Choice(sorted(SCHEMAS)))
def schema(name: str | None) -> None:
    """Print the JSON Schema called NAME, or without a name the list of them."""
    if name is None:
        width = max(map(len, SCHEMAS))
        write_stdout("".join(f"{key:<{width}}  {about}\n" for key, (about, _) in SCHEMAS.items()))
    else:
        write_stdout(json.dumps(SCHEMAS[name][1](), indent=2, ensure_ascii=False) + "\n")
