"""`phonehome case`: the folder of an experiment from the command line."""

import json
from pathlib import Path

import jsonschema
import pytest
from case_folders import IMEI, SESSION_TEXT, write_case

from phonehome.case.folder import load_case
from phonehome.cli.main import main
from phonehome.documents.case_overview import CaseOverview

PCAP = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000065000000")  # an empty one
KEYS = f"CLIENT_RANDOM {'00' * 32} {'11' * 48}\n".encode()
NINE = "2014-08-07T09:00:00Z"


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.pcap").write_bytes(PCAP)
    (tmp_path / "keys.txt").write_bytes(KEYS)
    return write_case(tmp_path / "case")


def add(*options: str) -> int:
    return main(["case", "add-session", "case", "t.pcap", "--id", "02", "--position", "handset", *options])


def annotate(*options: str) -> int:
    return main(["case", "annotate", "case", *options, "--author", "A. Tester", "--reason", "seen again"])


def test_a_case_is_started_filled_corrected_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.pcap").write_bytes(PCAP)
    assert (
        main(["case", "new", "redmi-1s", "--build", "A", "--service", "cloud=.example.com,api.example.com"])
        == 0
    )
    assert "redmi-1s/subjects/redmi-1s.yaml" in capsys.readouterr().err
    added = main(
        [
            *("case", "add-session", "redmi-1s", "t.pcap", "--id", "01", "--position", "gateway"),
            *("--protocol", "handset-2014", "--condition", "build=A", "--condition", "service.cloud=on"),
            *("--step", f"start-up@{NINE}", "--step", "add-contact@2014-08-07T11:10:00+02:00"),
            *("--consent", f"cloud=granted@{NINE}", "--clock-offset", "-2.5", "--tool", "tcpdump=4.99"),
            *("--handset", "192.0.2.7"),
        ]
    )
    assert added == 0
    assert "added session 01 to redmi-1s: 1 capture" in capsys.readouterr().err
    correction = [
        "case",
        "annotate",
        "redmi-1s",
        "01",
        "--author",
        "A",
        "--reason",
        "r",
        "--clock-offset",
        "3",
    ]
    assert main(correction) == 0
    capsys.readouterr()
    assert main(["case", "show", "redmi-1s"]) == 0
    shown = capsys.readouterr().out
    assert "build=A, service.cloud=on" in shown
    assert "was 3 s ahead of" in shown
    assert f"{NINE}  consent to cloud: granted" in shown
    assert "2014-08-07T09:10:00Z  add-contact; exposes contact name" in shown
    assert "corrected by annotations: clock_offset_s" in shown


def test_the_only_handset_is_the_subject(case: Path) -> None:
    assert add() == 0
    assert load_case(case).case.sessions[1].subject == "phone-1"


def test_with_several_handsets_one_must_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.pcap").write_bytes(PCAP)
    assert main(["case", "new", "case", "--handset", "a", "--handset", "b"]) == 0
    assert add() == 2
    assert "--subject" in capsys.readouterr().err
    assert add("--subject", "b") == 0


def test_one_key_log_serves_all_captures(case: Path) -> None:
    (case.parent / "u.pcap").write_bytes(PCAP)
    assert add("u.pcap", "--keylog", "keys.txt") == 0
    captures = load_case(case).case.sessions[1].captures
    assert [capture.keylog for capture in captures] == ["keys.txt", "keys.txt"]


def test_a_session_is_taken_from_a_file_with_what_stands_beside_it(case: Path) -> None:
    folder = case.parent / "recorded"
    folder.mkdir()
    (folder / "s.yaml").write_text(SESSION_TEXT.replace("01-factory", "02-again"))
    (folder / "traffic.pcap").write_bytes(PCAP)
    (folder / "keys.txt").write_bytes(KEYS)
    assert main(["case", "add-session", "case", "--from", "recorded/s.yaml"]) == 0
    first, second = load_case(case).case.sessions
    assert (second.id, second.steps, second.consent) == ("02-again", first.steps, first.consent)
    assert second.captures[0].size == len(PCAP)


def test_a_session_file_that_names_what_is_not_there_is_an_error_with_its_line(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (case.parent / "s.yaml").write_text(SESSION_TEXT.replace("01-factory", "02-again"))
    assert main(["case", "add-session", "case", "--from", "s.yaml"]) == 2
    assert "s.yaml:15: there is no file 'traffic.pcap' beside this one" in capsys.readouterr().err
    assert len(load_case(case).case.sessions) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--step", "add-contact"), "another form than add-contact@"),
        (("--step", "add-contact@2014-08-07T09:00:00"), "no time zone"),
        (("--step", f"b@{NINE}", "--step", "a@2014-08-06T09:00:00Z"), "out of order"),
        (("--protocol", "handset-2014", "--step", f"start@{NINE}"), "did you mean 'start-up'"),
        (("--consent", f"cloud@{NINE}"), "another form than"),
        (("--consent", f"cloud=yes@{NINE}"), "not_asked, declined, granted, withdrawn"),
        (("--consent", f"clod=granted@{NINE}"), "did you mean 'cloud'"),
        (("--condition", "build=1.0", "--condition", "build=1.1"), "two values"),
        (("--condition", "service.cloud=yes"), '"on" or "off"'),
        (("--keylog", "keys.txt", "--keylog", "t.pcap"), "2 key logs for 1 captures"),
        (("--keylog", "nowhere.txt"), "nowhere.txt"),
        (("--keylog", "case/case.yaml"), "case.yaml: "),
        (("case/case.yaml",), "case.yaml: "),
        (("case",), "folder"),
        (("--subject", "phone-9"), "did you mean 'phone-1'"),
        (("--handset", "phone"), "IP address"),
        (("--clock-offset", "nan"), "seconds"),
        (("--from", "s.yaml"), "leave out"),
    ],
)
def test_wrong_options_add_nothing(
    case: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    assert add(*options) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert len(load_case(case).case.sessions) == 1


def test_a_session_needs_a_capture_an_id_and_a_position(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["case", "add-session", "case"]) == 2
    assert main(["case", "add-session", "case", "t.pcap", "--id", "02"]) == 2
    said = capsys.readouterr().err
    assert "CAPTURE" in said
    assert "--position" in said
    assert len(load_case(case).case.sessions) == 1


def test_steps_are_added_and_taken_away(case: Path) -> None:
    assert (
        annotate("01-factory", "--remove-step", "add-contact", "--step", "send-sms@2014-08-07T08:00:00Z") == 0
    )
    assert [step.id for step in load_case(case).case.sessions[0].steps] == ["send-sms", "start-up"]


def test_a_step_that_stands_twice_is_told_by_its_time(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert annotate("01-factory", "--step", "add-contact@2014-08-07T10:00:00Z") == 0
    assert annotate("01-factory", "--remove-step", "add-contact") == 2
    assert "say which, as in add-contact@2014-08-07T09:10:00Z" in capsys.readouterr().err
    assert annotate("01-factory", "--remove-step", "add-contact@2014-08-07T12:00:00+02:00") == 0
    assert len(load_case(case).case.sessions[0].steps) == 2


def test_consent_at_the_same_moment_is_replaced_and_another_is_added(case: Path) -> None:
    assert annotate("01-factory", "--consent", "cloud=granted@2014-08-07T09:05:00Z") == 0
    assert annotate("01-factory", "--consent", "push=declined@2014-08-07T09:01:00Z") == 0
    assert annotate("01-factory", "--remove-consent", f"cloud@{NINE}") == 0
    found = [(entry.service, entry.state) for entry in load_case(case).case.sessions[0].consent]
    assert found == [("push", "declined"), ("cloud", "granted")]


def test_conditions_are_replaced_added_and_taken_away(case: Path) -> None:
    options = ("--condition", "network=cellular", "--condition", "place=lab", "--remove-condition", "account")
    assert annotate("01-factory", *options) == 0
    assert load_case(case).case.sessions[0].conditions == {
        "build": "1.0",
        "network": "cellular",
        "service.cloud": "off",
        "place": "lab",
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--clock-offset", "2"), "Name the SESSION"),
        ((), "Say what to correct"),
        (("01-factori", "--clock-offset", "2"), "did you mean '01-factory'"),
        (("01-factory", "--clock-offset", "1.5"), "change nothing"),
        (("01-factory", "--remove-step", "nap"), "has no 'nap'"),
        (("01-factory", "--remove-step", "start-up@noon"), "must be a moment"),
        (("01-factory", "--remove-condition", "weather"), "no condition 'weather'"),
        (("01-factory", "--step", f"nap@{NINE}"), "is not known"),
        (("01-factory", "--consent", f"clod=granted@{NINE}"), "did you mean 'cloud'"),
    ],
)
def test_wrong_corrections_append_nothing(
    case: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    assert annotate(*options) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (case / "annotations.yaml").exists()


def test_a_note_on_the_case_names_no_value_unless_asked(
    case: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert annotate("--note", f"the phone {IMEI} went back") == 0
    assert main(["case", "show", "case"]) == 0
    shown = capfd.readouterr().out
    assert "note: the phone ‹imei-1› went back" in shown
    assert IMEI not in shown
    assert main(["case", "show", "case", "--reveal"]) == 0
    assert IMEI in capfd.readouterr().out


def test_the_json_view_keeps_its_schema(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert annotate("01-factory", "--clock-offset", "2") == 0
    capsys.readouterr()
    assert main(["case", "show", "case", "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    jsonschema.validate(shown, CaseOverview.model_json_schema())
    (session,) = shown["sessions"]
    assert session["corrected"] == ["clock_offset_s"]
    assert session["clock_offset_s"] == 2.0
    assert session["steps"][1]["exposes"] == ["contact_name", "contact_phone_number", "contact_email"]
    assert session["not_taken"][0] == "insert-sim"
    assert session["captures"][0]["present"] is True
    assert any("SMS" in sentence for sentence in session["misses"])


def test_a_missing_capture_is_a_problem_and_the_status_says_so(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (case / "sessions/01-factory/traffic.pcap").unlink()
    assert main(["case", "show", "case"]) == 2
    shown = capsys.readouterr()
    assert "PROBLEM: " in shown.out
    assert "traffic.pcap MISSING" in shown.out
    assert "session.yaml:15: the session's file 'traffic.pcap' is missing" in shown.err


def test_what_a_case_says_steers_no_terminal(case: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = case / "case.yaml"
    path.write_text(path.read_text().replace("title: A test", 'title: "\\e[31mred \\u202e"'))
    for option in ((), ("--reveal",)):
        assert main(["case", "show", "case", *option]) == 0
        assert "\\x1b[31mred \\u202e" in capfd.readouterr().out.lower()
    assert main(["case", "show", "case", "--format", "json", "--reveal"]) == 0
    written = capfd.readouterr().out
    assert "\u202e" not in written
    assert json.loads(written)["title"] == "\x1b[31mred \u202e"


def test_a_case_is_not_started_twice(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["case", "new", "case"]) == 2
    assert "is a case already" in capsys.readouterr().err
    assert load_case(case).case.title == "A test"


def test_a_folder_whose_name_is_no_id_gives_its_handset_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["case", "new", "Fälle"]) == 0
    assert main(["case", "new", "Redmi 1S"]) == 0
    assert [one.id for one in load_case(tmp_path / "Fälle").case.handsets] == ["handset-1"]
    assert [one.id for one in load_case(tmp_path / "Redmi 1S").case.handsets] == ["redmi-1s"]
    assert load_case(tmp_path / "Redmi 1S").case.title == "Redmi 1S"
