"""Auditing needs none of the lab's packages, and the lab says which to install."""

import subprocess
import sys

PROGRAM = """
import sys
hidden = ("httpx", "httpcore", "hypercorn", "sqlalchemy", "starlette", "h2")
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in hidden:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hide())
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name in hidden else find(name)
from phonehome.cli.main import main
from phonehome.model.errors import ConfigError
assert main(["audit", "--help"]) == 0
try:
    import phonehome.lab.cloud
except ConfigError as error:
    print(error)
"""


def test_without_the_extra_everything_else_works_and_the_lab_says_what_to_type() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert "pip install '.[lab]'" in done.stdout
    assert "(httpx, hypercorn, sqlalchemy, starlette)" in done.stdout
