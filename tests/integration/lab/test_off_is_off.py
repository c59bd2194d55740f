"""Off is off: after it nothing is accepted or kept, and only the SIM's own session switches messaging on again."""

import sqlite3
import threading
from contextlib import closing
from datetime import timedelta

import pytest
from lab_clients import NewPhone, Phone, Push, PushEndedError

from phonehome.lab.cloud import Cloud, RegionName
from phonehome.lab.cloud.sealing import short_digest
from phonehome.lab.cloud.stanzas import write_stanza
from phonehome.lab.cloud.tokens import sim_credentials

HOST = "https://api.account.xiaomi.com"
IMEI = short_digest("490154203237518")
UPDATED = "JHCMIBH47.0"


def _activate_v3(phone: Phone, number: str, consent: str) -> tuple[int, str]:
    url = f"{HOST}/pass/v3/activate/dev/{IMEI}/activating"
    given = {"imsi": short_digest(f"8991{number[1:]}"), "consent": consent, "shown": "May we?"}
    answer = phone.ask("POST", url, given)
    return answer.status_code, answer.json().get("reason", "")


def _state(phone: Phone) -> str:
    return str(phone.data(phone.ask("GET", f"{HOST}/pass/consent"))["consents"]["messaging"])


def _texts(running: Cloud, user_id: str) -> list[str]:
    with closing(sqlite3.connect(running.folder / "beijing.sqlite")) as database:
        query = "SELECT body FROM inbox WHERE user_id = ? AND kind = 'message' AND body IS NOT NULL"
        return [row[0] for row in database.execute(query, (user_id,))]


@pytest.mark.parametrize("said", ["withdrawn", "declined"])
def test_who_knows_the_digests_of_a_sim_cannot_switch_it_on_again(
    new_phone: NewPhone, running: Cloud, said: str
) -> None:
    number = {"withdrawn": "+12025550181", "declined": "+12025550182"}[said]
    bob = new_phone(number)
    bob.consent("messaging", said)
    assert _activate_v3(new_phone(), number, "granted") == (401, "unauthenticated")
    assert running.refusals(RegionName.BEIJING)[-1]["user_id"] == bob.user_id
    assert _state(bob) == said
    assert _activate_v3(new_phone("+12025550161"), number, "granted") == (403, "foreign")
    assert _state(bob) == said
    assert _activate_v3(bob, number, "granted") == (200, "")
    assert _state(bob) == "granted"


def test_who_knows_the_digests_of_a_sim_cannot_switch_it_off_either(
    new_phone: NewPhone, running: Cloud
) -> None:
    bob = new_phone("+12025550162")
    bob.consent("messaging", "granted")
    assert _activate_v3(new_phone(), bob.number, "declined") == (401, "unauthenticated")
    assert _activate_v3(new_phone(), bob.number, "granted") == (200, ""), "it says what was said before"
    assert _state(bob) == "granted"
    assert running.refusals(RegionName.BEIJING)[-1]["reason"] == "unauthenticated"


def test_an_activation_that_is_declined_drops_what_waits_and_ends_the_stream(
    new_phone: NewPhone, running: Cloud
) -> None:
    ann, bob = new_phone("+12025550163"), new_phone("+12025550164")
    anns, bobs = Push(ann).connect(), Push(bob).connect()
    assert ann.data(ann.send(bob.number, "keep me not", "a"))["result"] == "accepted"
    assert bobs.next().name == "message"
    assert _activate_v3(new_phone(), bob.number, "declined") == (200, "")
    assert not any(b"keep me not" in file.read_bytes() for file in running.folder.iterdir())
    with pytest.raises(PushEndedError, match="messaging-off"):
        bobs.until("confirmed")
    anns.until("notice")
    assert list(anns.notices.values()) == ["messaging-off"]


def test_a_message_from_before_the_clock_was_set_back_is_dropped_too(
    new_phone: NewPhone, running: Cloud
) -> None:
    ann, bob = new_phone("+12025550165"), new_phone("+12025550166")
    Push(bob).connect()
    at = running.clock.now()
    running.set_time(at + timedelta(hours=1))
    try:
        ann.data(ann.send(bob.number, "from the future", "a"))
    finally:
        running.set_time(at)
    assert _texts(running, bob.user_id) == ["from the future"]
    bob.consent("messaging", "withdrawn")
    assert _texts(running, bob.user_id) == []


def test_nothing_is_left_of_what_others_send_while_somebody_opts_out(
    new_phone: NewPhone, running: Cloud
) -> None:
    senders = [new_phone(f"+1202555017{number}") for number in range(6)]
    for turn in range(3):
        bob = new_phone(f"+4477009002{turn:02}")
        Push(bob).connect()
        sent: list[str] = []

        def go_on(sender: Phone, bob: Phone = bob, sent: list[str] = sent) -> None:
            for number in range(500):
                answer = sender.data(sender.send(bob.number, f"text {number}", f"{bob.number} {number}"))
                if answer["result"] != "accepted":
                    return
                sent.append(answer["messageId"])

        threads = [threading.Thread(target=go_on, args=(sender,)) for sender in senders]
        for thread in threads:
            thread.start()
        while len(sent) < 12:
            assert any(thread.is_alive() for thread in threads)
        bob.consent("messaging", "withdrawn")
        for thread in threads:
            thread.join()
        assert _texts(running, bob.user_id) == []


def _by_sms_alone(running: Cloud, phone: Phone, number: str) -> Phone:
    sim = short_digest(f"8991{number[1:]}")
    running.send_sms(sender=number, text=f"MX/{IMEI}/{sim}/a-password", country="IN")
    phone.token, phone.security = sim_credentials("a-password", sim)
    phone.user_id, phone.number = running.directory.find("phone", number) or "", number
    return phone


def test_a_sim_that_nobody_switched_on_sends_and_receives_nothing(
    new_phone: NewPhone, running: Cloud
) -> None:
    ann = new_phone("+12025550167")
    bob = _by_sms_alone(running, new_phone(), "+12025550168")
    assert bob.send(ann.number, "hello", "a").json()["reason"] == "consent"
    assert ann.data(ann.send(bob.number, "hello", "a")) == {"result": "sms", "reason": "messaging-off"}
    with pytest.raises(PushEndedError, match="consent"):
        Push(bob, build=UPDATED).connect()
    assert _activate_v3(new_phone(), bob.number, "granted") == (200, "")
    Push(bob, build=UPDATED).connect()
    assert ann.data(ann.send(bob.number, "hello", "b"))["result"] == "accepted"


def test_what_came_on_by_itself_ends_with_the_update(new_phone: NewPhone, running: Cloud) -> None:
    ann, bob = new_phone("+12025550169"), new_phone("+12025550180")
    old = Push(bob).connect()
    assert ann.data(ann.send(bob.number, "not for the update", "a"))["result"] == "accepted"
    assert old.next().name == "message"
    with pytest.raises(PushEndedError, match="consent"):
        Push(bob, build=UPDATED).connect()
    with pytest.raises(PushEndedError, match="messaging-off"):
        old.until("confirmed")
    assert _texts(running, bob.user_id) == []
    bob.activate(bob.number)  # as a factory build would: the update was there, so it stays off
    assert bob.send(ann.number, "hello", "a").json()["reason"] == "consent"
    with pytest.raises(PushEndedError, match="consent"):
        Push(bob).connect()
    bob.consent("messaging", "granted")
    push = Push(bob, build=UPDATED).connect()
    push.write(write_stanza("ping"))
    push.until("pong")
