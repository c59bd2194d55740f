"""Servers of a laboratory that stood for hosts are part of a session's file."""

from pathlib import Path

import pytest
from small_case import write_case

from phonehome.case.folder import load_case
from phonehome.case.yamltext import write_session
from phonehome.model.errors import ConfigError
from phonehome.model.session import StandIn

SESSION = "01-factory-no-account"
LINE = 'stand_ins: [{host: api.example.com, port: 443, address: 203.0.113.10, server: "127.0.0.1:8443"}]\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_case(tmp_path)


def append(root: Path, text: str) -> None:
    path = root / "sessions" / SESSION / "session.yaml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_they_are_read_and_written_alike(root: Path) -> None:
    append(root, LINE)
    session = load_case(root).case.sessions[0]
    assert session.stand_ins == (
        StandIn(host="api.example.com", port=443, address="203.0.113.10", server="127.0.0.1:8443"),
    )
    written = write_session(session)
    (root / "sessions" / SESSION / "session.yaml").write_text(written, encoding="utf-8")
    assert load_case(root).case.sessions[0] == session


def test_what_the_handset_connected_to_instead_is_part_of_them(root: Path) -> None:
    append(root, LINE.replace("}]", ', relay: "127.0.0.1:41022"}]'))
    session = load_case(root).case.sessions[0]
    assert [one.relay for one in session.stand_ins] == ["127.0.0.1:41022"]
    written = write_session(session)
    (root / "sessions" / SESSION / "session.yaml").write_text(written, encoding="utf-8")
    assert load_case(root).case.sessions[0] == session


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LINE.replace("443,", "65536,"), "a port is a number"),
        (LINE.replace("443,", "-1,"), "a port is a number"),
        (LINE.replace("host: api.example.com, ", ""), "'host' is missing"),
        (LINE.replace("server:", "servant:"), "did you mean 'server'"),
        ("stand_ins: yes\n", "must be a list"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(root: Path, text: str, said: str) -> None:
    append(root, text)
    with pytest.raises(ConfigError, match=rf"session\.yaml:\d+: .*{said}"):
        load_case(root)
