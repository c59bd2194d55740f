"""tshark is the oracle: the same requests and responses, by method, host, path and digest of the body.

Over every capture among the cases, and over real traffic that is recorded here. Of the recorded it is known what
was sent, so there tshark is tested first: an oracle that is wrong proves nothing.
"""

import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from read_exchanges import read_exchanges
from recorded import NAMES, Recording
from scenarios import SCENARIOS, Scenario
from tshark_oracle import Request, Response, read_with_tshark

from cases import CAPTURES, keylog_of

pytestmark = pytest.mark.needs_tool("tshark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Why the two do not agree on a capture, and on how many messages: a difference that grows is a new one."""

    reason: str
    only_tshark: int = 0
    only_phonehome: int = 0


_CUT = "The recording lacks packets or ends early: tshark waits for the rest, phonehome gives what is there."
_UPGRADE = (
    "Of an upgrade to HTTP/2 tshark also counts the 101; phonehome gives the answer that the request got."
)
REQUESTS: Mapping[str, Difference] = {
    "mercury-corner-cases": Difference(reason=_CUT, only_phonehome=2),
    "mercury-multi_packet_http_request_ua": Difference(reason=_CUT, only_phonehome=1),
    "pcpp-PartialHttpRequest": Difference(reason=_CUT, only_phonehome=1),
    "zeek-zero-length-bodies-with-drops": Difference(reason=_CUT, only_phonehome=4),
}
RESPONSES: Mapping[str, Difference] = {
    "arkime-http-tcp-seq-issue": Difference(reason=_CUT, only_phonehome=1),
    "arkime-no-syn-ack": Difference(reason=_CUT, only_phonehome=1),
    "mercury-corner-cases": Difference(reason=_CUT, only_phonehome=1),
    "pcpp-HttpMalformedResponse": Difference(reason=_CUT, only_phonehome=1),
    "suricata-http-gap-double": Difference(reason=_CUT, only_phonehome=2),
    "suricata-http2-deflate": Difference(reason=_UPGRADE, only_tshark=1),
    "suricata-http2-range": Difference(reason=_UPGRADE, only_tshark=3),
    "zeek-entity_gap": Difference(reason=_CUT, only_phonehome=1),
    "zeek-zero-length-bodies-with-drops": Difference(reason=_CUT, only_phonehome=5),
}
DECODE_AS: Mapping[str, str] = {
    "suricata-http2-bugfixes": "tcp.port==443,http2",
    "suricata-http2-compression-bug": "tcp.port==443,http2",
    "suricata-http2-long-frame": "tcp.port==8443,http2",
}
"""HTTP/2 in clear on ports where tshark looks for TLS."""
HOLD_HTTP = frozenset(
    [
        "arkime-http-no-length",
        "arkime-http-tcp-seq-issue",
        "arkime-no-syn-ack",
        "cryptohack-tls3",
        "cryptohack-tls3-dsb",
        "hotplace-http2",
        "mercury-corner-cases",
        "mercury-multi_packet_http_request_ua",
        "mercury-test_decrypt",
        "pcap2har-firefox-tls13-facebook-dsb",
        "pcap2har-http-chunked-gzip",
        "pcap2har-http2-dump",
        "pcap2har-ipv4-websocket-segmented",
        "pcap2har-websocket",
        "pcapfileex-corrupted",
        "pcpp-HttpMalformedResponse",
        "pcpp-PartialHttpRequest",
        "suricata-bug-4810",
        "suricata-dns-over-http2",
        "suricata-dns-over-http2-post",
        "suricata-http-gap-double",
        "suricata-http-mime-truncated",
        "suricata-http-post-data-decompression",
        "suricata-http2-bugfixes",
        "suricata-http2-compression-bug",
        "suricata-http2-continuation",
        "suricata-http2-deflate",
        "suricata-http2-long-frame",
        "suricata-http2-range",
        "suricata-websocket-control-frag",
        "tcpdump-ipv4_tcp_http_xml_tso",
        "zeek-content-length-overflow",
        "zeek-deeply-nested-mime",
        "zeek-entity_gap",
        "zeek-fake-content-length",
        "zeek-handshake-reorder",
        "zeek-http-desync-request-response-5",
        "zeek-http-non-printable-characters",
        "zeek-missing-syn",
        "zeek-missing-zlib-header",
        "zeek-multipart-form",
        "zeek-no-handshake",
        "zeek-smuggle-http-request",
        "zeek-tcp-fast-open",
        "zeek-zero-length-bodies-with-drops",
    ]
)
"""Captures with HTTP in them. Of the others it is asked whether neither reads any: of each fourth, in every run."""
ASKED = [
    pytest.param(path, marks=() if name in HOLD_HTTP or not number % 4 else pytest.mark.soak, id=name)
    for number, path in enumerate(CAPTURES)
    for name in [path.parent.name.removeprefix("pcap-")]
]
MISREAD = ("pipelined-clear", "pipelined-tls")
"""tshark takes the answers that follow a pipelined HEAD's for the body which that has not."""


def compare(
    ours: list[Request] | list[Response],
    theirs: list[Request] | list[Response],
    explained: Difference | None,
) -> None:
    """Fail where the lists differ in more, or in less, than is explained."""
    found, expected = Counter(ours), Counter(theirs)
    only_theirs, only_ours = expected - found, found - expected
    allowed = explained or Difference(reason="none is explained")
    assert (only_theirs.total(), only_ours.total()) == (allowed.only_tshark, allowed.only_phonehome), (
        f"{allowed.reason}\nonly tshark: {[*only_theirs][:8]}\nonly phonehome: {[*only_ours][:8]}"
    )


@pytest.mark.parametrize("capture", ASKED)
def test_a_capture_gives_the_same_requests_and_responses(capture: Path) -> None:
    keylog = keylog_of(capture)
    oracle = read_with_tshark(capture, keylog, DECODE_AS.get(capture.stem))
    read = read_exchanges(capture, keylog).seen()
    compare(read.requests, oracle.requests, REQUESTS.get(capture.stem))
    compare(read.responses, oracle.responses, RESPONSES.get(capture.stem))


def test_every_explanation_is_of_a_capture_that_is_there() -> None:
    assert {*REQUESTS, *RESPONSES} <= {path.stem for path in CAPTURES}
    assert {f"pcap-{name}" for name in HOLD_HTTP} <= {path.parent.name for path in CAPTURES}


@pytest.mark.heavy
@pytest.mark.parametrize("name", NAMES)
def test_tshark_reads_what_was_sent(name: str, recordings: Mapping[str, Recording]) -> None:
    recording = recordings[name]
    oracle = read_with_tshark(recording.capture, recording.keylog)
    assert Counter(oracle.requests) == Counter(recording.sent)
    misread = 2 if name in MISREAD else 0
    assert len(oracle.responses) == len(recording.sent) - misread


@pytest.mark.heavy
@pytest.mark.parametrize("name", NAMES)
def test_phonehome_reads_what_was_sent_and_the_answers_that_tshark_reads(
    name: str, recordings: Mapping[str, Recording]
) -> None:
    recording = recordings[name]
    read = read_exchanges(recording.capture, recording.keylog)
    assert Counter(read.seen().requests) == Counter(recording.sent)
    assert len(read.seen().responses) == len(recording.sent)
    if name not in MISREAD:
        oracle = read_with_tshark(recording.capture, recording.keylog)
        assert Counter(read.seen().responses) == Counter(oracle.responses)
    # What a phone asks its neighbours is no traffic of applications, and said to be left out.
    assert [text for text in read.problems if not text.endswith(": ARP")] == []


@pytest.mark.heavy
@pytest.mark.parametrize(
    "scenario", [one for one in SCENARIOS if one.shown], ids=[one.name for one in SCENARIOS if one.shown]
)
def test_a_recording_speaks_the_version_and_cipher_it_is_named_after(
    scenario: Scenario, recordings: Mapping[str, Recording]
) -> None:
    fields = (
        "tls.handshake.version",
        "tls.handshake.extensions.supported_version",
        "tls.handshake.ciphersuite",
    )
    command = ["tshark", "-r", str(recordings[scenario.name].capture), "-Y", "tls.handshake.type == 2", "-T"]
    command += ["fields", *(word for name in fields for word in ("-e", name))]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    hellos = {tuple(line.split("\t")) for line in output.splitlines()}
    assert {((newer or older), cipher) for older, newer, cipher in hellos} == {scenario.shown}
