"""How a fault of the server gets into its log: what kind, and where. Never its words, as those quote people's data."""

import traceback


def describe(error: BaseException) -> str:
    """Name an error and each line of code that it came through, innermost last; for its causes, too."""
    told: list[str] = []
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        frames = traceback.extract_tb(following.__traceback__)
        places = "".join(f"\n  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
        told.append(f"{type(following).__module__}.{type(following).__qualname__}{places}")
        following = following.__cause__ or following.__context__
    return "\nafter ".join(told)
