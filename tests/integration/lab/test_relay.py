"""What is on its way from region to region, nothing left to chance: the sender's region runs without threads."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from lab_clients import Phone, Push, phone_of

from phonehome.lab import cloud
from phonehome.lab.cloud import Cloud, CloudConfig, Group, RegionConfig, RegionName, ResidencyRule, messages
from phonehome.lab.cloud.outgoing import unsent
from phonehome.lab.cloud.region import Region, open_region
from phonehome.lab.cloud.relay import PAUSE_SECONDS, Relay
from phonehome.lab.cloud.residents import add_resident
from phonehome.lab.cloud.retention import enforce_retention
from phonehome.lab.cloud.sessions import Caller, identify
from phonehome.lab.cloud.withdrawal import set_consent

BEIJING, OREGON, SINGAPORE = RegionName.BEIJING, RegionName.OREGON, RegionName.SINGAPORE
RULES = (
    ResidencyRule(group=Group.PERSONAL, countries=("IN",), region=SINGAPORE),
    ResidencyRule(group=Group.PERSONAL, countries=("US",), region=OREGON),
)
_keys = count()


@dataclass(frozen=True, kw_only=True)
class Lone:
    """Beijing without its threads and servers, Ann in it, and Bob on line in Singapore."""

    world: Cloud
    region: Region
    relay: Relay
    ann: Caller
    bob: Phone
    push: Push

    def send(self, text: str) -> str:
        """Have a message of Ann's to Bob accepted; it stays in the outbox until a carrier goes."""
        answer = messages.send(self.region, self.ann, to=self.bob.number, body=text, key=f"k{next(_keys)}")
        assert answer.data["result"] == "accepted"
        return str(answer.data["messageId"])

    def carry(self) -> None:
        """Send off the carriers, and wait until they are back."""
        self.relay.turn()
        self.relay.wait()

    def unsent(self) -> dict[str, list[str]]:
        """Give which messages of Ann's came back, or may."""
        return self.region.database.read(lambda connection: unsent(connection, self.ann.user_id))

    def outbox(self) -> list[str]:
        """Give the states of what is in the outbox."""
        with closing(sqlite3.connect(self.world.folder / "beijing.sqlite")) as database:
            return [row[0] for row in database.execute("SELECT state FROM outbox ORDER BY at, rev")]

    def holds(self, text: str) -> bool:
        """Tell whether a text is anywhere in Beijing's files."""
        return any(text.encode() in file.read_bytes() for file in self.world.folder.glob("beijing.sqlite*"))

    def received(self) -> list[str]:
        """Give what reaches Bob until a last message that always does."""
        self.send("that is all")
        self.carry()
        while "that is all" not in self.push.got.values():
            self.push.until("confirmed")
        return list(self.push.got.values())[:-1]


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Lone]:
    """Stop Beijing's servers when everybody is signed in, and go on with its database."""
    config = CloudConfig(
        regions={BEIJING: RegionConfig(), SINGAPORE: RegionConfig()},
        residency=RULES[:1],
        start=datetime(2014, 8, 7, 9, tzinfo=UTC),
        clock_speed=0,
        retention_every_s=600,
    )
    with ExitStack() as stack:
        world = stack.enter_context(cloud.start(tmp_path / "cloud", config, mode="threads"))
        ann, bob = stack.enter_context(phone_of(world)), stack.enter_context(phone_of(world))
        ann.activate("+447700900601", country="CN")
        bob.activate("+12025550161", country="IN")
        push = Push(bob).connect()
        world._servers.pop(BEIJING).stop()
        region = open_region(world.folder, BEIJING)
        stack.callback(region.close)
        relay = Relay(region, threading.Event())
        stack.callback(relay.close)
        caller = identify(region, ann.user_id, ann.token)
        yield Lone(world=world, region=region, relay=relay, ann=caller, bob=bob, push=push)


def test_messages_of_one_moment_arrive_in_the_order_in_which_they_were_sent(lone: Lone) -> None:
    texts = [f"m{number:02}" for number in range(25)]
    for text in texts:
        lone.send(text)
    assert lone.received() == texts
    assert set(lone.outbox()) == {"done"}


def test_a_message_that_cannot_be_delivered_yet_holds_back_those_after_it(
    lone: Lone, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"m{number}" for number in range(5)]
    for text in texts:
        lone.send(text)
    attempt = lone.world.directory.begin_move(lone.bob.user_id, SINGAPORE, BEIJING)
    freeze = {"user_id": lone.bob.user_id, "attempt": attempt}
    lone.world.control(SINGAPORE, "/internal/move/freeze", freeze)
    home = lone.world.directory.home(lone.bob.user_id)
    assert home is not None
    call = lone.region.peers.call
    asked = []

    def thaw_after_the_first(region: RegionName, path: str, *given: Any, **named: Any) -> Mapping[str, Any]:
        asked.append(path)
        try:
            return call(region, path, *given, **named)
        finally:
            if len(asked) == 1:
                lone.world.directory.abandon_move(home)
                lone.world.control(SINGAPORE, "/internal/move/settle", {"user_id": lone.bob.user_id})

    monkeypatch.setattr(lone.region.peers, "call", thaw_after_the_first)
    lone.carry()
    assert asked == ["/internal/deliver"]
    assert lone.outbox() == ["waiting"] * 5
    time.sleep(PAUSE_SECONDS + 0.05)
    assert lone.received() == texts


def test_a_message_to_somebody_who_came_here_goes_after_those_on_their_way(lone: Lone) -> None:
    lone.send("first")
    lone.region.database.write(lambda connection: add_resident(connection, lone.bob.user_id, 2))
    lone.send("second")
    assert lone.outbox() == ["waiting", "waiting"]


def test_a_text_on_its_way_is_deleted_when_its_sender_opts_out_and_never_arrives(lone: Lone) -> None:
    name = lone.send("never mind")
    assert lone.holds("never mind")
    answer = set_consent(lone.region, lone.ann, service="messaging", state="withdrawn", shown=None)
    assert (answer.data["returned"], answer.data["pending"]) == ([], [name])
    assert not lone.holds("never mind")
    lone.carry()
    assert lone.unsent() == {"returned": [name], "pending": []}
    set_consent(lone.region, lone.ann, service="messaging", state="granted", shown=None)
    assert lone.received() == []


def test_a_message_that_arrived_before_its_sender_opted_out_is_not_said_to_have_come_back(lone: Lone) -> None:
    name = lone.send("too late")
    _deliver_without_a_note(lone, name, "too late")
    set_consent(lone.region, lone.ann, service="messaging", state="withdrawn", shown=None)
    assert lone.unsent() == {"returned": [], "pending": [name]}
    lone.carry()
    assert lone.unsent() == {"returned": [], "pending": []}
    lone.push.until("confirmed")
    assert lone.push.got == {name: "too late"}


def _deliver_without_a_note(lone: Lone, name: str, text: str) -> None:
    """Do what a relay did that was killed before it could note it."""
    message = {"message_id": name, "kind": "message", "sender": lone.ann.user_id, "body": text}
    message |= {"sender_phone": lone.ann.phone, "at": lone.region.clock.seconds()}  # type: ignore[dict-item]
    data = {"receiver": lone.bob.user_id, "message": message}
    assert lone.world.control(SINGAPORE, "/internal/deliver", data) == {"refused": None}


@pytest.mark.parametrize("arrived", [False, True])
def test_a_text_that_no_region_took_in_time_is_deleted_and_its_sender_told(lone: Lone, arrived: bool) -> None:
    name = lone.send("still here?")
    if arrived:
        _deliver_without_a_note(lone, name, "still here?")
    lone.world.set_time(lone.region.clock.now() + timedelta(days=8))
    assert enforce_retention(lone.region)["unsent"] == 1
    assert not lone.holds("still here?")
    assert lone.unsent() == {"returned": [], "pending": [name]}
    lone.carry()
    assert lone.unsent() == {"returned": [] if arrived else [name], "pending": []}
    with closing(sqlite3.connect(lone.world.folder / "beijing.sqlite")) as database:
        query = "SELECT body FROM inbox WHERE user_id = ? AND kind = 'notice' AND state = 'waiting'"
        notices = database.execute(query, (lone.ann.user_id,)).fetchall()
    assert notices == ([] if arrived else [("expired",)])
    assert lone.received() == (["still here?"] if arrived else [])


def _fill_outbox(folder: Path, sender: Phone, receiver: Phone, many: int) -> None:
    """Put accepted messages into Beijing's outbox, as many as a busy hour leaves there."""
    with closing(sqlite3.connect(folder / "beijing.sqlite", timeout=20)) as database, database:
        for number in range(many):
            database.execute(
                "INSERT INTO outbox (user_id, message_id, kind, receiver, sender_phone, body, state, at, rev) "
                "VALUES (?, ?, 'message', ?, ?, ?, 'waiting', 1, ?)",
                (sender.user_id, f"x{number}", receiver.user_id, sender.number, f"text {number}", number),
            )


def test_a_region_that_hangs_holds_up_nobody_else(tmp_path: Path) -> None:
    config = CloudConfig(
        regions={name: RegionConfig() for name in (BEIJING, OREGON, SINGAPORE)}, residency=RULES
    )
    with cloud.start(tmp_path / "cloud", config) as world, ExitStack() as stack:
        ann, bob, cal = (stack.enter_context(phone_of(world)) for _ in range(3))
        ann.activate("+447700900602", country="CN")
        bob.activate("+12025550162", country="IN")
        cal.activate("+12025550163", country="US")
        bobs, cals = Push(bob).connect(), Push(cal).connect()
        os.kill(world.pid(SINGAPORE), signal.SIGSTOP)
        try:
            _fill_outbox(world.folder, ann, bob, 120)
            began = time.monotonic()
            assert ann.data(ann.send(cal.number, "to Oregon", "o"))["result"] == "accepted"
            cals.until("confirmed")
            assert time.monotonic() - began < 4, "a dead region's messages went first"
            _look_up_at_once(world, bob.number, 60)
            began = time.monotonic()
            assert ann.ask("GET", "http://connect.rom.miui.com/generate_204").status_code == 204
            assert time.monotonic() - began < 2.5, "Beijing waits for Singapore"
        finally:
            os.kill(world.pid(SINGAPORE), signal.SIGCONT)
        while len(bobs.got) < 120:
            bobs.until("confirmed")
        assert list(bobs.got.values()) == [f"text {number}" for number in range(120)]


def _look_up_at_once(world: Cloud, number: str, many: int) -> None:
    endpoint = world.resolve("api.account.xiaomi.com", "http")
    url = f"http://{endpoint.address}:{endpoint.port}/pass/user@id"

    def look_up() -> None:
        with suppress(httpx.TransportError):
            given = {"type": "MXPH", "externalId": number}
            httpx.get(url, params=given, headers={"Host": endpoint.host}, timeout=20, trust_env=False)

    for _ in range(many):
        threading.Thread(target=look_up, daemon=True).start()
    time.sleep(0.3)  # so that they are there first
