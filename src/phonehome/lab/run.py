"""Running a scenario: the vendor's cloud is started, the handset walked through, and a case left behind."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random

from phonehome import __version__
from phonehome.case.adding import add_session
from phonehome.case.folder import load_case
from phonehome.lab import cloud as clouds
from phonehome.lab.elsewhere import Elsewhere
from phonehome.lab.ending import ending_alike
from phonehome.lab.handset.memory import Memory
from phonehome.lab.handset.phone import Phone
from phonehome.lab.handset.state import HandsetState
from phonehome.lab.places import make_routes, name_receivers, stand_ins
from phonehome.lab.reach import check_reach
from phonehome.lab.recorders import RECORDERS, Recorder, Setting
from phonehome.lab.scenario import PlannedSession, Scenario
from phonehome.lab.tap.relay import Route
from phonehome.lab.truth import FILE as TRUTH_FILE
from phonehome.lab.truth import AbsentValue, PlannedRecording, Truth, TruthBook
from phonehome.lab.unfinished import beginning
from phonehome.lab.workplace import open_workplace
from phonehome.model.session import Consent, Recorded, Session, Step
from phonehome.model.subject import Subject

DOING = "phonehome lab run"
COUNTRY = "IN"
REGION = clouds.RegionName.BEIJING
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a scenario is run.

    Attributes:
        seed: Whatever is left to chance follows from it.
        recorder: A name of `RECORDERS`.
        sessions: Only these; empty for all.
        progress: Called with a sentence now and then.
    """

    seed: int = 1
    recorder: str = "tap"
    sessions: Sequence[str] = ()
    progress: Progress | None = None


def run_scenario(scenario: Scenario, root: Path, options: RunOptions) -> None:
    """Run a scenario into a new case.

    Args:
        scenario: What is to happen.
        root: The folder of the case; it must not exist, or be empty.
        options: How.

    Raises:
        ConfigError: The scenario asks for what there is not, the folder holds something, or the recorder cannot record
            here.
        HandsetError: A build and the cloud do not agree: the scenario is broken.
        KeyboardInterrupt: It was interrupted; also by SIGTERM or SIGHUP. What it had recorded stays, as of any run
            that does not come to its end.
    """
    check_reach(scenario)
    RECORDERS[options.recorder].check()
    with ending_alike(), beginning(scenario, root, options.progress or _silent):
        subjects = load_case(root, evidence=False).case.subjects
        config = clouds.CloudConfig(
            seed=options.seed,
            start=min(one.begin for one in scenario.sessions),
            clock_speed=0,
            regions={REGION: clouds.RegionConfig()},
            messaging_default_on=scenario.messaging_default_on,
        )
        with (
            open_workplace() as work,
            TruthBook(root / TRUTH_FILE, _begin_truth(scenario, subjects, options)) as book,
            clouds.start(work / "cloud", config) as cloud,
        ):
            asyncio.run(_Run(scenario, root, options, cloud, book, subjects, work).run())


def _silent(_: str) -> None:
    """Tell nobody."""


def _begin_truth(scenario: Scenario, subjects: dict[str, Subject], options: RunOptions) -> Truth:
    """Give what is true before anything is sent."""
    keeps_addresses = RECORDERS[options.recorder].keeps_addresses
    return Truth(
        planned=[
            PlannedRecording(session=one.session.id, recorded=one.is_recorded) for one in scenario.sessions
        ],
        receivers=name_receivers(tuple(scenario.elsewhere), keeps_addresses=keeps_addresses),
        absent=list(_absent(scenario, subjects)),
        unknown=list(scenario.unknown),
        verdicts=list(scenario.verdicts),
        sent=[],
    )


def _absent(scenario: Scenario, subjects: dict[str, Subject]) -> Iterator[AbsentValue]:
    """Give what no behaviour of a session's build writes anywhere, but for what nobody is to know there."""
    for one in scenario.sessions:
        session = one.session
        cells = [cell for cell in scenario.unknown if cell.covers(session)]
        for value in subjects[session.subject].values:
            is_unknown = any(not cell.data_types or value.type in cell.data_types for cell in cells)
            if value.type not in scenario.builds[one.build].data_types | one.data_types and not is_unknown:
                yield AbsentValue(value_id=value.id, session=session.id)


@dataclass(frozen=True, slots=True)
class _Run:
    """One run, while its cloud stands."""

    scenario: Scenario
    root: Path
    options: RunOptions
    cloud: clouds.Cloud
    book: TruthBook
    subjects: dict[str, Subject]
    work: Path

    async def run(self) -> None:
        memories: dict[str, Memory] = {}
        async with AsyncExitStack() as stack:
            elsewhere = await stack.enter_async_context(Elsewhere())
            routes = make_routes(self.cloud.endpoints, tuple(self.scenario.elsewhere), elsewhere.place)
            for planned in self.scenario.sessions:
                if planned.fresh:
                    memories.pop(planned.session.subject, None)
                memory = memories.setdefault(planned.session.subject, Memory())
                if self.options.sessions and planned.session.id not in self.options.sessions:
                    continue
                if self.options.progress is not None:
                    self.options.progress(f"session {planned.session.id}")
                await self._record(planned, memory, routes)

    async def _record(self, planned: PlannedSession, memory: Memory, routes: Sequence[Route]) -> None:
        folder = self.work / planned.session.id
        folder.mkdir()
        setting = Setting(
            folder=folder,
            routes=routes,
            ca_file=self.cloud.ca_file,
            begin=planned.begin,
            pinned=self.scenario.builds[planned.build].pinned,
            comment=f"reconstruction, not an observation: phonehome lab, scenario {self.scenario.id}, "
            f"session {planned.session.id}",
        )
        recorder = RECORDERS[self.options.recorder](setting)
        async with recorder:
            began = recorder.clock.now
            relays = dict(recorder.relays) if planned.is_recorded else {}
            steps = await self._walk(planned, memory, recorder, routes)
            ended = recorder.clock.now
        session = replace(
            planned.session,
            position=recorder.position,
            clock_offset_s=recorder.clock_offset_s,
            steps=steps,
            consent=_moved(planned.session.consent, planned.session.steps, steps, recorder.clock.now),
            handset=recorder.handset,
            tools={"phonehome lab": f"{__version__}, scenario {self.scenario.id}, seed {self.options.seed}"}
            | dict(recorder.tools),
            stand_ins=stand_ins(routes, relays),
            recorded=Recorded(begin=began, end=ended) if ended > began else None,
        )
        add_session(self.root, session, recorder.recordings(), DOING)

    async def _walk(
        self, planned: PlannedSession, memory: Memory, recorder: Recorder, routes: Sequence[Route]
    ) -> tuple[Step, ...]:
        session, build = planned.session, self.scenario.builds[planned.build]
        way = recorder.way if planned.is_recorded else recorder.past()
        phone = Phone(
            session=session.id,
            build=build,
            state=HandsetState.begin(
                self.subjects[session.subject],
                session.conditions,
                session.consent,
                [step.id for step in session.steps],
            ),
            memory=memory,
            way=way,
            clock=recorder.clock,
            cloud=self.cloud,
            book=self.book,
            random=Random(f"{self.options.seed}/{session.id}"),
            own=self._words(session, build.id),
            carrier_adds=planned.carrier_adds,
        )
        taken = []
        try:
            for step in session.steps or (None,):
                await recorder.pause()
                recorder.clock.move_to(step.at if step is not None else planned.begin)
                self.cloud.set_time(recorder.clock.now)
                if step is not None:
                    taken.append(replace(step, at=recorder.clock.now))
                await phone.take(step.id if step is not None else None)
        finally:
            await phone.close()
        return tuple(taken)

    def _words(self, session: Session, build: str) -> dict[str, str]:
        drawn = Random(f"{self.options.seed}/{session.subject}")
        return {
            "sim_secret": f"{drawn.getrandbits(64):016x}",
            "lab_user": f"lab-{drawn.getrandbits(32):08x}",
            "lab_password": f"{drawn.getrandbits(64):016x}",
            "country": COUNTRY,
            "version": build,
            "network": session.conditions.get("network", "wifi"),
            "minute": "0",
        }


def _moved(
    consents: Sequence[Consent], planned: Sequence[Step], taken: Sequence[Step], now: datetime
) -> tuple[Consent, ...]:
    """Let consent hold from when its step was really taken."""
    moved = []
    for consent in consents:
        after = [real.at for plan, real in zip(planned, taken, strict=True) if plan.at <= consent.at]
        first = min((real.at for real in taken), default=now)
        moved.append(replace(consent, at=min(max(after, default=first), now)))
    return tuple(moved)
