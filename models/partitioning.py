"""Which partition a key belongs to: murmur2, as the Java producer does it."""

from functools import lru_cache


@lru_cache(maxsize=1 << 18)  # the hash is plain Python; keys come again and again
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of `key` in a topic of that many partitions."""
    from kafka.partitioner.default import murmur2  # importing the client takes 0.3 s, too long for short commands

    hashed: int = murmur2(key)
    return (hashed & 0x7FFFFFFF) % partitions
