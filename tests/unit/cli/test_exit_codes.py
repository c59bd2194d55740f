"""The exit statuses and which of several wins."""

from phonehome.cli.exit_codes import PRECEDENCE, ExitCode, foremost


def test_the_numbers_are_those_of_the_contract() -> None:
    assert [code.value for code in ExitCode] == [0, 1, 2, 3, 4, 70, 130]
    assert set(PRECEDENCE) == set(ExitCode)


def test_of_several_2_beats_70_beats_4_beats_3_beats_1() -> None:
    order = [2, 70, 4, 3, 1, 0]
    for place, winner in enumerate(order):
        assert foremost(ExitCode(code) for code in reversed(order[place:])) == winner


def test_of_none_it_is_done() -> None:
    assert foremost([]) is ExitCode.DONE
