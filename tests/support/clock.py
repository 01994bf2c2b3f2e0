"""Time that goes on with what a test does and not with the machine."""


class Clock:
    """Stands in a module for `time`."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
