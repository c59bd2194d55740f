from random import Random

import phonenumbers
import pytest
from benchmarks.detection.generator import phones
from benchmarks.detection.generator.checkdigits import with_luhn
from benchmarks.detection.generator.forms import PHONES
from benchmarks.detection.generator.identities import make_identity
from benchmarks.detection.generator.strangers import holds_word, shared_values, twin
from stdnum import imei, luhn

SEEDS = range(1, 21)


def test_the_standard_example_gets_its_check_digit() -> None:
    assert with_luhn("49015420323751") == "490154203237518"


@pytest.mark.parametrize("seed", SEEDS)
def test_check_digits_are_right(seed: int) -> None:
    people = make_identity(seed)
    for value in people.of("imei"):
        imei.validate(value.text)
    luhn.validate(people.get("iccid").text)
    assert 18 <= len(people.get("iccid").text) <= 20


def test_the_same_seed_makes_the_same_subject_and_another_makes_another() -> None:
    assert make_identity(7) == make_identity(7)
    first, second = ({value.text for value in make_identity(seed).of("imei", "email")} for seed in (7, 8))
    assert not first & second


@pytest.mark.parametrize("seed", SEEDS)
def test_no_value_holds_another_so_no_finding_can_be_two(seed: int) -> None:
    values = make_identity(seed).values
    for value in values:
        for other in values:
            assert value is other or other.text.lower() not in value.text.lower()


@pytest.mark.parametrize("seed", SEEDS)
def test_phone_numbers_are_possible_and_grouped_without_loss(seed: int) -> None:
    for value in make_identity(seed).of(*PHONES):
        parsed = phonenumbers.parse(value.text)
        assert phonenumbers.is_possible_number(parsed)
        assert phones.national(value.text) == phonenumbers.national_significant_number(parsed)
        assert phones.grouped(value.text, "-").replace("-", "") == phones.national(value.text)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_twin_is_of_the_same_types_and_shares_no_value(seed: int) -> None:
    people = make_identity(seed)
    other = twin(Random(seed), people)
    assert [value.type for value in other.values] == [value.type for value in people.values]
    assert shared_values(people, other) == []


def test_a_twin_is_near() -> None:
    people = make_identity(3)
    other = twin(Random(1), people)
    assert other.get("imei-1").text[:8] == people.get("imei-1").text[:8]
    assert other.get("imsi").text[:6] == people.get("imsi").text[:6]
    assert other.get("wifi-mac").text[:9] == people.get("wifi-mac").text[:9]
    assert other.get("person").text.split()[0] == people.get("person").text.split()[0]


def test_a_subject_shares_every_value_with_itself() -> None:
    people = make_identity(3)
    assert len(shared_values(people, people)) == len(people.values)


def test_a_word_is_held_only_where_nothing_of_a_word_stands_beside_it() -> None:
    assert holds_word("to anna.k7@example.org", "anna.k7@example.org")
    assert not holds_word("to anna.k7@example.orgs", "anna.k7@example.org")
