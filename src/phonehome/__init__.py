"""phonehome: what does this phone send, to whom, where, and did anybody agree to it?"""

__version__ = "0.1.0"
