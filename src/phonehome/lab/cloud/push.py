"""The push stream: presence, messages and their delivery over one TCP connection, XMPP-like.

The handset proves that it holds the session's key (an HMAC over the stream's id), so no token goes over this
clear-text connection and a recorded opening cannot be replayed. It says up to which sequence number it has
everything (`resume`); the server sends what comes after, in order, and again after a break until it is confirmed.
"""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Row

from phonehome.lab.cloud import messages
from phonehome.lab.cloud.accounts import PHONE
from phonehome.lab.cloud.consent import MESSAGING, ActivatedBy, kind_of_build, need_consent
from phonehome.lab.cloud.database import DatabaseUnavailableError
from phonehome.lab.cloud.faults import describe
from phonehome.lab.cloud.hosts import SERVICES_BY_NAME, regional_host
from phonehome.lab.cloud.hub import Stream
from phonehome.lab.cloud.refusal import NO_SESSION, Reason, Refusal
from phonehome.lab.cloud.region import BusyError, ElsewhereError, Region
from phonehome.lab.cloud.residents import NotServingError, resident
from phonehome.lab.cloud.sealing import SealError, open_text, seal_text
from phonehome.lab.cloud.sessions import Caller, caller_of, is_open, open_sessions
from phonehome.lab.cloud.stanzas import CLOSE, Stanza, StanzaReader, open_stream, write_stanza
from phonehome.lab.cloud.texts import check_message
from phonehome.lab.cloud.withdrawal import let_go, meet_build

T = TypeVar("T")
BIND_SECONDS = 15.0
IDLE_SECONDS = 600.0
_READ_BYTES = 16 << 10
_log = logging.getLogger(__name__)


def prove(security: bytes, stream_id: str) -> str:
    """Give the proof that a handset sends to bind a stream."""
    return hmac.digest(security, f"bind/{stream_id}".encode(), "sha256").hex()


class PushConnection:
    """One connection of a handset."""

    def __init__(self, region: Region, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._region = region
        self._reader = reader
        self._writer = writer
        self._stanzas = StanzaReader()
        self._backlog: list[Stanza] = []
        self._opened = False
        self._sealed = False
        self._sent = 0

    async def serve(self) -> None:
        """Serve the connection until either side ends it; whatever it was is answered and logged."""
        try:
            await self._serve()
        except Refusal as refusal:
            self._open("refused")
            try:
                await asyncio.to_thread(self._log_refusal, refusal)
            except DatabaseUnavailableError:
                self._send(write_stanza("bye", why="busy"))
            else:
                self._send(write_stanza("error", refusal.why, reason=refusal.reason.value))
        except ElsewhereError as elsewhere:
            host = regional_host(elsewhere.region, SERVICES_BY_NAME["push"])
            self._send(write_stanza("redirect", region=elsewhere.region.value, host=host))
        except (BusyError, NotServingError, DatabaseUnavailableError):
            self._send(write_stanza("bye", why="busy"))
        except TimeoutError:
            self._open("idle")
            self._send(write_stanza("bye", why="idle"))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except Exception as error:  # noqa: BLE001  asyncio's own report would quote what it failed on
            _log.error("a stream failed: %s", describe(error))
            self._send(write_stanza("bye", why="failed"))
        finally:
            await self._close()

    async def _serve(self) -> None:
        region = self._region
        if len(region.hub) >= region.config.limits.streams:
            raise Refusal(Reason.THROTTLED, "too many streams are open")
        async with asyncio.timeout(BIND_SECONDS):
            opening = await self._next()
            if opening is None:
                return
            if opening.attributes.get("to") != "xiaomi.com":
                raise Refusal(Reason.MALFORMED, 'a stream is opened to="xiaomi.com"')
            stream_id = secrets.token_hex(8)
            self._open(stream_id)
            bind = await self._next()
            if bind is None:
                return
            build = kind_of_build(opening.attributes.get("os", ""))
            caller = await _in_thread(lambda: self._bind(bind, stream_id, build))
        stream = Stream()
        region.hub.join(caller.user_id, stream)
        try:
            # Whoever switched messaging off before the stream was listed could not end it.
            await _in_thread(lambda: self._need_consent(caller.user_id))
            self._send(write_stanza("bound", user=caller.user_id, seq=self._sent))
            stream.wake()
            await self._exchange(caller, stream)
        finally:
            region.hub.leave(caller.user_id, stream)

    async def _exchange(self, caller: Caller, stream: Stream) -> None:
        receiving = asyncio.ensure_future(self._receive(caller))
        delivering = asyncio.ensure_future(self._deliver(caller, stream))
        try:
            await asyncio.wait((receiving, delivering), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (receiving, delivering):
                task.cancel()
            outcomes = await asyncio.gather(receiving, delivering, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def _receive(self, caller: Caller) -> None:
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                stanza = await self._next()
            if stanza is None:
                return
            if not await _in_thread(lambda: self._region.database.read(self._is_open(caller))):
                self._send(write_stanza("bye", why="ended"))
                return
            self._send(await _in_thread(lambda stanza=stanza: self._answer(caller, stanza)))  # type: ignore[misc]
            await self._writer.drain()

    async def _deliver(self, caller: Caller, stream: Stream) -> None:
        while stream.closing is None:
            await stream.woken()
            while stream.closing is None:
                rows = await _in_thread(lambda: self._waiting(caller))
                if rows is None:
                    stream.closing = "ended"
                if not rows:
                    break
                for row in rows:
                    self._send(self._delivery(caller, row.kind, row))
                    self._sent = row.seq
                await self._writer.drain()
        self._send(write_stanza("bye", why=stream.closing))

    def _is_open(self, caller: Caller) -> Callable[[Connection], bool]:
        return lambda connection: is_open(connection, self._region, caller)

    def _waiting(self, caller: Caller) -> Sequence[Row[Any]] | None:
        """Give what is to be delivered; None if the session is over."""

        def work(connection: Connection) -> Sequence[Row[Any]] | None:
            if not is_open(connection, self._region, caller):
                return None
            return messages.waiting_for(connection, caller.user_id, self._sent)

        return self._region.database.read(work)

    def _delivery(self, caller: Caller, kind: str, row: object) -> bytes:
        values = {name: getattr(row, name) for name in ("seq", "message_id", "sender_phone", "body", "at")}
        if kind == "notice":
            return write_stanza(
                "notice", seq=values["seq"], id=values["message_id"], reason=values["body"] or ""
            )
        body = seal_text(values["body"], caller.security) if self._sealed else values["body"]
        return write_stanza(
            "message",
            body,
            seq=values["seq"],
            id=values["message_id"],
            **{"from": values["sender_phone"] or ""},
            at=int(values["at"]),
        )

    def _need_consent(self, user_id: str) -> None:
        self._region.database.read(
            lambda connection: need_consent(connection, user_id, MESSAGING, self._region.config)
        )

    def _bind(self, bind: Stanza, stream_id: str, build: ActivatedBy) -> Caller:
        given = bind.attributes
        resume = given.get("resume", "0")
        if bind.name != "bind" or not (resume.isascii() and resume.isdigit() and len(resume) < 10):
            raise Refusal(Reason.MALFORMED, "the first stanza is <bind user session proof resume>")
        user_id = given.get("user", "")
        self._region.place(user_id)

        def find(connection: Connection) -> Caller | None:
            for row in connection.execute(open_sessions(self._region, user_id)).all():
                if row.token[:16] == given.get("session") and hmac.compare_digest(
                    prove(row.security, stream_id).encode(), given.get("proof", "").encode()
                ):
                    return caller_of(row)
            return None

        caller = self._region.database.read(find)
        if caller is None:
            raise Refusal(Reason.UNAUTHENTICATED, NO_SESSION, user_id=user_id)
        region = self._region
        if region.database.write(lambda connection: meet_build(connection, region, user_id, build)):
            let_go(region, user_id, MESSAGING)
        self._need_consent(user_id)
        self._sealed = given.get("sealed") == "1"
        self._sent = int(resume)
        if self._sent:  # what the handset says to have needs no second confirmation
            self._region.database.write(self._resume(user_id))
        return caller

    def _resume(self, user_id: str) -> Callable[[Connection], None]:
        def work(connection: Connection) -> None:
            row = resident(connection, user_id)
            if row is None or self._sent > row._mapping["rev"]:
                raise Refusal(Reason.MALFORMED, "resume was never sent", user_id=user_id)
            messages.confirm(connection, user_id, self._sent)

        return work

    def _answer(self, caller: Caller, stanza: Stanza) -> bytes:
        given = stanza.attributes
        try:
            match stanza.name:
                case "message":
                    return self._accept(caller, stanza)
                case "received":
                    seq = given.get("seq", "")
                    if not (seq.isascii() and seq.isdigit() and len(seq) < 10):
                        raise Refusal(Reason.MALFORMED, "seq is a number", user_id=caller.user_id)
                    if int(seq) > self._sent:
                        raise Refusal(Reason.MALFORMED, "seq was not sent yet", user_id=caller.user_id)
                    self._region.database.write(
                        lambda connection: messages.confirm(connection, caller.user_id, int(seq))
                    )
                    return write_stanza("confirmed", seq=seq)
                case "query":
                    number = given.get("number", "")
                    if not PHONE.match(number):
                        raise Refusal(Reason.MALFORMED, "number is +DIGITS", user_id=caller.user_id)
                    _, state = messages.look_up(self._region, number)
                    return write_stanza("presence", number=number, state=state)
                case "ping":
                    return write_stanza("pong")
                case _:
                    raise Refusal(Reason.MALFORMED, "there is no such stanza", user_id=caller.user_id)
        except Refusal as refusal:
            refusal.user_id = caller.user_id
            self._log_refusal(refusal)
            return write_stanza(
                "ack", refusal.why, id=given.get("id", ""), result="refused", reason=refusal.reason.value
            )

    def _accept(self, caller: Caller, stanza: Stanza) -> bytes:
        key, to = stanza.attributes.get("id", ""), stanza.attributes.get("to", "")
        try:
            body = open_text(stanza.text, caller.security) if self._sealed else stanza.text
        except SealError as error:
            raise Refusal(Reason.MALFORMED, str(error)) from error
        check_message(self._region, to=to, body=body, key=key)
        answer = messages.send(self._region, caller, to=to, body=body, key=key)
        return write_stanza("ack", id=key, **{name: str(value) for name, value in answer.data.items()})

    def _open(self, stream_id: str) -> None:
        if not self._opened:
            self._opened = True
            self._send(open_stream(id=stream_id, **{"from": "xiaomi.com"}))

    async def _next(self) -> Stanza | None:
        while not self._backlog:
            if self._stanzas.ended:
                return None
            data = await self._reader.read(_READ_BYTES)
            if not data:
                return None
            self._backlog = self._stanzas.feed(data)
        return self._backlog.pop(0)

    def _send(self, data: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(data)

    def _log_refusal(self, refusal: Refusal) -> None:
        self._region.log_refusal(refusal, service="push", method="STREAM", path="/")

    async def _close(self) -> None:
        self._send(CLOSE)
        self._writer.close()
        try:
            await asyncio.wait_for(self._writer.wait_closed(), 2)
        except (OSError, TimeoutError):
            _log.debug("a push connection did not close in order")


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)
