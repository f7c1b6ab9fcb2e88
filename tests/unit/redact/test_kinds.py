from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from transom.config import ConfigError, Redaction
from transom.redact.kinds import check_model, kinds_of


def test_a_profile_claims_what_its_recognizers_find_and_it_does_not_turn_off():
    logs, strict = kinds_of(Redaction(profile="logs")), kinds_of(Redaction(profile="strict"))
    assert {"EMAIL_ADDRESS", "PERSON", "LOCATION", "PL_PESEL"} <= logs
    assert strict - logs == {"DATE_TIME"}
    assert "ORGANIZATION" not in strict


def test_patterns_alone_claim_no_places_and_load_no_model():
    assert "LOCATION" not in kinds_of(Redaction(profile="fast"))
    code = (
        "import sys; from transom.config import Redaction; from transom.redact.kinds import check_model, kinds_of; "
        "kinds_of(Redaction(profile='fast')); check_model(Redaction(profile='fast')); "
        "sys.exit('spacy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_shipped_model_is_in_order():
    check_model(Redaction(profile="logs"))
    assert kinds_of(Redaction(profile="logs"))


def test_a_profile_that_is_not_there(tmp_path: Path):
    with pytest.raises(ConfigError, match="only logs"):
        kinds_of(Redaction(profile="nope"))
