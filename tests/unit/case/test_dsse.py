"""Envelopes: the encoding that is signed, to the byte, and signatures that hold for one key and one payload."""

import json
from pathlib import Path

import pytest
from evidence_cases import lab_key
from hypothesis import given
from hypothesis import strategies as st

from phonehome.case.dsse import (
    Envelope,
    Signature,
    encode_for_signing,
    parse_envelope,
    render_envelope,
    sign_payload,
)
from phonehome.model.errors import ConfigError

PLACE = Path("x.dsse.json")


def test_the_encoding_is_that_of_the_protocols_own_example() -> None:
    assert encode_for_signing("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_lengths_are_of_bytes_not_of_characters() -> None:
    assert encode_for_signing("ü", "€".encode()) == b"DSSEv1 2 \xc3\xbc 3 \xe2\x82\xac"


def test_a_signature_holds_for_its_key_payload_and_type_only() -> None:
    (one, _), (other, _) = lab_key(1), lab_key(2)
    envelope = sign_payload("a/b", b"payload", [one])
    assert envelope.is_signed_by(one.public)
    assert not envelope.is_signed_by(other.public)
    assert not Envelope("a/b", b"payloaD", envelope.signatures).is_signed_by(one.public)
    assert not Envelope("a/c", b"payload", envelope.signatures).is_signed_by(one.public)


def test_the_hint_counts_for_nothing() -> None:
    (one, _), (other, _) = lab_key(1), lab_key(2)
    envelope = sign_payload("a/b", b"payload", [one])
    lying = Envelope("a/b", b"payload", (Signature(other.public.fingerprint, envelope.signatures[0].sig),))
    assert lying.is_signed_by(one.public)
    assert not lying.is_signed_by(other.public)


def test_several_may_sign_and_it_reads_back() -> None:
    keys = [lab_key(1)[0], lab_key(2)[0]]
    envelope = sign_payload("a/b", b"\x00payload\xff", keys)
    assert all(envelope.is_signed_by(key.public) for key in keys)
    assert parse_envelope(render_envelope(envelope), PLACE) == envelope


def test_url_safe_base64_is_read_too() -> None:
    document = {"payloadType": "t", "payload": "-_8=", "signatures": [{"sig": "AA=="}]}
    assert parse_envelope(json.dumps(document).encode(), PLACE).payload == b"\xfb\xff"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'{"payloadType": "t", "payload": "", "signatures": []}',
        b'{"payloadType": "t", "payload": "!", "signatures": [{"sig": ""}]}',
        b'{"payloadType": 1, "payload": "", "signatures": [{"sig": ""}]}',
        b'{"payloadType": "t", "payload": "", "signatures": [1]}',
        b'{"payloadType": "t", "payload": "", "signatures": [{"keyid": 1, "sig": ""}]}',
        b'{"payloadType": "t", "payload": "", "signatures": 7}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_envelope_is_a_sentence(data: bytes) -> None:
    with pytest.raises(ConfigError, match=r"x\.dsse\.json: this is no DSSE envelope"):
        parse_envelope(data, PLACE)


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_changed_byte_never_passes_as_the_same_payload(at: int, bit: int) -> None:
    key = lab_key()[0]
    envelope = sign_payload("a/b", b"the payload", [key])
    data = bytearray(render_envelope(envelope))
    data[at % len(data)] ^= 1 << bit
    try:
        found = parse_envelope(bytes(data), PLACE)
    except ConfigError:
        return
    if found.is_signed_by(key.public):
        assert (found.payload_type, found.payload) == (envelope.payload_type, envelope.payload)
