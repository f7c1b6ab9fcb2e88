from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transom.admin import present


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (None, "—"),
        ("0", "$0"),
        ("0.000123", "$0.000123"),
        ("0.0000025", "$0.0000025"),
        ("0.0012345678", "$0.00123"),
        ("0.5", "$0.50"),
        ("0.9999", "$1.00"),
        ("1.2345", "$1.23"),
        ("1234567.891", "$1,234,567.89"),
        ("0.000000000001", "$0.000000000001"),
    ],
)
def test_money(amount: str | None, shown: str):
    assert present.usd(amount) == shown


@given(st.integers(1, 10**15))
def test_money_is_never_shown_as_nothing_and_stays_within_half_a_per_cent(picodollars: int):
    amount = Decimal(picodollars).scaleb(-12)
    shown = present.usd(f"{amount:f}")
    assert "E" not in shown
    assert abs(Decimal(shown.removeprefix("$").replace(",", "")) - amount) <= amount / 200


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (None, "—"),
        (0, "0 ms"),
        (0.412, "0.4 ms"),
        (340.2, "340 ms"),
        (999.4, "999 ms"),
        (999.6, "1.0 s"),
        (1234, "1.2 s"),
        (59_960, "1 min 0 s"),
        (125_000, "2 min 5 s"),
        (3_599_600, "1 h 0 min"),
        (3_780_000, "1 h 3 min"),
    ],
)
def test_durations(ms: float | None, shown: str):
    assert present.duration(ms) == shown


def test_counts_and_shares_know_what_is_unknown():
    assert [present.count(n) for n in (None, 0, 1234567)] == ["—", "0", "1,234,567"]
    assert [present.share(*of) for of in ((0, 0), (0, 9), (1, 8), (9, 9))] == ["—", "0 %", "12.5 %", "100 %"]


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 B"), (312, "312 B"), (1434, "1.4 KB"), (20 * 2**20, "20 MB"), (1023, "1.0 KB")]
)
def test_sizes(number: int, shown: str):
    assert present.size(number) == shown


def test_times():
    ns = 1_700_000_000_123_456_789
    assert present.iso(ns) == "2023-11-14T22:13:20.123456Z"
    assert present.iso(1_700_000_000 * 10**9) == "2023-11-14T22:13:20.000000Z"
    assert (present.clock(ns), present.day(ns)) == ("22:13:20", "14 Nov 2023")
    assert present.nanoseconds(datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)) == 1_700_000_000 * 10**9
    assert present.nanoseconds(datetime(2023, 11, 14, 22, 13, 20)) == 1_700_000_000 * 10**9


def row(**fields: Any) -> dict[str, Any]:
    return {"status_code": 200, "ended": "complete", "error_type": None, "outcome": "stored", **fields}


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, ("200", "ok", [])),
        ({"status_code": 429, "error_type": "rate_limit"}, ("429", "warn", ["rate limit"])),
        ({"status_code": 502}, ("502", "bad", [])),
        ({"status_code": None, "ended": "upstream_failed"}, ("no answer", "bad", ["provider failed"])),
        ({"ended": "client_left"}, ("200", "warn", ["client left"])),
        ({"ended": "gateway_died", "outcome": "metadata_only"}, ("200", "bad", ["gateway died", "metadata only"])),
    ],
)
def test_statuses(fields: dict[str, Any], shown: tuple[str, str, list[str]]):
    assert present.status(row(**fields)) == shown


def test_it_says_why_there_is_only_metadata():
    assert "bound" in present.why_metadata_only("spool_full")
    assert present.why_metadata_only("brand_new") == "The reason on record is: brand new."
    assert present.why_metadata_only(None) == "The reason on record is: none."


def test_rates_per_1000_have_three_digits_or_so():
    assert [present.per_1000(n) for n in (None, 0, 0.04, 3.21, 12.34, 750.2, 1000)] == [
        *("—", "0", "0.04", "3.2"),
        *("12.3", "750", "1000"),
    ]
