"""phonehome: what does this phone send, to whom, where, and did anybody agree to it?"""

from importlib.metadata import version

__version__ = version("phonehome")
