"""The driver touches internals of three packages, so their versions are exact and checked at start.

confluent-kafka stays at 2.9 because librdkafka, in the versions after it, forgets the brokers that a metadata answer does not
name. A cluster that is stopped or started as a whole names none for a moment; producer and consumer are then left without
any broker and never ask again, with either `metadata.recovery.strategy`. Seen with 2.16.1 in 1 to 4 of 20 broker restarts on
a busy machine, with 2.9.0 in none of 20.
"""

from importlib.metadata import version

from driver.failstop import RefusedError

PINNED = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "confluent-kafka": "2.9.0"}


def check_versions() -> None:
    """Refuse to run on versions whose internals were not looked at."""
    for package, wanted in PINNED.items():
        found = version(package)
        if found != wanted:
            raise RefusedError(
                f"{package} {found} is installed, but the driver is made for {wanted}: install that version"
            )
