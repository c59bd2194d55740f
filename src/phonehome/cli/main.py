"""The command `phonehome`: gathers the subcommands and turns every ending into an exit status.

Whatever goes wrong ends in one sentence on standard error and a status of `ExitCode`; a traceback is shown
only on request, because users should not have to read one and because it may hold captured values.
"""

import errno
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

import click

from phonehome import __version__
from phonehome.cli.exit_codes import ExitCode
from phonehome.cli.output import mute_stdout, say
from phonehome.model.errors import PhonehomeError
from phonehome.workers import WorkerError

COMMANDS = (
    "audit",
    "exchanges",
    "subject",
    "case",
    "protocols",
    "key",
    "sign",
    "verify",
    "repeat",
    "prove",
    "diff",
    "claims",
    "policy",
    "advisory",
    "lab",
    "schema",
)
"""Each is the attribute of its name in the module of its name beside this one."""

DEBUG_VARIABLE = "PHONEHOME_DEBUG"

EPILOG = """\b
Start here:
  phonehome subject new subject.yaml         a file to fill in: what is known of the handset
  phonehome subject check subject.yaml       what of it will be searched for
  phonehome audit traffic.har --subject subject.yaml
  phonehome audit traffic.har --subject subject.yaml -o report.html

\b
Exit status: 0 done, 1 --fail-on was met, 2 wrong usage or nothing could be read,
3 part could not be read and --strict was given, 4 a check failed, 70 a fault of
phonehome's own, 130 interrupted.
"""


class Commands(click.Group):
    """Loads a command when it is asked for.

    Their imports take a good part of a second: `--version` need not wait for them, and Ctrl-C meanwhile has
    to end like any other, which it does inside `main` only.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command; None if there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"phonehome.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option(
    "--debug", is_flag=True, help=f"Show a traceback when something goes wrong (also {DEBUG_VARIABLE}=1)."
)
def cli(debug: bool) -> None:
    """Say what a phone sends, to whom and where, from a recording of its traffic, with evidence."""
    # `debug` is read in `main`, which must know it even when the command line cannot be parsed.


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit status; never raises."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Exchanges come by the ten thousand and hold no cycles: looking for garbage rarely saves a tenth of the time.
    gc.set_threshold(5_000_000, 20, 100)
    # The linear algebra that NumPy brings starts threads, which spin for a while; nothing here uses it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    debug = "--debug" in arguments or os.environ.get(DEBUG_VARIABLE, "") not in ("", "0")
    try:
        result = cli.main(args=arguments, prog_name="phonehome", standalone_mode=False)
        sys.stdout.flush()
        return ExitCode.DONE if result is None else int(result)
    except BaseException as error:  # noqa: BLE001  the outermost boundary: every ending becomes a status
        if debug:
            traceback.print_exception(error)
        return _ending(error)


def _ending(error: BaseException) -> ExitCode:
    match error:
        case BrokenPipeError():  # while a help text was printed; results see to it themselves
            mute_stdout()
            return ExitCode.DONE
        case FileNotFoundError() if not _has_folder():
            say("the folder from which this was started is gone; change to another and run it again")
            return ExitCode.USAGE
        case OSError(errno=errno.ENOSPC):
            mute_stdout()
            say(f"cannot be written: {error.strerror}")
            return ExitCode.USAGE
        case click.ClickException():
            error.show()
            return ExitCode.USAGE
        case KeyboardInterrupt() | click.Abort():
            say("interrupted")
            return ExitCode.INTERRUPTED
        case WorkerError():
            say(f"{error}, and report this")
            return ExitCode.INTERNAL
        case PhonehomeError():
            say(str(error))
            return ExitCode.USAGE
        case _:
            say(
                f"a fault of phonehome's own ({type(error).__name__}); do not rely on what it printed. "
                f"Run again with {DEBUG_VARIABLE}=1 and report the traceback, less personal values"
            )
            return ExitCode.INTERNAL


def _has_folder() -> bool:
    """Say whether the current folder still exists."""
    try:
        os.getcwd()  # noqa: PTH109  it is its failure that is asked for
    except FileNotFoundError:
        return False
    return True
