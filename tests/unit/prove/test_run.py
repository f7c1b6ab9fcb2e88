"""A proof fails where a placeholder is missing, is left undone where nothing can be told, and names no value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from tests.running import free_port
from transom.config import ConfigError, Redaction, Settings
from transom.config import Proof as ProofSettings
from transom.prove import run
from transom.prove.canary import make
from transom.prove.traffic import Sent, Unfinished, canaries_of
from transom.secret import Secret
from transom.store.engine import connect, migrate
from transom.store.proofs import Found, Proof, last_proof

CANARIES = canaries_of(make(["EMAIL_ADDRESS", "PERSON"]))
SENT = Sent("whole", "streamed", "failed", "looked_up", "fb_1")
SAFE = "<PERSON:k7qx> wrote to <EMAIL_ADDRESS>"


def traces(**changed: Any) -> dict[str, dict[str, Any]]:
    message = [{"role": "user", "parts": [{"type": "text", "content": SAFE}]}]
    trace = {
        "outcome": "stored",
        "outcome_reason": None,
        "input_messages": message,
        "output_messages": message,
        "error_message": SAFE,
        "feedback": [{"comment": SAFE, "correction": SAFE}],
    }
    return {ident: {**trace, **changed} for ident in SENT[:4]}


def unreplaced(**changed: Any) -> list[tuple[str, str]]:
    return list(run._unreplaced(CANARIES, SENT, traces(**changed)))


def test_all_kinds_replaced_everywhere():
    assert unreplaced() == []


@pytest.mark.parametrize(
    ("changed", "places"),
    [
        ({"error_message": "<PERSON:k7qx>"}, ["error"]),
        ({"output_messages": []}, ["answer", "streamed answer"]),
        ({"feedback": [{"comment": "<PERSON>", "correction": SAFE}]}, ["comment"]),
    ],
)
def test_a_kind_that_was_not_replaced_is_named_with_its_place(changed: dict[str, Any], places: list[str]):
    assert {place for kind, place in unreplaced(**changed) if kind == "EMAIL_ADDRESS"} == {
        f"{place}: not replaced" for place in places
    }


def test_without_content_nothing_is_proved():
    with pytest.raises(Unfinished, match="content was not kept: redaction_crashed"):
        unreplaced(outcome="metadata_only", outcome_reason="redaction_crashed")


def test_what_is_logged_of_a_proof():
    proof = Proof(at=1, profile="logs", kinds=["PERSON"], places={"spool": 9}, found=[Found("PERSON", "spool")])
    with structlog.testing.capture_logs() as logged:
        run._tell(proof)
    assert logged == [
        {
            "event": "the proof failed",
            "log_level": "error",
            "kind": "PERSON",
            "place": "spool",
            "kinds": 1,
            "bytes": 9,
            "profile": "logs",
        }
    ]


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    it = Settings(data=tmp_path, port=free_port(), redaction=Redaction(profile="fast"), admin_token=SecretStr("token"))
    await migrate(it.database)
    return it


async def test_a_proof_that_could_not_be_made_is_not_kept(settings: Settings):
    with pytest.raises(Unfinished, match="no gateway answers"):
        await run.prove(settings, Secret(b"s" * 32))
    engine = connect(settings.database)
    async with engine.connect() as conn:
        assert await last_proof(conn) is None
    await engine.dispose()


async def test_a_missing_log_is_told_before_anything_is_sent(settings: Settings, tmp_path: Path):
    wrong = settings.model_copy(update={"proof": ProofSettings(logs=[tmp_path / "nope.log"])})
    with pytest.raises(ConfigError, match="there is no file"):
        await run.prove(wrong, Secret(b"s" * 32))


async def test_a_recorder_that_does_not_record(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run, "RECORDED_WITHIN_S", 0.01)
    engine = connect(settings.database)
    with pytest.raises(Unfinished, match="see that the recorder runs"):
        await run._recorded(engine, SENT)
    await engine.dispose()
