"""A real time-stamp service on this machine: `openssl ts -reply` behind a small HTTP server, with its own authority."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = """\
[ tsa ]
default_tsa = here
[ here ]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
tsa_name = yes
ess_cert_id_alg = sha256
[ req ]
distinguished_name = name
prompt = no
[ name ]
CN = unused
[ authority ]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[ stamping ]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""
SCRIPT = """\
set -e
new="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config tsa.cnf"
openssl req -x509 $new -keyout root.key -out root.pem -subj "/CN=Test Root" -days 30 -extensions authority
openssl req $new -keyout tsa.key -out tsa.csr -subj "/CN=Test Stamps"
openssl x509 -req -in tsa.csr -CA root.pem -CAkey root.key -set_serial 7 -out tsa.pem -days 30 \\
  -extfile tsa.cnf -extensions stamping
echo 01 > serial
"""


@dataclass(kw_only=True)
class Service:
    """A running service; `behave` says how it answers: well, or in one of the ways that must not pass."""

    folder: Path
    url: str = ""
    behave: str = "well"
    requests: list[bytes] = field(default_factory=list)

    @property
    def root_certificate(self) -> Path:
        """The authority that vouches for it."""
        return self.folder / "root.pem"

    def reply(self, query: bytes) -> bytes:
        """Let openssl stamp a query."""
        (self.folder / "q.tsq").write_bytes(query)
        command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "q.tsq", "-out", "r.tsr"]
        command += ["-signer", "tsa.pem", "-inkey", "tsa.key"]
        if self.behave == "with the whole chain":
            command += ["-chain", "root.pem"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, timeout=60)
        return (self.folder / "r.tsr").read_bytes()


def make_authority(folder: Path) -> None:
    """Make a root and a certificate for stamping in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tsa.cnf").write_text(CONFIG, encoding="utf-8")
    subprocess.run(["bash", "-c", SCRIPT], cwd=folder, check=True, capture_output=True, timeout=60)


@contextmanager
def timestamp_service(folder: Path) -> Iterator[Service]:
    """Run a service on a port of this machine."""
    make_authority(folder)
    service = Service(folder=folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            service.requests.append(query)
            match service.behave:
                case "500":
                    self.send_error(500)
                    return
                case "redirects":
                    self.send_response(302)
                    self.send_header("Location", service.url)
                    self.end_headers()
                    return
                case "answers another":
                    body = service.reply(service.requests[0])
                case "nonsense":
                    body = b"<html>not here</html>"
                case "endless":
                    body = bytes(2 << 20)
                case "refuses":
                    body = bytes.fromhex("30053003020102")  # status 2, rejection, without a token
                case _:
                    body = service.reply(query)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}/tsr"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
