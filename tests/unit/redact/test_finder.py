"""Finding once what comes again."""

from __future__ import annotations

from transom.redact import finder as module
from transom.redact.finder import Finder
from transom.redact.profiles import Profile

FAST = Profile(threshold=0.5)


def count_searches(finder: Finder, monkeypatch) -> list[str]:
    seen: list[str] = []
    search = finder._find_new

    def counted(texts: list[str]):
        seen.extend(texts)
        return search(texts)

    monkeypatch.setattr(finder, "_find_new", counted)
    return seen


def test_a_text_is_searched_once(monkeypatch):
    finder = Finder(FAST)
    seen = count_searches(finder, monkeypatch)
    first = finder.find_all(["a@b.co", "x", "a@b.co"])
    assert first == finder.find_all(["a@b.co", "x", "a@b.co"])
    assert seen == ["a@b.co", "x"]


def test_the_cache_holds_spans_not_texts():
    finder = Finder(FAST)
    finder.find("write to jane@example.com")
    assert "jane" not in repr(finder._cache)
    assert [span.entity for spans in finder._cache.values() for span in spans] == ["EMAIL_ADDRESS"]


def test_the_cache_forgets_the_oldest(monkeypatch):
    monkeypatch.setattr(module, "CACHED_TEXTS", 2)
    finder = Finder(FAST)
    seen = count_searches(finder, monkeypatch)
    finder.find_all(["a1", "b1", "c1"])
    finder.find_all(["c1", "a1"])
    assert seen == ["a1", "b1", "c1", "a1"]


def test_spans_come_in_order():
    spans = Finder(FAST).find("1.2.3.5 and a@b.co and 123-45-6789")
    assert [span.entity for span in spans] == ["IP_ADDRESS", "EMAIL_ADDRESS", "US_SSN"]
