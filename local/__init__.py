"""The services this project needs, run here without an engine: a real Kafka broker and a Redis-compatible server.

For the demo, the tests and a developer's machine. Production has its own; see `docker-compose.yml` for the same
topology in containers.
"""

from .errors import LocalError

__all__ = ["LocalError"]
