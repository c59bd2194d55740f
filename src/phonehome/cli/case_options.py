"""Options that several commands on cases share: steps, consent and conditions on one line each."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from phonehome.case.times import BadTime, parse_time
from phonehome.model.session import Consent, ConsentState, Step

_Read = TypeVar("_Read")
_Options = Callable[[Callable[..., object]], Callable[..., object]]


def each(
    read: Callable[[str], _Read],
) -> Callable[[click.Context, click.Parameter, Sequence[str]], list[_Read]]:
    """Make a callback that reads every occurrence of an option, and names the option if one is wrong."""

    def callback(_ctx: click.Context, _param: click.Parameter, values: Sequence[str]) -> list[_Read]:
        return [read(value) for value in values]

    return callback


def read_step(text: str) -> Step:
    """Read `ID@TIME`."""
    name, at = _split(text, "@", "add-contact@2026-03-01T09:30:00Z")
    try:
        return Step(id=name, at=parse_time(at))
    except BadTime as error:
        raise click.BadParameter(f"the time {at[:80]!r} {error}") from error


def read_consent(text: str) -> Consent:
    """Read `SERVICE=STATE@TIME`."""
    example = "cloud=declined@2026-03-01T09:30:00Z"
    service, rest = _split(text, "=", example)
    state, at = _split(rest, "@", example)
    try:
        return Consent(service=service, at=parse_time(at), state=ConsentState(state))
    except BadTime as error:
        raise click.BadParameter(f"the time {at[:80]!r} {error}") from error
    except ValueError as error:
        raise click.BadParameter(f"{state[:80]!r} is none of {', '.join(ConsentState)}") from error


def read_pair(text: str) -> tuple[str, str]:
    """Read `NAME=VALUE`."""
    return _split(text, "=", "network=wifi")


def _split(text: str, mark: str, example: str) -> tuple[str, str]:
    before, found, after = text.partition(mark)
    if not found or not before.strip() or not after.strip():
        raise click.BadParameter(f"{text[:80]!r} has another form than {example}")
    return before.strip(), after.strip()


def read_places(text: str) -> tuple[str, str | None]:
    """Read `NAME` or `NAME@TIME`: one entry of a timeline, which the time tells from others of its name."""
    name, _, at = text.partition("@")
    return name.strip(), at.strip() or None


def to_mapping(pairs: Sequence[tuple[str, str]], option: str) -> dict[str, str]:
    """Join pairs; one name with two values is wrong usage."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        if joined.setdefault(name, value) != value:
            raise click.UsageError(f"{option} gives {name!r} two values: {joined[name]!r} and {value!r}")
    return joined


step_option = click.option(
    "--step",
    "steps",
    multiple=True,
    metavar="ID@TIME",
    callback=each(read_step),
    help="A step of the timeline and when it began, with a time zone. May be given more than once.",
)
consent_option = click.option(
    "--consent",
    multiple=True,
    metavar="SERVICE=STATE@TIME",
    callback=each(read_consent),
    help=f"What a service was told from a moment on: {', '.join(ConsentState)}. May be given more than once.",
)
condition_option = click.option(
    "--condition",
    "conditions",
    multiple=True,
    metavar="FACTOR=VALUE",
    callback=each(read_pair),
    help="A condition of the session, as in build=…, account=none, network=wifi, service.NAME=on. May be given "
    "more than once.",
)
