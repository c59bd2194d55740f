"""What a recording cannot have seen, by where it was made: said beside every "not seen" of its session."""

from collections.abc import Mapping

from phonehome.model.session import Position, Session

_SMS = (
    "SMS and whatever else goes over the telephone network itself is missing: activation by text message, MMS over a "
    "bearer of its own, calls, USSD."
)
_OTHER_RADIOS = "What the handset sends by Bluetooth, NFC or another Wi-Fi network is not in it."
_CIPHERS = (
    "TLS is read only where its keys were kept (a key log); else it shows who is talked to and how much."
)
_CELLULAR = "Traffic over the cellular network goes past it."

_MISSES: Mapping[Position, tuple[str, ...]] = {
    Position.GATEWAY: (_CELLULAR, _SMS, _CIPHERS, _OTHER_RADIOS),
    Position.HANDSET: (
        "Early boot is missing: a VPN on the phone starts late, and what is sent before the user unlocks it is not "
        "in the recording.",
        "Traffic that goes around the VPN is missing: apps and services that the system exempts, tethered devices, the "
        "baseband itself.",
        _SMS,
        _CIPHERS,
        "Apps can see that a VPN is up, and may behave otherwise than usual.",
    ),
    Position.PROXY: (
        "Apps that pin their certificates refuse the proxy's and send nothing through it, or less than usual.",
        "Only what honours the proxy is in it: no protocol but HTTP, no QUIC, no DNS, no push connection that goes "
        "direct.",
        "The TLS that servers see is the proxy's: fingerprints and round-trip times are not the handset's.",
        "What is sent before the proxy is set up, at early boot, is missing.",
        _SMS,
    ),
    Position.TAP: (
        "Where it opens TLS it makes handshakes of its own: fingerprints and round-trip times are not the handset's.",
        "Apps that pin their certificates refuse those handshakes and send nothing through it, or less than usual.",
        _CELLULAR,
        _SMS,
        _OTHER_RADIOS,
    ),
}
BOOT_STEPS = frozenset({"power-on", "start-up", "restart"})
"""Steps of the shipped protocols in which the handset starts."""
_ON_PATH = (Position.GATEWAY, Position.TAP)
CELLULAR_WORDS = frozenset({"cellular", "mobile", "3g", "4g", "5g", "lte", "umts", "gprs", "edge"})
"""Values of the condition `network` that mean the cellular network."""


def is_blind(session: Session) -> bool:
    """Say whether nothing that the handset sent can be in the recording: its steps then exposed nothing to it.

    So it is where the handset was on the cellular network, and the recording was made on another path.
    """
    return session.position in _ON_PATH and _network_of(session) in CELLULAR_WORDS


def _network_of(session: Session) -> str:
    return session.conditions.get("network", "").strip().lower()


def missed_by(session: Session) -> tuple[str, ...]:
    """Say in sentences what the recording of a session, made where it was, cannot have seen.

    What the conditions make worse comes first: a gateway's recording of a session on the cellular network has
    nothing of the handset's, and its "not seen" means nothing.
    """
    position = session.position
    network = _network_of(session)
    first: list[str] = []
    on_cellular = is_blind(session)
    if on_cellular:
        first.append(
            f"The session ran on the cellular network ({network}), which a {position} does not see: nothing that the "
            "handset sent there is in the recording, and “not seen” says nothing of it."
        )
    if position in _ON_PATH and not network:
        first.append(
            "The session does not say on which network the handset was; if it was on the cellular one, its traffic "
            f"is not in the recording of a {position}."
        )
    boots = [step.id for step in session.steps if step.id in BOOT_STEPS]
    if position is Position.HANDSET and boots:
        first.append(
            f"The timeline has the step {boots[0]}, and a recording on the handset begins after it has started: what "
            "was sent before is not in it, and “not seen” says nothing of that."
        )
    rest = [text for text in _MISSES[position] if not (on_cellular and text == _CELLULAR)]
    return (*first, *rest)
