"""Products with int8 weights: which are replaced, and that they give what floats give."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession

from api.domain.organisation.int8 import BLOCK, with_int8_products
from api.domain.organisation.onnx import model_file

COLUMNS = 24


def a_model(
    weight: npt.NDArray[np.int8], scales: npt.NDArray[np.float32], file: Path
) -> onnx.ModelProto:
    """``y = x @ (weight * scales)``, as the model that comes with the product has it."""
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["weight"], ["cast"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["cast", "scales"], ["scaled"]),
            helper.make_node("MatMul", ["x", "scaled"], ["y"]),
        ],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", weight.shape[0]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", weight.shape[1]])],
        [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(scales, "scales")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, str(file))
    return model


def run(model: bytes, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    session = InferenceSession(model, providers=["CPUExecutionProvider"])
    found: npt.NDArray[np.float32] = session.run(["y"], {"x": x})[0]
    return found


@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 5), blocks=st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_a_product_is_what_it_was(
    tmp_path_factory: pytest.TempPathFactory, seed: int, rows: int, blocks: int
) -> None:
    draw = np.random.default_rng(seed)
    weight = draw.integers(-128, 128, (blocks * BLOCK, COLUMNS), np.int8)
    scales = draw.uniform(0.001, 0.02, (1, COLUMNS)).astype(np.float32)
    x = draw.normal(size=(rows, blocks * BLOCK)).astype(np.float32)
    file = tmp_path_factory.mktemp("model") / "model.onnx"
    as_floats = run(a_model(weight, scales, file).SerializeToString(), x)
    as_int8 = run(with_int8_products(file), x)
    exact = x.astype(np.float64) @ (weight * scales.astype(np.float64))
    # Each number of a block of x is off by half a step at most, of which 127 reach the largest.
    half_steps = np.abs(x).reshape(rows, blocks, BLOCK).max(axis=2) / 127 / 2
    by_block = np.abs(weight * scales).reshape(blocks, BLOCK, COLUMNS).sum(axis=1)
    rounding = 1e-5 * np.abs(exact).max()
    assert (np.abs(as_int8 - exact) <= half_steps @ by_block * 1.001 + rounding).all()
    np.testing.assert_allclose(as_floats, exact, atol=rounding)


def test_floats_are_gone_from_the_model_that_comes_with_the_product() -> None:
    before, after = (
        onnx.load(str(model_file())),
        onnx.load_from_string(with_int8_products(model_file())),
    )
    kinds = [node.op_type for node in after.graph.node]
    assert kinds.count("MatMulNBits") == 36, "six layers of six matrices"
    assert (
        kinds.count("MatMul") == [node.op_type for node in before.graph.node].count("MatMul") - 36
    )
    matrices = [
        each.name
        for each in after.graph.initializer
        if each.data_type == TensorProto.INT8 and each.dims[0] < 20_000
    ]
    assert len(matrices) <= 1, "no weight is there twice; positions are looked up, not multiplied"


@pytest.mark.parametrize("rows", [BLOCK - 1, BLOCK + 1])
def test_a_model_without_such_products_is_refused(tmp_path: Path, rows: int) -> None:
    file = tmp_path / "model.onnx"
    a_model(np.ones((rows, COLUMNS), np.int8), np.ones((1, COLUMNS), np.float32), file)
    with pytest.raises(ValueError, match="holds no product"):
        with_int8_products(file)


def test_a_scale_for_each_row_is_none_for_each_column(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    a_model(np.ones((BLOCK, COLUMNS), np.int8), np.ones((BLOCK, 1), np.float32), file)
    with pytest.raises(ValueError, match="holds no product"):
        with_int8_products(file)
