"""What can go wrong on the read side. Each error says in one sentence what, and in ``hint`` what to do."""

import ssl
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from redis.exceptions import AuthenticationError, NoPermissionError

REFUSALS: Final = (AuthenticationError, NoPermissionError)


class ViewsError(Exception):
    """Base of the read side's errors."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class RedisUnreachable(ViewsError):  # noqa: N818 - named for what happened
    """Redis does not answer, or answers that it cannot serve (loading, read-only, out of memory, wrong login)."""

    def __init__(self, url: str, cause: Exception) -> None:
        self.refused = isinstance(cause, REFUSALS) or isinstance(cause.__context__, ssl.SSLError)
        """It is there, and waiting will not help: login, rights or certificate are wrong."""
        super().__init__(
            f"Redis at {without_login(url)} cannot serve: {cause}",
            "check that it runs (`memberships up`) and MEMBERSHIPS_REDIS_URL",
        )


class Unfeedable(ViewsError):  # noqa: N818
    """A committed record that this release cannot show."""

    def __init__(self, place: str, cause: Exception) -> None:
        super().__init__(
            f"{place} cannot be shown: {type(cause).__name__}: {cause}",
            "start `memberships views` of the release that wrote it, or a newer one; nothing was skipped",
        )


def without_login(url: str) -> str:
    """The address with user and passwords masked, wherever a URL may have them: fit for logs and screens."""
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    options = [
        (name, "***" if "password" in name or name == "username" else value) for name, value in parse_qsl(parts.query)
    ]
    return urlunsplit(parts._replace(netloc=f"{'***' if login else ''}{at}{host}", query=urlencode(options, safe="*/")))
