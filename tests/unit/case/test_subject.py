"""The subject file: what it reads, what it refuses and where it says the fault is."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from phonehome.case.subject import SubjectFile, load_subject
from phonehome.case.template import EXAMPLES, template
from phonehome.model.errors import ConfigError
from phonehome.model.subject import DataType, Handset, KnownValue, Origin

IMEI = "490154203237518"


@pytest.fixture
def subject_file(tmp_path: Path) -> Path:
    return tmp_path / "subject.yaml"


def load_text(path: Path, text: str) -> SubjectFile:
    path.write_text(text, encoding="utf-8")
    return load_subject(path)


def refusal(path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_text(path, text)
    return str(caught.value)


def test_the_contract_example_reads_whole(subject_file: Path) -> None:
    (subject_file.parent / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0 a photo")
    loaded = load_text(
        subject_file,
        """\
name: Redmi 1S, unit 3
handset: {make: Xiaomi, model: Redmi 1S, build: JHCMIBH45.0}
region: IN
values:
  - {id: imei-1, type: imei, value: "490154203237518"}
  - {id: contact-1, type: contact_phone_number, value: "+12025550143", origin: planted, since: 2026-03-01}
  - {id: home, type: location, value: "28.613900,77.209000"}
  - {id: photo-1, type: photo, file: photo.jpg}
""",
    )
    assert loaded.warnings == ()
    subject = loaded.subject
    assert (subject.name, subject.region, subject.source) == ("Redmi 1S, unit 3", "IN", subject_file)
    assert subject.handset == Handset(make="Xiaomi", model="Redmi 1S", build="JHCMIBH45.0")
    assert subject.values == (
        KnownValue(id="imei-1", type=DataType.IMEI, value=IMEI),
        KnownValue(
            id="contact-1",
            type=DataType.CONTACT_PHONE_NUMBER,
            value="+12025550143",
            origin=Origin.PLANTED,
            since=date(2026, 3, 1),
        ),
        KnownValue(id="home", type=DataType.LOCATION, value="28.613900,77.209000"),
        KnownValue(id="photo-1", type=DataType.PHOTO, value="", content=b"\xff\xd8\xff\xe0 a photo"),
    )


# (what is wrong, the file, the line that must be named, what the text must say)
REFUSALS = [
    ("unknown key", "name: x\nvalue: []\n", 2, "did you mean 'values'"),
    ("unknown key in a value", "values:\n  - {id: a, type: text, valeu: 'xx'}\n", 2, "did you mean 'value'"),
    ("unknown type", 'values:\n  - id: a\n    type: imie\n    value: "1"\n', 3, "or 'imei'?"),
    ("type by another name", 'values:\n  - {id: a, type: GAID, value: "1"}\n', 2, "'advertising_id'?"),
    ("bare digits", "values:\n  - id: a\n    type: imei\n    value: 490154203237518\n", 4, "double quotes"),
    ("octal", "values:\n  - {id: a, type: text, value: 0123}\n", 2, "leading zero"),
    ("sexagesimal", "values:\n  - {id: a, type: text, value: 12:30:45}\n", 2, "double quotes"),
    ("float", "values:\n  - {id: a, type: text, value: 12.30}\n", 2, "rounds"),
    ("date", "values:\n  - {id: a, type: calendar_entry, value: 2026-03-01}\n", 2, "bare date"),
    ("truth value", "values:\n  - {id: a, type: username, value: yes}\n", 2, "truth value"),
    ("Norway", "region: NO\n", 1, "double quotes"),
    ("no value", "values:\n  - {id: a, type: text, value: }\n", 2, "empty"),
    (
        "duplicate id",
        'values:\n  - {id: a, type: text, value: "xx"}\n  - {id: a, type: text, value: "yy"}\n',
        3,
        "line 2",
    ),
    ("duplicate key", "name: x\nname: y\n", 2, "line 1"),
    ("bad id", 'values:\n  - {id: IMEI 1, type: text, value: "xx"}\n', 2, "a-z"),
    ("no id", 'values:\n  - {type: text, value: "xx"}\n', 2, "needs an id"),
    ("no type", 'values:\n  - {id: a, value: "xx"}\n', 2, "needs a type"),
    ("both", 'values:\n  - {id: a, type: photo, value: "xx", file: y}\n', 2, "both"),
    ("neither", "values:\n  - {id: a, type: photo}\n", 2, "neither"),
    ("missing file", "values:\n  - {id: a, type: photo, file: nowhere.jpg}\n", 2, "no file of this name"),
    ("file for a number", "values:\n  - {id: a, type: imei, file: photo.jpg}\n", 2, "value:"),
    ("value for a photo", 'values:\n  - {id: a, type: photo, value: "photo.jpg"}\n', 2, "file:"),
    ("not a list", "values: {a: b}\n", 1, "must be a list"),
    ("not a mapping", "- a\n- b\n", 1, "must be a mapping"),
    ("unknown origin", 'values:\n  - {id: a, type: text, value: "xx", origin: planned}\n', 2, "`planted`"),
    ("bad day", 'values:\n  - {id: a, type: text, value: "xx", since: 2026-13-01}\n', 2, "2026-03-01"),
    ("region by name", "region: India\n", 1, "ISO 3166"),
    ("newer schema", "schema: phonehome.subject/2\n", 1, "phonehome.subject/1"),
    ("alias", 'name: &a "x"\nvalues: *a\n', 1, "anchors"),
    ("broken YAML", "name: x\nvalues: [\n", 3, "no valid YAML"),
    ("tab", "values:\n\t- a\n", 2, "no valid YAML"),
    ("control character", "name: \x01\n", 1, "control characters"),
    ("empty file", "", 1, "subject new"),
    ("two documents", "name: x\n---\nname: y\n", 2, "no valid YAML"),
]


@pytest.mark.parametrize(
    ("text", "line", "says"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_what_is_wrong_is_named_with_file_and_line(
    subject_file: Path, text: str, line: int, says: str
) -> None:
    message = refusal(subject_file, text)
    assert message.startswith(f"{subject_file}:{line}: ")
    assert says in message


def test_every_fault_is_said_in_one_go(subject_file: Path) -> None:
    text = (
        'region: XX\nvalues:\n  - {id: a, type: imie, value: "1"}\n  - {id: b, type: email, value: "none"}\n'
    )
    lines = refusal(subject_file, text).splitlines()
    assert [line.split(":")[1] for line in lines] == ["1", "3", "4"]


def test_of_very_many_faults_the_first_are_said_and_the_rest_counted(subject_file: Path) -> None:
    text = "values:\n" + "  - {}\n" * 50
    lines = refusal(subject_file, text).splitlines()
    assert len(lines) == 21
    assert lines[-1].endswith("and 30 more errors")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path, says in (
        (
            tmp_path / "missing.yaml",
            "no such file; check the name, or write one with `phonehome subject new`",
        ),
        (tmp_path, "this is a folder; name the file in it"),
        (Path("a\0b"), "cannot be read: its name is not valid; check"),
    ):
        with pytest.raises(ConfigError, match=re.escape(says)):
            load_subject(path)


def test_the_files_that_it_names_are_known_by_path(subject_file: Path) -> None:
    (subject_file.parent / "p.jpg").write_bytes(b"\xff\xd8\xff")
    subject_file.write_text("values: [{id: p, type: photo, file: p.jpg}]")
    assert load_subject(subject_file).files == (subject_file.parent / "p.jpg",)


def test_text_that_is_not_utf8_is_named_with_its_line(subject_file: Path) -> None:
    subject_file.write_bytes("name: x\nregion: \xe9\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r":2: not UTF-8"):
        load_subject(subject_file)


def test_a_byte_order_mark_is_no_fault(subject_file: Path) -> None:
    subject_file.write_bytes(b"\xef\xbb\xbfname: x\nvalues: []\n")
    assert load_subject(subject_file).subject.name == "x"


def test_a_file_outside_the_folder_is_read_and_said(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear heron")
    (tmp_path / "case").mkdir()
    loaded = load_text(
        tmp_path / "case" / "s.yaml", "values:\n  - {id: l, type: file, file: ../letter.txt}\n"
    )
    assert loaded.subject.values[0].content == b"Dear heron"
    assert "outside the folder" in loaded.warnings[0]


def test_the_same_value_twice_is_a_warning(subject_file: Path) -> None:
    text = 'values:\n  - {id: a, type: text, value: "xx"}\n  - {id: b, type: text, value: "xx"}\n'
    (warning,) = load_text(subject_file, text).warnings
    assert warning.startswith(f"{subject_file}:3: 'b': the same value as 'a'")


def test_a_subject_without_values_says_that_nothing_is_searched_for(subject_file: Path) -> None:
    loaded = load_text(subject_file, "name: x\n")
    assert loaded.subject.values == ()
    assert "none is searched for" in loaded.warnings[0]


def test_the_template_reads_as_it_stands(subject_file: Path) -> None:
    assert load_text(subject_file, template()).subject.values == ()


def test_the_template_with_every_line_in_use_reads_without_a_warning(subject_file: Path) -> None:
    for name in ("photo.jpg", "letter.pdf"):
        (subject_file.parent / name).write_bytes(b"bytes")
    used = (
        template()
        .replace("  # - {", "  - {")
        .replace("\n# region", "\nregion")
        .replace("\n# handset", "\nhandset")
    )
    loaded = load_text(subject_file, used)
    # A documentation address is reserved, so no handset has it: the one warning that cannot be avoided.
    assert [warning.split(": ", 2)[1] for warning in loaded.warnings] == ["'ip'"]
    assert {value.type for value in loaded.subject.values} == set(DataType) == set(EXAMPLES)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "a: &a [*a]", "&a " * 1000]
)
def test_a_deep_or_looping_file_ends_in_one_error(subject_file: Path, text: str) -> None:
    assert refusal(subject_file, text).startswith(f"{subject_file}:")


def test_a_huge_file_is_refused_before_it_is_parsed(subject_file: Path) -> None:
    with subject_file.open("wb") as file:
        file.truncate(1 << 32)
    with pytest.raises(ConfigError, match="larger than 4 MiB"):
        load_subject(subject_file)


_WORDS = st.sampled_from(
    [
        "values:",
        "- ",
        "  ",
        "\n",
        "id: a",
        "type: imei",
        'value: "1"',
        "{",
        "}",
        "[",
        "]",
        ",",
        "&a",
        "*a",
        "!!str",
        "? ",
        "|",
        "\0",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=80), st.lists(_WORDS, max_size=25).map(lambda words: "".join(words).encode())
    )
)
@example(b"values: [{id: !!int a}]")
@example(b"? [a]\n: b\n")
@example(b"<<: {name: x}")
def test_any_bytes_read_or_end_in_a_config_error(subject_file: Path, data: bytes) -> None:
    subject_file.write_bytes(data)
    try:
        loaded = load_subject(subject_file)
    except ConfigError as error:
        assert str(error).startswith(str(subject_file))  # noqa: PT017  either outcome is right
    else:
        assert loaded.subject.source == subject_file
