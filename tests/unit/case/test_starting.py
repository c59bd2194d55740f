"""A new case is a case at once, and nothing that is there is written over."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from phonehome.case import lock, starting
from phonehome.case.folder import is_case, load_case
from phonehome.case.starting import NewCase, start_case
from phonehome.model.case import CaseHandset, CaseKind, Service
from phonehome.model.errors import ConfigError

NEW = NewCase(
    title='A "test": 100 % # ‹x› \x85',
    kind=CaseKind.RECONSTRUCTION,
    handsets=[
        CaseHandset(id="phone-1", make="Example", model="on", builds=("1.0", "no")),
        CaseHandset(id="phone-2"),
    ],
    services=[Service(id="cloud", hosts=("api.example.com", ".cloud.example.com")), Service(id="push")],
)


def test_a_new_case_says_what_was_asked_for(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "case"
    start_case(root, NEW, "test")
    case = load_case(root).case
    assert (case.title, case.kind) == (NEW.title, NEW.kind)
    assert (case.handsets, case.services) == (tuple(NEW.handsets), tuple(NEW.services))
    assert set(case.subjects) == {"phone-1", "phone-2"}


def test_subject_files_are_for_their_owner_only(tmp_path: Path) -> None:
    start_case(tmp_path / "case", NEW, "test")
    assert stat.S_IMODE((tmp_path / "case/subjects/phone-1.yaml").stat().st_mode) == 0o600


def test_a_case_is_not_started_over_another(tmp_path: Path) -> None:
    start_case(tmp_path / "case", NEW, "test")
    before = (tmp_path / "case/case.yaml").read_bytes()
    with pytest.raises(ConfigError, match="is a case already"):
        start_case(tmp_path / "case", NEW, "test")
    assert (tmp_path / "case/case.yaml").read_bytes() == before


def test_of_two_that_start_one_case_the_second_writes_over_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "case"
    held = lock.locked

    @contextmanager
    def locked_late(path: Path, doing: str) -> Iterator[None]:
        monkeypatch.setattr(starting, "locked", held)
        start_case(root, replace(NEW, title="the first"), "test")  # between the look and the lock
        with held(path, doing):
            yield

    monkeypatch.setattr(starting, "locked", locked_late)
    with pytest.raises(ConfigError, match="is a case already"):
        start_case(root, NEW, "test")
    assert load_case(root).case.title == "the first"


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case/diary.txt").write_text("mine")
    with pytest.raises(ConfigError, match="other files"):
        start_case(tmp_path / "case", NEW, "test")
    assert [path.name for path in (tmp_path / "case").iterdir()] == ["diary.txt"]
    (tmp_path / "link").symlink_to(tmp_path / "case")
    (tmp_path / "file").write_text("mine")
    for name in ("link", "file"):
        with pytest.raises(ConfigError, match="is no folder"):
            start_case(tmp_path / name, NEW, "test")


def test_a_start_that_was_interrupted_is_completed_and_keeps_what_was_filled_in(tmp_path: Path) -> None:
    root = tmp_path / "case"
    (root / "subjects").mkdir(parents=True)
    filled = 'values:\n- {id: imei-1, type: imei, value: "490154203237518"}\n'
    (root / "subjects/phone-1.yaml").write_text(filled)
    (root / ".partial-0123-case.yaml").write_text("half")
    start_case(root, NEW, "test")
    assert load_case(root).case.subjects["phone-1"].values[0].id == "imei-1"
    assert not list(root.glob(".partial*"))


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (
            NewCase(title="x", kind=CaseKind.OBSERVATION, handsets=[CaseHandset(id="A b")], services=[]),
            "an id",
        ),
        (
            NewCase(
                title="x",
                kind=CaseKind.OBSERVATION,
                handsets=[],
                services=[Service(id="a", hosts=("http://x/",))],
            ),
            "is no host",
        ),
        (NewCase(title="x" * 400, kind=CaseKind.OBSERVATION, handsets=[], services=[]), "title is longer"),
        (NewCase(title="\udc80", kind=CaseKind.OBSERVATION, handsets=[], services=[]), "YAML"),
    ],
    ids=["id", "host", "title", "bytes"],
)
def test_what_is_wrong_makes_no_case(tmp_path: Path, new: NewCase, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        start_case(tmp_path / "case", new, "test")
    assert ".partial" not in str(caught.value)
    assert not is_case(tmp_path / "case")
