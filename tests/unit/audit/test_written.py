"""What people wrote in a case is masked wherever it lands, and only where it holds a value."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from affair import write_affair
from small_case import CARRIER, CONTACT, IMEI, IMSI, OWN, write_case

from phonehome.audit.case_run import CaseOptions, audit_case
from phonehome.audit.rulings import load_rulings
from phonehome.audit.written import Written, name_apart
from phonehome.audit.written_document import clean_document
from phonehome.case.folder import load_case
from phonehome.documents.audit import AuditDocument
from phonehome.model.case import Case, CaseHandset, CaseKind
from phonehome.model.subject import DataType, KnownValue, Origin, Subject
from phonehome.reports.json_report import render_json

DIGITS = CONTACT.removeprefix("+")
SPELLINGS = (
    IMEI,
    IMSI,
    DIGITS,
    OWN.removeprefix("+"),
    CARRIER,
    hashlib.md5(IMEI.encode()).hexdigest(),
    base64.b64encode(IMEI.encode()).decode(),
)


def change(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def leaks(text: str) -> list[str]:
    return [one for one in SPELLINGS if one.casefold() in text.casefold()]


def make_case(*values: KnownValue, model: str = "N") -> Case:
    return Case(
        title="t",
        kind=CaseKind.OBSERVATION,
        handsets=(CaseHandset(id="a", make="M", model=model, builds=("b1",)),),
        services=(),
        subjects={"a": Subject(values=values)},
        sessions=(),
    )


@pytest.fixture(scope="module")
def loose(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The affair, whose people wrote values into every text that a case has."""
    root = write_affair(tmp_path_factory.mktemp("loose"))
    digest, wrapped = SPELLINGS[5], SPELLINGS[6]
    change(
        root / "case.yaml",
        ("Redmi 1S and Redmi Note,", f"Case of {IMEI}, MD5 {digest} b64 {wrapped},"),
        ("model: Redmi 1S", f'model: "Redmi 1S {IMEI}"'),
        ("[factory, ", f"[factory, b-{IMSI}, "),
        ("name: Online shop", f'name: "Shop of {CONTACT}"'),
        ("hosts: [.mi.com]", f'hosts: [.mi.com, "imei-{IMEI}.mi.com"]'),
    )
    change(root / "subjects" / "redmi-1s.yaml", ("model: Redmi 1S", f'model: "Redmi 1S {IMEI}"'))
    change(root / "claims.yaml", ('"Text messages were', f'"To {CONTACT}: text messages were'))
    session = root / "sessions" / "04-update-all-on" / "session.yaml"
    change(session, ("  account: ", f"  sim: {CARRIER}\n  account: "))
    (root / "annotations.yaml").write_text(
        f"""annotations:
- at: 2014-12-01T00:00:00Z
  author: "{OWN}"
  reason: "the phone is {IMEI}"
  note: "call {CONTACT}"
""",
        encoding="utf-8",
    )
    return root


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def document(loose: Path, said: list[str]) -> AuditDocument:
    loaded = load_case(loose)
    return audit_case(loaded, load_rulings(loaded)[0], CaseOptions(progress=said.append))


def test_no_text_of_a_case_shows_a_value(document: AuditDocument) -> None:
    assert leaks(render_json(document)) == []
    assert document.case is not None
    assert document.case.title.startswith("Case of ‹redmi-1s/imei-1›, MD5 ‹redmi-1s/imei-1› b64")


def test_people_are_told_where_they_wrote_one(document: AuditDocument, said: list[str]) -> None:
    assert document.case is not None
    (warning,) = (text for text in said if text.startswith("warning"))
    assert "title, handsets[0].model" in warning
    assert "annotations[0].author" in warning
    assert leaks(warning) == []


def test_revealed_they_stand_as_written(loose: Path) -> None:
    loaded = load_case(loose)
    shown = audit_case(loaded, load_rulings(loaded)[0], CaseOptions(reveal=True))
    assert shown.case is not None
    assert IMEI in shown.case.title
    assert shown.case.annotations[0].author == OWN


def test_what_was_joined_by_an_id_stays_joined(tmp_path: Path) -> None:
    root = write_case(tmp_path)
    name = f"call-{CONTACT.removeprefix('+')}"
    for session in (root / "sessions").iterdir():
        change(session / "session.yaml", ("id: add-contact", f"id: {name}, exposes: [contact_phone_number]"))
    old = root / "sessions" / "01-factory-no-account"
    change(old / "session.yaml", (f"id: {old.name}", f"id: imei-{IMEI}"))
    old.rename(old.with_name(f"imei-{IMEI}"))
    document = audit_case(load_case(root))
    assert leaks(render_json(document)) == []
    assert document.case is not None
    sessions = {one.id: one for one in document.case.sessions}
    assert len(sessions) == 4
    assert {flow.session for flow in document.flows} <= sessions.keys()
    paths = {one.path for one in document.inputs}
    assert {finding.exchange.input for finding in document.findings} <= paths
    assert {path for one in sessions.values() for path in one.inputs} == paths
    steps = {step.id for one in sessions.values() for step in one.steps}
    assert {finding.step for finding in document.findings if finding.step} <= steps
    assert any("‹contact-1›" in step for step in steps)


def test_ids_that_would_become_one_stay_two(tmp_path: Path) -> None:
    root = write_case(tmp_path)
    sessions = sorted((root / "sessions").iterdir())
    for folder, name in zip(sessions, (f"s-{IMEI}", f"s-{IMEI[:8]}-{IMEI[8:]}"), strict=False):
        file = folder / "session.yaml"
        change(file, (f"id: {folder.name}", f"id: {name}"))
        folder.rename(folder.with_name(name))
    document = audit_case(load_case(root))
    assert document.case is not None
    assert len({one.id for one in document.case.sessions}) == 4
    assert leaks(render_json(document)) == []


def test_a_case_in_which_nobody_wrote_a_value_is_not_touched(tmp_path: Path) -> None:
    loaded = load_case(write_case(tmp_path))
    document = audit_case(loaded)
    assert clean_document(document, Written(loaded.case)).document is document


def test_what_a_case_says_openly_stands_though_a_subject_lists_it() -> None:
    model = KnownValue(id="model-1", type=DataType.DEVICE_MODEL, value="Redmi 1S")
    assert Written(make_case(model, model="Redmi 1S")).clean("The Redmi 1S sends") == "The Redmi 1S sends"


def test_a_number_is_no_secret_less_for_being_called_a_model() -> None:
    imei = KnownValue(id="imei-1", type=DataType.IMEI, value=IMEI)
    assert Written(make_case(imei, model=IMEI)).clean(f"model {IMEI}") == "model ‹imei-1›"
    text = replace(imei, type=DataType.TEXT)
    assert Written(make_case(text, model=IMEI)).clean(f"model {IMEI}") == "model ‹imei-1›"


def test_a_name_like_a_word_goes_from_what_people_wrote_and_not_from_what_the_program_says() -> None:
    name = KnownValue(id="name-1", type=DataType.CONTACT_NAME, value="Will")
    written = Written(make_case(name))
    assert written.clean("call Will at noon") == "call ‹name-1› at noon"
    assert written.quote("a session with it will tell") == "a session with it will tell"


def test_an_id_that_is_a_value_is_replaced() -> None:
    value = KnownValue(id=IMEI, type=DataType.IMEI, value=IMEI)
    other = KnownValue(id="other", type=DataType.TEXT, value="something else")
    (one,) = name_apart({"phone": Subject(values=(value, other))}).values()
    assert [value.id for value in one.values] == ["imei-no-1", "other"]
    two = name_apart({f"phone-{IMEI}": Subject(values=(value,)), "b": Subject(values=(other,))})
    assert [value.id for one in two.values() for value in one.values] == ["handset-1/imei-no-1", "b/other"]


def _written_with(message: str) -> Written:
    value = KnownValue(id="sms-1", type=DataType.SMS_TEXT, value=message, origin=Origin.PLANTED)
    case = Case(
        title="",
        kind=CaseKind.OBSERVATION,
        handsets=(CaseHandset(id="unit-3"),),
        services=(),
        sessions=(),
        subjects={"unit-3": Subject(values=(value,))},
    )
    return Written(case)


def test_words_that_a_message_shares_with_everybody_stay() -> None:
    written = _written_with("what stands in the recording does not show in the traffic of anybody")
    said = "what a server keeps does not show, and nothing in the session tells"
    assert written.clean(said) == said
    assert written.quote(said) == said


@pytest.mark.parametrize("wrap", [str, str.upper, lambda text: base64.b64encode(text.encode()).decode()])
def test_a_passage_of_a_message_is_hidden_plain_and_encoded(wrap: Callable[[str], str]) -> None:
    message = "the heron stands in the reeds at noon and waits."
    shown = _written_with(message).clean(f"it said {wrap(message)} twice")
    assert shown == "it said ‹sms-1› twice"


def test_a_long_part_of_a_message_is_hidden() -> None:
    written = _written_with("the heron stands in the reeds at noon and waits")
    assert written.clean("(heron stands in the reeds at)") == "(‹sms-1›)"
