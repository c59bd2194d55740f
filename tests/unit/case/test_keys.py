"""Keys: encrypted on the disk in a format that others read, and never in a case."""

import subprocess
from pathlib import Path

import pytest
from case_folders import write_case
from evidence_cases import PASSPHRASE, lab_key

from phonehome.case.keys import (
    ROUNDS,
    load_public,
    new_signing_key,
    parse_private,
    refuse_inside_case,
    render_private,
)
from phonehome.model.errors import ConfigError

PLACE = Path("lab.pem")


def test_a_key_opens_with_its_passphrase_only() -> None:
    key, private = lab_key()
    assert parse_private(private, PASSPHRASE, PLACE).public.fingerprint == key.public.fingerprint
    with pytest.raises(ConfigError, match=r"lab\.pem: the key does not open with this passphrase"):
        parse_private(private, PASSPHRASE + "!", PLACE)


def test_a_damaged_key_is_a_sentence() -> None:
    private = bytearray(lab_key()[1])
    private[-60] ^= 1
    with pytest.raises(ConfigError, match="was damaged"):
        parse_private(bytes(private), PASSPHRASE, PLACE)


@pytest.mark.needs_tool("openssl")
def test_openssl_reads_both_halves(tmp_path: Path) -> None:
    key, private = lab_key()
    (tmp_path / "lab.pem").write_bytes(private)
    command = ["openssl", "pkey", "-in", "lab.pem", "-passin", f"pass:{PASSPHRASE}", "-pubout"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=True)
    assert done.stdout == key.public.as_pem()
    listed = subprocess.run(
        ["openssl", "asn1parse", "-in", "lab.pem"], cwd=tmp_path, capture_output=True, timeout=60, check=True
    ).stdout.decode()
    assert "PBKDF2" in listed
    assert "hmacWithSHA256" in listed
    assert f"INTEGER           :{ROUNDS:X}".replace(":9", ":09") in listed
    assert "aes-256-cbc" in listed


@pytest.mark.needs_tool("openssl")
def test_a_key_that_openssl_made_and_encrypted_is_read(tmp_path: Path) -> None:
    script = (
        "openssl genpkey -algorithm ed25519 | "
        f"openssl pkcs8 -topk8 -scrypt -passout 'pass:{PASSPHRASE}' -out made.pem"
    )
    subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, timeout=60, check=True)
    data = (tmp_path / "made.pem").read_bytes()
    assert len(parse_private(data, PASSPHRASE, PLACE).public.fingerprint) == 64


@pytest.mark.needs_tool("openssl")
@pytest.mark.parametrize("algorithm", ["x25519", "rsa"])
def test_a_key_of_another_kind_is_refused(tmp_path: Path, algorithm: str) -> None:
    script = (
        f"openssl genpkey -algorithm {algorithm} -out plain.pem 2>/dev/null; "
        f"openssl pkcs8 -topk8 -in plain.pem -passout 'pass:{PASSPHRASE}' -out made.pem; "
        "openssl pkey -in plain.pem -pubout -out made.pub"
    )
    subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, timeout=60, check=True)
    with pytest.raises(ConfigError, match="of another kind; Ed25519 is read here"):
        parse_private((tmp_path / "made.pem").read_bytes(), PASSPHRASE, PLACE)
    with pytest.raises(ConfigError, match="of another kind; Ed25519 is read here"):
        load_public(tmp_path / "made.pub")
    with pytest.raises(ConfigError, match="is no encrypted private key"):
        parse_private((tmp_path / "plain.pem").read_bytes(), PASSPHRASE, PLACE)


def test_a_short_passphrase_protects_nothing() -> None:
    with pytest.raises(ConfigError, match="has 7 characters; give at least 8"):
        render_private(new_signing_key(), "1234567")


def test_a_private_key_given_as_the_public_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lab.pem").write_bytes(lab_key()[1])
    with pytest.raises(ConfigError, match="is a private key; name the public one"):
        load_public(tmp_path / "lab.pem")


@pytest.mark.parametrize(
    "data", [b"", b"junk", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"]
)
def test_what_is_no_public_key_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.pub").write_bytes(data)
    with pytest.raises(ConfigError, match=r"x\.pub: is no public key in PEM"):
        load_public(tmp_path / "x.pub")


def test_nothing_secret_goes_into_a_case_however_it_is_spelt(tmp_path: Path) -> None:
    root = write_case(tmp_path / "c")
    (tmp_path / "way").symlink_to(root / "sessions")
    for place in (
        root / "k",
        root / "sessions" / "new" / "k",
        tmp_path / "x" / ".." / "c" / "k",
        tmp_path / "way" / "k",
    ):
        with pytest.raises(ConfigError, match="lies in the case"):
            refuse_inside_case(place, "the private key")
    refuse_inside_case(tmp_path / "k", "the private key")


def test_a_key_does_not_show_itself() -> None:
    key, private = lab_key()
    assert repr(key) == f"SigningKey({key.public.fingerprint[:16]}…)"
    assert key.raw.private_bytes_raw().hex() not in repr(key) + private.decode()
