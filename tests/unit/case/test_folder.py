"""A case is read as a whole; whatever is wrong in it is said with file and line."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from case_folders import ANNOTATIONS_TEXT, SESSION_TEXT, replace_in, write_case

from phonehome.case.folder import is_case, load_case
from phonehome.model.case import CaseKind
from phonehome.model.errors import ConfigError
from phonehome.model.session import Consent, ConsentState, Position, SessionCapture, Step


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return write_case(tmp_path / "case")


def complaint(root: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_case(root)
    return str(caught.value)


SESSION = Path("sessions/01-factory/session.yaml")


def test_a_case_is_read_as_it_is_written(case: Path) -> None:
    loaded = load_case(case)
    assert (loaded.case.title, loaded.case.kind) == ("A test", CaseKind.OBSERVATION)
    assert loaded.case.handsets[0].builds == ("1.0", "1.1")
    assert loaded.case.subjects["phone-1"].values[0].id == "imei-1"
    assert loaded.warnings == ()
    (session,) = loaded.case.sessions
    assert (session.id, session.position, session.protocol) == (
        "01-factory",
        Position.GATEWAY,
        "handset-2014",
    )
    assert session.conditions == {
        "build": "1.0",
        "account": "none",
        "network": "wifi",
        "service.cloud": "off",
    }
    assert session.steps[1] == Step(
        id="add-contact", at=datetime(2014, 8, 7, 9, 10, tzinfo=UTC), note="the planted one"
    )
    assert session.consent[1] == Consent(
        service="cloud",
        at=datetime(2014, 8, 7, 9, 5, tzinfo=UTC),
        state=ConsentState.DECLINED,
        shown="Use the cloud?",
    )
    assert session.captures == (SessionCapture(file="traffic.pcap", keylog="keys.txt"),)
    assert loaded.capture_paths(session) == [case / "sessions/01-factory/traffic.pcap"]
    assert loaded.keylog_paths(session) == [case / "sessions/01-factory/keys.txt"]


def test_annotations_lie_over_the_sessions_and_what_was_recorded_stays(case: Path) -> None:
    (case / "annotations.yaml").write_text(ANNOTATIONS_TEXT)
    loaded = load_case(case)
    assert loaded.case.sessions[0].clock_offset_s == 2.0
    assert loaded.recorded[0].clock_offset_s == 1.5
    assert loaded.case.annotations[0].corrects == ("clock_offset_s",)


def test_sessions_stand_in_the_order_of_their_names(tmp_path: Path) -> None:
    root = write_case(tmp_path / "case", sessions=3)
    assert [session.id for session in load_case(root).case.sessions] == [
        "01-factory",
        "02-factory",
        "03-factory",
    ]


def test_a_case_without_sessions_is_a_case(tmp_path: Path) -> None:
    assert load_case(write_case(tmp_path / "case", sessions=0)).case.sessions == ()


def test_a_folder_is_a_case_by_its_case_file(case: Path, tmp_path: Path) -> None:
    assert is_case(case)
    assert not is_case(tmp_path)
    assert not is_case(case / "case.yaml")


WRONG_IN_SESSION = [
    ("{id: add-contact,", "{id: add-contatc,", "did you mean 'add-contact'"),
    ("2014-08-07T11:10:00+02:00", "2014-08-07T08:59:59Z", "out of order"),
    ("2014-08-07T11:10:00+02:00", "2014-08-07T11:10:00", "no time zone"),
    ("2014-08-07T11:10:00+02:00", "2014-02-30T11:10:00Z", "calendar"),
    ("state: declined", "state: refused", "not_asked, declined, granted, withdrawn"),
    ("service: cloud, at: 2014-08-07T09:05:00Z", "service: clod, at: 2014-08-07T09:05:00Z", "'cloud'"),
    ("cloud, at: 2014-08-07T09:05:00Z", "cloud, at: 2014-08-07T08:05:00Z", "out of order"),
    ("cloud, at: 2014-08-07T09:05:00Z", "cloud, at: 2014-08-07T09:00:00Z", "stands in line"),
    ("subject: phone-1", "subject: phone-2", "did you mean 'phone-1'"),
    ("position: gateway", "position: router", "gateway, handset, proxy, tap"),
    ("protocol: handset-2014", "protocol: handset", "`phonehome protocols`"),
    ("id: 01-factory", "id: 01-update", "must agree"),
    ("id: 01-factory", "id: ../x", "letter or digit"),
    ('service.cloud: "off"', 'service.clout: "off"', "'cloud'"),
    ('service.cloud: "off"', "service.cloud: off", "double quotes"),
    ('service.cloud: "off"', 'service.cloud: "no"', '"on" or "off"'),
    ('build: "1.0"', 'build: "2.0"', "builds"),
    ("account: none", "Account: none", "small letters"),
    ("clock_offset_s: 1.5", "clock_offset_s: .nan", "seconds"),
    ("clock_offset_s: 1.5", "clock_offset_s: 1e12", "seconds"),
    ("file: traffic.pcap", "file: traffic2.pcap", "missing"),
    ("keylog: keys.txt", "keylog: other.txt", "missing"),
    ("file: traffic.pcap", "file: ../../case.yaml", "without a path"),
    ("file: traffic.pcap", "file: /etc/passwd", "without a path"),
    ("file: traffic.pcap", "file: session.yaml", "own file"),
    ("file: traffic.pcap", "file: traffic.pcap, size: 8", "8 when it was copied in"),
    ("file: traffic.pcap", "file: traffic.pcap, sha256: abc", "64 of"),
    ("tools: {", "tool: {", "did you mean 'tools'"),
    ("schema: phonehome.session/1", "schema: phonehome.session/2", "update phonehome"),
    ("schema: phonehome.session/1", "schema: phonehome.subject/1", "must be 'phonehome.session/1'"),
]


@pytest.mark.parametrize(
    ("old", "new", "said"), WRONG_IN_SESSION, ids=[new for _, new, _ in WRONG_IN_SESSION]
)
def test_what_is_wrong_in_a_session_is_said_with_file_and_line(
    case: Path, old: str, new: str, said: str
) -> None:
    line = replace_in(case / SESSION, old, new)
    text = complaint(case)
    assert text.startswith(f"{case / SESSION}:{line}: ")
    assert said in text
    assert len(text.splitlines()) == 1


WRONG_IN_CASE = [
    ("schema: phonehome.case/1", "schema: phonehome.case/2", "version 2 of the case file"),
    ("title: A test", "tilte: A test", "did you mean 'title'"),
    ("title: A test", "title: 2014", "double quotes"),
    ('"1.0", "1.1"', '"1.0", "1.0"', "stands twice"),
    ("id: push", "id: cloud", "ids must differ"),
    ("id: push", "id: Push", "letter or digit"),
    ("api.example.com", "https://api.example.com/", "is no host"),
    ("api.example.com", "'*.example.com'", "is no host"),
    ("id: phone-1", "id: phone-9", "has no subject file"),
]


@pytest.mark.parametrize(("old", "new", "said"), WRONG_IN_CASE, ids=[new for _, new, _ in WRONG_IN_CASE])
def test_what_is_wrong_in_the_case_file_is_said_with_file_and_line(
    case: Path, old: str, new: str, said: str
) -> None:
    line = replace_in(case / "case.yaml", old, new)
    text = complaint(case)
    assert text.startswith(f"{case / 'case.yaml'}:{line}: ")
    assert said in text


WRONG_IN_ANNOTATIONS = [
    ("session: 01-factory", "session: 02-factory", "did you mean '01-factory'"),
    ("clock_offset_s: 2", "steps: [{id: nap, at: 2014-08-07T09:00:00Z}]", "not known"),
    ("clock_offset_s: 2", "consent: [{service: x, at: 2014-08-07T09:00:00Z, state: granted}]", "not known"),
    ("clock_offset_s: 2", "conditions: {build: '9'}", "builds"),
    ("clock_offset_s: 2", "position: tap", "unknown key"),
    ("author: A. Tester, ", "", "'author' is missing"),
    ("reason: read again", "reason: ''", "empty"),
    ("at: 2014-08-08T09:00:00Z", "at: 2014-08-08", "time"),
    ("session: 01-factory, ", "", "needs `session:`"),
]


@pytest.mark.parametrize(
    ("old", "new", "said"), WRONG_IN_ANNOTATIONS, ids=[f"{old}-{new}" for old, new, _ in WRONG_IN_ANNOTATIONS]
)
def test_what_is_wrong_in_an_annotation_is_said_with_file_and_line(
    case: Path, old: str, new: str, said: str
) -> None:
    path = case / "annotations.yaml"
    path.write_text(ANNOTATIONS_TEXT)
    line = replace_in(path, old, new)
    text = complaint(case)
    assert text.startswith(f"{path}:{line}: ")
    assert said in text


def test_errors_of_all_sessions_are_said_at_once(tmp_path: Path) -> None:
    root = write_case(tmp_path / "case", sessions=3)
    line = replace_in(root / "sessions/01-factory/session.yaml", "state: declined", "state: refused")
    for name in ("traffic.pcap", "keys.txt"):
        (root / "sessions/03-factory" / name).unlink()
    places = [text.split(": ")[0] for text in complaint(root).splitlines()]
    assert places == [
        f"{root}/sessions/01-factory/session.yaml:{line}",
        f"{root}/sessions/03-factory/session.yaml:15",
        f"{root}/sessions/03-factory/session.yaml:15",
    ]


def test_without_evidence_what_is_missing_is_listed_and_the_rest_is_read(case: Path) -> None:
    (case / "sessions/01-factory/traffic.pcap").unlink()
    loaded = load_case(case, evidence=False)
    assert [session.id for session in loaded.case.sessions] == ["01-factory"]
    assert f"{SESSION}:15: " in loaded.missing[0]


@pytest.mark.parametrize(
    "place",
    ["case.yaml", "subjects/phone-1.yaml", "sessions", "sessions/01-factory", str(SESSION), "subjects"],
)
def test_a_link_in_the_place_of_a_file_or_folder_is_refused(case: Path, tmp_path: Path, place: str) -> None:
    shutil.move(case / place, tmp_path / "elsewhere")
    (case / place).symlink_to(tmp_path / "elsewhere")
    assert "link" in complaint(case)


@pytest.mark.parametrize("name", ["traffic.pcap", "keys.txt"])
def test_a_link_in_the_place_of_evidence_is_refused(case: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("secret")
    (case / "sessions/01-factory" / name).unlink()
    (case / "sessions/01-factory" / name).symlink_to(tmp_path / "secret")
    assert "must be a plain file" in complaint(case)


def test_results_may_not_lead_out_of_the_case(case: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (case / "results").symlink_to(tmp_path / "home")
    assert "results: must be a folder of the case itself" in complaint(case)


def test_a_link_that_leads_nowhere_is_refused_too(case: Path) -> None:
    (case / "annotations.yaml").symlink_to("nowhere")
    assert "must be a plain file" in complaint(case)


def test_a_pipe_in_the_place_of_a_file_does_not_hang(case: Path) -> None:
    os.mkfifo(case / "annotations.yaml")
    assert "must be a plain file" in complaint(case)


def test_a_subject_may_not_name_a_file_outside_the_case(case: Path, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"photo")
    path = case / "subjects/phone-1.yaml"
    path.write_text("values:\n- {id: photo-1, type: photo, file: ../../photo.jpg}\n")
    assert "lies outside the case" in complaint(case)


def test_an_error_in_a_subject_names_its_own_file(case: Path) -> None:
    (case / "subjects/phone-1.yaml").write_text("values:\n- {id: a, type: imie, value: '1'}\n")
    assert complaint(case).startswith(f"{case / 'subjects/phone-1.yaml'}:2: ")


def test_a_session_folder_without_its_file_is_an_error(case: Path) -> None:
    (case / "sessions/02-empty").mkdir()
    assert "without its session.yaml" in complaint(case)


def test_a_session_folder_of_an_odd_name_is_an_error(case: Path) -> None:
    (case / "sessions/Übung").mkdir()
    assert "rename or take away 'Übung'" in complaint(case)


def test_captures_that_are_named_twice_are_an_error(case: Path) -> None:
    replace_in(case / SESSION, "tools:", "- {file: traffic.pcap}\ntools:")
    assert "stands in line 15 too" in complaint(case)


@pytest.mark.parametrize("written", ["captures: []\n", "", "captures:\n"])
def test_a_session_without_captures_is_an_error(case: Path, written: str) -> None:
    text = SESSION_TEXT.replace("captures:\n- {file: traffic.pcap, keylog: keys.txt}\n", written)
    (case / SESSION).write_text(text)
    assert "captures" in complaint(case)


def test_a_step_beside_the_protocol_says_what_it_exposes(case: Path) -> None:
    replace_in(case / SESSION, "id: add-contact,", "id: take-photo, exposes: [photo],")
    assert load_case(case).case.sessions[0].steps[1].id == "take-photo"


def test_steps_without_a_protocol_that_expose_nothing_are_warned_of(case: Path) -> None:
    replace_in(case / SESSION, "protocol: handset-2014\n", "")
    (warning,) = load_case(case).warnings
    assert warning.startswith(f"{case / SESSION}:8: ")


def test_conditions_that_the_protocol_wants_are_warned_of(case: Path) -> None:
    replace_in(case / SESSION, "network: wifi, ", "")
    (warning,) = load_case(case).warnings
    assert "network" in warning


def test_what_an_interrupted_writer_left_is_passed_over_with_a_warning(case: Path) -> None:
    (case / "sessions/.partial-0123-02-x").mkdir()
    (case / ".partial-4567-annotations.yaml").write_text("half")
    loaded = load_case(case)
    assert len(loaded.case.sessions) == 1
    first, second = loaded.warnings
    assert first.startswith(f"{case}: '.partial-4567-annotations.yaml' is not part of the case")
    assert second.startswith(f"{case}/sessions: '.partial-0123-02-x' is not part of the case")


def test_names_that_hold_a_line_break_forge_no_message(case: Path) -> None:
    (case / "sessions/.partial-x\nphonehome: all is well").mkdir()
    assert len(load_case(case).warnings[0].splitlines()) == 1
    (case / "sessions/02\nphonehome: all is well").mkdir()
    assert len(complaint(case).splitlines()) == 1
    (case / "sessions/02\nphonehome: all is well").rmdir()
    (case / "protocols").mkdir()
    (case / "protocols/x\nphonehome: all is well.yaml").write_text("x")
    assert len(complaint(case).splitlines()) == 1


def test_a_case_without_a_title_says_the_same_under_any_name(case: Path) -> None:
    replace_in(case / "case.yaml", "title: A test\n", "")
    assert load_case(case).case.title == load_case(case.rename(case.with_name("b"))).case.title


def test_a_file_beside_the_sessions_is_warned_of(case: Path) -> None:
    (case / "sessions/notes.txt").write_text("x")
    assert "notes.txt" in load_case(case).warnings[0]


def test_a_file_that_its_session_does_not_name_is_warned_of(case: Path) -> None:
    for number in range(8):
        (case / f"sessions/01-factory/{number}.pcap").write_bytes(b"x")
    (warning,) = load_case(case).warnings
    assert "does not name '0.pcap', '1.pcap'" in warning
    assert "and 3 more" in warning


def test_a_folder_that_is_no_case_says_how_to_make_one(tmp_path: Path) -> None:
    assert "phonehome case new" in complaint(tmp_path)
    assert "phonehome case new" in complaint(tmp_path / "nowhere")


def test_annotations_out_of_order_are_warned_of(case: Path) -> None:
    again = "- {at: 2014-08-07T09:00:00Z, author: B, reason: x, session: 01-factory, clock_offset_s: 3}\n"
    (case / "annotations.yaml").write_text(ANNOTATIONS_TEXT + again)
    loaded = load_case(case)
    assert loaded.case.sessions[0].clock_offset_s == 3.0
    assert len(loaded.warnings) == 1


def test_text_that_is_no_yaml_names_the_line(case: Path) -> None:
    (case / SESSION).write_text("id: [\n")
    assert complaint(case).startswith(f"{case / SESSION}:")
    (case / SESSION).write_text("")
    assert "phonehome case add-session" in complaint(case)
