"""The lab's authority: real TLS between a client that trusts it and a server with its certificate."""

import ssl
from contextlib import suppress
from pathlib import Path

import pytest

from phonehome.lab.certificates import Authority

HOSTS = ("api.account.xiaomi.com", "sg.api.account.xiaomi.com")


def _shake_hands(folder: Path, name: str, *, kind: str = "ec", ca: Path | None = None) -> None:
    authority = Authority()
    trusted = authority.write(folder)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(authority.issue(folder, "server", HOSTS, kind=kind))
    client = ssl.create_default_context(cafile=str(ca or trusted))
    inputs, outputs = (ssl.MemoryBIO(), ssl.MemoryBIO()), (ssl.MemoryBIO(), ssl.MemoryBIO())
    ends = (
        client.wrap_bio(inputs[0], outputs[0], server_hostname=name),
        server.wrap_bio(inputs[1], outputs[1], server_side=True),
    )
    for _ in range(6):
        for side in (0, 1):
            with suppress(ssl.SSLWantReadError):
                ends[side].do_handshake()
            inputs[1 - side].write(outputs[side].read())


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("name", HOSTS)
def test_its_certificates_are_good_for_their_hosts(tmp_path: Path, name: str, kind: str) -> None:
    _shake_hands(tmp_path, name, kind=kind)


def test_they_are_good_for_no_other_host(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        _shake_hands(tmp_path, "example.com")


def test_another_labs_authority_is_not_trusted(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(tmp_path, HOSTS[0], ca=Authority().write(other))


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    assert Authority().issue(tmp_path, "server", HOSTS).stat().st_mode & 0o077 == 0
