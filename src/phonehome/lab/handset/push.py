"""The handset's end of the push stream: who it is, its proof, and messages sealed under the SIM's key."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from phonehome.lab.cloud.push import prove
from phonehome.lab.cloud.sealing import seal_text
from phonehome.lab.cloud.stanzas import CLOSE, Stanza, StanzaReader, open_stream, write_stanza
from phonehome.lab.cloud.tokens import token_hash
from phonehome.lab.handset.build import PushTalk
from phonehome.lab.handset.memory import Session
from phonehome.model.errors import PhonehomeError

NOBODY = "+12025550198"
"""To whom invented messages go: a number set aside for examples, which has no handset in the lab."""
ANSWER_S = 20.0
_LETTERS = "abcdefghijklmnopqrstuvwxyz "


class PushError(PhonehomeError):
    """The lab's push stream did not answer as its page says."""


class _Talk:
    """One connection, a stanza at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._stanzas = StanzaReader()
        self._ready: list[Stanza] = []

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def hear(self, *names: str) -> Stanza:
        while True:
            while self._ready:
                stanza = self._ready.pop(0)
                if stanza.name in names:
                    return stanza
                if stanza.name in ("error", "bye", "redirect"):
                    raise PushError(f"the push stream ended with {stanza.name}: {stanza.attributes}")
            async with asyncio.timeout(ANSWER_S):
                data = await self._reader.read(64 << 10)
            if not data:
                raise PushError(f"the push stream ended before it said {' or '.join(names)}")
            self._ready = self._stanzas.feed(data)


@asynccontextmanager
async def _connected(address: tuple[str, int]) -> AsyncIterator[_Talk]:
    reader, writer = await asyncio.open_connection(*address)
    try:
        yield _Talk(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


async def talk(
    act: PushTalk, address: tuple[str, int], session: Session, *, network: str, random: Random
) -> None:
    """Open the stream, bind it to the SIM's user, send the messages, and close it.

    Raises:
        PushError: The server does not answer as it should.
    """
    async with _connected(address) as stream:
        await stream.say(open_stream(to="xiaomi.com", model=act.model, os=act.os, connpt=network))
        opened = await stream.hear("stream:stream")
        await stream.say(
            write_stanza(
                "bind",
                user=session.user_id,
                session=token_hash(session.token)[:16],
                proof=prove(session.security, opened.attributes["id"]),
                resume="0",
                sealed="1",
            )
        )
        await stream.hear("bound")
        for number in range(act.messages):
            text = "".join(random.choices(_LETTERS, k=act.size))
            await stream.say(
                write_stanza("message", seal_text(text, session.security), id=f"m{number}", to=NOBODY)
            )
            await stream.hear("ack")
        await stream.say(CLOSE)
