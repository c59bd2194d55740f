"""What all files of a case are read with: shared shapes, and every error of a file said at once."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from phonehome.case.places import require_file
from phonehome.case.times import BadTime, parse_time
from phonehome.case.yamlfile import Node, load, suggest
from phonehome.model.errors import ConfigError
from phonehome.model.subject import DataType

ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
ID_RULE = "has at most 64 of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit"
MAX_TEXT = 10_000
"""Characters of one text: a note, or the words of a screen."""
MAX_LINE = 300
"""Characters of a name, a title, a value of a condition."""
MAX_MISTAKES = 1000
"""Mistakes of one file that are said: all that a person makes, and not all that a machine can."""
_SCHEMA = re.compile(r"phonehome\.([a-z_-]+)/([0-9]{1,4})")
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Remarks:
    """What is wrong, and what is only odd, each as `FILE:LINE: text`."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep the error of the block, if it has one, and go on behind it."""
        try:
            yield
        except ConfigError as error:
            self.errors.extend(str(error).splitlines())

    def warn(self, node: Node, text: str) -> None:
        """Keep a warning that names this place."""
        self.warnings.append(str(node.error(text)))

    def check(self) -> None:
        """Raise all that is wrong as one error.

        Raises:
            ConfigError: Something is.
        """
        if not self.errors:
            return
        shown = self.errors[:MAX_MISTAKES]
        if len(self.errors) > len(shown):
            shown.append(f"and {len(self.errors) - len(shown)} more errors")
        raise ConfigError("\n".join(shown))


def open_file(path: Path, schema: str, what: str, known: Iterable[str], new: str) -> dict[str, Node]:
    """Read a file that people write and give its parts by key, as `open_whole` does."""
    return open_whole(path, schema, what, known, new)[1]


def open_whole(
    path: Path, schema: str, what: str, known: Iterable[str], new: str
) -> tuple[Node, dict[str, Node]]:
    """Read a file that people write; give the whole, for its place, and its parts by key.

    Args:
        path: The file; a symbolic link, a pipe or a folder is refused.
        schema: What `schema:` must say if it is there, such as `phonehome.case/1`.
        what: What the file is, for the messages.
        known: Its keys beside `schema`.
        new: The command that writes one.

    Raises:
        ConfigError: It is missing, no strict YAML, of another kind or a newer version, or has unknown keys.
    """
    require_file(path, new)
    top = load(path, new)
    written = top.peek("schema")
    if written is not None:
        _check_schema(written, schema)
    return top, top.mapping(what, ("schema", *known))


def _check_schema(node: Node, schema: str) -> None:
    text = node.text("schema")
    if text == schema:
        return
    name, _, version = schema.removeprefix("phonehome.").partition("/")
    found = _SCHEMA.fullmatch(text)
    if found is not None and found[1] == name and int(found[2]) > int(version):
        raise node.error(
            f"this is version {found[2]} of the {name} file, and this phonehome knows version {version}; "
            "update phonehome to read it"
        )
    raise node.error(f"schema must be {schema!r} here, and this is {text[:80]!r}")


def read_text(node: Node, what: str, limit: int = MAX_TEXT) -> str:
    """Give a text of at most `limit` characters."""
    text = node.text(what)
    if len(text) > limit:
        raise node.error(f"{what} is longer than {limit:,} characters; shorten it")
    return text


def read_optional(node: Node | None, what: str, limit: int = MAX_TEXT) -> str | None:
    """Give a text, or None where nothing is given."""
    return None if node is None or node.is_null else read_text(node, what, limit)


def read_id(node: Node, what: str) -> str:
    """Give an id: a word that can be the name of a file, too."""
    text = node.text(what)
    if not ID_PATTERN.fullmatch(text):
        raise node.error(f"{what} {ID_RULE}; this is {text[:80]!r}")
    return text


def read_word(node: Node, what: str, words: type[_Word]) -> _Word:
    """Give one word of an enumeration."""
    text = node.text(what)
    try:
        return words(text)
    except ValueError as error:
        raise node.error(
            f"{what} must be one of {', '.join(words)}, and this is {text[:80]!r}{suggest(text, words)}"
        ) from error


def read_time(node: Node, what: str) -> datetime:
    """Give a moment, with a time zone, in UTC."""
    try:
        return parse_time(node.plain(what))
    except BadTime as error:
        raise node.error(f"{what} {error}") from error


def read_data_types(node: Node, what: str) -> tuple[DataType, ...]:
    """Give a list of data types, each once."""
    kinds = [read_word(item, f"a data type of {what}", DataType) for item in node.items(what, len(DataType))]
    return tuple(dict.fromkeys(kinds))


def require(parts: dict[str, Node], key: str, owner: Node, example: str) -> Node:
    """Give a part that must be there.

    Raises:
        ConfigError: It is not; the sentence names the owner's place and the example.
    """
    node = parts.get(key)
    if node is None:
        raise owner.error(f"{key!r} is missing here; give it, as in `{key}: {example}`")
    return node


def refuse_unknown(node: Node, what: str, name: str, known: Iterable[str], hint: str) -> None:
    """Raise if a name is none of those that are known, with what is near and what to do."""
    names = list(known)
    if name not in names:
        listed = ", ".join(names[:20]) or "none"
        raise node.error(f"{what} {name[:80]!r} is not known{suggest(name, names)}; known: {listed}; {hint}")
