"""`phonehome exchanges`: what was read, in two formats that other tools take."""

import base64
import hashlib
import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from phonehome.cli.exchanges_schema import exchanges_schema
from phonehome.cli.main import main

HAR = Path(str(files("phonehome.demo"))) / "android-app.har"


def test_ndjson_has_a_valid_line_for_each_exchange(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exchanges", str(HAR)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["index"] for line in lines] == list(range(16))
    assert {line["host"] for line in lines} >= {"graph.facebook.com", "api2.branch.io"}
    validator = jsonschema.Draft202012Validator(exchanges_schema())
    for line in lines:
        validator.validate(line)
        assert line["request"]["body"] is None


def test_bodies_are_the_recorded_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exchanges", str(HAR), "--bodies"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    bodies = [base64.b64decode(line["request"]["body"]) for line in lines]
    assert [hashlib.sha256(body).hexdigest() for body in bodies] == [
        line["request"]["sha256"] for line in lines
    ]
    assert any(b"1209d0b9-b959-42e6-b921-aa5d9d08c1af" in body for body in bodies)


def test_the_har_can_be_read_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exchanges", str(HAR), "--format", "har"]) == 0
    again = tmp_path / "again.har"
    again.write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["exchanges", str(HAR)]) == 0
    first = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert main(["exchanges", str(again)]) == 0
    second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for one, two in zip(first, second, strict=True):
        assert (one["url"], one["method"], one["status"], one["time"]) == (
            two["url"],
            two["method"],
            two["status"],
            two["time"],
        )
        assert one["request"]["sha256"] == two["request"]["sha256"]


def test_nothing_to_read_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exchanges", str(tmp_path / "missing.har")]) == 2
    assert "missing.har" in capsys.readouterr().err
