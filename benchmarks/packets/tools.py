"""The commands that are compared, and which requests each of them read."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.packets import BUILD
from benchmarks.packets.traffic import NUMBER_HEADER

PHONEHOME = Path(sys.executable).with_name("phonehome")
PEER = BUILD / "pcapng-utils"
PEER_VERSION = "1.1.0"
# What an exchange is made of, and no more: each further column costs tshark time.
FIELDS = (
    "frame.number",
    "frame.time_epoch",
    "tcp.stream",
    "http.request.method",
    "http.host",
    "http.request.uri",
    "http.request.line",
    "http.response.code",
    "http.response.line",
    "http.file_data",
    "http2.streamid",
    "http2.type",
    "http2.header.name",
    "http2.header.value",
    "http2.data.data",
)
_NUMBER = NUMBER_HEADER.encode().lower()
_IN_FIELDS = re.compile(re.escape(_NUMBER) + rb": (\d{7})", re.IGNORECASE)


def exchanges(capture: str, keylog: Path, *more: str) -> list[str]:
    """phonehome reading, with bodies."""
    return [str(PHONEHOME), "exchanges", capture, "--keylog", str(keylog), "--bodies", *more]


def reading(capture: Path, keylog: Path, workers: int = 1) -> list[str]:
    """phonehome reading, with bodies, and writing none of it."""
    module = [sys.executable, "-m", "benchmarks.packets.reading"]
    return [*module, str(capture), str(keylog), NUMBER_HEADER, str(workers)]


def audit(capture: str, keylog: Path, subject: Path, *more: str) -> list[str]:
    """phonehome's whole audit."""
    options = ["--keylog", str(keylog), "--subject", str(subject), "--format", "json", *more]
    return [str(PHONEHOME), "audit", capture, *options]


def tshark(capture: Path, keylog: Path) -> list[str]:
    """tshark writing the same: requests and answers with headers and bodies, in columns, its quickest form."""
    options = ["-o", f"tls.keylog_file:{keylog}", "-Y", "http or http2", "-T", "fields"]
    return ["tshark", "-r", str(capture), *options, *(word for name in FIELDS for word in ("-e", name))]


def pcapng_utils(capture: Path, har: Path) -> list[str]:
    """The field's converter; it takes secrets from inside the capture."""
    return [str(PEER / "bin" / "pcapng_to_har"), "-f", "-i", str(capture), "-o", str(har)]


def set_up_pcapng_utils() -> str | None:
    """Install it into an environment of its own; the reason why it cannot run, if so."""
    if not (PEER / "bin" / "pcapng_to_har").exists():
        made = subprocess.run([sys.executable, "-m", "venv", str(PEER)], check=False, capture_output=True)
        pip = [str(PEER / "bin" / "pip"), "install", "-q", f"pcapng-utils=={PEER_VERSION}"]
        if made.returncode or subprocess.run(pip, check=False).returncode:
            return "pip could not install it"
    return None if shutil.which("editcap") else "editcap, of tshark's package, is not installed"


def cut_slice(capture: Path, keylog: Path, packets: int, folder: Path) -> Path:
    """The first packets as a pcapng with the secrets inside, which all three read."""
    cut, whole = folder / "slice.pcap", folder / "slice.pcapng"
    subprocess.run(["editcap", "-r", str(capture), str(cut), f"1-{packets}"], check=True)
    subprocess.run(["editcap", "--inject-secrets", f"tls,{keylog}", str(cut), str(whole)], check=True)
    cut.unlink()
    return whole


def numbers_in_exchanges(output: Path) -> dict[int, int]:
    """Index of the exchange to number of the request, of all that phonehome read."""
    found = {}
    with output.open("rb") as lines:
        for text in lines:
            line = json.loads(text)
            for name, value in (line["request"] or {}).get("headers", ()):
                if name.lower() == NUMBER_HEADER.lower():
                    found[line["index"]] = int(value)
    return found


def numbers_in_lines(output: Path) -> set[int]:
    """Numbers of the requests that were read and not written."""
    numbers = (line.split(" ")[1] for line in output.read_text().splitlines())
    return {int(number) for number in numbers if number}


def numbers_in_fields(output: Path, requests: int) -> set[int]:
    """Numbers of the requests that tshark wrote, of so many that were sent."""
    found: set[int] = set()
    names, values = FIELDS.index("http2.header.name"), FIELDS.index("http2.header.value")
    with output.open("rb") as lines:
        for line in lines:
            found.update(int(match) for match in _IN_FIELDS.findall(line))
            columns = line.split(b"\t")
            # Values hold commas, so the names cannot be counted off against them; the last of a request's
            # headers is our number, and several requests in a packet have as many numbers.
            if len(columns) > values and _NUMBER in columns[names]:
                found.update(_seven_digits(columns[values]))
    return {number for number in found if number < requests}


def _seven_digits(column: bytes) -> Iterator[int]:
    return (int(part) for part in column.split(b",") if len(part) == 7 and part.isdigit())


def numbers_in_har(har: Path) -> set[int]:
    """Numbers of the requests that a HAR holds."""
    entries = json.loads(har.read_bytes())["log"]["entries"]
    return {
        int(header["value"])
        for entry in entries
        for header in entry["request"]["headers"]
        if header["name"].lower() == NUMBER_HEADER.lower()
    }
