"""What would break somebody: the published document compared with that of an earlier release.

Of what we read, a message that was valid must stay valid: nothing may be removed, newly required or narrowed. Of what
we write, readers must find what they found before: nothing may be removed, change its type or become optional.
"""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
LOWER = ("maxLength", "maximum", "maxItems", "maxProperties")
HIGHER = ("minLength", "minimum", "minItems", "minProperties")


def breaking(old: Json, new: Json) -> list[str]:
    """Sentences, one per change that breaks; both arguments are AsyncAPI documents."""
    found = []
    for topic, channel in old["channels"].items():
        for name in channel["messages"]:
            if name not in new["channels"].get(topic, {}).get("messages", {}):
                found.append(f"{topic}: {name} is gone")
            elif "$ref" in old["components"]["messages"][name]["payload"]:
                inputs = f"read-{topic}" in old["operations"]
                compare = _Comparison(old, new, inputs)
                found += compare.schema(name, *(doc["components"]["schemas"][name] for doc in (old, new)))
    return found


class _Comparison:
    def __init__(self, old: Json, new: Json, inputs: bool) -> None:
        self.old, self.new, self.inputs = old, new, inputs
        self.open: list[tuple[str, str]] = []

    def schema(self, path: str, old: Json, new: Json) -> Iterator[str]:
        names = (str(old.get("$ref")), str(new.get("$ref")))
        if "$ref" in old and names in self.open:
            return  # a definition that contains itself
        self.open.append(names)
        old, new = self._resolved(self.old, old), self._resolved(self.new, new)
        if "anyOf" in old or "anyOf" in new:
            yield from self._options(path, old, new)
        elif old.get("type") != new.get("type"):
            yield f"{path}: {old.get('type')} became {new.get('type')}"
        else:
            yield from self._values(path, old, new)
            yield from self._fields(path, old, new)
            for inner in ("items", "additionalProperties"):
                if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
                    yield from self.schema(f"{path}[]", old[inner], new[inner])
        self.open.pop()

    def _resolved(self, document: Json, schema: Json) -> Json:
        while "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def _options(self, path: str, old: Json, new: Json) -> Iterator[str]:
        """Of what we read, each old option must find one that takes it; of what we write, each new one."""
        before, after = old.get("anyOf", [old]), new.get("anyOf", [new])
        for option in before if self.inputs else after:
            pairs = [
                (option, other) if self.inputs else (other, option) for other in (after if self.inputs else before)
            ]
            if all(list(self.schema(path, *pair)) for pair in pairs):
                yield f"{path}: {option.get('type') or option.get('$ref')} {'is refused' if self.inputs else 'is new'}"

    def _values(self, path: str, old: Json, new: Json) -> Iterator[str]:
        if old.get("pattern") != new.get("pattern"):
            yield f"{path}: another pattern"
        if not self.inputs:
            return
        narrowed = [key for key in LOWER if key in new and new[key] < old.get(key, float("inf"))]
        narrowed += [key for key in HIGHER if key in new and new[key] > old.get(key, float("-inf"))]
        yield from (f"{path}: {key} narrowed" for key in narrowed)
        before, after = (
            doc.get("enum") or [doc["const"]] if "const" in doc or "enum" in doc else None for doc in (old, new)
        )
        if after is not None and (before is None or set(before) - set(after)):
            yield f"{path}: fewer values allowed"

    def _fields(self, path: str, old: Json, new: Json) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        was, is_now = set(old.get("required", ())), set(new.get("required", ()))
        yield from (f"{path}.{field}: removed" for field in before if field not in after)
        changed = is_now - was if self.inputs else (was - is_now) & after.keys()
        yield from (
            f"{path}.{field}: {'newly required' if self.inputs else 'now optional'}" for field in sorted(changed)
        )
        for field in before.keys() & after.keys():
            yield from self.schema(f"{path}.{field}", before[field], after[field])
