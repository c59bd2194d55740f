"""Whether bytes look like text: several codings accept a doubtful run only when they do."""

_PRINTABLE = bytes((*b"\t\r\n", *range(0x20, 0x7F)))
_CONTROLS = bytes((*range(9), 11, 12, *range(14, 32), 127))


def is_text(data: bytes) -> bool:
    """Tell whether all of `data` is UTF-8 without control characters; empty data is none."""
    if not data:
        return False
    if data.isascii():
        return not data.translate(None, _PRINTABLE)
    if len(data.translate(None, _CONTROLS)) != len(data):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_word(run: bytes) -> bool:
    """Tell whether all of `run` is letters in lower, upper or title case."""
    return run.isalpha() and (run.islower() or run.isupper() or run.istitle())
