"""One seed's story: a machine, its gateways and recorders, what goes wrong, and what must be true all the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.simulation.books import Database, Model, UnsureBooks
from tests.simulation.disk import Killed, Platters, Process, SimulatedDisk
from transom.record.recorder import Recorder
from transom.record.stages import Dropped, Recorded
from transom.spool.format import Kind
from transom.spool.reader import Entry
from transom.spool.writer import SpoolError, SpoolWriter
from transom.types import (
    DAY_NS,
    STORED,
    Ended,
    Operation,
    RedactedExchange,
    metadata_only,
)

SPOOL, COUNTS = Path("/spool"), Path("/data/writers")
RAW = b"the-customer-is-Ada"
"""In every payload: nowhere on the disk may it be found."""

NOON = 20_000 * DAY_NS + DAY_NS // 2
MOST_ROUNDS = 400


@dataclass
class Exchange:
    """What the simulation knows of one, and what its client got: `acked` if the reply came whole."""

    id: str
    started_at: int
    seq: int
    full: bool = False
    state: str = "running"


@dataclass
class Plan:
    """What may go wrong under a seed."""

    trouble: float
    fsync: bool
    power_loss: bool
    key_loss: bool
    rivals: bool
    file_bytes: int
    max_bytes: int
    poison: set[str] = field(default_factory=set)
    killers: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, chance: random.Random) -> Plan:
        fsync = chance.random() < 0.3
        return cls(
            trouble=chance.choice([0, 0.002, 0.01, 0.03]),
            fsync=fsync,
            power_loss=chance.random() < (0.5 if fsync else 0.15),
            key_loss=chance.random() < 0.1,
            rivals=chance.random() < 0.15,
            file_bytes=chance.choice([300, 1000, 5000]),
            max_bytes=chance.choice([2000, 10**6, 10**6]),
            poison={f"e{chance.randrange(30)}" for _ in range(chance.choice([0, 0, 1, 3]))},
            killers={f"e{chance.randrange(30)}" for _ in range(chance.choice([0, 0, 0, 1]))},
        )


class Stages:
    """Stands in for decoding and redaction: takes its time, and dies of what the plan says is deadly."""

    def __init__(self, world: World, process: Process) -> None:
        self._world, self._process = world, process

    async def process(self, entry: Entry, deadly: bool = False) -> Recorded:
        for _ in range(self._world.chance.choice([0, 0, 1, 4])):
            await asyncio.sleep(0)
        if entry.payload is None:
            return Dropped(entry.lost or "unreadable", 1)
        if not entry.payload.endswith(b"|"):
            return Dropped("unreadable", 1)
        raw, ident, full, _ = entry.payload.split(b"|", 3)
        assert raw == RAW
        name = ident.decode()
        if name in self._world.plan.killers and not deadly:
            self._process.kill()
            raise Killed
        outcome = metadata_only("recorder_died") if deadly else metadata_only("spool_full") if int(full) else STORED
        return RedactedExchange(
            id=name,
            project_id="default",
            key_id="k",
            started_at=entry.time_ns,
            outcome=outcome,
            ended=Ended.COMPLETE,
            provider="p",
            operation=Operation.CHAT,
            method="POST",
            path="/",
        )

    def without_content(self, exchange: RedactedExchange, reason: str) -> RedactedExchange:
        fields = {name: getattr(exchange, name) for name in exchange.__struct_fields__}
        return RedactedExchange(**fields | {"outcome": metadata_only(reason)})


class Gateway:
    """A gateway process's life."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.process = Process("gateway", world.plan.trouble)
        disk, plan = SimulatedDisk(world.platters, self.process), world.plan
        self.running: list[Exchange] = []
        self.writer = SpoolWriter(
            SPOOL, COUNTS, world.key, plan.file_bytes, plan.max_bytes, plan.fsync, disk, lambda: world.now
        )

    def begin(self) -> None:
        ident = f"e{len(self.world.exchanges)}"
        exchange = Exchange(ident, self.world.now, self.writer.begin(self.world.now))
        self.world.exchanges.append(exchange)
        self.running.append(exchange)

    def finish(self) -> None:
        """The last byte waits for the record; then the client has its reply."""
        exchange = self.running.pop(self.world.chance.randrange(len(self.running)))
        exchange.state = "unsure"
        exchange.full = self.writer.full
        filling = b"." * (0 if exchange.full else self.world.chance.choice([0, 50, 200, 700]))
        payload = b"|".join([RAW, exchange.id.encode(), b"%d" % exchange.full, filling, b""])
        try:
            self.writer.append(Kind.EXCHANGE, exchange.seq, exchange.started_at, payload)
            exchange.state = "acked"
        except SpoolError:
            exchange.state = "failed"

    def stop(self) -> None:
        while self.running:
            self.finish()
        self.writer.close()


class World:
    """The machine, the database and the clock."""

    def __init__(self, seed: int, database: Database | None = None) -> None:
        self.chance = random.Random(seed)
        self.plan = Plan.of(self.chance)
        self.platters = Platters(self.chance)
        self.database: Database = database or Model()
        self.now = NOON
        self.key, self.old_key = b"1" * 32, b"0" * 32
        self.exchanges: list[Exchange] = []
        self.gateway: Gateway | None = None
        self.recorders: list[tuple[Process, Recorder]] = []
        self.away = 0
        self.lossy = self.keys_lost = False
        self.story: list[str] = []
        self.platters.interrupt = self._interrupt
        self._interrupted = False

    # ------------------------------------------------------------------ what happens

    async def play(self) -> None:
        """Let things happen, then let everything recover, then compare."""
        happenings: list[Callable[[], Awaitable[None] | None]] = [
            *[self._serve] * 12,
            *[self._record] * 8,
            *[self._kill_gateway, self._kill_recorder, self._stop_gateway, self._stop_recorder],
            *[self._fill_disk, self._free_disk, self._take_store_away, self._jump, self._rotate_key],
        ]
        if self.plan.power_loss:
            happenings.append(self._lose_power)
        for _ in range(self.chance.randint(20, 70)):
            happening = self.chance.choice(happenings)
            self.story.append(happening.__name__.strip("_"))
            done = happening()
            if done is not None:
                await done
            self.check_disk()
        await self._recover()
        await self.check_books()

    def _interrupt(self, process: Process) -> None:
        """Between any two calls of a recorder to the disk, the gateway may do something."""
        if process.name != "recorder" or self._interrupted or self.chance.random() > 0.02:
            return
        self._interrupted = True
        happening = self.chance.choice([self._serve, self._serve, self._kill_gateway, self._stop_gateway])
        happening()
        self._interrupted = False

    def _serve(self) -> None:
        for _ in range(self.chance.randint(1, 4)):
            if self.gateway is None and not self._start_gateway():
                return
            gateway = self.gateway
            assert gateway
            try:
                if gateway.running and self.chance.random() < 0.6:
                    gateway.finish()
                else:
                    gateway.begin()
                if self.chance.random() < 0.3:
                    gateway.writer.measure()
            except Killed:
                self._kill_gateway()
            except OSError:
                continue
            self.now += self.chance.randint(0, 10**9)

    def _start_gateway(self) -> bool:
        process = None
        try:
            self.gateway = Gateway(self)
        except (Killed, OSError):
            # Its locks are those of a process that nobody knows any more.
            owners = {owner for owner in self.platters.locks.values() if owner.name == "gateway"}
            for process in owners:
                self.platters.release(process)
        return self.gateway is not None

    def _kill_gateway(self) -> None:
        if self.gateway:
            self.gateway.process.kill()
            self.platters.release(self.gateway.process)
            for exchange in self.gateway.running:
                exchange.state = "died"
            self.gateway = None

    def _stop_gateway(self) -> None:
        if self.gateway:
            try:
                self.gateway.stop()
            except Killed:
                self._kill_gateway()
                return
            self.platters.release(self.gateway.process)
            self.gateway = None

    def _start_recorder(self) -> None:
        process = Process("recorder", self.plan.trouble)
        disk = SimulatedDisk(self.platters, process)
        books = UnsureBooks(self.database, process, self.chance, self.plan.poison)
        keys = [self.key, self.old_key]
        recorder = Recorder(
            SPOOL, COUNTS, keys, books, Stages(self, process), disk, lambda: self.now, lambda _: self._waited(process)
        )
        self.recorders.append((process, recorder))

    async def _waited(self, process: Process) -> None:
        """The recorder sleeps while the store is away: anything may happen meanwhile."""
        self.now += 10**9
        if self.chance.random() < 0.1:
            process.kill()
        if not process.alive:
            raise Killed
        if self.chance.random() < 0.5:
            self._serve()

    async def _record(self) -> None:
        if not self.recorders or (self.plan.rivals and len(self.recorders) < 2 and self.chance.random() < 0.3):
            self._start_recorder()
        for _ in range(self.chance.randint(1, 3)):
            if not self.recorders:
                return
            number = self.chance.randrange(len(self.recorders))
            try:
                await self.recorders[number][1].step()
                await asyncio.sleep(0)
            except Killed:
                self._bury(number)

    def _bury(self, number: int) -> None:
        process, recorder = self.recorders.pop(number)
        process.kill()
        for follower in recorder._followers.values():
            for task in follower.tasks:
                task.cancel()
                if task.done() and not task.cancelled():
                    task.exception()

    def _kill_recorder(self) -> None:
        if self.recorders:
            self._bury(self.chance.randrange(len(self.recorders)))

    def _stop_recorder(self) -> None:
        if self.recorders:
            _, recorder = self.recorders[0]
            try:
                for follower in recorder._followers.values():
                    follower.end()
            except Killed:
                pass
            self._bury(0)

    def _fill_disk(self) -> None:
        self.platters.capacity = self.platters.used + self.chance.randint(0, 500)

    def _free_disk(self) -> None:
        self.platters.capacity = 10**9

    def _take_store_away(self) -> None:
        for process, _ in self.recorders:
            process.trouble = self.chance.choice([0.3, self.plan.trouble])

    def _jump(self) -> None:
        self.now = max(0, self.now + self.chance.choice([-2, -1, 1, 1, 3, 2000]) * DAY_NS)

    def _rotate_key(self) -> None:
        """The next gateway has another key; the recorder still has the one before, unless that is lost."""
        self._stop_gateway()
        self.old_key, self.key = self.key, self.chance.randbytes(32)
        if self.plan.key_loss and self.chance.random() < 0.5:
            self.old_key = b"0" * 32
        # A second rotation while records of the first key wait loses that one too.
        self.keys_lost = True
        while self.recorders:
            self._bury(0)

    def _lose_power(self) -> None:
        self.lossy = True
        self._kill_gateway()
        while self.recorders:
            self._bury(0)
        self.platters.lose_power()

    async def _recover(self) -> None:
        """Everything works again; what can be recorded is, and every writer's books are closed."""
        self.plan.trouble = 0
        self.platters.capacity = 10**9
        if self.gateway:
            self.gateway.process.trouble = 0
        self._stop_gateway()
        self.platters.interrupt = lambda _: None
        for process, _ in self.recorders:
            process.trouble = 0
        for _ in range(MOST_ROUNDS):
            self.now += 10**9
            await self._record()
            if not any(path.parent == SPOOL for path in self.platters.folders) and not self.platters.files:
                return
        raise AssertionError(f"not recovered: {sorted(self.platters.files)}")

    # ------------------------------------------------------------------ what must be true

    def check_disk(self) -> None:
        """Nothing raw, at any moment."""
        assert not any(RAW in file.content for file in self.platters.files.values()), "raw content on the disk"

    async def check_books(self) -> None:
        """Promise 3."""
        begun, outcomes, without = await self.database.outcomes()
        traces = await self.database.traces()
        assert without == 0
        assert begun == outcomes.total()
        recorded = sum(n for name, n in outcomes.items() if not name.startswith("dropped"))
        assert recorded == len(traces)
        assert set(traces) <= {exchange.id for exchange in self.exchanges}
        missing = [e.id for e in self.exchanges if not self._is_kept(e, traces.get(e.id))]
        if not self.lossy:
            assert begun == len(self.exchanges), f"{begun} begun of {len(self.exchanges)}: {outcomes}"
            assert outcomes["dropped:spool_corrupt"] == outcomes["dropped:unreadable"] == 0
            assert outcomes["dropped:spool_error"] == sum(e.state == "failed" for e in self.exchanges)
        if not self.keys_lost:
            assert outcomes["dropped:spool_key_gone"] == 0
        if not self.lossy or (self.plan.fsync and not self.platters.sync_failed):
            assert len(missing) <= outcomes["dropped:spool_key_gone"], f"lost: {missing}"

    def _is_kept(self, exchange: Exchange, trace: tuple[str, str | None] | None) -> bool:
        """Whether a reply that came whole is recorded as it must be. True for those that didn't."""
        assert not (exchange.state == "failed" and trace), "counted as given up, and recorded"
        if trace is None:
            return exchange.state != "acked"
        allowed: set[str | None] = {"recorder_died"}
        if exchange.id in self.plan.poison:
            allowed.add("store_refused")
        elif exchange.full:
            allowed.add("spool_full")
        elif exchange.id not in self.plan.killers:
            allowed.add(None)
        assert trace[1] in allowed, f"{exchange.id} is {trace}"
        return True


class OnceOnly:
    """Stands before AES-GCM: nothing is sealed twice under one key and nonce, which would give both away."""

    used: ClassVar[set[tuple[bytes, bytes]]] = set()

    def __init__(self, key: bytes) -> None:
        self._key, self._aead = key, AESGCM(key)

    def encrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        assert (self._key, nonce) not in self.used, "a nonce was used twice"
        self.used.add((self._key, nonce))
        return self._aead.encrypt(nonce, data, associated)

    def decrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        return self._aead.decrypt(nonce, data, associated)


async def simulate(seed: int, database: Database | None = None, world: World | None = None) -> World:
    """Play one seed. Raises AssertionError where a promise is broken."""
    world = world or World(seed, database)
    with (
        patch("os.urandom", world.chance.randbytes),
        patch("transom.spool.format.AESGCM", OnceOnly),
        patch("transom.spool.writer.LARGE_BYTES", 400),
        patch("transom.spool.writer.FRAME_BYTES", 150),
        patch("transom.spool.reader._BLOCK_BYTES", 220),
    ):
        OnceOnly.used.clear()
        world.platters.folders[SPOOL] = 0
        await world.play()
    return world
