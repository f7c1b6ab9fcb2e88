"""What finds names, places and other things that no pattern tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from transom.redact.finding import Finding


class Model(Protocol):
    """Looks at many texts together, which costs less than one by one."""

    entities: tuple[str, ...]
    """All that it may find."""

    words_only: bool
    """Whether it finds nothing where there are no two letters in a row, and so needn't be shown such a text."""

    def find_all(self, texts: Sequence[str]) -> list[list[tuple[Finding, str]]]:
        """For each text what was found in it, and the name of the recognizer that found it.

        Places are characters of the text as given. Findings may overlap; those that the profile doesn't take are left
        out. Texts have passed `transom.redact.text.visible`.
        """
