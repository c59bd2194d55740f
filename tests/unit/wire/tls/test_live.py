"""TLS as OpenSSL speaks it today, from one memory buffer to another."""

import re
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tls_live import COMMON_NAME, NAME, Endpoints, Recording, certificate_file, read_tls, whole

from phonehome.wire.side import Side
from phonehome.wire.tls import KeyLog, TlsConnection
from phonehome.wire.tls.suites import SUITES

TALK = [
    (Side.CLIENT, b"GET /?imei=490154203237518 HTTP/1.1\r\n\r\n"),
    (Side.SERVER, bytes(range(256)) * 200),
    (Side.CLIENT, b"x"),
    (Side.SERVER, b"the end"),
]
OLD = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2)


def _suites() -> list[str]:
    """What this OpenSSL can speak below TLS 1.3 with a certificate that `tls_live` makes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers(
        "ALL:COMPLEMENTOFALL:!kPSK:!kDHEPSK:!kECDHEPSK:!kRSAPSK:!kSRP:!aDSS:!ARIA:@SECLEVEL=0"
    )
    return [suite["name"] for suite in context.get_ciphers() if suite["protocol"] != "TLSv1.3"]


def _speaks(name: str, version: ssl.TLSVersion) -> bool:
    return version is ssl.TLSVersion.TLSv1_2 or not re.search(r"GCM|CCM|CHACHA|SHA256$|SHA384$", name)


@pytest.mark.parametrize("version", OLD, ids=lambda version: version.name)
def test_every_suite_that_openssl_speaks_is_read(tmp_path: Path, version: ssl.TLSVersion) -> None:
    names = [name for name in _suites() if _speaks(name, version)]
    assert len(names) >= 15
    seen = set()
    for name in names:
        recording, _ = Endpoints(tmp_path, version=version, ciphers=name).connect(talk=TALK)
        connection, said = read_tls(recording.wire, KeyLog.parse(recording.keys))
        assert said == whole(recording), name
        assert connection.closed == [0, 0]
        assert connection.reason_closed is None
        assert connection.facts.version == {"TLSv1": "TLS 1.0"}.get(
            version.name, version.name.replace("v1_", " 1.")
        )
        seen.add(connection.facts.cipher)
    assert len(seen) == len(names)


def test_tls_13_is_read_with_its_names_and_protocol(tmp_path: Path) -> None:
    recording, _ = Endpoints(tmp_path, alpn=("h2", "http/1.1")).connect(talk=TALK)
    keys = KeyLog.parse(recording.keys)
    connection, said = read_tls(recording.wire, keys)
    assert said == whole(recording)
    facts = connection.facts
    assert (facts.sni, facts.ech_outer, facts.version) == (NAME, False, "TLS 1.3")
    assert (facts.alpn_offered, facts.alpn_chosen) == (("h2", "http/1.1"), "h2")
    assert facts.certificate_names == (NAME, COMMON_NAME)
    assert facts.ja4 is not None
    assert facts.ja4.startswith("t13d")
    assert keys.unused == 0


def test_without_a_key_log_the_facts_stay_and_the_payload_is_counted(tmp_path: Path) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        recording, _ = Endpoints(tmp_path, version=version, alpn=("h2",)).connect(talk=TALK)
        connection, said = read_tls(recording.wire, KeyLog())
        assert said == [[], []]
        assert connection.closed[Side.CLIENT] > len(recording.said[Side.CLIENT])
        assert connection.closed[Side.SERVER] > len(recording.said[Side.SERVER])
        assert connection.reason_closed == "encrypted, and there is no key log"
        assert connection.facts.sni == NAME
        below = version is ssl.TLSVersion.TLSv1_2
        assert connection.facts.certificate_names == ((NAME, COMMON_NAME) if below else ())


def test_keys_of_another_connection_open_nothing_and_are_said_to_be_unused(tmp_path: Path) -> None:
    ends = Endpoints(tmp_path)
    recording, _ = ends.connect(talk=TALK)
    (tmp_path / "keys.log").write_bytes(b"")
    other, _ = ends.connect(talk=TALK)
    lines = [line for line in other.keys.splitlines() if line not in recording.keys.splitlines()]
    keys = KeyLog.parse(b"\n".join(lines))
    connection, said = read_tls(recording.wire, keys)
    assert said == [[], []]
    assert connection.reason_closed == "no secret for this connection in the key log"
    assert keys.unused == 1


def test_wrong_secrets_under_the_right_random_open_nothing(tmp_path: Path) -> None:
    for version in (*OLD, ssl.TLSVersion.TLSv1_3):
        recording, _ = Endpoints(tmp_path, version=version).connect(talk=TALK)
        wrong = re.sub(rb"(?m)([0-9a-f]{8})$", b"00000000", recording.keys)
        connection, said = read_tls(recording.wire, KeyLog.parse(wrong))
        assert said == [[], []]
        assert connection.reason_closed == "records do not open under the key log's secret"


@pytest.mark.parametrize("missing", ["CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"])
def test_a_missing_secret_closes_one_direction_only(tmp_path: Path, missing: str) -> None:
    recording, _ = Endpoints(tmp_path).connect(talk=TALK)
    lines = [line for line in recording.keys.splitlines() if not line.startswith(missing.encode())]
    connection, said = read_tls(recording.wire, KeyLog.parse(b"\n".join(lines)))
    closed = Side.CLIENT if missing.startswith("CLIENT") else Side.SERVER
    assert said[closed] == []
    assert said[closed.other] == whole(recording)[closed.other]
    assert connection.closed[closed] > 0
    assert connection.closed[closed.other] == 0
    assert connection.reason_closed is not None
    assert closed.name.lower() in connection.reason_closed


def test_application_data_opens_without_the_handshake_secrets(tmp_path: Path) -> None:
    recording, _ = Endpoints(tmp_path).connect(talk=TALK)
    lines = [line for line in recording.keys.splitlines() if b"HANDSHAKE" not in line]
    connection, said = read_tls(recording.wire, KeyLog.parse(b"\n".join(lines)))
    assert said == whole(recording)
    assert (connection.closed, connection.reason_closed) == ([0, 0], None)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_resumed_session_is_read(tmp_path: Path, version: ssl.TLSVersion) -> None:
    ends = Endpoints(tmp_path, version=version)
    _, session = ends.connect(talk=TALK)
    assert session is not None
    recording, _ = ends.connect(talk=TALK, session=session)
    connection, said = read_tls(recording.wire, KeyLog.parse(recording.keys))
    assert said == whole(recording)
    assert connection.facts.certificate_names == ()


def test_a_retried_hello_is_read(tmp_path: Path) -> None:
    ends = Endpoints(tmp_path)
    ends.server.set_ecdh_curve("secp384r1")  # not the one that the client sends a key share of
    recording, _ = ends.connect(talk=TALK)
    assert recording.stream(Side.CLIENT).count(NAME.encode()) == 2
    connection, said = read_tls(recording.wire, KeyLog.parse(recording.keys))
    assert said == whole(recording)
    assert connection.facts.version == "TLS 1.3"


def _rsa_line(recording: Recording, folder: Path) -> bytes:
    """The line that tools write who hold the server's key: the premaster secret by its encrypted form."""
    key = load_pem_private_key(certificate_file(folder, "RSA").read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    stream = recording.stream(Side.CLIENT)
    place = stream.index(b"\x10\x00\x01\x02\x01\x00") + 6
    encrypted = stream[place : place + 256]
    premaster = key.decrypt(encrypted, padding.PKCS1v15())
    return b"RSA " + encrypted[:8].hex().upper().encode() + b" " + premaster.hex().encode() + b"\n"


@pytest.mark.parametrize("first", list(Side))
@pytest.mark.parametrize("version", OLD, ids=lambda version: version.name)
def test_rsa_lines_open_their_connection_and_those_that_resume_it(
    tmp_path: Path, version: ssl.TLSVersion, first: Side
) -> None:
    ends = Endpoints(tmp_path, version=version, ciphers="AES128-SHA")
    recording, session = ends.connect(talk=TALK)
    resumed, _ = ends.connect(talk=TALK, session=session)
    keys = KeyLog.parse(_rsa_line(recording, tmp_path))
    for each in (recording, resumed):
        wire = [(side, each.stream(side)) for side in (first, first.other)]
        connection, said = read_tls(wire, keys)
        assert said == whole(each)
        assert connection.reason_closed is None
    assert keys.unused == 0


def test_the_secrets_of_an_encrypted_hello_are_found_under_its_own_random(tmp_path: Path) -> None:
    recording, _ = Endpoints(tmp_path).connect(talk=TALK)
    hello = recording.wire[0][1]
    # Secrets do not depend on what the wire shows, so an outer hello can be put in the inner one's place.
    outer = hello[:11] + bytes(32) + hello[43:] + bytes.fromhex("fe0d0001") + b"\0"
    body = bytearray(outer)
    for place, width in ((3, 2), (6, 3), (_extensions_at(hello), 2)):
        size = int.from_bytes(body[place : place + width], "big") + 5
        body[place : place + width] = size.to_bytes(width, "big")
    wire = [(Side.CLIENT, bytes(body)), *recording.wire[1:]]
    keys = KeyLog.parse(recording.keys)
    connection, said = read_tls(wire, keys)
    assert said == whole(recording)
    assert connection.facts.ech_outer
    assert keys.unused == 0
    # The same hello with its own secrets in the log was no outer one: the client only pretended.
    grease = [(Side.CLIENT, bytes(body[:11]) + hello[11:43] + bytes(body[43:])), *recording.wire[1:]]
    connection, said = read_tls(grease, KeyLog.parse(recording.keys))
    assert said == whole(recording)
    assert not connection.facts.ech_outer


def _extensions_at(hello: bytes) -> int:
    """Where the length of a hello's extensions stands in its record."""
    at = 43 + 1 + hello[43]
    at += 2 + int.from_bytes(hello[at : at + 2], "big")
    return at + 1 + hello[at]


def test_marks_lead_from_the_plaintext_to_the_record(tmp_path: Path) -> None:
    recording, _ = Endpoints(tmp_path).connect(talk=TALK)
    connection = TlsConnection(KeyLog.parse(recording.keys))
    for side, data in recording.wire:
        connection.feed(side, data)
    plain = connection.take(Side.SERVER)
    assert plain is not None
    stream = recording.stream(Side.SERVER)
    offsets, records = plain.marks[::2], plain.marks[1::2]
    for offset, record, end in zip(offsets, records, [*offsets[1:], len(plain.data)], strict=True):
        assert stream[record : record + 3] == b"\x17\x03\x03"
        assert int.from_bytes(stream[record + 3 : record + 5], "big") == end - offset + 17
    assert connection.take(Side.SERVER) is None


def test_every_suite_has_a_name_of_its_own() -> None:
    names = [suite.name for suite in SUITES.values()]
    doubled = {name for name in names if names.count(name) > 1}
    assert doubled == {
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",  # Google's numbers and the final ones
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    }
