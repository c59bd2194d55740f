"""Identifiers, tokens and keys, all derived from the cloud's seed, so that a run can be repeated."""

import base64
import hashlib
import hmac


class Tokens:
    """Derives everything that another program would draw at random. Predictable on purpose: a lab's."""

    def __init__(self, seed: int) -> None:
        self._key = hashlib.sha256(f"phonehome lab {seed}".encode()).digest()

    def derive(self, *parts: str) -> bytes:
        """Give 32 bytes that follow from the seed and the parts, which may not run into one another."""
        text = "".join(f"{len(part)}:{part}" for part in parts)
        return hmac.digest(self._key, text.encode(), "sha256")

    def user_id(self, kind: str, name: str, erasures: int = 0) -> str:
        """Give a number of ten digits, as the vendor's accounts have; it does not start with 0.

        Every user that was erased changes the numbers that come after, so nobody gets that of an erased user: rows,
        tokens and moves that bear it are never taken for those of the next user of the name. No name is kept for that.
        """
        parts = (kind, name, str(erasures)) if erasures else (kind, name)
        return str(10**9 + int.from_bytes(self.derive("user", *parts)[:8]) % (9 * 10**9))

    def token(self, *parts: str) -> str:
        """Give a service token."""
        return base64.urlsafe_b64encode(self.derive("token", *parts)).decode().rstrip("=")

    def security(self, *parts: str) -> bytes:
        """Give an AES-128 key of a session."""
        return self.derive("security", *parts)[:16]

    def message_id(self, sender: str, rev: int) -> str:
        """Give the id of the message that a sender's change number stands for."""
        return self.derive("message", sender, str(rev)).hex()[:24]


def token_hash(token: str) -> str:
    """Give the form in which the server keeps a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def sim_credentials(password: str, sim_digest: str) -> tuple[str, bytes]:
    """Derive token and security key of a SIM's session from the password of its activation SMS.

    Handset and server both know the password (it never goes over IP), so the reply needs to carry no secret.
    """
    key = password.encode()
    token = hmac.digest(key, f"token/{sim_digest}".encode(), "sha256").hex()[:40]
    return token, hmac.digest(key, f"security/{sim_digest}".encode(), "sha256")[:16]


def password_hash(password: str, salt: str) -> str:
    """Give what is kept of an account's password."""
    # Light parameters: accounts are invented, and a scenario logs in many times.
    return hashlib.scrypt(password.encode(), salt=salt.encode(), n=2**12, r=8, p=1).hex()
