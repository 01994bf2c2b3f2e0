"""What Kafka's error codes mean to a worker: fenced, lasting, or passing."""

from confluent_kafka import KafkaError

from driver.failstop import FencedError

NAME_TAKEN = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.TRANSACTION_COORDINATOR_FENCED,
    }
)
"""The broker knows a younger producer or member with this worker's name."""
GROUP_MOVED_ON = frozenset(
    {
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.ILLEGAL_GENERATION,
        KafkaError._MAX_POLL_EXCEEDED,
        KafkaError._ASSIGNMENT_LOST,
    }
)
"""The group gave this worker's partitions to others."""
PASSING = frozenset(
    {
        # Not marked retriable by librdkafka in every place, yet only a broker on its way down or up.
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.CONCURRENT_TRANSACTIONS,
        KafkaError.NETWORK_EXCEPTION,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.NOT_ENOUGH_REPLICAS,
        KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError._TRANSPORT,
        KafkaError._TIMED_OUT,
        KafkaError._TIMED_OUT_QUEUE,
        KafkaError._MSG_TIMED_OUT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._WAIT_COORD,
        KafkaError._PURGE_QUEUE,
        KafkaError._PURGE_INFLIGHT,
    }
)
DENIED = frozenset(
    {
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }
)
"""The user that we log in as lacks a right."""
HOPELESS = DENIED | frozenset(
    {
        KafkaError.INCONSISTENT_GROUP_PROTOCOL,
        KafkaError._AUTHENTICATION,
        KafkaError._AUTO_OFFSET_RESET,
    }
)
"""Waiting will not help: wrong rights, another assignor in the group, or committed input that retention deleted."""
LASTING = HOPELESS | {
    KafkaError.SASL_AUTHENTICATION_FAILED,
    # librdkafka waits for a topic that may still come (topic.metadata.propagation.max.ms) before it says so.
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError.TOPIC_EXCEPTION,
    KafkaError.POLICY_VIOLATION,
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError.UNSUPPORTED_FOR_MESSAGE_FORMAT,
    KafkaError.UNSUPPORTED_COMPRESSION_TYPE,
}
"""For what is written, besides: a topic that does not exist, or does not take the record."""


def fencing(error: KafkaError, worker: str) -> FencedError | None:
    """Tell whether an error means that another worker took over, and say so."""
    if error.code() in NAME_TAKEN:
        return FencedError(
            f"worker {worker!r} is fenced ({error.name()}): another worker with this name has started, or this one was "
            "stopped for longer than its transaction timeout. Two workers must not have one name"
        )
    if error.code() in GROUP_MOVED_ON:
        return FencedError(
            f"worker {worker!r} is fenced ({error.name()}): it was away for longer than the session timeout and the group "
            "gave its partitions to others"
        )
    return None


def is_lasting(error: KafkaError) -> bool:
    """Tell whether something must be set up otherwise before the same thing can work.

    librdkafka asks to abort for these as for those that pass, so they are told apart by their code.
    """
    return error.code() in LASTING and not error.retriable()


def is_passing(error: KafkaError) -> bool:
    """Tell whether the same thing may work in a moment, with a new producer."""
    if error.code() in NAME_TAKEN | GROUP_MOVED_ON or is_lasting(error):
        return False
    if error.code() == KafkaError.INVALID_TXN_STATE:
        return True  # a commit asked for twice around a broker's death: the committed offsets will tell
    return not error.fatal() and (error.retriable() or error.txn_requires_abort() or error.code() in PASSING)
