"""What passes from one layer to the next."""

from dataclasses import dataclass

Scalar = str | bytes | int | float
Fields = tuple[tuple[str, Scalar], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A value as somebody writes it.

    Attributes:
        form: The name of the form, after the type it belongs to.
        fields: Key and scalar; two for a location whose coordinates travel apart.
    """

    value_id: str
    type: str
    form: str
    fields: Fields

    @property
    def text(self) -> str | None:
        """The scalar where it is one, and text."""
        scalar = self.fields[0][1]
        return scalar if len(self.fields) == 1 and isinstance(scalar, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Content with its media type; `data` is text wherever it is valid, printable UTF-8."""

    data: str | bytes
    mime: str


def as_bytes(data: str | bytes) -> bytes:
    """The bytes of text (UTF-8), or the bytes themselves."""
    return data.encode() if isinstance(data, str) else data


def one(key: str, scalar: Scalar) -> Fields:
    """A single field."""
    return ((key, scalar),)
