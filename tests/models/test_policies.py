"""Policy settings: named, with defaults, refused when they make no sense."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from models.policies import STANDARD, Policies
from tests.models.facts import returned
from tests.models.world import World


def test_from_a_mapping_with_defaults_for_the_rest() -> None:
    policies = Policies.model_validate({"hold_days": 10, "closures": {"2026-12-24": "Christmas Eve"}})
    assert (policies.hold_days, policies.ids_remembered_days) == (10, STANDARD.ids_remembered_days)
    assert policies.calendar.why_off(date(2026, 12, 24)) == "Christmas Eve"


@pytest.mark.parametrize(
    "wrong", [{"zone": "Mars/Olympus"}, {"ids_remembered_days": 399}, {"hold_days": 0}, {"unknown": 1}]
)
def test_refused_before_anything_is_decided(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Policies.model_validate(wrong)


def test_policies_cannot_change_while_deciding() -> None:
    with pytest.raises(ValidationError):
        STANDARD.hold_days = 1


def test_every_policy_says_what_it_is() -> None:
    assert all(field.description for field in Policies.model_fields.values())


def test_a_policy_reaches_the_rules() -> None:
    world = World(policies=Policies(hold_days=1))
    world.send(returned("r1", l1=1))
    world.tick("2026-03-02 20:00")
    assert world.decisions[-1].reason == "partner_never_arrived"
