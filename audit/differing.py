"""Two accounts of the same things, as plain values: what is not the same, in words."""

from collections.abc import Container, Iterator, Mapping, Set
from typing import Any

Parts = Mapping[str, Any]
"""What is known of a thing, by the name of each part."""


def by_part(
    kind: str, kept: Mapping[str, Parts], own: Mapping[str, Parts], left_out: Container[str] = ()
) -> Iterator[tuple[str, str]]:
    """(which, a sentence) for each part of each thing that differs. kind: what the things are, with a space behind it."""
    for name, stored, mine in different(kept, own, {}):
        if name not in left_out:
            for part, value, should in different(stored, mine, None):
                yield (
                    name,
                    f"{kind}{name}: {part} is {plain(value)} in the changelog, {plain(should)} in the own account",
                )


def different(found: Mapping[Any, Any], own: Mapping[Any, Any], nothing: Any) -> Iterator[tuple[Any, Any, Any]]:
    """What is another here than there; what is not there counts as nothing."""
    for name in sorted(found.keys() | own.keys()):
        if found.get(name, nothing) != own.get(name, nothing):
            yield name, found.get(name, nothing), own.get(name, nothing)


def plain(value: Any) -> str:
    """Dates as they are written, also in a list of terms."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {plain(one)}' for name, one in value.items())}}}"
    if isinstance(value, list | tuple | Set):
        return f"[{', '.join(map(plain, value))}]"
    return str(value)
