"""The text of a message: delivered as it was sent or refused, and off the disk soon after it was confirmed."""

import pytest
from lab_clients import NewPhone, Push, eventually

from phonehome.lab.cloud import Cloud, RegionName


@pytest.mark.parametrize("sealed", [True, False])
def test_line_ends_and_tabs_arrive_as_they_were_sent(new_phone: NewPhone, sealed: bool) -> None:
    ann, bob = new_phone("+447700900331"), new_phone("+447700900332")
    talk, push = Push(ann, sealed=sealed).connect(), Push(bob, sealed=sealed).connect()
    texts = ["a\r\nb\rc\td\n", "\r"]
    assert talk.send(bob.number, texts[0], f"{sealed} s")["result"] == "accepted"
    assert ann.data(ann.send(bob.number, texts[1], f"{sealed} h"))["result"] == "accepted"
    for _ in texts:
        push.until("confirmed")
    assert list(push.got.values()) == texts


def test_what_a_stream_cannot_hold_is_refused_and_logged(new_phone: NewPhone, running: Cloud) -> None:
    ann, bob = new_phone("+447700900331"), new_phone("+447700900332")
    talk = Push(ann).connect()
    Push(bob).connect()
    assert talk.send(bob.number, "a\x08b", "c")["reason"] == "malformed"
    assert ann.send(bob.number, "a\x1bb", "d").json()["reason"] == "malformed"
    assert [refusal["reason"] for refusal in running.refusals(RegionName.BEIJING)[-2:]] == ["malformed"] * 2


def test_a_confirmed_text_and_an_erased_name_are_soon_off_the_disk(
    new_phone: NewPhone, running: Cloud
) -> None:
    def kept(text: str) -> list[str]:
        return [file.name for file in running.folder.iterdir() if text.encode() in file.read_bytes()]

    ann, bob = new_phone("+447700900331"), new_phone("+447700900332")
    push = Push(bob).connect()
    ann.data(ann.send(bob.number, "the needle of this test", "n"))
    assert push.until("message").name
    assert kept("the needle of this test")
    push.until("confirmed")
    eventually(lambda: not kept("the needle of this test"))
    account = new_phone()
    account.register("needle@example.com")
    assert kept("needle@example.com")
    account.data(account.ask("DELETE", "https://api.account.xiaomi.com/pass/account"))
    eventually(lambda: not kept("needle@example.com"))
