"""`erase` on an installation in memory: what it shows, what it refuses, and what is left when it is done."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import orjson
import pytest

from cli.main import execute
from cli.publisher import Publisher
from models.policies import Policies
from tests.agents.partition import Partition
from tests.cli.reader import serve

Run = Callable[..., tuple[int, dict[str, Any]]]
EMAIL = sha256(b"ann@example.com").hexdigest()
KEY = f"guest:{EMAIL}"
SIGNED = ("--yes", "--actor", "kim", "--because", "asked to by letter")
MARCH = "2026-03-02 12:00"
PERSONAL = {"email_hash": EMAIL, "birth_date": "1985-03-09", "state": "CA"}


@pytest.fixture
def partition(monkeypatch: pytest.MonkeyPatch) -> Partition:
    """Ann bought as a guest, twice, and has an account since; Care is over. Bob is a member."""
    partition = Partition(policies=Policies(care_states=frozenset({"NY"})))
    serve(partition, monkeypatch)
    partition.ticked(MARCH)
    partition.joined("bob")
    partition.event("memberships", "account.opened", "ann", PERSONAL)
    for invoice in ("c1", "c2"):
        bought = {"invoice_id": invoice, "purchased_at": "2026-03-02T12:00:00Z"}
        partition.event("memberships", "care.purchased", KEY, PERSONAL | bought)
    partition.work()
    return partition


@pytest.fixture
def run(partition: Partition, capsys: pytest.CaptureFixture[str]) -> Run:
    del partition  # there before anything is run

    def run(command: str, *arguments: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = execute([*command.split(), *arguments, "--json"])
        return code, orjson.loads(capsys.readouterr().out)

    return run


def personal(partition: Partition) -> list[tuple[str, bytes]]:
    """Table values and keys that tell of ann."""
    return [
        (table, key)
        for table in ("members", "entries")
        for key, raw in partition.table(table).items()
        if any(fact.encode() in key + raw for fact in PERSONAL.values() if len(fact) > 2)
    ]


def test_it_shows_what_would_go_and_does_nothing(partition: Partition, run: Run) -> None:
    before = partition.everything()
    code, body = run("erase", "ann")
    assert (code, body["erased"]) == (0, False)
    keys = [(key["key"], key["purchases"], key["in_the_way"]) for key in body["keys"]]
    assert keys == [(KEY, ["c1", "c2"], []), ("ann", [], [])]
    assert any("as long as the topics keep records" in line for line in body["stays"])
    assert partition.everything() == before


def test_it_needs_a_name_and_a_reason(partition: Partition, run: Run) -> None:
    before = partition.everything()
    code, problem = run("erase", "ann", "--yes")
    assert (code, problem["code"]) == (2, "unsigned_erasure")
    assert partition.everything() == before


def test_done_and_done_again(partition: Partition, run: Run) -> None:
    assert personal(partition)
    code, body = run("erase", KEY, *SIGNED)
    assert (code, body["erased"]) == (0, True)
    assert personal(partition) == []
    assert partition.table("members").keys() == {b"ann", b"bob"}
    assert run("erase", KEY, *SIGNED)[1]["code"] == "nothing_kept"


def test_a_payment_that_belonged_to_nothing_goes_with_the_email(partition: Partition, run: Run) -> None:
    """given a payment under the email that went back after 30 days, then the erasure names its invoice, and that is deleted."""
    paid = {
        "invoice_id": "zz",
        "method_id": "card",
        "program": "care",
        "amount": "9.99",
        "paid_at": "2026-03-02T12:00:00Z",
    }
    partition.event("payments", "payment.succeeded", KEY, paid)
    partition.ticked("2026-04-05 12:00")
    partition.work()
    code, body = run("erase", "ann", *SIGNED)
    assert (code, body["keys"][0]["purchases"]) == (0, ["c1", "c2", "zz"])
    assert personal(partition) == []


def test_what_is_in_force_is_in_the_way(run: Run) -> None:
    code, body = run("erase", "bob")
    assert (code, body["erased"]) == (1, False), "a look ends as the request would"
    assert [key["in_the_way"][0]["code"] for key in body["keys"]] == ["points_membership"]
    code, problem = run("erase", "bob", *SIGNED)
    assert (code, problem["code"]) == (1, "still_needed")
    assert "My Sony" in problem["message"]


def test_held_events_are_in_the_way_until_they_are_answered(partition: Partition, run: Run) -> None:
    """GEN-2"""
    partition.returned("ann", "A1")
    partition.work()
    code, problem = run("erase", "ann", *SIGNED)
    assert (code, problem["code"]) == (1, "still_needed")
    assert personal(partition), "nothing was sent, not even for the email"
    partition.ticked("2026-04-05 12:00")
    partition.work()
    assert run("erase", "ann", *SIGNED)[0] == 0
    assert personal(partition) == []
    assert run("erase", "ann", *SIGNED)[0] == 0, "again changes nothing"


def test_a_dead_letter_redriven_afterwards_brings_nothing_back(partition: Partition, run: Run) -> None:
    """given a purchase dated too far ahead, when ann is erased and it is redriven in its time, then it is refused."""
    bought = {"invoice_id": "c9", "purchased_at": "2026-05-01T12:00:00Z"}
    partition.event("memberships", "care.purchased", "ann", PERSONAL | bought)
    partition.work()
    _, body = run("erase", "ann", *SIGNED)
    assert len(body["letters"]) == 1, "it is named: it stays as it came"
    partition.ticked("2026-05-01 12:00")
    partition.work()
    code, summary = run("dlq redrive", "--member", "ann", "--yes")
    assert (code, summary["outcomes"]) == (0, {"refused": {"total": 1, "reasons": {"erased": 1}}})
    assert personal(partition) == []


def test_nobody_of_that_id(run: Run) -> None:
    code, problem = run("erase", "nobody")
    assert (code, problem["code"]) == (1, "nothing_kept")


def test_what_comes_between_is_told(partition: Partition, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """given a join that is handled after the look and before the request, then it is refused, and that is said."""
    publish = Publisher.publish

    def later(publisher: Publisher, items: Any) -> None:
        partition.joined("ann")
        publish(publisher, items)

    monkeypatch.setattr(Publisher, "publish", later)
    code, problem = run("erase", "ann", *SIGNED)
    assert (code, problem["code"]) == (1, "not_erased")


@pytest.mark.parametrize(
    ("document", "hint"), [({"erased_at": "2026-03-02T12:00:00Z"}, "it was erased"), (None, "is the id right?")]
)
def test_why_says_that_the_story_was_erased(
    document: dict[str, Any] | None, hint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("views.query.why", lambda *_: [])
    monkeypatch.setattr("views.query.member", lambda *_: document)
    monkeypatch.setattr("views.query.status", lambda _: {"lag": "0"})
    assert execute(["why", "ann", "--json"]) == 1
    assert hint in orjson.loads(capsys.readouterr().out)["hint"]
