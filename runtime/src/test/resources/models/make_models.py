"""Writes the small models beside it: python3 make_models.py (needs the package onnx, nothing else).

out = 0.5 * sample + t / 1000 (+ 0.1 * label) (+ images / 100), which a test can compute by hand.
"""

import json
from pathlib import Path

import onnx
from onnx import TensorProto as T
from onnx import helper as h

HERE = Path(__file__).parent
SCHEDULER = {"_class_name": "DDPMScheduler", "num_train_timesteps": 20, "beta_start": 0.005,
             "beta_end": 0.5, "beta_schedule": "linear", "variance_type": "fixed_small"}


def model(name, *, timestep=(T.INT64, ["batch"]), image=("batch", 1, 4, 4), names=("sample", "timestep"),
          classes=(), labels=(T.INT64, ["batch"]), learned=None, counts=False, metadata=None, sample_type=T.FLOAT,
          types=None, unused=None, undefined_at_0=False, outputs=("out_sample",), out_shape=None, reshape=None):
    """types: of sample and output, around a network of sample_type. outputs: the prediction, then copies of it.
    learned: the constant by which the variance is a multiple of the prediction. counts: see above."""
    sample, t = names
    given, out_shape = sample, list(image if out_shape is None else out_shape)
    nodes, constants = [], [
        h.make_tensor("half", sample_type, [], [0.5]),
        h.make_tensor("thousand", sample_type, [], [1000.0]),
        h.make_tensor("column", T.INT64, [4], [-1, 1, 1, 1]),
    ]
    in_type, out_type = types or (sample_type, sample_type)
    inputs = [h.make_tensor_value_info(given, in_type, list(image)),
              h.make_tensor_value_info(t, timestep[0], timestep[1])]
    if in_type != sample_type:
        nodes.append(h.make_node("Cast", [given], ["cast_sample"], to=sample_type))
        sample = "cast_sample"
    nodes += [
        h.make_node("Mul", [sample, "half"], ["halved"]),
        h.make_node("Cast", [t], ["t_float"], to=sample_type),
        h.make_node("Reshape", ["t_float", "column"], ["t_column"]),
        h.make_node("Div", ["t_column", "thousand"], ["t_small"]),
        h.make_node("Add", ["halved", "t_small"], ["plain"]),
    ]
    last = "plain"
    if unused:  # a third input, which an Identity keeps in the graph
        inputs.append(h.make_tensor_value_info(unused[0], unused[1], unused[2]))
        nodes.append(h.make_node("Identity", [unused[0]], ["unused"]))
    if undefined_at_0:  # 0 / 0
        constants.append(h.make_tensor("zero", T.FLOAT, [], [0.0]))
        nodes += [h.make_node("Mul", ["t_column", "zero"], ["nothing"]),
                  h.make_node("Div", ["nothing", "t_column"], ["undefined"]),
                  h.make_node("Add", [last, "undefined"], ["spoilt"])]
        last = "spoilt"
    if classes:
        inputs.append(h.make_tensor_value_info("class_labels", *labels))
        constants.append(h.make_tensor("class_embedding", T.FLOAT, [len(classes)],
                                       [0.1 * k for k in range(len(classes))]))
        nodes += [h.make_node("Gather", ["class_embedding", "class_labels"], ["embedded"]),
                  h.make_node("Reshape", ["embedded", "column"], ["class_column"]),
                  h.make_node("Add", [last, "class_column"], ["classed"])]
        last = "classed"
    if counts:
        constants += [h.make_tensor("first", T.INT64, [], [0]), h.make_tensor("hundred", T.FLOAT, [], [100.0])]
        nodes += [h.make_node("Shape", [sample], ["extents"]),
                  h.make_node("Gather", ["extents", "first"], ["images"]),
                  h.make_node("Cast", ["images"], ["images_float"], to=T.FLOAT),
                  h.make_node("Div", ["images_float", "hundred"], ["images_small"]),
                  h.make_node("Add", [last, "images_small"], ["counted"])]
        last = "counted"
    if learned:
        if isinstance(out_shape[1], int):
            out_shape[1] *= 2
        constants.append(h.make_tensor("zero", T.FLOAT, [], [0.0]))
        nodes += [h.make_node("Mul", [last, learned], ["variance"]),
                  h.make_node("Concat", [last, "variance"], ["both"], axis=1)]
        last = "both"
    if reshape:  # to the shape that it has, in a way from which no checker finds out how many extents there are
        constants.append(h.make_tensor("all", T.BOOL, [4], [True] * 4))
        nodes += [h.make_node("Shape", [last], ["shape"]),
                  h.make_node("Compress", ["shape", "all"], ["same_shape"], axis=0),
                  h.make_node("Reshape", [last, "same_shape"], ["reshaped"])]
        last, out_shape = "reshaped", None
    for output in outputs:
        same = out_type == sample_type
        nodes.append(h.make_node("Identity", [last], [output]) if same else
                      h.make_node("Cast", [last], [output], to=out_type))
    graph = h.make_graph(nodes, name, inputs,
                         [h.make_tensor_value_info(output, out_type, out_shape) for output in outputs], constants)
    proto = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    for key, value in (metadata or {}).items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value if isinstance(value, str) else json.dumps(value)
    if out_shape is not None:  # the checker wants a shape for every output; ONNX Runtime does not
        onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, HERE / f"{name}.onnx")


def described(**more):
    return {"ddpm4j.format": "1", "ddpm4j.scheduler": SCHEDULER,
            "ddpm4j.image": {"channels": 1, "height": 4, "width": 4, "value_range": [-1, 1]},
            "ddpm4j.provenance": {"dataset": "none", "steps": 0, "seed": 1}, **more}


model("conditional", classes=("boot", "coat", "hat"),
      metadata=described(**{"ddpm4j.classes": ["boot", "coat", "hat"]}))
NULL_CLASS = {"ddpm4j.classes": ["boot", "coat", "hat"], "ddpm4j.null_class": 3}
for variant in ({"name": "guidable"}, {"name": "guidable_counting", "counts": True},
                {"name": "guidable_float", "timestep": (T.FLOAT, ["batch"])},
                {"name": "guidable_learned", "learned": "half"},
                {"name": "guidable_fixed", "image": (2, 1, 4, 4), "timestep": (T.INT64, [2]),
                 "labels": (T.INT64, [2])}):
    model(classes=("boot", "coat", "hat", "none"), metadata=described(**NULL_CLASS), **variant)
model("unconditional", metadata=described())
model("learned", learned="zero",
      metadata=described(**{"ddpm4j.scheduler": {**SCHEDULER, "variance_type": "learned_range"}}))
model("fixed_batch", image=(3, 1, 4, 4), timestep=(T.INT64, [3]), metadata=described())
model("open_size", image=("n", 1, "h", "w"))
model("scalar_int64", timestep=(T.INT64, []), names=("x", "t"))
model("one_int64", timestep=(T.INT64, [1]), names=("x", "t"))
model("scalar_float", timestep=(T.FLOAT, []), names=("input", "noise_level"))
model("vector_int32", timestep=(T.INT32, ["batch"]), names=("x", "t"))
model("matrix_double", timestep=(T.DOUBLE, ["batch", 1]), names=("t", "x"))
model("newer_format", metadata=described(**{"ddpm4j.format": "2"}))
model("bad_scheduler", metadata=described(**{"ddpm4j.scheduler": {**SCHEDULER, "beta_schedule": "cubic"}}))
model("bad_image", metadata=described(**{"ddpm4j.image": {"channels": 3, "height": 4, "width": 4}}))
model("double_image", sample_type=T.DOUBLE)
model("half", sample_type=T.FLOAT16)
model("half_timestep", sample_type=T.FLOAT16, timestep=(T.FLOAT16, []))
model("half_in", types=(T.FLOAT16, T.FLOAT), timestep=(T.FLOAT, ["batch"]))
model("half_out", types=(T.FLOAT, T.FLOAT16))
model("bfloat16", types=(T.BFLOAT16, T.BFLOAT16), timestep=(T.BFLOAT16, ["batch"]))
model("open_all", image=("n", "c", "h", "w"), timestep=(T.INT64, ["m"]))
model("open_learned", image=("n", "c", "h", "w"), out_shape=("n", "d", "h", "w"), learned="zero")
model("no_output_shape", reshape=True)
model("no_output_shape_learned", reshape=True, learned="zero")
model("fixed_timestep", timestep=(T.INT64, [3]))
model("two_outputs", outputs=("out_sample", "features"))
model("unclear_outputs", outputs=("a", "b"))
model("text_encoder", unused=("encoder_hidden_states", T.FLOAT, ["batch", 77, 16]))
model("two_images", unused=("condition", T.FLOAT, ["batch", 1, 4, 4]))
model("int32_labels", classes=("boot", "coat"), labels=(T.INT32, ["batch"]))
model("column_labels", classes=("boot", "coat"), labels=(T.INT64, ["batch", 1]))
model("scalar_label", classes=("boot", "coat"), labels=(T.INT64, []))
model("embedding", unused=("embedding", T.FLOAT, ["batch", 16]))
model("ambiguous", names=("x", "a"), unused=("b", T.INT64, ["batch"]))
model("undefined", undefined_at_0=True, metadata=described())

# No noise predictor: an image goes in, class scores come out.
classifier = h.make_graph(
    [h.make_node("ReduceMean", ["image"], ["scores"], axes=[2, 3], keepdims=0)], "classifier",
    [h.make_tensor_value_info("image", T.FLOAT, ["batch", 3, 8, 8])],
    [h.make_tensor_value_info("scores", T.FLOAT, ["batch", 3])])
onnx.save(h.make_model(classifier, opset_imports=[h.make_opsetid("", 17)], ir_version=8),
          HERE / "classifier.onnx")
