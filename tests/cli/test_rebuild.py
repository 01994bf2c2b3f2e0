"""`rebuild` on a real server: shows first, acts with --yes."""

from collections.abc import Iterator

import orjson
import pytest
import redis

from cli.main import execute

KEPT = {"t-member:younger": b'{"generation":2,"revision":1}', "other-member:m": b'{"generation":1,"revision":1}'}


@pytest.fixture
def views(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """Two members' documents and a timeline, beside a younger generation's document and another installation's."""
    monkeypatch.setenv("MEMBERSHIPS_REDIS_URL", redis_url)
    monkeypatch.setenv("MEMBERSHIPS_TOPIC_PREFIX", "t-")
    with redis.Redis.from_url(redis_url) as client:
        for member in ("anna", "ben"):
            client.set(f"t-member:{member}", b'{"generation":1,"revision":3}')
        client.lpush("t-decisions:anna", b'{"generation":1,"revision":0}')
        client.hset("t-feed:1", "orders-0", 7)
        client.mset(KEPT)
        yield client


def answered(capsys: pytest.CaptureFixture[str], *options: str) -> object:
    assert execute(["rebuild", "--json", *options]) == 0
    return orjson.loads(capsys.readouterr().out)


def test_without_yes_it_only_counts(views: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    before = set(views.keys())

    assert answered(capsys) == {"would_delete": 3}
    assert set(views.keys()) == before
    assert views.hgetall("t-feed:1") == {b"orders-0": b"7"}


def test_with_yes_it_deletes_what_it_counted_and_the_positions(
    views: redis.Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answered(capsys, "--yes") == {"deleted": 3}
    assert {key.decode() for key in views.scan_iter()} == set(KEPT)
    assert answered(capsys) == {"would_delete": 0}


def test_people_are_told_in_words(views: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["rebuild"]) == 0
    assert "3 keys would be deleted and fed anew; nothing done without --yes" in capsys.readouterr().out
