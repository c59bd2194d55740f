"""What is written of an exchange that was only read; a module of its own, for workers import it."""

from phonehome.model.exchange import Exchange


def describe_numbered(names: tuple[bytes, ...], exchange: Exchange) -> bytes:
    """Write the bytes of its bodies, and its own number, which stands in a header of one of these names."""
    if exchange.request is None:
        return b""
    number = next((value for name, value in exchange.request.headers if name in names), b"")
    size = len(exchange.request.body) + (len(exchange.response.body) if exchange.response is not None else 0)
    return b"%d %s\n" % (size, number)
