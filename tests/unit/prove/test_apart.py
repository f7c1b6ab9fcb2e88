from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.running import free_port
from transom.config import Redaction, Settings
from transom.prove.apart import NotProved, prove_apart
from transom.store.engine import migrate


async def test_a_proof_that_cannot_be_made_is_said_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    settings = Settings(
        data=tmp_path, port=free_port(), redaction=Redaction(profile="fast"), secret_key=SecretStr("main-secret")
    )
    await migrate(settings.database)
    with pytest.raises(NotProved):
        await prove_apart(settings)
    logged = capfd.readouterr().err
    assert "no gateway answers" in logged
    assert "main-secret" not in logged
