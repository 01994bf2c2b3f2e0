"""Kafka's jars are the locked ones or there is no start; what went wrong and what to do is told."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from jgo.env import LockFile

from local import LocalError, jars

NAME = "slf4j-simple"  # the smallest jar of the lock stands for all
Answer = Callable[[str, int], bytes]  # (path, how often it was asked for before) -> body


@pytest.fixture(scope="module")
def real() -> dict[str, Path]:
    """The real jars by artifact name, fetched if this machine has none yet."""
    locked = LockFile.load(jars.LOCK).dependencies
    return {jar.artifactId: path for jar, path in zip(locked, jars.classpath(), strict=True)}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock with the one small jar."""
    whole = LockFile.load(jars.LOCK)
    path = tmp_path / "lock.toml"
    LockFile([jar for jar in whole.dependencies if jar.artifactId == NAME]).save(path)
    return path


@contextmanager
def repository(answer: Answer) -> Iterator[str]:
    """A Maven repository on the loopback address."""
    asked: dict[str, int] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answer(self.path, asked.setdefault(self.path, 0))
            asked[self.path] += 1
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def use_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def use(url: str) -> None:
        settings = tmp_path / "jgo.conf"
        settings.write_text(f"[repositories]\ncentral = {url}\n")
        monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))

    return use


def test_the_lock_names_every_jar_with_its_checksum(real: dict[str, Path]) -> None:
    locked = {jar.artifactId: jar.sha256 for jar in LockFile.load(jars.LOCK).dependencies}
    assert {"kafka_2.13", "kafka-clients", "slf4j-api", NAME} <= set(locked)
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in real.items()} == locked


def test_a_corrupted_jar_is_caught(tmp_path: Path, lock: Path, real: dict[str, Path]) -> None:
    """given a cached jar with one byte changed, when the class path is asked for, then there is none."""
    cache = tmp_path / "cache"
    path = cache / real[NAME].relative_to(jars.default_cache())
    path.parent.mkdir(parents=True)
    shutil.copy(real[NAME], path)
    assert jars.classpath(cache, lock=lock, offline=True) == [path]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(LocalError, match="checksum mismatch") as told:
        jars.classpath(cache, lock=lock)
    assert f"remove {cache}" in told.value.hint


def test_an_empty_cache_without_network_is_told(tmp_path: Path, lock: Path) -> None:
    with pytest.raises(LocalError, match=f"cannot fetch org.slf4j:{NAME}") as told:
        jars.classpath(tmp_path / "cache", lock=lock, offline=True)
    assert "take the folder" in told.value.hint


def test_an_unreachable_repository_is_told(
    tmp_path: Path, lock: Path, use_repository: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """given a repository nobody answers for, then the jar, the cause and what to do are told; stdout stays clean."""
    use_repository("http://127.0.0.1:1")
    with pytest.raises(LocalError, match="refused") as told:
        jars.classpath(tmp_path / "cache", lock=lock)
    assert "check the network" in told.value.hint
    spoken = capsys.readouterr()
    assert spoken.out == ""
    assert "fetching Kafka" in spoken.err


def test_a_forged_jar_never_reaches_the_cache(
    tmp_path: Path, lock: Path, use_repository: Callable[[str], None]
) -> None:
    cache = tmp_path / "cache"
    with repository(lambda *_: b"not the jar") as url:
        use_repository(url)
        with pytest.raises(LocalError, match="checksum mismatch"):
            jars.classpath(cache, lock=lock)
    assert list(cache.rglob("*.jar")) == []


def test_a_download_cut_short_is_taken_up_again(
    tmp_path: Path, lock: Path, real: dict[str, Path], use_repository: Callable[[str], None]
) -> None:
    """given a repository whose first answer is half a jar, when it is fetched, then the second answer counts."""
    whole = real[NAME].read_bytes()

    def answer(path: str, before: int) -> bytes:
        if not path.endswith(".jar"):
            return b""
        return whole if before else whole[: len(whole) // 2]

    with repository(answer) as url:
        use_repository(url)
        (path,) = jars.classpath(tmp_path / "cache", lock=lock)
    assert path.read_bytes() == whole


def test_the_cache_follows_the_system_s_convention(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert jars.default_cache().is_relative_to(tmp_path / "xdg")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert jars.default_cache().is_relative_to(tmp_path / "home" / ".cache")
