"""DSSE envelopes: a payload and signatures over it (https://github.com/secure-systems-lab/dsse, v1.0.2).

What is signed is not the payload but its pre-authentication encoding (PAE), which binds its type to it. Whoever holds
a public key checks the signature first and only then looks into the payload.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature

from phonehome.case.keys import PublicKey, SigningKey
from phonehome.model.errors import ConfigError

MAX_SIGNATURES = 16


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature; `keyid` is a hint that nobody has to believe."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload of a type, with the signatures over both."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    def is_signed_by(self, key: PublicKey) -> bool:
        """Say whether one of the signatures was made with this key, whatever its hint says."""
        message = encode_for_signing(self.payload_type, self.payload)
        return any(_verifies(key, signature.sig, message) for signature in self.signatures)


def _verifies(key: PublicKey, sig: bytes, message: bytes) -> bool:
    try:
        key.raw.verify(sig, message)
    except InvalidSignature:
        return False
    return True


def encode_for_signing(payload_type: str, payload: bytes) -> bytes:
    """Give the PAE: `DSSEv1`, then the length and the bytes of type and payload, separated by single spaces."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_payload(payload_type: str, payload: bytes, keys: Iterable[SigningKey]) -> Envelope:
    """Sign a payload with each key."""
    message = encode_for_signing(payload_type, payload)
    signatures = tuple(Signature(key.public.fingerprint, key.raw.sign(message)) for key in keys)
    return Envelope(payload_type, payload, signatures)


def render_envelope(envelope: Envelope) -> bytes:
    """Write an envelope as JSON, one field a line."""
    document = {
        "payloadType": envelope.payload_type,
        "payload": base64.b64encode(envelope.payload).decode(),
        "signatures": [
            {"keyid": signature.keyid, "sig": base64.b64encode(signature.sig).decode()}
            for signature in envelope.signatures
        ],
    }
    return (json.dumps(document, indent=2) + "\n").encode()


def parse_envelope(data: bytes, path: Path) -> Envelope:
    """Read an envelope.

    Raises:
        ConfigError: It is none; the sentence names `path`.
    """
    try:
        document = json.loads(data)
        signatures = document["signatures"]
        if not 0 < len(signatures) <= MAX_SIGNATURES:
            raise ValueError(f"it has {len(signatures)} signatures")
        return Envelope(
            _text(document["payloadType"]),
            _decode(document["payload"]),
            tuple(Signature(_text(one.get("keyid") or ""), _decode(one["sig"])) for one in signatures),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ConfigError(
            f"{path}: this is no DSSE envelope, or it was damaged; take it from the sender again"
        ) from error


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError("not a text")
    return found


def _decode(found: object) -> bytes:
    """Standard or URL-safe Base64, as the protocol asks of readers."""
    try:
        return base64.b64decode(_text(found).replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise ValueError("not Base64") from error
