"""Killed at any moment, on a full disk, beside another process: nothing is lost, and the next run completes it."""

import os
import random
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pyrage
import pytest
from command_line import PHONEHOME, run
from evidence_cases import PASSPHRASE, PASSPHRASE_VARIABLE, write_evidence, write_key
from killing import kill_at_every_step

from phonehome.cli.main import main

WITH_PASSPHRASE = ("--passphrase-env", PASSPHRASE_VARIABLE)
KILLS = 5


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_evidence(tmp_path_factory.mktemp("cases") / "c")
    assert run("audit", root, "-o", root.parent / "report.json").status == 0
    with (root / "results" / "big.bin").open("wb") as file:
        file.write(os.urandom(300_000))
    return root


@pytest.fixture
def case(audited: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(audited, tmp_path / "c"))


def evidence(root: Path) -> dict[str, bytes]:
    """Everything in a case but what `sign` writes and unfinished files, which count for nothing."""
    return {
        name: path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
        and (name := path.relative_to(root).as_posix()) not in (".lock", "manifest.json")
        and not name.startswith("signatures/")
        and ".partial-" not in name
    }


def verified(root: Path, *options: str | Path) -> bool:
    return main(["verify", str(root), *map(str, options)]) == 0


@pytest.fixture
def signing(case: Path, tmp_path: Path) -> list[str | Path]:
    return ["sign", case, "--key", write_key(tmp_path / "keys"), *WITH_PASSPHRASE]


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    made = pyrage.x25519.Identity.generate()
    (tmp_path / "id").write_text(f"# {made.to_public()}\n{made}\n")
    (tmp_path / "id.pub").write_text(f"{made.to_public()}\n")
    return tmp_path / "id"


def test_sign_killed_at_random_moments_loses_nothing_and_is_completed(
    case: Path, tmp_path: Path, signing: list[str | Path]
) -> None:
    before = evidence(case)
    began = time.monotonic()
    subprocess.run([PHONEHOME, *signing], capture_output=True, timeout=120, check=True)
    whole = time.monotonic() - began
    for _ in range(KILLS):
        (case / "manifest.json").unlink(missing_ok=True)
        shutil.rmtree(case / "signatures", ignore_errors=True)
        with subprocess.Popen([PHONEHOME, *signing], stderr=subprocess.DEVNULL) as process:
            time.sleep(whole * random.uniform(0.2, 1.1))
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=60)
        assert evidence(case) == before
        assert verified(case)
    assert run(*signing).status == 0
    assert verified(case, "--public-key", tmp_path / "keys" / "lab-1.pem.pub")


def test_sign_killed_at_every_step_loses_nothing_and_is_completed(
    case: Path, tmp_path: Path, signing: list[str | Path]
) -> None:
    before, public = evidence(case), tmp_path / "keys" / "lab-1.pem.pub"
    seen = set()

    def look() -> None:
        assert evidence(case) == before
        assert verified(
            case
        )  # by its sessions, by a manifest, or by a signature over that: never a half of one
        signed = verified(case, "--public-key", public)
        seen.add(((case / "manifest.json").exists(), signed))
        shutil.rmtree(case / "signatures", ignore_errors=True)
        (case / "manifest.json").unlink(missing_ok=True)

    steps = kill_at_every_step(signing, case, look)
    assert steps > 20
    assert seen == {(False, False), (True, False), (True, True)}
    assert main([str(one) for one in signing]) == 0
    assert verified(case, "--public-key", public)
    assert not list(case.rglob(".partial-*"))


def test_sign_killed_over_an_older_signature_keeps_it(case: Path, signing: list[str | Path]) -> None:
    assert main([str(one) for one in signing]) == 0
    (case / "claims.yaml").write_text("# a change that has to be signed anew\n")
    old = {path.name: path.read_bytes() for path in (case / "signatures").iterdir()}

    def look() -> None:
        for name, data in old.items():
            assert (case / "signatures" / name).read_bytes() == data
        if (case / "manifest.json").read_bytes().find(b"claims.yaml") < 0:
            assert not verified(case)  # and says: added: claims.yaml

    kill_at_every_step(signing, case, look)
    assert verified(case)


def test_seal_killed_at_every_step_leaves_a_whole_file_or_none(
    case: Path, tmp_path: Path, identity: Path
) -> None:
    before, out = evidence(case), tmp_path / "out"
    sealed = out / "x.age"
    out.mkdir()

    def look() -> None:
        assert evidence(case) == before
        if sealed.exists():
            assert (
                main(["case", "open", str(sealed), "-o", str(out / "got"), "--identity", str(identity)]) == 0
            )
            assert evidence(out / "got") == before
            shutil.rmtree(out / "got")
            sealed.unlink()

    recipient = identity.with_name("id.pub")
    sealing: list[str | Path] = ["case", "seal", case, "-o", sealed, "--recipient", recipient]
    assert kill_at_every_step(sealing, tmp_path, look) > 10


def test_open_killed_at_every_step_leaves_a_whole_case_or_none(
    case: Path, tmp_path: Path, identity: Path
) -> None:
    (tmp_path / "out").mkdir()
    sealed, target = tmp_path / "x.age", tmp_path / "out" / "got"
    recipient = identity.with_name("id.pub").read_text().strip()
    assert main(["case", "seal", str(case), "-o", str(sealed), "--recipient", recipient]) == 0

    def look() -> None:
        if target.exists():
            assert evidence(target) == evidence(case)
            shutil.rmtree(target)

    opening: list[str | Path] = ["case", "open", sealed, "-o", target, "--identity", identity]
    assert kill_at_every_step(opening, tmp_path / "out", look) > 10


def test_share_killed_at_every_step_never_leaves_a_copy_without_its_openings(
    case: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    before, copy, openings, proof = evidence(case), out / "s", out / "s.openings.json", out / "f1.json"
    out.mkdir()

    def look() -> None:
        assert evidence(case) == before
        if copy.exists():
            assert main(["prove", str(openings), "f1", "-o", str(proof)]) == 0
            assert verified(copy, "--opening", proof)
            shutil.rmtree(copy)
        openings.unlink(missing_ok=True)
        proof.unlink(missing_ok=True)

    assert kill_at_every_step(["case", "share", case, "-o", copy], out, look) > 5


def _small_files_only() -> None:
    """A limit on the size of files stands for a full disk: it fails at the same place."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))


def test_a_full_disk_is_a_sentence_and_loses_nothing(case: Path, tmp_path: Path) -> None:
    key = write_key(tmp_path / "keys")
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    assert run("sign", case, "--key", key, *WITH_PASSPHRASE).status == 0
    (case / "claims.yaml").write_text("# later\n")
    before = {path: path.read_bytes() for path in case.rglob("*") if path.is_file() and path.name != ".lock"}
    commands: list[list[str | Path]] = [
        ["sign", case, "--key", key, *WITH_PASSPHRASE],
        ["case", "seal", case, "-o", tmp_path / "x.age", "--recipient", recipient],
        ["case", "share", case, "-o", tmp_path / "s"],
    ]
    for command in commands:
        done = subprocess.run(
            [PHONEHOME, *command], capture_output=True, timeout=120, check=False, preexec_fn=_small_files_only
        )
        said = done.stderr.decode()
        assert done.returncode == 2, said
        assert "cannot be written" in said
    found = {path: path.read_bytes() for path in case.rglob("*") if path.is_file() and path.name != ".lock"}
    assert found == before
    assert not [path.name for path in tmp_path.iterdir() if path.name not in ("c", "keys")]


def test_of_two_that_sign_at_once_one_waits_or_is_told(case: Path, tmp_path: Path) -> None:
    keys = [write_key(tmp_path / "keys", number) for number in (1, 2)]
    commands = [[str(PHONEHOME), "sign", str(case), "--key", str(key), *WITH_PASSPHRASE] for key in keys]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for command in commands]
    ended = [(process.communicate(timeout=120)[1].decode(), process.returncode) for process in running]
    assert 0 in {status for _, status in ended}
    for said, status in ended:
        assert status == 0 or "another process writes to this case" in said
    assert run("verify", case).status == 0
