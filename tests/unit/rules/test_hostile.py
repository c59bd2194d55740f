"""Whatever stands in a rule or its context, the answer is a rule, a `RuleError` or an outcome."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from phonehome.rules import Outcome, Rule, RuleError, Seen, parse_rule
from phonehome.rules.fields import case_fields

FIELDS = case_fields()
_WORDS = """flow flows session coverage destinations . .host .weak .count .conditions .build .transport .severity f
    f.weak .exists(f, .all(f, .map(f, .filter(f, f.count ( ) [ ] , && || ! == != < >= in + - * / % ? : true false null
    "tls" 'x' 1 0 2.5 9223372036854775807 has( size( at_least( timestamp( "2014-08-10T00:00:00Z" "high" // e \\ \x00"""
WORDS = st.sampled_from([*_WORDS.split(), " ", "\n"])
SIMPLE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
    st.sampled_from([datetime(2014, 8, 10, tzinfo=UTC), datetime(2014, 8, 10)]),
)  # fmt: skip
ANYTHING = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(Seen),
        st.dictionaries(
            st.sampled_from(["host", "weak", "count", "methods", "first", "severity", "conditions"]), inner
        ),
    ),
    max_leaves=6,
)
RULES = [
    parse_rule(text, fields=FIELDS)
    for text in (
        'flow.weak || flow.count + 1 > 2 || flow.host.startsWith("a")',
        '!flow.methods.exists(m, m == "digest") && size(flow.methods) > 0',
        "flows.filter(f, f.count % 2 == 0).map(f, f.count * f.count).exists(n, n / 0 == 1)",
        'at_least(flow.severity, "high") ? flow.first > timestamp("2014-08-10T00:00:00Z") : -flow.count < 0',
        'flow.methods[flow.count] == "digest" && "build" in flow.conditions && has(flow.conditions.build)',
        "flows.all(f, f.count - 1 in [1, 2, f.count]) || flows.exists_one(f, f.weak)",
    )
]


def read_or_refuse(text: str) -> Rule | RuleError:
    try:
        return parse_rule(text, fields=FIELDS)
    except RuleError as error:
        return error


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(WORDS, max_size=25).map("".join),
        st.lists(WORDS, max_size=25).map(" ".join),
    )
)
def test_any_text_is_a_rule_or_a_mistake_with_a_place(text: str) -> None:
    read = read_or_refuse(text)
    if isinstance(read, Rule):
        assert read.evaluate({}) in Outcome
    else:
        assert 1 <= read.line <= text.count("\n") + 1
        assert read.column >= 1
        assert read.text.isprintable()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(RULES), ANYTHING, ANYTHING)
def test_any_context_gives_an_outcome(rule: Rule, flow: object, flows: object) -> None:
    assert rule.evaluate({"flow": flow, "flows": flows}) in Outcome
