"""The file of claims: what it reads, and every mistake with its file and line."""

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from phonehome.case.affair_2014 import CLAIMS, FOLDER, VERDICTS
from phonehome.case.claims_file import MAX_CLAIMS, load_claims
from phonehome.case.claims_schema import claims_schema, verdicts_schema
from phonehome.case.folder import load_case
from phonehome.case.verdicts_file import load_verdicts
from phonehome.cli.claims import TEMPLATE
from phonehome.model.case import Case
from phonehome.model.claim import Party
from phonehome.model.errors import ConfigError
from phonehome.model.subject import DataType

HEAD = "claims:\n"
FINE = """  - id: A1
    who: Example
    party: vendor
    date: "2014-08/2014-10~"
    text: "It is so."
    source: null
    scope: {services: [cloud_messaging], data_types: [imei, imei], build: factory, handset: redmi-1s, note: n}
    testable_when: "true"
    holds_if: flow.transport == "tls"
"""


@pytest.fixture(scope="module")
def case() -> Case:
    return load_case(FOLDER, evidence=False).case


def write(folder: Path, text: str) -> Path:
    path = folder / "claims.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def errors(folder: Path, text: str, case: Case | None) -> dict[int, str]:
    """Give the messages by line."""
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load_claims(path, case)
    found: dict[int, str] = {}
    for line in str(caught.value).splitlines():
        match = re.fullmatch(rf"{re.escape(str(path))}:(\d+): (.*)", line)
        assert match is not None, line
        found[int(match[1])] = match[2]
    return found


def test_a_claim_is_read_as_written(tmp_path: Path, case: Case) -> None:
    (checked,) = load_claims(write(tmp_path, HEAD + FINE), case).claims
    claim = checked.claim
    assert (claim.id, claim.who, claim.party, claim.date) == (
        "A1",
        "Example",
        Party.VENDOR,
        "2014-08/2014-10~",
    )
    assert (claim.scope.build, claim.scope.data_types) == ("factory", (DataType.IMEI,))
    assert claim.observable
    assert checked.holds_if is not None
    assert checked.holds_if.variables == {"flow"}


MISTAKES = """schema: phonehome.claims/1
conditions:
  network: [cellular]
claims:
  - id: M1
    who: Example
    party: vender
    text: "t"
    testable_when: "true"
    holds_if: flow.weak
  - id: M2
    who: Example
    party: vendor
    text: "t"
    testable_when: session.conditions.acount == "none"
    holds_if: flow.weak
  - id: M3
    who: Example
    party: vendor
    text: "t"
    testable_when: session.conditions.account == "nown"
    holds_if: flow.weak
  - id: M4
    who: Example
    party: vendor
    text: "t"
    testable_when: "true"
    holds_if: >-
      flow.data_type == "imei" &&
      flow.transport == "clearext"
  - id: M5
    who: Example
    party: vendor
    text: "t"
    testable_when: "true"
    holds_if: |
      flow.weak ||
      flow.consent == "grantd"
  - id: M6
    who: Example
    party: vendor
    text: "t"
    testable_when: flow.weak
    holds_if: flow.weak
  - id: M7
    who: Example
    party: vendor
    text: "t"
    testable_when: "true"
    holds_if: flow.count == "3"
  - id: M8
    who: Example
    party: vendor
    text: "t"
    scope: {services: [cloud]}
    testable_when: "true"
    holds_if: flow.weak
  - id: M9
    who: Example
    party: vendor
    text: "t"
    testable_when: "true"
  - id: M9
    who: Example
    party: vendor
    text: "t"
    observable: false
  - id: M10
    who: Example
    party: vendor
    text: "t"
    observable: "no"
  - id: M11
    who: Example
    party: vendor
    text: "t"
    date: last summer
    observable: false
  - id: M12
    who: Example
    party: vendor
    text: "t"
    observable: false
    conflicts_with: [M99]
  - id: M13
    party: vendor
    text: "t"
    observable: false
  - id: M14
    who: Example
    party: vendor
    text: "t"
    testable_when: "true"
    holds_if: "true"
  - id: M15
    who: Example
    party: vendor
    text: "t"
    testable_when: session.conditions.network == "cellular"
    holds_if: flow.country == "UK"
"""


def test_a_file_full_of_mistakes_names_each_with_its_line(tmp_path: Path, case: Case) -> None:
    found = errors(tmp_path, MISTAKES, case)
    wanted = {
        7: "party must be one of",
        15: "did you mean 'account'",
        21: "'nown' is not a value of the condition account",
        30: "did you mean 'cleartext'",
        38: "did you mean 'granted'",
        43: "unknown name 'flow'",
        50: "never equal",
        55: "the service 'cloud' is not known",
        58: "has no `holds_if:`",
        63: "stands in line 58 too",
        72: "observable must be true or false",
        77: "date must be a day",
        84: "the claim 'M99' is not known",
        85: "'who' is missing",
        94: "speaks of nothing that could be seen",
        100: "did you mean 'GB'",
    }
    assert {line: text for line, text in found.items() if wanted.get(line, "\0") not in text} == {}
    assert set(found) == set(wanted)


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("schema: phonehome.claims/2\nclaims: []\n", 1, "update phonehome"),
        ("schema: phonehome.case/1\n", 1, "schema must be"),
        ("clams: []\n", 1, "did you mean 'claims'"),
        ("claims: {a: b}\n", 1, "must be a list"),
        ("conditions: [a]\nclaims: []\n", 1, "must be a mapping"),
        ("conditions:\n  service.cloud_messaging: [on]\n", 2, "double quotes"),
        (HEAD + FINE.replace("id: A1", "id: 'A 1'"), 2, "letters, digits"),
        (HEAD + FINE.replace("imei, imei", "imie"), 8, "did you mean"),
        (HEAD + FINE.replace("factory", "factroy"), 8, "builds stand in case.yaml"),
        (HEAD + FINE.replace("redmi-1s", "redmi-2"), 8, "handsets stand in case.yaml"),
        (HEAD + FINE + "    conflicts_with: [A1]\n", 11, "conflict with itself"),
        (HEAD + FINE.replace('"true"', "true"), 9, "double quotes"),
        (HEAD + FINE + "    holdsif: x\n", 11, "unknown key"),
        (HEAD + FINE * 2, 11, "stands in line 2 too"),
        (HEAD + "  - {id: a}\n" * (MAX_CLAIMS + 1), 2, "at most"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, case: Case, text: str, line: int, why: str
) -> None:
    found = errors(tmp_path, text, case)
    assert why in found[line]


@pytest.mark.parametrize(
    "text", ["", "claims: *a\n", "claims: [&a 1]\n", "a\0b", "- 1\n", "[" * 99 + "\n", "\x85"]
)
def test_hostile_files_are_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        load_claims(write(tmp_path, text))


def test_a_mistake_in_one_rule_does_not_hide_one_in_the_next(tmp_path: Path) -> None:
    text = HEAD + FINE.replace('"true"', "session.idd == 1").replace('"tls"', '"https"')
    assert set(errors(tmp_path, text, None)) == {9, 10}


def test_a_link_or_a_folder_is_no_file_of_claims(tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to(write(tmp_path, HEAD))
    for path in (tmp_path / "link.yaml", tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(ConfigError):
            load_claims(path)


def test_without_a_case_its_names_are_not_checked_and_rules_are(tmp_path: Path) -> None:
    text = HEAD + FINE.replace("cloud_messaging", "anything")
    assert len(load_claims(write(tmp_path, text)).claims) == 1
    assert "did you mean 'tls'" in errors(tmp_path, text.replace('"tls"', '"https"'), None)[10]


def test_a_file_without_claims_is_read_with_a_warning(tmp_path: Path) -> None:
    file = load_claims(write(tmp_path, "schema: phonehome.claims/1\n"))
    assert file.claims == ()
    assert "no claims" in file.warnings[0]


def test_an_unobservable_claim_without_a_reason_is_warned_of(tmp_path: Path) -> None:
    text = HEAD + "  - {id: a, who: b, party: press, text: t, observable: false}\n"
    assert "because" in load_claims(write(tmp_path, text)).warnings[0]


def test_the_template_is_read_and_says_what_it_shows() -> None:
    file = load_claims(TEMPLATE)
    assert [one.claim.id for one in file.claims] == ["V1", "V2", "P1"]
    assert file.warnings == ()


CLAIMS_SCHEMA = jsonschema.Draft202012Validator(claims_schema())
VERDICTS_SCHEMA = jsonschema.Draft202012Validator(verdicts_schema())


def as_written(text: str) -> object:
    """Read YAML with dates left as texts, as editors do."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        first: [one for one in known if not one[0].endswith(":timestamp")]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml.load(text, Loader=Loader)  # a SafeLoader


@pytest.mark.parametrize(
    "text", [CLAIMS.read_text(), TEMPLATE.read_text(), HEAD + FINE], ids=["2014", "new", "fine"]
)
def test_what_the_loader_reads_fits_the_schema(tmp_path: Path, text: str) -> None:
    load_claims(write(tmp_path, text))
    CLAIMS_SCHEMA.validate(as_written(text))


@pytest.mark.parametrize(
    "text",
    [
        "colour: red\n",
        "schema: phonehome.claims/9\n",
        HEAD + FINE.replace("party: vendor", "party: vender"),
        HEAD + FINE.replace("2014-08/2014-10~", "2014-13"),
        HEAD + FINE.replace("imei, imei", "imie"),
        HEAD + FINE.replace("    holds_if", "    holdsif"),
        HEAD + FINE.replace('    testable_when: "true"\n', ""),
        HEAD + FINE.replace("id: A1", "id: 'A 1'"),
        HEAD + FINE.replace("    who: Example\n", ""),
        "conditions: {network: wifi}\n",
    ],
)
def test_what_the_schema_refuses_the_loader_refuses_too(tmp_path: Path, text: str) -> None:
    assert not CLAIMS_SCHEMA.is_valid(as_written(text))
    with pytest.raises(ConfigError):
        load_claims(write(tmp_path, text))


def test_expected_verdicts_fit_their_schema() -> None:
    VERDICTS_SCHEMA.validate(as_written(VERDICTS.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("verdicts:\n  - {id: A, verdict: true, confidence: high}\n", 2, "double quotes"),
        ("verdicts:\n  - {id: A, verdict: proved, confidence: high}\n", 2, "verdict must be one of"),
        ("verdicts:\n  - {id: A, verdict: untested}\n", 2, "'confidence' is missing"),
        ("verdicts:\n  - {id: A, verdict: untested, confidence: sure}\n", 2, "confidence must be one of"),
        ("verdicts:\n" + "  - {id: A, verdict: untested, confidence: high}\n" * 2, 3, "stands twice"),
        (
            "verdicts:\n  - {id: A, verdict: untested, confidence: high, superseded: maybe}\n",
            2,
            "true or false",
        ),
        ("schema: phonehome.verdicts/1\n", 1, "'verdicts' is missing"),
    ],
)
def test_a_wrong_file_of_verdicts_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, why: str
) -> None:
    path = tmp_path / "verdicts.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_verdicts(path)
    assert f"{path}:{line}: " in str(caught.value)
    assert why in str(caught.value)
    assert not VERDICTS_SCHEMA.is_valid(as_written(text)) or "twice" in why


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("2014-08/2014-10~", "2014-09/2014-07", "ends before it begins"),
        ("2014-08/2014-10~", "2014-09-02/2014-09-01~", "ends before it begins"),
        ("2014-08/2014-10~", "2014-02-30", "a day that there is none of"),
        (
            '"true"',
            'session.conditions.build == "note-2014-07"',
            "can never be met in a session with the build 'factory'",
        ),
        ("holds_if: ", 'holds_if: flow.direction != "down" || ', "true whatever was sent"),
        ("holds_if: ", "holds_if: flow.weak == false || ", "true whatever was sent"),
        (
            "holds_if: ",
            'holds_if: flow.data_type == "imei" || flow.data_type != "imei" || ',
            "true whatever was sent",
        ),
    ],
)
def test_what_contradicts_itself_or_tests_nothing_is_refused(
    tmp_path: Path, case: Case, old: str, new: str, why: str
) -> None:
    assert old in FINE
    (text,) = errors(tmp_path, HEAD + FINE.replace(old, new), case).values()
    assert why in text


@pytest.mark.parametrize("date", ["2014/2014-07", "2014-07/2014", "2014-07-30/2014-07", "2014-02-28"])
def test_a_span_within_a_month_or_year_is_read(tmp_path: Path, case: Case, date: str) -> None:
    text = HEAD + FINE.replace("2014-08/2014-10~", date)
    assert load_claims(write(tmp_path, text), case).claims[0].claim.date == date


def test_a_mistake_in_a_rule_hides_no_other_of_the_same_claim(tmp_path: Path, case: Case) -> None:
    broken = FINE.replace("party: vendor", "party: vendr").replace("2014-08/2014-10~", "2014-13-01")
    broken = broken.replace("holds_if: ", "holds_if: flow.wek && ")
    found = errors(tmp_path, HEAD + broken, case)
    assert len(found) == 3
