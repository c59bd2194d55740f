"""TLS records, hellos and key logs: what a recording of TLS tells, and what it holds once there are keys.

Versions SSL 3.0 to TLS 1.3 (RFC 6101, 2246, 4346, 5246, 8446). `connection` is the way in.
"""

from phonehome.wire.tls.connection import TlsConnection
from phonehome.wire.tls.facts import TlsFacts
from phonehome.wire.tls.keylog import KeyLog
from phonehome.wire.tls.plain import Plain

__all__ = ["KeyLog", "Plain", "TlsConnection", "TlsFacts"]
