"""Builds are read strictly: what is wrong in one is said with file and line."""

from pathlib import Path

import pytest

from phonehome.lab.handset.build import Build, Request
from phonehome.lab.handset.build_file import read_build
from phonehome.lab.handset.builds import find_build, names
from phonehome.model.errors import ConfigError
from phonehome.model.subject import DataType

HEAD = 'schema: phonehome.lab-build/1\nid: one\ntitle: "One"\nabout: "A build."\n'
REQUEST = '{method: GET, url: "http://api.example.com/x/{H(imei)}", query: {n: phone_number}}'
GOOD = f"behaviours:\n  - {{id: look, on: [add-contact], request: {REQUEST}}}\n"


def read(folder: Path, text: str, base: Build | None = None) -> Build:
    path = folder / "one.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return read_build(path, lambda name, above: base if base is not None and name == base.id else None)


@pytest.mark.parametrize("name", names())
def test_every_build_that_comes_with_the_lab_is_sound(name: str) -> None:
    assert find_build(name).id == name
    assert find_build(name).behaviours


def test_a_build_says_which_data_it_may_send(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD).data_types == {DataType.IMEI, DataType.PHONE_NUMBER}
    assert find_build("clean").data_types == frozenset()
    assert DataType.PHOTO in find_build("mi-cloud").data_types


def test_what_is_on_a_handset_is_sent_by_some_build_and_by_the_factory_build_what_was_reported() -> None:
    sent = {kind for name in names() for kind in find_build(name).data_types}
    assert sent >= {
        *(DataType.IMEI, DataType.IMSI, DataType.ICCID, DataType.PHONE_NUMBER, DataType.CARRIER_NAME),
        *(DataType.CONTACT_NAME, DataType.CONTACT_PHONE_NUMBER, DataType.SMS_TEXT, DataType.SMS_PHONE_NUMBER),
        *(DataType.CALL_PHONE_NUMBER, DataType.PHOTO, DataType.LOCATION, DataType.SSID),
        DataType.INSTALLED_APP,
    }
    assert find_build("factory").data_types == {
        *(DataType.IMEI, DataType.IMSI, DataType.ICCID, DataType.PHONE_NUMBER, DataType.CARRIER_NAME),
        *(DataType.CONTACT_PHONE_NUMBER, DataType.SMS_PHONE_NUMBER),
    }


def test_a_build_that_extends_another_changes_what_it_names_and_keeps_the_rest(tmp_path: Path) -> None:
    base = find_build("factory")
    text = GOOD.replace("id: look,", "id: look-up-contact,").replace("add-contact", "wait")
    build = read(tmp_path, f"extends: factory\nwithout: [log-in]\n{text}", base)
    ids = [one.id for one in build.behaviours]
    assert ids == [one.id for one in base.behaviours if one.id != "log-in"]
    (changed,) = [one for one in build.behaviours if one.id == "look-up-contact"]
    assert changed.on == ("wait",)
    assert isinstance(changed.act, Request)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (GOOD.replace("phone_number", "fone"), 6, "no data type"),
        (GOOD.replace("H(imei)", "rot13(imei)"), 6, "no function"),
        (GOOD.replace("GET", "FETCH"), 6, "method must be one of"),
        (GOOD.replace("http://api.example.com", "ftp://api.example.com"), 6, "scheme"),
        (GOOD.replace("//api.example.com/x/", "//{imei}/"), 6, "path"),
        (GOOD.replace("/x/{H(imei)}", "/x?y={imei}"), 6, "no query"),
        (GOOD.replace("/x/", "/é/"), 6, "odd characters"),
        (GOOD.replace("request:", "percent: 0, request:"), 6, "from 1 to 100"),
        (GOOD.replace("request:", "sms: {to: '1', text: x}, request:"), 6, "does one thing"),
        (GOOD.replace("on: [add-contact], ", ""), 6, "'on' is missing"),
        (GOOD.replace("query:", "qeury:"), 6, "did you mean 'query'"),
        (
            GOOD.replace("query: {", "body: {kind: sealed, fields: {").replace("}}}", "}}}}"),
            6,
            "needs the key",
        ),
        ("extends: nobody\n" + GOOD, 5, "no build 'nobody'"),
        ("without: [look]\n" + GOOD, 5, "not known"),
        (GOOD + GOOD.split("\n", 1)[1], 7, "stands twice"),
        ("carrier_adds: {x-msisdn: phone_number}\n" + GOOD, 5, "carrier_adds"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert f"{tmp_path / 'one.yaml'}:{line}: " in str(caught.value)


def test_the_id_is_the_files_name(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(HEAD + GOOD, encoding="utf-8")
    with pytest.raises(ConfigError, match="must agree"):
        read_build(path, lambda name, above: None)


def test_an_unknown_build_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match="encodes"):
        find_build("encode")
