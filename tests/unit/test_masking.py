"""Whole audits of captures in which values stand everywhere: no view may show one, and --reveal shows them."""

import base64
import gzip
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

import hyperscan
import pytest
from detecting import (
    AD_ID,
    ANDROID_ID,
    EMAIL,
    IMEI,
    MAC,
    NAME,
    PHONE,
    SMS,
    har_entry,
    known,
    subject_of,
    write_har,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from phonehome.audit import audit
from phonehome.detect import Detector
from phonehome.documents.audit import AuditDocument
from phonehome.reports.csv_report import render_csv
from phonehome.reports.html import render_html
from phonehome.reports.json_report import render_json
from phonehome.reports.terminal import render_terminal

SUBJECT = subject_of(
    known("imei", IMEI),
    known("imsi", "310260123456789"),
    known("phone_number", PHONE),
    known("email", EMAIL),
    known("contact_name", NAME),
    known("android_id", ANDROID_ID),
    known("advertising_id", AD_ID),
    known("wifi_mac", MAC),
    known("username", "quillbarth77"),
    known("ssid", "HeronNest 42"),
    known("serial_number", "R58M4219ZKX"),
    known("person_name", "Zoë Łukasiewicz"),
    known("sms_text", SMS),
    region="US",
)
NUMBERS = (IMEI, "12025550143", "310260123456789")
FORMS = {
    "imei": (IMEI[:14], "49-015420-323751"),
    "phone_number": ("12025550143", "2025550143", "(202) 555-0143", "202-555-0143"),
    "wifi_mac": (MAC.replace(":", ""), MAC.replace(":", "-")),
    "advertising_id": (AD_ID.replace("-", ""),),
    "contact_name": ("Quillfeather",),
    "email": ("bartholomew.quillfeather",),
}

ENCODE: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "lower": str.lower,
    "upper": str.upper,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "upper-hex": lambda text: text.encode().hex().upper(),
    "spaced-hex": lambda text: text.encode().hex("-"),
    "percent": lambda text: quote(text, safe=""),
    "every-percent": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "percent-twice": lambda text: quote(quote(text, safe=""), safe=""),
    "unicode-escapes": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "md5": lambda text: hashlib.md5(text.encode()).hexdigest(),
    "upper-md5": lambda text: hashlib.md5(text.encode()).hexdigest().upper(),
    "middle-md5": lambda text: hashlib.md5(text.encode()).hexdigest()[8:24],
    "sha256": lambda text: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode(),
    "cut-sha1": lambda text: base64.urlsafe_b64encode(hashlib.sha1(text.encode()).digest())[:16].decode(),
    "base64-twice": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "gzip": lambda text: base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode(),
    "utf-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
}
SAFE = "%/+=&~!*'();:@,$-._"  # so that an encoding reaches the URL as it is
Entry = dict[str, object]


def _url(rest: str) -> Entry:
    return har_entry(
        json.dumps({"imei": IMEI, "n": NAME}), url="https://h.example.net" + quote(rest, safe=SAFE + "?#")
    )


def _body(text: str, mime: str = "text/plain") -> Entry:
    return har_entry(text, mime=mime, url="https://h.example.net/p?a=" + AD_ID)


PLACES: dict[str, Callable[[str], Entry]] = {
    "query": lambda text: _url(f"/p?id={text}&x=1"),
    "query-name": lambda text: _url(f"/p?{text}=1&x=1"),
    "path": lambda text: _url(f"/d/{text}/x"),
    "fragment": lambda text: _url(f"/d#{text}"),
    "host": lambda text: har_entry(
        json.dumps({"imei": IMEI}), url=f"https://{re.sub('[^A-Za-z0-9-]', '-', text)[:60]}.h.example.net/d"
    ),
    "header": lambda text: har_entry(IMEI, headers=[("X-Id", text), ("Y", "1")]),
    "cookie": lambda text: har_entry(IMEI, headers=[("Cookie", f"a=b; sid={text}; c=d")]),
    "json": lambda text: _body(json.dumps({"d": {"k": text, "z": 1}})),
    "json-key": lambda text: _body(json.dumps({text: {text: IMEI, "q": EMAIL}})),
    "json-side-by-side": lambda text: _body(json.dumps([text, text, IMEI, "356938035643809"])),
    "text": lambda text: _body(f"hello {text} world {text}"),
    "far-apart": lambda text: _body(f"{IMEI} {'lorem ' * 13} {text}"),
    "at-the-edge": lambda text: _body(f"{text}{' ' * 70}{IMEI}{' ' * 70}{text}"),
    "xml": lambda text: _body(f'<a b="{text.replace("&", "&amp;")}">{IMEI}</a>'),
    "file-name": lambda text: _body(
        f'--b\r\nContent-Disposition: form-data; name="f"; filename="{text}"\r\n\r\n{IMEI}\r\n--b--\r\n',
        "multipart/form-data; boundary=b",
    ),
    "response": lambda text: har_entry(IMEI, response=json.dumps({"k": text})),
}
# A host name is case-folded, which spoils these before anybody could mask them.
SPOILT_BY_HOSTS = {"base64", "base64url", "base64-twice", "gzip", "utf-16", "sha256", "cut-sha1"}


def secrets() -> list[str]:
    """Everything that no view may show, in lower case: values, forms, encodings of both, pieces of numbers."""
    found: set[str] = set()
    for value in SUBJECT.values:
        for form in (value.value, *FORMS.get(value.type.value, ())):
            for name, encode in ENCODE.items():
                written = encode(form).lower()
                found.add(written)
                if len(written) > 24 and not name.startswith("percent"):
                    found.update((written[:20], written[-20:]))
    for number in NUMBERS:
        found.update(number[at : at + 6] for at in range(len(number) - 5))
    found.update(SMS.lower()[at : at + 24] for at in range(0, len(SMS) - 24, 4))
    return sorted(secret for secret in found if len(secret) >= 6)


def _compiled(texts: list[str]) -> hyperscan.Database:
    """Thousands of literals at once; a regular expression of as many branches would take minutes."""
    database = hyperscan.Database()
    expressions = ["".join(f"\\x{byte:02x}" for byte in text.encode()).encode() for text in texts]
    database.compile(expressions=expressions, elements=len(expressions))
    return database


SECRETS = _compiled(secrets())


def first_leak(text: str) -> str | None:
    """The surroundings of the first secret in a text."""
    raw = text.lower().encode("utf-8", "replace")
    ends: list[int] = []

    def on_match(_number: int, _start: int, end: int, _flags: int, _context: object) -> bool:
        ends.append(end)
        return True

    with suppress(hyperscan.ScanTerminated):
        SECRETS.scan(raw, match_event_handler=on_match)
    return raw[max(ends[0] - 120, 0) : ends[0] + 40].decode(errors="replace") if ends else None


def views(document: AuditDocument) -> Iterator[tuple[str, str]]:
    """Every view, without the hexadecimal ids and digests that the program itself made."""
    own = {finding.id for finding in document.findings} | {flow.id for flow in document.flows}
    own |= {one.sha256 or "-" for one in document.inputs}
    made = re.compile(r"\b[0-9a-f]{16}\b|\b[0-9a-f]{64}\b")
    screen = io.StringIO()
    render_terminal(document, Console(file=screen, width=200))
    page = render_html(document)
    page = re.sub(
        r"<style.*?</style>|<script>.*?</script>|'sha256-[A-Za-z0-9+/=]{44}'", "", page, flags=re.DOTALL
    )
    for name, text in (
        ("json", render_json(document)),
        ("csv", render_csv(document)),
        ("terminal", screen.getvalue()),
        ("html", page),
    ):
        yield name, made.sub(lambda match: "" if match[0] in own else match[0], text)


def assert_masked(document: AuditDocument) -> None:
    for name, text in views(document):
        assert first_leak(text) is None, name


@pytest.mark.parametrize("place", PLACES)
def test_no_view_shows_a_value_in_this_place_however_it_is_written(place: str, tmp_path: Path) -> None:
    encodings = [name for name in ENCODE if place != "host" or name not in SPOILT_BY_HOSTS]
    entries = [PLACES[place](ENCODE[name](value.value)) for name in encodings for value in SUBJECT.values]
    document = audit([write_har(tmp_path, *entries)], subject=SUBJECT)
    assert len(document.findings) >= len(entries)
    assert_masked(document)


def test_reveal_shows_the_values(tmp_path: Path) -> None:
    path = write_har(tmp_path, *(PLACES["json"](value.value) for value in SUBJECT.values))
    shown = audit([path], subject=SUBJECT, reveal=True).model_dump_json()
    for value in SUBJECT.values:
        assert value.value in shown


WRITTEN = st.builds(
    lambda value, name: ENCODE[name](value.value),
    st.sampled_from(SUBJECT.values),
    st.sampled_from(sorted(ENCODE)),
)
GLUE = st.sampled_from(
    ["", " ", "&", ";", ",", "=", '"', "\\", "/", "|", "\n", " " * 60, "x" * 90, "é", "‹", "1", "Az"]
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    pieces=st.lists(st.tuples(WRITTEN, GLUE), min_size=2, max_size=5),
    place=st.sampled_from(["json", "text", "far-apart", "at-the-edge", "response", "json-side-by-side"]),
)
def test_values_side_by_side_do_not_uncover_one_another(
    pieces: list[tuple[str, str]], place: str, tmp_path: Path
) -> None:
    # Numbers that touch digits or letters are another number; there is nothing to hide then.
    text = "".join(written + (glue if not glue.isalnum() else f" {glue} ") for written, glue in pieces)
    assert_masked(audit([write_har(tmp_path, PLACES[place](text))], subject=SUBJECT))


MASKER = Detector(SUBJECT).make_masker(reveal=False)


def test_masked_text_names_the_value_in_the_place_of_the_value() -> None:
    assert MASKER.text(b"imei=490154203237518&x=1") == "imei=‹imei-1›&x=1"
    assert MASKER.text(b"e=bartholomew.quillfeather%40example.org&x=1") == "e=‹email-1›&x=1"
    assert MASKER.text(b"p=KzEyMDI1NTUwMTQz&x=1") == "p=‹phone-number-1›&x=1"


@pytest.mark.parametrize("before", ["&", "?", "", "x=1&", "…&y=2&"])
@pytest.mark.parametrize("value", [SMS, NAME, "Zoë Łukasiewicz"])
def test_the_spaces_of_a_form_do_not_uncover_a_value(before: str, value: str) -> None:
    """A window shows what stands behind a span: a piece that begins with an ampersand is opened as no query."""
    shown = MASKER.text(f"{before}text={quote_plus(value)}&z=3".encode())
    for word in value.split():
        assert word not in shown
        assert quote_plus(word) not in shown


def test_a_text_of_a_megabyte_is_cut_and_still_masked() -> None:
    shown = MASKER.text((b"z" * 50 + b" " + IMEI.encode() + b" ") * 20_000)
    assert len(shown) < 100_000
    assert "490154" not in shown


@pytest.mark.parametrize("name", [f"{IMEI}.har", f"imei-{IMEI}-1.har", "12025550143 quillbarth77.har"])
def test_a_files_name_that_holds_a_value_is_masked_wherever_it_shows(name: str, tmp_path: Path) -> None:
    broken: Entry = {"startedDateTime": "2024-01-01T00:00:00Z", "request": "none"}
    folder = tmp_path / f"of {EMAIL}"
    folder.mkdir()
    path = write_har(folder, PLACES["json"](IMEI), broken, name=name)
    document = audit([path, str(tmp_path / f"{IMEI}-missing.har")], subject=SUBJECT)
    assert document.findings
    assert len(document.problems) >= 2
    assert document.inputs[0].path.startswith(str(tmp_path))
    assert all("‹" in shown for shown in (document.inputs[0].path, document.problems[-1].where))
    assert_masked(document)
    revealed = audit([path], subject=SUBJECT, reveal=True)
    assert revealed.inputs[0].path == revealed.findings[0].exchange.input == path


def test_a_files_name_without_a_value_stands() -> None:
    for name in ("/srv/2024-11-21/phone 3/20241121T101500Z-88fe21c07.har", "a.zip!b/c.har", "-"):
        assert MASKER.path(name) == name
