"""Rules that are wrong, each refused with the place and what to do."""

import pytest

from phonehome.model.case import Case, CaseHandset, CaseKind, Service
from phonehome.model.session import Position, Session
from phonehome.rules import RuleError, parse_rule
from phonehome.rules.evaluate import MAX_WORK
from phonehome.rules.fields import CaseWords, case_fields
from phonehome.rules.parser import MAX_DEPTH, MAX_HEIGHT, MAX_LENGTH
from phonehome.rules.tokens import MAX_TOKENS

CASE = Case(
    title="A case",
    kind=CaseKind.OBSERVATION,
    handsets=(CaseHandset(id="unit-1", builds=("JHCMIBH45.0", "JHCMIBH48.0")),),
    services=(Service(id="cloud_messaging", hosts=("api.account.xiaomi.com",)),),
    sessions=(
        Session(
            id="01-factory",
            subject="unit-1",
            position=Position.GATEWAY,
            conditions={"build": "JHCMIBH45.0", "account": "none", "reset": "no"},
        ),
    ),
    subjects={},
)
FIELDS = case_fields(CaseWords.of(CASE))

MISTAKES = {
    # the rule: (line, column, what the message must say)
    'flow.transprot == "cleartext"': (1, 6, "unknown field 'transprot'", "did you mean 'transport'"),
    'flow.transport == "clearext"': (1, 19, "'clearext' is not a transport", "did you mean 'cleartext'"),
    'flow.transport == "https"': (1, 19, "did you mean 'tls'"),
    'flow.consent == "grantd"': (1, 17, "did you mean 'granted'"),
    'flow.data_type == "imie"': (1, 19, "did you mean 'imei'"),
    'flow.data_type in ["imei", "gaid"]': (1, 28, "did you mean 'advertising_id'"),
    '"imie" == flow.data_type': (1, 1, "did you mean 'imei'"),
    '"immsi" in flow.methods': (1, 1, "not a method"),
    'flow.country == "UK"': (1, 17, "did you mean 'GB'"),
    'flow.country == "cn"': (1, 17, "did you mean"),
    '"XX" in flow.countries': (1, 1, "country code"),
    'flow.severity >= "high"': (1, 15, 'at_least(flow.severity, "high")'),
    'at_least(flow.severity, "hihg")': (1, 25, "did you mean 'high'"),
    'at_least(flow.host, "high")': (1, 1, "at_least(flow.severity"),
    'session.conditions.bild == "JHCMIBH45.0"': (1, 20, "unknown condition 'bild'", "did you mean 'build'"),
    'session.conditions.build == "JHCMIBH54.0"': (1, 29, "did you mean 'JHCMIBH45.0'", "conditions:"),
    'session.conditions.account == "loged-in"': (1, 31, "did you mean 'logged-in'"),
    'session.conditions.service.cloud_messaging == "on"': (1, 20, '["service.cloud_messaging"]'),
    'session.conditions["service.cloud_mesaging"] == "on"': (1, 20, "did you mean 'service.cloud_messaging'"),
    'session.conditions["service.cloud_messaging"] == "On"': (1, 50, "'on'"),
    'session.conditions["service.cloud_messaging"] == true': (1, 47, "never equal"),
    '"bild" in session.conditions': (1, 1, "did you mean 'build'"),
    'flow.consents.cloud == "granted"': (1, 15, "unknown service"),
    'session.id == "02-factory"': (1, 15, "did you mean '01-factory'"),
    'session.position == "gatway"': (1, 21, "did you mean 'gateway'"),
    'flow.count == "3"': (1, 12, "never equal", "a whole number"),
    "flow.weak == 0": (1, 11, "never equal"),
    'flow.encodings.exists(e, e == "bas64")': (1, 31, "not an encoding", "did you mean 'base64'"),
    '"hex" in flow.encodings': (1, 1, "did you mean 'base16'"),
    'flow.host == "API.example.com"': (1, 14, "no capital letters", "'api.example.com'"),
    'flow.domain in ["example.com", "Example.com"]': (1, 32, "no capital letters"),
    'flow.host.endsWith(".Example.com")': (1, 20, "no capital letters"),
    'destinations.exists(d, d.host == "X.example")': (1, 34, "no capital letters"),
    'flow.consent == "mixed"': (1, 17, "not a state of consent"),
    "flow.count": (1, 1, "must give true or false", "a whole number"),
    "flow.count && flow.weak": (1, 6, "true or false"),
    "!flow.host": (1, 1, "true into false"),
    "flow.host > 3": (1, 11, "compares numbers or moments"),
    'flow.first > "2014-08-10"': (1, 12, 'timestamp("2014-08-10T00:00:00Z")'),
    'flow.first > timestamp("2014-08-10")': (1, 14, 'timestamp("2014-08-10T00:00:00Z")'),
    'flow.first > timestamp("2014-02-31T00:00:00Z")': (1, 14, "timestamp("),
    "flow == flow": (1, 6, "map as a whole"),
    "flow.country == null": (1, 17, "has(flow.country)"),
    "flow.transport == flow.data_type": (1, 16, "never equal", "a transport"),
    'flow.steps == "sms"': (1, 12, "never equal"),
    '"tls" in flow.transport': (1, 15, "after `in` comes a list"),
    'flow.methods.contains("decoded")': (1, 14, "asked by `in`"),
    "flow.host.startsWith()": (1, 11, "asked of a text"),
    'flow.host.startsWith("a", "b")': (1, 11, "asked of a text"),
    'flow.host.startWith("a")': (1, 11, "did you mean 'startsWith'"),
    'flow.data_type.startsWith("contcat")': (1, 27, "no word for a data type"),
    'flow.host.matches("(a+)+b")': (1, 11, "regular expressions"),
    "size(flow.methods, 1) == 1": (1, 1, "size(list)"),
    "siez(flow.methods) == 1": (1, 1, "did you mean 'size'"),
    "has(flow.contry)": (1, 10, "did you mean 'country'"),
    "has(flow)": (1, 1, "has() takes one field"),
    "has(flow.country, 1)": (1, 1, "has() takes one field"),
    "flows.exists(f, f.wek)": (1, 19, "did you mean 'weak'"),
    "flows.exists(f)": (1, 15, "takes a name and a condition"),
    "flows.exists(flow, flow.weak)": (1, 7, "has a meaning already"),
    "flows.exists(f, f.count)": (1, 19, "true or false"),
    "flow.exists(f, f.weak)": (1, 6, "asked of a list"),
    "flows.weak": (1, 7, ".exists("),
    "flows.exists(f, f.weak) && f.weak": (1, 28, "unknown name 'f'"),
    "flw.weak": (1, 1, "did you mean 'flow'"),
    'transport == "tls"': (1, 1, "did you mean flow.transport"),
    "flow.transport == cleartext": (1, 19, "in quotes"),
    'flow.transport = "tls"': (1, 16, "=="),
    "flow.weak and flow.weak": (1, 11, "&&"),
    "flow.weak AND flow.weak": (1, 11, "&&"),
    "not flow.weak": (1, 1, "written !"),
    "flow.weak & flow.weak": (1, 11, "&&"),
    'flow.host == "a': (1, 14, "no end"),
    'flow.host == "\\q"': (1, 15, "escape"),
    "flow.host == b'a'": (1, 14, "prefix"),
    "flow.count == 12u": (1, 15, "number"),
    "flow.count == 9223372036854775808": (1, 15, "larger"),
    "flow.count + 1.5 > 2.0": (1, 12, "two numbers of one sort"),
    '{"a": 1}.a == 1': (1, 1, "maps"),
    "flow.": (1, 6, "after a dot"),
    "flow.weak flow.weak": (1, 11, "should end"),
    "(flow.weak": (1, 11, "every bracket"),
    "flow.weak ? true": (1, 17, "condition ? this : that"),
    "flow.weak ? 1 : true": (1, 17, "one sort"),
    'flow.methods[0] == "x"': (1, 20, "not a method"),
    'flow["transport"] == "x"': (1, 22, "not a transport"),
    "flow[flow.host] == 1": (1, 11, "written out"),
    '[1, "a"].exists(x, x == 1)': (1, 5, "one sort"),
    "": (1, 1, "empty"),
    "  \n ": (1, 1, "empty"),
    "flow.weak &&\n  flow.wek": (2, 8, "did you mean 'weak'"),
    "if flow.weak": (1, 1, "keeps for itself"),
    "flow.weak || ): ": (1, 14, "where a value should be"),
    "coverage.read_share > 1": None,
}


@pytest.mark.parametrize("text", [text for text, wanted in MISTAKES.items() if wanted])
def test_a_mistake_is_refused_at_its_place_with_what_was_meant(text: str) -> None:
    wanted = MISTAKES[text]
    assert wanted is not None
    line, column, *parts = wanted
    with pytest.raises(RuleError) as caught:
        parse_rule(text, fields=FIELDS)
    assert [part for part in parts if str(part) not in caught.value.text] == [], caught.value.text
    assert (caught.value.line, caught.value.column) == (line, column), caught.value.text


@pytest.mark.parametrize("text", [text for text, wanted in MISTAKES.items() if not wanted])
def test_what_is_no_mistake_is_read(text: str) -> None:
    parse_rule(text, fields=FIELDS)


def test_values_that_a_file_declares_are_known() -> None:
    declared = case_fields(CaseWords.of(CASE, declared={"network": ["2g"], "receiver": ["offline"]}))
    parse_rule(
        'session.conditions.network == "2g" && session.conditions.receiver == "offline"', fields=declared
    )
    with pytest.raises(RuleError, match="'2g' is not"):
        parse_rule('session.conditions.network == "2g"', fields=FIELDS)


def test_without_a_case_its_names_are_open_and_all_else_is_checked() -> None:
    fields = case_fields()
    parse_rule('session.conditions.mood == "good" && flow.consents.any == "granted"', fields=fields)
    with pytest.raises(RuleError, match="state of consent"):
        parse_rule('flow.consents.any == "grantd"', fields=fields)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "true" + ")" * 100,
        "(" * (MAX_DEPTH + 1) + "true" + ")" * (MAX_DEPTH + 1),
        "!" * 5000 + "true",
        "[" * 3000,
        "true" + " && true" * MAX_LENGTH,
        "1" + " + 1" * (MAX_HEIGHT + 1) + " == 2",
        "flow" + ".a" * 3000,
        "flow" + "[0]" * 2000,
        "true ? " * 1000 + "true",
        "a(" * 2000,
        "flows.exists(a, " * 400,
        "true " * (MAX_TOKENS + 1),
        '"' * 7999,
        "9" * 7000,
        "\x00",
        "flow.weak\u2028&& flow.weak",
        "\ud800",
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_hostile_text_is_refused_as_a_mistake(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rule(text, fields=FIELDS)
    assert len(str(caught.value)) < 400


def test_a_long_chain_of_conditions_is_no_depth() -> None:
    text = " || ".join(f'flow.host == "h{number}.example"' for number in range(200))
    assert parse_rule(text, fields=FIELDS).evaluate({"flow": {"host": "h199.example"}}).value == "true"


def test_work_is_bounded_and_leaves_the_rule_undecided() -> None:
    text = "flows.all(a, flows.all(b, flows.all(c, a.count + b.count + c.count > 0)))"
    flows = [{"count": 1} for _ in range(200)]
    evaluation = parse_rule(text, fields=FIELDS).weigh({"flows": flows})
    assert evaluation.outcome.value == "undecided"
    assert f"{MAX_WORK:,}" in evaluation.why
