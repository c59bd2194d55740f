"""What another lab can check without phonehome: the commands of docs/evidence.md, by the real tools."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import run
from evidence_cases import PASSPHRASE, PASSPHRASE_VARIABLE, lab_key, public_of, write_evidence, write_key
from timestamp_service import Service, timestamp_service

PAGE = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")
WITH_PASSPHRASE = ("--passphrase-env", PASSPHRASE_VARIABLE)


def script(heading: str) -> str:
    """The shell commands under a heading of the page."""
    found = re.search(rf"^### {re.escape(heading)}\n.*?```sh\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/evidence.md lacks commands under {heading!r}"
    return found[1]


def shell(text: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with timestamp_service(tmp_path_factory.mktemp("tsa")) as running:
        yield running


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory, service: Service) -> Path:
    """A folder with a signed and stamped case, the public key and the authority's certificate."""
    folder = tmp_path_factory.mktemp("received")
    key = write_key(folder / "keys")
    case = write_evidence(folder / "redmi-1s")
    assert run("audit", case, "-o", folder / "report.html").status == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
        done = run(
            *("sign", case, "--key", key, *WITH_PASSPHRASE, "--timestamp-url", service.url),
            *("--tsa-certificate", service.root_certificate),
        )
    assert done.status == 0, done.err
    assert "by CN=Test Stamps" in done.err
    shutil.copy(public_of(key), folder / "lab.pem.pub")
    shutil.copy(service.root_certificate, folder / "tsa-root.pem")
    return folder


@pytest.fixture
def received(stamped: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(stamped, tmp_path / "received"))


def test_sha256sum_checks_every_file_of_the_manifest(received: Path) -> None:
    done = shell(script("The files, with sha256sum"), received)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == len(
        re.findall('"sha256"', (received / "redmi-1s/manifest.json").read_text())
    )
    (received / "redmi-1s" / "case.yaml").write_text("title: another\n")
    done = shell(script("The files, with sha256sum"), received)
    assert done.returncode != 0
    assert "case.yaml: FAILED" in done.stdout


@pytest.mark.needs_tool("openssl")
def test_openssl_checks_the_signature_and_which_manifest_it_is_over(received: Path) -> None:
    commands = script("The signature, with openssl")
    done = shell(commands, received)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "Signature Verified Successfully" in done.stdout
    assert lab_key()[0].public.fingerprint in done.stdout
    (received / "redmi-1s" / "manifest.json").write_text("{}\n")
    assert shell(commands, received).returncode != 0
    write_key(received / "keys", 2)
    shutil.copy(received / "keys" / "lab-2.pem.pub", received / "lab.pem.pub")
    assert shell(commands, received).returncode != 0


@pytest.mark.needs_tool("openssl")
def test_openssl_checks_the_time_stamp(received: Path) -> None:
    commands = script("The time stamp, with openssl")
    done = shell(commands, received)
    assert done.returncode == 0, done.stderr
    assert "Verification: OK" in done.stdout + done.stderr
    envelope = next((received / "redmi-1s" / "signatures").glob("*.dsse.json"))
    envelope.write_bytes(envelope.read_bytes() + b"\n")
    assert shell(commands, received).returncode != 0


@pytest.mark.needs_tool("openssl")
def test_verify_says_who_stamped_it_and_whether_that_is_vouched_for(received: Path, service: Service) -> None:
    case = received / "redmi-1s"
    assert "but no certificate that is trusted here vouches for it" in run("verify", case).out
    done = run("verify", case, "--tsa-certificate", received / "tsa-root.pem")
    assert re.search(r"stamped \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ by CN=Test Stamps", done.out)
    stamp = next((case / "signatures").glob("*.tsr"))
    stamp.write_bytes(stamp.read_bytes()[:-3])
    done = run("verify", case)
    assert done.status == 4
    assert "the time stamp does not hold" in done.out


@pytest.mark.needs_tool("openssl")
def test_a_service_that_does_not_answer_leaves_the_signature_and_is_asked_again(
    tmp_path: Path, service: Service
) -> None:
    case, key = write_evidence(tmp_path / "c"), write_key(tmp_path / "keys")
    done = run("sign", case, "--key", key, *WITH_PASSPHRASE, "--timestamp-url", "http://127.0.0.1:9/")
    assert done.status == 2
    assert "the signature stands, without a stamp: run the command again" in done.err
    assert run("verify", case, "--public-key", public_of(key)).status == 0
    before = len(service.requests)
    again = ("sign", case, "--key", key, *WITH_PASSPHRASE, "--timestamp-url", service.url)
    assert run(*again).status == 0
    assert run(*again).status == 0  # stamped already: nobody is asked
    assert len(service.requests) == before + 1


@pytest.mark.needs_tool("age")
def test_age_and_tar_open_a_sealed_case(received: Path) -> None:
    shell("age-keygen -o identity.txt", received)
    recipient = shell("age-keygen -y identity.txt", received).stdout.strip()
    assert (
        run(
            "case", "seal", received / "redmi-1s", "-o", received / "redmi-1s.age", "--recipient", recipient
        ).status
        == 0
    )
    shutil.move(received / "redmi-1s", received / "original")
    done = shell(script("A sealed case, with age"), received)
    assert done.returncode == 0, done.stderr
    assert run("verify", received / "redmi-1s", "--public-key", received / "lab.pem.pub").status == 0


@pytest.mark.needs_tool("age")
def test_what_age_sealed_is_opened(received: Path) -> None:
    shell("age-keygen -o identity.txt", received)
    sealing = (
        "tar -c --format=pax --exclude=.lock redmi-1s | age -r $(age-keygen -y identity.txt) -o by-age.age"
    )
    assert shell(sealing, received).returncode == 0
    done = run(
        "case",
        "open",
        received / "by-age.age",
        "-o",
        received / "got",
        "--identity",
        received / "identity.txt",
    )
    assert done.status == 0, done.err
    assert run("verify", received / "got", "--public-key", received / "lab.pem.pub").status == 0


def test_sha256sum_checks_an_opening(received: Path) -> None:
    case = received / "redmi-1s"
    assert run("case", "share", case, "-o", received / "shared").status == 0
    assert (
        run("prove", received / "shared.openings.json", "f1", "-o", received / "f1.opening.json").status == 0
    )
    done = shell(script("An opening, with sha256sum"), received)
    assert done.returncode == 0, done.stderr
    assert '"f1"' in done.stdout
