from __future__ import annotations

from evals.store import measure


def test_rates_are_measured_for_each_size_of_batch() -> None:
    found = measure.measure_rates("sqlite", 256)
    assert [row["batch"] for row in found] == list(measure.BATCHES)
    assert all(row["traces_per_s"] > 0 for row in found)


def test_every_question_is_asked() -> None:
    stored, *asked = measure.measure_queries("sqlite", 600)
    assert stored["traces_per_s"] > 0
    assert len({row["question"] for row in asked}) == len(asked) > 20
    assert all(row["ms"] > 0 for row in asked)


def test_conversations_take_less_than_whole_exchanges() -> None:
    (found,) = measure.measure_storage("sqlite", 300)
    assert found["times_less"] > 2
    assert found["mb"] < found["whole_mb"]


def test_a_table_has_a_column_for_every_name() -> None:
    shown = measure.table("rates", [{"batch": 64, "traces_per_s": 9}, {"batch": 256, "ms": 1.5}])
    assert [column.header for column in shown.columns] == ["batch", "traces per s", "ms"]
    assert shown.row_count == 2
