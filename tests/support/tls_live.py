"""Real TLS between two OpenSSL endpoints in memory, recorded with its key log."""

import datetime
import ssl
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from phonehome.wire.side import Side
from phonehome.wire.tls import KeyLog, TlsConnection

NAME = "cloud.example"
COMMON_NAME = "The Example Cloud"

# ffdhe2048 of RFC 7919.
_DH_PARAMETERS = b"""-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
"""


@cache
def _certificate(algorithm: str) -> bytes:
    """A key and a self-signed certificate in PEM."""
    key = (
        ec.generate_private_key(ec.SECP256R1())
        if algorithm == "ECDSA"
        else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, COMMON_NAME)])
    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(day)
        .not_valid_after(day + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return pem + certificate.public_bytes(serialization.Encoding.PEM)


def certificate_file(folder: Path, algorithm: str) -> Path:
    """Write a key with its certificate; returns the file."""
    path = folder / f"{algorithm}.pem"
    path.write_bytes(_certificate(algorithm))
    return path


@dataclass
class Recording:
    """What went over the wire in order, what was said, and the key log."""

    wire: list[tuple[Side, bytes]] = field(default_factory=list)
    said: list[bytearray] = field(default_factory=lambda: [bytearray(), bytearray()])
    keys: bytes = b""

    def stream(self, side: Side) -> bytes:
        """All bytes of one direction."""
        return b"".join(data for sender, data in self.wire if sender is side)


class Endpoints:
    """Contexts of two ends; `connect` makes connections of them."""

    def __init__(
        self,
        folder: Path,
        *,
        version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
        ciphers: str | None = None,
        alpn: tuple[str, ...] = (),
        options: ssl.Options | None = None,
    ) -> None:
        self._log = folder / "keys.log"
        self.client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.client.check_hostname = False
        self.client.verify_mode = ssl.CERT_NONE
        parameters = folder / "dh.pem"
        parameters.write_bytes(_DH_PARAMETERS)
        for algorithm in ("RSA", "ECDSA"):
            self.server.load_cert_chain(certificate_file(folder, algorithm))
        for context in (self.client, self.server):
            with warnings.catch_warnings():  # old versions are what these tests are about
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = version
            context.set_ciphers(f"{ciphers or 'ALL:COMPLEMENTOFALL'}:@SECLEVEL=0")
            if alpn:
                context.set_alpn_protocols(list(alpn))
            if options is not None:
                context.options |= options
        self.server.load_dh_params(str(parameters))
        self.client.keylog_filename = str(self._log)

    def connect(
        self, *, talk: list[tuple[Side, bytes]], session: ssl.SSLSession | None = None
    ) -> tuple[Recording, ssl.SSLSession | None]:
        """Shake hands and let both sides say what `talk` gives, in order; returns the recording and the session."""
        recording = Recording()
        inputs = (ssl.MemoryBIO(), ssl.MemoryBIO())
        outputs = (ssl.MemoryBIO(), ssl.MemoryBIO())
        ends = (
            self.client.wrap_bio(inputs[0], outputs[0], server_hostname=NAME, session=session),
            self.server.wrap_bio(inputs[1], outputs[1], server_side=True),
        )

        def deliver() -> None:
            for side in Side:
                if data := outputs[side].read():
                    recording.wire.append((side, data))
                    inputs[side.other].write(data)

        done = [False, False]
        for _ in range(20):
            for side in Side:
                try:
                    ends[side].do_handshake()
                    done[side] = True
                except ssl.SSLWantReadError:
                    pass
                deliver()
            if all(done):
                break
        assert all(done)
        for side, data in talk:
            ends[side].write(data)
            recording.said[side] += data
            deliver()
            heard = b""
            while len(heard) < len(data):
                heard += ends[side.other].read(len(data))
            assert heard == data
        recording.keys = self._log.read_bytes()
        return recording, ends[0].session


def read_tls(
    wire: Sequence[tuple[Side, bytes | int]], keys: KeyLog
) -> tuple[TlsConnection, list[list[bytes | int]]]:
    """Feed a wire (a number is a gap of so many bytes); returns the connection and what each side said, in pieces."""
    connection = TlsConnection(keys)
    for side, item in wire:
        if isinstance(item, int):
            connection.gap(side, item)
        else:
            connection.feed(side, item)
    connection.finish()
    said: list[list[bytes | int]] = []
    for side in Side:
        plain = connection.take(side)
        pieces: list[bytes | int] = []
        for piece in plain.pieces() if plain is not None else ():
            if isinstance(piece, bytes) and pieces and isinstance(last := pieces[-1], bytes):
                pieces[-1] = last + piece
            else:
                pieces.append(piece)
        said.append(pieces)
    return connection, said


def whole(recording: Recording) -> list[list[bytes | int]]:
    """What `read_tls` gives of a recording that is read whole."""
    return [[bytes(said)] if said else [] for said in recording.said]
