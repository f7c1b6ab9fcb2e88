"""Tables for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from evals.redaction.targets import Found, structured


def quality(found: Found) -> Iterator[Table]:
    """Each set in each profile; then recall by type, by language and by manner of writing."""
    shown = Table(title="Letters and digits found, and how many of those taken were labelled")
    _columns(shown, "set, profile", "recall", "precision", "F2", "entities whole", "structured", "labels", "altered")
    for name in dict.fromkeys(name for rows in found.values() for name in rows):
        for profile, rows in found.items():
            row = rows[name]
            figures = (row["recall"], row["precision"], row["f2"], row["whole"], structured(row))
            shown.add_row(f"{name}, {profile}", *map(_share, figures), f"{row['labels']:,}", str(row["altered"]))
        shown.add_section()
    yield shown
    for by in ("kind", "language", "where"):
        yield _divided(found, by)


def _divided(found: Found, by: str) -> Table:
    """Recall of each type, language or manner of writing: a row each, a column for each profile."""
    shown = Table(title=f"Recall by {by}")
    _columns(shown, by, *found, "labels")
    for name in dict.fromkeys(name for rows in found.values() for name in rows):
        rows = [profile[name].get(f"by_{by}", {}) for profile in found.values()]
        for value, tally in rows[0].items():
            shares = (_share(row[value]["recall"]) for row in rows)
            shown.add_row(f"{name}: {value}", *shares, f"{tally['labels']:,}")
        shown.add_section()
    return shown


def clean(found: Found) -> Table:
    """What was taken from texts without personal data."""
    shown = Table(title="False spans per KB")
    _columns(shown, "kind", "KB", *found)
    shown.add_column("taken for")
    last = list(found.values())[-1]
    for kind, row in last.items():
        taken = ", ".join(f"{name} {count}" for name, count in row["by_entity"].items())
        shown.add_row(kind, str(row["kb"]), *(f"{rows[kind]['per_kb']:.2f}" for rows in found.values()), taken)
    shown.caption = f"Taken for: in {list(found)[-1]}."
    return shown


def speed(found: Found) -> Table:
    """By the size of a message."""
    shown = Table(title="CPU ms per KB of text that is new, the whole way, one core")
    sizes = list(next(iter(found.values()))["mix"])
    _columns(shown, "profile, text", *(f"{size} bytes" for size in sizes))
    for profile, rows in found.items():
        for name, row in rows.items():
            shown.add_row(f"{profile}, {name}", *(f"{row[size]:.2f}" for size in sizes))
    return shown


def sessions(found: Found) -> Table:
    """Through the pool, one exchange after the other."""
    shown = Table(title="16 turns that resend their history, through the pool")
    _columns(shown, "profile", "text", "KB", "CPU ms/KB", "exchanges/s", "times as fast", "at most")
    for profile, row in found.items():
        for name, times in (("fresh", ("", "")), ("session", (f"{row['times']:.1f}", f"{row['ceiling']:.1f}"))):
            one = row[name]
            shown.add_row(profile, name, str(one["kb"]), f"{one['ms_per_kb']:.2f}", f"{one['exchanges_per_s']}", *times)
    return shown


def hostile(found: Found) -> Table:
    """The slowest ten."""
    shown = Table(title="The slowest of the hostile texts of 64 KB, CPU s")
    _columns(shown, "shape", *found)
    first = next(iter(found.values()))
    for name in sorted(first, key=first.__getitem__, reverse=True)[:10]:
        shown.add_row(name, *(f"{rows[name]:.2f}" for rows in found.values()))
    return shown


def _columns(table: Table, first: str, *others: str) -> None:
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right")


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
