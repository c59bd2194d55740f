"""What a phone sends in the benchmark: ordinary requests, some large uploads, a planted value in every hundredth.

The planted requests are those of the detection benchmark, with its truth; what stands around them is made here,
in the sizes that phones send: about 1 kB of headers, batches of events of a few kB, answers of a few kB.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from curl_client import Call

from benchmarks.detection.generator import background
from benchmarks.detection.generator.cases import CASES
from benchmarks.detection.generator.identities import Identity, make_identity
from benchmarks.detection.generator.requests import Har, har_entry, new_draft

EVERY = 100
"""A value is planted in one of so many requests."""
UPLOAD_EVERY, UPLOAD_BYTES = 600, 1_000_000
NUMBER_HEADER = "X-Trace"
"""Carries the request's number, so that every tool's output can be held against the truth."""

Headers = tuple[tuple[str, str], ...]

# Classes that a client sends; answers and WebSocket messages come from servers that this benchmark has not.
_SENT = tuple(case for case in CASES if not case.name.startswith("transport"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; `value_id` and `case` tell what is planted in it."""

    number: int
    call: Call
    value_id: str | None = None
    case: str | None = None


def make_requests(seed: int, count: int, people: Identity | None = None) -> Iterator[Request]:
    """Give the requests of a seed, numbered from 0."""
    people = people or make_identity(seed)
    for number in range(count):
        rng = Random(f"packets {seed} {number}")
        if number % UPLOAD_EVERY == UPLOAD_EVERY // 2:
            yield Request(number=number, call=_upload(rng, number))
        elif number % EVERY == 0:
            yield _planted(rng, number, people)
        else:
            yield Request(number=number, call=_ordinary(rng, number))


def make_answers(seed: int) -> Mapping[str, bytes]:
    """The files that the server answers with: JSON of several sizes, pages, pictures."""
    rng = Random(f"answers {seed}")
    answers: dict[str, bytes] = {}
    for number, events in enumerate((1, 1, 2, 4, 8, 20, 60)):
        answers[f"{number}.json"] = _events(rng, events)
    for number, size in enumerate((900, 4_000, 12_000)):
        answers[f"{number}.jpg"] = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + rng.randbytes(size)
    return answers


def _planted(rng: Random, number: int, people: Identity) -> Request:
    while True:
        case, draft = rng.choice(_SENT), new_draft(rng)
        planted = case.build(rng, people, draft)
        if draft.channel == "request":
            break
    call = _call_of(har_entry(draft, number), number)
    return Request(number=number, call=call, value_id=planted.written.value_id, case=case.name)


def _ordinary(rng: Random, number: int) -> Call:
    call = _call_of(har_entry(new_draft(rng), number), number)
    headers = _with_usual(rng, call.headers)
    if rng.random() < 0.45:
        return Call(url=call.url, headers=headers)
    body = _events(rng, min(60, int(rng.lognormvariate(1.2, 0.9)) + 1))
    return Call(
        url=call.url,
        method="POST",
        headers=(*headers, ("Content-Type", "application/json; charset=utf-8")),
        body=body,
        chunked=rng.random() < 0.1,
    )


def _upload(rng: Random, number: int) -> Call:
    call = _call_of(har_entry(new_draft(rng), number), number)
    headers = (*_with_usual(rng, call.headers), ("Content-Type", "image/jpeg"))
    size = int(UPLOAD_BYTES * rng.uniform(0.5, 1.5))
    return Call(url=call.url, method="POST", headers=headers, body=b"\xff\xd8\xff" + rng.randbytes(size))


def _call_of(entry: Har, number: int) -> Call:
    """Turn an entry of the detection benchmark into what curl sends."""
    request = entry["request"]
    assert isinstance(request, dict)
    data = request.get("postData")
    headers = [(row["name"], row["value"]) for row in request["headers"] if row["name"] != "Host"]
    body = None
    if data is not None:
        body = base64.b64decode(data["text"]) if data.get("encoding") else data["text"].encode()
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", data["mimeType"]))
    headers.append((NUMBER_HEADER, f"{number:07d}"))
    return Call(url=request["url"], method=request["method"], headers=tuple(headers), body=body)


def _with_usual(rng: Random, headers: Headers) -> Headers:
    """What apps send beside: a session's token, a trace, versions. An app's do not change between requests."""
    app = Random(f"app {rng.randrange(40)}")
    there = {name for name, _ in headers}
    usual = (
        ("Authorization", f"Bearer {background.token(app, 200, 360)}"),
        ("X-App-Version", f"{app.randrange(1, 30)}.{app.randrange(20)}.{app.randrange(400)}"),
        ("X-Client-Data", background.unrelated_blob(app)),
        ("Accept-Language", app.choice(("en-IN,en;q=0.9,hi;q=0.8", "de-DE,de;q=0.9", "en-GB,en;q=0.8"))),
        ("traceparent", f"00-{rng.randbytes(16).hex()}-{rng.randbytes(8).hex()}-01"),
    )
    return (*headers, *(header for header in usual if header[0] not in there))


def _events(rng: Random, count: int) -> bytes:
    """A batch of analytics events, some 500 bytes each."""
    session = rng.randbytes(16).hex()
    events = [
        {
            "name": rng.choice(("screen_view", "tap", "session_start", "ad_impression", "network_call")),
            "ts": background.milliseconds(rng),
            "session_id": session,
            "seq": place,
            "params": {key: background.noise_scalar(rng) for key in rng.sample(background.KEYS, 8)},
        }
        for place in range(count)
    ]
    return json.dumps({"schema": "iglu:event/2-0-1", "events": events}).encode()
