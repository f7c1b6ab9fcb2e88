"""The labelled sets, by name."""

from __future__ import annotations

from collections.abc import Callable

from evals.redaction.cases import Case, of_texts
from evals.redaction.samples import Label, Sample
from evals.redaction.sets import chat, heldout, indic, public, secrets

SEED = 7
"""Not the one that the recognizers' own tests use."""


def _secrets() -> list[Case]:
    """Secrets by how they can be told; what stands around one doesn't count. Texts without any count for precision."""
    groups = dict.fromkeys(secrets.TOKENS, "told by its form") | dict.fromkeys(secrets.NAMED, "told by its name")
    samples = [
        Sample(
            one.text,
            (Label(one.start, one.end, "SECRET"),),
            ((0, len(one.text)),),
            where=groups.get(one.form, one.form),
        )
        for one in secrets.secrets(SEED)
    ]
    return of_texts([*samples, *map(Sample, secrets.harmless(SEED))])


def _indic() -> list[Case]:
    """Bengali and Hindi."""
    return of_texts(indic.indic())


SETS: dict[str, Callable[[], list[Case]]] = {
    "synth_v2": lambda: of_texts(public.synth_v2()),
    "tab": lambda: of_texts(public.tab()),
    "wnut": lambda: of_texts(public.wnut()),
    "heldout": lambda: of_texts(heldout.heldout()),
    "chat": chat.chat,
    "secrets": _secrets,
    "indic": _indic,
}


def load(name: str, tell: Callable[[str], None]) -> list[Case] | None:
    """The set, or None if its files aren't there, which `tell` is told."""
    try:
        return SETS[name]()
    except FileNotFoundError as error:
        tell(f"{name} is left out: {error.filename} is not there.")
        return None
