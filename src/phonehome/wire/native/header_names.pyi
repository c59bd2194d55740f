from phonehome.model.exchange import Header
from phonehome.model.header_names import KnownHeaders

def find_headers(headers: tuple[Header, ...]) -> KnownHeaders: ...
