"""A real nginx for recordings: own configuration in a folder of the test's, self-signed certificates.

It speaks HTTP/1.1 in clear (port 80), HTTP/2 in clear with prior knowledge (8080), and both over TLS (443) in
every version and cipher that the TLS library here still has; the client chooses. What is sent up is read to its
end (a second server behind a Unix socket answers), because nginx alone would cut uploads short in HTTP/2.
"""

import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from recording import (
    CLEAR_PORT,
    H2C_PORT,
    START_SECONDS,
    TLS_PORT,
    Network,
    RecordingError,
)

_CONFIGURATION = """
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  types {{ application/json json; text/html html; image/jpeg jpg; text/plain txt; }}
  default_type application/octet-stream;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 0;
  client_body_buffer_size 64k;
  client_header_buffer_size 16k;
  large_client_header_buffers 8 64k;
  http2_max_concurrent_streams 128;
  keepalive_requests 100000;
  keepalive_timeout 600;
  gzip on;
  gzip_types application/json text/plain;
  gzip_min_length 200;
  gzip_proxied any;
  gzip_http_version 1.0;
  ssl_certificate {folder}/rsa.crt;
  ssl_certificate_key {folder}/rsa.key;
  ssl_certificate {folder}/ec.crt;
  ssl_certificate_key {folder}/ec.key;
  ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
  ssl_ciphers ALL:COMPLEMENTOFALL:!aNULL:!eNULL:@SECLEVEL=0;
  ssl_conf_command Ciphersuites {suites};
  ssl_session_cache shared:tls:10m;
  ssl_early_data on;
  split_clients "$request_uri" $answer {{
{answers}
  }}
  upstream behind {{ server unix:{folder}/behind.sock; keepalive 32; }}
  server {{
    listen {clear};
    listen [::]:{clear} ipv6only=on;
    listen {h2c} http2;
    listen {tls} ssl http2;
    listen [::]:{tls} ssl http2 ipv6only=on;
    server_name _;
    location / {{
      proxy_pass http://behind;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }}
  }}
  server {{
    listen unix:{folder}/behind.sock;
    root {folder}/files;
    error_page 405 =200 $answer;
    location / {{ try_files $uri $answer =404; }}
  }}
}}
"""
TLS13_SUITES = (
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_CCM_8_SHA256",
)


@contextmanager
def nginx(net: Network, folder: Path, files: Mapping[str, bytes]) -> Iterator[None]:
    """Run nginx in the cloud, its configuration, certificates and files in `folder`.

    Args:
        files: Name to content. A request for one of them gets it; any other gets one that its URL chooses.
    """
    (folder / "files").mkdir(parents=True)
    for name, content in files.items():
        (folder / "files" / name).write_bytes(content)
    _make_certificates(folder)
    share = 100 // len(files)
    answers = [f"    {share}% /{name};" for name in files]
    answers[-1] = f"    * /{list(files)[-1]};"
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder,
            answers="\n".join(answers),
            suites=":".join(TLS13_SUITES),
            clear=CLEAR_PORT,
            h2c=H2C_PORT,
            tls=TLS_PORT,
        )
    )
    command = net.on_cloud("nginx", "-p", str(folder), "-c", str(configuration), "-g", "daemon off;")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_it_listens(process, folder)
        yield
    finally:
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:  # a client still holds a connection open
            process.terminate()
            process.wait(START_SECONDS)


def _wait_until_it_listens(process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while not (folder / "nginx.pid").exists():
        if process.poll() is not None or time.monotonic() > end:
            log = folder / "error.log"
            raise RecordingError(f"nginx did not start: {log.read_text() if log.exists() else 'no log'}")
        time.sleep(0.02)


def _make_certificates(folder: Path) -> None:
    for name, key in (("rsa", ["rsa:2048"]), ("ec", ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])):
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-nodes", "-days", "30", "-newkey", *key),
                *(
                    "-subj",
                    "/CN=cloud.example",
                    "-addext",
                    "subjectAltName=DNS:*.example,DNS:*.vendor.example",
                ),
                *("-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt")),
            ],
            check=True,
            capture_output=True,
        )
