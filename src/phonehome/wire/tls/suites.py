"""Cipher suites that can be opened, by the number that a server chose (IANA's TLS Cipher Suites registry)."""

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """How records are protected."""

    GCM = auto()
    CCM = auto()
    CCM_8 = auto()
    CHACHA20 = auto()
    OLD_CHACHA20 = auto()  # Google's of 2013, before RFC 7905: Chrome and Play services of that time
    CBC = auto()
    STREAM = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One cipher suite.

    Attributes:
        name: IANA's name.
        cipher: The cipher alone (`AES`, `3DES`, `RC4`, `NULL`…).
        key_bytes: Size of one direction's key.
        mac: Digest of the record MAC, empty where the cipher authenticates by itself.
        digest: Digest of the key derivation, from TLS 1.2 on.
        rsa: The premaster secret is sent encrypted to the server's RSA key, as `RSA` lines need it.
    """

    name: str
    kind: Kind
    cipher: str
    key_bytes: int
    mac: str
    digest: str
    rsa: bool = False


_TLS13 = {
    0x1301: "AES_128_GCM_SHA256",
    0x1302: "AES_256_GCM_SHA384",
    0x1303: "CHACHA20_POLY1305_SHA256",
    0x1304: "AES_128_CCM_SHA256",
    0x1305: "AES_128_CCM_8_SHA256",
}

# Protection, then key exchange = number: the two halves of each name `TLS_…_WITH_…`.
_BELOW_TLS13 = {
    "AES_128_GCM_SHA256": (
        "RSA=009c DHE_RSA=009e DH_RSA=00a0 DHE_DSS=00a2 DH_DSS=00a4 DH_anon=00a6 PSK=00a8 DHE_PSK=00aa "
        "RSA_PSK=00ac ECDHE_ECDSA=c02b ECDH_ECDSA=c02d ECDHE_RSA=c02f ECDH_RSA=c031 ECCPWD=c0b0 "
        "ECDHE_PSK=d001"
    ),
    "AES_256_GCM_SHA384": (
        "RSA=009d DHE_RSA=009f DH_RSA=00a1 DHE_DSS=00a3 DH_DSS=00a5 DH_anon=00a7 PSK=00a9 DHE_PSK=00ab "
        "RSA_PSK=00ad ECDHE_ECDSA=c02c ECDH_ECDSA=c02e ECDHE_RSA=c030 ECDH_RSA=c032 ECCPWD=c0b1 "
        "ECDHE_PSK=d002"
    ),
    "CHACHA20_POLY1305_SHA256": (
        "ECDHE_RSA=cca8 ECDHE_ECDSA=cca9 DHE_RSA=ccaa PSK=ccab ECDHE_PSK=ccac DHE_PSK=ccad RSA_PSK=ccae"
    ),
    "AES_128_CCM": ("RSA=c09c DHE_RSA=c09e PSK=c0a4 DHE_PSK=c0a6 ECDHE_ECDSA=c0ac"),
    "AES_256_CCM": ("RSA=c09d DHE_RSA=c09f PSK=c0a5 DHE_PSK=c0a7 ECDHE_ECDSA=c0ad"),
    "AES_128_CCM_8": ("RSA=c0a0 DHE_RSA=c0a2 PSK=c0a8 PSK_DHE=c0aa ECDHE_ECDSA=c0ae ECJPAKE=c0ff"),
    "AES_256_CCM_8": ("RSA=c0a1 DHE_RSA=c0a3 PSK=c0a9 PSK_DHE=c0ab ECDHE_ECDSA=c0af"),
    "AES_128_CCM_SHA256": ("ECCPWD=c0b2 ECDHE_PSK=d005"),
    "AES_256_CCM_SHA384": ("ECCPWD=c0b3"),
    "AES_128_CCM_8_SHA256": ("ECDHE_PSK=d003"),
    "AES_128_CBC_SHA": (
        "RSA=002f DH_DSS=0030 DH_RSA=0031 DHE_DSS=0032 DHE_RSA=0033 DH_anon=0034 PSK=008c DHE_PSK=0090 "
        "RSA_PSK=0094 ECDH_ECDSA=c004 ECDHE_ECDSA=c009 ECDH_RSA=c00e ECDHE_RSA=c013 ECDH_anon=c018 "
        "SRP_SHA=c01d SRP_SHA_RSA=c01e SRP_SHA_DSS=c01f ECDHE_PSK=c035"
    ),
    "AES_256_CBC_SHA": (
        "RSA=0035 DH_DSS=0036 DH_RSA=0037 DHE_DSS=0038 DHE_RSA=0039 DH_anon=003a PSK=008d DHE_PSK=0091 "
        "RSA_PSK=0095 ECDH_ECDSA=c005 ECDHE_ECDSA=c00a ECDH_RSA=c00f ECDHE_RSA=c014 ECDH_anon=c019 "
        "SRP_SHA=c020 SRP_SHA_RSA=c021 SRP_SHA_DSS=c022 ECDHE_PSK=c036"
    ),
    "AES_128_CBC_SHA256": (
        "RSA=003c DH_DSS=003e DH_RSA=003f DHE_DSS=0040 DHE_RSA=0067 DH_anon=006c PSK=00ae DHE_PSK=00b2 "
        "RSA_PSK=00b6 ECDHE_ECDSA=c023 ECDH_ECDSA=c025 ECDHE_RSA=c027 ECDH_RSA=c029 ECDHE_PSK=c037"
    ),
    "AES_256_CBC_SHA256": ("RSA=003d DH_DSS=0068 DH_RSA=0069 DHE_DSS=006a DHE_RSA=006b DH_anon=006d"),
    "AES_256_CBC_SHA384": (
        "PSK=00af DHE_PSK=00b3 RSA_PSK=00b7 ECDHE_ECDSA=c024 ECDH_ECDSA=c026 ECDHE_RSA=c028 ECDH_RSA=c02a "
        "ECDHE_PSK=c038"
    ),
    "CAMELLIA_128_CBC_SHA": ("RSA=0041 DH_DSS=0042 DH_RSA=0043 DHE_DSS=0044 DHE_RSA=0045 DH_anon=0046"),
    "CAMELLIA_256_CBC_SHA": ("RSA=0084 DH_DSS=0085 DH_RSA=0086 DHE_DSS=0087 DHE_RSA=0088 DH_anon=0089"),
    "CAMELLIA_128_CBC_SHA256": (
        "RSA=00ba DH_DSS=00bb DH_RSA=00bc DHE_DSS=00bd DHE_RSA=00be DH_anon=00bf ECDHE_ECDSA=c072 "
        "ECDH_ECDSA=c074 ECDHE_RSA=c076 ECDH_RSA=c078 PSK=c094 DHE_PSK=c096 RSA_PSK=c098 ECDHE_PSK=c09a"
    ),
    "CAMELLIA_256_CBC_SHA256": ("RSA=00c0 DH_DSS=00c1 DH_RSA=00c2 DHE_DSS=00c3 DHE_RSA=00c4 DH_anon=00c5"),
    "CAMELLIA_256_CBC_SHA384": (
        "ECDHE_ECDSA=c073 ECDH_ECDSA=c075 ECDHE_RSA=c077 ECDH_RSA=c079 PSK=c095 DHE_PSK=c097 RSA_PSK=c099 "
        "ECDHE_PSK=c09b"
    ),
    "3DES_EDE_CBC_SHA": (
        "RSA=000a DH_DSS=000d DH_RSA=0010 DHE_DSS=0013 DHE_RSA=0016 DH_anon=001b PSK=008b DHE_PSK=008f "
        "RSA_PSK=0093 ECDH_ECDSA=c003 ECDHE_ECDSA=c008 ECDH_RSA=c00d ECDHE_RSA=c012 ECDH_anon=c017 "
        "SRP_SHA=c01a SRP_SHA_RSA=c01b SRP_SHA_DSS=c01c ECDHE_PSK=c034"
    ),
    "DES_CBC_SHA": (
        "RSA=0009 DH_DSS=000c DH_RSA=000f DHE_DSS=0012 DHE_RSA=0015 DH_anon=001a RSA_EXPORT1024=0062 "
        "DHE_DSS_EXPORT1024=0063"
    ),
    "RC4_128_MD5": ("RSA=0004 DH_anon=0018"),
    "RC4_128_SHA": (
        "RSA=0005 DHE_DSS=0066 PSK=008a DHE_PSK=008e RSA_PSK=0092 ECDH_ECDSA=c002 ECDHE_ECDSA=c007 "
        "ECDH_RSA=c00c ECDHE_RSA=c011 ECDH_anon=c016 ECDHE_PSK=c033"
    ),
    "NULL_MD5": ("RSA=0001"),
    "NULL_SHA": (
        "RSA=0002 PSK=002c DHE_PSK=002d RSA_PSK=002e ECDH_ECDSA=c001 ECDHE_ECDSA=c006 ECDH_RSA=c00b "
        "ECDHE_RSA=c010 ECDH_anon=c015 ECDHE_PSK=c039"
    ),
    "NULL_SHA256": ("RSA=003b PSK=00b0 DHE_PSK=00b4 RSA_PSK=00b8 ECDHE_PSK=c03a"),
    "NULL_SHA384": ("PSK=00b1 DHE_PSK=00b5 RSA_PSK=00b9 ECDHE_PSK=c03b"),
    "OLD_CHACHA20_POLY1305_SHA256": "ECDHE_RSA=cc13 ECDHE_ECDSA=cc14 DHE_RSA=cc15",
}

_KINDS = (
    ("_GCM_", Kind.GCM),
    ("_CCM_8", Kind.CCM_8),
    ("_CCM", Kind.CCM),
    ("OLD_CHACHA20", Kind.OLD_CHACHA20),
    ("CHACHA20", Kind.CHACHA20),
    ("_CBC_", Kind.CBC),
    ("RC4", Kind.STREAM),
    ("NULL", Kind.STREAM),
)
_KEY_BYTES = {"3DES": 24, "DES": 8, "RC4": 16, "NULL": 0, "CHACHA20": 32, "OLD": 32}
_DIGESTS = {"MD5": "md5", "SHA": "sha1", "SHA256": "sha256", "SHA384": "sha384"}


def _suite(name: str, protection: str) -> Suite:
    words = protection.split("_")
    kind = next(kind for part, kind in _KINDS if part in protection)
    return Suite(
        name=name,
        kind=kind,
        cipher=words[0],
        key_bytes=_KEY_BYTES[words[0]] if words[0] in _KEY_BYTES else int(words[1]) // 8,
        mac=_DIGESTS[words[-1]] if kind in (Kind.CBC, Kind.STREAM) else "",
        digest="sha384" if words[-1] == "SHA384" else "sha256",
        rsa=name.startswith("TLS_RSA_WITH"),
    )


def _all_suites() -> dict[int, Suite]:
    suites = {number: _suite(f"TLS_{name}", name) for number, name in _TLS13.items()}
    for protection, listed in _BELOW_TLS13.items():
        for entry in listed.split():
            exchange, number = entry.split("=")
            suites[int(number, 16)] = _suite(
                f"TLS_{exchange}_WITH_{protection.removeprefix('OLD_')}", protection
            )
    return suites


SUITES = _all_suites()
"""Every suite that can be opened, by its number."""


def suite_name(number: int) -> str:
    """The name of a suite, or its number where it is none of ours."""
    suite = SUITES.get(number)
    return suite.name if suite is not None else f"0x{number:04x}"
