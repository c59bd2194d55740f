"""Everything that is read, with compiled parts and without: byte by byte the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import PHONEHOME
from compiled_parts import compiled_parts

from cases import CAPTURES, CASES

with compiled_parts():
    import phonehome.wire.native.hpack  # noqa: F401

SMALL = [path for path in CAPTURES if path.stat().st_size < 1_000_000]
KEY_LOGS = sorted(CASES.glob("*/*.keylog"))
WHICH_RUN = """
import sys
from phonehome.wire import hpack, http1_parser, http2_stream, http_message, places, tcp
from phonehome.wire.capture import pcap, pcapng
from phonehome.wire.tls import hello, records
plain = (
    hpack._read_ordinary is hpack.read_nothing,
    hello._split_extensions is hello.split_extensions,
    http1_parser._read_ordinary is http1_parser.read_no_head,
    http2_stream._split_head is http2_stream.split_head,
    http_message._find_headers is http_message.find_headers,
    pcap._walk is pcap.walk,
    pcapng._walk_packets is pcapng.walk_packets,
    places._numbers_in is places.numbers_in,
    places._stretch_of is places.stretch_of,
    places._value_at is places.value_at,
    records._open is records.open_records,
    tcp._join_payloads is tcp.join_payloads,
)
compiled = [name for name in sys.modules if name.startswith("phonehome.wire.native.")]
print("plain" if all(plain) and not compiled else "compiled" if not any(plain) else "mixed")
"""


def with_native(said: str | None) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name != "PHONEHOME_NATIVE"}
    return environment if said is None else {**environment, "PHONEHOME_NATIVE": said}


@pytest.mark.parametrize(("said", "runs"), [(None, "compiled"), ("must", "compiled"), ("off", "plain")])
def test_the_environment_says_which_run(said: str | None, runs: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WHICH_RUN], env=with_native(said), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == runs


def test_captures_are_read_alike_with_and_without_compiled_parts() -> None:
    keys = [argument for path in KEY_LOGS for argument in ("--keylog", str(path))]
    command = [str(PHONEHOME), "exchanges", "--bodies", *keys, *map(str, SMALL)]
    assert len(SMALL) > 100
    results = []
    for said in (None, "off"):
        done = subprocess.run(command, env=with_native(said), capture_output=True, timeout=120, check=False)
        results.append((done.returncode, done.stdout, done.stderr))
    compiled, plain = results
    assert compiled == plain
    assert plain[1].count(b"\n") > 300
    assert Path(str(SMALL[0])).name.encode() in plain[1] + plain[2]
