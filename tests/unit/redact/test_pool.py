"""The pool: what stalls, crashes or is too large costs its own content, and nobody else's."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import psutil
import pytest

from transom.capture.exchange import Message, RawFeedback
from transom.config import Redaction, Settings
from transom.redact.pool import RedactionFailed, RedactionPool, RedactionUnavailable
from transom.types import Cost, Usage


@pytest.fixture
def texts(make_exchange):
    def exchange(text: str):
        return make_exchange(input_messages=[Message(role="user", parts=[{"type": "text", "content": text}])])

    return exchange


@pytest.fixture
async def make_pool(secret):
    pools = []

    async def make(**redaction) -> RedactionPool:
        pool = RedactionPool(Settings(redaction=Redaction(**{"profile": "fast"} | redaction)), secret)
        pools.append(await pool.__aenter__())
        return pool

    yield make
    for pool in pools:
        await pool.__aexit__(None, None, None)


async def redact(pool: RedactionPool, exchange) -> str:
    redacted = await pool.redact(exchange, Usage(), Cost())
    return redacted.input_messages[0].parts[0]["content"]


async def fails(pool: RedactionPool, exchange) -> str:
    with pytest.raises(RedactionFailed) as caught:
        await redact(pool, exchange)
    return caught.value.reason


async def test_redacts_exchanges_and_feedback(make_pool, texts):
    pool = await make_pool()
    await pool.ready()
    assert (await redact(pool, texts("to a@b.co"))).startswith("to <EMAIL_ADDRESS:")
    raw = RawFeedback(
        id="f",
        project_id="default",
        key_id="k",
        created_at=1,
        target="response",
        target_id="1",
        name="n",
        author="a@b.co",
    )
    assert (await pool.redact_feedback(raw)).author.startswith("<EMAIL_ADDRESS:")


def redaction_children() -> list[psutil.Process]:
    """This process's; it may have others, such as a database under test."""
    return [child for child in psutil.Process().children() if "transom.redact.child" in child.cmdline()]


async def test_many_at_once_share_the_children(make_pool, texts):
    pool = await make_pool(processes=2)
    found = await asyncio.gather(*(redact(pool, texts(f"{n} a{n}@b.co")) for n in range(40)))
    assert [text.split()[0] for text in found] == [str(n) for n in range(40)]
    assert len(set(redaction_children())) == 2


async def test_names_are_found_with_the_language_model(make_pool, texts):
    pool = await make_pool(profile="logs")
    assert "John" not in await redact(pool, texts("I met John Smith in Paris."))


async def test_a_stalled_child_is_killed_and_replaced(trouble, make_pool, texts):
    pool = await make_pool(timeout_s=0.5)
    await pool.ready()
    assert await fails(pool, texts("STALL")) == "redaction_timeout"
    assert await redact(pool, texts("well")) == "well"


async def test_a_crash_is_tried_again(trouble, make_pool, texts):
    pool = await make_pool()
    assert await redact(pool, texts("ONCE")) == "ONCE"


async def test_a_second_crash_is_the_texts_fault(trouble, make_pool, texts):
    pool = await make_pool()
    assert await fails(pool, texts("CRASH")) == "redaction_crashed"
    assert await redact(pool, texts("well")) == "well"


async def test_a_child_killed_between_requests_is_replaced(make_pool, texts):
    pool = await make_pool()
    await pool.ready()
    (child,) = redaction_children()
    child.send_signal(signal.SIGKILL)
    assert await redact(pool, texts("well")) == "well"


async def test_an_error_is_one_and_shows_no_content(trouble, make_pool, texts, capfd):
    pool = await make_pool()
    assert await fails(pool, texts("RAISE canary")) == "redaction_error"
    assert await fails(pool, texts("CRASH canary")) == "redaction_crashed"
    shown = capfd.readouterr()
    assert "ValueError at trouble_plugin.py" in shown.out + shown.err
    assert "canary" not in shown.out + shown.err


async def test_too_large_is_not_even_sent(make_pool, texts):
    pool = await make_pool(max_chars=100)
    assert await fails(pool, texts("x" * 101)) == "too_large"
    blob = {"type": "blob", "modality": "image", "content": "x" * 1000}
    exchange = texts("")
    exchange.input_messages[0].parts[0] = blob
    redacted = await pool.redact(exchange, Usage(), Cost())
    assert redacted.input_messages[0].parts[0]["type"] == "blob"


async def test_cancelling_leaves_no_stale_answer(trouble, make_pool, texts):
    pool = await make_pool()
    await pool.ready()
    task = asyncio.create_task(redact(pool, texts("STALL")))
    while not pool._idle.empty():
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await redact(pool, texts("well")) == "well"


async def test_ready_says_why_there_is_no_redaction(make_pool, tmp_path):
    pool = await make_pool(file=tmp_path / "gone.yaml")
    with pytest.raises(RedactionUnavailable, match=r"gone\.yaml"):
        await pool.ready()


async def test_without_redaction_nothing_is_redacted(make_pool, tmp_path, texts):
    pool = await make_pool(file=tmp_path / "gone.yaml")
    assert await fails(pool, texts("a@b.co")) == "redaction_crashed"


async def test_children_end_with_the_pool(make_pool, secret):
    async with RedactionPool(Settings(redaction=Redaction(profile="fast")), secret) as pool:
        await pool.ready()
        (child,) = redaction_children()
    assert not child.is_running()


PARENT = """
import asyncio
from transom.config import Redaction, Settings
from transom.redact.pool import RedactionPool
from transom.secret import Secret

async def main():
    async with RedactionPool(Settings(redaction=Redaction(profile="fast")), Secret(b"k")) as pool:
        await pool.ready()
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def test_children_end_with_a_killed_parent():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as parent:
        assert parent.stdout and parent.stdout.readline() == b"ready\n"
        children = psutil.Process(parent.pid).children()
        os.kill(parent.pid, signal.SIGKILL)
    assert len(children) == 1
    gone, alive = psutil.wait_procs(children, timeout=20)
    assert (len(gone), alive) == (1, [])
