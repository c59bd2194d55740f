"""`keys.yaml`: signers by name, and errors that name file and line."""

from pathlib import Path

import jsonschema
import pytest
import yaml
from evidence_cases import lab_key

from phonehome.case.keysfile import keys_schema, load_keys
from phonehome.model.errors import ConfigError


def block(number: int = 1, name: str = "Lab A") -> str:
    lines = lab_key(number)[0].public.as_pem().decode().splitlines()
    return f"- name: {name}\n  public_key: |\n" + "".join(f"    {line}\n" for line in lines)


def test_keys_have_names(tmp_path: Path) -> None:
    (tmp_path / "keys.yaml").write_text(f"schema: phonehome.keys/1\nkeys:\n{block(1)}{block(2, 'Lab B')}")
    found = load_keys(tmp_path)
    assert [(one.name, one.key.fingerprint) for one in found] == [
        ("Lab A", lab_key(1)[0].public.fingerprint),
        ("Lab B", lab_key(2)[0].public.fingerprint),
    ]
    jsonschema.validate(yaml.safe_load((tmp_path / "keys.yaml").read_text()), keys_schema())


def test_a_case_need_not_have_the_file(tmp_path: Path) -> None:
    assert load_keys(tmp_path) == []
    (tmp_path / "keys.yaml").write_text("keys:\n")
    assert load_keys(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("schema: phonehome.keys/2\n", r"keys\.yaml:1: schema must be phonehome.keys/1"),
        ("keys:\n- name: A\n", r"keys\.yaml:2: a key needs public_key"),
        ("keys:\n- name: A\n  public_key: nonsense\n", r"keys\.yaml:3: is no public key in PEM"),
        (f"keys:\n{block()}{block(1, 'Lab B')}", r"keys\.yaml:2: the key of 'Lab B' stands twice"),
        ("keys:\n- nam: A\n", r"keys\.yaml:2: unknown key 'nam'"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "keys.yaml").write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        load_keys(tmp_path)
