from __future__ import annotations

from transom.store.residual_models import RESIDUAL_MISS, RESIDUAL_SAMPLE


def test_misses_go_with_their_sample_and_samples_with_their_trace() -> None:
    found = [
        (key.target_fullname, key.ondelete) for table in (RESIDUAL_MISS, RESIDUAL_SAMPLE) for key in table.foreign_keys
    ]
    assert found == [("residual_sample.number", "CASCADE"), ("trace.id", "CASCADE")]
