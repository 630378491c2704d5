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
          classes=(), learned=None, counts=False, metadata=None, sample_type=T.FLOAT, unused=None,
          undefined_at_0=False):
    sample, t = names
    out_shape = list(image)
    nodes, constants = [], [
        h.make_tensor("half", sample_type, [], [0.5]),
        h.make_tensor("thousand", sample_type, [], [1000.0]),
        h.make_tensor("column", T.INT64, [4], [-1, 1, 1, 1]),
    ]
    inputs = [h.make_tensor_value_info(sample, sample_type, list(image)),
              h.make_tensor_value_info(t, timestep[0], timestep[1])]
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
        inputs.append(h.make_tensor_value_info("class_labels", T.INT64, [image[0]]))
        constants.append(h.make_tensor("class_embedding", T.FLOAT, [len(classes)],
                                       [0.1 * k for k in range(len(classes))]))
        nodes += [h.make_node("Gather", ["class_embedding", "class_labels"], ["embedded"]),
                  h.make_node("Reshape", ["embedded", "column"], ["class_column"]),
                  h.make_node("Add", [last, "class_column"], ["classed"])]
        last = "classed"
    if counts:  # how many images there are, in hundredths
        constants += [h.make_tensor("first", T.INT64, [], [0]), h.make_tensor("hundred", T.FLOAT, [], [100.0])]
        nodes += [h.make_node("Shape", [sample], ["extents"]),
                  h.make_node("Gather", ["extents", "first"], ["images"]),
                  h.make_node("Cast", ["images"], ["images_float"], to=T.FLOAT),
                  h.make_node("Div", ["images_float", "hundred"], ["images_small"]),
                  h.make_node("Add", [last, "images_small"], ["counted"])]
        last = "counted"
    if learned:  # the constant by which the variance is the prediction's multiple
        out_shape[1] *= 2
        constants.append(h.make_tensor("zero", T.FLOAT, [], [0.0]))
        nodes += [h.make_node("Mul", [last, learned], ["variance"]),
                  h.make_node("Concat", [last, "variance"], ["out_sample"], axis=1)]
    else:
        nodes.append(h.make_node("Identity", [last], ["out_sample"]))
    graph = h.make_graph(nodes, name, inputs,
                         [h.make_tensor_value_info("out_sample", sample_type, out_shape)], constants)
    proto = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    for key, value in (metadata or {}).items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value if isinstance(value, str) else json.dumps(value)
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
                {"name": "guidable_fixed", "image": (2, 1, 4, 4), "timestep": (T.INT64, [2])}):
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
