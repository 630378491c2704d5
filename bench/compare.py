#!/usr/bin/env python3
"""Runs ddpm4j and PyTorch in turn, as whole processes, and prints medians and their ratio as a table.

Needs PyTorch for the peer's side, and `mvn -q -Pbench -DskipTests package` for ours.

    python3 bench/compare.py train forward ddim sampling
    python3 bench/compare.py train --rounds 5 -- --size 28 --batch 32
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # of ONNX Runtime, in whatever is started here
HERE = os.path.dirname(os.path.abspath(__file__))
JAVA = os.path.join(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else "java"
CLASSPATH = os.path.join(HERE, "target", "classes") + os.pathsep + os.path.join(HERE, "target", "lib", "*")
SUITES = {
    "train": ("Train step, ms", "TrainStepTime", "train_step.py"),
    "forward": ("Forward pass, ms", "ForwardTime", "forward.py"),
    "ddim": ("DDIM, 50 steps of 16 images, ms", "DdimTime", "ddim.py"),
    "sampling": ("Sampling, wall / session", "SamplingLoopTime", None),
}


def lines(command):
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=os.path.join(HERE, "pytorch"))
    return [float(x) for x in done.stdout.split()]


NETWORK = ("--size", "--channels", "--image-channels", "--groups")


def assert_agreement(options):
    """Both sides must compute the same before their times mean anything."""
    network = [x for i in range(0, len(options) - 1, 2) if options[i] in NETWORK for x in options[i:i + 2]]
    with tempfile.TemporaryDirectory() as folder:
        network += ["--out", os.path.join(folder, "agreement.safetensors")]
        subprocess.run([JAVA, "-cp", CLASSPATH, "io.ddpm4j.bench.Agreement", *network], check=True)
        subprocess.run([sys.executable, "agreement.py", *network], check=True, cwd=os.path.join(HERE, "pytorch"),
                       stdout=sys.stderr)


def main():
    own, options = sys.argv[1:], []
    if "--" in own:
        split = own.index("--")
        own, options = own[:split], own[split + 1:]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", nargs="+", choices=SUITES)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args(own)
    if any(SUITES[suite][2] for suite in args.suite):
        assert_agreement(options)
    print("| what | options | ddpm4j, median | PyTorch, median | ratio | rounds' ratios |")
    print("|---|---|---|---|---|---|")
    for suite in args.suite:
        title, ours, peer = SUITES[suite]
        mine, theirs, ratios = [], [], []
        for _ in range(args.rounds):
            a = lines([JAVA, "-cp", CLASSPATH, "io.ddpm4j.bench." + ours, *options])
            mine += a
            if peer:
                b = lines([sys.executable, peer, *options])
                theirs += b
                ratios.append(statistics.median(a) / statistics.median(b))
        cells = [title, " ".join(options) or "default", f"{statistics.median(mine):.4g}"]
        if peer:
            cells += [f"{statistics.median(theirs):.4g}", f"{statistics.median(mine) / statistics.median(theirs):.3f}",
                      " ".join(f"{r:.3f}" for r in ratios)]
        else:
            cells += ["", "", ""]
        print("| " + " | ".join(cells) + " |", flush=True)


main()
