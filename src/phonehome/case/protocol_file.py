"""A test protocol as a file: steps, and what each gives a chance to be sent (`phonehome.protocol/1`)."""

from pathlib import Path

from phonehome.case.reading import (
    ID_PATTERN,
    MAX_LINE,
    Remarks,
    open_whole,
    read_data_types,
    read_id,
    read_text,
    require,
)
from phonehome.case.yamlfile import Node
from phonehome.model.protocol import ProtocolStep, TestProtocol
from phonehome.model.subject import DataType

SCHEMA = "phonehome.protocol/1"
KEYS = ("id", "title", "about", "conditions", "exposes", "steps")
STEP_KEYS = ("id", "text", "exposes")
MAX_STEPS = 500
MAX_CONDITIONS = 50
NEW = "phonehome protocols handset-2014 --format yaml"


def read_protocol(path: Path) -> TestProtocol:
    """Read one protocol; its id is the file's name without the suffix.

    Raises:
        ConfigError: Something in it is wrong; a line for each, with file and line.
    """
    top, parts = open_whole(path, SCHEMA, "a protocol", KEYS, NEW)
    remarks = Remarks()
    name, title, about = "", "", ""
    conditions: dict[str, str] = {}
    exposes: tuple[DataType, ...] = ()
    steps: dict[str, ProtocolStep] = {}
    with remarks.collecting():
        node = require(parts, "id", top, path.stem)
        name = read_id(node, "the id of a protocol")
        if name != path.stem:
            raise node.error(f"the id {name!r} and the file's name {path.name[:80]!r} must agree; change one")
    with remarks.collecting():
        title = read_text(require(parts, "title", top, '"An idle night"'), "title", MAX_LINE)
    with remarks.collecting():
        about = read_text(require(parts, "about", top, '"What it is for."'), "about")
    with remarks.collecting():
        if "conditions" in parts:
            conditions = _conditions(parts["conditions"])
    with remarks.collecting():
        if "exposes" in parts:
            exposes = read_data_types(parts["exposes"], "exposes")
    with remarks.collecting():
        steps = _steps(require(parts, "steps", top, "[{id: wait, text: Wait.}]"), remarks)
    remarks.check()
    return TestProtocol(
        id=name,
        title=title,
        about=about.strip(),
        conditions=conditions,
        steps=tuple(steps.values()),
        exposes=exposes,
    )


def _conditions(node: Node) -> dict[str, str]:
    conditions = {}
    for name, part in node.entries("conditions", MAX_CONDITIONS).items():
        if not ID_PATTERN.fullmatch(name):
            raise part.error(f"a condition is named in small letters, as in network; this is {name[:80]!r}")
        conditions[name] = read_text(part, f"the condition {name!r}", MAX_LINE)
    return conditions


def _steps(node: Node, remarks: Remarks) -> dict[str, ProtocolStep]:
    steps: dict[str, ProtocolStep] = {}
    lines: dict[str, int] = {}
    for item in node.items("steps", MAX_STEPS):
        with remarks.collecting():
            parts = item.mapping("a step", STEP_KEYS)
            exposes = parts.get("exposes")
            step = ProtocolStep(
                id=read_id(require(parts, "id", item, "add-contact"), "the id of a step"),
                text=read_text(require(parts, "text", item, '"Add a contact."'), "text"),
                exposes=() if exposes is None or exposes.is_null else read_data_types(exposes, "exposes"),
            )
            if step.id in lines:
                raise item.error(f"the step {step.id!r} stands in line {lines[step.id]} too; ids must differ")
            lines[step.id] = item.line
            steps[step.id] = step
    if not steps and not remarks.errors:
        raise node.error("a protocol without steps exposes nothing; give it one")
    return steps
