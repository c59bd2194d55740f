"""Asking for a passphrase at a real terminal: twice for a new key, unseen, and until both are the same."""

import os
import pty
import select
from pathlib import Path

import pytest
from command_line import PHONEHOME
from evidence_cases import PASSPHRASE, write_evidence, write_key


def talk(command: list[str], answers: list[tuple[str, str]]) -> tuple[int, str]:
    """Run `phonehome` at a terminal and answer each question when it comes; give status and screen."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(PHONEHOME, [str(PHONEHOME), *command])
    screen = seen = ""
    try:
        for question, answer in answers:
            while question not in seen:
                assert select.select([terminal], [], [], 60)[0], f"{question!r} never came: {screen!r}"
                seen += os.read(terminal, 1000).decode()
            screen, seen = screen + seen, seen.partition(question)[2]
            os.write(terminal, answer.encode() + b"\n")
        while data := os.read(terminal, 1000):
            seen += data.decode()
    except OSError:  # the other end is closed: it has ended
        pass
    finally:
        os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), screen + seen


pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def test_a_new_key_asks_twice_and_again_where_the_two_differ(tmp_path: Path) -> None:
    first, again = "Passphrase for the new key lab.pem: ", "The same again: "
    status, screen = talk(
        ["key", "new", str(tmp_path / "lab.pem")],
        [(first, "one two three"), (again, "one two thre"), (first, PASSPHRASE), (again, PASSPHRASE)],
    )
    assert status == 0, screen
    assert "do not match" in screen
    assert PASSPHRASE not in screen
    assert (tmp_path / "lab.pem").exists()


def test_a_passphrase_that_is_too_short_makes_no_key(tmp_path: Path) -> None:
    answers = [("lab.pem: ", "short"), ("again: ", "short")]
    status, screen = talk(["key", "new", str(tmp_path / "lab.pem")], answers)
    assert status == 2
    assert "give at least 8" in screen
    assert not list(tmp_path.iterdir())


def test_signing_asks_once(tmp_path: Path) -> None:
    case, key = write_evidence(tmp_path / "c"), write_key(tmp_path / "keys")
    status, screen = talk(["sign", str(case), "--key", str(key)], [("Passphrase of lab-1.pem: ", PASSPHRASE)])
    assert status == 0, screen
    status, screen = talk(
        ["sign", str(case), "--key", str(key)], [("Passphrase of lab-1.pem: ", "not the one")]
    )
    assert status == 2
    assert "does not open with this passphrase" in screen


def test_ctrl_c_at_the_question_ends_it(tmp_path: Path) -> None:
    status, screen = talk(["key", "new", str(tmp_path / "lab.pem")], [("lab.pem: ", "\x03")])
    assert status == 130
    assert "interrupted" in screen
    assert not list(tmp_path.iterdir())
