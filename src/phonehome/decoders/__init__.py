"""Peeling: one encoding a file, from bytes to bytes."""
