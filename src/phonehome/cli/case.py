"""`phonehome case`: the folder of an experiment; each subcommand has a module of its own."""

from importlib import import_module

import click

SUBCOMMANDS = ("new", "add-session", "annotate", "show", "share", "seal", "open")
"""In the order in which people need them; `add-session` is `add_session` in `case_add_session.py`."""

EPILOG = """\b
Start here:
  phonehome case new redmi-1s --handset redmi-1s
  phonehome case add-session redmi-1s gateway.pcap --id 01-factory --subject redmi-1s --position gateway
  phonehome case show redmi-1s
"""


class Subcommands(click.Group):
    """Loads a subcommand when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the subcommands in the order in which people need them."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the subcommand; None if there is none of this name."""
        if cmd_name not in SUBCOMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command = getattr(import_module(f"phonehome.cli.case_{name}"), name)
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=Subcommands, epilog=EPILOG, short_help="Make a case, add sessions to it, correct and show it."
)
def case() -> None:
    """Make and keep a case: the folder of handsets, sessions under fixed conditions, and what follows from them."""
