"""The pool: what stalls, crashes or is too large costs its own content, and nobody else's."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import msgspec
import psutil
import pytest

from transom.capture.exchange import Message, RawFeedback
from transom.config import Redaction, Settings
from transom.redact.pool import RedactionFailed, RedactionPool, RedactionUnavailable
from transom.redact.taught import digest_of_value
from transom.types import Cost, TaughtRule, Usage


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


@pytest.mark.parametrize("how", ["STALL", "BACKTRACK"])
async def test_a_child_that_hangs_is_killed_and_replaced(trouble, make_pool, texts, how):
    pool = await make_pool(timeout_s=0.5)
    await pool.ready()
    (child,) = redaction_children()
    assert await fails(pool, texts(how)) == "redaction_timeout"
    assert not child.is_running()
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


def count_asked(pool: RedactionPool, monkeypatch) -> list[int]:
    """How many pieces each request to a child holds."""
    asked: list[int] = []
    ask = pool._ask

    async def counted(project_id: str, pieces: list[bytes]) -> list[bytes]:
        asked.append(len(pieces))
        return await ask(project_id, pieces)

    monkeypatch.setattr(pool, "_ask", counted)
    return asked


def turn(make_exchange, said: list[str], **more):
    """A turn of a chat: all that was said goes out again, and one more answer comes back."""
    messages = [
        Message(role=("user", "assistant")[n % 2], parts=[{"type": "text", "content": text}])
        for n, text in enumerate(said)
    ]
    answer = msgspec.structs.replace(messages[-1], finish_reason="stop")
    return make_exchange(input_messages=messages[:-1], output_messages=[answer], **more)


async def test_what_was_redacted_before_is_not_redacted_again(make_pool, make_exchange, monkeypatch):
    pool = await make_pool()
    asked = count_asked(pool, monkeypatch)
    said = [f"{n} a{n}@b.co" for n in range(8)]
    redacted = [
        await pool.redact(turn(make_exchange, said[:until]), Usage(), Cost()) for until in range(2, len(said) + 1, 2)
    ]
    assert asked[1:] == [2, 2, 2]
    again = redacted[-1].input_messages
    for earlier in redacted[:-1]:
        answer = earlier.output_messages[0]
        assert earlier.input_messages == again[: len(earlier.input_messages)]
        assert answer.parts == again[len(earlier.input_messages)].parts
        assert [(r.message, r.path) for r in answer.remarks] == [(len(earlier.input_messages), [0, "content"])]


async def test_the_cache_outlives_children_and_is_shared_by_them(make_pool, texts, monkeypatch):
    pool = await make_pool(processes=2)
    await pool.ready()
    first = await redact(pool, texts("to a@b.co"))
    for child in redaction_children():
        child.kill()
    asked = count_asked(pool, monkeypatch)
    assert await redact(pool, texts("to a@b.co")) == first
    assert asked == [0]


async def test_projects_share_nothing(make_pool, make_exchange):
    pool = await make_pool()
    one = await pool.redact(turn(make_exchange, ["a@b.co", "x"], project_id="one"), Usage(), Cost())
    other = await pool.redact(turn(make_exchange, ["a@b.co", "x"], project_id="other"), Usage(), Cost())
    assert one.input_messages[0].parts != other.input_messages[0].parts


async def test_only_what_is_new_counts_as_large(make_pool, make_exchange):
    pool = await make_pool(max_chars=300)
    said = ["x" * 50, "y" * 50, "z" * 50, "w" * 50, "v" * 50, "u" * 50]
    for until in (2, 4, 6):
        redacted = await pool.redact(turn(make_exchange, said[:until]), Usage(), Cost())
        assert len(redacted.input_messages) == until - 1
    fresh = await make_pool(max_chars=300)
    with pytest.raises(RedactionFailed, match="too_large"):
        await fresh.redact(turn(make_exchange, said), Usage(), Cost())


async def test_a_failure_is_not_kept(trouble, make_pool, texts):
    pool = await make_pool()
    assert await fails(pool, texts("RAISE")) == "redaction_error"
    assert await fails(pool, texts("RAISE")) == "redaction_error"
    assert await redact(pool, texts("well")) == "well"


async def test_the_same_new_message_in_two_calls_at_once_is_redacted_alike(make_pool, texts):
    pool = await make_pool(processes=2)
    found = await asyncio.gather(*(redact(pool, texts("to a@b.co")) for _ in range(10)))
    assert len(set(found)) == 1


async def test_results_are_the_same_with_and_without_a_cache(make_pool, make_exchange):
    said = ["I am a@b.co", "Hello <PERSON:k7qx>", '{"password": "hunter22", "n": 1}', "bye a@b.co"]
    cached, fresh = await make_pool(), await make_pool(cache_bytes=0)
    for until in (2, 4, 4):
        one = await cached.redact(turn(make_exchange, said[:until]), Usage(), Cost())
        assert one == await fresh.redact(turn(make_exchange, said[:until]), Usage(), Cost())


def lesson(secret, value: str, project_id: str = "default") -> TaughtRule:
    digest, words = digest_of_value(secret.placeholders(project_id), value)
    return TaughtRule(id="r1", project_id=project_id, kind="missed", entity="PERSON", words=words, digest=digest)


async def test_what_reviewers_teach_holds_at_once_for_what_was_redacted_before_too(make_pool, texts, secret):
    pool = await make_pool()
    await pool.ready()
    assert await redact(pool, texts("the bluebird flies")) == "the bluebird flies"
    pool.teach([lesson(secret, "Bluebird")])
    assert "bluebird" not in await redact(pool, texts("the bluebird flies"))
    (child,) = redaction_children()
    child.kill()
    assert "bluebird" not in await redact(pool, texts("a bluebird flies"))
    pool.teach([])
    assert await redact(pool, texts("the bluebird flies")) == "the bluebird flies"


async def test_what_is_taught_of_a_project_is_that_projects(make_pool, make_exchange, secret):
    pool = await make_pool()
    pool.teach([lesson(secret, "bluebird", "one")])
    for project, shown in (("one", False), ("other", True)):
        redacted = await pool.redact(turn(make_exchange, ["a bluebird", "x"], project_id=project), Usage(), Cost())
        assert ("bluebird" in redacted.input_messages[0].parts[0]["content"]) is shown


async def test_profiles_of_projects(make_pool, make_exchange, tmp_path):
    file = tmp_path / "redaction.yaml"
    file.write_text("profiles:\n  fast: {threshold: 0.5}\n  blind: {threshold: 0.5, entities: {EMAIL_ADDRESS: off}}\n")
    pool = await make_pool(file=file, projects={"open": "blind"})
    shown = await pool.redact(turn(make_exchange, ["a@b.co", "x"], project_id="open"), Usage(), Cost())
    hidden = await pool.redact(turn(make_exchange, ["a@b.co", "x"]), Usage(), Cost())
    assert shown.input_messages[0].parts[0]["content"] == "a@b.co"
    assert hidden.input_messages[0].parts[0]["content"].startswith("<EMAIL_ADDRESS:")


async def test_an_unknown_profile_of_a_project_is_named_at_the_start(make_pool):
    pool = await make_pool(projects={"one": "gone"})
    with pytest.raises(RedactionUnavailable, match=r"redaction\.projects\.one: .*no `gone`"):
        await pool.ready()


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


async def test_children_learn_what_reviewers_teach_and_new_ones_too(make_pool, texts):
    pool = await make_pool(processes=2)
    rule = TaughtRule(id="1", project_id="default", kind="pattern", entity="BADGE", text="EMP-[0-9]{6}")
    assert await redact(pool, texts("EMP-123456")) == "EMP-123456"
    pool.teach([rule])
    found = await asyncio.gather(*(redact(pool, texts(f"{n} EMP-123456")) for n in range(8)))
    assert all("<BADGE:" in text for text in found)
    for child in redaction_children():
        child.send_signal(signal.SIGKILL)
    assert "<BADGE:" in await redact(pool, texts("again EMP-123456"))
    pool.teach([])
    assert await redact(pool, texts("EMP-123456")) == "EMP-123456"


async def test_messages_of_the_sample_are_read_again_once(make_pool, make_exchange):
    pool = await make_pool(sample=1)
    said = ["Yesterday I met John Smith in the park.", "to a@b.co", "and then?", "nothing"]
    first = await pool.redact(turn(make_exchange, said[:2]), Usage(), Cost())
    assert [(each.message, each.profile, each.language) for each in first.residuals] == [
        (0, "fast", "en"),
        (1, "fast", "und"),
    ]
    assert ["PERSON" in {miss.entity for miss in each.misses} for each in first.residuals] == [True, False]
    second = await pool.redact(turn(make_exchange, said), Usage(), Cost())
    assert [each.message for each in second.residuals] == [2, 3]


async def test_without_a_sample_nothing_is_read_again(make_pool, make_exchange):
    pool = await make_pool(sample=0)
    assert (await pool.redact(turn(make_exchange, ["John Smith", "x"]), Usage(), Cost())).residuals == []


async def test_a_sample_that_can_not_be_read_again_costs_no_content(make_pool, texts, monkeypatch, trouble):
    pool = await make_pool(sample=1, timeout_s=5)
    await pool.ready()
    draw = pool._sample.draw
    monkeypatch.setattr(pool._sample, "draw", lambda redacted: {n: text_of("CRASH") for n in draw(redacted)})
    redacted = await pool.redact(texts("well"), Usage(), Cost())
    assert (redacted.input_messages[0].parts, redacted.residuals) == (text_of("well"), [])
    assert await redact(pool, texts("well again")) == "well again"


def text_of(content: str) -> list[dict[str, str]]:
    return [{"type": "text", "content": content}]


async def test_without_a_strict_profile_the_sample_ends_and_redaction_goes_on(make_pool, texts, tmp_path, capfd):
    file = tmp_path / "redaction.yaml"
    file.write_text("profiles:\n  fast: {threshold: 0.5}\n")
    pool = await make_pool(file=file, sample=1)
    for _ in range(2):
        assert (await redact(pool, texts("to a@b.co"))).startswith("to <EMAIL_ADDRESS:")
    assert await redact(pool, texts("another")) == "another"
    assert capfd.readouterr().out.count("no `strict`") == 1


async def test_an_error_in_reading_again_ends_nothing(make_pool, texts, trouble):
    pool = await make_pool(sample=1)
    await pool.ready()
    answer = await pool._read_again(await pool.redact(texts("well"), Usage(), Cost()), {0: text_of("RAISE")})
    assert answer == []
    assert len((await pool.redact(texts("another"), Usage(), Cost())).residuals) == 1
