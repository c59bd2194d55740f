"""Processes of our own: messages in, answers out, and nothing left behind."""

import io
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import active_count

import pytest

from phonehome.model.subject import Subject
from phonehome.workers import Worker, WorkerError, answer_all, read_answer


def answers_to(handle: object, *messages: object) -> list[object]:
    asked, answered = io.BytesIO(b"".join(map(pickle.dumps, messages))), io.BytesIO()
    answer_all(handle, asked, answered)  # type: ignore[arg-type]
    end = answered.tell()
    answered.seek(0)
    answers = []
    while answered.tell() < end:
        answers.append(read_answer(answered))
    return answers


def test_every_message_is_answered_in_turn() -> None:
    def twice(message: object) -> Iterator[object]:
        yield message
        yield [message]

    assert answers_to(twice, 1, "b") == [1, [1], "b", ["b"]]


def test_a_failure_is_told_by_its_kind_and_not_by_what_it_says() -> None:
    def fail(message: object) -> Iterator[object]:
        yield 1
        raise ZeroDivisionError("recorded: +12025550123")

    first, failure, *more = answers_to(fail, 1, 2)
    assert (first, more) == (1, [])
    assert "ZeroDivisionError" in repr(failure)
    assert "recorded" not in repr(failure)


def test_a_process_answers_and_ends_with_who_asked() -> None:
    before = active_count()
    with Worker("phonehome.audit.worker", ahead=2) as worker:
        worker.send(Subject())
        worker.send([])
        assert type(worker.receive()).__name__ == "Searched"
    assert active_count() == before


def test_a_process_that_takes_a_wrong_message_fails() -> None:
    with Worker("phonehome.audit.worker", ahead=2) as worker:
        worker.send("something else")
        with pytest.raises(WorkerError, match="AssertionError"):
            worker.receive()


def test_a_process_that_is_killed_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed = tmp_path / "python"
    killed.write_text("#!/bin/sh\nkill -9 $$\n")
    killed.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(killed))
    with Worker("phonehome.audit.worker", ahead=2) as worker:
        worker.send("x" * 1_000_000)
        with pytest.raises(WorkerError, match="it ended"):
            worker.receive()


def test_nobody_is_waited_for_at_the_end() -> None:
    before = active_count()
    with Worker("phonehome.audit.worker", ahead=1) as worker:
        worker.send(Subject())
        for _ in range(2):  # one is taken, one waits; nobody takes the answers
            worker.send([])
    assert active_count() == before
