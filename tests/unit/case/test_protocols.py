"""Protocols are data: those that come with the program, and those that a case brings along."""

from pathlib import Path

import pytest
from case_folders import replace_in, write_case

from phonehome.case.folder import load_case
from phonehome.case.protocols import PROTOCOLS, load_protocols, shipped_file
from phonehome.model.errors import ConfigError
from phonehome.model.protocol import TestProtocol
from phonehome.model.subject import DataType

OWN = """\
schema: phonehome.protocol/1
id: own
title: My own
about: A test.
conditions: {network: wifi}
exposes: [imei]
steps:
- {id: wait, text: Wait., exposes: [location]}
- {id: restart, text: Restart.}
"""


def test_the_test_of_2014_comes_first_with_its_steps_in_order() -> None:
    assert next(iter(PROTOCOLS)) == "handset-2014"
    assert [step.id for step in PROTOCOLS["handset-2014"].steps] == [
        "start-up",
        "insert-sim",
        "join-wifi",
        "allow-location",
        "add-contact",
        "send-sms",
        "receive-sms",
        "send-mms",
        "receive-mms",
        "make-call",
        "receive-call",
        "log-in",
        "repeat",
    ]


def test_every_protocol_of_the_folder_is_listed() -> None:
    files = shipped_file("handset-2014").parent.glob("*.yaml")
    assert {path.stem for path in files} == set(PROTOCOLS)


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=list(PROTOCOLS))
def test_every_protocol_states_its_conditions_and_exposes_something(protocol: TestProtocol) -> None:
    assert {"build", "network"} <= set(protocol.conditions)
    assert any(step.exposes for step in protocol.steps)
    assert len({step.id for step in protocol.steps}) == len(protocol.steps)


def test_what_the_findings_of_2014_were_about_is_exposed_by_its_steps() -> None:
    exposed = {step.id: set(step.exposes) for step in PROTOCOLS["handset-2014"].steps}
    assert {DataType.CARRIER_NAME, DataType.IMEI, DataType.PHONE_NUMBER} <= exposed["start-up"]
    assert DataType.CONTACT_PHONE_NUMBER in exposed["add-contact"]
    assert DataType.SMS_PHONE_NUMBER in exposed["receive-sms"]
    assert {DataType.IMSI, DataType.IMEI, DataType.PHONE_NUMBER} <= exposed["log-in"]


def test_a_case_may_bring_a_protocol_of_its_own(tmp_path: Path) -> None:
    root = write_case(tmp_path / "case")
    (root / "protocols").mkdir()
    (root / "protocols/own.yaml").write_text(OWN)
    session = root / "sessions/01-factory/session.yaml"
    replace_in(session, "protocol: handset-2014", "protocol: own")
    replace_in(session, "id: start-up", "id: restart")
    replace_in(session, "id: add-contact", "id: wait")
    loaded = load_case(root)
    assert loaded.warnings == ()
    own = loaded.protocols["own"]
    assert (own.exposes, own.steps[0].exposes, own.steps[1].exposes) == (
        (DataType.IMEI,),
        (DataType.LOCATION,),
        (),
    )
    assert set(PROTOCOLS) < set(loaded.protocols)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("id: own", "id: other", 2, "must agree"),
        ("title: My own\n", "", 1, "'title' is missing"),
        ("exposes: [location]", "exposes: [loction]", 8, "did you mean 'location'"),
        ("exposes: [location]", "expose: [location]", 8, "did you mean 'exposes'"),
        ("id: restart", "id: wait", 9, "ids must differ"),
        ("id: restart", "id: Restart", 9, "letter or digit"),
        ("{network: wifi}", "{Network: wifi}", 5, "small letters"),
        ("phonehome.protocol/1", "phonehome.protocol/2", 1, "update phonehome"),
    ],
)
def test_what_is_wrong_in_a_protocol_is_said_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    replace_in(path, old, new)
    with pytest.raises(ConfigError) as caught:
        load_protocols(tmp_path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert said in str(caught.value)


def test_a_protocol_may_not_take_the_name_of_one_that_comes_along(tmp_path: Path) -> None:
    (tmp_path / "idle-night.yaml").write_text(OWN)
    with pytest.raises(ConfigError, match="another"):
        load_protocols(tmp_path)


def test_a_link_to_a_folder_of_protocols_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "protocols").symlink_to("real")
    with pytest.raises(ConfigError, match="is a link"):
        load_protocols(tmp_path / "protocols")
