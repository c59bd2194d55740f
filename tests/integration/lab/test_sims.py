"""Whose SIM is whose: H(simId) is no secret, the carrier's word on the sender is what counts."""

import pytest
from lab_clients import NewPhone, Push

from phonehome.lab.cloud import Cloud, RegionName
from phonehome.lab.cloud.peers import PeerError
from phonehome.lab.cloud.sealing import short_digest
from phonehome.lab.cloud.stanzas import open_stream, write_stanza
from phonehome.lab.cloud.tokens import sim_credentials, token_hash

ACTIVATING = f"http://api.account.xiaomi.com/pass/activate/dev/{short_digest('490154203237518')}/activating"


def test_another_number_cannot_take_a_sim_over(new_phone: NewPhone, running: Cloud) -> None:
    ann, bob = new_phone("+447700900301"), new_phone("+447700900302")
    push = Push(bob).connect()
    ann.data(ann.send(bob.number, "for Bob only", "a"))
    sim = short_digest("8991447700900302")
    text = f"MX/{short_digest('356938035643809')}/{sim}/of-my-own-making"
    with pytest.raises(PeerError):
        running.send_sms(sender="+447700900399", text=text, country="IN", imsi="404685505609999")
    refusal = running.refusals(RegionName.BEIJING)[-1]
    assert (refusal["reason"], refusal["service"]) == ("foreign", "sms")
    assert refusal["user_id"] == bob.user_id
    thief = new_phone()
    thief.user_id = bob.user_id
    thief.token, thief.security = sim_credentials("of-my-own-making", sim)
    assert thief.ask("GET", "https://api.account.xiaomi.com/pass/consent").status_code == 401
    push.until("confirmed")
    assert list(push.got.values()) == ["for Bob only"]
    assert bob.data(bob.ask("GET", ACTIVATING, {"imsi": sim}))["phone"] == bob.number


def test_a_subscriber_who_gets_a_new_number_keeps_the_sim(new_phone: NewPhone, running: Cloud) -> None:
    phone = new_phone("+447700900303")
    user_id, sim = phone.user_id, "8991447700900303"
    assert phone.activate("+447700900304", sim=sim)["userId"] == user_id  # by the IMSI that the carrier gives
    assert running.directory.find("phone", "+447700900303") is None
    assert running.directory.find("phone", "+447700900304") == user_id


def test_a_number_that_went_to_another_sim_is_no_longer_the_old_ones(
    new_phone: NewPhone, running: Cloud
) -> None:
    old, new, bob = new_phone(), new_phone(), new_phone("+447700900306")
    old.activate("+447700900305", sim="the old SIM")
    new.activate("+447700900305", sim="the new SIM")
    push = Push(bob).connect()
    assert old.send(bob.number, "it is me", "a").json()["reason"] == "foreign"
    assert running.refusals(RegionName.BEIJING)[-1]["user_id"] == old.user_id
    found = old.data(old.ask("GET", ACTIVATING, {"imsi": short_digest("the old SIM")}))
    assert found == {"state": "waiting"}
    new.data(new.send(bob.number, "no, me", "a"))
    push.until("confirmed")
    assert list(push.got.values()) == ["no, me"]


def test_a_proof_that_is_not_ascii_is_refused_and_logged(new_phone: NewPhone, running: Cloud) -> None:
    phone = new_phone("+447700900307")
    push = Push(phone)
    push.open()
    push.write(open_stream(to="xiaomi.com"))
    push.next()
    session = token_hash(phone.token)[:16]
    push.write(write_stanza("bind", user=phone.user_id, session=session, proof="bewei\u00df", resume=0))
    assert push.next().attributes["reason"] == "unauthenticated"
    assert running.refusals(RegionName.BEIJING)[-1]["user_id"] == phone.user_id
