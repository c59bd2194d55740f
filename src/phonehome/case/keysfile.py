"""`keys.yaml`: the public keys of those who sign a case, with their names.

It travels with the case, so it names signers and vouches for none: whoever could replace the case could replace it
too. Trust comes from a public key that the recipient got another way (`phonehome verify --public-key`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from phonehome.case.keys import PublicKey, parse_public
from phonehome.case.yamlfile import Node, load
from phonehome.model.errors import ConfigError

KEYS_FILE = "keys.yaml"
SCHEMA = "phonehome.keys/1"
MAX_KEYS = 200

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | bool | None"


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A public key, and whose it is by the word of the case."""

    name: str
    key: PublicKey


def load_keys(root: Path) -> list[NamedKey]:
    """Read `keys.yaml` of a case; none if there is no such file.

    Raises:
        ConfigError: It is wrong; names file and line.
    """
    path = root / KEYS_FILE
    if not path.is_file() or path.is_symlink():
        return []
    parts = load(path).mapping("keys.yaml", ("schema", "keys"))
    if "schema" in parts and parts["schema"].text("schema") != SCHEMA:
        raise parts["schema"].error(f"schema must be {SCHEMA}; a newer phonehome may read this file")
    if "keys" not in parts or parts["keys"].is_null:
        return []
    found = [_key(item) for item in parts["keys"].items("keys", MAX_KEYS)]
    prints = [named.key.fingerprint for named in found]
    for number, one in enumerate(prints):
        if one in prints[:number]:
            raise parts["keys"].error(f"the key of {found[number].name!r} stands twice; keep one")
    return found


def _key(item: Node) -> NamedKey:
    parts = item.mapping("a key", ("name", "public_key"))
    for name in ("name", "public_key"):
        if name not in parts:
            raise item.error(f"a key needs {name}")
    text = parts["public_key"]
    try:
        key = parse_public(text.text("public_key").encode(), item.path)
    except ConfigError as error:
        reason = str(error).partition(": ")[2]
        raise text.error(reason) from error
    return NamedKey(parts["name"].text("name"), key)


def keys_schema() -> dict[str, Json]:
    """Give the JSON Schema (draft 2020-12) of `phonehome.keys/1`."""
    text: Json = {"type": "string", "pattern": r"\S"}
    key: Json = {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "public_key"],
        "properties": {
            "name": text,
            "public_key": {
                "description": "Ed25519, in PEM, as `phonehome key new` writes it to FILE.pub.",
                "type": "string",
                "pattern": "^-----BEGIN PUBLIC KEY-----",
            },
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:phonehome:schema:{SCHEMA.removeprefix('phonehome.')}",
        "title": SCHEMA,
        "description": "The public keys of those who sign a case, with their names.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "schema": {"const": SCHEMA},
            "keys": {"type": ["array", "null"], "maxItems": MAX_KEYS, "items": key},
        },
    }
