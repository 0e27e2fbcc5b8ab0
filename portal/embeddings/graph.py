"""all-MiniLM-L6-v2 as an ONNX graph: six BERT layers, mean over the tokens, length 1. No torch needed.

The operators of the domain com.microsoft are ONNX Runtime's own fused forms of the same arithmetic; built in
directly, no optimiser has to find them at every load.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

N_LAYERS = 6
N_HEADS = 12
HIDDEN = 384
MAX_TOKENS = 256
EPSILON = 1e-12
FUSED = "com.microsoft"

Weights = dict[str, NDArray[np.float32]]


class GraphBuilder:
    """Collects nodes and constants; every method returns the name of the tensor that it made."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, TensorProto] = {}

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def weight(self, name: str, *, transpose: bool = False) -> str:
        value = self.weights[name]
        return self.constant(name, value.T if transpose else value)

    def node(self, op: str, inputs: list[str], *, domain: str = "", **attributes: Any) -> str:
        output = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [output], domain=domain, **attributes))
        return output

    def skip_norm(self, x: str, skip: str, *, norm: str, bias: str) -> str:
        inputs = [x, skip, self.weight(f"{norm}.weight"), self.weight(f"{norm}.bias"), self.weight(bias)]
        return self.node("SkipLayerNormalization", inputs, domain=FUSED, epsilon=EPSILON)


def add_embeddings(graph: GraphBuilder) -> str:
    base = "embeddings"
    positions = graph.weights[f"{base}.position_embeddings.weight"][:MAX_TOKENS]
    kinds = graph.weights[f"{base}.token_type_embeddings.weight"][0]  # one text at a time: always the first kind
    words = graph.node("Gather", [graph.weight(f"{base}.word_embeddings.weight"), "input_ids"], axis=0)
    shape = graph.node("Shape", ["input_ids"], start=1, end=2)
    zero, first = graph.constant("zero", np.array([0])), graph.constant("first_axis", np.array([0]))
    places = graph.node("Slice", [graph.constant("positions", positions + kinds), zero, shape, first])
    summed = graph.node("Add", [words, places])
    norm = [graph.weight(f"{base}.LayerNorm.weight"), graph.weight(f"{base}.LayerNorm.bias")]
    return graph.node("LayerNormalization", [summed, *norm], axis=-1, epsilon=EPSILON)


def add_layer(graph: GraphBuilder, x: str, number: int) -> str:
    base = f"encoder.layer.{number}"
    parts = [f"{base}.attention.self.{name}" for name in ("query", "key", "value")]
    joined = np.concatenate([graph.weights[f"{part}.weight"].T for part in parts], axis=1)
    biases = np.concatenate([graph.weights[f"{part}.bias"] for part in parts])
    inputs = [x, graph.constant(f"{base}.qkv", joined), graph.constant(f"{base}.qkv.bias", biases), "mask"]
    attended = graph.node("Attention", inputs, domain=FUSED, num_heads=N_HEADS)
    output = f"{base}.attention.output"
    mixed = graph.node("MatMul", [attended, graph.weight(f"{output}.dense.weight", transpose=True)])
    x = graph.skip_norm(mixed, x, norm=f"{output}.LayerNorm", bias=f"{output}.dense.bias")
    inner = f"{base}.intermediate.dense"
    wide = graph.node("MatMul", [x, graph.weight(f"{inner}.weight", transpose=True)])
    wide = graph.node("BiasGelu", [wide, graph.weight(f"{inner}.bias")], domain=FUSED)
    narrow = graph.node("MatMul", [wide, graph.weight(f"{base}.output.dense.weight", transpose=True)])
    return graph.skip_norm(narrow, x, norm=f"{base}.output.LayerNorm", bias=f"{base}.output.dense.bias")


def add_pooling(graph: GraphBuilder, x: str) -> str:
    """The mean over the tokens that are no padding, scaled to length 1."""
    last = graph.constant("last_axis", np.array([-1]))
    tokens = graph.constant("token_axis", np.array([1]))
    weights = graph.node("Cast", ["mask"], to=TensorProto.FLOAT)
    masked = graph.node("Mul", [x, graph.node("Unsqueeze", [weights, last])])
    total = graph.node("ReduceSum", [masked, tokens], keepdims=0)
    mean = graph.node("Div", [total, graph.node("ReduceSum", [weights, tokens], keepdims=1)])
    return graph.node("LpNormalization", [mean], axis=-1, p=2)


def build_graph(weights: Weights) -> ModelProto:
    """Inputs: `input_ids` int64 and `mask` int32, both (texts, tokens). Output: `vectors` float32 (texts, 384)."""
    builder = GraphBuilder(weights)
    x = add_embeddings(builder)
    for number in range(N_LAYERS):
        x = add_layer(builder, x, number)
    builder.nodes.append(helper.make_node("Identity", [add_pooling(builder, x)], ["vectors"]))
    graph = helper.make_graph(
        builder.nodes,
        "all-MiniLM-L6-v2",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "tokens"]),
            helper.make_tensor_value_info("mask", TensorProto.INT32, ["texts", "tokens"]),
        ],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", HIDDEN])],
        list(builder.constants.values()),
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)
