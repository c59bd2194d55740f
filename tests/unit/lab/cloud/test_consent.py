"""Which builds switch messaging on by themselves, and which ask first."""

import pytest

from phonehome.lab.cloud.consent import ActivatedBy, kind_of_build
from phonehome.lab.cloud.web.background import UPDATED_BUILD


@pytest.mark.parametrize("name", ["JHCMIBH45.0", "JHDMIBF22.0", "JHCMIBH9.0"])
def test_builds_before_the_update_come_on_by_themselves(name: str) -> None:
    assert kind_of_build(name) is ActivatedBy.FACTORY


@pytest.mark.parametrize(
    "name", [UPDATED_BUILD, "JHCMIBH100.0", "JHCMICA1.0", "", "JHCMIBH45", "MIBH45.0 or so"]
)
def test_the_update_and_whatever_is_not_known_ask_first(name: str) -> None:
    assert kind_of_build(name) is ActivatedBy.UPDATE
