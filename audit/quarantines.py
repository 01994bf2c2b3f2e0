"""Who was set aside, and from which record on: read from the changelog of entries."""

from collections import defaultdict
from collections.abc import Iterator

from audit.shard import Shard
from models import state
from models.state import Quarantine


def quarantines(shard: Shard) -> Iterator[tuple[bytes, Quarantine]]:
    """Every quarantine there is or was, under the key that a standing one of that member has."""
    for key, raw in shard.tables[state.ENTRIES].items():
        if key.startswith(f"{Quarantine.KIND}|".encode()):
            try:
                yield key[: key.rindex(b"|") + 1], state.decode(raw, Quarantine)
            except state.UNREADABLE:
                continue  # the comparison of the tables will show it


def since(shard: Shard) -> dict[bytes, list[int]]:
    """Key of a standing quarantine -> the numbers of the records at which that member was set aside, in order."""
    found: dict[bytes, list[int]] = defaultdict(list)
    for key, marker in quarantines(shard):
        found[key].append(marker.seq)
    return {key: sorted(numbers) for key, numbers in found.items()}


def key_of(member_id: str) -> bytes:
    """Key of the member's standing quarantine."""
    return state.entry_key(Quarantine.KIND, member_id, Quarantine.STANDING)
