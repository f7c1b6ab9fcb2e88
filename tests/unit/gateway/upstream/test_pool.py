"""Who gets a connection, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.unit.gateway.upstream.wireless import Wire
from transom.gateway.upstream.connection import Clock, Connection
from transom.gateway.upstream.pool import IDLE_S, Pool
from transom.gateway.upstream.types import ClientLimits, UpstreamError

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Origin:
    """Opens connections without sockets, or fails to."""

    def __init__(self, connections: int) -> None:
        self.opened: list[Connection] = []
        self.fails = False
        self.clock = Clock(asyncio.get_running_loop())
        self.pool = Pool(self.open, self.clock, ClientLimits(1, 1, 1, connections))

    async def open(self, factory: Callable[[], Connection]) -> Connection:
        await asyncio.sleep(0)
        if self.fails:
            raise UpstreamError("upstream_unreachable")
        connection = factory()
        connection.connection_made(Wire())
        self.opened.append(connection)
        return connection

    async def use(self) -> Connection:
        connection = self.pool.take() or await self.pool.open(5)
        connection.start(b"", False, 1)
        return connection

    def finish(self, connection: Connection) -> None:
        connection.data_received(ANSWER)
        self.pool.give_back(connection)


async def waiting(origin: Origin, count: int) -> list[asyncio.Task[Connection]]:
    tasks = [asyncio.create_task(origin.use()) for _ in range(count)]
    while len(origin.pool._queue) < count:
        await asyncio.sleep(0)
    return tasks


async def test_the_connection_that_became_idle_last_is_taken_first():
    origin = Origin(2)
    first, second = await origin.use(), await origin.use()
    origin.finish(first)
    origin.finish(second)
    assert [await origin.use(), await origin.use()] == [second, first]
    assert len(origin.opened) == 2


async def test_who_comes_first_is_served_first():
    origin = Origin(1)
    held = await origin.use()
    tasks = await waiting(origin, 3)
    served: list[int] = []
    for number, task in enumerate(tasks):
        task.add_done_callback(lambda _, number=number: served.append(number))
    for task in tasks:
        origin.finish(held)
        held = await task
    await asyncio.sleep(0)
    assert served == [0, 1, 2]
    assert len(origin.opened) == 1


async def test_a_newcomer_does_not_overtake_the_queue():
    origin = Origin(1)
    held = await origin.use()
    (task,) = await waiting(origin, 1)
    origin.finish(held)
    assert origin.pool.take() is None
    assert await task is held


async def test_those_who_stop_waiting_leave_no_gap():
    origin = Origin(1)
    held = await origin.use()
    gone, stays = await waiting(origin, 2)
    gone.cancel()
    await asyncio.wait([gone])
    assert len(origin.pool._queue) == 1
    origin.finish(held)
    assert await stays is held


async def test_a_turn_given_to_one_who_leaves_in_that_moment_goes_to_the_next():
    origin = Origin(1)
    held = await origin.use()
    gone, stays = await waiting(origin, 2)
    origin.finish(held)
    gone.cancel()
    assert await stays is held
    assert gone.cancelled()


async def test_a_connection_that_cannot_be_opened_holds_no_place():
    origin = Origin(1)
    origin.fails = True
    for _ in range(3):
        with pytest.raises(UpstreamError, match="unreachable"):
            await origin.use()
    origin.fails = False
    assert await origin.use() in origin.opened


async def test_an_exchange_left_in_the_middle_is_cut_and_makes_room():
    origin = Origin(1)
    connection = await origin.use()
    origin.pool.give_back(connection)
    assert isinstance(connection._transport, Wire)
    assert connection._transport.cut
    assert await origin.use() is not connection


async def test_waiting_for_a_turn_has_the_time_limit_of_the_first_byte():
    origin = Origin(1)
    await origin.use()
    with pytest.raises(UpstreamError, match="timeout"):
        await origin.pool.open(0.01)
    assert not origin.pool._queue


async def test_idle_connections_are_closed_in_time_and_lost_ones_forgotten():
    origin = Origin(3)
    used = [await origin.use() for _ in range(3)]
    for connection in used:
        origin.finish(connection)
    used[0].connection_lost(None)
    used[2].idle_since += 1
    origin.clock.now = used[1].idle_since + IDLE_S + 0.5
    origin.pool.tick()
    assert [connection.usable for connection in used] == [False, False, True]
    assert await origin.use() is used[2]


async def test_an_idle_connection_that_is_closing_is_not_taken():
    origin = Origin(2)
    first, second = await origin.use(), await origin.use()
    origin.finish(first)
    origin.finish(second)
    second.data_received(b"unasked")
    assert await origin.use() is first


async def test_no_more_connections_than_allowed_however_they_end():
    origin = Origin(3)

    async def one(number: int) -> None:
        connection = await origin.use()
        alive = [one for one in origin.opened if one.usable]
        assert len(alive) <= 3
        await asyncio.sleep(0)
        if number % 3:
            origin.finish(connection)
        else:
            origin.pool.give_back(connection)

    await asyncio.gather(*(one(number) for number in range(50)))
    assert origin.pool._free == 3


async def test_a_connection_lost_at_birth_is_not_remembered():
    origin = Origin(1)
    opened = origin.open

    async def lost_at_once(factory: Callable[[], Connection]) -> Connection:
        connection = await opened(factory)
        connection.connection_lost(None)
        return connection

    origin.pool._open_one = lost_at_once
    connection = await origin.pool.open(1)
    with pytest.raises(UpstreamError, match="upstream_closed"):
        connection.start(b"", False, 1)
    origin.pool.give_back(connection)
    assert not origin.pool._all
    assert origin.pool._free == 1
