"""A cloud that runs by itself, and an ordinary client that talks to it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def _start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "phonehome.lab.cloud", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.needs_tool("curl")
@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_curl_talks_to_a_cloud_of_its_own(tmp_path: Path, version: str) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"seed": 3, "regions": {"beijing": {}}}))
    with _start(str(tmp_path / "cloud"), "--config", str(config)) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert "reconstruction" in told["label"]
        (place,) = (e for e in told["endpoints"] if (e["service"], e["protocol"]) == ("account", "https"))
        connect = f"{place['host']}:443:{place['address']}:{place['port']}"
        url = f"https://{place['host']}/pass/user@id?type=MXPH&externalId=%2B12025550102"
        command = [
            "curl",
            "-sS",
            version,
            "--noproxy",
            "*",
            "--cacert",
            told["ca"],
            "--connect-to",
            connect,
            url,
        ]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        assert json.loads(answer.stdout)["data"] == {"userId": None, "state": "not-registered"}
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


@pytest.mark.parametrize("text", ["nonsense", '{"regions": {"atlantis": {}}}', '{"unknown": 1}'])
def test_a_wrong_configuration_is_told(tmp_path: Path, text: str) -> None:
    config = tmp_path / "config.json"
    config.write_text(text)
    with _start(str(tmp_path / "cloud"), "--config", str(config)) as process:
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert errors.startswith("the lab's cloud did not start: ")
