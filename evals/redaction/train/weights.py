"""The weights of a BERT token classifier as plain arrays, and how Rampart's ONNX file is read into them.

Layout: a dictionary of float32 arrays (`float32[in, out]` for every matrix, so that `x @ w + b` applies it), except the
tables of embeddings, which stay as Rampart quantised them. Names: `words`, `words_scale`, `words_zero`, `position`,
`norm_scale`, `norm_bias`, then for each layer `0.query`, `0.query_bias` and so on (`MATRICES`, `NORMS`), and at
last `classifier`, `classifier_bias`. Segment 0 is added to `position`, since the model reads single segments.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

TEACHER_SHA256 = "9f27d24949b0581701071ea5ef522d77ccd3f50c525cc91eac4d265b0fc2afe5"
HEADS = 12
WIDTH = 384
LONGEST = 512
"""Positions the model knows, [CLS] and [SEP] included."""
EPSILON = 1e-12
MATRICES = {
    "query": "attention/self/query",
    "key": "attention/self/key",
    "value": "attention/self/value",
    "mixed": "attention/output/dense",
    "wide": "intermediate/dense",
    "narrow": "output/dense",
}
NORMS = {"attended": "attention.output.LayerNorm", "fed": "output.LayerNorm"}

Array = NDArray[Any]
Weights = dict[str, Array]


def read_teacher(path: Path, layers: int = 6) -> Weights:
    """The weights in Rampart's four-bit ONNX file; raises SystemExit if it is not the file known here."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != TEACHER_SHA256:
        raise SystemExit(f"{path} is not the Rampart file known here: its SHA-256 should be {TEACHER_SHA256}.")
    graph = onnx.load_from_string(content).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    matrices = {n.output[0]: _matrix(n, stored) for n in graph.node if n.op_type == "MatMulNBits"}
    weights = _embeddings(stored)
    for index in range(layers):
        for name, long in MATRICES.items():
            weights[f"{index}.{name}"] = matrices[f"/bert/encoder/layer.{index}/{long}/MatMul_output_0"]
            weights[f"{index}.{name}_bias"] = stored[f"bert.encoder.layer.{index}.{long.replace('/', '.')}.bias"]
        for name, long in NORMS.items():
            weights[f"{index}.{name}_scale"] = stored[f"bert.encoder.layer.{index}.{long}.weight"]
            weights[f"{index}.{name}_bias"] = stored[f"bert.encoder.layer.{index}.{long}.bias"]
    weights["classifier"] = matrices["/classifier/MatMul_output_0"]
    weights["classifier_bias"] = stored["classifier.bias"]
    return weights


def layers_of(weights: Weights, chosen: tuple[int, ...]) -> Weights:
    """A shallower model: the embeddings and the classifier of `weights`, and only the chosen layers, renumbered."""
    kept = {name: array for name, array in weights.items() if not name[0].isdigit()}
    for new, old in enumerate(chosen):
        own = f"{old}."
        kept |= {f"{new}.{n.removeprefix(own)}": array for n, array in weights.items() if n.startswith(own)}
    return kept


def depth(weights: Weights) -> int:
    """How many layers a model has."""
    return sum(name.endswith(".query") for name in weights)


def _embeddings(stored: dict[str, Array]) -> Weights:
    base = "bert.embeddings."
    positions = _dequantized(stored, base + "position_embeddings.weight")
    segment = _dequantized(stored, base + "token_type_embeddings.weight")[0]
    return {
        "words": stored[base + "word_embeddings.weight_quantized"],
        "words_scale": stored[base + "word_embeddings.weight_scale"],
        "words_zero": stored[base + "word_embeddings.weight_zero_point"],
        "position": positions + segment,
        "norm_scale": stored[base + "LayerNorm.weight"],
        "norm_bias": stored[base + "LayerNorm.bias"],
    }


def _dequantized(stored: dict[str, Array], name: str) -> Array:
    scale, zero = stored[name + "_scale"], stored[name + "_zero_point"].astype(np.float32)
    vectors: Array = (stored[name + "_quantized"].astype(np.float32) - zero) * scale
    return vectors


def _matrix(node: onnx.NodeProto, stored: dict[str, Array]) -> Array:
    """The float32[in, out] matrix of a MatMulNBits node: blocks of 4-bit numbers around 8, a scale for each (ONNX
    Runtime, https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md)."""
    size = {a.name: a.i for a in node.attribute}
    packed, scales = stored[node.input[1]], stored[node.input[2]].astype(np.float32).reshape(size["N"], -1, 1)
    packed = packed.reshape(size["N"], -1, size["block_size"] // 2)
    numbers = np.stack([packed & 15, packed >> 4], axis=-1).reshape(size["N"], -1, size["block_size"])
    rows = (numbers.astype(np.float32) - 8) * scales
    return np.ascontiguousarray(rows.reshape(size["N"], -1)[:, : size["K"]].T)
