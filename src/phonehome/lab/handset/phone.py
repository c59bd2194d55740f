"""The handset at work: at each step it does what its build says, and notes the truth before it sends."""

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import httpx

from phonehome.lab.cloud import Cloud
from phonehome.lab.cloud.tokens import sim_credentials
from phonehome.lab.handset.build import Account, Behaviour, BodyKind, Build, PushTalk, Request, ShortMessage
from phonehome.lab.handset.expressions import Expression
from phonehome.lab.handset.memory import Memory, Session
from phonehome.lab.handset.network import find_address
from phonehome.lab.handset.push import NOBODY, talk
from phonehome.lab.handset.state import HandsetState
from phonehome.lab.handset.ways import Clients, Way
from phonehome.lab.handset.writing import (
    Placed,
    Sealing,
    WrittenRequest,
    write_headers,
    write_request,
)
from phonehome.lab.sending import digest_request, least_size
from phonehome.lab.tap.clock import ScenarioClock
from phonehome.lab.truth import SentValue, TruthBook, write_moment
from phonehome.model.errors import PhonehomeError
from phonehome.model.subject import DataType

BETWEEN = timedelta(seconds=1)
"""Of the scenario's time, between two things that a build does at one step."""
PUSH_PORT = 5222


class HandsetError(PhonehomeError):
    """Something of the scenario was answered otherwise than its build expects: the scenario is broken."""


@dataclass(kw_only=True)
class Phone:
    """A handset in one session.

    Attributes:
        session: The id of the session.
        build: What it does.
        state: What is on it.
        memory: What it remembers of earlier sessions.
        way: How its traffic leaves.
        carrier_adds: Headers that its carrier writes into what goes in clear over the cellular network.
        clock: The scenario's.
        cloud: The vendor's, to which its carrier brings SMS.
        book: Where the truth is noted.
        random: Draws whatever is left to chance.
        own: What the words of its own stand for.
    """

    session: str
    build: Build
    state: HandsetState
    memory: Memory
    way: Way
    clock: ScenarioClock
    cloud: Cloud
    book: TruthBook
    random: Random
    own: Mapping[str, str]
    carrier_adds: Mapping[str, Expression] = field(default_factory=dict)
    _clients: Clients = field(init=False)
    _step: str | None = field(init=False, default=None)
    _sendings: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._clients = Clients(self.way)

    async def take(self, step: str | None) -> None:
        """Take a step; None for the time of a session without steps."""
        self._step = step
        if step is not None:
            self.state.take(step)
        for behaviour in self.build.behaviours:
            # Drawn for every behaviour, whether it is its turn or not: one more of them changes no other.
            drawn = self.random.randrange(100)
            if self.state.does(behaviour, step or "") and drawn < behaviour.percent:
                # To a whole second: how many ticks the last act took may differ from run to run.
                self.clock.move_to(self.clock.now.replace(microsecond=0) + BETWEEN)
                await self._do(behaviour)

    async def close(self) -> None:
        """Close all connections."""
        await self._clients.close()

    async def _do(self, behaviour: Behaviour) -> None:
        match behaviour.act:
            case Request() as request:
                await self._ask(behaviour, request)
            case ShortMessage() as message:
                await self._text(behaviour, message)
            case PushTalk() as act:
                await self._push(behaviour, act)

    async def _ask(self, behaviour: Behaviour, request: Request) -> None:
        session = self._session(request, behaviour)
        values = self.state.values
        written = write_request(request, values, self.own, self._sealing(request, session))
        if written is None:
            return
        pinned = written.host in self.build.pinned
        headers = {**written.headers, **({"cookie": session.cookie} if session else {})}
        if request.stores:
            headers["idempotency-key"] = f"{behaviour.id}-{self.random.getrandbits(64):016x}"
        added: list[Placed] = []
        if written.is_clear and self.state.network != "wifi":
            headers |= write_headers(self.carrier_adds, values, self.own, added)
        closed = pinned and not written.is_clear
        sending = self._begin(behaviour, written)
        for placed in (*written.placed, *added):
            self._note(placed, sending, readable=not (closed or placed.is_sealed))
        answer = await self._send(written, headers, pinned)
        if answer.status_code not in request.status:
            raise HandsetError(
                f"{behaviour.id} of the build {self.build.id} was answered {answer.status_code}, and the scenario "
                f"expects {request.status}: {answer.text[:200]}"
            )
        if request.keeps is not None:
            self._keep(request.keeps, answer, behaviour)

    async def _send(
        self, written: WrittenRequest, headers: Mapping[str, str], pinned: bool
    ) -> httpx.Response:
        client = self._clients.get(pinned)
        client.cookies.clear()  # only what the build says goes with a request
        try:
            return await client.request(
                written.method, written.url, headers=dict(headers), content=written.content
            )
        except httpx.TransportError as error:
            raise HandsetError(
                f"{written.method} to {written.host} at the step {self._step} got no answer "
                f"({type(error).__name__}: {error}); the scenario is incomplete"
            ) from error

    def _session(self, request: Request, behaviour: Behaviour) -> Session | None:
        if request.session is None:
            # Who activates a SIM again shows the session that it has: off can be undone by nobody else.
            return self.memory.sessions.get(Account.SIM) if request.keeps is Account.SIM else None
        session = self.memory.sessions.get(request.session)
        if session is None:
            raise HandsetError(
                f"{behaviour.id} of the build {self.build.id} needs the session {request.session}, and nothing before "
                "it opened one"
            )
        return session

    def _sealing(self, request: Request, session: Session | None) -> Sealing | None:
        if request.body is None or request.body.kind is not BodyKind.SEALED or session is None:
            return None
        nonce = f"{self.random.getrandbits(64):016x}:{int(self.clock.now.timestamp())}"
        return Sealing(key=session.security, nonce=nonce)

    def _keep(self, account: Account, answer: httpx.Response, behaviour: Behaviour) -> None:
        try:
            data = answer.json()["data"]
            user_id = str(data["userId"])
            if account is Account.ACCOUNT:
                token, security = str(data["serviceToken"]), base64.b64decode(data["security"])
            else:
                token, security = sim_credentials(self.own["sim_secret"], self.memory.sim_digest or "")
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            raise HandsetError(
                f"{behaviour.id} of the build {self.build.id} opens no session: {answer.text[:200]}"
            ) from error
        self.memory.sessions[account] = Session(user_id=user_id, token=token, security=security)

    async def _text(self, behaviour: Behaviour, message: ShortMessage) -> None:
        """Send an SMS: on the telephone network, which no recorder of IP sees."""
        parts = message.text.write(self.state.values, self.own)
        if parts is None:
            return
        sending = self._begin(behaviour, f"sms:{message.to}")
        for part in parts:
            if part.value is not None:
                placed = Placed(
                    value=part.value, form=f"{part.value.type}{part.form}", chain=part.chain, path="sms"
                )
                self._note(placed, sending, readable=False)
        text = "".join(part.text for part in parts)
        number = self.state.values.get(DataType.PHONE_NUMBER)
        self.memory.sim_digest = text.split("/")[2]
        await asyncio.to_thread(
            self.cloud.send_sms,
            sender=number.value if number else NOBODY,
            text=text,
            country=self.own["country"],
        )

    async def _push(self, behaviour: Behaviour, act: PushTalk) -> None:
        session = self.memory.sessions.get(Account.SIM) or self._own_sim_session()
        address = find_address(self.way.addresses, act.host, PUSH_PORT)
        await talk(act, address, session, network=self.state.network, random=self.random)

    def _own_sim_session(self) -> Session:
        """Derive the session of a SIM that was activated by SMS and never asked for its number."""
        digest = self.memory.sim_digest or ""
        token, security = sim_credentials(self.own["sim_secret"], digest)
        user_id = self.cloud.directory.find("sim", digest)
        if user_id is None:
            raise HandsetError(f"the build {self.build.id} opens a push stream before its SIM is activated")
        return Session(user_id=user_id, token=token, security=security)

    def _begin(self, behaviour: Behaviour, what: WrittenRequest | str) -> Mapping[str, object]:
        """Say what all values of one sending have in common; `what` is a request, or the receiver of an SMS."""
        self._sendings += 1
        common = {
            "session": self.session,
            "step": self._step,
            "at": write_moment(self.clock.now),
            "sending": self._sendings,
            "service": behaviour.service,
            "consent": self.state.consent(behaviour.service, self.clock.now),
        }
        if isinstance(what, str):
            ip_only = dict.fromkeys(("verb", "digest", "transport"))
            return {**common, **ip_only, "size": 0, "host": what, "via": "sms", "recorded": False}
        target = httpx.URL(what.url).raw_path
        return {
            **common,
            "host": what.host,
            "verb": what.method,
            "digest": digest_request(what.method, what.host, target, what.content),
            "size": least_size(what.content),
            "transport": "cleartext" if what.is_clear else "tls",
            "via": "wifi" if self.state.network == "wifi" else "cellular",
            "recorded": self.way.recorded,
        }

    def _note(self, placed: Placed, sending: Mapping[str, object], *, readable: bool) -> None:
        self.book.note(
            SentValue.model_validate(
                {
                    **sending,
                    "value_id": placed.value.id,
                    "data_type": str(placed.value.type),
                    "method": placed.method,
                    "form": placed.form,
                    "chain": list(placed.chain),
                    "part": placed.part if sending["via"] != "sms" else None,
                    "path": placed.path,
                    "readable": readable and sending["recorded"],
                }
            )
        )
