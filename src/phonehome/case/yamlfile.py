"""Files that people write, read as strict YAML of which every part knows its line.

The text is composed into nodes and never built into Python objects: nodes keep their line, their tag (so that
a bare `0123` is seen to be a number before YAML drops the zero) and every occurrence of a key. Anchors and
aliases are refused: no file of ours needs them, and a few lines of them can unfold to gigabytes.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from phonehome.model.errors import ConfigError

MAX_BYTES = 4 << 20
MAX_DEPTH = 16
MAX_ERRORS = 20
_TAG = "tag:yaml.org,2002:"
# libyaml's parser reads a large file some ten times as fast; it reads the same language.
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TRAPS = {
    "int": "a bare number, and YAML drops a leading zero and reads 0…, 0x… and 1:30 in other bases",
    "float": "a bare number, and YAML rounds it",
    "bool": "a bare yes, no, on, off, true or false, which YAML reads as a truth value",
    "timestamp": "a bare date, which YAML turns into a time",
    "null": "empty",
}


def at(path: Path, line: int, text: str) -> str:
    """Name the place before the text, as compilers do: `FILE:LINE: text`."""
    return f"{path}:{line}: {text}"


def suggest(word: str, known: Iterable[str]) -> str:
    """Say which known words may be meant, as the end of a sentence; empty if none is near."""
    near = difflib.get_close_matches(word[:80].lower(), [str(name) for name in known], n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


@dataclass(frozen=True, slots=True)
class Node:
    """One part of a file, with its place.

    The methods that narrow it raise `ConfigError` with file and line, saying what `what` must be.
    """

    path: Path
    raw: yaml.Node

    @property
    def line(self) -> int:
        """The line on which it begins, from 1."""
        return int(self.raw.start_mark.line) + 1

    @property
    def is_null(self) -> bool:
        """True if nothing is given."""
        return isinstance(self.raw, yaml.ScalarNode) and self.raw.tag == _TAG + "null"

    def error(self, text: str) -> ConfigError:
        """Make the error that names this place."""
        return ConfigError(at(self.path, self.line, text))

    def mapping(self, what: str, known: Iterable[str]) -> dict[str, "Node"]:
        """Give the parts by key; keys that are unknown or come twice are refused."""
        if not isinstance(self.raw, yaml.MappingNode):
            raise self.error(f"{what} must be a mapping of keys to values, and this is {self._kind()}")
        names = tuple(known)
        parts: dict[str, Node] = {}
        for key_node, value_node in self.raw.value:
            key = Node(self.path, key_node)
            name = key.raw.value if isinstance(key.raw, yaml.ScalarNode) else ""
            if name not in names:
                shown = repr(name[:40]) if name else "that is not a word"
                raise key.error(
                    f"unknown key {shown} in {what}; known: {', '.join(names)}{suggest(name, names)}"
                )
            if name in parts:
                raise key.error(
                    f"{name!r} stands twice in {what} (first in line {parts[name].line}); keep one"
                )
            parts[name] = Node(self.path, value_node)
        return parts

    def entries(self, what: str, limit: int) -> dict[str, "Node"]:
        """Give the parts of a mapping whose keys its writer chooses, at most `limit`; none may come twice."""
        if not isinstance(self.raw, yaml.MappingNode):
            raise self.error(f"{what} must be a mapping of keys to values, and this is {self._kind()}")
        if len(self.raw.value) > limit:
            raise self.error(f"{what} has {len(self.raw.value)} entries, and at most {limit} are read")
        parts: dict[str, Node] = {}
        for key_node, value_node in self.raw.value:
            key = Node(self.path, key_node)
            name = key.text(f"a key of {what}")
            if name in parts:
                raise key.error(
                    f"{name[:80]!r} stands twice in {what} (first in line {parts[name].line}); keep one"
                )
            parts[name] = Node(self.path, value_node)
        return parts

    def peek(self, name: str) -> "Node | None":
        """Give the part of this key without looking at the others; None if there is none."""
        if isinstance(self.raw, yaml.MappingNode):
            for key, value in self.raw.value:
                if isinstance(key, yaml.ScalarNode) and key.value == name:
                    return Node(self.path, value)
        return None

    def items(self, what: str, limit: int) -> list["Node"]:
        """Give the entries of a list, at most `limit`."""
        if not isinstance(self.raw, yaml.SequenceNode):
            raise self.error(
                f"{what} must be a list (lines that begin with '- '), and this is {self._kind()}"
            )
        if len(self.raw.value) > limit:
            raise self.error(
                f"{what} has {len(self.raw.value)} entries, and at most {limit} are read; split the file"
            )
        return [Node(self.path, item) for item in self.raw.value]

    def text(self, what: str) -> str:
        """Give a text; a bare word that YAML takes for something else is refused with a hint."""
        if not isinstance(self.raw, yaml.ScalarNode):
            raise self.error(f"{what} must be a text, and this is {self._kind()}")
        kind = self.raw.tag.removeprefix(_TAG)
        if kind != "str":
            trap = _TRAPS.get(kind, f"of the YAML type {kind!r}")
            raise self.error(f'{what} is {trap}; put it in double quotes: "…"')
        if not self.raw.value.strip():
            raise self.error(f"{what} is empty; give it, or delete the line")
        return str(self.raw.value)

    def plain(self, what: str) -> str:
        """Give a scalar as it is written, whatever YAML takes it for: for dates, which need no quotes."""
        if not isinstance(self.raw, yaml.ScalarNode):
            raise self.error(f"{what} must be a single word, and this is {self._kind()}")
        return str(self.raw.value)

    def _kind(self) -> str:
        match self.raw:
            case yaml.MappingNode():
                return "a mapping"
            case yaml.SequenceNode():
                return "a list"
            case _:
                return "empty" if self.is_null else "a single value"


def load(path: Path, new: str = "phonehome subject new") -> Node:
    """Read one YAML document.

    Args:
        path: The file.
        new: The command that writes one to start from, for the messages.

    Raises:
        ConfigError: The file is missing, too large, not UTF-8, not YAML, empty, nested deeper than
            `MAX_DEPTH`, or uses anchors.
    """
    text = _read(path, new)
    try:
        _refuse_tricks(path, text)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise ConfigError(
            at(path, line, f"this is no valid YAML: {error.problem or error.context}")
        ) from error
    except yaml.YAMLError as error:
        # Characters that YAML does not allow; the error's own text would print what surrounds them.
        raise ConfigError(at(path, 1, "this is no YAML text: it holds control characters")) from error
    if root is None:
        raise ConfigError(at(path, 1, f"the file is empty; `{new}` writes one to start from"))
    return Node(path, root)


def _read(path: Path, new: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {_explain(error, new)}") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(
            f"{path}: larger than {MAX_BYTES >> 20} MiB; a file that people write is not, so is it this one?"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(at(path, line, "not UTF-8 text; save the file as UTF-8")) from error


def _explain(error: OSError | ValueError, new: str) -> str:
    """Say why a file cannot be read, and what to do."""
    if isinstance(error, FileNotFoundError):
        return f"there is no such file; check the name, or write one with `{new}`"
    if isinstance(error, IsADirectoryError):
        return "this is a folder; name the file in it"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name is not valid"
    return f"cannot be read: {reason}; check its name and its permissions"


def _refuse_tricks(path: Path, text: str) -> None:
    """Walk the events once, without recursion, before the composer (which recurses) sees the text."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = 1 if event.start_mark is None else int(event.start_mark.line) + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise ConfigError(
                at(path, line, "anchors and aliases (&, *) are not read here; quote the text or write it out")
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise ConfigError(at(path, line, f"nested deeper than {MAX_DEPTH} levels"))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
