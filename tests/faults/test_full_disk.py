"""Fault 17: no room under a worker's data directory, or too few file descriptors: a clear error, an end, clean with room again.

A small file system is mounted for the worker alone, where that is allowed; where it is not, files may not grow beyond a
limit (RLIMIT_FSIZE). Which one it was is in the evidence.
"""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Literal

import pytest

from cli.errors import ExitCode
from driver.failstop import Exit
from local.kafka import Kafka
from tests.faults.kit.evidence import Evidence
from tests.faults.kit.load import Load, months
from tests.faults.kit.verdict import clean
from tests.support.processes import ROOT, eventually
from tests.system.site import MEMBERSHIPS, Program, Site, Worker

pytestmark = pytest.mark.broker

RATE = 100
MOUNT = "mount -t tmpfs -o size={size} none {folder} && cd {root} && {before}; exec {worker}"
FULL = "head -c 1000000000 /dev/zero > {folder}/others 2> {folder}.log"
"""Somebody else has written there until there was no room."""


def _can_mount() -> bool:
    return not subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], check=False, capture_output=True
    ).returncode


def cramped(folder: Path, size: Literal["none", "little"], evidence: Evidence) -> list[str]:
    """The command of a worker with no or little room under its data directory."""
    folder.mkdir(parents=True)
    worker, kib = shlex.join([*MEMBERSHIPS, "worker"]), {"none": 64, "little": 300}[size]
    if _can_mount():
        evidence.happened(mounted_small=1)
        before = FULL.format(folder=folder) if size == "none" else ":"
        return [
            "unshare",
            "-m",
            "sh",
            "-c",
            MOUNT.format(size=f"{kib}k", folder=folder, root=ROOT, before=before, worker=worker),
        ]
    evidence.happened(files_limited=1)
    return ["sh", "-c", f"ulimit -f {0 if size == 'none' else 8}; exec {worker}"]


def reason(worker: Worker) -> str:
    return worker.said.splitlines()[-1]


NO_ROOM = r"(No space left on device|File too large)"


@pytest.mark.fault(17)
@pytest.mark.parametrize(
    ("store", "size", "says"),
    [
        ("memory", "none", rf"data directory \S+ cannot be used: {NO_ROOM}"),
        ("rocksdb", "none", rf"data directory \S+ cannot be used: {NO_ROOM}"),
        ("rocksdb", "little", rf"the data directory cannot be used: \S+: IO error: .*{NO_ROOM}"),
    ],
)
def test_no_room_at_the_start(
    broker: Kafka,
    redis_url: str,
    tmp_path: Path,
    evidence: Evidence,
    store: str,
    size: Literal["none", "little"],
    says: str,
) -> None:
    with Site(broker, tmp_path, redis_url=redis_url) as site, Load(site.settings, months(3), RATE) as load:
        feeder = site.views()
        load.passes(RATE)
        command = cramped(site.settings.data / "w1", size, evidence)
        worker = site.worker(store=store, command=command)
        assert worker.ends() == Exit.FAILED, worker.said
        assert re.fullmatch(rf"worker ended \(failed, exit 70\): {says}.*", reason(worker)), worker.said
        assert "Traceback" not in worker.said
        _with_room(site, load, feeder, store, evidence)


@pytest.mark.fault(17)
def test_the_disk_is_full_when_a_worker_puts_its_tables_aside(
    broker: Kafka, redis_url: str, tmp_path: Path, evidence: Evidence
) -> None:
    """Given tables that do not fit, then what was committed counts, and the next start trusts nothing that lies there."""
    with Site(broker, tmp_path, redis_url=redis_url) as site, Load(site.settings, months(16), 10 * RATE) as load:
        feeder = site.views()
        worker = site.worker(
            store="rocksdb", command=["sh", "-c", f"ulimit -f 64; exec {shlex.join([*MEMBERSHIPS, 'worker'])}"]
        )
        worker.live()
        enough = 80 * RATE  # more in each table than the limit lets a file have
        assert eventually(lambda: site.ends("decisions") > enough), worker.said
        worker.process.terminate()
        assert worker.ends() == Exit.FAILED, worker.said
        assert re.search(rf"the data directory cannot be used: \S+: .*{NO_ROOM}", reason(worker)), worker.said
        evidence.happened(files_limited=1)
        _with_room(site, load, feeder, "rocksdb", evidence)


@pytest.mark.fault(17)
@pytest.mark.parametrize("store", ["memory", "rocksdb"])
def test_few_file_descriptors(broker: Kafka, redis_url: str, tmp_path: Path, evidence: Evidence, store: str) -> None:
    with Site(broker, tmp_path, redis_url=redis_url) as site, Load(site.settings, months(3), RATE) as load:
        feeder = site.views()
        load.passes(RATE)
        limited = ["sh", "-c", f"ulimit -n 40; exec {shlex.join([*MEMBERSHIPS, 'worker'])}"]
        worker = site.worker(store=store, command=limited)
        assert worker.ends() == ExitCode.WRONG_USE == Exit.REFUSED, worker.said
        assert re.search(r"may open 40 files, and can need \d+: raise the limit \(ulimit -n\)$", reason(worker))
        evidence.happened(refused_at_start=1)
        _with_room(site, load, feeder, store, evidence)


@pytest.mark.fault(17)
def test_a_soft_limit_of_descriptors_is_raised(broker: Kafka, tmp_path: Path, evidence: Evidence) -> None:
    with Site(broker, tmp_path) as site:
        soft = ["sh", "-c", f"ulimit -S -n 100; exec {shlex.join([*MEMBERSHIPS, 'worker'])}"]
        worker = site.worker(store="rocksdb", command=soft).live()
        told = Path(f"/proc/{worker.process.pid}/limits").read_text()
        assert re.search(r"Max open files +512 ", told), told
        evidence.happened(limits_raised=1)
        worker.stop()


def _with_room(site: Site, load: Load, feeder: Program, store: str, evidence: Evidence) -> None:
    """The same worker, on what is left in its directory, with nothing in its way."""
    again = site.worker(store=store).live()
    load.passes(RATE)
    assert load.going_on
    evidence.came_to(clean(site, load.end(), feeder))
    again.stop()
