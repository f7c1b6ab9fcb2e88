"""Numbers, times and states as people read them. What is unknown is a dash, never 0."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from transom.types import Json

UNKNOWN = "—"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = ("B", "KB", "MB", "GB", "TB")


def usd(amount: str | None) -> str:
    """A decimal string of US dollars: cents from a dollar on, three significant digits below, never an exponent."""
    if amount is None:
        return UNKNOWN
    value = Decimal(amount)
    if value == 0:
        return "$0"
    if abs(value) >= 1:
        return f"${value:,.2f}"
    places = max(2, 2 - value.adjusted())
    digits = f"{value:.{places}f}"
    whole, _, decimals = digits.partition(".")
    return f"${whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def duration(ms: float | None) -> str:
    """Milliseconds as `0.4 ms`, `340 ms`, `1.2 s`, `2 min 5 s` or `1 h 3 min`."""
    if ms is None:
        return UNKNOWN
    if ms < 999.5:
        return f"{ms:.0f} ms" if ms >= 10 or ms == 0 else f"{ms:.1f} ms"
    if ms < 59_950:
        return f"{ms / 1000:.1f} s"
    seconds = round(ms / 1000)
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def count(number: int | None) -> str:
    """A whole number with thousands set apart."""
    return UNKNOWN if number is None else f"{number:,}"


def size(number: int) -> str:
    """Bytes as `312 B`, `1.4 KB`, `20 MB`."""
    value, unit = float(number), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value >= 9.95 else f"{value:.1f} {_UNITS[unit]}"


def share(part: int, whole: int) -> str:
    """A part as per cent of a whole: `12.3 %`; a dash where there is no whole."""
    if not whole:
        return UNKNOWN
    percent = 100 * part / whole
    return f"{percent:.0f} %" if percent in (0, 100) else f"{percent:.1f} %"


def per_1000(rate: float | None) -> str:
    """How many of a thousand: three digits or so."""
    if rate is None:
        return UNKNOWN
    return f"{rate:.0f}" if rate >= 100 or rate == 0 else f"{rate:.1f}" if rate >= 1 else f"{rate:.2f}"


def moment(ns: int) -> datetime:
    """Unix nanoseconds as a UTC datetime, to the microsecond."""
    return _EPOCH + timedelta(microseconds=ns // 1000)


def iso(ns: int) -> str:
    """Unix nanoseconds in RFC 3339, UTC, to the microsecond."""
    return f"{moment(ns).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def clock(ns: int) -> str:
    """The time of day, UTC: `09:53:28`."""
    return f"{moment(ns):%H:%M:%S}"


def day(ns: int) -> str:
    """The date, UTC: `21 Nov 2026`."""
    return f"{moment(ns):%-d %b %Y}"


def nanoseconds(at: datetime) -> int:
    """Unix nanoseconds of a datetime; one without a time zone is UTC."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1) * 1000


class Status(NamedTuple):
    """How a call went: a short `label`, a `tone` (ok, warn or bad), and in words what else there is to know."""

    label: str
    tone: str
    notes: list[str]


_ENDED = {
    "client_left": "client left",
    "upstream_failed": "provider failed",
    "gateway_died": "gateway died",
}
_NO_ANSWER = "no answer"


def status(row: Mapping[str, Json]) -> Status:
    """The status of a trace for people."""
    code: int | None = row["status_code"]
    notes = [_ENDED[row["ended"]]] if row["ended"] in _ENDED else []
    if row["error_type"]:
        notes.append(words(row["error_type"]))
    if row["outcome"] != "stored":
        notes.append(words(row["outcome"]))
    return Status(str(code) if code else _NO_ANSWER, _tone(code, row), notes)


def _tone(code: int | None, row: Mapping[str, Json]) -> str:
    if code is None or code >= 500 or row["ended"] in ("upstream_failed", "gateway_died"):
        return "bad"
    return "warn" if code >= 400 or row["error_type"] or row["ended"] == "client_left" else "ok"


def words(name: str) -> str:
    """A name of code as words: `metadata_only` becomes `metadata only`."""
    return name.replace("_", " ")


_WHY_METADATA_ONLY = {
    "redaction_failed": "Redaction failed, and nothing is kept that has not been redacted.",
    "redaction_timeout": "Redaction took too long, and nothing is kept that has not been redacted.",
    "redaction_crashed": "Redaction crashed on it, and nothing is kept that has not been redacted.",
    "spool_full": "The spool had reached its bound, so its content was let go.",
    "store_refused": "The database would not take its content.",
    "unknown_operation": "It went to an API whose bodies Transom relays without reading them.",
    "unreadable_body": "Its body could not be read as what the API promises.",
}


def why_metadata_only(reason: str | None) -> str:
    """Why a trace has no content, in a sentence."""
    return _WHY_METADATA_ONLY.get(reason or "", f"The reason on record is: {words(reason or 'none')}.")


FILTERS: dict[str, Any] = {
    "size": size,
    "usd": usd,
    "duration": duration,
    "count": count,
    "per_1000": per_1000,
    "iso": iso,
    "clock": clock,
    "day": day,
    "status": status,
    "words": words,
    "why_metadata_only": why_metadata_only,
}
"""What templates may call."""
