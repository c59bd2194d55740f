"""`phonehome advisory`: from the real case to a file, with nothing unmasked, overwritten or called final too early."""

import hashlib
import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from affair import CONTACT, IMEI, IMSI, OWN, SENDER, write_affair
from small_case import SESSIONS
from small_case import write_case as write_small_case

from phonehome.case.keys import SigningKey, new_signing_key
from phonehome.case.lock import locked
from phonehome.case.signing import renew_manifest, sign_manifest
from phonehome.cli.advisory import BY_NAME
from phonehome.cli.exit_codes import ExitCode
from phonehome.cli.main import main
from phonehome.documents.advisory import AdvisoryDocument

DETAILS = """publisher: {name: "Example CERT", namespace: "https://cert.example", category: coordinator}
id: CIAD-2014-0001
tlp: GREEN
revisions: [{version: 1, date: 2014-10-24, summary: "First version"}]
"""
PLANTED = (IMEI, IMSI, OWN, CONTACT, SENDER, "Fictional Mobile")


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The affair of 2014, with the result that `phonehome audit` keeps."""
    root = write_affair(tmp_path_factory.mktemp("advisory"))
    assert main(["audit", str(root), "-o", str(root.parent / "audit.txt")]) == ExitCode.DONE
    return root


@pytest.fixture(scope="module")
def revealed(audited: Path) -> Path:
    """The same audit with the values in it, as `--reveal` writes it."""
    target = audited.parent / "revealed.json"
    assert main(["audit", str(audited), "--reveal", "-o", str(target)]) == ExitCode.DONE
    return target


@pytest.fixture
def case(audited: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(audited, tmp_path / "case"))


def sign(root: Path) -> SigningKey:
    key = new_signing_key()
    with locked(root, "a test"):
        sign_manifest(root, renew_manifest(root), key)
    return key


def notice(root: Path, *options: str) -> AdvisoryDocument:
    target = root.parent / "notice.json"
    assert main(["advisory", str(root), "-o", str(target), *options]) == ExitCode.DONE
    return AdvisoryDocument.model_validate_json(target.read_bytes())


def spellings(value: str) -> list[bytes]:
    """A planted value, its digits, its tail, and its usual digests."""
    digits = "".join(character for character in value if character.isdigit())
    texts = [value, *([digits, digits[-8:]] if digits else [])]
    digests = [getattr(hashlib, name)(value.encode()).hexdigest() for name in ("md5", "sha1", "sha256")]
    return [text.encode() for text in (*texts, *digests)]


@pytest.fixture(scope="module")
def half_stated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case whose host serves two services, of one of which nobody wrote down what the user was asked."""
    root = write_small_case(tmp_path_factory.mktemp("half-stated"), SESSIONS[:1])
    (session,) = root.glob("sessions/*/session.yaml")
    lines = session.read_text(encoding="utf-8").splitlines(keepends=True)
    session.write_text("".join(one for one in lines if "service: mi_cloud" not in one), encoding="utf-8")
    assert main(["audit", str(root), "-o", str(root.parent / "audit.txt")]) == ExitCode.DONE
    return root


@pytest.mark.needs_tool("pdftotext")
@pytest.mark.parametrize("name", BY_NAME)
def test_every_format_says_whom_the_user_was_not_asked_about_and_of_whom_it_is_not_stated(
    half_stated: Path, tmp_path: Path, name: str
) -> None:
    target = tmp_path / "notice"
    assert main(["advisory", str(half_stated), "--format", name, "-o", str(target)]) == ExitCode.DONE
    data = target.read_bytes()
    if name == "pdf":
        data = subprocess.run(
            ["pdftotext", "-raw", target, "-"], capture_output=True, check=True, timeout=60
        ).stdout
    said = " ".join(data.decode().split())
    assert (
        "the user had not been asked about Cloud Messaging; whether the user was asked about Mi Cloud is not stated"
        in said
    )


def test_the_evidence_of_a_notice_has_null_for_a_state_that_nobody_wrote_down(half_stated: Path) -> None:
    states = [one.consent for item in notice(half_stated).sent for one in item.evidence]
    assert {"cloud_messaging": "not_asked", "mi_cloud": None} in states


@pytest.mark.needs_tool("pdftotext")
@pytest.mark.parametrize("name", BY_NAME)
def test_no_format_holds_a_planted_value(audited: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "notice"
    assert main(["advisory", str(audited), "--format", name, "-o", str(target)]) == ExitCode.DONE
    data = target.read_bytes()
    if name == "pdf":
        data += subprocess.run(
            ["pdftotext", "-raw", target, "-"], capture_output=True, check=True, timeout=60
        ).stdout
    assert [value for value in PLANTED if any(text in data for text in spellings(value))] == []
    assert b"imei-1" in data


@pytest.mark.needs_tool("pdftotext")
@pytest.mark.parametrize("name", BY_NAME)
def test_revealed_it_does_and_says_so_in_a_file_for_its_owner(
    audited: Path, tmp_path: Path, name: str
) -> None:
    target = tmp_path / "notice"
    assert main(["advisory", str(audited), "--reveal", "--format", name, "-o", str(target)]) == ExitCode.DONE
    data = target.read_bytes()
    if name == "pdf":
        data = subprocess.run(
            ["pdftotext", "-raw", target, "-"], capture_output=True, check=True, timeout=60
        ).stdout
    assert IMEI.encode() in data
    assert b"NOT MASKED" in data
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_document_that_shows_values_is_refused_unless_they_are_asked_for(
    revealed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["advisory", str(revealed), "-o", str(tmp_path / "n.md")]) == ExitCode.USAGE
    assert "shows personal values" in capsys.readouterr().err
    assert not (tmp_path / "n.md").exists()


def test_a_case_is_audited_again_for_its_values(audited: Path, revealed: Path, tmp_path: Path) -> None:
    for number, way in enumerate((audited, revealed)):
        assert (
            main(["advisory", str(way), "--reveal", "-o", str(tmp_path / f"{number}.json")]) == ExitCode.DONE
        )
    assert (tmp_path / "0.json").read_bytes() == (tmp_path / "1.json").read_bytes()
    assert IMEI.encode() in (tmp_path / "0.json").read_bytes()


def test_a_kept_result_gives_what_the_case_gives(audited: Path, tmp_path: Path) -> None:
    ways = [str(audited), str(audited / "results" / "audit.json")]
    for number, way in enumerate(ways):
        assert main(["advisory", way, "-o", str(tmp_path / f"{number}.json")]) == ExitCode.DONE
    assert (tmp_path / "0.json").read_bytes() == (tmp_path / "1.json").read_bytes()


def test_a_case_without_a_result_is_audited_and_left_as_it_is(case: Path) -> None:
    before = notice(case)
    shutil.rmtree(case / "results")
    assert notice(case) == before
    assert not (case / "results").exists()


def test_the_affair_is_a_reconstruction_whose_update_is_not_called_fixed(audited: Path) -> None:
    found = notice(audited)
    assert found.status == "draft"
    assert [text.split(":")[0] for text in found.notices] == ["DRAFT", "RECONSTRUCTION"]
    states = {(h.model, b.build): b.state for h in found.handsets for b in h.builds}
    assert states == {
        ("Redmi 1S", "factory"): "affected",
        ("Redmi 1S", "update-2014-08-10"): "affected",
        ("Redmi Note", "note-2014-07"): "undecided",
    }
    update = next(b for h in found.handsets for b in h.builds if b.build == "update-2014-08-10")
    assert any("Encrypted on the way now" in text for text in update.why)
    assert any("Not tested under the same conditions" in text for text in update.why)


def test_what_people_decided_stands_in_the_case(case: Path) -> None:
    (case / "advisory.yaml").write_text(DETAILS, encoding="utf-8")
    found = notice(case)
    assert (found.id, found.tlp, found.publisher.name) == ("CIAD-2014-0001", "GREEN", "Example CERT")
    assert notice(case, "--tlp", "amber+strict").tlp == "AMBER+STRICT"


def test_a_signed_case_gives_a_final_notice_until_something_is_changed(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (case / "advisory.yaml").write_text(DETAILS, encoding="utf-8")
    sign(case)
    assert notice(case).status == "final"
    (case / "advisory.yaml").write_text(DETAILS.replace("GREEN", "CLEAR"), encoding="utf-8")
    capsys.readouterr()
    assert notice(case).status == "draft"
    assert "the case is not what was signed" in capsys.readouterr().err


def test_a_key_that_is_trusted_must_have_signed(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = [sign(case), new_signing_key()]
    names = []
    for number, key in enumerate(keys):
        names.append(str(tmp_path / f"{number}.pub"))
        Path(names[-1]).write_bytes(key.public.as_pem())
    found = notice(case)
    assert found.status == "final"
    assert keys[0].public.fingerprint in found.notices[0]
    assert "nobody checked whose that is" in found.notices[0]
    found = notice(case, "--public-key", names[0], "--public-key", names[1])
    assert (found.status, "made this notice trusts" in found.notices[0]) == ("final", True)
    capsys.readouterr()
    assert notice(case, "--public-key", names[1]).status == "draft"
    assert "none of the keys of --public-key signed the case" in capsys.readouterr().err
    for path in (case / "signatures").glob("*.pub"):
        path.unlink()
    assert notice(case, "--public-key", names[0]).status == "final", "the key is at hand"


def test_a_document_is_signed_by_nobody(audited: Path, tmp_path: Path) -> None:
    (tmp_path / "k.pub").write_bytes(new_signing_key().public.as_pem())
    arguments = [str(audited / "results" / "audit.json"), "--public-key", str(tmp_path / "k.pub")]
    assert main(["advisory", *arguments]) == ExitCode.USAGE


@pytest.mark.needs_tool("pdftotext")
@pytest.mark.parametrize("name", BY_NAME)
def test_no_format_shows_a_value_that_people_wrote(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    digest = hashlib.md5(IMEI.encode()).hexdigest()
    (case / "advisory.yaml").write_text(
        f"""title: "The phone {IMEI}, {digest}"
overview: "Call {CONTACT}."
what_to_do: [{{who: users, text: "Ask {OWN} of Fictional Mobile."}}]
references: [{{summary: "about {IMSI}", url: "https://e.example/"}}]
publisher: {{name: "Lab of {IMEI}", namespace: "https://lab.example", contact: "{SENDER}"}}
revisions: [{{version: 1, date: 2014-10-24, summary: "{IMEI}"}}]
""",
        encoding="utf-8",
    )
    claims = case / "claims.yaml"
    text = claims.read_text(encoding="utf-8")
    assert '"Text messages were' in text
    claims.write_text(text.replace('"Text messages were', f'"To {CONTACT}: text were'), encoding="utf-8")
    target = tmp_path / "notice"
    assert main(["advisory", str(case), "--format", name, "-o", str(target)]) == ExitCode.DONE
    data = target.read_bytes()
    if name == "pdf":
        data += subprocess.run(
            ["pdftotext", "-raw", target, "-"], capture_output=True, check=True, timeout=60
        ).stdout
    assert [value for value in PLANTED if any(text in data for text in spellings(value))] == []
    err = capsys.readouterr().err
    assert (
        "and are masked in the notice: title, publisher, overview, what_to_do, references, revisions" in err
    )
    assert "verdicts" in err


def test_a_kept_result_that_shows_what_people_wrote_is_masked_too(case: Path) -> None:
    kept = case / "results" / "audit.json"
    document = json.loads(kept.read_bytes())
    document["case"]["title"] = f"The case of {IMEI}"
    kept.write_text(json.dumps(document), encoding="utf-8")
    assert notice(case).case_title == "The case of ‹redmi-1s/imei-1›"


def test_an_address_that_holds_a_value_is_refused(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (case / "advisory.yaml").write_text(
        f'references: [{{summary: "s", url: "https://e.example/{IMEI}"}}]\n', encoding="utf-8"
    )
    assert main(["advisory", str(case)]) == ExitCode.USAGE
    err = capsys.readouterr().err
    assert "holds a known value" in err
    assert IMEI not in err


def test_a_mistake_in_the_file_is_told_before_the_audit(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(case / "results")
    (case / "advisory.yaml").write_text("tlpp: RED\n", encoding="utf-8")
    assert main(["advisory", str(case)]) == ExitCode.USAGE
    err = capsys.readouterr().err
    assert "tlpp" in err
    assert "session" not in err


def test_a_folder_that_is_named_as_one_is_made(case: Path, tmp_path: Path) -> None:
    (case / "advisory.yaml").write_text(DETAILS, encoding="utf-8")
    folder = f"{tmp_path}/published/"
    assert main(["advisory", str(case), "--format", "csaf", "-o", folder]) == ExitCode.DONE
    assert (tmp_path / "published" / "ciad-2014-0001.json").is_file()
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    assert main(["advisory", str(case), "--format", "csaf", "-o", f"{tmp_path}/taken/"]) == ExitCode.USAGE
    assert main(["advisory", str(case), "--format", "csaf", "-o", f"{case}/new/"]) == ExitCode.USAGE
    assert not (case / "new").exists()


def test_details_from_elsewhere_are_not_covered_by_the_signature(case: Path, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(DETAILS, encoding="utf-8")
    sign(case)
    assert notice(case).status == "final"
    assert notice(case, "--details", str(tmp_path / "other.yaml")).status == "draft"


def test_csaf_in_a_folder_gets_the_name_that_it_must_have(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (case / "advisory.yaml").write_text(DETAILS, encoding="utf-8")
    assert main(["advisory", str(case), "--format", "csaf", "-o", str(tmp_path)]) == ExitCode.DONE
    assert (
        json.loads((tmp_path / "ciad-2014-0001.json").read_bytes())["document"]["tracking"]["id"]
        == "CIAD-2014-0001"
    )
    assert main(["advisory", str(case), "--format", "csaf", "-o", str(tmp_path / "x.json")]) == ExitCode.DONE
    assert "to be called ciad-2014-0001.json" in capsys.readouterr().err


def test_an_older_notice_is_replaced_and_nothing_else(audited: Path, tmp_path: Path) -> None:
    for name, chosen in BY_NAME.items():
        target = tmp_path / f"notice-{name}"
        command = ["advisory", str(audited), "--format", name, "-o", str(target)]
        assert main(command) == ExitCode.DONE
        assert main(command) == ExitCode.DONE
        target.write_bytes(b"%PDF-1.7 # A recording, and nothing of ours")
        assert main(command) == ExitCode.USAGE, chosen.name
        assert target.read_bytes().startswith(b"%PDF-1.7 # A recording")


@pytest.mark.parametrize(
    "place", ["notice.html", "sessions/notice.html", "sessions/01-factory-no-account/x.html"]
)
def test_nothing_is_written_into_the_evidence(
    case: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["advisory", str(case), "-o", str(case / place)]) == ExitCode.USAGE
    assert "would count as evidence" in capsys.readouterr().err
    assert not (case / place).exists()


def test_results_may_be_written_beside_the_kept_one(case: Path) -> None:
    assert main(["advisory", str(case), "-o", str(case / "results" / "notice.html")]) == ExitCode.DONE
    kept = case / "results" / "audit.json"
    before = kept.read_bytes()
    assert main(["advisory", str(case), "-o", str(kept)]) == ExitCode.USAGE
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing"], "there is no such case and no such file"),
        (["folder"], "this folder is no case"),
        (["text.txt"], "is neither the folder of a case nor an audit document"),
        (["binary.bin"], "is neither the folder of a case nor an audit document"),
        (["newer.json"], "phonehome.audit/2"),
        (["folder", "-o", "x.docx"], "No format goes with the suffix"),
        (["folder", "--tlp", "WHITE"], "Invalid value for '--tlp'"),
    ],
)
def test_what_cannot_be_ends_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.txt").write_text("text", encoding="utf-8")
    (tmp_path / "binary.bin").write_bytes(os.urandom(64))
    (tmp_path / "newer.json").write_text('{"schema": "phonehome.audit/2"}', encoding="utf-8")
    assert main(["advisory", *arguments]) == ExitCode.USAGE
    assert said in capsys.readouterr().err


def test_an_audit_of_single_recordings_is_no_case(
    audited: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    har = audited / "sessions" / "01-factory-no-account" / "traffic.har"
    assert main(["audit", str(har), "-o", str(tmp_path / "one.json")]) == ExitCode.DONE
    assert main(["advisory", str(tmp_path / "one.json")]) == ExitCode.USAGE
    assert "an advisory needs a case" in capsys.readouterr().err


def test_mistakes_in_the_file_name_their_line(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (case / "advisory.yaml").write_text("tlp: GREEN\nseverity: worst\n", encoding="utf-8")
    assert main(["advisory", str(case)]) == ExitCode.USAGE
    assert "advisory.yaml:2: severity must be one of low, medium, high, critical" in capsys.readouterr().err
