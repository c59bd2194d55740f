"""Who is served where, messages between regions, and moving users while they use the service."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lab_clients import Phone, Push, PushEndedError, eventually, phone_of

from phonehome.lab import cloud
from phonehome.lab.cloud import FAR, Cloud, CloudConfig, Group, RegionName, ResidencyRule
from phonehome.lab.cloud.deletions import check
from phonehome.lab.cloud.mover import Moved

BEIJING, OREGON, SINGAPORE = RegionName.BEIJING, RegionName.OREGON, RegionName.SINGAPORE
RULES = (
    ResidencyRule(group=Group.PERSONAL, countries=("CN",), region=BEIJING),
    ResidencyRule(group=Group.PERSONAL, countries=("IN", "SG"), region=SINGAPORE),
    ResidencyRule(group=Group.COMMERCE, countries=("IN",), region=SINGAPORE),
    ResidencyRule(group=Group.PERSONAL, countries=("*",), region=OREGON),
)
CONTACT = {"name": "Bob Example", "number": "+12025550143"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Cloud]:
    """Three regions, and rules for who lives in which."""
    regions = {name: FAR[name].model_copy(update={"delay_ms": 5}) for name in (BEIJING, OREGON, SINGAPORE)}
    config = CloudConfig(regions=regions, residency=RULES)
    with cloud.start(tmp_path / "cloud", config, mode="threads") as running:
        yield running


def _places(world: Cloud, user_id: str) -> list[str]:
    return [
        region.value
        for region in world.config.regions
        if world.residents(region).get(user_id, {}).get("state") == "serving"
    ]


def test_people_are_served_where_the_rules_say(world: Cloud) -> None:
    for country, region in (("CN", "beijing"), ("IN", "singapore"), ("US", "oregon")):
        with phone_of(world) as phone:
            phone.register(f"{country}@example.com", country=country)
            phone.consent("backup.notes", "granted")
            answer = phone.sync("notes", [{"id": "n", "data": {"text": "here"}}], key="k")
            assert phone.data(answer)["stored"] == {"n": 1}
            prefix = {"beijing": "", "singapore": "sg.", "oregon": "us."}[region]
            assert answer.request.headers["host"] == f"{prefix}noteapi.micloud.xiaomi.net"
            assert _places(world, phone.user_id) == [region]


def test_the_store_moves_apart_from_the_accounts(world: Cloud) -> None:
    with phone_of(world) as phone:
        answer = phone.ask("GET", "http://app.market.xiaomi.com/apm/home", {"co": "IN", "page": "0"})
        assert answer.request.headers["host"] == "sg.app.market.xiaomi.com"
        answer = phone.ask("GET", "http://app.market.xiaomi.com/apm/home", {"co": "CN", "page": "0"})
        assert answer.request.headers["host"] == "app.market.xiaomi.com"


def test_a_message_crosses_from_one_region_to_another(world: Cloud) -> None:
    with phone_of(world) as ann, phone_of(world) as bob:
        ann.activate("+447700900101", country="CN")
        bob.activate("+12025550131", country="IN")
        push = Push(bob).connect()
        assert push.host == "sg.app.chat.xiaomi.net"
        assert ann.data(ann.send(bob.number, "over the sea", "a"))["result"] == "accepted"
        push.until("confirmed")
        assert list(push.got.values()) == ["over the sea"]
        push.leave()
        eventually(lambda: ann.data(ann.send(bob.number, "again", "b"))["result"] == "sms")


def test_what_is_on_its_way_is_taken_back_when_its_sender_opts_out(world: Cloud) -> None:
    with phone_of(world) as ann, phone_of(world) as bob, phone_of(world) as cy:
        cy.activate("+447700900103", country="CN")
        ann.activate("+447700900102", country="CN")
        bob.activate("+12025550132", country="IN")
        Push(bob).connect()
        # The other region takes nothing for a moment: the message waits in the outbox.
        attempt = world.directory.begin_move(bob.user_id, SINGAPORE, OREGON)
        world.control(SINGAPORE, "/internal/move/freeze", {"user_id": bob.user_id, "attempt": attempt})
        home = world.directory.home(bob.user_id)
        assert home is not None
        sent = ann.data(ann.send(bob.number, "never mind", "a"))
        assert sent["result"] == "sms"  # nobody knows whether a user who is being moved is on line
        assert world.directory.abandon_move(home)
        world.control(SINGAPORE, "/internal/move/settle", {"user_id": bob.user_id})
        assert ann.data(ann.send(bob.number, "hello", "b"))["result"] == "accepted"
        found = ann.consent("messaging", "withdrawn")
        url = "https://api.account.xiaomi.com/pass/consent"
        eventually(lambda: ann.data(ann.ask("GET", url))["pending"] == [])
        returned = ann.data(ann.ask("GET", url))["returned"]
        # Either it had arrived, and comes to Bob; or it had not, and never will: Ann sends an SMS.
        assert bool(returned) != bool(_arrives(bob, cy))
        assert found["state"] == "withdrawn"


def _arrives(phone: Phone, other: Phone) -> list[str]:
    """Give what waits for a handset: all that comes before something that was sent to it now."""
    push = Push(phone).connect()
    assert other.data(other.send(phone.number, "that is all", "last"))["result"] == "accepted"
    while "that is all" not in push.got.values():
        push.until("confirmed")
    return list(push.got.values())[:-1]


def test_a_user_is_moved_with_everything_and_stays_signed_in(world: Cloud) -> None:
    with phone_of(world) as phone, phone_of(world) as sim:
        phone.register("mover@example.com", country="CN")
        sim.activate("+12025550133", country="CN")
        sim.consent("messaging", "granted")
        for kind in ("contacts", "photos"):
            phone.consent(f"backup.{kind}", "granted")
        phone.data(phone.sync("contacts", [{"id": "1", "data": CONTACT}], key="k"))
        url = "https://galleryapi.micloud.xiaomi.net/mic/v1/photos/a.jpg"
        phone.data(phone.ask("PUT", url, {"base": "0"}, key="p", content=b"\xff\xd8 a photo"))
        push = Push(sim).connect()
        assert world.migrate(BEIJING, SINGAPORE) == Moved(moved=2)
        with pytest.raises(PushEndedError, match="moved"):
            push.until("confirmed")
        assert push.connect().host == "sg.app.chat.xiaomi.net"
        assert phone.ask("GET", url).content == b"\xff\xd8 a photo"
        again = phone.sync("contacts", [{"id": "1", "data": CONTACT}], key="k")
        assert phone.data(again)["stored"] == {"1": 1}, "the answer to a key moves with the user"
        assert _places(world, phone.user_id) == ["singapore"]
        world.enforce_retention(BEIJING)
        assert not any(b"Bob Example" in f.read_bytes() for f in world.folder.glob("beijing.sqlite*"))


def test_the_origin_signs_what_it_deleted(world: Cloud) -> None:
    with phone_of(world) as phone:
        phone.register("signed@example.com", country="CN")
        world.migrate(BEIJING, OREGON)
        attested = world.deletions(BEIJING)
        assert check(attested) is None
        records = [json.loads(entry["record"]) for entry in attested["entries"]]
        assert {record["table"] for record in records} >= {"users", "sessions"}
        assert {record["reason"] for record in records} == {"moved to another region"}
        assert phone.user_id not in json.dumps(attested)
        assert "not a proof" in attested["statement"]
        for change in (
            {"entries": attested["entries"][:-1]},
            {"entries": attested["entries"][1:]},
            {"region": "oregon"},
            {"signature": "00" * 64},
        ):
            assert check({**attested, **change}) is not None  # type: ignore[typeddict-item]


def test_who_cuts_the_log_of_deletions_in_the_database_is_found_out(world: Cloud) -> None:
    with phone_of(world) as phone:
        phone.register("cut@example.com", country="CN")
        world.migrate(BEIJING, OREGON)
    assert world.check_deletions(BEIJING) is None
    with closing(sqlite3.connect(world.folder / "beijing.sqlite")) as database, database:
        database.execute("DELETE FROM deletions WHERE n > 0")
    assert check(world.deletions(BEIJING)) is None
    assert "it had" in (world.check_deletions(BEIJING) or "")
    (world.folder / "beijing.deletions-head").unlink()
    assert "gone" in (world.check_deletions(BEIJING) or "")


def test_a_phase_moves_the_people_of_its_countries_only(world: Cloud) -> None:
    with phone_of(world) as one, phone_of(world) as other:
        one.register("one@example.com", country="US")
        other.register("other@example.com", country="BR")
        assert world.migrate(OREGON, SINGAPORE, countries=["BR"]) == Moved(moved=1)
        assert (_places(world, one.user_id), _places(world, other.user_id)) == (["oregon"], ["singapore"])
        assert world.migrate(SINGAPORE, OREGON, countries=["BR"]) == Moved(moved=1)  # and back
        assert _places(world, other.user_id) == ["oregon"]
        assert other.ask("GET", "https://api.account.xiaomi.com/pass/consent").status_code == 200
