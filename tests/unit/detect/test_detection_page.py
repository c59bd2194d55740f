"""The page on detection names every bound, every data type, and what is not covered."""

import re
from pathlib import Path

import pytest

from phonehome.model.subject import DataType

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "detection.md").read_text(encoding="utf-8")
SOURCES = sorted((ROOT / "src" / "phonehome" / "detect").rglob("*.py"))
BOUND = re.compile(r"^((?:MAX|MIN|BATCH)_[A-Z0-9_]+) = ", re.MULTILINE)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_every_bound_stands_on_the_page(source: Path) -> None:
    names = BOUND.findall(source.read_text(encoding="utf-8"))
    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_no_bound_on_the_page_is_gone() -> None:
    code = "".join(source.read_text(encoding="utf-8") for source in SOURCES)
    audit = sorted((ROOT / "src" / "phonehome" / "audit").rglob("*.py"))
    code += "".join(source.read_text(encoding="utf-8") for source in audit)
    named = re.findall(r"`((?:MAX|MIN|BATCH)_[A-Z0-9_]+)`", PAGE)
    assert named
    assert [name for name in named if not re.search(rf"^{name} = ", code, re.MULTILINE)] == []


@pytest.mark.parametrize("data_type", DataType)
def test_every_data_type_has_its_forms_on_the_page(data_type: DataType) -> None:
    assert f"`{data_type}`" in PAGE


@pytest.mark.parametrize(
    "blind", ["XOR", "salted", "private alphabet", "ROT13", "reversed", "encryption", "Thrift"]
)
def test_the_page_says_what_is_not_covered(blind: str) -> None:
    assert blind in PAGE.split("## What is not found")[1]
