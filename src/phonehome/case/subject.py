"""The subject file: a handset and the values known of it (`phonehome.subject/1`).

Everything that is wrong is said at once, each with file and line, up to `MAX_ERRORS`; what is only odd comes
back as warnings. The texts name values by their id and never repeat them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import phonenumbers

from phonehome.case.values import BadValue, check_value
from phonehome.case.yamlfile import MAX_ERRORS, Node, at, load, suggest
from phonehome.model.errors import ConfigError
from phonehome.model.subject import DataType, Handset, KnownValue, Origin, Subject

SCHEMA = "phonehome.subject/1"
MAX_VALUES = 10_000
MAX_FILE_BYTES = 64 << 20
MAX_FILES_BYTES = 512 << 20
FILE_TYPES = frozenset({DataType.PHOTO, DataType.FILE})
ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_TOP_KEYS = ("schema", "name", "handset", "region", "values")
_HANDSET_KEYS = ("make", "model", "build")
_VALUE_KEYS = ("id", "type", "value", "file", "origin", "since")
# What the field calls some of the types.
_TYPE_NAMES = {
    "gaid": DataType.ADVERTISING_ID,
    "idfa": DataType.ADVERTISING_ID,
    "oaid": DataType.ADVERTISING_ID,
    "idfv": DataType.VENDOR_ID,
    "mac": DataType.WIFI_MAC,
    "phone": DataType.PHONE_NUMBER,
    "msisdn": DataType.PHONE_NUMBER,
    "operator": DataType.CARRIER_NAME,
    "name": DataType.PERSON_NAME,
    "uuid": DataType.IDENTIFIER,
}
_REGION_NAMES = {"UK": "GB", "EL": "GR"}  # what people write for two of them


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectFile:
    """What a subject file holds, what is odd in it (each as `FILE:LINE: text`), and the files that it names."""

    subject: Subject
    warnings: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()


def load_subject(path: Path) -> SubjectFile:
    """Read a subject file and the files that it names.

    Raises:
        ConfigError: Something in it is wrong; a line of text for each, with file, line and what to do.
    """
    return _Loader(path).run()


class _Loader:
    """Reads one file; keeps what was said on the way."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._errors: list[str] = []
        self._warnings: list[str] = []
        self._file_bytes = 0
        self._files: list[Path] = []

    def run(self) -> SubjectFile:
        top = load(self._path).mapping("a subject file", _TOP_KEYS)
        self._check_schema(top.get("schema"))
        region = self._region(top.get("region"))
        subject = Subject(
            name=self._text(top.get("name"), "name"),
            handset=self._handset(top.get("handset")),
            region=region,
            values=self._values(top.get("values"), region),
            source=self._path,
        )
        if self._errors:
            shown = self._errors[:MAX_ERRORS]
            if len(self._errors) > len(shown):
                shown.append(f"{self._path}: and {len(self._errors) - len(shown)} more errors")
            raise ConfigError("\n".join(shown))
        return SubjectFile(subject=subject, warnings=tuple(self._warnings), files=tuple(self._files))

    def _check_schema(self, node: Node | None) -> None:
        if node is None:
            return
        written = node.text("schema")
        if written != SCHEMA:
            raise node.error(
                f"this version reads {SCHEMA!r} and the file says otherwise; upgrade phonehome or change it"
            )

    def _text(self, node: Node | None, what: str) -> str | None:
        if node is None or node.is_null:
            return None
        try:
            return node.text(what)
        except ConfigError as error:
            self._errors.append(str(error))
            return None

    def _region(self, node: Node | None) -> str | None:
        region = self._text(node, "region")
        if node is None or region is None or region in phonenumbers.SUPPORTED_REGIONS:
            return region
        likely = _REGION_NAMES.get(region.upper(), region.upper())
        hint = f'; did you mean "{likely}"?' if likely in phonenumbers.SUPPORTED_REGIONS else ""
        self._errors.append(str(node.error(f'region must be a country code of ISO 3166, as in "IN"{hint}')))
        return None

    def _handset(self, node: Node | None) -> Handset | None:
        if node is None or node.is_null:
            return None
        try:
            parts = node.mapping("handset", _HANDSET_KEYS)
        except ConfigError as error:
            self._errors.append(str(error))
            return None
        return Handset(**{key: self._text(parts.get(key), f"handset.{key}") for key in _HANDSET_KEYS})

    def _values(self, node: Node | None, region: str | None) -> tuple[KnownValue, ...]:
        if node is None or node.is_null:
            line = 1 if node is None else node.line
            self._warnings.append(
                at(self._path, line, "no value is known of this subject, so none is searched for")
            )
            return ()
        values: list[KnownValue] = []
        lines: dict[str, int] = {}
        seen: dict[tuple[DataType, str], str] = {}
        for item in node.items("values", MAX_VALUES):
            try:
                value = self._value(item, region)
                if value.id in lines:
                    raise item.error(
                        f"the id {value.id!r} stands in line {lines[value.id]} too; ids must differ"
                    )
            except ConfigError as error:
                self._errors.append(str(error))
                continue
            lines[value.id] = item.line
            if value.content is None:
                twin = seen.setdefault((value.type, value.value), value.id)
                if twin != value.id:
                    self._warn(item, value.id, f"the same value as {twin!r}")
            values.append(value)
        return tuple(values)

    def _value(self, item: Node, region: str | None) -> KnownValue:
        parts = item.mapping("a value", _VALUE_KEYS)
        value_id = self._id(item, parts.get("id"))
        data_type = self._type(item, parts.get("type"), value_id)
        text, content = self._content(item, parts, value_id, data_type, region)
        return KnownValue(
            id=value_id,
            type=data_type,
            value=text,
            content=content,
            origin=self._origin(parts.get("origin")),
            since=self._since(parts.get("since")),
        )

    def _id(self, item: Node, node: Node | None) -> str:
        if node is None:
            raise item.error("a value needs an id, as in `id: imei-1`: reports show it in place of the value")
        written = node.text("id")
        if not ID_PATTERN.fullmatch(written):
            raise node.error(
                "an id has at most 64 of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit"
            )
        return written

    def _type(self, item: Node, node: Node | None, value_id: str) -> DataType:
        if node is None:
            raise item.error(f"{value_id!r} needs a type, as in `type: imei`")
        written = node.text("type")
        try:
            return DataType(written)
        except ValueError as error:
            meant = _TYPE_NAMES.get(written.lower())
            hint = suggest(written, DataType) if meant is None else f"; did you mean '{meant}'?"
            known = "`phonehome subject new -` lists the types; `identifier` and `text` are for anything else"
            raise node.error(f"unknown type {written[:40]!r}{hint} ({known})") from error

    def _content(
        self, item: Node, parts: dict[str, Node], value_id: str, data_type: DataType, region: str | None
    ) -> tuple[str, bytes | None]:
        value, file = parts.get("value"), parts.get("file")
        if (value is None) == (file is None):
            raise item.error(
                f"{value_id!r} needs one of `value:` and `file:`, and has {'both' if value else 'neither'}"
            )
        if file is not None:
            if data_type not in FILE_TYPES:
                raise file.error(
                    f"`file:` is for the types {_listed(sorted(FILE_TYPES))}; give this one as `value:`"
                )
            return "", self._read_file(file, value_id)
        assert value is not None
        if data_type in FILE_TYPES:
            raise value.error(f"a {data_type} is given as `file: NAME`, beside the subject file")
        text = value.text(f"the value of {value_id!r}")
        try:
            remarks = check_value(data_type, text, region)
        except BadValue as error:
            raise value.error(f"{value_id!r}: {error}") from error
        for remark in remarks:
            self._warn(value, value_id, remark)
        return text, None

    def _read_file(self, node: Node, value_id: str) -> bytes:
        name = node.text("file")
        path = self._path.parent / name
        try:
            if not path.is_file():
                raise node.error(
                    f"{value_id!r}: there is no file of this name; it is looked for from {path.parent}"
                )
            with path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
            inside = path.resolve().is_relative_to(self._path.parent.resolve())
        except (OSError, ValueError) as error:
            raise node.error(
                f"{value_id!r}: the file cannot be read; check its name and its permissions"
            ) from error
        self._files.append(path)
        self._file_bytes += len(data)
        if len(data) > MAX_FILE_BYTES:
            raise node.error(
                f"{value_id!r}: the file is larger than {MAX_FILE_BYTES >> 20} MiB; give a smaller one"
            )
        if self._file_bytes > MAX_FILES_BYTES:
            raise node.error(
                f"the files of this subject are larger than {MAX_FILES_BYTES >> 20} MiB together"
            )
        if not data:
            raise node.error(f"{value_id!r}: the file is empty; name another, or delete this value")
        if not inside:
            self._warn(
                node,
                value_id,
                "its file lies outside the folder of the subject file, so it does not move along",
            )
        return data

    def _origin(self, node: Node | None) -> Origin:
        if node is None or node.is_null:
            return Origin.READ
        try:
            return Origin(node.text("origin"))
        except ValueError as error:
            raise node.error(f"origin must be one of {_listed(list(Origin))}") from error

    def _since(self, node: Node | None) -> date | None:
        if node is None or node.is_null:
            return None
        try:
            return date.fromisoformat(node.plain("since"))
        except ValueError as error:
            raise node.error("since must be a day, as in 2026-03-01") from error

    def _warn(self, node: Node, value_id: str, text: str) -> None:
        self._warnings.append(at(self._path, node.line, f"{value_id!r}: {text}"))


def _listed(words: Sequence[str]) -> str:
    return " and ".join(f"`{word}`" for word in words)
