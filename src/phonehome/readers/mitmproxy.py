"""mitmproxy's flow files, of every format version from 0.10 (2014) on.

A file is a row of tagged netstrings, one flow each. Twenty-odd versions renamed fields more than they
changed meaning, so fields are looked for under each of their names, which reads all versions at once.
"""

import re
from collections.abc import Iterator

from phonehome.model.errors import DecodeError, LimitExceeded
from phonehome.model.exchange import Exchange
from phonehome.model.problem import Problem
from phonehome.readers.base import DEFAULTS, ByteStream, Item, ReadingOptions
from phonehome.readers.flow_dns import read_dns
from phonehome.readers.flow_http import has_broken_headers, is_unrecorded, read_http
from phonehome.readers.flow_passed import find_passed_tls
from phonehome.readers.flow_state import State
from phonehome.readers.flow_streams import read_old_websocket, read_stream
from phonehome.readers.tnetstring import FramingError, Value, read_value

NEWEST_VERSION = 21
"""The newest format known here, of mitmproxy 11 and 12; a newer one is tried all the same."""

MAX_HANDSHAKES = 100_000
"""How many WebSocket handshakes of old formats are kept until their messages come."""

_MAX_ERROR_TEXT = 200

# Any of a flow's own fields may be written first.
_FIRST_FIELD = re.compile(
    rb"[0-9]{1,12}:[0-9]{1,2}:(?:version|type|id|error|client_conn|server_conn|request|response|websocket"
    rb"|messages|metadata|mode|marked|intercepted|is_replay|comment|backup|timestamp_created"
    rb"|close_code|close_message|close_reason|close_sender)[,;]"
)


class MitmproxyReader:
    """Reads HTTP, WebSocket, TCP, UDP and DNS flows."""

    name = "mitmproxy"

    def recognises(self, head: bytes) -> bool:
        """Tell a flow file by the first field of its first flow."""
        return _FIRST_FIELD.match(head) is not None

    def read(
        self, stream: ByteStream, *, where: str, number: int, options: ReadingOptions = DEFAULTS
    ) -> Iterator[Item]:
        """Read every flow; see `Reader.read`."""
        del options
        yield from _FlowFile(stream, where, number).iter_items()


class _FlowFile:
    """One pass over a file of flows."""

    def __init__(self, stream: ByteStream, where: str, number: int) -> None:
        self._stream = stream
        self._where = where
        self._number = number
        self._handshakes: dict[str, Exchange] = {}
        self._newer_seen = False

    def iter_items(self) -> Iterator[Item]:
        index = 0
        while True:
            try:
                value = read_value(self._stream)
            except EOFError:
                return
            except FramingError as error:
                yield self._make_problem(index, f"{error}; nothing behind it can be read")
                return
            except (DecodeError, LimitExceeded) as error:
                yield self._make_problem(index, f"the flow is broken: {error}")
            else:
                yield from self._read_flow(value, index)
            index += 1

    def _read_flow(self, value: Value, index: int) -> Iterator[Item]:
        if not isinstance(value, dict):
            yield self._make_problem(index, "is no flow: expected a dictionary")
            return
        flow = State(value)
        try:
            exchange = self._make_exchange(flow, index)
        except DecodeError as error:
            yield self._make_problem(index, str(error))
        else:
            if len(self._handshakes) < MAX_HANDSHAKES and flow.state("metadata").flag("websocket"):
                self._handshakes[flow.text("id")] = exchange
            yield find_passed_tls(exchange) or exchange
            yield from self._iter_notes(flow, index)

    def _make_exchange(self, flow: State, index: int) -> Exchange:
        match flow.text("type") or "http":
            case "http":
                return read_http(flow, number=self._number, index=index)
            case "tcp" | "udp":
                return read_stream(flow, number=self._number, index=index)
            case "dns":
                return read_dns(flow, number=self._number, index=index)
            case "websocket":
                handshake = self._handshakes.get(flow.state("metadata").text("websocket_handshake"))
                return read_old_websocket(flow, handshake, number=self._number, index=index)
            case kind:
                raise DecodeError(f"is a flow of the unknown type {kind[:20]!a}")

    def _iter_notes(self, flow: State, index: int) -> Iterator[Problem]:
        """Say what is odd about a flow that was read."""
        version = flow.number("version")
        if version is not None and version > NEWEST_VERSION and not self._newer_seen:
            self._newer_seen = True
            reason = f"has format version {int(version)}, newer than {NEWEST_VERSION}: fields may be missed"
            yield self._make_problem(index, reason, lost=False)
        error = flow.state("error")
        if error.members:
            message = error.text("msg")[:_MAX_ERROR_TEXT]
            yield self._make_problem(index, f"the proxy noted an error: {message!a}", lost=False)
        if flow.has("backup"):
            yield self._make_problem(index, "was modified in the proxy; it was read as modified", lost=False)
        if flow.text("is_replay") == "request" or flow.state("request").flag("is_replay"):
            yield self._make_problem(index, "was replayed by the proxy, not sent by the handset", lost=False)
        for part in ("request", "response"):
            if is_unrecorded(flow.state(part)):
                yield self._make_problem(index, f"the {part} had a body that the proxy did not keep")
            if has_broken_headers(flow.state(part)):
                yield self._make_problem(
                    index, f"the {part} has headers that are no pairs of names and values"
                )

    def _make_problem(self, index: int, reason: str, *, lost: bool = True) -> Problem:
        where = f"{self._where} flow {index}"
        return Problem(where=where, reason=reason, input=self._number, index=index, lost=lost)
