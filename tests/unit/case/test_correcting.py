"""Corrections are appended: what stood in the file keeps every byte, and the sessions' files are not touched."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from case_folders import ANNOTATIONS_TEXT, write_case

from phonehome.case.correcting import correct
from phonehome.case.folder import load_case
from phonehome.case.lock import locked
from phonehome.model.case import Annotation
from phonehome.model.errors import ConfigError
from phonehome.model.session import Session, Step

OLD = datetime(2014, 8, 7, tzinfo=UTC)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return write_case(tmp_path / "case", sessions=2)


def by(session: str | None = "01-factory", note: str | None = None, reason: str = "seen again") -> Annotation:
    return Annotation(at=OLD, author="A. Tester", reason=reason, session=session, note=note)


def set_offset(seconds: float) -> Callable[[Session], Session]:
    return lambda session: replace(session, clock_offset_s=seconds)


def add_to_offset(seconds: float) -> Callable[[Session], Session]:
    return lambda session: replace(session, clock_offset_s=session.clock_offset_s + seconds)


def same(session: Session) -> Session:
    return session


def test_a_correction_is_laid_over_its_session_only(case: Path) -> None:
    before = (case / "sessions/01-factory/session.yaml").read_bytes()
    done = correct(case, by(), set_offset(7.5), "test")
    loaded = load_case(case)
    assert [session.clock_offset_s for session in loaded.case.sessions] == [7.5, 1.5]
    assert loaded.case.annotations == (done.annotation,)
    assert done.annotation.corrects == ("clock_offset_s",)
    assert abs(datetime.now(UTC) - done.annotation.at) < timedelta(minutes=5)
    assert (case / "sessions/01-factory/session.yaml").read_bytes() == before


def test_corrections_are_appended_and_each_goes_on_from_the_last(case: Path) -> None:
    path = case / "annotations.yaml"
    files = []
    for seconds in (2.0, 3.0):
        correct(case, by(), add_to_offset(seconds), "test")
        files.append(path.read_bytes())
    correct(case, by(None, note="returned: é\n- at: x"), same, "test")
    files.append(path.read_bytes())
    assert files[1].startswith(files[0])
    assert files[2].startswith(files[1])
    loaded = load_case(case)
    assert loaded.case.sessions[0].clock_offset_s == 1.5 + 2.0 + 3.0
    assert loaded.case.annotations[2].note == "returned: é\n- at: x"


def test_everything_that_can_be_corrected_is_stored_whole(case: Path) -> None:
    step = Step(id="send-sms", at=datetime(2014, 8, 7, 9, 20, tzinfo=UTC), note="late")

    def change(session: Session) -> Session:
        return replace(
            session,
            steps=(*session.steps, step),
            consent=session.consent[:1],
            conditions={**session.conditions, "network": "cellular"},
        )

    done = correct(case, by(), change, "test")
    assert done.annotation.corrects == ("steps", "consent", "conditions")
    loaded = load_case(case)
    assert loaded.case.sessions[0] == change(loaded.recorded[0])


@pytest.mark.parametrize(
    "written",
    [
        ANNOTATIONS_TEXT,
        ANNOTATIONS_TEXT.rstrip("\n"),
        ANNOTATIONS_TEXT.replace("- {at", "    - {at"),
        "\ufeff" + ANNOTATIONS_TEXT + "# a remark\n",
        ANNOTATIONS_TEXT.replace("\n", "\r\n"),
    ],
    ids=["plain", "no newline", "indented", "mark and comment", "windows"],
)
def test_a_file_that_people_wrote_is_appended_to_as_they_wrote_it(case: Path, written: str) -> None:
    path = case / "annotations.yaml"
    path.write_bytes(written.encode())
    correct(case, by(), set_offset(9.0), "test")
    assert path.read_bytes().startswith(written.encode())
    assert [one.author for one in load_case(case).case.annotations] == ["A. Tester", "A. Tester"]


@pytest.mark.parametrize(
    "written",
    [
        "annotations: []\n",
        "annotations:\n- {at: 2014-08-08T09:00:00Z, author: A, reason: x}\nschema: phonehome.annotations/1\n",
        "annotations: [{at: 2014-08-08T09:00:00Z, author: A, reason: x}]\n",
    ],
    ids=["empty list", "list is not last", "list in brackets"],
)
def test_a_file_that_cannot_be_appended_to_is_left_alone(case: Path, written: str) -> None:
    path = case / "annotations.yaml"
    path.write_text(written)
    with pytest.raises(ConfigError, match=r"annotations\.yaml") as caught:
        correct(case, by(), set_offset(9.0), "test")
    assert ".partial" not in str(caught.value)
    assert path.read_text() == written


def test_a_correction_that_is_wrong_is_not_appended(case: Path) -> None:
    def out_of_order(session: Session) -> Session:
        return replace(session, steps=session.steps[::-1])

    with pytest.raises(ConfigError, match="out of order"):
        correct(case, by(), out_of_order, "test")
    with pytest.raises(ConfigError, match="longer than"):
        correct(case, by(reason="x" * 20_000), set_offset(9.0), "test")
    assert not (case / "annotations.yaml").exists()


def test_a_session_that_is_not_there_is_named_with_what_is_near(case: Path) -> None:
    with pytest.raises(ConfigError, match="no session '01-factori'; did you mean '01-factory'"):
        correct(case, by("01-factori"), same, "test")


def test_an_annotation_that_says_nothing_is_refused(case: Path) -> None:
    with pytest.raises(ConfigError, match="would change nothing"):
        correct(case, by(), set_offset(1.5), "test")


def test_a_clock_that_went_back_puts_no_annotation_before_the_last(case: Path) -> None:
    path = case / "annotations.yaml"
    path.write_text(ANNOTATIONS_TEXT.replace("2014-08-08", "2200-01-01"))
    done = correct(case, by(), set_offset(9.0), "test")
    assert done.annotation.at.year == 2200
    assert load_case(case).warnings == ()


def test_beside_another_writer_nothing_is_appended(case: Path) -> None:
    with locked(case, "another"), pytest.raises(ConfigError, match="another process writes"):
        correct(case, by(), set_offset(9.0), "test")
    assert not (case / "annotations.yaml").exists()
