"""Sans-I/O protocol code: bytes in, events out."""
