"""Whatever stands in the files of a case, reading it ends with a case or with a sentence."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from case_folders import ANNOTATIONS_TEXT, CASE_TEXT, SESSION_TEXT, SUBJECT_TEXT, write_case
from hypothesis import example, given, settings
from hypothesis import strategies as st

from phonehome.case.folder import load_case
from phonehome.case.protocols import shipped_file
from phonehome.model.errors import ConfigError

PROTOCOL_TEXT = shipped_file("idle-night").read_text(encoding="utf-8").replace("id: idle-night", "id: own")
FILES = {
    "case.yaml": CASE_TEXT,
    "subjects/phone-1.yaml": SUBJECT_TEXT,
    "sessions/01-factory/session.yaml": SESSION_TEXT,
    "annotations.yaml": ANNOTATIONS_TEXT,
    "protocols/own.yaml": PROTOCOL_TEXT,
}
PIECES = st.sampled_from(
    [
        *(
            "",
            "{",
            "}",
            "[",
            "]",
            ":",
            "- ",
            "\n",
            '"',
            "'",
            "|",
            "&a",
            "*a",
            "!!int",
            "null",
            "~",
            "1e999",
            "\t",
        ),
        *(
            "../../etc/passwd",
            "/dev/zero",
            "a\x00b",
            "\udc80",
            "\u202e",
            "9" * 400,
            "x" * 400,
            "2014-08-07",
            "on",
        ),
        *(
            "id: ",
            "steps: ",
            "at: 2014-08-07T09:00:00Z",
            "<<: ",
            "? ",
            "---\n",
            "...\n",
            "%YAML 9\n",
            "\ufeff",
        ),
    ]
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_case(tmp_path_factory.mktemp("hostile") / "case")
    (root / "protocols").mkdir()
    return root


@settings(max_examples=150)
@given(
    name=st.sampled_from(sorted(FILES)),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), PIECES), min_size=1, max_size=3),
)
@example(name="case.yaml", cuts=[(0.0, 10_000, "[" * 5_000)])
@example(name="case.yaml", cuts=[(0.0, 10_000, "")])
def test_a_changed_file_is_read_or_refused_with_its_name(
    root: Path, name: str, cuts: list[tuple[float, int, str]]
) -> None:
    for each, text in FILES.items():
        (root / each).write_text(text, encoding="utf-8")
    text = FILES[name]
    for place, length, piece in cuts:
        start = int(place * len(text))
        text = text[:start] + piece + text[start + length :]
    (root / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        load_case(root)
    except ConfigError as error:
        lines = str(error).splitlines()
        assert lines
        assert all(line.startswith((str(root), "and ")) for line in lines), lines


@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(root: Path, data: bytes) -> None:
    for each, text in FILES.items():
        (root / each).write_text(text, encoding="utf-8")
    (root / "sessions/01-factory/session.yaml").write_bytes(data)
    with pytest.raises(ConfigError):
        load_case(root)


@pytest.mark.parametrize("name", FILES)
def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path, name: str) -> None:
    root = write_case(tmp_path / "case")
    (root / "protocols").mkdir()
    for each, text in FILES.items():
        (root / each).write_text(text, encoding="utf-8")
    with (root / name).open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(ConfigError, match="larger than 4 MiB"):
        load_case(root)


def test_a_folder_that_is_closed_to_us_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_case(tmp_path / "case")
    iterdir = Path.iterdir

    def refuse(folder: Path) -> Iterator[Path]:
        if folder.name == "sessions":
            raise PermissionError(13, "Permission denied")
        return iter(list(iterdir(folder)))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(ConfigError, match="sessions: cannot be looked into: Permission denied"):
        load_case(root)
