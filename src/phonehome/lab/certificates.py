"""A certificate authority of the lab's own, made when the lab starts; nothing private is in the package.

Clients trust `CA_FILE` of the lab's folder and nothing else. Keys are made by the operating system's random
source, so two runs of one seed have different keys: what goes over TLS repeats, its ciphertext does not.
"""

import datetime
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_FILE = "ca.pem"
CA_NAME = "phonehome lab: reconstruction, trust nowhere else"
_BEFORE = datetime.datetime(2010, 1, 1, tzinfo=datetime.UTC)
_AFTER = datetime.datetime(2045, 1, 1, tzinfo=datetime.UTC)
"""Valid in the years that scenarios play in and in those in which they are run."""


class Authority:
    """Signs server certificates; its own key never leaves memory."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, CA_NAME)])
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        self.certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def write(self, folder: Path) -> Path:
        """Write the authority's certificate for clients to trust; returns the file."""
        path = folder / CA_FILE
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def issue(self, folder: Path, name: str, hosts: Sequence[str], *, kind: str = "ec") -> Path:
        """Write a key with a certificate for the hosts into one file, readable by its owner only.

        Args:
            folder: Where to write it.
            name: The file's name without its ending.
            hosts: The DNS names that it is good for.
            kind: `ec`, or `rsa` for clients of old TLS versions.
        """
        key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = (
            ec.generate_private_key(ec.SECP256R1())
            if kind == "ec"
            else rsa.generate_private_key(public_exponent=65537, key_size=2048)
        )
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64])])
        certificate = (
            self._builder(subject, key.public_key())
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = folder / f"{name}.pem"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem + certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def _builder(
        self, subject: x509.Name, public: ec.EllipticCurvePublicKey | rsa.RSAPublicKey
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(_BEFORE)
            .not_valid_after(_AFTER)
        )
