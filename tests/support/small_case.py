"""A case folder whose recordings are small and made here, in the likeness of the affair of 2014.

Four sessions with one handset: the factory build without an account and with one, the update with everything off and
with everything on. Requests have the candidate wire format of that affair; every identity is invented. What each
session sends, and so what an audit must find, stands in `SENT`.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

HOST = "api.account.xiaomi.com"
IMEI = "490154203237518"
IMSI = "310150123456789"
ICCID = "8901410321111851072"
OWN, CONTACT, SENDER = "+12025550110", "+12025550143", "+12025550187"
CARRIER = "Fictional Mobile"
FACTORY, UPDATE = "factory", "update-2014-08-10"
FOLDER = "redmi-1s"
SUBJECT = f"""name: "Redmi 1S, unit 3"
handset: {{make: Xiaomi, model: Redmi 1S, build: {FACTORY}}}
region: US
values:
  - {{id: imei-1, type: imei, value: "{IMEI}"}}
  - {{id: imsi-1, type: imsi, value: "{IMSI}"}}
  - {{id: iccid-1, type: iccid, value: "{ICCID}"}}
  - {{id: own-number, type: phone_number, value: "{OWN}"}}
  - {{id: carrier, type: carrier_name, value: "{CARRIER}"}}
  - {{id: contact-1, type: contact_phone_number, value: "{CONTACT}", origin: planted}}
  - {{id: sender-1, type: sms_phone_number, value: "{SENDER}", origin: planted}}
  - {{id: sms-1, type: sms_text, value: "the heron stands in the reeds at noon", origin: planted}}
"""
CASE = f"""schema: phonehome.case/1
title: "Redmi 1S, August 2014"
kind: reconstruction
handsets:
  - {{id: unit-3, make: Xiaomi, model: Redmi 1S, builds: [{FACTORY}, {UPDATE}]}}
services:
  - {{id: cloud_messaging, name: Cloud Messaging, hosts: [{HOST}]}}
  - {{id: mi_cloud, name: Mi Cloud, hosts: [{HOST}, .micloud.xiaomi.net]}}
"""
STEPS = ("start-up", "insert-sim", "join-wifi", "add-contact", "send-sms", "receive-sms")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, so many minutes after the session began."""

    minute: float
    url: str
    body: str | None = None


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One session: its conditions, consent and requests; `sent` are the data types that an audit must find."""

    id: str
    begin: datetime
    build: str
    account: str
    messaging: str
    cloud: str
    consent: str
    calls: Sequence[Call]
    sent: frozenset[str] = field(default_factory=frozenset)


def short_digest(text: str) -> str:
    """The first 16 characters of the URL-safe Base64 of a SHA-1, as the vendor's code had it."""
    return base64.urlsafe_b64encode(hashlib.sha1(text.encode()).digest()).decode()[:16]


def wrapped(**fields: str) -> str:
    """A form each of whose fields is in Base64."""
    pairs = ((name, base64.b64encode(value.encode()).decode()) for name, value in fields.items())
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)


_LOOK_UPS = (
    Call(minute=0.5, url=f"http://{HOST}/pass/activate?carrier={quote(CARRIER)}&imei={IMEI}"),
    Call(minute=1.2, url=f"http://{HOST}/pass/user@id?type=MXPH&externalId={quote(OWN)}"),
    Call(minute=3.3, url=f"http://{HOST}/pass/user@id?type=MXPH&externalId={quote(CONTACT)}"),
    Call(minute=5.3, url=f"http://{HOST}/pass/user@id?type=MXPH&externalId={quote(SENDER)}"),
)
_LOOKED_UP = frozenset({"carrier_name", "imei", "phone_number", "contact_phone_number", "sms_phone_number"})
_NOISE = Call(minute=7.5, url="http://www.miui.com/greeting?lang=en")
SESSIONS = (
    Recorded(
        id="01-factory-no-account",
        begin=datetime(2014, 8, 7, 10, tzinfo=UTC),
        build=FACTORY,
        account="none",
        messaging="on",
        cloud="off",
        consent="not_asked",
        calls=(*_LOOK_UPS, _NOISE),
        sent=_LOOKED_UP,
    ),
    Recorded(
        id="02-factory-cloud",
        begin=datetime(2014, 8, 7, 14, tzinfo=UTC),
        build=FACTORY,
        account="logged-in",
        messaging="on",
        cloud="on",
        consent="granted",
        calls=(
            *_LOOK_UPS,
            Call(minute=0.8, url=f"http://{HOST}/pass/login?imsi={IMSI}&imei={IMEI}&phone={quote(OWN)}"),
            _NOISE,
        ),
        sent=_LOOKED_UP | {"imsi"},
    ),
    Recorded(
        id="03-update-all-off",
        begin=datetime(2014, 8, 14, 10, tzinfo=UTC),
        build=UPDATE,
        account="none",
        messaging="off",
        cloud="off",
        consent="declined",
        calls=(_NOISE,),
    ),
    Recorded(
        id="04-update-all-on",
        begin=datetime(2014, 8, 14, 14, tzinfo=UTC),
        build=UPDATE,
        account="logged-in",
        messaging="on",
        cloud="on",
        consent="granted",
        calls=(
            Call(
                minute=3.3,
                url=f"https://{HOST}/pass/v3/user@id",
                body=wrapped(type="MXPH", externalId=CONTACT, deviceId=short_digest(IMEI)),
            ),
            _NOISE,
        ),
        sent=frozenset({"contact_phone_number", "imei"}),
    ),
)
SENT = {session.id: session.sent for session in SESSIONS}


def write_har(session: Recorded) -> bytes:
    """Write a session's requests as a HAR file."""
    log = {
        "version": "1.2",
        "creator": {"name": "tests", "version": "1"},
        "entries": [_entry(session.begin, call) for call in session.calls],
    }
    return json.dumps({"log": log}, indent=1).encode()


def _entry(begin: datetime, call: Call) -> dict[str, object]:
    host = call.url.split("/")[2]
    kind = "application/x-www-form-urlencoded"
    post = {"postData": {"mimeType": kind, "text": call.body}} if call.body is not None else {}
    return {
        "startedDateTime": (begin + call.minute * MINUTE).isoformat(),
        "time": 80,
        "request": {
            "method": "GET" if call.body is None else "POST",
            "url": call.url,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [{"name": "Host", "value": host}],
            "queryString": [],
            "headersSize": -1,
            "bodySize": len(call.body or ""),
            **post,
        },
        "response": {
            "status": 200,
            "statusText": "OK",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [],
            "content": {"size": 2, "mimeType": "text/plain", "text": "ok"},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": 2,
        },
        "cache": {},
        "timings": {"send": 1, "wait": 78, "receive": 1},
    }


def write_session(session: Recorded, har: bytes) -> str:
    """Write `session.yaml` for one capture."""
    return "\n".join(_session_lines(session, har)) + "\n"


def _session_lines(session: Recorded, har: bytes) -> Iterator[str]:
    yield "schema: phonehome.session/1"
    yield f"id: {session.id}"
    yield "subject: unit-3"
    yield "position: proxy"
    yield "protocol: handset-2014"
    yield "conditions:"
    yield f"  build: {session.build}"
    yield f"  account: {session.account}"
    yield "  network: wifi"
    yield f'  service.cloud_messaging: "{session.messaging}"'
    yield f'  service.mi_cloud: "{session.cloud}"'
    yield "steps:"
    for number, step in enumerate(STEPS):
        yield f'  - {{id: {step}, at: "{_time(session.begin + number * MINUTE)}"}}'
    yield "consent:"
    for service in ("cloud_messaging", "mi_cloud"):
        yield f'  - {{service: {service}, at: "{_time(session.begin)}", state: {session.consent}}}'
    yield "captures:"
    digest = hashlib.sha256(har).hexdigest()
    yield f'  - {{file: proxy.har, sha256: "{digest}", size: "{len(har)}"}}'


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def write_case(folder: Path, sessions: Sequence[Recorded] = SESSIONS) -> Path:
    """Write the whole case below `folder`; gives its root."""
    root = folder / FOLDER
    (root / "subjects").mkdir(parents=True)
    (root / "case.yaml").write_text(CASE, encoding="utf-8")
    (root / "subjects" / "unit-3.yaml").write_text(SUBJECT, encoding="utf-8")
    for session in sessions:
        place = root / "sessions" / session.id
        place.mkdir(parents=True)
        har = write_har(session)
        (place / "proxy.har").write_bytes(har)
        (place / "session.yaml").write_text(write_session(session, har), encoding="utf-8")
    return root
