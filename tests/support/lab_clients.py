"""Clients of the lab's cloud for tests: a web client that knows where hosts are, and a handset's push stream."""

import base64
import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

import httpx

from phonehome.lab.cloud import Cloud
from phonehome.lab.cloud.hosts import SERVICES_BY_NAME
from phonehome.lab.cloud.push import prove
from phonehome.lab.cloud.sealing import open_text, seal_parameters, seal_text, short_digest
from phonehome.lab.cloud.stanzas import CLOSE, Stanza, StanzaReader, open_stream, write_stanza
from phonehome.lab.cloud.tokens import sim_credentials, token_hash

PASSWORD = "correct horse"
_nonces = count()


class LabTransport(httpx.BaseTransport):
    """Sends each request to the loopback address of its host, under the host's own name."""

    def __init__(self, cloud: Cloud, *, http2: bool = False) -> None:
        self._cloud = cloud
        self._inner = httpx.HTTPTransport(verify=cloud.client_context(), http2=http2, http1=not http2)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        scheme: Literal["http", "https"] = "https" if request.url.scheme == "https" else "http"
        endpoint = self._cloud.resolve(request.url.host, scheme)
        request.headers["host"] = request.url.host
        request.extensions = {**request.extensions, "sni_hostname": request.url.host}
        request.url = request.url.copy_with(host=endpoint.address, port=endpoint.port)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class Phone:
    """A handset with one session."""

    def __init__(self, cloud: Cloud, *, http2: bool = False) -> None:
        self.cloud = cloud
        self.web = httpx.Client(transport=LabTransport(cloud, http2=http2), timeout=20, trust_env=False)
        self.user_id = ""
        self.token = ""
        self.security = b""
        self.number = ""
        self.pushes: list[Push] = []
        self._keys = count()

    def close(self) -> None:
        self.web.close()
        for push in self.pushes:
            push.close()

    def key(self) -> str:
        """A fresh idempotency key."""
        return f"k{next(self._keys)}"

    @property
    def cookies(self) -> dict[str, str]:
        return (
            {"Cookie": f"userId={self.user_id}; serviceToken={self.token}"}
            if self.user_id and self.token
            else {}
        )

    def ask(
        self,
        method: str,
        url: str,
        parameters: Mapping[str, str] | None = None,
        *,
        key: str | None = None,
        sealed: bool = False,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Send a request with this handset's session."""
        headers = dict(self.cookies)
        if key is not None:
            headers["Idempotency-Key"] = key
        given = dict(parameters or {})
        if sealed:
            given["_nonce"] = f"n{next(_nonces)}{id(self)}:{int(self.cloud.clock.seconds())}"
            given = seal_parameters(method, httpx.URL(url).path, given, self.security)
        if content is not None or method == "GET":
            return self._follow(method, str(httpx.URL(url, params=given)), headers, content)
        if given:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self._follow(method, url, headers, urlencode(given).encode())

    def _follow(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> httpx.Response:
        # httpx would leave out the cookies when it goes to another host.
        response = self.web.request(method, url, headers=headers, content=content)
        for _ in range(3):
            if response.status_code != 307:
                break
            url = response.headers["location"]
            response = self.web.request(method, url, headers=headers, content=content)
        return response

    def data(self, response: httpx.Response) -> dict[str, Any]:
        """Give the data of an answer, opened if it is sealed."""
        assert response.status_code in (200, 201), (response.status_code, response.text)
        text = response.text
        if response.headers["content-type"].startswith("text/plain"):
            text = open_text(text, self.security)
        found: dict[str, Any] = json.loads(text)["data"]
        return found

    def activate(self, number: str, *, country: str = "IN", sim: str | None = None) -> dict[str, Any]:
        """Activate messaging as the factory build does."""
        sim = short_digest(sim or f"8991{number[1:]}")
        imei = short_digest("490154203237518")
        self.cloud.send_sms(
            sender=number,
            text=f"MX/{imei}/{sim}/secret-{number[1:]}",
            country=country,
            imsi="404685505601234",
        )
        self.token, self.security = sim_credentials(f"secret-{number[1:]}", sim)
        found = self.data(
            self.ask(
                "GET",
                f"http://api.account.xiaomi.com/pass/activate/dev/{imei}/activating",
                {"imsi": sim},
            )
        )
        self.user_id, self.number = found["userId"], found["phone"]
        return found

    def register(self, name: str, *, country: str = "IN") -> None:
        """Make an account and log in."""
        host = "https://api.account.xiaomi.com"
        given = {"user": name, "password": PASSWORD, "country": country}
        self.data(self.ask("POST", f"{host}/pass/register", given))
        self.log_in(name)

    def log_in(self, name: str, device: str = "d1") -> None:
        """Open a session of an account."""
        given = {"user": name, "password": PASSWORD, "deviceId": device}
        self.token = ""
        found = self.data(self.ask("POST", "https://api.account.xiaomi.com/pass/serviceLoginAuth2", given))
        self.user_id, self.token = found["userId"], found["serviceToken"]
        self.security = base64.b64decode(found["security"])

    def consent(self, service: str, state: str) -> dict[str, Any]:
        """Say what this user agrees to."""
        given = {"service": service, "state": state, "shown": "May we?"}
        return self.data(self.ask("POST", "https://api.account.xiaomi.com/pass/consent", given))

    def send(self, to: str, body: str, key: str) -> httpx.Response:
        """Send a message over HTTP."""
        given = {"to": to, "body": body}
        return self.ask("POST", "https://api.chat.xiaomi.net/mx/v1/messages", given, key=key, sealed=True)

    def sync(
        self, kind: str, changes: Sequence[Mapping[str, object]], *, key: str, cursor: int = 0
    ) -> httpx.Response:
        """Synchronise a type of the backup."""
        host = SERVICES_BY_NAME[kind].host
        given = {"cursor": str(cursor), "changes": json.dumps(changes)}
        return self.ask("POST", f"https://{host}/mic/v1/sync", given, key=key, sealed=True)


class NewPhone(Protocol):
    """Makes handsets of a cloud; with a number, activated."""

    def __call__(self, number: str | None = None, *, country: str = "IN", http2: bool = False) -> Phone:
        """Make one."""


class PushEndedError(Exception):
    """The server closed the stream."""


class Push:
    """A handset's push stream, blocking, with what it keeps over a break."""

    def __init__(
        self,
        phone: Phone,
        *,
        sealed: bool = True,
        host: str = "app.chat.xiaomi.net",
        build: str = "JHCMIBH45.0",
    ) -> None:
        self.phone = phone
        self.build = build
        phone.pushes.append(self)
        self.sealed = sealed
        self.host = host
        self.seq = 0
        self.got: dict[str, str] = {}
        """Messages received, by id."""
        self.order: list[str] = []
        self.notices: dict[str, str] = {}
        self._socket: socket.socket | None = None
        self._reader = StanzaReader()
        self._ready: list[Stanza] = []

    def connect(self) -> "Push":
        """Open and bind; follows one redirection."""
        for _ in range(3):
            self.open()
            assert self._socket is not None
            self._socket.sendall(open_stream(to="xiaomi.com", model="HM 1SW", os=self.build, connpt="wifi"))
            stream_id = self.next().attributes["id"]
            self._socket.sendall(
                write_stanza(
                    "bind",
                    user=self.phone.user_id,
                    session=token_hash(self.phone.token)[:16],
                    proof=prove(self.phone.security, stream_id),
                    resume=self.seq,
                    sealed=int(self.sealed),
                )
            )
            answer = self.next()
            if answer.name == "redirect":
                self.host = answer.attributes["host"]
                self.close()
                continue
            if answer.name != "bound":
                self.close()
                raise PushEndedError(f"{answer.name} {answer.attributes} {answer.text}")
            return self
        raise PushEndedError("redirected for ever")

    def open(self) -> None:
        """Connect, and say nothing yet."""
        self.close()
        endpoint = self.phone.cloud.resolve(self.host, "push")
        self._socket = socket.create_connection((endpoint.address, endpoint.port), timeout=20)
        self._reader, self._ready = StanzaReader(), []

    def next(self) -> Stanza:
        """Give the next stanza, whatever it is."""
        assert self._socket is not None
        while not self._ready:
            data = self._socket.recv(65536)
            if not data:
                raise PushEndedError("closed")
            self._ready = self._reader.feed(data)
        return self._ready.pop(0)

    def write(self, data: bytes) -> None:
        """Send bytes."""
        assert self._socket is not None
        self._socket.sendall(data)

    def until(self, name: str) -> Stanza:
        """Take stanzas until one of a name comes; messages on the way are kept and confirmed."""
        while True:
            stanza = self.next()
            if stanza.name == name:
                self._take(stanza)
                return stanza
            if stanza.name == "bye":
                raise PushEndedError(stanza.attributes["why"])
            self._take(stanza)

    def _take(self, stanza: Stanza) -> None:
        if stanza.name not in ("message", "notice"):
            return
        self.seq = int(stanza.attributes["seq"])
        name = stanza.attributes["id"]
        if stanza.name == "notice":
            self.notices[name] = stanza.attributes["reason"]
        else:
            self.order.append(name)
            self.got[name] = open_text(stanza.text, self.phone.security) if self.sealed else stanza.text
        self.write(write_stanza("received", seq=self.seq))

    def send(self, to: str, body: str, key: str) -> dict[str, str]:
        """Send a message and give the answer."""
        text = seal_text(body, self.phone.security) if self.sealed else body
        self.write(write_stanza("message", text, id=key, to=to))
        return self.until("ack").attributes

    def close(self) -> None:
        """Close without a word."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def leave(self) -> None:
        """Close in order."""
        with suppress(OSError):
            self.write(CLOSE)
        self.close()


@contextmanager
def phone_of(cloud: Cloud, *, http2: bool = False) -> Iterator[Phone]:
    """Give a handset without a session."""
    phone = Phone(cloud, http2=http2)
    try:
        yield phone
    finally:
        phone.close()


def eventually(check: Any, seconds: float = 10.0) -> Any:
    """Give what `check` gives, once that is true; fail after some seconds."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)
