"""Policy files: what they hold, and every mistake in them said at once, with its line."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.case.policies import NAMES, find_policy, shipped_file
from phonehome.case.policy_file import load_policy
from phonehome.model.errors import ConfigError
from phonehome.model.policy import Decision, Enforcement, Policy, PolicySeverity
from phonehome.model.subject import DataType
from phonehome.rules.fields import CaseWords

RULE = """
  - id: imei-leaves
    when: flow.data_type == "imei"
    decision: prohibit
    reason: It can be recognised for good.
"""
CASE = CaseWords(
    conditions={"build": {"factory", "update"}, "network": {"wifi"}}, services=frozenset({"cloud"})
)


def write(folder: Path, text: str) -> Path:
    path = folder / "ours.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def load(folder: Path, text: str, names: CaseWords | None = None) -> Policy:
    return load_policy(write(folder, text), names)


def errors(folder: Path, text: str, names: CaseWords | None = None) -> dict[int, str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, names)
    found = {}
    for line in str(caught.value).splitlines():
        placed = re.fullmatch(r".*/ours\.yaml:(\d+): (.*)", line)
        assert placed is not None, line
        assert int(placed[1]) not in found, "one message a line"
        found[int(placed[1])] = placed[2]
    return found


def test_a_whole_policy_is_read(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        """
schema: phonehome.policy/1
title: Ours
audience: Us
enforcement: advice
minimum_read: 0.75
conditions: {roaming: ["yes", "no"]}
requires:
  - {conditions: {account: none, roaming: "yes"}, data_types: [imei, photo], exposures: 3}
rules:
  - id: imei-leaves
    when: >-
      flow.data_type == "imei"
      && session.conditions.roaming == "yes"
    severity: critical
    decision: restrict
    reason: It can be recognised for good.
    advice: [Switch it off., Return it.]
residency:
  - {id: home, text: It stays., countries: [IN, SG], data_types: [imei], hosts: [.Example.com], since: 2014-10-31}
""",
    )
    assert (found.name, found.title, found.audience, found.minimum_read) == ("ours", "Ours", "Us", 0.75)
    assert found.enforcement is Enforcement.ADVICE
    (requirement,) = found.requires
    assert requirement.conditions == {"account": "none", "roaming": "yes"}
    assert (requirement.data_types, requirement.exposures) == ((DataType.IMEI, DataType.PHOTO), 3)
    (rule,) = found.rules
    assert (rule.decision, rule.severity) == (Decision.RESTRICT, PolicySeverity.CRITICAL)
    assert rule.advice == ("Switch it off.", "Return it.")
    assert rule.when.endswith('session.conditions.roaming == "yes"')
    (statement,) = found.residency
    assert (statement.countries, statement.hosts) == (("IN", "SG"), (".example.com",))
    assert str(statement.since) == "2014-10-31"


MISTAKES = """\
title: Full of mistakes
enforcement: perhaps
minimum_read: 90
requires:
  - {conditions: {acount: none}}
  - {conditions: {network: wlan}, data_types: [imei]}
  - {data_types: [imey]}
  - {data_types: [imei], exposures: never}
  - {exposures: 3}
rules:
  - id: unknown-field
    when: flow.datatype == "imei"
    decision: prohibit
    reason: …
  - id: unlike-types
    when: flow.count == "three"
    decision: prohibit
    reason: …
  - id: misspelt-condition
    when: session.conditions.netwrok == "wifi"
    decision: prohibit
    reason: …
  - id: unknown-value
    when: flow.transport == "plaintxt"
    decision: prohibit
    reason: …
  - id: folded
    when: >-
      flow.data_type == "imei"
      && flow.consentt == "granted"
    decision: prohibit
    reason: …
  - id: no-truth
    when: flow.host
    decision: forbid
    reason: …
  - id: unknown-field
    when: flow.weak = true
    decision: prohibit
    reason: …
  - id: without-a-reason
    when: flow.count > 1
    decision: allow
    severity: dire
residency:
  - {id: home, text: Home., countries: [UK], since: 31.10.2014}
"""


def test_a_file_full_of_mistakes_has_each_named_with_its_line(tmp_path: Path) -> None:
    found: dict[int, list[str]] = {}
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, MISTAKES)
    for line in str(caught.value).splitlines():
        place, _, text = line.partition(".yaml:")[2].partition(": ")
        found.setdefault(int(place), []).append(text)
    expected = {
        2: ["enforcement must be one of required, advice"],
        3: ["minimum_read must be a share above 0 and up to 1"],
        5: ["'acount'"],
        6: ["'wlan'"],
        7: ["'imey'; did you mean 'imei'?"],
        8: ["exposures must be a whole number"],
        9: ["asks for nothing"],
        12: ["unknown field 'datatype'"],
        16: ["never equal"],
        20: ["unknown condition 'netwrok'"],
        24: ["plaintxt"],
        30: ["'consentt'"],
        34: ["the rule must give true or false"],
        35: ["decision must be one of allow, restrict, prohibit"],
        38: ["=="],
        41: ["'reason' is missing"],
        44: ["severity must be one of low, medium, high, critical"],
        46: ["did you mean GB?", "must be a day"],
    }
    assert sorted(found) == sorted(expected)
    for number, parts in expected.items():
        assert len(found[number]) == len(parts), found[number]
        for part, said in zip(parts, found[number], strict=True):
            assert part in said, (number, said)


def test_with_a_case_its_names_count_and_others_are_mistakes(tmp_path: Path) -> None:
    text = f"title: X\nrules:{RULE}".replace('flow.data_type == "imei"', "{}")
    good = text.replace("{}", "'session.conditions.build == \"factory\"'")
    assert load(tmp_path, good, CASE).rules
    bad = text.replace("{}", "'session.conditions.build == \"factroy\"'")
    assert "did you mean 'factory'" in errors(tmp_path, bad, CASE)[4]
    assert load(tmp_path, bad).rules, "without a case nobody knows its builds"
    declared = f'conditions: {{build: ["factroy"]}}\n{bad}'
    assert load(tmp_path, declared, CASE).rules


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("title: X\n", 1, "would allow everything"),
        ("title: X\nrules: []\n", 2, "would allow everything"),
        (f"rules:{RULE}", 1, "'title' is missing"),
        (f"titel: X\nrules:{RULE}", 1, "did you mean 'title'"),
        (f"schema: phonehome.policy/2\ntitle: X\nrules:{RULE}", 1, "update phonehome"),
        (f"schema: phonehome.subject/1\ntitle: X\nrules:{RULE}", 1, "must be 'phonehome.policy/1'"),
        (f"title: X\nrules:{RULE}{RULE}", 8, "the id 'imei-leaves' stands in line 3 too"),
        (f"title: X\nrules:{RULE}    advise: [x]\n", 7, "did you mean 'advice'"),
        (f"title: X\nrules:{RULE}    advice: Return it.\n", 7, "advice must be a list"),
        (f"title: X\nminimum_read: nan\nrules:{RULE}", 2, "share above 0"),
        (f"title: X\nminimum_read: 0\nrules:{RULE}", 2, "share above 0"),
        (f"title: X\nrequires: [{{data_types: [imei], exposures: 0}}]\nrules:{RULE}", 2, "exposures"),
        (
            f"title: X\nrequires: [{{data_types: [imei], exposures: {'9' * 40}}}]\nrules:{RULE}",
            2,
            "exposures",
        ),
        (
            f"title: X\nrequires:\n  - {{conditions: {{service.cloud: on}}, data_types: [imei]}}\nrules:{RULE}",
            3,
            "'service.cloud' is not known",
        ),
        (f"title: X\nresidency: [{{id: a, text: T, countries: []}}]\nrules:{RULE}", 2, "no country"),
        (
            f"title: X\nresidency:\n  - id: a\n    text: T\n    countries: [SG]\n    since: 2015-01-02\n"
            f"    until: 2015-01-01\nrules:{RULE}",
            7,
            "until lies before since",
        ),
        (
            f"title: X\nresidency:\n  - {{id: a, text: T, countries: [SG], hosts: ['https://x/']}}\nrules:{RULE}",
            3,
            "is no host",
        ),
        (f"title: X\nrules:{RULE}residency: SG\n", 7, "residency must be a list"),
        (
            f"title: X\nresidency:\n  - {{id: a, text: T, countries: [SG], decision: allow}}\nrules:{RULE}",
            3,
            "decision must be restrict or prohibit",
        ),
    ],
)
def test_one_mistake_is_one_sentence_at_its_line(tmp_path: Path, text: str, line: int, part: str) -> None:
    found = errors(tmp_path, text)
    assert list(found) == [line]
    assert part in found[line]


def test_a_service_that_the_case_lacks_is_no_place_for_data(tmp_path: Path) -> None:
    text = f"title: X\nresidency:\n  - {{id: a, text: T, countries: [SG], services: [clodu]}}\nrules:{RULE}"
    assert "did you mean 'cloud'" in errors(tmp_path, text, CASE)[3]
    assert load(tmp_path, text).residency[0].services == ("clodu",)


@pytest.mark.parametrize("name", NAMES)
def test_the_policies_that_come_with_the_program_hold(name: str) -> None:
    found = find_policy(name)
    assert (found.name, len(found.rules) > 2) == (name, True)
    assert all(
        rule.advice for rule in found.rules if rule.decision is Decision.PROHIBIT and name == "families"
    )
    assert (found.enforcement is Enforcement.ADVICE) == (name == "families")
    assert found.requires, "without it, nothing would have to be tested"
    assert shipped_file(name).read_text(encoding="utf-8").startswith("# W")


def test_a_policy_is_found_by_name_or_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_policy(str(write(tmp_path, f"title: X\nrules:{RULE}"))).title == "X"
    monkeypatch.chdir(tmp_path)
    assert find_policy("ours.yaml").title == "X"
    (tmp_path / "families").write_text("title: Not this one\n", encoding="utf-8")
    assert find_policy("families").title == "Families with phones of their own"
    with pytest.raises(ConfigError, match="did you mean 'defence-staff'"):
        find_policy("defense-staff")
    with pytest.raises(ConfigError, match=r"missing\.yaml"):
        find_policy("missing.yaml")


PIECES = (
    *(
        "title: X",
        "rules:",
        "  - id: a",
        "    when: flow.weak",
        "    decision: allow",
        "    reason: R",
        "requires:",
    ),
    *(
        "  - {data_types: [imei]}",
        "residency:",
        "  - {id: a, text: T, countries: [SG]}",
        "conditions: {a: [b]}",
    ),
    *(
        "minimum_read: 0.5",
        "untested: accept",
        "[",
        "{}",
        "-",
        ": ",
        "'",
        "\u202e",
        "null",
        "&a *a",
        "0x1",
        "\t",
    ),
)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=20))
def test_whatever_is_written_it_is_a_policy_or_sentences(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    path = write(tmp_path_factory.mktemp("policy"), "\n".join(pieces))
    said = f"{path}"
    try:
        load_policy(path)
    except ConfigError as error:
        said = str(error)
    assert said.startswith(str(path))


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("'true'", "of nothing that could be seen"),
        ("1/0 == 1", "of nothing that could be seen"),
        ("flow.weak", "can never be met"),
        ("flow.weak == true && flow.transport == 'cleartext'", "can never be met"),
    ],
)
def test_a_rule_that_nothing_seen_could_change_is_refused(tmp_path: Path, when: str, why: str) -> None:
    text = f"title: X\nrules:\n  - {{id: a, decision: prohibit, reason: R, when: {when}}}\n"
    with pytest.raises(ConfigError, match=f":3: when .*{why}"):
        load(tmp_path, text)


@pytest.mark.parametrize(
    "when", ["!flow.weak", "has(flow.consents.cloud)", "has(flow.country)", "flows.exists(f, f.weak)"]
)
def test_a_rule_that_may_be_met_is_read(tmp_path: Path, when: str) -> None:
    load(tmp_path, f'title: X\nrules:\n  - {{id: a, decision: prohibit, reason: R, when: "{when}"}}\n')


def test_more_mistakes_than_a_screen_holds_are_all_named(tmp_path: Path) -> None:
    rules = "".join(
        f"  - {{id: r{n}, when: flow.datatype, decision: prohibit, reason: R}}\n" for n in range(60)
    )
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"title: X\nrules:\n{rules}")
    assert len(str(caught.value).splitlines()) == 60
