"""Small cases, written as people write them."""

from pathlib import Path

IMEI = "490154203237518"
CASE_TEXT = """\
schema: phonehome.case/1
title: A test
handsets:
- {id: phone-1, make: Example, model: Phone 5, builds: ["1.0", "1.1"]}
services:
- {id: cloud, hosts: [api.example.com, .cloud.example.com]}
- {id: push}
"""
SUBJECT_TEXT = f'values:\n- {{id: imei-1, type: imei, value: "{IMEI}"}}\n'
SESSION_TEXT = """\
schema: phonehome.session/1
id: 01-factory
subject: phone-1
position: gateway
protocol: handset-2014
conditions: {build: "1.0", account: none, network: wifi, service.cloud: "off"}
clock_offset_s: 1.5
steps:
- {id: start-up, at: 2014-08-07T09:00:00Z}
- {id: add-contact, at: 2014-08-07T11:10:00+02:00, note: the planted one}
consent:
- {service: cloud, at: 2014-08-07T09:00:00Z, state: not_asked}
- {service: cloud, at: 2014-08-07T09:05:00Z, state: declined, shown: "Use the cloud?"}
captures:
- {file: traffic.pcap, keylog: keys.txt}
tools: {tcpdump: "4.99"}
"""
ANNOTATIONS_TEXT = """\
schema: phonehome.annotations/1
annotations:
- {at: 2014-08-08T09:00:00Z, author: A. Tester, reason: read again, session: 01-factory, clock_offset_s: 2}
"""


def write_case(root: Path, *, sessions: int = 1) -> Path:
    """Make a case with a handset, two services and sessions `01-factory`, `02-factory`…; give its folder."""
    (root / "subjects").mkdir(parents=True)
    (root / "case.yaml").write_text(CASE_TEXT, encoding="utf-8")
    (root / "subjects" / "phone-1.yaml").write_text(SUBJECT_TEXT, encoding="utf-8")
    for number in range(1, sessions + 1):
        folder = root / "sessions" / f"{number:02}-factory"
        folder.mkdir(parents=True)
        text = SESSION_TEXT.replace("01-factory", folder.name)
        (folder / "session.yaml").write_text(text, encoding="utf-8")
        (folder / "traffic.pcap").write_bytes(b"traffic")
        (folder / "keys.txt").write_bytes(b"keys")
    return root


def replace_in(path: Path, old: str, new: str) -> int:
    """Replace a text that stands in a file once, and give the number of its line."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1
