from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from transom.config import ConfigError, Redaction
from transom.redact.kinds import check_models, kinds_of
from transom.redact.names import vetted
from transom.redact.problems import ModelMismatch


def test_a_profile_claims_what_its_recognizers_find_and_it_does_not_turn_off():
    logs, strict = kinds_of(Redaction(profile="logs")), kinds_of(Redaction(profile="strict"))
    assert {"EMAIL_ADDRESS", "PERSON", "LOCATION", "PL_PESEL"} <= logs
    assert "DATE_TIME" not in logs
    assert logs <= strict <= logs | {"DATE_TIME"}
    assert "ORGANIZATION" not in strict


def test_patterns_alone_claim_no_national_ids_and_load_no_model():
    assert "PL_PESEL" not in kinds_of(Redaction(profile="fast"))
    code = (
        "import sys; from transom.config import Redaction; from transom.redact.kinds import check_models, kinds_of; "
        "kinds_of(Redaction(profile='fast')); check_models(Redaction(profile='fast')); "
        "sys.exit(bool({'spacy', 'onnxruntime'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("profile", ["logs", "strict"])
def test_the_shipped_model_is_in_order(profile: str):
    check_models(Redaction(profile=profile))
    assert {"PERSON", "STREET_ADDRESS"} <= kinds_of(Redaction(profile=profile))


def test_a_model_that_was_changed_is_refused(monkeypatch):
    monkeypatch.setitem(vetted.DIGESTS, "small.onnx", "0" * 64)
    check_models(Redaction(profile="strict"))
    with pytest.raises(ModelMismatch, match=r"small.onnx is not the file of this release"):
        check_models(Redaction(profile="logs"))


def test_a_profile_that_is_not_there(tmp_path: Path):
    with pytest.raises(ConfigError, match="only logs"):
        kinds_of(Redaction(profile="nope"))
