"""What a reader is: one capture format, bytes in, exchanges and problems out.

A reader is handed a stream that is already unwrapped (no gzip, no zip) and reads it once, forward, in
memory bounded by its largest entry. A broken entry becomes a `Problem` and the next one is read; an index
is counted for it all the same, so that an index always names a place in the recording.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from phonehome.model.account import Account
from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.model.handset import SeenHandset
from phonehome.model.problem import Problem
from phonehome.model.recording import RecordedSpan

HEAD_BYTES = 64 * 1024
"""How much of an unwrapped stream a reader is shown to recognise its format."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """An exchange that a worker has written already.

    Attributes:
        input: The exchange's.
        index: The exchange's.
        time: When it began.
        data: What `ReadingOptions.render` gave.
    """

    input: int
    index: int
    time: datetime | None
    data: bytes

    def __reduce__(self) -> tuple[type["Rendered"], tuple[int, int, datetime | None, bytes]]:
        """Travel between processes as a call, which takes a third of what a dataclass does by itself."""
        return Rendered, (self.input, self.index, self.time, self.data)


Item = Exchange | Rendered | Problem | Account | SeenHandset | RecordedSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """What the user says beside the captures; only captures of packets need it.

    Attributes:
        key_logs: The contents of TLS key logs.
        handset: IP address or MAC of the handset; None to find it.
        workers: How many processes read a large capture.
        render: How workers write exchanges, so that bodies need not travel twice; it gets the exchange with an index
            that is not yet its own. None to get exchanges. It travels itself, so it is an object or a function of
            a module.
        audited: Whether what only an audit needs is wanted: the SHA-256 of inputs, and the accounts of connections.
    """

    key_logs: tuple[bytes, ...] = ()
    handset: str | None = None
    workers: int = 1
    render: Callable[[Exchange], bytes] | None = None
    audited: bool = True


DEFAULTS = ReadingOptions()


class ByteStream(Protocol):
    """Bytes to read once, forward."""

    def read(self, size: int = -1, /) -> bytes:
        """Read `size` bytes; fewer only at the end of the stream, none behind it."""


def explain_failure(error: InputError | OSError) -> str:
    """Say why an input was not read to its end."""
    if isinstance(error, InputError):
        return str(error)
    return f"cannot be read to its end ({error.strerror or 'input error'})"


class Reader(Protocol):
    """One capture format."""

    @property
    def name(self) -> str:
        """The format's name in the audit document: `har`, `mitmproxy`."""

    def recognises(self, head: bytes) -> bool:
        """Tell whether a stream that begins with `head` (at most `HEAD_BYTES`) is of this format."""

    def read(self, stream: ByteStream, *, where: str, number: int, options: ReadingOptions) -> Iterator[Item]:
        """Read a stream to its end.

        Args:
            stream: The unwrapped bytes; read forward only, closed by the caller.
            where: The input's name as problems give it.
            number: The input's number, for exchanges and problems.
            options: What the user says beside the capture.

        Yields:
            Exchanges, problems, accounts of what no exchange carries, which end was the handset, and the time that
            the input covers beyond the beginnings of its exchanges; in the input's own order.

        Raises:
            InputError: The stream is not of this format after all, or holds nothing to read.
        """
