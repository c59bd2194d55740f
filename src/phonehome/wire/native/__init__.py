"""The innermost loops, compiled with Cython where there was a compiler; everything here is an addition.

Each has a twin in plain Python beside its users in `wire`, which gives the same and runs where nothing was compiled,
or where the environment says `PHONEHOME_NATIVE=off`. Indexes are checked here as in Python; `octets.pxd` alone has
pointers.
"""

import os

if os.environ.get("PHONEHOME_NATIVE") == "off":
    raise ImportError("PHONEHOME_NATIVE=off keeps compiled parts from being used")
