"""What can go wrong, as a shallow tree; each message says what was expected, what came, where, what to do."""


class PhonehomeError(Exception):
    """Base of every error that phonehome raises on purpose; its text is fit to be shown to a user."""


class InputError(PhonehomeError):
    """A capture cannot be read at all: missing, empty, of no known format."""


class ConfigError(PhonehomeError):
    """A file that people write (subject, session, policy) is wrong; names file and line where it can."""


class DecodeError(PhonehomeError):
    """Bytes are not what a decoder or a parser reads; expected in the ordinary course of peeling."""


class LimitExceeded(PhonehomeError):  # noqa: N818  the name says what happened, as a reader of a report would
    """A named bound (depth, fan-out, expanded bytes) was met; what was done until then counts."""
