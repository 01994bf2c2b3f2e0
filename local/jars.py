"""Kafka's jars: fetched once from Maven into the user's cache, checked against our own lock file before every start.

The lock (`kafka.lock.toml`, in jgo's format) names every jar with its SHA-256. Because it is complete, nothing is
resolved when fetching: no POM is read, and the jars come side by side. A jar gets its place in the cache only after
its checksum was found right, so a download cut short leaves nothing behind that would be taken for a jar later.
"""

import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.env import LockedDependency, LockFile
from jgo.maven import Artifact, MavenContext
from rich.console import Console
from rich.progress import Progress

from .errors import LocalError

KAFKA_VERSION = "4.1.0"
# Kafka names a logging interface but brings nothing behind it: the second coordinate makes it speak to stderr.
COORDINATES = (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", "org.slf4j:slf4j-simple:1.7.36")
LOCK = Path(__file__).with_name("kafka.lock.toml")

TRIES = 3
SIDE_BY_SIDE = 8


def default_cache() -> Path:
    """`$XDG_CACHE_HOME` or `~/.cache`, then our own folder."""
    # The convention of the system, not a setting of ours.
    base = os.environ.get("XDG_CACHE_HOME")  # noqa: TID251
    return (Path(base) if base else Path.home() / ".cache") / "memberships" / f"kafka-{KAFKA_VERSION}"


def classpath(cache: Path | None = None, *, lock: Path = LOCK, offline: bool = False) -> list[Path]:
    """The jars of the lock, each present and with the right checksum; missing ones are fetched (not if `offline`).

    Raises `LocalError` when one cannot be fetched or a cached one is not what it should be.
    """
    cache = cache or default_cache()
    wanted = LockFile.load(lock)
    missing = [jar for jar in wanted.dependencies if not _place(jar, cache).exists()]
    if missing:
        _fetch(missing, cache, offline=offline)
    if errors := wanted.verify_checksums(cache):
        raise LocalError(
            f"Kafka's jars are not what they should be: {'; '.join(errors)}",
            f"remove {cache} and start again: they are fetched anew",
        )
    return [_place(jar, cache) for jar in wanted.dependencies]


def _fetch(missing: Sequence[LockedDependency], cache: Path, *, offline: bool) -> None:
    """Fetch these jars into the cache, telling a person on stderr."""
    cache.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    what = f"fetching Kafka {KAFKA_VERSION} (once, 43 MB)"
    if not console.is_terminal and not offline:
        console.print(f"{what} into {cache}", soft_wrap=True)
    with (
        tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as folder,
        ThreadPoolExecutor(SIDE_BY_SIDE) as pool,
        Progress(console=console, disable=not console.is_terminal or offline, transient=True) as progress,
    ):
        # A mirror is named the way jgo knows: `central = URL` under [repositories] in its own configuration file.
        repositories = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
        maven = MavenContext(repo_cache=Path(folder), remote_repos=repositories, timeout=30, offline=offline)
        task = progress.add_task(what, total=len(missing))
        try:
            for _ in pool.map(lambda jar: _fetch_one(jar, maven, cache), missing):
                progress.advance(task)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _fetch_one(jar: LockedDependency, maven: MavenContext, cache: Path) -> None:
    """Fetch one jar, check it, and put it in its place in one step."""
    artifact = _artifact(jar, maven)
    trouble = ""
    for _ in range(TRIES):
        try:
            path = artifact.resolve()
        except (OSError, RuntimeError) as error:  # no answer, or jgo's word for "no repository has it"
            trouble = str(error)
        else:
            wrong = LockFile([jar]).verify_checksums(maven.repo_cache)
            if not wrong:
                place = _place(jar, cache)
                place.parent.mkdir(parents=True, exist_ok=True)
                path.replace(place)
                return
            trouble = wrong[0]
        if (partial := artifact.cached_path) is not None:
            partial.unlink(missing_ok=True)
        if maven.offline:
            break
    raise LocalError(
        f"cannot fetch {jar.groupId}:{jar.artifactId}:{jar.version}: {trouble}",
        "check the network (HTTPS_PROXY is honoured) or name a Maven mirror in jgo's configuration; "
        f"a machine without network can take the folder {cache} from another one",
    )


def _artifact(jar: LockedDependency, maven: MavenContext) -> Artifact:
    component = maven.project(jar.groupId, jar.artifactId).at_version(jar.version)
    return component.artifact(jar.classifier or "", jar.packaging)


def _place(jar: LockedDependency, cache: Path) -> Path:
    """Where a jar lives in the cache: laid out as a Maven repository."""
    path = _artifact(jar, MavenContext(repo_cache=cache)).cached_path
    if path is None:
        raise LookupError(f"no place for {jar}")
    return path


def renew_lock(cache: Path | None = None) -> None:
    """Resolve `COORDINATES` anew and write the lock. For maintainers, after a change of version.

    python -c "from local.jars import renew_lock; renew_lock()"
    """
    maven = MavenContext(repo_cache=cache or default_cache())
    dependencies = [maven.create_dependency(coordinate) for coordinate in COORDINATES]
    inputs, transitive = maven.resolver.resolve(dependencies)
    needed = [*inputs, *(d for d in transitive if d.scope in ("compile", "runtime"))]
    LockFile.from_resolved_dependencies(needed, environment_name="kafka").save(LOCK)
