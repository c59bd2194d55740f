"""How often random bytes and pieces of ordinary text pass as a binary container, and what a refusal costs.

Run it as `python benchmarks/decoders/strictness.py`; it prints the table of `docs/decoders.md` in Markdown.
"""

import random
import time

from phonehome.decoders import COMPRESSIONS, CONTAINERS
from phonehome.model.errors import PhonehomeError

SEED = 1
BUFFERS = 20_000
LENGTHS = ((8, 15), (16, 31), (32, 200))
LIMIT = 10_000
BINARY = ("protobuf", "msgpack", "cbor", "grpc", "deflate", "br", "lz4-block", "snappy-block")
TEXT = (
    "The handset was put on a table and left alone for an hour. It asked for the weather twice, sent a report of\n"
    'its own health, and resolved 14 names; nobody had agreed to any of that. {"status": "ok", "items": [1, 2]}\r\n'
    "GET /v1/ping?ok=1&build=JHCMIBH45.0 HTTP/1.1\r\nHost: example.org\r\nDie Straße führt nach Süden; "
    "la señal llegó mañana. 昨日、電話は静かでした。 Вчера телефон молчал весь день.\n"
)


def measure(name: str, buffers: list[bytes]) -> tuple[int, float]:
    """Give how many buffers pass, and the microseconds that one takes."""
    actions = {item.name: item.inflate for item in COMPRESSIONS} | {
        item.name: item.split for item in CONTAINERS
    }
    action, passed = actions[name], 0
    begin = time.perf_counter()
    for data in buffers:
        try:
            action(data, LIMIT)
        except PhonehomeError:
            continue
        passed += 1
    return passed, (time.perf_counter() - begin) / len(buffers) * 1e6


def main() -> None:
    """Print the table."""
    source = random.Random(SEED)
    columns = [[source.randbytes(source.randint(*bounds)) for _ in range(BUFFERS)] for bounds in LENGTHS]
    text = TEXT.encode()
    columns.append(
        [text[start : start + size] for size in range(16, 64) for start in range(len(text) - size)]
    )
    for name in BINARY:
        results = [measure(name, buffers) for buffers in columns]
        cells = (
            f"{passed / len(column) * 100:.3f} %"
            for (passed, _), column in zip(results, columns, strict=True)
        )
        print(f"| `{name}` | {' | '.join(cells)} | {results[2][1]:.1f} µs |")


if __name__ == "__main__":
    main()
