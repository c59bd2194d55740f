"""Compiles the innermost loops of reading packets when phonehome is built; where that cannot be, it is built without.

Every `src/phonehome/wire/native/*.pyx` becomes a module beside it: in place, as an editable installation needs it. All
that is generated on the way stays in a temporary directory, in which only the modules are, so that neither paths of the
machine get into them nor setuptools finds a project to read.

PHONEHOME_NATIVE=off compiles nothing; PHONEHOME_NATIVE=must makes it an error when that fails.
"""

import contextlib
import os
import shlex
import shutil
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = Path("phonehome/wire/native")
DIRECTIVES = {"language_level": 3, "boundscheck": True, "wraparound": False, "initializedcheck": True}
ARGUMENTS = ["-O2", "-g0"]
COMPILERS = ("cc", "gcc", "clang")


class NativeModules(BuildHookInterface):  # type: ignore[type-arg]  # no configuration of ours
    """Puts the compiled modules into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile them, before hatchling looks for files."""
        wanted = os.environ.get("PHONEHOME_NATIVE", "")
        source = Path(self.root, "src")
        if wanted == "off":
            _remove_what_can_be(source / PACKAGE)
            return
        try:
            names = build(source)
        except Exception as error:
            _remove_what_can_be(source / PACKAGE)
            if wanted == "must":
                raise
            reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
            self.app.display_warning(
                f"phonehome is built without its compiled parts, which makes reading packets slower: {reason[0]}"
            )
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["artifacts"].extend(f"src/{PACKAGE}/{name}" for name in names)


def build(source: Path) -> list[str]:
    """Compile the modules of a source tree in place; gives their file names.

    Raises:
        OSError: There is no compiler, or Python came without its headers.
        Exception: Whatever Cython and setuptools raise where a module does not compile.
    """
    os.environ["CC"] = _find_compiler()
    include = Path(sysconfig.get_path("include"))
    if not (include / "Python.h").is_file():
        raise OSError(f"there is no Python.h in {include}, which Python's development package brings")
    target = source / PACKAGE
    with tempfile.TemporaryDirectory(prefix="phonehome-") as work, contextlib.chdir(work):
        PACKAGE.mkdir(parents=True)
        for package in (PACKAGE, *PACKAGE.parents[:-1]):
            (package / "__init__.py").touch()
        for path in (*target.glob("*.pyx"), *target.glob("*.pxd")):
            shutil.copy(path, PACKAGE)
        compiled = _compile(sorted(PACKAGE.glob("*.pyx")))
        for path in compiled:
            _replace(path, target / path.name)
    names = [path.name for path in compiled]
    remove_modules(target, but=names)
    return names


def _remove_what_can_be(target: Path) -> None:
    """Remove modules of other sources, which would not be twins of what is installed; what is read-only stays."""
    with contextlib.suppress(OSError):
        remove_modules(target)


def remove_modules(target: Path, but: list[str] | None = None) -> None:
    """Remove what was compiled for this Python before."""
    for path in target.glob(f"*{_suffix()}"):
        if path.name not in (but or []):
            path.unlink()


def _compile(modules: list[Path]) -> list[Path]:
    # Imported here, for they are not needed where nothing is compiled; setuptools first, or there may be no distutils.
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    from Cython.Build import cythonize  # isort: skip

    extensions = cythonize(
        [
            Extension(".".join(path.with_suffix("").parts), [str(path)], extra_compile_args=ARGUMENTS)
            for path in modules
        ],
        build_dir="generated",
        compiler_directives=DIRECTIVES,
        quiet=True,
    )
    task = build_ext(Distribution({"name": "phonehome", "ext_modules": extensions}))
    task.build_lib, task.build_temp = "compiled", "objects"
    task.parallel = os.cpu_count() or 1
    task.ensure_finalized()
    task.run()
    return [Path(task.get_ext_fullpath(extension.name)) for extension in extensions]


def _find_compiler() -> str:
    """The compiler that was asked for or that Python was made with, or another one that is here."""
    usual = os.environ.get("CC") or sysconfig.get_config_var("CC") or COMPILERS[0]
    for command in (usual, *([] if os.environ.get("CC") else COMPILERS)):
        if shutil.which(shlex.split(command)[0]):
            return command
    raise OSError(f"there is no C compiler here ({shlex.split(usual)[0]})")


def _replace(path: Path, target: Path) -> None:
    """Put a module into its place at once: a process may have the old one loaded."""
    new = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copy(path, new)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


def _suffix() -> str:
    return str(sysconfig.get_config_var("EXT_SUFFIX"))
