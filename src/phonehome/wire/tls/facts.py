"""What a TLS connection tells about itself, whether or not it can be decrypted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """What was seen of the handshake.

    Attributes:
        sni: The server name that the client asked for, lower case, ASCII; None if it named none.
        ech_outer: The client sent an encrypted hello too, so `sni` may be the public name in front of the
            one it wants. False once the key log proves that the outer hello was the one in force.
        alpn_offered: Application protocols in the client's order.
        alpn_chosen: What the server chose: in clear below TLS 1.3, otherwise only once decrypted.
        version: `SSL 3.0`, `TLS 1.0` to `TLS 1.3`: what the server chose, None if its hello was not seen.
        cipher: IANA name of the cipher suite, or its number (`0x1234`) where we have no name for it.
        ja4: JA4 fingerprint of the client's hello.
        certificate_names: Names of the server's own certificate: subject alternative names, then common
            name; in clear below TLS 1.3, otherwise only once decrypted.
    """

    sni: str | None = None
    ech_outer: bool = False
    alpn_offered: tuple[str, ...] = ()
    alpn_chosen: str | None = None
    version: str | None = None
    cipher: str | None = None
    ja4: str | None = None
    certificate_names: tuple[str, ...] = ()
