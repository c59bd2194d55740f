"""What all documents share: models without extra keys, and the words of the vocabulary.

A field whose value is unknown is null, never missing; an unknown key is refused, so that a document of another tool
or version is.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Direction = Literal["up", "down"]
Transport = Literal["cleartext", "tls", "quic"]
Severity = Literal["low", "medium", "high", "critical"]
MethodName = Literal["decoded", "digest"]
PositionName = Literal["gateway", "handset", "proxy", "tap"]
ConsentName = Literal["not_asked", "declined", "granted", "withdrawn"]
ConsentSummary = Literal["not_asked", "declined", "granted", "withdrawn", "mixed"]
CaseKindName = Literal["observation", "reconstruction"]


class Model(BaseModel):
    """Base: no unknown keys, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)
