"""Real curl for recordings: requests of one run, written as a curl configuration, with a key log."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from recording import CLOUD_ADDRESS_6, CLOUD_ADDRESSES, Network, RecordingError

RUN_SECONDS = 300
"""How long one curl may take before it counts as stuck."""
UPLOADED, PARTIAL = 0, 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as curl sends it.

    Attributes:
        body: What is sent up; None for none.
        chunked: Send the body in chunks (HTTP/1.1 only).
        options: More lines of curl's configuration, such as `head`.
    """

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    chunked: bool = False
    options: tuple[str, ...] = ()


def address_of(host: str) -> str:
    """The address that a host name has in every recording."""
    return CLOUD_ADDRESSES[sum(host.encode()) % len(CLOUD_ADDRESSES)]


def curl(
    net: Network, folder: Path, calls: Sequence[Call], *options: str, keylog: Path, ipv6: bool = False
) -> None:
    """Send the calls from the phone in one run of curl, over connections that it keeps open.

    Args:
        folder: Where configuration and bodies are written.
        options: Lines of configuration for every call, such as `http1.1` or `tls-max = "1.2"`.
        keylog: Where TLS secrets are appended.
    """
    process = start_curl(net, folder, calls, *options, keylog=keylog, ipv6=ipv6)
    _, errors = process.communicate(timeout=RUN_SECONDS)
    if process.returncode:
        raise RecordingError(
            f"curl ended with {process.returncode}: {errors.decode(errors='replace').strip()}"
        )


def start_curl(
    net: Network, folder: Path, calls: Sequence[Call], *options: str, keylog: Path, ipv6: bool = False
) -> subprocess.Popen[bytes]:
    """Start what `curl` runs, for callers that run several at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "curl.conf"
    sections = [_section(call, folder / f"body-{place}", ipv6) for place, call in enumerate(calls)]
    common = ["silent", "show-error", "insecure", "globoff", "path-as-is", *options]
    text = "\nnext\n".join("\n".join([*common, *section]) for section in sections)
    configuration.write_text(text + "\n", encoding="utf-8", errors="surrogateescape")
    # -q: a person's own .curlrc must not change a test.
    return subprocess.Popen(
        net.on_phone("curl", "-q", "-K", str(configuration)),
        env={**os.environ, "SSLKEYLOGFILE": str(keylog)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _section(call: Call, body: Path, ipv6: bool) -> list[str]:
    parts = urlsplit(call.url)
    address = f"[{CLOUD_ADDRESS_6}]" if ipv6 else address_of(parts.hostname or "")
    lines = [f"url = {_quoted(call.url)}", f'connect-to = "::{address}:"', 'output = "/dev/null"']
    lines += [f"header = {_quoted(f'{name}: {value}')}" for name, value in call.headers]
    if call.body is not None:
        body.write_bytes(call.body)
        lines.append(f'data-binary = "@{body}"')
        if not any(name.lower() == "content-type" for name, _ in call.headers):
            lines.append('header = "Content-Type: application/octet-stream"')
    if call.chunked:
        lines.append('header = "Transfer-Encoding: chunked"')
    if call.method != ("GET" if call.body is None else "POST") and "head" not in call.options:
        lines.append(f"request = {_quoted(call.method)}")
    # curl asks leave for bodies above 1 MB; apps do not.
    return [*lines, 'header = "Expect:"', *call.options]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
