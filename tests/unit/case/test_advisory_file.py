"""advisory.yaml: everything may be left out; what is wrong is named with file and line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from phonehome.case.advisory_file import load_advisory_file
from phonehome.case.advisory_schema import advisory_file_schema
from phonehome.model.advisory import AdvisoryDetails, Audience, NoticeSeverity, SignedStatus, Tlp
from phonehome.model.errors import ConfigError

WHOLE = """schema: phonehome.advisory-file/1
title: "Redmi 1S: numbers
  of contacts sent"
id: CIAD-2014-0001
publisher:
  name: "Example CERT"
  namespace: https://cert.example
  contact: "cert@cert.example"
  category: coordinator
tlp: AMBER+STRICT
severity: high
status: interim
least_severity: medium
overview: |
  First paragraph,
  in two lines.

  Second.
what_to_do:
  - {who: users, text: "Update."}
references:
  - {summary: "The vendor's words", url: "https://vendor.example/a?b=1&c=2#d"}
revisions:
  - {version: 1, date: 2014-08-08, summary: "First version"}
  - {version: 2, date: "2014-08-15T12:00:00+02:00", summary: "The update was tested"}
"""


def history(*entries: str) -> str:
    """Revisions of these versions and dates, a line each."""
    lines = [
        f"  - {{version: {version}, date: {day}, summary: x}}" for version, day in map(str.split, entries)
    ]
    return "\n".join(["revisions:", *lines])


def load(folder: Path, text: str) -> AdvisoryDetails:
    path = folder / "advisory.yaml"
    path.write_text(text, encoding="utf-8")
    return load_advisory_file(path)


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    details = load(tmp_path, WHOLE)
    assert details.title == "Redmi 1S: numbers of contacts sent"
    assert details.publisher is not None
    assert (details.publisher.name, details.publisher.category.value) == ("Example CERT", "coordinator")
    assert (details.tlp, details.severity, details.status) == (
        Tlp.AMBER_STRICT,
        NoticeSeverity.HIGH,
        SignedStatus.INTERIM,
    )
    assert details.overview == ("First paragraph, in two lines.", "Second.")
    assert details.what_to_do[0].audience is Audience.USERS
    assert [one.version for one in details.revisions] == ["1", "2"]
    assert details.revisions[1].date == datetime(2014, 8, 15, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["{}", "schema: phonehome.advisory-file/1", "title:\npublisher:\nrevisions: []\n"]
)
def test_everything_may_be_left_out(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == AdvisoryDetails()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("schema: phonehome.advisory-file/2", 1, "update phonehome to read it"),
        ("schema: phonehome.case/1", 1, "schema must be"),
        ("titel: x", 1, "did you mean 'title'?"),
        ("title: 1", 1, "put it in double quotes"),
        (f"title: {'x' * 301}", 1, "longer than 300"),
        ('id: "a\\tb"', 1, "cannot be seen"),
        ("tlp: WHITE", 1, "tlp must be one of CLEAR, GREEN"),
        ("severity: extreme", 1, "severity must be one of"),
        ("status: draft", 1, "status must be one of"),
        ("publisher: {namespace: https://x.example}", 1, "'name' is missing"),
        ("publisher: {name: X}", 1, "'namespace' is missing"),
        ("publisher:\n  name: X\n  namespace: javascript:alert(1)", 3, "must be an address that begins with https"),
        ("publisher: {name: X, namespace: 'https://a b'}", 1, "must be an address"),
        ("publisher: {name: X, namespace: https://x.example, category: boss}", 1, "category of publisher must be"),
        ("what_to_do: [{who: everybody, text: x}]", 1, "who of what_to_do must be one of users"),
        ("what_to_do: [{who: users}]", 1, "'text' is missing"),
        ("what_to_do: Update", 1, "must be a list"),
        ("references: [{summary: x, url: 'file:///etc/passwd'}]", 1, "must be an address"),
        ("references: [{summary: x, url: 'https://\"onclick=x'}]", 1, "must be an address"),
        ("revisions: [{version: 1.5, date: 2014-08-08, summary: x}]", 1, "version must be a whole number"),
        ("revisions: [{version: 01, date: 2014-08-08, summary: x}]", 1, "version must be a whole number"),
        ("revisions: [{version: 1, date: 2014-13-08, summary: x}]", 1, "no day of the calendar"),
        ("revisions: [{version: 1, date: '2014-08-08T10:00:00', summary: x}]", 1, "has no time zone"),
        ("revisions: [{version: 2, date: 2014-08-08, summary: x}]", 1, "the first version is 1"),
        (history("1 2014-08-08", "3 2014-08-09"), 3, "one is missing"),
        (history("2 2014-08-08", "1 2014-08-09"), 3, "is not greater"),
        (history("1 2014-08-09", "2 2014-08-08"), 3, "order of their dates"),
        (history("1 2014-08-08", "2.0.0 2014-08-09"), 3, "use one kind"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(ConfigError, match="advisory") as caught:
        load(tmp_path, text)
    assert f"advisory.yaml:{line}: " in str(caught.value)
    assert said in str(caught.value)


def test_all_errors_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "tlp: WHITE\nseverity: worst\nstatus: never\n")
    assert len(str(caught.value).splitlines()) == 3


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("title: secret\n", encoding="utf-8")
    (tmp_path / "advisory.yaml").symlink_to("secret.yaml")
    with pytest.raises(ConfigError, match="plain file"):
        load_advisory_file(tmp_path / "advisory.yaml")


def test_the_schema_admits_what_the_loader_reads(tmp_path: Path) -> None:
    schema = advisory_file_schema()
    Draft202012Validator.check_schema(schema)
    value = yaml.load(WHOLE, Loader=yaml.BaseLoader)  # every scalar stays a text
    value["revisions"][0]["version"] = 1
    Draft202012Validator(schema).validate(value)
    assert load(tmp_path, WHOLE).title
    for wrong in (
        {"tlp": "WHITE"},
        {"titel": "x"},
        {"publisher": {"name": "x"}},
        {"references": [{"url": "x"}]},
    ):
        assert not Draft202012Validator(schema).is_valid(wrong)
