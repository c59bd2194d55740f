"""The packages that only the lab needs: an optional extra, so that auditing installs no web server."""

from importlib.util import find_spec

from phonehome.model.errors import ConfigError

EXTRA_MODULES = ("httpx", "hypercorn", "sqlalchemy", "starlette")


def need_extras() -> None:
    """Raise ConfigError, with what to type, unless every package of the extra `lab` is installed."""
    missing = [name for name in EXTRA_MODULES if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"the lab needs packages that are not installed here ({', '.join(missing)}): "
            "run pip install '.[lab]' in the folder of phonehome's source"
        )
