"""Every scenario recorded once, for the tests that compare what tools read in it."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from curl_client import Call, curl
from nginx_server import nginx
from phone_clients import PIPELINE_HOST, PIPELINED, WEBSOCKET_HOST
from recording import CLEAR_PORT, CLOUD_ADDRESSES, TLS_PORT, Network, network, record, serve
from scenarios import FILES, SCENARIOS
from tshark_oracle import Request, digest

PIPELINES = {"pipelined-clear": CLEAR_PORT, "pipelined-tls": TLS_PORT}
NAMES = (*(scenario.name for scenario in SCENARIOS), *PIPELINES, "websocket")
CLIENT_SECONDS = 60

_CLIENTS = Path(__file__).with_name("phone_clients.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A capture, the secrets for it, and what the clients sent."""

    capture: Path
    keylog: Path | None
    sent: tuple[Request, ...]


def record_everything(folder: Path) -> Mapping[str, Recording]:
    """Record all scenarios into a folder; the recordings by name."""
    scratch = folder / "scratch"
    with network() as net, nginx(net, scratch / "nginx", FILES):
        recordings = {}
        for scenario in SCENARIOS:
            capture, keylog = folder / f"{scenario.name}.pcap", folder / f"{scenario.name}.keylog"
            with record(net, capture):
                curl(
                    net,
                    scratch / scenario.name,
                    scenario.calls,
                    *scenario.options,
                    keylog=keylog,
                    ipv6=scenario.ipv6,
                )
            recordings[scenario.name] = _recording(capture, keylog, [_sent(call) for call in scenario.calls])
        for name, port in PIPELINES.items():
            recordings[name] = _record_pipeline(net, folder, name, port)
        recordings["websocket"] = _record_websocket(net, folder, scratch / "nginx")
    return recordings


def _recording(capture: Path, keylog: Path, sent: Sequence[Request]) -> Recording:
    return Recording(
        capture=capture,
        keylog=keylog if keylog.exists() and keylog.stat().st_size else None,
        sent=tuple(sent),
    )


def _sent(call: Call) -> Request:
    parts = urlsplit(call.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return Request.of(call.method, parts.netloc, target, call.body or b"")


def _record_pipeline(net: Network, folder: Path, name: str, port: int) -> Recording:
    capture, keylog = folder / f"{name}.pcap", folder / f"{name}.keylog"
    secrets = [str(keylog)] if port == TLS_PORT else []
    with record(net, capture):
        _run_client(net, "pipeline", CLOUD_ADDRESSES[0], str(port), *secrets)
    sent = [Request.of(method, PIPELINE_HOST, target, body) for method, target, body in PIPELINED]
    return _recording(capture, keylog, sent)


def _record_websocket(net: Network, folder: Path, certificates: Path) -> Recording:
    capture = folder / "websocket.pcap"
    server = net.on_cloud(sys.executable, str(_CLIENTS), "websocket-server", str(certificates))
    with serve(server, certificates / "ready"), record(net, capture):
        _run_client(net, "websocket-client", str(certificates))
    sent = [
        Request(method="GET", host=WEBSOCKET_HOST, path=f"/chat?compression={kind}", sha256=digest(b""))
        for kind in (None, "deflate")
        for _ in ("ws", "wss")
    ]
    return _recording(capture, certificates / "keys.log", sent)


def _run_client(net: Network, *arguments: str) -> None:
    subprocess.run(
        net.on_phone(sys.executable, str(_CLIENTS), *arguments), check=True, timeout=CLIENT_SECONDS
    )
