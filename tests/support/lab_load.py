"""Handsets that keep using the lab's cloud while its servers are killed: they retry, and remember what was taken."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from lab_clients import Phone, Push, PushEndedError

from phonehome.lab.cloud import Cloud, RegionName

PATIENCE_SECONDS = 60.0
_PAUSE = 0.02


def patiently(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask until there is an answer that is not "come again"; fail after a minute."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = ask()
            if answer.status_code not in (307, 503):
                return answer
        except httpx.TransportError:
            pass
        assert time.monotonic() < end, "no answer for a minute"
        time.sleep(_PAUSE)


class Worker(threading.Thread):
    """Repeats one thing until told to stop, and keeps the error that ended it."""

    def __init__(self, phone: Phone) -> None:
        super().__init__(daemon=True)
        self.phone = phone
        self.error: BaseException | None = None
        self.halt = threading.Event()

    def run(self) -> None:
        try:
            number = 0
            while not self.halt.is_set():
                self.once(number)
                number += 1
        except BaseException as error:  # noqa: BLE001  told by `working`
            self.error = error

    def once(self, number: int) -> None:
        """Do it once."""
        raise NotImplementedError


class NoteTaker(Worker):
    """Backs up one note after another."""

    def __init__(self, phone: Phone) -> None:
        super().__init__(phone)
        self.stored: dict[str, str] = {}
        """Every note that was acknowledged."""

    def once(self, number: int) -> None:
        name, text = f"n{number}", f"note {number}"
        change = [{"id": name, "data": {"text": text}}]
        data = self.phone.data(patiently(lambda: self.phone.sync("notes", change, key=name)))
        assert data["stored"] == {name: 1}, data  # a second time would be version 2, or a conflict
        self.stored[name] = text

    def kept(self) -> dict[str, str]:
        """Give what the server has."""
        url = "https://noteapi.micloud.xiaomi.net/mic/v1/items"
        found: dict[str, str] = {}
        cursor = 0
        while True:
            answer = patiently(lambda cursor=cursor: self.phone.ask("GET", url, {"cursor": str(cursor)}))  # type: ignore[misc]
            page = self.phone.data(answer)
            found |= {item["id"]: item["data"]["text"] for item in page["items"]}
            cursor = page["cursor"]
            if not page["more"]:
                return found


class Talker(Worker):
    """Sends one message after another to a number."""

    def __init__(self, phone: Phone, to: str) -> None:
        super().__init__(phone)
        self.to = to
        self.accepted: dict[str, str] = {}
        """Texts that the server took, by message id."""
        self.by_sms: list[str] = []

    def once(self, number: int) -> None:
        text = f"from {self.phone.number}: {number}"
        answer = patiently(lambda: self.phone.send(self.to, text, f"k{number}"))
        data = self.phone.data(answer)
        if data["result"] == "accepted":
            assert data["messageId"] not in self.accepted
            self.accepted[data["messageId"]] = text
        else:
            self.by_sms.append(text)
            time.sleep(_PAUSE)

    def returned(self) -> set[str]:
        """Give the ids of messages that came back."""
        url = "https://api.chat.xiaomi.net/mx/v1/unsent"
        data: dict[str, Any] = self.phone.data(patiently(lambda: self.phone.ask("GET", url)))
        assert data["pending"] == []
        return set(data["returned"])


class Listener(Worker):
    """Keeps a push stream open, whatever happens to it."""

    def __init__(self, phone: Phone) -> None:
        super().__init__(phone)
        self.push = Push(phone)

    def once(self, number: int) -> None:
        try:
            self.push.connect()
            while not self.halt.is_set():
                self.push.until("confirmed")
        except (PushEndedError, OSError):
            time.sleep(_PAUSE)

    def stop(self) -> None:
        """End it, even while it waits for a message."""
        self.halt.set()
        self.push.close()


@contextmanager
def working(workers: Sequence[Worker]) -> Iterator[None]:
    """Let workers work; at the end all but listeners finish what they began."""
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            if not isinstance(worker, Listener):
                worker.halt.set()
        for worker in workers:
            if not isinstance(worker, Listener):
                worker.join(PATIENCE_SECONDS + 10)
    for worker in workers:
        if worker.error is not None:
            raise worker.error


def kill_at_random(
    cloud: Cloud, regions: Sequence[RegionName], drawn: random.Random, *, times: int, alive_s: float = 1.0
) -> None:
    """Kill a region and start it again, so many times, at moments that nobody can foresee."""
    for _ in range(times):
        time.sleep(drawn.uniform(0.05, alive_s))
        region = drawn.choice(list(regions))
        cloud.kill(region)
        time.sleep(drawn.uniform(0, 0.2))
        cloud.restart(region)
