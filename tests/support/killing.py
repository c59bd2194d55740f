"""Killing a command at every step at which it touches files, one after another, until it gets to its end.

A process of our own imports the program once and forks for each try. In the child an audit hook counts what the
interpreter tells of opened, renamed, made and removed files below a folder, and kills the process (SIGKILL) just before
the one that is asked for.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FINISHED = "finished"
MAX_STEPS = 2000

_SERVER = """
import json, os, signal, sys
from phonehome.cli.main import main
import phonehome.cli.sign, phonehome.cli.case_seal, phonehome.cli.case_open, phonehome.cli.case_share

KINDS = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.truncate")

def child(step, folder, command):
    left = step
    def hook(event, arguments):
        nonlocal left
        if event in KINDS and any(folder in str(one) for one in arguments):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    sys.addaudithook(hook)
    os._exit(main(command))

for line in sys.stdin:
    step, folder, command = json.loads(line)
    pid = os.fork()
    if pid == 0:
        child(step, folder, command)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print(status, flush=True)
"""


@contextmanager
def _server() -> Iterator[Callable[[int, Path, list[str]], int]]:
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        to, back = process.stdin, process.stdout

        def attempt(step: int, folder: Path, command: list[str]) -> int:
            to.write(json.dumps([step, str(folder), command]) + "\n")
            to.flush()
            return int(back.readline())

        try:
            yield attempt
        finally:
            to.close()


def kill_at_every_step(command: list[str | Path], folder: Path, look: Callable[[], None]) -> int:
    """Run a command again and again, killed one step later each time; give how many steps it has.

    Args:
        command: The arguments of `phonehome`.
        folder: Only what happens below it counts.
        look: Called after each try, the last one (which comes to its end) among them.
    """
    arguments = [str(one) for one in command]
    with _server() as attempt:
        for step in range(1, MAX_STEPS):
            status = attempt(step, folder, arguments)
            look()
            if status == 0:
                return step - 1
            assert status == -9, f"ended with {status} at step {step}"
    raise AssertionError(f"{command} never came to its end")
