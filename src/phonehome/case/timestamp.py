"""Time stamps (RFC 3161): an authority says that a signature existed at a moment.

The stamp is over the bytes of the envelope's file, so that `openssl ts -verify -data` can check it. A request holds a
digest and a random number, and nothing of the case. Whether the authority is to be believed is for certificates to
say: those that the user names, or else those that the machine trusts.
"""

import functools
import hashlib
import ssl
import urllib.error
import urllib.request
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from phonehome import __version__
from phonehome.case.der import sort_certificates
from phonehome.case.inventory import read_small
from phonehome.model.errors import ConfigError

TIMEOUT_S = 30
MAX_RESPONSE = 1 << 20
MAX_CERTIFICATES = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time stamp that fits: when, by whom by its own word, and why nobody vouches for it (None if somebody does)."""

    at: datetime
    authority: str
    doubt: str | None


class BadStamp(Exception):  # noqa: N818  a finding about a file, not a fault
    """The stamp is not one over these bytes; the text says why."""


def request_stamp(url: str, data: bytes, anchors: Sequence[x509.Certificate]) -> tuple[bytes, Stamp]:
    """Ask an authority to stamp some bytes; give its reply as sent, and what it says.

    Args:
        url: Where it answers, over http or https.
        data: What is stamped; only its SHA-256 is sent.
        anchors: Certificates that are trusted to name authorities; empty for the machine's own.

    Raises:
        ConfigError: It cannot be reached, refuses, or its reply does not fit the request.
    """
    check_address(url)
    request = (
        TimestampRequestBuilder()
        .data(data)
        .hash_algorithm(HashAlgorithm.SHA256)
        .cert_request(cert_request=True)
        .build()
    )
    reply = _post(url, request.as_bytes())
    try:
        stamp = check_stamp(reply, data, anchors, nonce=request.nonce)
    except BadStamp as error:
        raise ConfigError(f"{url}: the reply of the time-stamp service was not accepted: {error}") from error
    return reply, stamp


def check_stamp(
    reply: bytes, data: bytes, anchors: Sequence[x509.Certificate], *, nonce: int | None = None
) -> Stamp:
    """Check that a reply stamps these bytes, offline.

    Raises:
        BadStamp: It is no reply, or one over something else.
    """
    with warnings.catch_warnings():
        # Certificates that break a rule of RFC 5280 are nothing that who checks a case could mend.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            return _check(reply, data, anchors, nonce)
        except BadStamp:
            raise
        except Exception as error:
            raise BadStamp(f"it cannot be read ({_first_line(error)})") from error


def _check(reply: bytes, data: bytes, anchors: Sequence[x509.Certificate], nonce: int | None) -> Stamp:
    response = _decode(reply)
    if response.status != 0:
        raise BadStamp(f"the service did not grant it (status {response.status})")
    info = response.tst_info
    digest = info.message_imprint.message
    hash_name = _HASHES.get(info.message_imprint.hash_algorithm.dotted_string)
    if hash_name is None:
        raise BadStamp("it is over a digest of a kind that is not read here")
    if digest != hashlib.new(hash_name, data).digest():
        raise BadStamp("it is over something else")
    if nonce is not None and info.nonce != nonce:
        raise BadStamp("it answers another request (its nonce is not ours)")
    return Stamp(
        at=info.gen_time.astimezone(UTC),
        authority=_authority(response),
        doubt=_doubt(response, digest, anchors or _machine_anchors()),
    )


_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}


def _decode(reply: bytes) -> TimeStampResponse:
    try:
        response = decode_timestamp_response(sort_certificates(reply))
        _ = response.tst_info  # it is there only where the stamp was granted
    except ValueError as error:
        raise BadStamp(f"it is no reply of RFC 3161, or a refusal ({_first_line(error)})") from error
    return response


def _doubt(response: TimeStampResponse, digest: bytes, anchors: Sequence[x509.Certificate]) -> str | None:
    if not anchors:
        return "there is no certificate to check it against"
    try:
        VerifierBuilder(roots=list(anchors)).build().verify(response, digest)
    except VerificationError as error:
        text = str(error)
        if "unable to get" in text or "self-signed" in text or "self signed" in text:
            return "no certificate that is trusted here vouches for it"
        if "certificate verify error" in text:
            return (
                f"its certificate does not hold: {text.partition('Verify error: ')[2].partition(chr(34))[0]}"
            )
        raise BadStamp(f"its signature does not hold ({_first_line(error)[:200]})") from error
    except ValueError as error:
        raise BadStamp(f"its certificates cannot be read ({_first_line(error)[:200]})") from error
    return None


def _authority(response: TimeStampResponse) -> str:
    """Name the signer as its own certificate does."""
    try:
        signer = next(iter(response.signed_data.signer_infos))
        for der in response.signed_data.certificates:
            certificate = x509.load_der_x509_certificate(der)
            if certificate.serial_number == signer.serial_number:
                return certificate.subject.rfc4514_string()
    except (ValueError, StopIteration):
        pass
    return "an authority that does not name itself"


def load_anchors(paths: Sequence[Path]) -> list[x509.Certificate]:
    """Read certificates in PEM.

    Raises:
        ConfigError: A file cannot be read, or holds none.
    """
    found: list[x509.Certificate] = []
    for path in paths:
        try:
            certificates = x509.load_pem_x509_certificates(read_small(path, MAX_CERTIFICATES, "certificate"))
        except ValueError as error:
            raise ConfigError(f"{path}: holds no certificate in PEM") from error
        found += [one for one in certificates if one not in found]
    return found


@functools.cache
def _machine_anchors() -> list[x509.Certificate]:
    context = ssl.create_default_context()
    anchors = []
    for der in context.get_ca_certs(binary_form=True):
        try:
            anchors.append(x509.load_der_x509_certificate(der))
        except ValueError:
            continue  # some machines keep certificates that no standard allows
    return anchors


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Go nowhere else than where the user said."""


def check_address(url: str) -> None:
    """Check that this can be the address of a service.

    Raises:
        ConfigError: It is none over http or https.
    """
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        port_is_valid = False
    if not port_is_valid or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(
            f"{url!r} is no address of a time-stamp service; give one as in https://tsa.example/tsr"
        )


def _post(url: str, body: bytes) -> bytes:
    headers = {
        "Content-Type": "application/timestamp-query",
        "Accept": "application/timestamp-reply",
        "User-Agent": f"phonehome/{__version__}",
    }
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310  the scheme was checked
        with opener.open(request, timeout=TIMEOUT_S) as reply:
            data: bytes = reply.read(MAX_RESPONSE + 1)
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise ConfigError(f"{url}: the time-stamp service cannot be used: {_first_line(error)}") from error
    if len(data) > MAX_RESPONSE:
        raise ConfigError(f"{url}: the time-stamp service sent more than {MAX_RESPONSE >> 20} MiB")
    return data


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
