"""The parts that need no broker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaError
from hypothesis import given, settings
from hypothesis import strategies as st

from driver import RefusedError
from driver.checks import DataDirectory
from driver.config import Config
from driver.engine import in_order
from driver.errors import fencing, is_lasting, is_passing
from driver.failstop import CRASH_POINTS, CrashPoint, Exit
from driver.records import Batch
from driver.store import MemoryStores, RocksStores, Store, Stores
from driver.table import PartitionTable
from driver.transaction import Transactions
from driver.watchdog import Watchdog
from tests.support.processes import PATIENCE, python

OFFSETS = {"orders": 7}


@pytest.fixture(params=["memory", "rocksdb"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    return MemoryStores(["t", "u"]) if request.param == "memory" else RocksStores(tmp_path, ["t", "u"])


@pytest.fixture
def store(stores: Stores) -> Iterator[Store]:
    store = stores.create(0)
    yield store
    store.drop()


def test_a_change_is_seen_at_once_and_stored_with_the_commit(store: Store) -> None:
    store.apply({"t": {b"a": b"1", b"b": b"2"}})
    table = PartitionTable("t", store)
    table.put(b"a", b"3")
    table.delete(b"b")
    table.put(b"c", b"4")
    assert (table.get(b"a"), table.get(b"b"), table.get(b"c"), table.get(b"d")) == (b"3", None, b"4", None)
    assert dict(table.items()) == {b"a": b"3", b"c": b"4"}
    assert len(table) == 2
    assert dict(store.items("t")) == {b"a": b"1", b"b": b"2"}, "stored before the commit"
    store.apply({"t": table.pending})
    table.pending.clear()
    assert dict(table.items()) == dict(store.items("t")) == {b"a": b"3", b"c": b"4"}
    assert dict(store.items("u")) == {}


KEYS = st.sampled_from([b"a", b"b", b"c"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS, st.binary(max_size=3)),
        st.tuples(st.just("delete"), KEYS, st.just(b"")),
        st.tuples(st.sampled_from(["commit", "abort"]), st.just(b""), st.just(b"")),
    ),
    max_size=30,
)


@given(STEPS)
def test_a_table_is_a_dictionary_with_commit_and_abort(steps: list[tuple[str, bytes, bytes]]) -> None:
    run_like_a_dictionary(MemoryStores(["t"]).create(0), steps)


@settings(max_examples=10)
@given(STEPS)
def test_also_in_rocksdb(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bytes, bytes]]) -> None:
    store = RocksStores(tmp_path_factory.mktemp("rocks"), ["t"]).create(0)
    run_like_a_dictionary(store, steps)
    store.drop()


def run_like_a_dictionary(store: Store, steps: list[tuple[str, bytes, bytes]]) -> None:
    table = PartitionTable("t", store)
    committed: dict[bytes, bytes] = {}
    now: dict[bytes, bytes] = {}
    for step, key, value in steps:
        if step == "put":
            table.put(key, value)
            now[key] = value
        elif step == "delete":
            table.delete(key)
            now.pop(key, None)
        else:
            if step == "commit":
                store.apply({"t": table.pending})
                committed = dict(now)
            table.pending.clear()
            now = dict(committed)
        assert dict(table.items()) == now
        assert len(table) == len(now)
        assert all(table.get(key) == now.get(key) for key in (b"a", b"b", b"c"))


def test_a_rocksdb_store_is_reopened_only_as_it_was_closed(tmp_path: Path) -> None:
    stores = RocksStores(tmp_path, ["t"])

    def closed() -> None:
        store = stores.create(0)
        store.apply({"t": {b"a": b"1"}})
        store.close(OFFSETS)

    closed()
    assert stores.reopen(0, {"orders": 8}) is None, "the group has moved on"
    assert stores.reopen(0, OFFSETS) is None, "the marker outlived the first attempt"
    closed()
    again = stores.reopen(0, OFFSETS)
    assert again is not None
    assert dict(again.items("t")) == {b"a": b"1"}
    assert RocksStores(tmp_path, ["t"]).reopen(0, OFFSETS) is None, "files in use were taken for closed ones"
    again.drop()
    assert stores.reopen(1, OFFSETS) is None


def test_an_emit_after_the_batch_is_refused() -> None:
    outbox: list[object] = []
    batch = Batch("orders", 0, [], outbox)  # type: ignore[arg-type]
    batch.emit("out", b"k", b"v", headers=[("h", b"1")], partition=3)
    batch.emit("out", b"k", None)
    assert outbox == [("out", b"v", b"k", 3, [("h", b"1")]), ("out", None, b"k", -1, ())]
    batch.seal()
    with pytest.raises(RuntimeError, match="after the batch was done"):
        batch.emit("out", b"k", b"v")


def test_topics_not_named_in_the_order_come_last() -> None:
    assert in_order(("b", "a"), {"c", "a", "d", "b"}) == ("b", "a", "c", "d")


def test_an_answer_is_waited_for_as_long_as_a_session_or_a_transaction_lasts() -> None:
    """A connection may have died without a word; librdkafka refuses a producer that would outwait its own transaction."""
    hurried = Config(bootstrap_servers="127.0.0.1:1", worker="w", session_timeout=7.5, transaction_timeout=1.0)
    assert hurried.client()["socket.timeout.ms"] == 7_500
    Transactions(hurried, "app", CrashPoint(""))


@pytest.mark.parametrize("spec", ["nowhere", "after-decide:x", "after-decide:1:later"])
def test_an_unknown_crash_point_is_refused(spec: str) -> None:
    with pytest.raises(RefusedError):
        CrashPoint(spec)


def test_the_third_time_at_a_crash_point(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    doomed = python(
        """
        import sys
        from pathlib import Path
        from driver.failstop import CrashPoint
        point = CrashPoint("before-commit:3")
        for turn in range(5):
            point.reach("after-commit")
            point.reach("before-commit", lambda: Path(sys.argv[1]).write_text(str(turn)))
        """,
        mark,
    )
    assert doomed.wait(PATIENCE) == -signal.SIGKILL
    assert mark.read_text() == "2"
    assert len(set(CRASH_POINTS)) == 6


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (KafkaError._FENCED, "Two workers must not have one name"),
        (KafkaError.INVALID_PRODUCER_EPOCH, "Two workers must not have one name"),
        (KafkaError.UNKNOWN_MEMBER_ID, "gave its partitions to others"),
        (KafkaError.ILLEGAL_GENERATION, "gave its partitions to others"),
    ],
)
def test_fencing_is_said(code: int, words: str) -> None:
    fenced = fencing(KafkaError(code), "w1")
    assert fenced is not None
    assert words in str(fenced)
    assert "w1" in str(fenced)


def test_passing_errors_are_told_from_lasting_ones() -> None:
    assert is_passing(KafkaError(KafkaError.NOT_COORDINATOR))
    assert is_passing(KafkaError(KafkaError.UNKNOWN, retriable=True))
    assert is_passing(KafkaError(KafkaError.UNKNOWN, txn_requires_abort=True))
    assert is_passing(KafkaError(KafkaError.INVALID_TXN_STATE, fatal=True))
    assert not is_passing(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
    assert not is_passing(KafkaError(KafkaError.UNKNOWN_MEMBER_ID, txn_requires_abort=True))
    assert not is_passing(KafkaError(KafkaError.NOT_COORDINATOR, fatal=True))
    assert fencing(KafkaError(KafkaError.NOT_COORDINATOR), "w1") is None


@pytest.mark.parametrize(
    "name",
    [
        "MSG_SIZE_TOO_LARGE",
        "INVALID_RECORD",
        "TOPIC_AUTHORIZATION_FAILED",
        "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
        "GROUP_AUTHORIZATION_FAILED",
        "UNKNOWN_TOPIC_OR_PART",
        "_UNKNOWN_TOPIC",
    ],
)
def test_what_lasts_is_not_tried_again_though_the_client_asks_to_abort(name: str) -> None:
    error = KafkaError(getattr(KafkaError, name), txn_requires_abort=True)
    assert is_lasting(error)
    assert not is_passing(error)


def test_what_the_client_calls_retriable_is_tried_again_whatever_its_code() -> None:
    error = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, retriable=True)
    assert not is_lasting(error)
    assert is_passing(error)


def test_a_data_directory_is_locked_and_given_free(tmp_path: Path) -> None:
    first, second = DataDirectory(tmp_path), DataDirectory(tmp_path)
    first.lock()
    with pytest.raises(RefusedError, match=rf"in use by process {os.getpid()}"):
        second.lock()
    first.release()
    second.lock()
    second.release()


class EndedError(Exception):
    """In the place of the process's end."""


@pytest.fixture
def watchdog(monkeypatch: pytest.MonkeyPatch) -> Watchdog:
    """Looks when it is told to; a session is 10 s long, a poll may take 3 s."""

    def end(code: Exit, reason: str) -> None:
        raise EndedError(code, reason)

    monkeypatch.setattr("driver.watchdog.end", end)
    watchdog = Watchdog(session_timeout=10.0)
    watchdog.watch("poll", 3.0, "a poll did not finish")
    return watchdog


def test_a_sign_of_life_counts_for_as_long_as_its_limit(watchdog: Watchdog) -> None:
    """Given a look each second, then a poll of three seconds is let be, and one second more ends the process."""
    for _ in range(3):
        watchdog.beat("poll")
        for _ in range(3):
            watchdog.look(1.0)
    with pytest.raises(EndedError) as ended:
        watchdog.look(1.0)
    assert ended.value.args == (Exit.STUCK, "a poll did not finish for 4 s")


def test_what_rests_or_never_began_is_not_watched(watchdog: Watchdog) -> None:
    for _ in range(9):
        watchdog.look(1.0)
    watchdog.beat("poll")
    watchdog.rest("poll")
    for _ in range(9):
        watchdog.look(1.0)


def test_a_process_that_was_stopped_is_judged_by_the_time_it_ran(watchdog: Watchdog) -> None:
    """Given stops of a whole session each, then they count as the one second that may have passed unseen."""
    watchdog.beat("poll")
    for _ in range(3):
        watchdog.look(10.0)
    with pytest.raises(EndedError):
        watchdog.look(10.0)


def test_a_stop_longer_than_the_session_ends_a_process_that_lives(watchdog: Watchdog) -> None:
    watchdog.beat("poll")
    with pytest.raises(EndedError) as ended:
        watchdog.look(10.1)
    assert ended.value.args[0] == Exit.FENCED


WATCHED = """
import sys, time
from driver.transaction import Transactions
from driver.watchdog import Watchdog
watchdog = Watchdog(session_timeout=float(sys.argv[1]))
watchdog.watch("poll", float(sys.argv[2]), "a poll did not finish")
watchdog.watch("broker", 600.0, "no broker answered")
watchdog.start(lambda: None)
watchdog.beat("poll")
print("up", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("session", "limit", "stopped", "code"), [(600, 3, 0.0, Exit.STUCK), (2, 600, 2.5, Exit.FENCED)]
)
def test_a_process_that_hangs_or_was_stopped(session: int, limit: int, stopped: float, code: int) -> None:
    watched = python(WATCHED, session, limit)
    assert watched.stdout is not None
    assert watched.stdout.readline() == "up\n"
    if stopped:
        watched.send_signal(signal.SIGSTOP)
        time.sleep(stopped)
        watched.send_signal(signal.SIGCONT)
    assert watched.wait(PATIENCE) == code


def test_the_driver_imports_nothing_of_the_product() -> None:
    program = (
        "import driver, sys; sys.exit(any(name.split('.')[0] in {'models', 'agents', 'views'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, cwd=Path(__file__).parents[2]).returncode == 0
