"""What a person is told when a local service cannot be had."""


class LocalError(Exception):
    """A local service could not be fetched, started or stopped.

    `message` says what happened, `hint` what to do about it: both are one or two plain sentences.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})"
