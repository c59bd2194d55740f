"""Files and folders of a case come whole or not at all."""

import errno
import os
import stat
from pathlib import Path

import pytest

from phonehome.case.writing import (
    PARTIAL_PREFIX,
    find_partials,
    remove_partials,
    whole_folder,
    write_durably,
)
from phonehome.model.errors import ConfigError


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)


def test_a_file_holds_what_was_written_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "annotations.yaml"
    write_durably(path, b"old")
    write_durably(path, b"new", mode=0o600)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names_in(tmp_path) == ["annotations.yaml"]


def test_on_a_full_disk_the_old_file_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "annotations.yaml"
    path.write_bytes(b"old")
    fill_the_disk(monkeypatch)
    with pytest.raises(ConfigError, match=r"annotations.yaml: .*the disk is full.*nothing was changed"):
        write_durably(path, b"new")
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["annotations.yaml"]


def test_a_disk_that_does_not_confirm_a_rename_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_folder: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("phonehome.case.writing.sync_folder", refuse)
    with pytest.raises(ConfigError, match="was written, but the disk does not confirm it"):
        write_durably(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_draft_that_its_check_refuses_goes_away(tmp_path: Path) -> None:
    path = tmp_path / "annotations.yaml"
    path.write_bytes(b"old")

    def refuse(draft: Path) -> None:
        assert draft.read_bytes() == b"new"
        raise ConfigError("no")

    with pytest.raises(ConfigError, match="no"):
        write_durably(path, b"new", check=refuse)
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["annotations.yaml"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"outside")
    path = tmp_path / "annotations.yaml"
    path.symlink_to(tmp_path / "outside")
    write_durably(path, b"new")
    assert (tmp_path / "outside").read_bytes() == b"outside"
    assert path.read_bytes() == b"new"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere/file: cannot be written"):
        write_durably(tmp_path / "nowhere" / "file", b"x")
    with pytest.raises(ConfigError, match="its name is not valid"):
        write_durably(tmp_path / "a\0b", b"x")


def test_a_name_of_any_length_has_a_draft(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 127)
    write_durably(path, b"x")
    assert path.read_bytes() == b"x"


def test_a_folder_appears_at_the_end_of_the_block(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "01") as partial:
        (partial / "file").write_bytes(b"x")
        assert not (tmp_path / "01").exists()
        assert partial.name.startswith(PARTIAL_PREFIX)
    assert names_in(tmp_path) == ["01"]
    assert (tmp_path / "01/file").read_bytes() == b"x"


def test_a_folder_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fill() -> None:
        with whole_folder(tmp_path / "01") as partial:
            (partial / "file").write_bytes(b"x")
            (partial / "file").chmod(0o444)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill()
    assert names_in(tmp_path) == []


def test_a_folder_never_takes_the_place_of_another(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match="is there already"),
        whole_folder(tmp_path / "01"),
    ):
        (tmp_path / "01").mkdir()
    assert names_in(tmp_path) == ["01"]


def test_leftovers_are_found_and_removed_in_every_folder_of_a_case(tmp_path: Path) -> None:
    (tmp_path / "sessions" / ".partial-1-02").mkdir(parents=True)
    evidence = tmp_path / "sessions" / ".partial-1-02" / "traffic.pcap"
    evidence.write_bytes(b"x")
    evidence.chmod(0o400)
    (tmp_path / ".partial-2-annotations.yaml").write_bytes(b"x")
    (tmp_path / "sessions" / "01").mkdir()
    assert len(find_partials(tmp_path)) == 2
    assert remove_partials(tmp_path) == [".partial-2-annotations.yaml", "sessions/.partial-1-02"]
    assert find_partials(tmp_path) == []
    assert (tmp_path / "sessions" / "01").is_dir()


def test_leftovers_behind_a_link_are_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / ".partial-1-x").mkdir()
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "sessions").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "case" / ".partial-2-x").symlink_to(tmp_path / "elsewhere")
    assert remove_partials(tmp_path / "case") == [".partial-2-x"]
    assert (tmp_path / "elsewhere" / ".partial-1-x").is_dir()
