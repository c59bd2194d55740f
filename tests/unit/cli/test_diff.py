"""`phonehome diff` as people and CI run it."""

import json
from pathlib import Path

import jsonschema
import pytest
from case_documents import make_case_document, make_flow, make_session
from command_line import IMEI, SUBJECT_TEXT, Ended, entry, har, run
from small_case import FACTORY, SENDER, UPDATE, write_case

from phonehome.cli.main import main
from phonehome.documents.audit import AuditDocument
from phonehome.reports.json_report import render_json
from phonehome.reports.schema import diff_schema

HOST = "api.example.com"


def write(path: Path, document: AuditDocument) -> Path:
    path.write_text(render_json(document), encoding="utf-8")
    return path


def one_build(build: str, *, sends: bool = True, wrapped: bool = False, exposures: int = 3) -> AuditDocument:
    session = make_session(build, {"build": build}, exposes={"imei": exposures})
    flow = make_flow("imei", HOST, session=build, transport="tls" if wrapped else "cleartext")
    return make_case_document([session], [flow] if sends else [])


def diff(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> Ended:
    status = main(["diff", *map(str, arguments)])
    out, err = capfd.readouterr()
    return Ended(status, out, err)


def changes(ended: Ended) -> dict[str, str]:
    document = json.loads(ended.out)
    jsonschema.validate(document, diff_schema())
    return {change["data_type"]: change["change"] for change in document["changes"]}


@pytest.fixture
def builds(tmp_path: Path) -> tuple[Path, Path, Path]:
    return (
        write(tmp_path / "open.json", one_build("1")),
        write(tmp_path / "wrapped.json", one_build("2", wrapped=True)),
        write(tmp_path / "silent.json", one_build("3", sends=False)),
    )


def test_two_documents_are_compared_as_json(
    builds: tuple[Path, Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    ended = diff(capfd, builds[0], builds[1], "--format", "json")
    assert ended.status == 0
    assert changes(ended) == {"imei": "wrapped"}


@pytest.mark.parametrize(
    ("first", "second", "differs", "worse"),
    [(0, 0, 0, 0), (0, 1, 4, 0), (1, 0, 4, 4), (0, 2, 4, 0), (2, 0, 4, 4)],
    ids=["same", "wrapped", "unwrapped", "stopped", "new"],
)
def test_the_exit_status_serves_ci(
    builds: tuple[Path, Path, Path],
    capfd: pytest.CaptureFixture[str],
    first: int,
    second: int,
    differs: int,
    worse: int,
) -> None:
    sides = builds[first], builds[second]
    assert diff(capfd, *sides).status == 0
    assert diff(capfd, *sides, "--exit-code").status == differs
    assert diff(capfd, *sides, "--fail-on-new").status == worse


def test_what_was_not_exercised_is_a_difference(
    builds: tuple[Path, Path, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    idle = write(tmp_path / "idle.json", one_build("4", sends=False, exposures=0))
    assert diff(capfd, builds[0], idle, "--exit-code").status == 4


def test_the_terminal_says_how_it_is_known(
    builds: tuple[Path, Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    out = " ".join(diff(capfd, builds[0], builds[2]).out.split())
    assert "phonehome 0.1.0 compares open.json with silent.json 1 stopped" in out
    assert "after 3 exposures, which still allow a rate of up to 63 %" in out
    assert "“Not seen” is not “not sent”" in out


def test_a_page_is_written_and_replaced_and_nothing_else_is(
    builds: tuple[Path, Path, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "changes.html"
    assert diff(capfd, *builds[:2], "-o", page).status == 0
    assert "still sent, now over TLS" in page.read_text(encoding="utf-8")
    assert diff(capfd, *builds[:2], "-o", page).status == 0
    ended = diff(capfd, *builds[:2], "-o", builds[0], "--format", "json")
    assert (ended.status, "input" in ended.err) == (2, True)
    audit = write(tmp_path / "audit.json", one_build("9"))
    assert diff(capfd, *builds[:2], "-o", audit).status == 2


def test_groups_of_sessions_of_one_document_are_chosen_by_condition(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sessions = [make_session(name, {"build": name}, exposes={"imei": 2}) for name in ("1", "2", "3")]
    case = write(tmp_path / "case.json", make_case_document(sessions, [make_flow("imei", session="1")]))
    ended = diff(
        capfd, case, "--before", "build=1", "--after", "build=2", "--after", "build=3", "--format", "json"
    )
    document = json.loads(ended.out)
    assert document["after"]["sessions"] == ["2", "3"]
    assert document["changes"][0]["exposures"] == 4
    assert (document["before"]["name"], document["after"]["name"]) == ("build=1", "build=2 or 3")
    ended = diff(capfd, case, "--before", "session=1", "--after", "session=3", "--format", "json")
    assert json.loads(ended.out)["after"]["sessions"] == ["3"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["case.json"], "One side was given"),
        (["case.json", "--before", "build=1", "--after", "build=1"], "One side was given"),
        (["case.json", "--before", "build=9"], "no session has build=9; there is 1 and 2"),
        (["case.json", "--before", "mood=good"], "there is nothing: no session has it"),
        (["case.json", "--before", "build"], "'build' is no condition; write FACTOR=VALUE"),
        (["case.json", "--before", "build=1", "--before", "network=x"], "there is wifi"),
        (["case.json", "--before", "session=zz"], "no session has session=zz; there is s1 and s2"),
        (["case.json", "nothing.json"], "nothing.json"),
        (["case.json", "diff.json"], "holds phonehome.diff/1, and phonehome.audit/1 was expected"),
        (["case.json", "newer.json"], "holds phonehome.audit/2, and phonehome.audit/1 was expected"),
        (["case.json", "broken.json"], "no audit document as this version writes it: flows"),
        (["case.json", "stranger.json"], "a flow is of session 's1', which the document does not describe"),
        (["bare.har", "case.json", "--before", "build=1"], "has no sessions to choose from"),
    ],
)
def test_what_cannot_be_compared_ends_with_a_sentence(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    sessions = [
        make_session(f"s{build}", {"build": build, "network": "wifi"}, exposes={"imei": 2}) for build in "12"
    ]
    text = render_json(make_case_document(sessions, [make_flow("imei", session="s1")]))
    files = {
        "case.json": text,
        "newer.json": text.replace("phonehome.audit/1", "phonehome.audit/2"),
        "broken.json": text.replace('"flows": [', '"flows": [7,'),
        "stranger.json": text.replace('"id": "s1"', '"id": "s3"'),
        "diff.json": '{"schema": "phonehome.diff/1"}',
    }
    for name, content in files.items():
        Path(name).write_text(content, encoding="utf-8")
    Path("bare.har").write_bytes(har(entry()))
    ended = diff(capfd, *arguments)
    assert ended.status == 2
    assert sentence in " ".join(ended.err.split())
    assert "Traceback" not in ended.err


def test_bare_recordings_are_audited_and_never_said_to_have_stopped_sending(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    subject = tmp_path / "subject.yaml"
    subject.write_text(SUBJECT_TEXT, encoding="utf-8")
    (tmp_path / "old.har").write_bytes(har(entry(f"http://{HOST}/?id={IMEI}")))
    (tmp_path / "new.har").write_bytes(har(entry(f"http://{HOST}/")))
    sides = (tmp_path / "old.har", tmp_path / "new.har")
    ended = diff(capfd, *sides, "--subject", subject, "--format", "json")
    assert changes(ended) == {"imei": "not_exercised"}
    assert changes(diff(capfd, *sides[::-1], "--subject", subject, "--format", "json")) == {"imei": "new"}
    assert IMEI not in ended.out


def test_a_subject_that_nobody_needs_is_said_to_change_nothing(
    builds: tuple[Path, Path, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    subject = tmp_path / "subject.yaml"
    subject.write_text(SUBJECT_TEXT, encoding="utf-8")
    assert "changed nothing" in diff(capfd, *builds[:2], "--subject", subject).err


def test_a_case_is_audited_if_its_result_does_not_fit_and_its_sessions_are_sides(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = write_case(tmp_path)
    sides = ("--before", f"build={FACTORY}", "--after", f"build={UPDATE}", "--format", "json")
    first = diff(capfd, case, *sides)
    assert "is audited now" in first.err
    assert changes(first)["contact_phone_number"] == "wrapped"
    assert not (case / "results").exists()
    assert main(["audit", str(case), "-o", str(tmp_path / "a.json")]) == 0
    capfd.readouterr()
    second = diff(capfd, case, *sides)
    assert (second.out, second.err) == (first.out, "")
    sessions = [case / "sessions" / name for name in ("01-factory-no-account", "03-update-all-off")]
    third = diff(capfd, *sessions, "--format", "json")
    assert set(changes(third).values()) == {"not_exercised"}
    assert json.loads(third.out)["after"]["name"] == "03-update-all-off"
    monkeypatch.chdir(case / "sessions")
    fourth = diff(capfd, "01-factory-no-account", "03-update-all-off/", "--format", "json")
    assert fourth.out == third.out


def test_the_program_itself_writes_json_and_nothing_else_to_standard_output(tmp_path: Path) -> None:
    one = write(tmp_path / "a.json", one_build("1"))
    ended = run("diff", one, one, "--format", "json", "--exit-code")
    assert ended.status == 0
    assert json.loads(ended.out)["counts"]["still_sent"] == 1
    assert ended.err == ""


def test_a_condition_that_no_session_has_is_a_slip_of_the_pen(
    builds: tuple[Path, Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    ended = diff(capfd, builds[0], builds[1], "--across", "colour")
    assert ended.status == 2
    assert "--across colour: no session of either side has this condition; there are build," in ended.err
    assert diff(capfd, builds[0], builds[1], "--across", "build", "--across", "consent").status == 0


def test_an_id_that_means_another_value_in_the_other_case_lets_nothing_stop(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first, second = (write_case(tmp_path / name) for name in ("a", "b"))
    across = ("--across", "build", "--across", "service.cloud_messaging", "--across", "consent")
    sides = (first, second, "--before", f"build={FACTORY}", "--after", f"build={UPDATE}", *across)
    assert changes(diff(capfd, *sides, "--format", "json"))["sms_phone_number"] == "stopped"
    subject = second / "subjects" / "unit-3.yaml"
    subject.write_text(subject.read_text(encoding="utf-8").replace(SENDER, "+12025550188"), encoding="utf-8")
    assert changes(diff(capfd, *sides, "--format", "json"))["sms_phone_number"] == "not_exercised"


def test_two_documents_of_one_handset_are_said_to_hold_no_values(
    builds: tuple[Path, Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    notes = json.loads(diff(capfd, builds[0], builds[2], "--format", "json").out)["notes"]
    assert any("documents hold no values" in note for note in notes)
