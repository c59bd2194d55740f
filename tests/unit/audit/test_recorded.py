"""What a session's recordings cover: a recorder that had stopped is no witness, one of another year is a problem."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from small_case import SESSIONS, Call, write_case

from phonehome.audit.case_run import audit_case
from phonehome.case.folder import load_case
from phonehome.case.session_file import read_session_file
from phonehome.case.yamltext import write_session
from phonehome.documents.audit import AuditDocument
from phonehome.documents.case import SessionDoc

SILENT = SESSIONS[2]
HELLO = "http://www.miui.com/greeting?lang=en"


def audit_silent(folder: Path, *minutes: float, told: bool = False, more: str = "") -> AuditDocument:
    """Audit a session of six steps, a minute apart, whose exchanges begin at these minutes."""
    silent = replace(SILENT, calls=tuple(Call(minute=minute, url=HELLO) for minute in minutes))
    root = write_case(folder, [silent])
    place = root / "sessions" / silent.id / "session.yaml"
    text = place.read_text(encoding="utf-8")
    if not told:
        head, _, rest = text.partition("recorded:")
        text = head + rest[rest.index("steps:") :]
    place.write_text(text + more, encoding="utf-8")
    return audit_case(load_case(root))


def session_of(document: AuditDocument) -> SessionDoc:
    assert document.case is not None
    return document.case.sessions[0]


def exposed(document: AuditDocument) -> set[str]:
    return {one.data_type for one in session_of(document).exposures}


def test_a_step_after_the_end_is_no_chance_and_the_session_says_so(tmp_path: Path) -> None:
    document = audit_silent(tmp_path, 0.1, 2.9)
    session = session_of(document)
    assert [step.id for step in session.steps if not step.recorded] == [
        "add-contact",
        "send-sms",
        "receive-sms",
    ]
    assert "contact_phone_number" not in exposed(document)
    assert "imei" in exposed(document)
    assert session.misses[0] == (
        "The recording ends at 2014-08-14T10:02:54.080000Z, before 3 steps of the timeline (add-contact, send-sms and "
        "receive-sms), which therefore count as no chance for any data; if the recorder did run then, `recorded` in "
        "session.yaml says so."
    )
    assert document.problems == []


def test_a_step_that_was_over_before_the_beginning_is_no_chance(tmp_path: Path) -> None:
    session = session_of(audit_silent(tmp_path, 2.5, 9))
    assert [step.id for step in session.steps if not step.recorded] == ["start-up", "insert-sim"]
    assert "too late for 2 steps" in session.misses[0]


def test_what_the_tester_says_of_the_recorder_counts_where_it_is_more(tmp_path: Path) -> None:
    quiet = audit_silent(tmp_path / "a", 2.5, told=True)
    assert all(step.recorded for step in session_of(quiet).steps)
    assert "contact_phone_number" in exposed(quiet)
    wider = session_of(audit_silent(tmp_path / "b", 2.5, 30, told=True))
    assert wider.recorded_to == "2014-08-14T10:30:00.080000Z"


def test_a_recording_of_another_year_is_a_problem_and_exposes_nothing(tmp_path: Path) -> None:
    document = audit_silent(tmp_path, 365 * 24 * 60)
    [problem] = document.problems
    assert (problem.where, problem.lost) == (f"sessions/{SILENT.id}", True)
    assert "do not overlap" in problem.reason
    assert exposed(document) == set()


def test_a_clock_is_set_right_before_the_two_are_compared(tmp_path: Path) -> None:
    ahead = timedelta(days=365)
    document = audit_silent(
        tmp_path,
        ahead.total_seconds() / 60 + 0.1,
        ahead.total_seconds() / 60 + 8,
        more=f"clock_offset_s: {ahead.total_seconds()}\n",
    )
    assert document.problems == []
    assert all(step.recorded for step in session_of(document).steps)


def test_an_empty_recording_exposes_nothing(tmp_path: Path) -> None:
    document = audit_silent(tmp_path)
    assert exposed(document) == set()
    assert "so nothing tells that it covers the timeline" in session_of(document).misses[0]


def test_what_the_tester_says_is_written_and_read_again(tmp_path: Path) -> None:
    loaded = load_case(write_case(tmp_path, [SILENT]))
    [session] = loaded.case.sessions
    assert session.recorded is not None
    path = tmp_path / "session.yaml"
    path.write_text(write_session(session), encoding="utf-8")
    assert read_session_file(path, loaded.known, session.id).session == session
