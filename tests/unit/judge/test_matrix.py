import pytest
from case_documents import (
    make_bare_document,
    make_case_document,
    make_flow,
    make_handset,
    make_session,
    make_share,
)

from phonehome.documents.judgement import MatrixCellDoc
from phonehome.judge.matrix import make_matrix


def control_group() -> dict[tuple[str, str, str | None], MatrixCellDoc]:
    sessions = [
        make_session("a", subject="mi", exposes={"imei": 3, "location": 1}),
        make_session("b", subject="galaxy", exposes={"imei": 2}),
        make_session("c", subject="galaxy", exposes={"imei": 4}),
        make_session(
            "d", subject="pinned", exposes={"imei": 4}, destinations=[make_share("x.net", 10, closed=990)]
        ),
        make_session("e", subject="idle"),
    ]
    flows = [
        make_flow("imei", "api.mi.com", session="a", organisation="Mi", country="CN"),
        make_flow(
            "imei", "sg.mi.com", session="a", organisation="Mi", country="SG", transport="tls", count=5
        ),
        make_flow("imei", "cdn.net", session="a", organisation=None, country=None, transport=None),
        make_flow("imsi", "weak.net", session="b", weak=True),
        make_flow("email", "down.net", session="b", direction="down"),
    ]
    cells = make_matrix(make_case_document(sessions, flows))
    found = {(cell.data_type, cell.subject, cell.country): cell for cell in cells}
    assert len(found) == len(cells)
    return found


def test_a_data_type_has_a_cell_for_each_country_that_it_went_to() -> None:
    found = control_group()
    assert found["imei", "mi", "CN"].transports == ["cleartext"]
    assert (found["imei", "mi", "SG"].count, found["imei", "mi", "SG"].organisations) == (5, ["Mi"])
    assert found["imei", "mi", None].state == "seen"
    assert found["imei", "mi", None].transports == []


def test_a_handset_that_had_its_chances_was_not_seen_to_send_it() -> None:
    cell = control_group()["imei", "galaxy", None]
    assert (cell.state, cell.exposures, cell.sessions) == ("not_seen", 6, ["b", "c"])
    assert cell.unread_share == 0


@pytest.mark.parametrize(
    ("data_type", "subject"), [("location", "galaxy"), ("imei", "idle"), ("imei", "pinned")]
)
def test_a_handset_without_a_chance_or_unread_was_not_exercised(data_type: str, subject: str) -> None:
    assert control_group()[data_type, subject, None].state == "not_exercised"


def test_how_much_stayed_unread_is_told() -> None:
    assert control_group()["imei", "pinned", None].unread_share == 0.99


def test_a_session_that_stayed_closed_adds_no_exposures() -> None:
    closed = make_session("a", exposes={"imei": 9}, destinations=[make_share("x.net", 1, closed=9)])
    [cell] = make_matrix(make_case_document([closed, make_session("b", exposes={"imei": 2})]))
    assert (cell.state, cell.exposures, cell.sessions) == ("not_seen", 2, ["b"])


def test_weak_flows_and_what_comes_back_have_no_cell() -> None:
    assert {data_type for data_type, _, _ in control_group()} == {"imei", "location"}


def test_every_handset_stands_beside_every_data_type() -> None:
    found = control_group()
    subjects = {"mi", "galaxy", "pinned", "idle"}
    assert {subject for data_type, subject, _ in found if data_type == "location"} == subjects


def test_a_recording_without_a_case_has_no_matrix() -> None:
    assert make_matrix(make_bare_document([make_flow("imei")])) == []


def test_a_handset_that_nobody_recorded_is_not_exercised() -> None:
    sessions = [make_session("a", subject="mi", exposes={"imei": 3})]
    handsets = [make_handset("mi"), make_handset("shelf")]
    cells = make_matrix(make_case_document(sessions, handsets=handsets))
    assert {cell.subject: (cell.state, cell.exposures) for cell in cells} == {
        "mi": ("not_seen", 3),
        "shelf": ("not_exercised", 0),
    }
