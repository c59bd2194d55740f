"""Handsets of two regions that write to one another, and the check that nothing of it was lost or doubled."""

from contextlib import ExitStack

from lab_clients import Phone, eventually, phone_of
from lab_load import Listener, Talker

from phonehome.lab.cloud import Cloud


def make_talkers(running: Cloud, stack: ExitStack) -> tuple[list[Talker], list[Listener]]:
    """Two in each region; each writes to the next, so half of the messages cross from region to region."""
    phones = []
    for number, country in enumerate(("CN", "CN", "IN", "IN")):
        phone = stack.enter_context(phone_of(running))
        phone.activate(f"+4477009001{number:02}", country=country)
        phones.append(phone)
    listeners = []
    for phone in phones:
        twin: Phone = stack.enter_context(phone_of(running))  # a client of its own for the stream's thread
        twin.user_id, twin.token, twin.security, twin.number = (
            *(phone.user_id, phone.token),
            *(phone.security, phone.number),
        )
        listeners.append(Listener(twin))
    talkers = [Talker(phone, phones[(n + 1) % len(phones)].number) for n, phone in enumerate(phones)]
    return talkers, listeners


def check_messages(talkers: list[Talker], listeners: list[Listener]) -> int:
    """Wait until everything accepted arrived or came back, once, and give how many messages arrived."""
    total = 0
    for number, talker in enumerate(talkers):
        listener = listeners[(number + 1) % len(listeners)]

        def arrived(talker: Talker = talker, listener: Listener = listener) -> bool:
            return set(talker.accepted) == set(listener.push.got) | talker.returned()

        eventually(arrived, seconds=30)
        assert len(listener.push.order) == len(set(listener.push.order)), "a message was doubled"
        assert not set(listener.push.got) & talker.returned(), "a message arrived and came back"
        sent = [text for name, text in talker.accepted.items() if name in listener.push.got]
        assert list(listener.push.got.values()) == sent, "messages overtook one another"
        for name, text in listener.push.got.items():
            assert talker.accepted[name] == text
        assert not set(talker.by_sms) & set(listener.push.got.values())
        total += len(listener.push.got)
    return total
