"""However a run is recorded, the audit finds the same."""

from collections import Counter
from pathlib import Path

import pytest
from mitmproxy_tool import install_mitmproxy

from phonehome.audit.case_run import CaseOptions, audit_case
from phonehome.case.folder import load_case
from phonehome.documents.audit import AuditDocument
from phonehome.lab.handset.phone import PUSH_PORT
from phonehome.lab.run import RunOptions, run_scenario
from phonehome.lab.scenarios import find_scenario
from phonehome.lab.scoring import score_case
from phonehome.model.errors import ConfigError
from phonehome.model.exchange import Exchange
from phonehome.readers import ReadingOptions, iter_inputs, read_inputs

pytestmark = pytest.mark.heavy
SCENARIOS = ("redmi-1s-2014", "mi-cloud", "pinned")
RUN = [pytest.param(name, marks=pytest.mark.soak) for name in SCENARIOS]  # test_one_run has one of each


def record(name: str, recorder: str, folder: Path) -> Path:
    root = folder / f"{name}-{recorder}"
    run_scenario(find_scenario(name), root, RunOptions(seed=3, recorder=recorder))
    return root


def findings(root: Path) -> Counter[tuple[object, ...]]:
    document: AuditDocument = audit_case(load_case(root))
    return Counter(
        (
            one.session,
            one.value_id,
            one.exchange.host,
            one.form,
            tuple(one.chain),
            one.path,
            one.step,
            one.direction,
        )
        for one in document.findings
    )


def places(root: Path) -> set[str | None]:
    """Give address and port of everybody whom the first session's exchanges went to."""
    loaded = load_case(root)
    session = loaded.case.sessions[0]
    files = iter_inputs([str(path) for path in loaded.capture_paths(session)])
    options = ReadingOptions(key_logs=tuple(path.read_bytes() for path in loaded.keylog_paths(session)))
    found: set[str | None] = {
        f"{item.address}:{item.port}"
        for reading in read_inputs(files, options)
        for item in reading
        if isinstance(item, Exchange)
    }
    assert found
    return found


class _Tapped(dict[str, Counter[tuple[object, ...]]]):
    """What the tap's recording of a scenario gave; each is recorded when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def __missing__(self, name: str) -> Counter[tuple[object, ...]]:
        self[name] = findings(record(name, "tap", self._folder))
        return self[name]


@pytest.fixture(scope="module")
def tapped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[tuple[object, ...]]]:
    folder = tmp_path_factory.mktemp("tap")
    return _Tapped(folder)


@pytest.mark.needs_tool("tcpdump")
@pytest.mark.parametrize("name", RUN)
def test_tcpdump_gives_the_same_findings_as_the_tap(
    name: str, tmp_path: Path, tapped: dict[str, Counter[tuple[object, ...]]]
) -> None:
    try:
        root = record(name, "tcpdump", tmp_path)
    except ConfigError as error:
        if "cannot record here" not in str(error):
            raise
        pytest.skip(f"tcpdump may not record on loopback here: {error}")
    assert findings(root) == tapped[name]
    assert score_case(root, CaseOptions()).perfect
    session = load_case(root).case.sessions[0]
    relays = {one.relay for one in session.stand_ins}
    assert places(root) <= relays
    assert session.clock_offset_s > 300_000_000  # from 2014 to now
    assert session.captures[0].keylog == "keys.log"


@pytest.mark.parametrize("name", RUN)
def test_mitmproxy_gives_the_same_findings_as_the_tap(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tapped: dict[str, Counter[tuple[object, ...]]]
) -> None:
    monkeypatch.setenv("PHONEHOME_MITMDUMP", str(install_mitmproxy() / "mitmdump"))
    root = record(name, "mitmproxy", tmp_path)
    assert findings(root) == tapped[name]
    assert score_case(root, CaseOptions()).perfect
    sessions = load_case(root).case.sessions
    assert {session.position for session in sessions} == {"proxy"}
    for session in sessions:
        assert len({one.relay for one in session.stand_ins if one.port != PUSH_PORT}) == 1
        assert {one.relay for one in session.stand_ins if one.port == PUSH_PORT} == {None}


@pytest.mark.needs_tool("tcpdump")
def test_a_recorder_that_ends_before_the_session_is_said_and_its_session_is_not_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = tmp_path / "tcpdump"
    hasty.write_text(
        '#!/bin/sh\nfor one in "$@"; do [ "$one" = --version ] && exec tcpdump --version; done\n'
        'exec tcpdump -c 5 "$@"\n',
        encoding="utf-8",
    )
    hasty.chmod(0o700)
    monkeypatch.setenv("PHONEHOME_TCPDUMP", str(hasty))
    with pytest.raises(ConfigError, match=r"ended before the session did|cannot record here") as raised:
        record("pinned", "tcpdump", tmp_path)
    if "cannot record here" in str(raised.value):
        pytest.skip(f"tcpdump may not record on loopback here: {raised.value}")
    assert not (tmp_path / "pinned-tcpdump").exists()


def test_the_map_of_a_tapped_session_has_the_captures_addresses_and_ports_of_the_tap(tmp_path: Path) -> None:
    root = record("pinned", "tap", tmp_path)
    session = load_case(root).case.sessions[0]
    assert places(root) <= {f"{one.address}:{one.port}" for one in session.stand_ins}
    relays = {one.relay for one in session.stand_ins}
    assert len(relays) == len(session.stand_ins)
    assert not relays & {one.server for one in session.stand_ins}
    assert {str(one).rpartition(":")[0] for one in relays} == {"127.0.0.1"}
