"""One run, two recorders at once: the tap stands behind the other, and both recordings give the same findings."""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Self

import pytest
import yaml
from mitmproxy_tool import install_mitmproxy

from phonehome.audit.case_run import audit_case
from phonehome.case.folder import load_case
from phonehome.lab.handset.phone import PUSH_PORT
from phonehome.lab.recorders import RECORDERS, Recorder, Setting
from phonehome.lab.recorders.mitmproxy import MitmproxyRecorder
from phonehome.lab.recorders.tap import CAPTURE, HANDSET
from phonehome.lab.recorders.tcpdump import TcpdumpRecorder
from phonehome.lab.run import RunOptions, run_scenario
from phonehome.lab.scenarios import find_scenario
from phonehome.lab.tap.clock import StepClock
from phonehome.lab.tap.pcapng import CaptureBook
from phonehome.lab.tap.relay import Tap
from phonehome.model.errors import ConfigError

pytestmark = pytest.mark.heavy
SCENARIO = "keeps-sending"


class Following(StepClock):
    """Stamps packets with the time of another recorder's clock."""

    def __init__(self, begin: datetime, now: Callable[[], datetime]) -> None:
        super().__init__(begin)
        self._follow = now

    def tick(self) -> datetime:
        """Give the moment of an event."""
        self.move_to(self._follow())
        return super().tick()


class TappedTcpdump(TcpdumpRecorder):
    """Keeps what tcpdump's relay writes down, instead of throwing it away."""

    folder: Path

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._book = CaptureBook(setting.comment)
        clock = Following(setting.begin, lambda: self.clock.now)
        self._relay = Tap(setting.routes, self._book, clock, handset=HANDSET)

    async def __aexit__(self, *exception: object) -> None:
        await super().__aexit__(*exception)
        secrets = self._keylog.read_bytes() if self._keylog.exists() else b""
        (self.folder / f"{self.setting.folder.name}.pcapng").write_bytes(self._book.render(secrets))


class TappedMitmproxy(MitmproxyRecorder):
    """Leads the proxy to a tap, and the tap to the servers."""

    folder: Path
    keylog: Path

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._book = CaptureBook(setting.comment)
        clock = Following(setting.begin, lambda: self.clock.now)
        self._tap = Tap(setting.routes, self._book, clock, handset=HANDSET)

    async def __aenter__(self) -> Self:
        await self._tap.__aenter__()
        routes = [replace(one, server=self._tap.listening[one.host, one.port]) for one in self.setting.routes]
        self.setting = replace(self.setting, routes=routes)
        return await super().__aenter__()

    async def __aexit__(self, *exception: object) -> None:
        await super().__aexit__(*exception)
        await self._tap.__aexit__(*exception)
        secrets = self.keylog.read_bytes() if self.keylog.exists() else b""
        (self.folder / f"{self.setting.folder.name}.pcapng").write_bytes(self._book.render(secrets))


def findings(root: Path) -> Counter[tuple[object, ...]]:
    return Counter(
        (
            one.session,
            one.value_id,
            one.exchange.host,
            one.form,
            *one.chain,
            one.path,
            one.step,
            one.direction,
        )
        for one in audit_case(load_case(root)).findings
    )


def run_tapped(recorder: type[Recorder], folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Record one run; gives the case of the recorder, and the same with the tap's captures in their place."""
    monkeypatch.setitem(RECORDERS, "both", recorder)
    root, tapped = folder / "case", folder / "tapped"
    run_scenario(find_scenario(SCENARIO), root, RunOptions(seed=3, recorder="both"))
    shutil.copytree(root, tapped)
    for path in tapped.glob("sessions/*/session.yaml"):
        session = yaml.safe_load(path.read_text(encoding="utf-8"))
        session.update(captures=[{"file": CAPTURE}], clock_offset_s=0.0, handset=HANDSET, position="tap")
        path.write_text(yaml.safe_dump(session), encoding="utf-8")
        for capture in path.parent.glob("traffic.*"):
            capture.unlink()
        shutil.copy(folder / f"{session['id']}.pcapng", path.parent / CAPTURE)
    return root, tapped


@pytest.mark.needs_tool("tcpdump")
def test_tcpdump_and_the_tap_find_the_same_in_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TappedTcpdump, "folder", tmp_path, raising=False)
    try:
        root, tapped = run_tapped(TappedTcpdump, tmp_path, monkeypatch)
    except ConfigError as error:
        if "cannot record here" not in str(error):
            raise
        pytest.skip(f"tcpdump may not record on loopback here: {error}")
    found = findings(root)
    assert found
    assert found == findings(tapped)


def test_mitmproxy_and_a_tap_behind_it_find_the_same_in_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHONEHOME_MITMDUMP", str(install_mitmproxy() / "mitmdump"))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    monkeypatch.setattr(TappedMitmproxy, "folder", tmp_path, raising=False)
    monkeypatch.setattr(TappedMitmproxy, "keylog", tmp_path / "keys.log", raising=False)
    root, tapped = run_tapped(TappedMitmproxy, tmp_path, monkeypatch)
    found = findings(root)
    assert found
    assert found == findings(tapped)
    sessions = load_case(root).case.sessions
    assert all("push streams go past it" in session.tools["mitmproxy"] for session in sessions)
    push = [one for session in sessions for one in session.stand_ins if one.port == PUSH_PORT]
    assert {one.relay for one in push} <= {None}
