from __future__ import annotations

from typing import Any

from evals.redaction import report, targets
from evals.redaction.speed import SIZES

CARD = {"recall": 1.0, "whole": 1.0, "labels": 1, "chars": 10, "gone": 10}
PHONE = {"recall": 0.9, "whole": 0.5, "labels": 2, "chars": 20, "gone": 18}
NAME = {"recall": 0.0, "whole": 0.0, "labels": 1, "chars": 5, "gone": 0}
KINDS = {"CREDIT_CARD": CARD, "PHONE_NUMBER": PHONE, "PERSON": NAME}


def row(recall: float, precision: float) -> dict[str, Any]:
    shares = {"recall": recall, "precision": precision, "f2": 0.9, "whole": 0.8}
    return {**shares, "labels": 4, "altered": 0, "by_kind": KINDS}


def test_structured_types_are_taken_together():
    assert targets.structured(row(1, 1)) == 28 / 30
    assert targets.structured({"by_kind": {"PERSON": NAME}}) is None
    assert targets.structured({}) is None


def test_what_was_not_measured_is_neither_met_nor_missed():
    for judge in (targets.of_quality, targets.of_clean, targets.of_speed, targets.of_sessions, targets.of_hostile):
        assert {target.met for target in judge({})} == {None}


def test_quality_is_judged_by_profile_and_set():
    found = {"logs": {"synth_v2": row(0.93, 0.92)}, "strict": {"tab": row(0.93, 0.9)}}
    judged = {target.what: target.met for target in targets.of_quality(found)}
    assert judged["synth_v2: recall in logs, %"] is True
    assert judged["synth_v2: precision in logs, %"] is False
    assert judged["tab: recall in strict, %"] is True
    assert judged["tab: precision in strict, %"] is True
    assert judged["synth_v2: recall of structured types in logs, %"] is False
    assert judged["synth_v2: recall in strict, %"] is None


def test_false_spans_are_taken_together_without_prose():
    kinds = {"Python": {"kb": 100, "spans": 10}, "JSON": {"kb": 50, "spans": 20}, "prose": {"kb": 1, "spans": 50}}
    [target] = targets.of_clean({"logs": kinds})
    assert (target.found, target.met) == (0.2, True)


def test_speed_is_judged_at_each_size():
    found = {"fast": {"mix": {str(size): 1.0 + index for index, size in enumerate(SIZES)}}}
    assert [target.met for target in targets.of_speed(found)][:3] == [True, False, False]


def test_the_slowest_hostile_text_counts():
    [target] = targets.of_hostile({"logs": {"dots": 0.1, "names": 1.6}})
    assert (target.found, target.met) == (1.6, False)


def test_tables_have_a_row_for_each_set_and_profile():
    found = {profile: {"synth_v2": row(0.9, 0.9), "chat": row(0.8, 0.9)} for profile in ("fast", "logs")}
    first, by_kind, *_ = report.quality(found)
    assert (first.row_count, by_kind.row_count) == (4, 6)
    clean = {"fast": {"JSON": {"kb": 9, "spans": 1, "per_kb": 0.1, "by_entity": {"URL": 1}}}}
    assert report.clean(clean).row_count == 1
    sizes = {str(size): 1.0 for size in SIZES}
    assert report.speed({"fast": {"mix": sizes, "traffic": sizes}}).row_count == 2
    one = {"kb": 1, "ms_per_kb": 1.0, "exchanges_per_s": 9.0}
    assert report.sessions({"logs": {"session": one, "fresh": one, "times": 1.0, "ceiling": 2.0}}).row_count == 2
    assert report.hostile({"logs": dict.fromkeys(map(str, range(20)), 0.1)}).row_count == 10
