"""Run by mitmproxy's own Python: prints what its FlowReader makes of a flow file, as JSON."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from mitmproxy import exceptions
from mitmproxy.io import FlowReader


def show_headers(message: Any) -> list[list[str]]:
    fields = message.headers.fields + (message.trailers.fields if message.trailers else ())
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in fields]


def digest(data: bytes | str | None) -> str:
    # Messages of old WebSocket flows stay text.
    if isinstance(data, str):
        data = data.encode()
    return hashlib.sha256(data or b"").hexdigest()


def show_http(flow: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "method": flow.request.method,
        "url": flow.request.url,
        "host": flow.request.host,
        "port": flow.request.port,
        "headers": show_headers(flow.request),
        "body": digest(flow.request.raw_content),
        "time": flow.request.timestamp_start,
        "status": None,
    }
    if flow.response:
        shown["status"] = flow.response.status_code
        shown["response_headers"] = show_headers(flow.response)
        shown["response_body"] = digest(flow.response.raw_content)
    if flow.websocket:
        shown["messages"] = [
            [message.from_client, message.is_text, digest(message.content)]
            for message in flow.websocket.messages
        ]
    return shown


def show_dns(flow: Any) -> dict[str, Any]:
    return {
        "names": [question.name for question in flow.request.questions],
        "answers": [[answer.name, answer.ttl, str(answer)] for answer in flow.response.answers],
    }


def show(flow: Any) -> dict[str, Any]:
    peer = flow.server_conn.peername
    shown: dict[str, Any] = {"type": flow.type, "address": peer[0] if peer else None}
    if flow.type == "http":
        return shown | show_http(flow)
    if flow.type == "dns":
        return shown | show_dns(flow)
    return shown | {
        "address": peer[0],
        "port": peer[1],
        "messages": [[message.from_client, digest(message.content)] for message in flow.messages],
    }


def main() -> None:
    shown: dict[str, list[dict[str, Any]] | str] = {}
    for path in map(Path, sys.argv[1:]):
        try:
            with path.open("rb") as file:
                shown[str(path)] = [show(flow) for flow in FlowReader(file).stream()]
        except exceptions.FlowReadException as error:
            shown[str(path)] = str(error)
    json.dump(shown, sys.stdout)


if __name__ == "__main__":
    main()
