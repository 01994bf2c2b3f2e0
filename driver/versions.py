"""The driver touches internals of three packages, so their versions are exact and checked at start."""

from importlib.metadata import version

from driver.failstop import RefusedError

PINNED = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "confluent-kafka": "2.16.1"}


def check_versions() -> None:
    """Refuse to run on versions whose internals were not looked at."""
    for package, wanted in PINNED.items():
        found = version(package)
        if found != wanted:
            raise RefusedError(
                f"{package} {found} is installed, but the driver is made for {wanted}: install that version"
            )
