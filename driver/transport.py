"""Faust's side of the driver: what Faust's app, agents and streams ask of a transport, answered by the engine.

Faust calls few of the methods its abstract transport classes list. The classes here have those; anything else Faust might
ask for is missing on purpose and fails with an AttributeError rather than going round the transaction.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn, cast

from faust.agents import Agent as FaustAgent
from faust.events import Event
from faust.streams import Stream as FaustStream
from faust.tables.manager import TableManager as FaustTableManager
from faust.transport.base import Transport as FaustTransport
from faust.transport.conductor import Conductor as FaustConductor
from faust.types import TP, Message
from mode import Service

from driver.failstop import RefusedError, end_for
from driver.records import Batch

if TYPE_CHECKING:
    from driver.app import App


class Delivery:
    """The batches of one topic on their way through its agents."""

    def __init__(self, count: int) -> None:
        self._left = count
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def acknowledge(self) -> None:
        """One agent is done with one batch."""
        self._left -= 1
        if self._left == 0:
            self.done.set_result(None)


class BatchEvent(Event):
    """A batch as Faust's event, so that its sensors and ``current_event`` see what they know."""

    __slots__ = ("delivery",)

    def __init__(self, app: "App", batch: Batch, delivery: Delivery) -> None:
        last = batch.records[-1]
        message = Message(
            batch.topic,
            batch.partition,
            last.offset,
            timestamp=last.timestamp_ms / 1000,
            timestamp_type=last.timestamp_type,
            headers=None,
            key=None,
            value=None,
            checksum=None,
            tp=TP(batch.topic, batch.partition),
        )
        super().__init__(app, None, batch, None, message)
        self.delivery = delivery


class Stream(FaustStream[Any]):
    """A stream of batches.

    Own iteration instead of Faust's compiled one: there, an event is acknowledged also when the agent raised, and one of an
    older generation is skipped without a word. Here a batch counts as done when its agent asks for the next one; there is
    no other way.
    """

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._batches()

    async def _batches(self) -> AsyncIterator[Batch]:
        await self.maybe_start()
        queue = cast(Any, self.channel).queue
        sensors = self.app.sensors
        while not self.should_stop:
            try:
                event = await queue.get()
            except StopAsyncIteration:  # thrown in by Faust when the agent stops
                return
            tp, offset = event.message.tp, event.message.offset
            state = sensors.on_stream_event_in(tp, offset, self, event)
            self._set_current_event(event)
            yield event.value
            self._set_current_event(None)
            sensors.on_stream_event_out(tp, offset, self, event, state)
            event.delivery.acknowledge()


class Agent(FaustAgent):
    """An agent whose exception ends the process before anything is acknowledged."""

    def __init__(self, fun: Any, *, channel: Any = None, **kwargs: Any) -> None:
        name = getattr(fun, "__name__", fun)
        if channel is None:
            raise RefusedError(
                f"agent {name} needs a topic: agents without one take messages outside of the transaction"
            )
        if kwargs.get("sink") or kwargs.get("concurrency", 1) > 1 or kwargs.get("isolated_partitions"):
            raise RefusedError(
                f"agent {name}: sinks, concurrency and isolated partitions are not exactly once; use batch.emit"
            )
        super().__init__(fun, channel=channel, **kwargs)

    async def _execute_actor(self, coro: Awaitable[Any], aref: Any) -> None:  # noqa: ARG002 - Faust's signature
        app = cast("App", self.app)
        try:
            await coro
        except BaseException as failure:
            if app.working or not isinstance(failure, asyncio.CancelledError):
                end_for(failure, f"agent {self.name} failed")  # whatever it is, nothing of it may be acknowledged
            raise
        if app.working:
            end_for(RuntimeError("its loop over the batches ended"), f"agent {self.name} returned")


class Conductor(FaustConductor):
    """Hands batches to the agents of their topic. The subscription is made once."""

    _subscribed = False

    @Service.task
    async def _subscriber(self) -> None:
        await self.app.agents.wait_until_agents_started()
        await self.app.tables.wait_until_tables_registered()
        topics = set(await self._update_indices())
        self._subscribed = True
        await self.app.consumer.subscribe(topics)

    def add(self, topic: Any) -> None:
        """Register a topic.

        Raises:
            RefusedError: the worker is subscribed already; a late topic would never be consumed.
        """
        if self._subscribed and self._topic_contain_unsubscribed_topics(topic):
            raise RefusedError(
                f"topic {topic} comes after the subscription: declare all agents before the worker starts"
            )
        super().add(topic)

    async def deliver(self, topic: str, batches: list[Batch]) -> None:
        """Give the batches of one topic to all its agents; returns when all are done."""
        channels = tuple(self._topic_name_index[topic])
        delivery = Delivery(len(batches) * len(channels))
        sensors = self.app.sensors
        events = [BatchEvent(cast("App", self.app), batch, delivery) for batch in batches]
        for event in events:
            sensors.on_message_in(event.message.tp, event.message.offset, event.message)
            for channel in channels:
                cast(Any, channel).queue.put_nowait(event)
        await delivery.done
        for event in events:
            sensors.on_message_out(event.message.tp, event.message.offset, event.message)
            cast(Batch, event.value).seal()


class Consumer(Service):
    """What Faust asks of a consumer: to be a service, and to subscribe."""

    def __init__(self, app: "App", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.app = app

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Start the engine on these topics; what it raises ends the process."""
        self.app.begin(frozenset(topics))


class TableManager(FaustTableManager):
    """Holds the tables; restoring them is the engine's business."""

    async def on_start(self) -> None:
        """Close the list of tables."""
        self._tables_finalized.set()
        self._tables_registered.set()

    async def on_stop(self) -> None:
        """Nothing to stop."""

    async def wait_until_recovery_completed(self) -> bool:
        """Let Faust start web server and timers at once: they ask ``app.assigned`` for what is live."""
        return False


class Transport(FaustTransport):
    """Makes the consumer and the conductor; there is no Faust producer."""

    Conductor = Conductor
    driver_version = "driver"

    def create_consumer(self, callback: Callable[..., Any], **kwargs: Any) -> Any:  # noqa: ARG002
        """Make the consumer; its callbacks into Faust stay unused."""
        return Consumer(cast("App", self.app), loop=self.loop, beacon=kwargs.get("beacon"))

    def create_producer(self, **kwargs: Any) -> NoReturn:  # noqa: ARG002
        """Refuse: Faust's producer would write outside of the transaction."""
        raise RuntimeError("outputs go by batch.emit, or app.send_outside for what is not transactional")
