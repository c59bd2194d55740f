"""The affair of 2014 with recordings made here: what was reported as sent is sent, with invented values."""

import base64
import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from small_case import Call, Recorded, short_digest, wrapped, write_har

from phonehome.case.affair_2014 import CAPTURE_NAME, FOLDER

HOST = "api.account.xiaomi.com"
IMEI, IMSI = "490154203237518", "310150123456789"
OWN, CONTACT, SENDER = "+12025550110", "+12025550143", "+12025550187"
NOTE_HOST, NOTE_ADDRESS = "app.chat.xiaomi.net", "42.62.48.181"
_NOISE = Call(minute=7.5, url="http://www.miui.com/greeting?lang=en")
_OPAQUE = base64.b64encode(bytes((index * 151 + 17) % 256 for index in range(600))).decode()
CALLS: Mapping[str, tuple[datetime, Sequence[Call]]] = {
    "01-factory-no-account": (
        datetime(2014, 8, 7, 10, tzinfo=UTC),
        (
            Call(
                minute=0.5, url=f"http://{HOST}/pass/activate?carrier={quote('Fictional Mobile')}&imei={IMEI}"
            ),
            Call(minute=2.5, url=f"http://{HOST}/pass/activate?phone={quote(OWN)}"),
            Call(minute=8.3, url=f"http://{HOST}/pass/user@id?type=MXPH&externalId={quote(CONTACT)}"),
            Call(minute=12.3, url=f"http://{HOST}/pass/user@id?type=MXPH&externalId={quote(SENDER)}"),
            _NOISE,
        ),
    ),
    "02-factory-mi-cloud": (
        datetime(2014, 8, 7, 14, tzinfo=UTC),
        (
            Call(minute=0.5, url=f"http://{HOST}/pass/login?imsi={IMSI}&imei={IMEI}&phone={quote(OWN)}"),
            _NOISE,
        ),
    ),
    "03-update-all-off": (datetime(2014, 8, 14, 10, tzinfo=UTC), (_NOISE,)),
    "04-update-all-on": (
        datetime(2014, 8, 14, 14, tzinfo=UTC),
        (
            Call(
                minute=4.3,
                url=f"https://{HOST}/pass/v3/user@id",
                body=wrapped(type="MXPH", ExternalID=CONTACT, DeviceID=short_digest(IMEI)),
            ),
            _NOISE,
        ),
    ),
    "05-note-wifi": (
        datetime(2014, 7, 28, 10, tzinfo=UTC),
        (Call(minute=1, url=f"https://{NOTE_HOST}/upload", body=f"data={quote(_OPAQUE)}"),),
    ),
    "06-note-cellular": (
        datetime(2014, 7, 28, 14, tzinfo=UTC),
        (Call(minute=1, url=f"https://{NOTE_HOST}/hello"),),
    ),
}


def write_affair(folder: Path) -> Path:
    """Write the case with its recordings below `folder`; gives its root."""
    root = folder / "affair"
    shutil.copytree(FOLDER, root)
    for name, (begin, calls) in CALLS.items():
        place = root / "sessions" / name
        session = place / "session.yaml"
        session.write_text(
            session.read_text(encoding="utf-8").replace(CAPTURE_NAME, "traffic.har"), encoding="utf-8"
        )
        recorded = Recorded(
            id=name, begin=begin, build="", account="", messaging="", cloud="", consent="", calls=calls
        )
        (place / "traffic.har").write_bytes(_with_address(write_har(recorded), name))
    return root


def _with_address(har: bytes, session: str) -> bytes:
    if "note" not in session:
        return har
    log = json.loads(har)
    for entry in log["log"]["entries"]:
        entry["serverIPAddress"] = NOTE_ADDRESS
    return json.dumps(log).encode()
