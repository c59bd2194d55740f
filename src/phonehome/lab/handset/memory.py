"""What a handset remembers from session to session, until it is reset: its sessions with the vendor's cloud."""

from dataclasses import dataclass, field

from phonehome.lab.handset.build import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session with the cloud: whose it is, its token, and the key of the vendor's own layer."""

    user_id: str
    token: str
    security: bytes

    @property
    def cookie(self) -> str:
        """The header by which requests name it."""
        return f"userId={self.user_id}; serviceToken={self.token}"


@dataclass(slots=True)
class Memory:
    """A handset's memory; `sim_digest` is what its activation SMS called the SIM."""

    sessions: dict[Account, Session] = field(default_factory=dict)
    sim_digest: str | None = None
