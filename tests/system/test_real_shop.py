"""A real shop's winter, spread over almost three years, with all that the points programme can do, through the whole product.

The worker is killed ten times meanwhile; then everything is audited, and what moved is counted from the ledger.
The data (D. Chen, Online Retail, UCI Machine Learning Repository, CC BY 4.0) lies beside the repository; without it this
fails.
"""

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random
from time import sleep

import orjson
import pytest

import audit
from local.kafka import Kafka
from tests.support.processes import PATIENCE, ROOT, eventually
from tests.system.site import DECIDED_S, Site
from views import feeder, progress

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("kills")]

SHOP = ROOT.parent / "shared" / "data" / "online_retail.csv.xz"
OPTIONS = ("--limit", "8000", "--years", "15", "--stretch", "7", "--seed", "7")
"""Two thirds of the file: as much as a test may take. The whole of it is the same command without the limit."""
KILLS = 10
SEED = 7
MOVED = {"earn", "redeem", "reserve", "release", "restore", "take_back", "expire", "forfeit", "adjust"}
"""Every kind of entry but `bonus`: the shop knows no promotions."""


def test_ten_kills_leave_no_difference_in_the_books(broker: Kafka, redis_url: str, tmp_path: Path) -> None:
    chance = Random(SEED)
    with Site(broker, tmp_path, redis_url=redis_url) as site:
        importer = _importing(site, tmp_path)
        worker, kills = site.worker().live(), 0
        assert eventually(lambda: _decided(site) > 0)
        while kills < KILLS:
            assert importer.poll() is None, f"the import was over after {kills} kills: it proves nothing"
            if kills % 2:
                sleep(chance.uniform(0.3, 2.0))  # anywhere: while it starts, restores, or works
            else:
                worker.live()
                sleep(chance.uniform(0.05, 0.4))  # in the middle of its work
            worker.kill()
            kills += 1
            worker = site.worker()
        assert importer.wait(2 * DECIDED_S) == 0, (tmp_path / "import.err").read_text()
        summary = json.loads((tmp_path / "import.json").read_text())
        assert summary["sent"] == summary["decided"]
        assert set(summary["outcomes"]) == {"applied", "duplicate", "refused", "superseded"}  # none waits any more
        worker.stop()
        _fed(site)
        report = audit.run(site.settings)
        _say(
            f"{check.state:8} {check.compared:>8,} compared, {check.found} differ: {check.name}"
            for check in report.checks
        )
        _all_of_the_programme(site)
        assert report.clean, report.first
        assert sum(check.compared for check in report.checks) > 100_000


def _all_of_the_programme(site: Site) -> None:
    """Points of every kind really moved."""
    entries, moved = Counter[str](), Counter[str]()
    for record in site.read("points-ledger"):
        entry = orjson.loads(record.value or b"")["data"]
        entries[entry["kind"]] += 1
        moved[entry["kind"]] += abs(entry["points"] or entry["reserved"])
    _say(f"{kind:10} {count:>6,} entries {moved[kind]:>10,} points" for kind, count in sorted(entries.items()))
    assert set(entries) == MOVED
    assert all(moved[kind] > 0 for kind in MOVED)
    told = Counter(orjson.loads(r.value or b"")["data"]["notification"] for r in site.read("notifications"))
    _say(f"{kind:28} {count:>6,} notifications" for kind, count in sorted(told.items()))
    assert {"points.expiring", "points.expired", "points.reservation_expired", "points.debt", "retracted"} <= set(told)


def _say(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _importing(site: Site, folder: Path) -> subprocess.Popen[bytes]:
    """`memberships import online-retail`, in a process of its own, as somebody would run it."""
    told = {
        "MEMBERSHIPS_BOOTSTRAP_SERVERS": site.settings.bootstrap_servers,
        "MEMBERSHIPS_TOPIC_PREFIX": site.settings.topic_prefix,
        "MEMBERSHIPS_PARTITIONS": str(site.settings.partitions),
    }
    command = [
        sys.executable,
        "-m",
        "cli",
        "import",
        "online-retail",
        str(SHOP),
        *OPTIONS,
        "--json",
        "--timeout",
        str(DECIDED_S),
    ]
    with (folder / "import.json").open("wb") as out, (folder / "import.err").open("wb") as err:
        return subprocess.Popen(command, cwd=ROOT, env=os.environ | told, stdout=out, stderr=err)


def _decided(site: Site) -> int:
    from cli.wire import connected

    with connected(site.settings) as wire:
        return sum(wire.committed("memberships").values())


def _fed(site: Site) -> None:
    """Let the views take in everything there is."""
    stop = threading.Event()
    feeding = threading.Thread(target=feeder.run, args=(site.settings, stop))
    feeding.start()
    try:
        assert progress.caught_up(site.settings, 2 * PATIENCE)
    finally:
        stop.set()
        feeding.join()
