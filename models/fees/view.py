"""What the read side shows of payment methods. JSON-ready."""

from collections.abc import Sequence
from typing import Any

from models.fees.state import Method


def view(methods: Sequence[Method]) -> list[dict[str, Any]]:
    """Those on file, in the member's order."""
    on_file = sorted((method for method in methods if method.on_file), key=lambda method: (method.position, method.id))
    return [
        {
            "method_id": method.id,
            "kind": method.kind,
            "position": method.position,
            "expires": method.expires,
            "retired": method.retired,
        }
        for method in on_file
    ]
