"""Makes the word lists of the gate (src/transom/redact/names/words).

    python evals/redaction/train/words.py .venv/lib/python3.11/site-packages

`common.txt` holds the commonest English words that are no names: those of symspellpy's frequency dictionary (SCOWL's
words counted in Google's Book Ngrams, CC BY 3.0) and those that texts in the code of many installed packages write in
lower case. `names.txt` holds given names, surnames and cities of Faker's locales in Latin letters (MIT) that are no
common words, in lower case. Needs Faker and symspellpy beside what the project itself needs.
"""

from __future__ import annotations

import ast
import importlib
import keyword
import pkgutil
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import islice
from pathlib import Path

import faker.providers.address
import faker.providers.person
from faker.providers.address.en import Provider as Countries
from faker.providers.address.en_US import Provider as States
from faker.providers.person.en_US import Provider as English

OUT = Path(__file__).parents[3] / "src" / "transom" / "redact" / "names" / "words"
DICTIONARY_WORDS = 20_000
MIN_PACKAGES = 20
LOWER_SHARE = 0.9
"""Of a word that is also a name (`will`, `mark`, `reading`), the share of lower case within sentences of packages."""

NAMES_PER_LOCALE = 400
CAPITALISED = """monday tuesday wednesday thursday friday saturday sunday january february march july september october
november december english internet ok"""
_WITHIN_SENTENCE = re.compile(r"(?<=[a-z,] )[A-Za-z]+\b")
_NAME = re.compile(r"[A-Za-z]{3,}")


def strings(folder: Path) -> Iterator[str]:
    """Texts in the source code of a package: string constants with several words."""
    for path in sorted(folder.rglob("*.py")):
        with warnings.catch_warnings(action="ignore"):
            try:
                tree = ast.parse(path.read_bytes())
            except (SyntaxError, ValueError):
                continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.count(" ") > 3:
                yield node.value


def written_in_lower_case(packages: Iterable[Path]) -> dict[str, float]:
    """The words of many packages, and the share of their occurrences within sentences that is in lower case.

    An acronym (`API`) counts as lower case: it is no name either.
    """
    lower, capital, spread = Counter[str](), Counter[str](), Counter[str]()
    for folder in packages:
        seen = Counter(word for text in strings(folder) for word in _WITHIN_SENTENCE.findall(text))
        spread.update({word.lower() for word in seen})
        for word, count in seen.items():
            (capital if word.istitle() and len(word) > 1 else lower)[word.lower()] += count
    return {word: lower[word] / (lower[word] + capital[word]) for word in spread if spread[word] >= MIN_PACKAGES}


def dictionary() -> list[str]:
    """The commonest English words."""
    text = files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt").read_text("utf-8-sig")
    return [line.split()[0] for line in islice(text.splitlines(), DICTIONARY_WORDS)]


def common_words(shares: dict[str, float], names: set[str]) -> set[str]:
    """Common words; those that are also names only if texts hardly ever capitalise them."""
    words = {word for word in dictionary() if word.isalpha() and word.isascii()}
    words |= {word for word, share in shares.items() if share >= 0.5}
    kept = {word for word in words if word not in names or shares.get(word, 0) >= LOWER_SHARE}
    return kept | set(CAPITALISED.split()) | {word.lower() for word in keyword.kwlist}


def faker_names(provider: object, *prefixes: str) -> Iterator[list[str]]:
    """Per locale the names in lists whose attribute has one of these prefixes."""
    for module in pkgutil.iter_modules(provider.__path__):  # type: ignore[attr-defined]
        if module.ispkg:
            locale = importlib.import_module(f"{provider.__name__}.{module.name}").Provider  # type: ignore[attr-defined]
            lists = [getattr(locale, name) for name in dir(locale) if name.startswith(prefixes)]
            found = [word for words in lists if isinstance(words, (list, tuple, dict)) for word in words]
            yield [word.lower() for word in found if isinstance(word, str) and _NAME.fullmatch(word)]


def save(name: str, words: set[str], source: str) -> None:
    """Write words in order, in lines of 120 characters at most, below a line that says where they come from."""
    lines = [f"# {source}. Made by evals/redaction/train/words.py.", ""]
    for word in sorted(words):
        if len(lines[-1]) + len(word) > 118:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    (OUT / name).write_text("\n".join(lines) + "\n")
    print(name, len(words), "words", (OUT / name).stat().st_size, "bytes")


def main(site: Path) -> None:
    """Make both lists."""
    people = list(faker_names(faker.providers.person, "first_names", "last_names"))
    places = list(faker_names(faker.providers.address, "cit"))
    land = {part.lower() for name in (*Countries.countries, *States.states) for part in _NAME.findall(name)}
    every = {name for some in people + places for name in some} | land
    shares = written_in_lower_case(folder for folder in sorted(site.iterdir()) if folder.is_dir())
    common = common_words(shares, every)
    names = {name for some in people + places for name in list(dict.fromkeys(some))[:NAMES_PER_LOCALE]} | land
    given = {name.lower() for name in English.first_names}
    plain = common | {word for word in dictionary() if word not in given | land}
    save("common.txt", common, "English words that are no names: SCOWL by Google Book Ngrams (CC BY 3.0), packages")
    save("names.txt", names - plain, "Given names, surnames and places: Faker (MIT)")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
