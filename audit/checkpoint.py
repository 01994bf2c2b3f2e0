"""A clean audit as files: a manifest, and what each partition's next audit begins from.

The manifest names the files by their content, so a directory has the old checkpoint or the new one whole, whenever the
process ends: files first, then the manifest at once, then what it does not name is removed. Nobody else may read them:
they hold what members' state holds.
"""

import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from agents.settings import Settings
from audit import plain
from audit.ids import Ids
from audit.plain import OtherShapeError, Shapes
from audit.report import Checkpoint
from audit.start import Start
from audit.transfers import Transfers
from models.policies import RULES_VERSION, Policies

FORMAT: Final = 1
"""Of the files; raised when a release writes them so that the one before cannot read them."""
MANIFEST: Final = "checkpoint.json"
SHARED: Final = "shared"
_PART: Final = re.compile(r"(shared|partition-\d+)-[0-9a-f]{16}\.part(\.new)?|checkpoint\.json\.new")

BEGIN_ANEW: Final = "begin with another checkpoint, or without --from if all records are still there"
SAME_SETTINGS: Final = f"audit with the settings it was made with, or {BEGIN_ANEW}"


class CheckpointError(RuntimeError):
    """A checkpoint cannot be begun from, or written; ``hint`` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Installation(BaseModel):
    """What a checkpoint is of: offsets mean something in one cluster only, and tables under the policies that made them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cluster_id: str | None
    topic_prefix: str
    partitions: int
    clock: Literal["wall", "external"]
    policies: Policies

    @classmethod
    def of(cls, settings: Settings, cluster_id: str | None) -> Self:
        """The one that the settings name."""
        return cls(
            cluster_id=cluster_id,
            topic_prefix=settings.topic_prefix,
            partitions=settings.partitions,
            clock=settings.clock,
            policies=settings.rules(),
        )

    def unlike(self, here: "Installation") -> str | None:
        """The first thing that is another here; None: they are the same."""
        for name in ("cluster_id", "topic_prefix", "partitions", "clock"):
            theirs, ours = getattr(self, name), getattr(here, name)
            if theirs != ours:
                return f"is of another installation: its {name} is {theirs!r}, here it is {ours!r}"
        for name in Policies.model_fields:
            theirs, ours = getattr(self.policies, name), getattr(here.policies, name)
            if theirs != ours:
                return f"was made under other policies: its {name} is {theirs!r}, here it is {ours!r}"
        return None


class Manifest(Checkpoint):
    """The checkpoint and where it lies."""

    format: Literal[1] = FORMAT
    installation: Installation
    shapes: Shapes
    files: dict[str, str]
    """What is in it -> SHA-256 of the file."""

    @property
    def told(self) -> Checkpoint:
        """What a report says of it."""
        return Checkpoint.model_validate({name: getattr(self, name) for name in Checkpoint.model_fields})


class Saved:
    """A checkpoint to begin from: whole, unchanged, of this installation and readable by this release."""

    def __init__(self, directory: Path, installation: Installation) -> None:
        """Raises CheckpointError."""
        self._directory = directory
        self.manifest = _read(directory)
        unlike = self.manifest.installation.unlike(installation)
        if unlike:
            raise CheckpointError(f"the checkpoint in {directory} {unlike}", SAME_SETTINGS)
        try:
            plain.check(self.manifest.shapes)
        except OtherShapeError as error:
            raise self._other_release(error) from error
        for name in self.manifest.files:
            self._raw(name)

    def start(self, number: int) -> Start:
        """What the audit of a partition begins from."""
        found: Start = self._unpacked(f"partition-{number}")
        return found

    def shared(self) -> tuple[Ids, Transfers]:
        """What all partitions share."""
        found: tuple[Ids, Transfers] = self._unpacked(SHARED)
        return found

    def _unpacked(self, name: str) -> Any:
        manifest = self.manifest
        try:
            return plain.unpack(self._raw(name), manifest.shapes, manifest.installation.policies)
        except OtherShapeError as error:
            raise self._other_release(error) from error

    def _raw(self, name: str) -> bytes:
        digest = self.manifest.files[name]
        try:
            raw = (self._directory / _file(name, digest)).read_bytes()
        except FileNotFoundError as error:
            raise _changed(self._directory, f"{_file(name, digest)} is missing") from error
        if hashlib.sha256(raw).hexdigest() != digest:
            raise _changed(self._directory, f"{_file(name, digest)} is not what was written")
        return raw

    def _other_release(self, error: OtherShapeError) -> CheckpointError:
        what = f"the checkpoint in {self._directory} was made by a release that keeps its accounts in another form ({error})"
        return CheckpointError(what, f"audit with that release, or {BEGIN_ANEW}")


class Saving:
    """A checkpoint that comes to be. Use as a context manager; what is not committed leaves nothing behind."""

    def __init__(self, directory: Path, installation: Installation) -> None:
        self._directory = directory
        self._installation = installation
        self._shapes: Shapes = {}
        self._files: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Raises CheckpointError if nothing can be written there, or another installation's checkpoint is there."""
        with self._writing():
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(self._directory, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            self._lock = os.open(self._directory, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._refuse_to_replace_another()
        except BlockingIOError as error:
            os.close(self._lock)
            raise CheckpointError(f"another audit saves to {self._directory}", "wait for it") from error
        except CheckpointError:
            os.close(self._lock)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            with self._writing():
                self._remove_what_is_not_named()
        finally:
            os.close(self._lock)

    def add(self, name: str, value: Any) -> None:
        """Write a part."""
        raw = plain.pack(value, self._shapes)
        self._files[name] = hashlib.sha256(raw).hexdigest()
        with self._writing():
            _write(self._directory / _file(name, self._files[name]), raw)

    def commit(
        self, offsets: Mapping[str, tuple[int, ...]], handled: int, began_from: str | None, made_at: datetime
    ) -> Checkpoint:
        """All parts are there and the audit is clean: from now on this is the directory's checkpoint."""
        manifest = Manifest(
            digest="",
            made_at=made_at,
            rules_version=RULES_VERSION,
            handled=handled,
            offsets=dict(offsets),
            began_from=began_from,
            installation=self._installation,
            shapes=self._shapes,
            files=self._files,
        )
        document = manifest.model_dump(mode="json")
        document["digest"] = _digest(document)
        with self._writing():
            _write(self._directory / MANIFEST, orjson.dumps(document, option=orjson.OPT_INDENT_2))
            os.fsync(self._lock)
        return manifest.model_copy(update={"digest": document["digest"]}).told

    def _refuse_to_replace_another(self) -> None:
        if not (self._directory / MANIFEST).exists():
            return
        hint = "save to another directory, or remove what is in that one"
        try:
            unlike = _read(self._directory).installation.unlike(self._installation)
        except CheckpointError as error:
            raise CheckpointError(str(error), hint) from error
        if unlike:
            raise CheckpointError(f"the checkpoint in {self._directory} {unlike}", hint)

    def _remove_what_is_not_named(self) -> None:
        named: set[str] = set()
        if (self._directory / MANIFEST).exists():
            named = {_file(name, digest) for name, digest in _read(self._directory).files.items()}
        for path in self._directory.iterdir():
            if _PART.fullmatch(path.name) and path.name not in named:
                path.unlink()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            what = f"no checkpoint can be written to {self._directory}: {error.strerror}"
            raise CheckpointError(what, "save to a directory that is yours and has room") from error


def _read(directory: Path) -> Manifest:
    try:
        document = orjson.loads((directory / MANIFEST).read_bytes())
        found = document["format"]
    except (FileNotFoundError, NotADirectoryError) as error:
        hint = "save one while all records are there: memberships audit --save DIR"
        raise CheckpointError(f"there is no checkpoint in {directory}", hint) from error
    except OSError as error:
        what = f"the checkpoint in {directory} cannot be read: {error.strerror}"
        raise CheckpointError(what, "audit as the user who saved it") from error
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise _changed(directory, f"{MANIFEST} is none") from error
    if found != FORMAT:
        what = f"the checkpoint in {directory} is of format {found}, and this release reads format {FORMAT}"
        raise CheckpointError(what, f"audit with the release that saved it, or {BEGIN_ANEW}")
    if document.get("digest") != _digest(document):
        raise _changed(directory, f"{MANIFEST} does not have its digest")
    try:
        return Manifest.model_validate_json(orjson.dumps(document))
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, one["loc"])) for one in error.errors(include_input=False))
        what = f"the checkpoint in {directory} was made by another release: {fields} is not known here"
        raise CheckpointError(what, f"audit with that release, or {BEGIN_ANEW}") from error


def _digest(document: Mapping[str, Any]) -> str:
    content = {name: value for name, value in document.items() if name != "digest"}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _changed(directory: Path, how: str) -> CheckpointError:
    return CheckpointError(f"the checkpoint in {directory} was changed since it was saved: {how}", BEGIN_ANEW)


def _file(name: str, digest: str) -> str:
    return f"{name}-{digest[:16]}.part"


def _write(path: Path, raw: bytes) -> None:
    """Whole or not at all, for this user's eyes."""
    new = path.with_name(f"{path.name}.new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
