import re
from pathlib import Path

from phonehome.attribution.organisations import read_organisations

PAGE = Path(__file__).parents[3] / "docs" / "destinations.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_pages_python_example_runs() -> None:
    (example,) = blocks("python")

    exec(compile(example, "docs/destinations.md", "exec"), {})


def test_the_pages_organisation_example_is_well_formed(tmp_path: Path) -> None:
    (example,) = blocks("yaml")
    path = tmp_path / "example.yaml"
    path.write_text(example, encoding="utf-8")

    assert len(read_organisations(path)) == 2
