"""A member's events leave in the order of the file, one topic at a time; members do not wait for each other."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from cli.lanes import Lanes
from cli.lines import Message

messages = st.lists(
    st.builds(
        Message, st.sampled_from(["orders", "returns", "payments"]), st.sampled_from(["a", "b", "c"]), st.just(b"{}")
    ),
    max_size=40,
)


def message(topic: str, subject: str, value: bytes = b"{}") -> Message:
    return Message(topic, subject, value)


def test_next_topic_waits_for_all_earlier_ones() -> None:
    lanes = Lanes()
    first, second, third = message("orders", "m", b"1"), message("orders", "m", b"2"), message("returns", "m", b"3")

    assert lanes.offer(first)
    assert lanes.offer(second)
    assert not lanes.offer(third)

    assert lanes.decided("m") == []
    assert lanes.decided("m") == [third]
    assert lanes.waiting == 0


def test_a_waiting_event_holds_back_those_after_it_on_any_topic() -> None:
    lanes = Lanes()
    back, again = message("returns", "m"), message("orders", "m", b"again")
    lanes.offer(message("orders", "m"))
    lanes.offer(back)

    assert not lanes.offer(again)
    assert lanes.decided("m") == [back]
    assert lanes.decided("m") == [again]


def test_other_members_do_not_wait() -> None:
    lanes = Lanes()
    lanes.offer(message("orders", "m"))
    lanes.offer(message("returns", "m"))

    assert lanes.offer(message("returns", "n"))


@given(messages, st.randoms(use_true_random=False))
def test_whatever_order_decisions_come_in_each_member_keeps_the_file_s(file: list[Message], chance) -> None:
    lanes = Lanes()
    numbered = [Message(m.topic, m.subject, str(i).encode()) for i, m in enumerate(file)]
    sent: list[Message] = []
    undecided: list[Message] = []

    def send(item: Message) -> None:
        assert all(other.topic == item.topic for other in undecided if other.subject == item.subject)
        sent.append(item)
        undecided.append(item)

    def decide_one() -> None:
        item = undecided.pop(chance.randrange(len(undecided)))
        for freed in lanes.decided(item.subject):
            send(freed)

    for item in numbered:
        if lanes.offer(item):
            send(item)
        if undecided and chance.random() < 0.3:
            decide_one()
    while undecided:
        decide_one()

    assert lanes.waiting == 0
    by_member = defaultdict(list)
    for item in sent:
        by_member[item.subject].append(int(item.value))
    assert len(sent) == len(numbered)
    assert all(numbers == sorted(numbers) for numbers in by_member.values())
