"""Messages over IP: delivered once, given back when they cannot be, and nothing kept after "off"."""

import base64
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from lab_clients import NewPhone, Phone, Push, PushEndedError, eventually

from phonehome.lab.cloud import Cloud, RegionName
from phonehome.lab.cloud.stanzas import write_stanza

PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8 + b"\xff\xd9"


def _mms(phone: Phone, to: str, text: str, picture: bytes) -> httpx.Response:
    url = "https://api.chat.xiaomi.net/mx/v1/mms"
    return phone.ask(
        "POST", url, {"to": to, "body": text}, key=f"{len(text)}-{len(picture)}", content=picture
    )


def _kept(running: Cloud, text: str) -> bool:
    for region in running.config.regions:
        running.enforce_retention(region)
    return any(text.encode() in file.read_bytes() for file in running.folder.iterdir())


def test_a_message_to_nobody_on_line_becomes_an_sms_and_is_not_kept(
    new_phone: NewPhone, running: Cloud
) -> None:
    ann, bob = new_phone("+12025550111"), new_phone("+12025550112")
    assert ann.data(ann.send(bob.number, "sms please", "1")) == {"result": "sms", "reason": "offline"}
    assert ann.data(ann.send("+12025550198", "sms please", "2"))["reason"] == "not-registered"
    assert not _kept(running, "sms please")


def test_a_message_is_delivered_in_order_and_then_forgotten(new_phone: NewPhone, running: Cloud) -> None:
    ann, bob = new_phone("+12025550111"), new_phone("+12025550112")
    push = Push(bob).connect()
    for number in range(5):
        assert ann.data(ann.send(bob.number, f"hello {number}", f"m{number}"))["result"] == "accepted"
    for _ in range(5):
        push.until("confirmed")
    assert list(push.got.values()) == [f"hello {number}" for number in range(5)]
    push.leave()
    assert not _kept(running, "hello 3")


def test_an_mms_is_delivered_with_its_picture_and_then_forgotten(new_phone: NewPhone, running: Cloud) -> None:
    ann, bob = new_phone("+12025550151"), new_phone("+12025550152")
    push = Push(bob).connect()
    assert ann.data(_mms(ann, bob.number, "see the heron", PICTURE))["result"] == "accepted"
    push.until("confirmed")
    (came,) = push.got.values()
    text, _, picture = came.rpartition("\n")
    assert text == "see the heron"
    assert base64.b64decode(picture.removeprefix("data:image/jpeg;base64,")) == PICTURE
    push.leave()
    assert not _kept(running, "see the heron")


def test_the_largest_mms_fits_into_one_stanza(new_phone: NewPhone, running: Cloud) -> None:
    ann, bob = new_phone("+12025550153"), new_phone("+12025550154")
    push = Push(bob).connect()
    limits = running.config.limits
    largest = PICTURE.ljust(limits.mms_bytes, b"\x5a")
    # A text of a head that is nearly as long as heads may be.
    ann.data(_mms(ann, bob.number, "\N{HERB}" * 2_500, largest))
    push.until("confirmed")
    assert _mms(ann, bob.number, "too large", largest + b"\x5a").json()["reason"] == "oversized"
    assert _mms(ann, bob.number, "no picture", b"GIF89a").json()["reason"] == "malformed"


def test_an_mms_is_refused_when_messaging_is_off(new_phone: NewPhone) -> None:
    ann = new_phone("+12025550155")
    ann.consent("messaging", "withdrawn")
    assert _mms(ann, "+12025550198", "see the heron", PICTURE).json()["reason"] == "consent"


def test_the_same_key_is_the_same_message(new_phone: NewPhone) -> None:
    ann, bob = new_phone("+12025550113"), new_phone("+12025550114")
    push = Push(bob).connect()
    first, second = ann.data(ann.send(bob.number, "once", "k")), ann.data(ann.send(bob.number, "once", "k"))
    assert first == second
    push.until("confirmed")
    assert ann.send(bob.number, "other", "k").json()["reason"] == "reused-key"
    ann.send(bob.number, "last", "k2")
    push.until("confirmed")
    assert list(push.got.values()) == ["once", "last"]


def test_one_key_sent_many_times_at_once_is_one_message(new_phone: NewPhone) -> None:
    ann, bob = new_phone("+12025550130"), new_phone("+12025550131")
    push = Push(bob).connect()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: ann.send(bob.number, "just once", "same"), range(24)))
    assert len({ann.data(answer)["messageId"] for answer in answers}) == 1
    push.until("confirmed")
    ann.send(bob.number, "end", "end")
    push.until("confirmed")
    assert list(push.got.values()) == ["just once", "end"]


@pytest.mark.parametrize("sealed", [True, False])
def test_messages_go_both_ways_over_the_stream(new_phone: NewPhone, sealed: bool) -> None:
    ann, bob = new_phone("+12025550115"), new_phone("+12025550116")
    one, other = Push(ann, sealed=sealed).connect(), Push(bob).connect()
    assert one.send(bob.number, "über & <out>", f"a {sealed}")["result"] == "accepted"
    other.until("confirmed")
    assert other.send(ann.number, "back", f"b {sealed}")["result"] == "accepted"
    one.until("confirmed")
    assert list(other.got.values()) == ["über & <out>"]
    assert list(one.got.values()) == ["back"]


def test_an_unconfirmed_message_is_delivered_again_and_seen_once(new_phone: NewPhone) -> None:
    ann, bob = new_phone("+12025550117"), new_phone("+12025550118")
    push = Push(bob).connect()
    ann.send(bob.number, "first", "a")
    stanza = push.next()
    assert stanza.name == "message"
    push.close()  # it came, but the handset had no time to say so
    push.connect()
    push.until("confirmed")
    push.close()
    push.connect()
    ann.send(bob.number, "second", "b")
    push.until("confirmed")
    assert list(push.got.values()) == ["first", "second"]


def test_a_second_stream_of_a_user_takes_over(new_phone: NewPhone) -> None:
    bob = new_phone("+12025550119")
    older, newer = Push(bob).connect(), Push(bob).connect()
    with pytest.raises(PushEndedError, match="replaced"):
        older.until("message")
    newer.leave()


def test_presence_says_who_is_on_line(new_phone: NewPhone) -> None:
    ann, bob = new_phone("+12025550120"), new_phone("+12025550121")
    push = Push(ann).connect()
    for state in ("offline", "online"):
        push.write(write_stanza("query", number=bob.number))
        assert push.until("presence").attributes["state"] == state
        if state == "offline":
            Push(bob).connect()


def test_after_off_nothing_is_accepted_and_nothing_kept(new_phone: NewPhone, running: Cloud) -> None:
    ann, bob = new_phone("+12025550122"), new_phone("+12025550123")
    bobs = Push(bob).connect()
    assert ann.data(ann.send(bob.number, "secret plan", "a"))["result"] == "accepted"
    assert bobs.next().name == "message"  # delivered, not confirmed: still kept
    anns = Push(ann).connect()
    bob.consent("messaging", "withdrawn")
    assert not _kept(running, "secret plan")
    with pytest.raises(PushEndedError, match="messaging-off"):
        bobs.until("confirmed")
    with pytest.raises(PushEndedError, match="consent"):
        bobs.connect()
    assert ann.data(ann.send(bob.number, "still there?", "b")) == {"result": "sms", "reason": "messaging-off"}
    assert bob.send(ann.number, "from off", "c").json()["reason"] == "consent"
    anns.until("notice")
    assert list(anns.notices.values()) == ["messaging-off"]
    assert not _kept(running, "still there?")
    bob.activate(bob.number)  # the factory build asks again, and stays off
    assert bob.send(ann.number, "from off", "d").json()["reason"] == "consent"
    bob.consent("messaging", "granted")
    assert bobs.connect().send(ann.number, "on again", "e")["result"] == "accepted"


def test_a_message_for_a_user_who_never_comes_back_is_returned(new_phone: NewPhone, running: Cloud) -> None:
    ann, bob = new_phone("+12025550124"), new_phone("+12025550125")
    push = Push(bob).connect()
    found = ann.data(ann.send(bob.number, "too late", "a"))
    assert push.next().name == "message"
    push.close()
    at = running.clock.now()
    try:
        running.set_time(at.replace(month=at.month + 1))
        assert running.enforce_retention(RegionName.BEIJING)["undelivered"] >= 1
        assert not _kept(running, "too late")
        url = "https://api.chat.xiaomi.net/mx/v1/unsent"
        eventually(lambda: ann.data(ann.ask("GET", url))["returned"] == [found["messageId"]])
    finally:
        running.set_time(at)


def test_a_stream_needs_the_key_not_just_the_names(new_phone: NewPhone, running: Cloud) -> None:
    bob: Phone = new_phone("+12025550126")
    bob.security = b"0" * 16
    with pytest.raises(PushEndedError, match="unauthenticated"):
        Push(bob).connect()
    assert running.refusals(RegionName.BEIJING)[-1]["service"] == "push"


def test_a_handset_cannot_have_what_was_never_sent(new_phone: NewPhone, running: Cloud) -> None:
    ann, bob = new_phone("+12025550128"), new_phone("+12025550129")
    push = Push(bob).connect()
    ann.send(bob.number, "wait for it", "a")
    assert push.next().name == "message"
    push.seq = 999_999
    with pytest.raises(PushEndedError, match="malformed"):
        push.connect()
    push.seq = 0
    push.connect().until("confirmed")
    assert list(push.got.values()) == ["wait for it"]


@pytest.mark.parametrize(
    ("stanza", "reason"),
    [
        (write_stanza("message", "AAAA", id="x", to="+12025550101"), "malformed"),
        (write_stanza("message", "", id="", to="nobody"), "malformed"),
        (write_stanza("received", seq=999_999), "malformed"),
        (write_stanza("received", seq="-1"), "malformed"),
        (write_stanza("query", number="all"), "malformed"),
        (write_stanza("attack"), "malformed"),
    ],
)
def test_stanzas_that_make_no_sense_are_refused_and_logged(
    new_phone: NewPhone, running: Cloud, stanza: bytes, reason: str
) -> None:
    push = Push(new_phone("+12025550127")).connect()
    push.write(stanza)
    assert push.until("ack").attributes["reason"] == reason
    assert running.refusals(RegionName.BEIJING)[-1]["user_id"] == push.phone.user_id
    push.leave()


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xff\xff\xff<stream:stream>",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><stream:stream/>",
        b"<stream:stream xmlns:stream='x' to='elsewhere'>",
        b"<stream:stream xmlns:stream='x' " + b"a" * 100_000,
    ],
)
def test_bytes_that_are_no_stream_are_refused_and_logged(
    running: Cloud, new_phone: NewPhone, data: bytes
) -> None:
    before = len(running.refusals(RegionName.BEIJING))
    push = Push(new_phone())
    push.open()
    push.write(data)
    assert push.until("error").attributes["reason"] in ("malformed", "oversized")
    with pytest.raises(PushEndedError, match="closed"):
        push.next()
    eventually(lambda: len(running.refusals(RegionName.BEIJING)) == before + 1)
