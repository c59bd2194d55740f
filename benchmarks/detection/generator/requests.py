"""An ordinary request, the spots in it where something can be put, and the HAR entry that it becomes."""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeAlias
from urllib.parse import quote, quote_plus

from benchmarks.detection.generator import background
from benchmarks.detection.generator.checkdigits import uuid_text
from benchmarks.detection.generator.containers import PACKERS, pairs, scalar_text
from benchmarks.detection.generator.payload import Body, Fields

Har: TypeAlias = dict[str, "str | int | float | list[Har] | Har"]

BEGIN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
HEADER_SAFE = frozenset(map(chr, range(0x20, 0x7F)))
COOKIE_SAFE = HEADER_SAFE - set(' ",;\\')


@dataclass(slots=True, kw_only=True)
class Draft:
    """A request in the making; `channel` tells where a body goes: `request`, `websocket` or `response`."""

    rng: Random
    host: str
    path: list[str]
    query: list[tuple[str, str]]
    headers: list[tuple[str, str]]
    cookies: list[tuple[str, str]]
    channel: str = "request"
    method: str = "GET"
    body: Body | None = None
    message: Body | None = None
    response: Body | None = None
    response_headers: list[tuple[str, str]] = field(default_factory=list)


def new_draft(rng: Random) -> Draft:
    """A request that holds nothing of interest yet."""
    query = [
        (key, background.noise_text(rng)) for key in rng.sample(background.KEYS, rng.choice((0, 0, 1, 2, 3)))
    ]
    headers = [
        ("User-Agent", background.user_agent(rng)),
        ("Accept", rng.choice(("*/*", "application/json"))),
        ("Accept-Encoding", "gzip, br"),
    ]
    if rng.random() < 0.3:
        headers.append(("X-Request-Id", uuid_text(rng)))
    if rng.random() < 0.15:
        headers.append(("Authorization", f"Bearer {background.token(rng, 32, 64)}"))
    path = rng.choices(background.PATHS, k=rng.randint(1, 3))
    return Draft(
        rng=rng,
        host=rng.choice(background.HOSTS),
        path=path,
        query=query,
        headers=headers,
        cookies=background.cookies(rng),
    )


def put_body(draft: Draft, body: Body) -> None:
    """The body, where the draft's channel has it."""
    if draft.channel == "websocket":
        draft.message = body
    elif draft.channel == "response":
        draft.response = body
    else:
        draft.body, draft.method = body, draft.rng.choice(("POST", "POST", "POST", "PUT"))


def _query(draft: Draft, fields: Fields) -> tuple[str, ...]:
    draft.query = pairs(draft.rng, fields)
    return ("query",)


def _path(draft: Draft, fields: Fields) -> tuple[str, ...]:
    draft.path[1:1] = [scalar_text(scalar) for _, scalar in fields]
    return ("path",)


def _header(draft: Draft, fields: Fields) -> tuple[str, ...]:
    layers = ["header"]
    for key, scalar in fields:
        text = scalar_text(scalar)
        if not HEADER_SAFE.issuperset(text) or text != text.strip():
            text, layers = quote(text, safe=""), ["header", "percent"]
        name = "X-" + key.replace("_", "-").replace(".", "-").title()
        (draft.response_headers if draft.channel == "response" else draft.headers).append((name, text))
    return tuple(layers)


def _cookie(draft: Draft, fields: Fields) -> tuple[str, ...]:
    layers = ["cookie"]
    for key, scalar in fields:
        text = scalar_text(scalar)
        if not COOKIE_SAFE.issuperset(text):
            text, layers = quote(text, safe=""), ["cookie", "percent"]
        draft.cookies.insert(draft.rng.randint(0, len(draft.cookies)), (key, text))
    return tuple(layers)


SPOTS = {"query": _query, "path": _path, "header": _header, "cookie": _cookie}


def place(draft: Draft, spot: str, fields: Fields) -> tuple[str, ...]:
    """Put fields into the query, the path, a header or a cookie, or into a container that becomes the body.

    Returns:
        The layers which that adds, outermost first.
    """
    if spot in SPOTS:
        return SPOTS[spot](draft, fields)
    put_body(draft, PACKERS[spot](draft.rng, fields))
    return (spot,)


def place_raw(draft: Draft, data: str | bytes, mime: str = "application/octet-stream") -> tuple[str, ...]:
    """Make text or bytes the whole body, without a container."""
    put_body(draft, Body(data=data, mime=mime))
    return ()


def text_spot(rng: Random) -> str:
    """A spot for text, as often as it is usual."""
    names, weights = zip(*USUAL_SPOTS.items(), strict=True)
    return str(rng.choices(names, weights)[0])


USUAL_SPOTS = {
    "json": 40,
    "query": 20,
    "form": 15,
    "header": 7,
    "cookie": 4,
    "multipart": 3,
    "xml-text": 2,
    "json-in-json": 3,
    "protobuf": 4,
    "path": 2,
}
BINARY_SPOTS = ("protobuf", "protobuf", "record", "messagepack", "cbor", "multipart")


def har_entry(draft: Draft, index: int) -> Har:
    """The draft as an entry of a HAR."""
    rng = draft.rng
    if draft.cookies:
        draft.headers.append(("Cookie", "; ".join(f"{key}={text}" for key, text in draft.cookies)))
    escape = quote_plus if rng.random() < 0.5 else lambda text: quote(text, safe="")
    scheme = "wss" if draft.channel == "websocket" else "https"
    url = f"{scheme}://{draft.host}/" + "/".join(quote(part, safe="") for part in draft.path)
    if draft.query:
        url += "?" + "&".join(f"{quote(key, safe='')}={escape(text)}" for key, text in draft.query)
    request: Har = {
        "method": draft.method,
        "url": url,
        "httpVersion": "HTTP/2.0",
        "headersSize": -1,
        "bodySize": 0,
        "headers": _named([("Host", draft.host), *draft.headers]),
        "queryString": _named(draft.query),
        "cookies": _named(draft.cookies),
    }
    if draft.body is not None:
        request |= _post_data(draft.body)
    return _entry(draft, request, index)


def _entry(draft: Draft, request: Har, index: int) -> Har:
    started = BEGIN + timedelta(milliseconds=400 * index + draft.rng.randrange(300))
    entry: Har = {
        "startedDateTime": started.isoformat().replace("+00:00", "Z"),
        "time": 20 + draft.rng.randrange(200),
        "request": request,
        "response": _response(draft),
        "cache": {},
        "timings": {"send": 1, "wait": 15, "receive": 4},
    }
    if draft.message is not None:
        text = isinstance(draft.message.data, str)
        content = (
            draft.message.data
            if isinstance(draft.message.data, str)
            else base64.b64encode(draft.message.data).decode()
        )
        ping: Har = {"type": "send", "time": started.timestamp(), "opcode": 1, "data": '{"type":"ping"}'}
        sent: Har = {
            "type": "send",
            "time": started.timestamp() + 0.2,
            "opcode": 1 if text else 2,
            "data": content,
        }
        entry |= {"_resourceType": "websocket", "_webSocketMessages": [ping, sent]}
    return entry


def _named(pairs: list[tuple[str, str]]) -> list[Har]:
    return [{"name": name, "value": value} for name, value in pairs]


def _post_data(body: Body) -> Har:
    if isinstance(body.data, str):
        return {"postData": {"mimeType": body.mime, "text": body.data}, "bodySize": len(body.data.encode())}
    text = base64.b64encode(body.data).decode()
    return {
        "postData": {"mimeType": body.mime, "text": text, "encoding": "base64"},
        "bodySize": len(body.data),
    }


def _response(draft: Draft) -> Har:
    if draft.response is not None:
        data, mime = draft.response.data, draft.response.mime
    else:
        data, mime = background.small_response(draft.rng)
    content: Har = {"size": len(data.encode() if isinstance(data, str) else data), "mimeType": mime}
    content |= (
        {"text": data}
        if isinstance(data, str)
        else {"text": base64.b64encode(data).decode(), "encoding": "base64"}
    )
    upgrade = draft.channel == "websocket"
    return {
        "status": 101 if upgrade else 200,
        "statusText": "",
        "httpVersion": "HTTP/2.0",
        "cookies": [],
        "redirectURL": "",
        "headers": _named([("Content-Type", mime), *draft.response_headers]),
        "content": content,
        "headersSize": -1,
        "bodySize": content["size"],
    }
