"""The forward pass of a BERT token classifier in JAX (Devlin et al. 2019, https://arxiv.org/abs/1810.04805).

Matrices are multiplied in bfloat16 and summed in float32; all else is float32.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from weights import EPSILON, HEADS, WIDTH, Weights, depth

Params = dict[str, jax.Array]


def embeddings(weights: Weights) -> Params:
    """The part that is not trained: the table of words float32[words, width], positions and their normalisation."""
    words = (weights["words"].astype(np.float32) - weights["words_zero"]) * weights["words_scale"]
    kept = {n: jnp.asarray(weights[n]) for n in ("position", "norm_scale", "norm_bias")}
    return kept | {"words": jnp.asarray(words, jnp.float32)}


def trainable(weights: Weights) -> Params:
    """The layers and the classifier."""
    return {n: jnp.asarray(array) for n, array in weights.items() if n[0].isdigit() or n.startswith("classifier")}


def embed(table: Params, ids: jax.Array) -> jax.Array:
    """float32[batch, tokens, width] of int[batch, tokens]."""
    return normalized(table["words"][ids] + table["position"][: ids.shape[1]], table["norm_scale"], table["norm_bias"])


def classify(params: Params, state: jax.Array, mask: jax.Array) -> tuple[jax.Array, jax.Array]:
    """(last hidden state, logits) of embedded tokens; `mask` float32[batch, tokens] is 1 where there is a token."""
    unseen = (mask[:, None, None, :] - 1) * 1e9
    for index in range(depth(params)):  # type: ignore[arg-type]
        state = _layer({n.partition(".")[2]: p for n, p in params.items() if n.startswith(f"{index}.")}, state, unseen)
    return state, dense(state, params["classifier"], params["classifier_bias"])


def dense(state: jax.Array, matrix: jax.Array, bias: jax.Array) -> jax.Array:
    half = jnp.bfloat16
    return jnp.dot(state.astype(half), matrix.astype(half), preferred_element_type=jnp.float32) + bias


def normalized(state: jax.Array, scale: jax.Array, bias: jax.Array) -> jax.Array:
    centred = state - state.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + EPSILON) * scale + bias


def _layer(own: Params, state: jax.Array, unseen: jax.Array) -> jax.Array:
    mixed = dense(_attended(own, state, unseen), own["mixed"], own["mixed_bias"])
    state = normalized(state + mixed, own["attended_scale"], own["attended_bias"])
    bent = jax.nn.gelu(dense(state, own["wide"], own["wide_bias"]), approximate=False)
    return normalized(state + dense(bent, own["narrow"], own["narrow_bias"]), own["fed_scale"], own["fed_bias"])


def _attended(own: Params, state: jax.Array, unseen: jax.Array) -> jax.Array:
    batch, tokens, _ = state.shape
    query, key, value = (
        dense(state, own[n], own[f"{n}_bias"]).reshape(batch, tokens, HEADS, WIDTH // HEADS).transpose(0, 2, 1, 3)
        for n in ("query", "key", "value")
    )
    scores = jnp.einsum("bhqd,bhkd->bhqk", query, key) / np.sqrt(WIDTH // HEADS) + unseen
    return (jax.nn.softmax(scores) @ value).transpose(0, 2, 1, 3).reshape(batch, tokens, WIDTH)
