"""What `callfunnel serve` takes: from the start to the ready line, memory at rest, and how soon what was killed is back.

usage: python3 bench/serve.py [--rounds N]     (the program: CALLFUNNEL_BIN or build/release/callfunnel)

First starts make keys (RSA, of which some are found sooner than others), second ones find everything there. Memory is the proportional set size of all
processes, a few seconds after the second start, no call ever taken; looking at it takes root, as they show theirs to nobody else. A process is back when its run
file says that it is ready. Medians, least and most; the last line is JSON. Ends with status 1 when not even one second start took less than 300 ms, not one
first start less than 1.5 s (a busy machine only makes them longer), or memory is over 45 MB.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMITS = {"first_ms": 1500, "second_ms": 300, "memory_kb": 45 * 1024}


class Serve:
    def __init__(self, binary, folder, model):
        self.folder = folder
        began = time.monotonic()
        self.process = subprocess.Popen([binary, "serve", "--json", "--data", folder / "data", "--listen", "127.0.0.1:0", "--set", f"vad.model_file={model}"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        line = self.process.stdout.readline()
        self.ms = (time.monotonic() - began) * 1000
        if b'"ready":true' not in line:
            sys.exit("bench serve: it does not start: " + line.decode())
        self.ready = json.loads(line)

    def memory_kb(self):
        pids = [self.ready["pid"], *(p["pid"] for p in self.ready["processes"])]
        return [int(re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M).group(1)) for pid in pids]

    def facts(self, name):
        try:
            return json.loads((self.folder / "data" / "run" / f"{name}.json").read_text())
        except json.JSONDecodeError:
            return {"pid": 0, "ready": False}

    def back_ms(self, name):
        dead = self.facts(name)["pid"]
        began = time.monotonic()
        os.kill(dead, signal.SIGKILL)
        while (facts := self.facts(name))["pid"] == dead or not facts["ready"]:
            if time.monotonic() - began > 30:
                sys.exit(f"bench serve: {name} does not come back")
            time.sleep(0.001)
        return (time.monotonic() - began) * 1000

    def stop(self):
        self.process.terminate()
        if self.process.wait(timeout=60):
            sys.exit("bench serve: it did not stop in good order")


def measure(binary, model, rounds):
    found = {"first_ms": [], "second_ms": [], "memory_kb": [], "worker_back_ms": [], "conductor_back_ms": []}
    for _ in range(rounds):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="callfunnel-bench-"))
        try:
            serve = Serve(binary, folder, model)
            found["first_ms"].append(serve.ms)
            serve.stop()
            serve = Serve(binary, folder, model)
            found["second_ms"].append(serve.ms)
            time.sleep(3)  # what a start still does by itself is over
            found["memory_kb"].append(sum(serve.memory_kb()))
            found["worker_back_ms"].append(serve.back_ms("w1"))
            found["conductor_back_ms"].append(serve.back_ms("conductor"))
            serve.stop()
        finally:
            shutil.rmtree(folder)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    binary = os.environ.get("CALLFUNNEL_BIN", str(ROOT / "build" / "release" / "callfunnel"))
    model = pathlib.Path(os.environ.get("CALLFUNNEL_MODELS", str(ROOT / "build" / "models"))) / "silero_vad.onnx"
    found = measure(binary, model, options.rounds)
    figures = {name: {"median": round(statistics.median(values)), "least": round(min(values)), "most": round(max(values))} for name, values in found.items()}
    for name, f in figures.items():
        print(f"{name:18} median {f['median']:6}   {f['least']:6} to {f['most']:6}")
    over = [name for name, limit in LIMITS.items() if figures[name]["least"] > limit]
    print(json.dumps({"bench": "serve", "rounds": options.rounds, "load": os.getloadavg()[0], **figures, "over": over}))
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main()
