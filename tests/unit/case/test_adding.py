"""A session is added whole, with its evidence hashed and read-only, or not at all."""

import errno
import hashlib
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from case_folders import write_case
from hypothesis import given, settings
from hypothesis import strategies as st

from phonehome.case.adding import Recording, add_session
from phonehome.case.folder import LoadedCase, load_case
from phonehome.case.lock import locked
from phonehome.case.session_file import read_session_file
from phonehome.case.yamltext import write_session
from phonehome.model.errors import ConfigError
from phonehome.model.session import Consent, ConsentState, Position, Session, Step
from phonehome.model.subject import DataType

SESSION = Session(
    id="02-update",
    subject="phone-1",
    position=Position.HANDSET,
    protocol="handset-2014",
    conditions={"build": "1.1", "account": "none", "network": "wifi", "service.cloud": "on"},
    clock_offset_s=-0.25,
    steps=(
        Step(id="start-up", at=datetime(2014, 8, 14, 9, 0, 0, 250_000, tzinfo=UTC)),
        Step(
            id="own",
            at=datetime(2014, 8, 14, 9, 1, tzinfo=UTC),
            note="a: b # c\n‹x› \x07 yes",
            exposes=(DataType.IMEI,),
        ),
    ),
    consent=(
        Consent(service="cloud", at=datetime(2014, 8, 14, 9, 0, tzinfo=UTC), state=ConsentState.WITHDRAWN),
    ),
    handset="192.0.2.7",
    tools={"tcpdump": "4.99"},
)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return write_case(tmp_path / "case")


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    (tmp_path / "dump 1.pcap").write_bytes(b"recorded" * 300_000)
    (tmp_path / "dump 1.pcap").chmod(0o640)
    (tmp_path / "keys.log").write_bytes(b"keys")
    return Recording(capture=tmp_path / "dump 1.pcap", keylog=tmp_path / "keys.log")


def files_of(root: Path) -> dict[str, bytes]:
    """Every file of a case but the lock, with what it holds."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def test_a_session_is_added_with_what_it_says_and_its_evidence(case: Path, recording: Recording) -> None:
    added = add_session(case, SESSION, [recording], "test")
    read = load_case(case).case.sessions[1]
    assert read == added.session
    assert replace(read, captures=()) == SESSION
    (capture,) = read.captures
    content = recording.capture.read_bytes()
    assert (capture.file, capture.size) == ("dump 1.pcap", len(content))
    assert capture.sha256 == hashlib.sha256(content).hexdigest()
    assert (capture.keylog, capture.keylog_size) == ("keys.log", 4)
    assert capture.keylog_sha256 == hashlib.sha256(b"keys").hexdigest()
    folder = case / "sessions/02-update"
    assert (folder / "dump 1.pcap").read_bytes() == content


def test_evidence_is_read_only_and_for_no_more_people_than_before(case: Path, recording: Recording) -> None:
    add_session(case, SESSION, [recording], "test")
    folder = case / "sessions/02-update"
    assert stat.S_IMODE((folder / "dump 1.pcap").stat().st_mode) == 0o440
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o222 == 0 for path in folder.iterdir())


def test_the_captures_may_share_a_key_log(case: Path, recording: Recording, tmp_path: Path) -> None:
    (tmp_path / "second.pcap").write_bytes(b"x")
    second = Recording(capture=tmp_path / "second.pcap", keylog=recording.keylog)
    add_session(case, SESSION, [recording, second], "test")
    loaded = load_case(case)
    assert [path.name for path in loaded.keylog_paths(loaded.case.sessions[1])] == ["keys.log"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (replace(SESSION, subject="phone-2"), "did you mean 'phone-1'"),
        (replace(SESSION, id="../x"), "letter or digit"),
        (replace(SESSION, id="01-factory"), "never changed"),
        (replace(SESSION, protocol="x"), "not known"),
        (replace(SESSION, conditions={"build": "9"}), "builds"),
        (replace(SESSION, steps=SESSION.steps[::-1]), "out of order"),
        (replace(SESSION, consent=(replace(SESSION.consent[0], service="x"),)), "service"),
        (replace(SESSION, tools={"a": "\udc80"}), "YAML"),
    ],
    ids=["subject", "id", "id twice", "protocol", "conditions", "steps", "consent", "bytes"],
)
def test_a_session_that_is_wrong_is_not_added(
    case: Path, recording: Recording, wrong: Session, said: str
) -> None:
    before = files_of(case)
    with pytest.raises(ConfigError, match=said) as caught:
        add_session(case, wrong, [recording], "test")
    assert ".partial" not in str(caught.value)
    assert files_of(case) == before


def test_evidence_that_cannot_be_read_is_named_and_nothing_is_added(case: Path, tmp_path: Path) -> None:
    before = files_of(case)
    (tmp_path / ".hidden").write_bytes(b"x")
    (tmp_path / "session.yaml").write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe.pcap")
    for name in ("nowhere.pcap", "case", ".hidden", "session.yaml", "pipe.pcap"):
        with pytest.raises(ConfigError, match=name):
            add_session(case, SESSION, [Recording(capture=tmp_path / name)], "test")
    with pytest.raises(ConfigError, match="at least one capture"):
        add_session(case, SESSION, [], "test")
    assert files_of(case) == before


def test_files_of_one_name_are_refused(case: Path, recording: Recording, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / recording.capture.name
    other.write_bytes(b"other")
    with pytest.raises(ConfigError, match="another name"):
        add_session(case, SESSION, [recording, Recording(capture=other)], "test")
    with pytest.raises(ConfigError, match="have one name"):
        add_session(case, SESSION, [Recording(capture=recording.capture, keylog=other)], "test")


def test_a_recording_that_grows_while_it_is_copied_is_refused(
    case: Path, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = os.read

    def read_while_growing(descriptor: int, size: int) -> bytes:
        with recording.capture.open("ab") as file:
            file.write(b"x")
        return read(descriptor, size)

    monkeypatch.setattr("phonehome.case.copying.CHUNK", 100_000)
    with monkeypatch.context() as patched:
        patched.setattr(os, "read", read_while_growing)
        with pytest.raises(ConfigError, match="was written to while it was copied"):
            add_session(case, SESSION, [Recording(capture=recording.capture)], "test")
    assert len(load_case(case).case.sessions) == 1


@pytest.mark.parametrize("changed", ["sha256", "keylog_sha256"])
def test_a_recording_that_is_not_what_was_said_is_not_added(
    case: Path, recording: Recording, changed: str
) -> None:
    assert recording.keylog is not None
    true = replace(
        recording,
        sha256=hashlib.sha256(recording.capture.read_bytes()).hexdigest(),
        keylog_sha256=hashlib.sha256(recording.keylog.read_bytes()).hexdigest(),
    )
    wrong = replace(true, sha256="0" * 64) if changed == "sha256" else replace(true, keylog_sha256="0" * 64)
    with pytest.raises(ConfigError, match="it was changed since"):
        add_session(case, SESSION, [wrong], "test")
    assert len(load_case(case).case.sessions) == 1
    add_session(case, SESSION, [true], "test")


def test_on_a_full_disk_nothing_is_added(
    case: Path, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files_of(case)
    room = 1 << 20

    def write(descriptor: int, data: bytes) -> int:
        nonlocal room
        if len(data) > room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room -= len(data)
        return written(descriptor, data)

    written = os.write
    monkeypatch.setattr("phonehome.case.copying.CHUNK", 100_000)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write)
        with pytest.raises(ConfigError, match=r"dump 1.pcap: .*the disk is full"):
            add_session(case, SESSION, [recording], "test")
    assert room < 1 << 20, "some of it was written"
    assert files_of(case) == before
    assert not list(case.glob("sessions/.*"))


def test_what_an_interrupted_writer_left_is_named_and_removed(case: Path, recording: Recording) -> None:
    (case / "sessions/.partial-0123-02-update").mkdir()
    added = add_session(case, SESSION, [recording], "test")
    assert added.removed == ("sessions/.partial-0123-02-update",)
    assert load_case(case).warnings == ()


def test_beside_another_writer_nothing_is_added(case: Path, recording: Recording) -> None:
    with locked(case, "another"), pytest.raises(ConfigError, match="another process writes"):
        add_session(case, SESSION, [recording], "test")
    assert len(load_case(case).case.sessions) == 1


def test_a_case_that_lacks_a_capture_takes_another_session(case: Path, recording: Recording) -> None:
    (case / "sessions/01-factory/traffic.pcap").unlink()
    add_session(case, SESSION, [recording], "test")
    assert len(load_case(case, evidence=False).case.sessions) == 2


WORDS = st.text(min_size=1, max_size=40).filter(lambda text: bool(text.strip()))
MOMENTS = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))


@pytest.fixture(scope="module")
def written_case(tmp_path_factory: pytest.TempPathFactory) -> LoadedCase:
    return load_case(write_case(tmp_path_factory.mktemp("any") / "case"))


@settings(max_examples=60)
@given(
    notes=st.lists(WORDS, max_size=4),
    moments=st.lists(MOMENTS, min_size=4, max_size=4, unique=True),
    offset=st.floats(min_value=-1e6, max_value=1e6),
    conditions=st.dictionaries(st.from_regex(r"[c-r][a-z0-9._-]{0,9}", fullmatch=True), WORDS, max_size=4),
    tools=st.dictionaries(WORDS, WORDS, max_size=3),
)
def test_whatever_a_session_says_is_read_as_it_was_written(
    written_case: LoadedCase,
    notes: list[str],
    moments: list[datetime],
    offset: float,
    conditions: dict[str, str],
    tools: dict[str, str],
) -> None:
    steps = tuple(
        Step(id="start-up", at=at, note=note) for at, note in zip(sorted(moments), notes, strict=False)
    )
    session = replace(
        written_case.recorded[0], steps=steps, clock_offset_s=offset, conditions=conditions, tools=tools
    )
    path = written_case.root / "sessions/01-factory/session.yaml"
    path.write_text(write_session(session), encoding="utf-8")
    assert read_session_file(path, written_case.known, session.id).session == session
