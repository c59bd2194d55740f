from phonehome.model.exchange import Header
from phonehome.wire.http2_stream import SplitHead

def split_head(headers: list[Header]) -> SplitHead: ...
