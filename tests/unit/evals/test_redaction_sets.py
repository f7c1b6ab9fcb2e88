from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from evals.redaction import hostile
from evals.redaction.cases import case, leaves, of_texts, score
from evals.redaction.engine import Engine
from evals.redaction.samples import UNCOUNTED, Label, Sample, Value, fill, joined, unlabelled
from evals.redaction.scoring import Score
from evals.redaction.sets import clean, public
from evals.redaction.sets import heldout as heldout_set
from evals.redaction.sets.heldout import cased, heldout
from evals.redaction.sets.values import Values


@pytest.fixture(scope="module")
def fast() -> Engine:
    return Engine("fast")


def labelled(sample: Sample) -> list[tuple[str, str]]:
    return [(sample.text[label.start : label.end], label.kind) for label in sample.labels]


def test_a_template_is_filled_and_labelled():
    values = {"a": Value("Ann", "PERSON"), "b": Value("Acme", UNCOUNTED), "c": Value("3.1", None)}
    sample = fill('{"k": {a}} at {b}, {c}; {a}', values.__getitem__, "nl", "chat")
    assert sample.text == '{"k": Ann} at Acme, 3.1; Ann'
    assert labelled(sample) == [("Ann", "PERSON"), ("Ann", "PERSON")]
    assert [sample.text[start:end] for start, end in sample.ignored] == ["Acme"]
    assert (sample.language, sample.where) == ("nl", "chat")


def test_a_title_before_a_value_is_not_counted():
    sample = fill("tell Dr. {a}, I am {a}", lambda _: Value("Lee", "PERSON"))
    assert [sample.text[start:end] for start, end in sample.ignored] == ["Dr. "]


def test_joined_samples_keep_their_labels():
    both = joined(
        [unlabelled("Hello. "), Sample("Ann?", (Label(0, 3, "PERSON"),), ((3, 4),), "nl", "chat"), unlabelled("!")]
    )
    assert labelled(both) == [("Ann", "PERSON")]
    assert both.ignored == ((0, 7), (10, 11), (11, 12))
    assert (both.language, both.where) == ("nl", "chat")


def test_case_leaves_labels_where_they_are():
    sample = Sample("Ann Lee", (Label(4, 7, "PERSON"),))
    assert labelled(cased(sample, "upper")) == [("LEE", "PERSON")]
    assert cased(sample, "") is sample


def test_values_are_the_same_for_the_same_seed():
    assert [Values(1)(slot) for slot in ("person", "card")] == [Values(1)(slot) for slot in ("person", "card")]
    assert Values(1)("card") != Values(2)("card")


def test_check_digits_are_right():
    for seed in range(20):
        values = Values(seed)
        digits = [int(digit) for digit in re.sub(r"\D", "", values("card").text)]
        assert sum(digits[1::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[::2]) in range(0, 200, 10)
        iban = values("iban").text.replace(" ", "")
        assert int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1


def test_the_held_out_set_is_large_and_has_no_empty_slot():
    samples = heldout()
    assert len(samples) >= 300
    assert {sample.language for sample in samples} == {"en", "de", "fr", "es", "it", "pt", "nl", "pl"}
    assert [sample.text for sample in samples if re.search(r"\{\w+\}", sample.text)] == []
    assert len({sample.text for sample in samples if sample.labels}) > 0.99 * sum(1 for one in samples if one.labels)


def runs(template: str) -> set[tuple[str, ...]]:
    """Five words in a row, slots being words too, of which three at least are words indeed."""
    words = re.findall(r"§|\w+", re.sub(r"\{+\w+\}+", "§", template).lower())
    rows = zip(*(words[start:] for start in range(5)), strict=False)
    return {row for row in rows if row.count("§") < 3}


def others() -> Iterator[str]:
    """Templates that somebody works with, those of them that are there."""
    if public.SYNTH.exists():
        yield from {row["masked"] for row in json.loads(public.SYNTH.read_text())}
    if (trained := Path(heldout_set.__file__).parents[1] / "train" / "templates.txt").exists():
        yield from trained.read_text().replace("\\n", "\n").splitlines()


def test_the_held_out_set_shares_no_words_with_what_others_work_with():
    told = set().union(*map(runs, others()))
    templates = [text for _, _, text in heldout_set.templates()]
    assert len(templates) > 100
    assert [text for text in templates if runs(text) & told] == []


def test_a_case_knows_each_string_of_its_messages():
    told = Sample("Ann", (Label(0, 3, "PERSON"),))
    one = case(
        [("user", [{"type": "text", "content": told}]), ("tool", [{"type": "tool_call_response", "response": 42}])]
    )
    assert one.messages[0].parts == [{"type": "text", "content": "Ann"}]
    assert [sample.text for sample in one.samples] == ["text", "Ann", "tool_call_response", "42"]
    assert list(leaves({"a": [1, {"b": "x"}]})) == [1, "x"]


def test_what_is_stored_is_scored(fast: Engine):
    mail = Sample("to a.lee@example.org", (Label(3, 20, "EMAIL_ADDRESS"),))
    name = Sample("Xyx Yyz", (Label(0, 7, "PERSON"),))
    call = {"type": "tool_call", "id": "c", "name": "send", "arguments": {"to": mail, "who": [name], "n": 3}}
    found = score(fast, [case([("assistant", [call])]), *of_texts([mail])])
    assert found.by["kind"]["EMAIL_ADDRESS"].whole == 2
    assert found.by["kind"]["PERSON"].gone == 0
    assert (found.precision, found.altered) == (1, 0)


class Altering:
    """An engine that loses a letter."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self.placeholders = engine, engine.placeholders

    def redact(self, one):
        done = self._engine.redact(one)
        done.input_messages[0].parts[0]["content"] = done.input_messages[0].parts[0]["content"][:-1]
        return done


def test_a_text_that_was_damaged_counts_as_not_redacted(fast: Engine):
    mail = Sample("write a.lee@example.org now", (Label(6, 23, "EMAIL_ADDRESS"),))
    found: Score = score(Altering(fast), of_texts([mail]))  # type: ignore[arg-type]
    assert (found.altered, found.recall) == (1, 0)


def test_court_cases_count_identifiers_of_four_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def mention(text: str, start: int, kind: str, how: str) -> dict[str, object]:
        return {"start_offset": start, "end_offset": start + len(text), "entity_type": kind, "identifier_type": how}

    row = {
        "text": "Ann v. Acme, no. 7/06, in Rome",
        "entities": [
            mention("Ann", 0, "PERSON", "DIRECT"),
            mention("Acme", 7, "ORG", "QUASI"),
            mention("7/06", 17, "CODE", "QUASI"),
            mention("Rome", 26, "LOC", "NO_MASK"),
        ],
    }
    (tmp_path / "tab").write_text(json.dumps(row))
    monkeypatch.setattr(public, "TAB", tmp_path / "tab")
    [sample] = public.tab()
    assert labelled(sample) == [("Ann", "PERSON"), ("7/06", "CODE")]
    assert sample.ignored == ((7, 11), (26, 30))


def test_tweets_count_persons_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "wnut").write_text("met\tO\nAnn\tB-person\nLee\tI-person\nin\tO\nRome\tB-location\n\nok\tO\n")
    monkeypatch.setattr(public, "WNUT", tmp_path / "wnut")
    first, second = public.wnut()
    assert (first.text, labelled(first)) == ("met Ann Lee in Rome", [("Ann Lee", "PERSON")])
    assert first.ignored == ((0, 19),)
    assert second.text == "ok"


@pytest.mark.parametrize("line", ["# by a@b.co", "Author: someone", "host = 10.0.0.1", "phone = x", "(c) somebody"])
def test_lines_about_people_are_left_out_of_code(line: str):
    assert clean._code(f"x = 1\n{line}\ny = 2") == "x = 1\ny = 2"


def test_json_about_people_is_left_out_whole():
    assert clean._json('{"author": 1}') == ""
    assert clean._json('{"size": 1}') == '{"size": 1}'


def test_hostile_texts_are_many_and_large():
    shapes = hostile.shapes()
    assert len(shapes) >= 25
    assert all(0.7 * hostile.SIZE < len(text.encode()) < 1.6 * hostile.SIZE for text in shapes.values())
