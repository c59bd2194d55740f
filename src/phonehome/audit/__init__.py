"""One audit from end to end: the only package that knows every stage."""

from phonehome.audit.run import audit

__all__ = ["audit"]
