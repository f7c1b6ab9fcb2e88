from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError
from starlette.datastructures import QueryParams

from transom.admin.filters import LONGEST_TRAIL, TraceQuery, read_page_query
from transom.store.read import TraceFilter


def test_a_query_becomes_a_filter():
    query = TraceQuery(q="order", status="error", min_cost_usd=Decimal("0.5"), since=datetime(1970, 1, 2, tzinfo=UTC))
    assert query.filter() == TraceFilter(q="order", status="error", min_cost_usd=Decimal("0.5"), since=86_400 * 10**9)
    assert TraceQuery().filter() == TraceFilter()


def test_times_that_no_database_holds_are_bounded():
    wanted = TraceQuery(since=datetime(1, 1, 1), until=datetime(9999, 1, 1)).filter()
    assert (wanted.since, wanted.until) == (0, 2**63 - 1)


@pytest.mark.parametrize(
    "given", [{"modle": "x"}, {"status": "odd"}, {"q": "\x00"}, {"model": "x" * 513}, {"min_cost_usd": "-1"}]
)
def test_what_makes_no_sense_is_refused(given: dict[str, str]):
    with pytest.raises(ValidationError):
        TraceQuery.model_validate(given)


def test_a_page_leaves_out_blanks_and_names_what_is_wrong():
    query, wrong = read_page_query(QueryParams("q=+&model=gpt-5&status=odd&since=yesterday&utm=1"))
    assert query.chosen() == {"model": "gpt-5"}
    assert wrong == ["since", "status", "utm"]


def test_a_range_is_a_later_since():
    now = time.time_ns()
    query, _ = read_page_query(QueryParams("range=hour&since=2020-01-01T00:00"))
    since = query.filter().since
    assert since is not None
    assert now - 3600 * 10**9 <= since <= time.time_ns() - 3600 * 10**9


def test_a_trail_is_bounded():
    query, wrong = read_page_query(QueryParams([("trail", str(n)) for n in range(50)]))
    assert wrong == []
    assert len(query.trail) == LONGEST_TRAIL
    assert query.trail[-1] == "49"
