"""Given a checkpoint in a directory, then it is begun from whole, or refused with one sentence."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from stat import S_IMODE
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from audit import checkpoint, plain
from audit.account.purse import Lot, Purse
from audit.checkpoint import SHARED, CheckpointError, Installation, Saved, Saving
from audit.ids import Ids
from audit.plain import OtherShapeError, Shapes
from audit.report import Checkpoint
from audit.start import Start
from audit.transfers import Transfers
from models.catalogue import INPUTS
from models.policies import STANDARD, Policies
from tests.audit.world import Auditor, World, a_small_shop, copied

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
HERE = Installation(cluster_id="c-1", topic_prefix="", partitions=2, clock="wall", policies=STANDARD)


def save(directory: Path, handled: int = 7, installation: Installation = HERE) -> Checkpoint:
    """A checkpoint of a shop."""
    auditor = Auditor()
    auditor.audited(a_small_shop().shards())
    with Saving(directory, installation) as saving:
        for number, start in auditor.starts.items():
            saving.add(f"partition-{number}", start)
        saving.add(SHARED, (auditor.ids, auditor.transfers))
        return saving.commit({"orders": (3, 4)}, handled, None, NOW)


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def refused(directory: Path, installation: Installation = HERE) -> str:
    with pytest.raises(CheckpointError) as caught:
        Saved(directory, installation)
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_was_saved_is_begun_from(tmp_path: Path) -> None:
    told = save(tmp_path / "new" / "one")
    saved = Saved(tmp_path / "new" / "one", HERE)
    assert saved.manifest.told == told
    assert (told.handled, told.offsets, told.made_at, told.began_from) == (7, {"orders": (3, 4)}, NOW, None)
    start, (ids, transfers) = saved.start(1), saved.shared()
    assert isinstance(start, Start)
    assert isinstance(ids, Ids)
    assert isinstance(transfers, Transfers)
    assert start.seq
    assert start.tables["members"]
    assert start.accounts
    assert start.accounts.policies is saved.manifest.installation.policies


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    save(tmp_path / "one")
    assert S_IMODE((tmp_path / "one").stat().st_mode) == 0o700
    assert {S_IMODE(path.stat().st_mode) for path in (tmp_path / "one").iterdir()} == {0o600}


def test_the_next_one_takes_its_place(tmp_path: Path) -> None:
    """given a checkpoint, and files of others, when another is saved to the same directory, then it alone is left."""
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "partition-9-0123456789abcdef.part").write_text("left by an audit that was killed")
    first = save(tmp_path)
    second = save(tmp_path, handled=8)
    assert first.digest != second.digest
    assert Saved(tmp_path, HERE).manifest.told == second
    assert len(names(tmp_path)) == len(["mine.txt", "checkpoint.json", "shared", "partition-0", "partition-1"])


def test_a_save_that_is_not_committed_leaves_the_one_before(tmp_path: Path) -> None:
    first = save(tmp_path)
    before = names(tmp_path)
    with Saving(tmp_path, HERE) as saving:
        saving.add("partition-0", Start(seq=5))
        assert names(tmp_path) != before
    assert names(tmp_path) == before
    assert Saved(tmp_path, HERE).manifest.told == first


def test_two_do_not_save_to_one_directory_at_once(tmp_path: Path) -> None:
    with Saving(tmp_path, HERE), pytest.raises(CheckpointError, match="another audit saves to"), Saving(tmp_path, HERE):
        pass
    save(tmp_path)


def test_a_place_that_takes_nothing_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="no checkpoint can be written to"), Saving(tmp_path / "file", HERE):
        pass


def test_another_installations_checkpoint_is_not_replaced(tmp_path: Path) -> None:
    save(tmp_path)
    other = HERE.model_copy(update={"topic_prefix": "other."})
    with pytest.raises(CheckpointError, match="is of another installation: its topic_prefix is ''") as caught:
        save(tmp_path, installation=other)
    assert "another directory" in caught.value.hint
    assert Saved(tmp_path, HERE)


def test_where_there_is_none_it_says_how_to_make_one(tmp_path: Path) -> None:
    assert refused(tmp_path) == f"there is no checkpoint in {tmp_path}"
    assert refused(tmp_path / "nowhere") == f"there is no checkpoint in {tmp_path / 'nowhere'}"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"cluster_id": "c-2"}, "is of another installation: its cluster_id is 'c-1', here it is 'c-2'"),
        ({"topic_prefix": "eu."}, "is of another installation: its topic_prefix is '', here it is 'eu.'"),
        ({"partitions": 3}, "is of another installation: its partitions is 2, here it is 3"),
        ({"clock": "external"}, "is of another installation: its clock is 'wall', here it is 'external'"),
        ({"policies": Policies(hold_days=9)}, "was made under other policies: its hold_days is 30, here it is 9"),
    ],
)
def test_another_installation_or_other_policies_are_refused(tmp_path: Path, other: dict[str, Any], why: str) -> None:
    save(tmp_path)
    assert refused(tmp_path, HERE.model_copy(update=other)) == f"the checkpoint in {tmp_path} {why}"


def test_policies_of_all_kinds_are_told_to_be_the_same(tmp_path: Path) -> None:
    """given closures, lists and states among the policies, then the checkpoint made under them is of the same."""
    policies = Policies.model_validate(
        {"closures": {"2026-07-03": {"name": "inventory", "announced": "2026-06-01"}}, "care_states": ["CA", "NY"]}
    )
    here = HERE.model_copy(update={"policies": policies})
    save(tmp_path, installation=here)
    assert Saved(tmp_path, here)


def flipped(raw: bytes) -> bytes:
    return raw[:-1] + bytes([raw[-1] ^ 1])


@pytest.mark.parametrize("name", ["shared", "partition-0", "partition-1"])
@pytest.mark.parametrize("change", [flipped, lambda raw: raw[:-1], None])
def test_a_file_that_was_changed_is_refused(tmp_path: Path, name: str, change: Callable[[bytes], bytes] | None) -> None:
    save(tmp_path)
    [path] = tmp_path.glob(f"{name}-*")
    if change:
        path.write_bytes(change(path.read_bytes()))
    else:
        path.unlink()
    assert f"was changed since it was saved: {path.name} is " in refused(tmp_path)


def edit(directory: Path, **changes: Any) -> dict[str, Any]:
    path = directory / checkpoint.MANIFEST
    document: dict[str, Any] = orjson.loads(path.read_bytes()) | changes
    path.write_bytes(orjson.dumps(document))
    return document


def test_a_manifest_that_was_changed_is_refused(tmp_path: Path) -> None:
    save(tmp_path)
    edit(tmp_path, handled=8)
    assert "was changed since it was saved: checkpoint.json does not have its digest" in refused(tmp_path)
    (tmp_path / checkpoint.MANIFEST).write_bytes(b"{")
    assert "was changed since it was saved: checkpoint.json is none" in refused(tmp_path)


def test_another_format_is_refused(tmp_path: Path) -> None:
    save(tmp_path)
    edit(tmp_path, format=2)
    assert refused(tmp_path) == f"the checkpoint in {tmp_path} is of format 2, and this release reads format 1"


def test_a_release_that_keeps_accounts_in_another_form_is_refused(tmp_path: Path) -> None:
    """given a class that has another field now, or is gone, then it is said before anything is read."""
    save(tmp_path)
    shapes = orjson.loads((tmp_path / checkpoint.MANIFEST).read_bytes())["shapes"]
    for others in ({"audit.account.purse:Lot": ["id", "left"]}, {"audit.account.purse:Pocket": []}):
        document = edit(tmp_path, shapes=shapes | others)
        edit(tmp_path, digest=checkpoint._digest(document))
        assert f"keeps its accounts in another form ({next(iter(others))})" in refused(tmp_path)


@pytest.mark.parametrize("name", ["os:PathLike", "subprocess:Popen", "models.policies:Policies", "audit.plain:pack"])
def test_nothing_but_data_of_the_audit_is_ever_made(name: str) -> None:
    with pytest.raises(OtherShapeError):
        plain.check({name: []})


def test_only_data_of_the_audit_is_written() -> None:
    for value in (1.5, object(), Path(), timedelta(1), Saved):
        with pytest.raises(TypeError):
            plain.pack([value], {})


def test_one_object_stays_one() -> None:
    purse = Purse(NOW)
    lot = purse.open("A", date(2028, 3, 2), NOW)
    some: dict[Any, Any] = {"purse": purse, ("lot", 1): lot, "again": [purse, lot], "others": [Purse(NOW), Purse(NOW)]}
    found = copied(some)
    assert found == some
    assert found["purse"] is found["again"][0]
    assert found["purse"].lots["A"] is found["lot", 1] is found["again"][1]
    assert found["others"][0] is not found["others"][1]
    found["purse"].lots["A"].left = 5
    assert lot == Lot("A", date(2028, 3, 2), NOW)


@pytest.mark.parametrize("fold", [0, 1])
def test_a_time_keeps_its_zone(fold: int) -> None:
    """given the hour that comes twice, then what is added to it falls where it would have."""
    local = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/Los_Angeles"), fold=fold)
    for time in (local, NOW):
        found = copied(time)
        assert (found, found.tzinfo, found.fold) == (time, time.tzinfo, time.fold)
        assert found.utcoffset() == time.utcoffset()


def test_every_event_comes_back_as_it_was() -> None:
    """given the events of a shop, of which any may wait, then each is read back equal, with its data."""
    from models.envelope import decode
    from models.events import Event

    shop, kinds = a_small_shop(), set()
    roles = {topic.role for topic in INPUTS}
    for (topic, partition), records in shop.topics.items():
        for record in records if topic in roles | {"transfers"} else ():
            read = decode(topic, partition, 2, record.key, record.value, record.headers)
            if isinstance(read, Event):
                kinds.add(read.type)
                found = copied(read)
                assert found == read
                assert type(found) is type(read)
                assert found.content_hash() == read.content_hash()
    assert len(kinds) > 12


def test_ids_are_remembered_over_audits() -> None:
    ids, shapes = Ids(), Shapes()
    for turn in range(3):
        assert ids.is_new("orders", f"a{turn}")
        assert ids.is_new("returns", f"a{turn}")
        ids.settle()
        ids = plain.unpack(plain.pack(ids, shapes), shapes, STANDARD)
        assert not any(ids.is_new("orders", f"a{before}") for before in range(turn + 1))
    assert ids.is_new("orders", "b")
    assert not ids.is_new("orders", "b")


def test_a_world_of_nobody_can_be_saved(tmp_path: Path) -> None:
    auditor = Auditor()
    auditor.audited(World().shards())
    assert auditor.saved().starts[0].seq == 0
