"""Compiled parts stay what they are: additions, each with a twin in plain Python, and without access to memory."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
NATIVE = SOURCE / "phonehome" / "wire" / "native"
MODULES = sorted(path.stem for path in NATIVE.glob("*.pyx"))

STAND_INS = {
    "hpack.FieldReader.read": "wire.hpack.read_nothing",
    "hpack.FieldReader.decode": "wire.hpack_huffman.decode_huffman",
    "hpack.FieldReader.__init__": None,
    "http1.read_head": "wire.http1_parser.read_no_head",
}
"""What takes over part of a parser has a stand-in that leaves all of it; everything else names its twin."""

CIMPORTS = {"cpython.array": {"array"}, "cpython.bytes": {"PyBytes_GET_SIZE"}}
"""What may be had of C beside octets.pxd: a type, and a size."""

REFUSED = {
    "C of one's own": r"\b(?:extern|include|DEF)\b",
    "Python's lock released": r"\b(?:nogil|prange)\b",
    "the C API": r"\bPy(?!_ssize_t\b|Bytes_GET_SIZE\b)(?:[A-Z][A-Za-z]+)?_\w+",
    "memory of one's own": r"\b(?:malloc|calloc|realloc|free|sizeof|alloca|NULL)\b",
    "checks switched off": r"\b(?:boundscheck|wraparound|initializedcheck|nonecheck|overflowcheck)\b|@cython\b",
    "a pointer": r"(?<!\bPy_ssize_t)(?<=[^\s])\*|\*(?=[^\s=])|\b(?:char|int|long|short|void|double|float|object)\s*\*",
    "the address of an item": r"&\s*\w+\s*[\[.(]",
    "an array of C": r"\bcdef\s[\w ]*\b(?:char|int|long|short|double|float|Py_ssize_t)\s+\w+\[\s*\w",
}
"""A number may be handed back through a `Py_ssize_t*`; whatever else points belongs into octets.pxd, behind a check."""


def code_of(text: str) -> str:
    """A module without what is said in strings and comments."""
    return re.sub(r"\"\"\"[\s\S]*?\"\"\"|\"[^\"\n]*\"|#.*", "''", text)


def complaints(text: str) -> Iterator[str]:
    """What a compiled module does that only octets.pxd may do."""
    code = code_of(text)
    for what, pattern in REFUSED.items():
        if found := re.search(pattern, code):
            yield f"{what}: {found[0]}"
    if found := re.search(r"#\s*(?:cython|distutils):.*", text):
        yield f"a directive: {found[0]}"
    for module, names in re.findall(r"^\s*from ([\w.]+) cimport (.+)$", code, re.MULTILINE):
        wanted = {name.split(" as ")[0].strip(" ()") for name in names.split(",")}
        if module != "phonehome.wire.native.octets" and not wanted <= CIMPORTS.get(module, set()):
            yield f"of C: {module}"
    if found := re.search(r"^\s*cimport .+", code, re.MULTILINE):
        yield f"of C: {found[0]}"


def test_there_are_compiled_modules() -> None:
    assert len(MODULES) >= 5
    assert [path.name for path in NATIVE.glob("*.pxd")] == ["octets.pxd"]


@pytest.mark.parametrize("module", MODULES)
def test_a_compiled_module_uses_no_pointers(module: str) -> None:
    assert list(complaints((NATIVE / f"{module}.pyx").read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "cdef char* p = data",
        "cdef char *p",
        "cdef const unsigned char * p",
        "cdef int _f(Py_ssize_t **p):",
        "cdef int _f(Py_ssize_t** p):",
        "p = <char*> data",
        "p = &data[3]",
        "cdef int ends[16]",
        "with nogil:",
        "from libc.string cimport memcpy",
        "from cpython.bytes cimport PyBytes_GET_SIZE, PyBytes_AS_STRING",
        "from cpython.mem cimport PyMem_Malloc",
        "cimport cython",
        "cdef extern from 'string.h':",
        "@cython.boundscheck(False)",
        "# cython: boundscheck=False",
        "# distutils: extra_compile_args=-O3",
        "PyBytes_AS_STRING(data)[3]",
        "buffer = malloc(8)",
    ],
)
def test_what_could_read_anything_is_refused(line: str) -> None:
    ordinary = """cdef Py_ssize_t at = 2 * 8  # "*"
cdef long long[::1] view
from phonehome.wire.native.octets cimport cut
at *= 2
"""
    assert list(complaints(ordinary)) == []
    assert list(complaints(f"{ordinary}{line}\n")) != []


def parameters(function: ast.FunctionDef) -> int:
    arguments = [*function.args.posonlyargs, *function.args.args]
    return sum(argument.arg != "self" for argument in arguments)


def stubs(module: str) -> dict[str, int]:
    """The functions of a stub file, and how many parameters each has."""
    tree = ast.parse((NATIVE / f"{module}.pyi").read_text(encoding="utf-8"))
    found = {node.name: parameters(node) for node in tree.body if isinstance(node, ast.FunctionDef)}
    for holder in tree.body:
        if isinstance(holder, ast.ClassDef):
            methods = [node for node in holder.body if isinstance(node, ast.FunctionDef)]
            found |= {f"{holder.name}.{node.name}": parameters(node) for node in methods}
    return found


def compiled(module: str) -> dict[str, tuple[int, str]]:
    """The functions of a compiled module that others may call: how many parameters, and the docstring."""
    text = (NATIVE / f"{module}.pyx").read_text(encoding="utf-8")
    found, holder = {}, ""
    pattern = r"^(?:cdef class (\w+):|( *)def (\w+)\((.*?)\):\n\s*(\"\"\"[\s\S]*?\"\"\")?)"
    for name, indent, function, listed, doc in re.findall(pattern, text, re.MULTILINE):
        holder = name or (holder if indent else "")
        function = "__init__" if function == "__cinit__" else function  # for whoever calls them
        public = function == "__init__" or not function.startswith("_")
        if function and public:
            wanted = [each for each in listed.split(",") if each.strip() != "self"]
            found[f"{holder}.{function}" if holder else function] = (len(wanted), doc)
    return found


@pytest.mark.parametrize("module", MODULES)
def test_a_compiled_module_has_a_stub_of_the_same_functions(module: str) -> None:
    assert stubs(module) == {name: count for name, (count, _) in compiled(module).items()}
    assert stubs(module)


@pytest.mark.parametrize("module", MODULES)
def test_every_compiled_function_has_a_twin_that_runs_without_it(module: str) -> None:
    for name, (count, doc) in compiled(module).items():
        said = re.search(r"see `([\w.]+)`, which does the same", " ".join(doc.split()))
        twin = said[1] if said is not None else STAND_INS[f"{module}.{name}"]
        if twin is None:
            continue
        holder, _, function = twin.rpartition(".")
        plain = getattr(importlib.import_module(f"phonehome.{holder}"), function)
        assert len(inspect.signature(plain).parameters) == count, f"{name} and its twin {twin}"


def test_whoever_uses_a_compiled_part_can_do_without() -> None:
    used = set()
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        lines = re.findall(r"^( *)from phonehome\.wire\.native\.(\w+) import", text, re.MULTILINE)
        used |= {module for _, module in lines}
        guarded = re.findall(r"^try:\n((?:    .*\n|\n)+?)except ImportError:\n    \w", text, re.MULTILINE)
        assert len(lines) == sum(block.count("from phonehome.wire.native.") for block in guarded), path
    assert used == set(MODULES)


def test_nothing_else_is_compiled_or_kept() -> None:
    assert {path.suffix for path in NATIVE.iterdir() if path.is_file()} <= {
        ".py",
        ".pyx",
        ".pxd",
        ".pyi",
        ".so",
    }
