"""A model as an int8 ONNX graph for ONNX Runtime on a CPU.

Matrices are signed eight-bit numbers with a scale per output column; activations are quantised as they come. Inputs:
`input_ids`, `attention_mask` int64[batch, tokens]; output: `logits` float32[batch, tokens, labels]. The
scale of activations is shared by a batch, so a text's logits depend a little on what it is batched with.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from weights import EPSILON, HEADS, Array, Weights, depth

FUSED = "com.microsoft"
OPSETS = [helper.make_opsetid("", 20), helper.make_opsetid(FUSED, 1)]


class Builder:
    """Collects nodes and constants; each method returns the name of what it made."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: Array) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def dense(self, name: str, source: str, matrix: Array, bias: Array) -> str:
        """`source @ matrix + bias` in int8."""
        numbers, scales = quantized(matrix)
        inputs = [
            source,
            self.constant(f"{name}.int8", numbers),
            self.constant(f"{name}.scale", scales),
            self.constant(f"{name}.zero", np.zeros(len(scales), np.int8)),
            self.constant(f"{name}.bias", bias),
        ]
        return self.node("DynamicQuantizeMatMul", inputs, name, FUSED)

    def normalized(self, name: str, source: str, skip: str, scale: Array, bias: Array) -> str:
        """Layer normalisation of `source + skip`."""
        total = self.node("Add", [source, skip], f"{name}.sum")
        inputs = [total, self.constant(f"{name}.gain", scale), self.constant(f"{name}.shift", bias)]
        return self.node("LayerNormalization", inputs, name, axis=-1, epsilon=EPSILON)


def quantized(matrix: Array) -> tuple[NDArray[np.int8], Array]:
    """A matrix as int8[in, out] and float32[out] scales, symmetric around zero."""
    scales = np.maximum(np.abs(matrix).max(axis=0), 1e-9) / 127
    return np.round(matrix / scales).astype(np.int8), scales.astype(np.float32)


def to_onnx(weights: Weights) -> onnx.ModelProto:
    """The graph of a model."""
    build = Builder()
    state = _embedded(build, weights)
    for index in range(depth(weights)):
        own = {n.partition(".")[2]: array for n, array in weights.items() if n.startswith(f"{index}.")}
        state = _layer(build, f"layer{index}", state, own)
    build.dense("logits", state, weights["classifier"], weights["classifier_bias"])
    labels = len(weights["classifier_bias"])
    tokens = ["batch", "tokens"]
    graph = helper.make_graph(
        build.nodes,
        "names",
        [helper.make_tensor_value_info(n, TensorProto.INT64, tokens) for n in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [*tokens, labels])],
        build.constants,
    )
    model = helper.make_model(graph, opset_imports=OPSETS, ir_version=9)
    onnx.checker.check_model(model)
    return model


def _embedded(build: Builder, weights: Weights) -> str:
    rows = build.node("Gather", [build.constant("words", weights["words"]), "input_ids"], "word_rows")
    scale, zero = (
        build.constant("words_scale", weights["words_scale"]),
        build.constant("words_zero", weights["words_zero"]),
    )
    words = build.node("DequantizeLinear", [rows, scale, zero], "word_vectors")
    starts, axis = build.constant("start", np.array([0])), build.constant("axis", np.array([0]))
    length = build.node("Shape", ["input_ids"], "length", start=1, end=2)
    table = build.constant("position", weights["position"])
    places = build.node("Slice", [table, starts, length, axis], "position_vectors")
    total = build.node("Add", [words, places], "embedded_sum")
    gain, bias = build.constant("norm.gain", weights["norm_scale"]), build.constant("norm.bias", weights["norm_bias"])
    return build.node("LayerNormalization", [total, gain, bias], "embedded", axis=-1, epsilon=EPSILON)


def _layer(build: Builder, name: str, state: str, own: Weights) -> str:
    query, key, value = (
        build.dense(f"{name}.{part}", state, own[part], own[f"{part}_bias"]) for part in ("query", "key", "value")
    )
    heads = [query, key, value, "", _mask(build)]
    seen = build.node("MultiHeadAttention", heads, f"{name}.seen", FUSED, num_heads=HEADS)
    mixed = build.dense(f"{name}.mixed", seen, own["mixed"], own["mixed_bias"])
    attended = build.normalized(f"{name}.attended", mixed, state, own["attended_scale"], own["attended_bias"])
    wide = build.dense(f"{name}.wide", attended, own["wide"], own["wide_bias"])
    bent = build.node("Gelu", [wide], f"{name}.bent")
    narrow = build.dense(f"{name}.narrow", bent, own["narrow"], own["narrow_bias"])
    return build.normalized(f"{name}.fed", narrow, attended, own["fed_scale"], own["fed_bias"])


def _mask(build: Builder) -> str:
    """The attention mask as int32, made once."""
    if not any(node.name == "mask" for node in build.nodes):
        build.node("Cast", ["attention_mask"], "mask", to=TensorProto.INT32)
    return "mask"
