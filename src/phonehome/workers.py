"""Processes of our own that share work: messages to one, its answers back, and the end of both.

A message and its answers are pickled, so they hold nothing but data and names of functions; both ends are this program.
Whoever asks need not wait: threads hand messages over and take the answers.
"""

import gc
import os
import pickle
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from struct import Struct
from threading import Event, Thread
from typing import IO, BinaryIO, Self

_PIPE_BYTES = 1 << 20
_LENGTH = Struct("<Q")
_SWITCH_SECONDS = 0.0005
"""How long a thread computes while another has an answer to take; the process that sends it waits that long for each
pipe full of it."""
_POLL_SECONDS = 0.02


class WorkerError(RuntimeError):
    """A worker ended before its work."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """A worker's own fault, by the name of its exception: more might show what was recorded."""

    name: str


class Worker:
    """A process that runs a module; the module calls `serve`.

    Args:
        module: Its name.
        ahead: Messages, and answers, that wait before whoever gives more has to.
    """

    def __init__(self, module: str, *, ahead: int) -> None:
        self._module = module
        self._messages: Queue[object] = Queue(ahead)
        self._answers: Queue[object] = Queue(ahead)
        self._closing = Event()

    def __enter__(self) -> Self:
        # -P: what lies in the working folder is not for Python to import.
        command = [sys.executable, "-P", "-m", self._module]
        self._process = subprocess.Popen(  # noqa: S603  ourselves
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_SECONDS))
        self._threads = (
            Thread(target=self._hand_over, args=(self._process.stdin,), daemon=True),
            Thread(target=self._take, args=(self._process.stdout,), daemon=True),
        )
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._process.kill()
        for thread in self._threads:
            thread.join()
        self._process.wait()

    def send(self, message: object) -> None:
        """Give it a message."""
        self._messages.put(message)

    def receive(self) -> object:
        """Wait for its next answer.

        Raises:
            WorkerError: It failed, or ended.
        """
        answer = self._answers.get()
        if isinstance(answer, _Failure):
            raise WorkerError(f"a worker failed ({answer.name}); run again with one worker")
        return answer

    def _hand_over(self, stdin: IO[bytes]) -> None:
        with suppress(OSError), stdin:  # a process that is gone is noticed by what does not come
            while not self._closing.is_set():
                with suppress(Empty):
                    pickle.dump(self._messages.get(timeout=_POLL_SECONDS), stdin, pickle.HIGHEST_PROTOCOL)
                    stdin.flush()

    def _take(self, stdout: IO[bytes]) -> None:
        with stdout:
            while not self._closing.is_set():
                try:
                    answer = read_answer(stdout)
                except (EOFError, OSError, pickle.UnpicklingError):
                    answer = _Failure("it ended")
                self._put(answer)
                if isinstance(answer, _Failure):
                    return

    def _put(self, answer: object) -> None:
        while not self._closing.is_set():
            with suppress(Full):
                self._answers.put(answer, timeout=_POLL_SECONDS)
                return


def serve(handle: Callable[[object], Iterator[object]]) -> None:
    """Be a worker: answer every message on standard input, until there are no more.

    Args:
        handle: Gives the answers to a message.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked ends us
    gc.freeze()
    gc.set_threshold(5_000_000, 20, 100)
    _widen(sys.stdout.fileno())
    with suppress(BrokenPipeError):  # nobody listens any more
        answer_all(handle, sys.stdin.buffer, sys.stdout.buffer)
    os._exit(0)  # with nothing left to flush, least of all into a pipe without an end


def answer_all(handle: Callable[[object], Iterator[object]], messages: BinaryIO, answers: BinaryIO) -> None:
    """Answer the messages of one stream on another.

    Raises:
        BrokenPipeError: Nobody takes the answers.
    """
    while True:
        try:
            message = pickle.load(messages)  # noqa: S301  from the process that started this one
        except EOFError:
            return
        try:
            for answer in handle(message):
                _send(answer, answers)
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, the other side has to know
            if os.environ.get("PHONEHOME_DEBUG"):
                traceback.print_exc()
            _send(_Failure(type(error).__name__), answers)
            return


def _send(answer: object, answers: BinaryIO) -> None:
    """Send its length before it, so that it is taken in few reads: before each, a busy process makes us wait."""
    data = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    answers.write(_LENGTH.pack(len(data)))
    answers.write(data)
    answers.flush()


def read_answer(answers: IO[bytes]) -> object:
    """Take one answer.

    Raises:
        EOFError: There is none any more, or not all of it.
    """
    head = answers.read(_LENGTH.size)
    size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
    data = answers.read(size)
    if not size or len(data) < size:
        raise EOFError
    return pickle.loads(data)  # noqa: S301  our own process


def _widen(pipe: int) -> None:
    """Make the pipe hold more, where the system can, so that the two wait for each other less."""
    try:
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (ImportError, AttributeError, OSError):
        pass
