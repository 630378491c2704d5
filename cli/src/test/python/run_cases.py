"""Runs the cases of a folder in a runtime that has a Python interface:

    python3 run_cases.py onnxruntime|reference|opencv FOLDER

FOLDER/cases.json is a list of model (a file), inputs, output and, where a network is sampled from,
sampling. Prints as JSON the runtime's version and for each case the output and the milliseconds
that it took, or under "refused" why the runtime does not load the model.
"""

import json
import os
import sys
import time

import numpy as np


class OnnxRuntime:
    def __init__(self):
        import onnxruntime

        self.module = onnxruntime
        self.version = onnxruntime.__version__

    def load(self, path):
        session = self.module.InferenceSession(path, providers=["CPUExecutionProvider"])
        return lambda feeds, output: session.run([output], feeds)[0]


class Reference:
    """ONNX's own evaluator, in NumPy: what operators mean, at whatever speed."""

    is_slow = True

    def __init__(self):
        import onnx
        from onnx.reference import ReferenceEvaluator

        self.evaluator = ReferenceEvaluator
        self.version = onnx.__version__

    def load(self, path):
        model = self.evaluator(path)
        return lambda feeds, output: model.run([output], feeds)[0]


class OpenCv:
    def __init__(self):
        import cv2

        self.module = cv2
        self.version = cv2.__version__

    def load(self, path):
        net = self.module.dnn.readNetFromONNX(path, self.module.dnn.ENGINE_NEW)

        def run(feeds, output):
            for name, value in feeds.items():
                net.setInput(value, name)
            return net.forward(output)

        return run


RUNTIMES = {"onnxruntime": OnnxRuntime, "reference": Reference, "opencv": OpenCv}


def evaluate(model, feeds, case):
    return model(feeds, case["output"])


def sample(model, feeds, case):
    """Follows the table of a deterministic method: weighted sums of x, the output, and x_0."""
    x = feeds["sample"]
    low, high = case["sampling"]["clip"]
    for step in case["sampling"]["table"]:
        feeds["sample"] = x
        feeds["timestep"] = np.full(len(x), step["timestep"], np.int64)
        output = model(feeds, case["output"])
        x0 = step["x0"]["x"] * x + step["x0"]["output"] * output
        weights = step["next"]
        x = weights["x"] * x + weights["output"] * output
        x += weights["predictedX0"] * np.clip(x0, low, high)
    return x


def run(runtime, case, folder):
    is_slow = getattr(runtime, "is_slow", False)
    feeds = {}
    for name, each in case["inputs"].items():
        value = np.array(each["values"], each["type"]).reshape(each["shape"])
        feeds[name] = value[:1] if is_slow and value.ndim else value  # the first image alone
    call = sample if case.get("sampling") else evaluate
    try:
        model = runtime.load(os.path.join(folder, case["model"]))
        if not is_slow:  # the first time takes longer
            call(model, dict(feeds), case)
    except Exception as e:
        return {"refused": str(e)}
    begin = time.perf_counter()
    values = call(model, dict(feeds), case)
    seconds = time.perf_counter() - begin
    return {"values": np.asarray(values).ravel().tolist(), "milliseconds": 1000 * seconds}


def main():
    name, folder = sys.argv[1:]
    runtime = RUNTIMES[name]()
    with open(os.path.join(folder, "cases.json"), encoding="utf-8") as file:
        cases = json.load(file)
    results = [run(runtime, case, folder) for case in cases]
    print(json.dumps({"version": runtime.version, "results": results}))


main()
