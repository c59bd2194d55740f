"""What a scenario asks of the lab, checked before anything is started: hosts that there are, and no endless work."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from phonehome.lab.cloud.hosts import SERVICES, service_of_host
from phonehome.lab.handset.build import ANY_STEP, Behaviour, Build, PushTalk, Request
from phonehome.lab.scenario import PlannedSession, Scenario
from phonehome.model.errors import ConfigError

PUSH = "push"
MAX_ACTS = 20_000
"""Requests and messages of one run; the largest scenario that comes with the lab has some two hundred."""


def check_reach(scenario: Scenario) -> None:
    """Check that a scenario can be run.

    Raises:
        ConfigError: A build sends to a host that there is not, or all of them send too much.
    """
    errors = [
        f"{place}: {host} is the vendor's own, which the lab has anyway; take it away"
        for host, place in scenario.elsewhere.items()
        if service_of_host(host) is not None
    ]
    known: set[tuple[str, str]] = {(one.host, protocol) for one in SERVICES for protocol in one.protocols}
    known |= {(host, "http") for host in scenario.elsewhere}
    for build in scenario.builds.values():
        errors += _strangers(build, known, scenario)
    if errors:
        raise ConfigError("\n".join(dict.fromkeys(errors)))
    acts = sum(_count(planned, scenario.builds[planned.build]) for planned in scenario.sessions)
    if acts > MAX_ACTS:
        raise ConfigError(
            f"{scenario.place}: these sessions come to {acts:,} requests and messages, and at most {MAX_ACTS:,} are "
            "sent in one run; leave some out"
        )


def _strangers(build: Build, known: set[tuple[str, str]], scenario: Scenario) -> Iterator[str]:
    for behaviour in build.behaviours:
        host, protocol = _target(behaviour)
        if host is not None and (host, protocol) not in known:
            yield (
                f"{behaviour.place}: {behaviour.id} sends to {host} over {protocol}, and the lab has no such host; "
                f"its own are in docs/lab-cloud.md, and others go over http and stand in `elsewhere` of "
                f"{scenario.place.rpartition(':')[0]}"
            )


def _target(behaviour: Behaviour) -> tuple[str | None, str]:
    match behaviour.act:
        case Request() as request:
            split = urlsplit("".join(part if isinstance(part, str) else "x" for part in request.url.parts))
            return split.netloc.lower(), split.scheme
        case PushTalk() as talk:
            return talk.host, PUSH
        case _:
            return None, ""


def _count(planned: PlannedSession, build: Build) -> int:
    conditions = planned.session.conditions
    count = 0
    for behaviour in build.behaviours:
        if all(conditions.get(name) in allowed for name, allowed in behaviour.when.items()):
            steps = [step.id for step in planned.session.steps] or [ANY_STEP]
            times = sum(bool({step, ANY_STEP} & set(behaviour.on)) for step in steps)
            count += times * (1 + (behaviour.act.messages if isinstance(behaviour.act, PushTalk) else 0))
    return count
