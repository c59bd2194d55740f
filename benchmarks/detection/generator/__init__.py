"""Makes requests that hold known values, and requests of strangers; shares no code with the engine.

Whoever wrote the engine's decoders must not have written their inverse too: a misreading of a format
would then cancel itself out. So everything here comes from the standard library, from other people's
packages, or from encoders written for this benchmark alone.
"""
