"""What phonehome is installed from, built by hatchling as pip has it built, from a copy of the sources."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT_OF = (
    "pyproject.toml",
    "hatch_build.py",
    ".gitignore",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "NOTICE",
)
ONE = "tcp"
"""Compiled here: one stands for all, of which `make dev` shows that they compile."""
NATIVE = Path("src/phonehome/wire/native")
MODULE = f"phonehome/wire/native/{ONE}{sysconfig.get_config_var('EXT_SUFFIX')}"
BUILD = "import sys; from hatchling import build; print(getattr(build, sys.argv[1])(sys.argv[2]), file=sys.stderr)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Builds a copy of the project."""

    source: Path
    tools: Path
    into: Path

    def build(self, what: str = "build_wheel", **environment: str) -> tuple[Path | None, str]:
        """Build, and give the file, if one came of it, and what was said."""
        inherited = {
            name: value for name, value in os.environ.items() if name not in ("PHONEHOME_NATIVE", "CC")
        }
        done = subprocess.run(
            [sys.executable, "-c", BUILD, what, str(self.into)],
            cwd=self.source,
            env={**inherited, "PYTHONPATH": str(self.tools), **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = done.stdout + done.stderr
        return (self.into / done.stderr.splitlines()[-1] if not done.returncode else None), said


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pyproject.toml says that building takes."""
    target = tmp_path_factory.mktemp("tools")
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    for command in (
        [sys.executable, "-m", "pip", "install", "--quiet", "--target"],
        ["uv", "pip", "install", "--quiet", "--python", sys.executable, "--target"],
    ):
        if command[0] == sys.executable or shutil.which(command[0]):
            done = subprocess.run(
                [*command, str(target), *wanted], capture_output=True, text=True, check=False
            )
            if not done.returncode:
                return target
    reason = f"what building takes cannot be installed here: {' '.join(done.stderr.split())[-300:]}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def builder(tools: Path, tmp_path: Path) -> Builder:
    source = tmp_path / "source"
    # Little of it: what is not compiled is not in question.
    for name in ("__init__.py", "wire/__init__.py", f"wire/native/{ONE}.pyx", f"wire/native/{ONE}.pyi"):
        target = source / "src" / "phonehome" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "src" / "phonehome" / name, target)
    for name in ("__init__.py", "octets.pxd"):
        shutil.copy(ROOT / NATIVE / name, source / NATIVE)
    for name in BUILT_OF:
        shutil.copy(ROOT / name, source)
    into = tmp_path / "dist"
    into.mkdir()
    return Builder(source=source, tools=tools, into=into)


def names_in(wheel: Path | None) -> list[str]:
    assert wheel is not None
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def compiler() -> str:
    for name in ("cc", "gcc", "clang"):
        if (path := shutil.which(name)) is not None:
            return path
    reason = "needs a C compiler, which is not on this machine"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def test_a_wheel_holds_what_was_compiled_and_nothing_that_it_was_made_of(builder: Builder) -> None:
    compiler()
    wheel, said = builder.build(PHONEHOME_NATIVE="must")
    names = names_in(wheel)
    assert MODULE in names, said
    assert {Path(name).suffix for name in names if "/native/" in name} == {".py", ".pyi", ".so"}
    assert wheel is not None
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    assert wheel.name.split("-")[2:4] == [python, python]
    # In place, too, for an editable installation; but nothing that was generated on the way.
    left = {path.suffix for path in (builder.source / NATIVE).iterdir()}
    assert left == {".py", ".pyi", ".pyx", ".pxd", ".so"}
    assert not [path for path in builder.source.iterdir() if path.name not in (*BUILT_OF, "src")]
    with zipfile.ZipFile(wheel) as archive:
        module = archive.read(MODULE)
    assert str(builder.source).encode() not in module
    assert b"phonehome-" not in module

    # Built again where it cannot be compiled: what is there is of other sources, and goes.
    wheel, said = builder.build(PATH="", CC="no-such-compiler")
    assert wheel is not None, said
    assert wheel.name.endswith("-py3-none-any.whl")
    assert MODULE not in names_in(wheel)
    assert not list((builder.source / NATIVE).glob("*.so"))
    assert said.count("without its compiled parts") == 1
    assert "no C compiler here (no-such-compiler)" in said


def test_nothing_is_compiled_where_that_is_switched_off(builder: Builder) -> None:
    wheel, said = builder.build(PHONEHOME_NATIVE="off")
    assert wheel is not None, said
    assert wheel.name.endswith("-py3-none-any.whl")
    assert not [name for name in names_in(wheel) if name.endswith((".so", ".c", ".pyx", ".pxd"))]
    assert "without" not in said


@pytest.mark.parametrize(
    ("broken", "reason"),
    [("def f(:\n", "tcp.pyx"), ("cdef extern from 'no-such-header.h':\n    pass\n", "tcp.c")],
)
def test_what_does_not_compile_is_left_or_an_error_as_is_wanted(
    builder: Builder, broken: str, reason: str
) -> None:
    compiler()
    (builder.source / NATIVE / f"{ONE}.pyx").write_text(broken, encoding="utf-8")
    wheel, said = builder.build()
    assert wheel is not None, said
    assert wheel.name.endswith("-py3-none-any.whl")
    assert reason in next(line for line in said.splitlines() if "without its compiled parts" in line)
    wheel, said = builder.build(PHONEHOME_NATIVE="must")
    assert wheel is None, said


def test_sources_hold_what_is_compiled_and_what_compiles_it(builder: Builder) -> None:
    archive, said = builder.build("build_sdist")
    assert archive is not None, said
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"hatch_build.py", f"{NATIVE}/{ONE}.pyx", f"{NATIVE}/octets.pxd"} <= names
    assert not [name for name in names if name.endswith((".so", ".c"))]
