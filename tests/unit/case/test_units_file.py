"""Lists of handsets as spreadsheets export them, and what is wrong with one, by its line."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.case import units_file
from phonehome.case.units_file import UnitsFile, load_units
from phonehome.model.errors import ConfigError
from phonehome.model.policy import Unit

HEADER = "make,model,build,unit\n"
XIAOMI = Unit(line=2, make="Xiaomi", model="Redmi 1S", build="JHCMIBH45.0", unit="3 Sqn/17")


def load(folder: Path, data: str | bytes) -> UnitsFile:
    path = folder / "ours.csv"
    path.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    return load_units(path)


@pytest.mark.parametrize(
    "data",
    [
        HEADER + "Xiaomi,Redmi 1S,JHCMIBH45.0,3 Sqn/17\n",
        "\ufeff" + HEADER + "Xiaomi,Redmi 1S,JHCMIBH45.0,3 Sqn/17",
        HEADER.replace(",", ";") + '"Xiaomi";" Redmi 1S ";JHCMIBH45.0;3 Sqn/17\r\n',
        HEADER.replace(",", "\t") + "Xiaomi\tRedmi 1S\tJHCMIBH45.0\t3 Sqn/17\n",
        ("\ufeff" + HEADER.replace(",", "\t") + "Xiaomi\tRedmi 1S\tJHCMIBH45.0\t3 Sqn/17\n").encode(
            "utf-16-le"
        ),
        "Unit;BUILD; Model ;Make\r\n3 Sqn/17;JHCMIBH45.0;Redmi 1S;Xiaomi\r\n;;;\r\n\r\n",
    ],
    ids=["plain", "bom", "semicolons", "tabs", "utf-16", "another order"],
)
def test_what_spreadsheets_export_is_read(tmp_path: Path, data: str | bytes) -> None:
    assert load(tmp_path, data) == UnitsFile(units=(XIAOMI,))


def test_a_line_may_name_the_separator_and_lines_are_counted_with_it(tmp_path: Path) -> None:
    (unit,) = load(tmp_path, "sep=;\r\nmake;model;build;unit\r\nXiaomi;Redmi, 1S;;\r\n").units
    assert unit == Unit(line=3, make="Xiaomi", model="Redmi, 1S", build=None, unit=None)


def test_other_columns_are_passed_over_and_named(tmp_path: Path) -> None:
    found = load(tmp_path, "make,model,build,unit,owner\nXiaomi,Redmi 1S,JHCMIBH45.0,3 Sqn/17,Somebody\n")
    assert found.units == (XIAOMI,)
    assert found.warnings[0].endswith("ours.csv:1: columns that were passed over: 'owner'")


def test_a_list_without_handsets_is_odd(tmp_path: Path) -> None:
    assert "names no handset" in load(tmp_path, HEADER).warnings[0]


@pytest.mark.parametrize(
    ("data", "line", "part"),
    [
        (b"", 1, "the list is empty"),
        ("Xiaomi,Redmi 1S,JHCMIBH45.0,17\n", 1, "make, model, build, unit are missing"),
        ("make,modell,build,unit\n", 1, "model is missing; did you mean 'model'?"),
        ("make,model,build,unit,make\n", 1, "the column 'make' stands twice"),
        (HEADER + "Xiaomi,Redmi 1S,1\n", 2, "3 fields, and the first line names 4"),
        (HEADER + "Xiaomi,Redmi, 1S,1,17\n", 2, "5 fields, and the first line names 4"),
        (HEADER + "a,b,c,d\n,Redmi 1S,1,17\n", 3, "make is empty"),
        (HEADER + 'a,"b\n\n",c,d\na,b,c\n', 5, "3 fields"),
        (HEADER + 'a,b,c,d\n"a,b,c,d\ne,f,g,h\n', 3, "is a quotation mark missing"),
        (HEADER + 'a,"b"x,c,d\n', 2, "this is no CSV"),
        (HEADER + f"a,{'b' * 301},c,d\n", 2, "model is longer than 300"),
        (HEADER + "a,b\x1b[31m,c,d\n", 2, "cannot be seen"),
        (HEADER + "a,b,c,d\na,\0,c,d\n", 3, "a zero byte"),
        (HEADER.encode() + b"a,b,c,d\na,caf\xe9,c,d\n", 3, "this is no UTF-8 text"),
        (HEADER + f"a,b,c,{'d' * 140_000}\n", 2, "this is no CSV"),
        ("," * 200_000, 1, "a row of more than 100,000 characters"),
        (HEADER + "a,b,c,d\n" + '"\n",' * 40_000, 3, "a row of more than 100,000 characters"),
        ("sep=|\nmake|model|build|unit\n", 1, "names a separator that is not read"),
        ("make," * 300 + "\n", 1, "301 columns"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, data: str | bytes, line: int, part: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, data)
    text = str(caught.value).splitlines()[0 if line != 5 else -1]
    assert f"ours.csv:{line}: " in text
    assert part in text


def test_all_lines_that_are_wrong_are_said_up_to_a_bound(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, HEADER + "a,b\n" * 1_000)
    lines = str(caught.value).splitlines()
    assert ":2: " in lines[0]
    assert ":3: " in lines[1]
    assert 15 < len(lines) < 30


def test_lists_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units_file, "MAX_UNITS", 3)
    assert len(load(tmp_path, HEADER + "a,b,c,d\n" * 3).units) == 3
    with pytest.raises(ConfigError, match=r"ours\.csv:5: more than 3 handsets"):
        load(tmp_path, HEADER + "a,b,c,d\n" * 4)
    monkeypatch.setattr(units_file, "MAX_BYTES", 30)
    with pytest.raises(ConfigError, match="split the list"):
        load(tmp_path, HEADER + "a,b,c,d\n" * 4)


@pytest.mark.parametrize("name", ["missing.csv", ".", "no\0name"])
def test_what_is_no_file_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_units(tmp_path / name)


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)


@given(rows=st.lists(st.tuples(NAMES, NAMES, NAMES, NAMES), max_size=5), separator=st.sampled_from(",;\t"))
def test_whatever_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str, str]], separator: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerows([("make", "model", "build", "unit"), *rows])
    found = load(tmp_path_factory.mktemp("units"), text.getvalue())
    assert [(unit.make, unit.model, unit.build, unit.unit) for unit in found.units] == rows


@given(st.binary(max_size=200))
def test_whatever_the_bytes_it_is_a_list_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("units")
    for head in (b"", HEADER.encode()):
        said = f"{folder}/ours.csv"
        try:
            load(folder, head + data)
        except ConfigError as error:
            said = str(error)
        assert said.startswith(f"{folder}/ours.csv")
