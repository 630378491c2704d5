#!/usr/bin/env python3
"""Runs ddpm4j and PyTorch in turn, as whole processes, and prints medians and their ratio as a table.

Needs PyTorch for the peer's side, and `mvn -q -Pbench -DskipTests package` for ours.

    python3 bench/compare.py train forward ddim sampling
    python3 bench/compare.py train --rounds 5 -- --size 28 --batch 32
    python3 bench/compare.py networks

`networks` times the train step of four networks, with the peak memory of either process, and our start.
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


NETWORKS = {
    "28x28x1, 1.1 million": ["--size", "28"],
    "32x32x3, 1.1 million": ["--image-channels", "3"],
    "32x32x3, 9.9 million": ["--image-channels", "3", "--channels", "96,192,192"],
    "64x64x3, 4.4 million, batch 8": ["--size", "64", "--image-channels", "3", "--channels", "64,128,128", "--batch", "8"],
}


def run(command):
    """The numbers that a process prints, and its peak memory in MiB."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=os.path.join(HERE, "pytorch")) as process:
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    return [float(x) for x in printed.split()], usage.ru_maxrss / 1024


def lines(command):
    return run(command)[0]


NETWORK = ("--size", "--channels", "--image-channels", "--groups")


def assert_agreement(options):
    """Both sides must compute the same before their times mean anything."""
    network = [x for i in range(0, len(options) - 1, 2) if options[i] in NETWORK for x in options[i:i + 2]]
    with tempfile.TemporaryDirectory() as folder:
        network += ["--out", os.path.join(folder, "agreement.safetensors")]
        subprocess.run([JAVA, "-cp", CLASSPATH, "io.ddpm4j.bench.Agreement", *network], check=True)
        subprocess.run([sys.executable, "agreement.py", *network], check=True, cwd=os.path.join(HERE, "pytorch"),
                       stdout=sys.stderr)


def networks(rounds, options):
    print("| network | ddpm4j, ms | PyTorch, ms | ratio | rounds' ratios | ddpm4j, MiB | PyTorch, MiB | ratio "
          "| session, s | first step, s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    ours = [JAVA, "-cp", CLASSPATH, "io.ddpm4j.bench.TrainStepTime"]
    for name, network in NETWORKS.items():
        network = network + options
        assert_agreement(network)
        mine, theirs, ratios, memory, their_memory = [], [], [], 0, 0
        for _ in range(rounds):
            a, peak = run(ours + network)
            mine += a
            memory = max(memory, peak)
            b, peak = run([sys.executable, "train_step.py", *network])
            theirs += b
            their_memory = max(their_memory, peak)
            ratios.append(statistics.median(a) / statistics.median(b))
        starts = [lines(ours + network + ["--start", "1"]) for _ in range(rounds)]
        a, b = statistics.median(mine), statistics.median(theirs)
        cells = [name, f"{a:.4g}", f"{b:.4g}", f"{a / b:.3f}", " ".join(f"{r:.3f}" for r in ratios), f"{memory:.0f}",
                 f"{their_memory:.0f}", f"{memory / their_memory:.2f}"]
        cells += [f"{statistics.median(start[i] for start in starts):.1f}" for i in range(2)]
        print("| " + " | ".join(cells) + " |", flush=True)


def main():
    own, options = sys.argv[1:], []
    if "--" in own:
        split = own.index("--")
        own, options = own[:split], own[split + 1:]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", nargs="+", choices=[*SUITES, "networks"])
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args(own)
    if "networks" in args.suite:
        networks(args.rounds, options)
        args.suite.remove("networks")
    if not args.suite:
        return
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
