"""Cases to sign, seal and share: captures in which values were sent, and keys to sign with."""

import functools
from pathlib import Path

from case_folders import CASE_TEXT, IMEI
from command_line import entry, har

from phonehome.case.adding import Recording, add_session
from phonehome.case.keys import SigningKey, new_signing_key, render_private
from phonehome.model.session import Position, Session

CONTACT = "+12025550143"
PASSPHRASE = "nobody says this"
PASSPHRASE_VARIABLE = "PHONEHOME_TEST_PASSPHRASE"
SUBJECT_TEXT = f"""\
values:
- {{id: imei-1, type: imei, value: "{IMEI}"}}
- {{id: alices-number, type: contact_phone_number, value: "{CONTACT}", origin: planted}}
- {{id: account-of-alice, type: username, value: "{CONTACT}"}}
- {{id: text-1, type: sms_text, value: "meet me behind the old mill", origin: planted}}
"""


def sent() -> bytes:
    """A recording in which the IMEI goes out three times, the contact's number twice, and a text once."""
    return har(
        entry(f"http://api.example.com/pass/activate?imei={IMEI}&who=alice&phone=%2B12025550143"),
        entry("https://api.example.com/device", body=f'{{"device":{{"imei":"{IMEI}","owner":"alice"}}}}'),
        entry("https://other.example.net/sync", body=f"meet me behind the old mill\n{IMEI}\n{CONTACT}"),
    )


def write_evidence(root: Path, *, sessions: int = 1) -> Path:
    """Make a case whose sessions were added as `phonehome case add-session` does it."""
    (root / "subjects").mkdir(parents=True)
    (root / "case.yaml").write_text(CASE_TEXT, encoding="utf-8")
    (root / "subjects" / "phone-1.yaml").write_text(SUBJECT_TEXT, encoding="utf-8")
    for number in range(1, sessions + 1):
        add_traffic(root, f"{number:02}-factory")
    return root


def add_traffic(root: Path, name: str) -> None:
    """Add a session with the recording of `sent`."""
    source = root.parent / f"source-{root.name}-{name}"
    source.mkdir()
    (source / "traffic.har").write_bytes(sent())
    session = Session(
        id=name,
        subject="phone-1",
        position=Position.PROXY,
        conditions={"build": "1.0", "account": "none", "network": "wifi"},
    )
    add_session(root, session, [Recording(capture=source / "traffic.har", keylog=None)], "test")


def lab_key(number: int = 1) -> tuple[SigningKey, bytes]:
    """A key, and its file, which `PASSPHRASE` opens; made once, since its encryption is slow on purpose."""
    return _make_key(number)


@functools.cache
def _make_key(number: int) -> tuple[SigningKey, bytes]:
    key = new_signing_key()
    return key, render_private(key, PASSPHRASE)


def write_key(folder: Path, number: int = 1) -> Path:
    """Write such a key with its public half beside it; give the private one's place."""
    folder.mkdir(parents=True, exist_ok=True)
    key, private = lab_key(number)
    path = folder / f"lab-{number}.pem"
    path.write_bytes(private)
    path.with_name(f"{path.name}.pub").write_bytes(key.public.as_pem())
    return path


def public_of(path: Path) -> Path:
    """The public half of such a key."""
    return path.with_name(f"{path.name}.pub")
