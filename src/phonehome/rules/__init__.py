"""Rules that people write in CEL: checked when they are loaded, evaluated over flows, sessions and coverage.

`parse_rule` reads one against a field table, `Rule.evaluate` says true, false or undecided. `fields.case_fields` gives
the table of a case.
"""

from phonehome.rules.errors import RuleError
from phonehome.rules.evaluate import Budget, Seen
from phonehome.rules.rule import Evaluation, Outcome, Rule, parse_rule
from phonehome.rules.types import FieldTable

__all__ = ["Budget", "Evaluation", "FieldTable", "Outcome", "Rule", "RuleError", "Seen", "parse_rule"]
