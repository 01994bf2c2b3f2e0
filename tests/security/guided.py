"""`make fuzz-guided`: the reader's own code led into its corners by coverage (atheris). What is compiled is not seen."""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["models.envelope", "models.values"]):
    import models.envelope  # noqa: F401 - first, so that it is the instrumented one

import orjson

from tests.contract.samples import PARTITIONS, place
from tests.security.fuzz import check, read
from tests.security.mutations import STRUCTURED, TOPICS, VALID, Headers, Input


def one(data: bytes) -> None:
    """The first bytes say where the record lies and in which mode it is; the others are its value."""
    choices = atheris.FuzzedDataProvider(data)
    topic, partition = choices.PickValueInList(list(TOPICS)), choices.ConsumeIntInRange(0, PARTITIONS - 1)
    binary: Headers = [("content-type", b"application/json"), ("ce_type", choices.ConsumeBytes(24)), ("ce_id", b"1")]
    headers = binary if choices.ConsumeBool() else list(STRUCTURED)
    given = Input(topic, partition, b"member-1", choices.ConsumeBytes(choices.remaining_bytes()), headers)
    check(given, read(given), again=True)


def main() -> None:
    """Runs until atheris has enough; it ends the process."""
    corpus = Path(tempfile.mkdtemp(prefix="memberships-corpus-"))
    for name, example in VALID.items():
        _, partition, _ = place(example)
        (corpus / name).write_bytes(orjson.dumps(example) + bytes([partition]))
    atheris.Setup([*sys.argv, str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
