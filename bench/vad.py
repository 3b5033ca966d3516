"""Voice detection beside onnxruntime: CPU time of a chunk of 32 ms, alone and in batches of 64, and its instructions.

usage: ./dev bench vad [RECORDING.wav]      (16 kHz, 16 bits, mono; Debian's pocketsphinx-testdata has the default)

Both compute the same chunks in the same run, by turns, one thread each; medians over the rounds. onnxruntime is timed as Python
calls it ("run") and, alone, also with its inputs and outputs bound beforehand ("bound"), which leaves out what Python costs.
The probabilities are compared as well: a fast wrong answer is no answer. The last line is one JSON object; its "goal" says how many
times faster than "run" we mean to be at 8 kHz, and whether we are. When not, the exit status is 1.
"""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import wave

import numpy as np
import onnxruntime

RECORDING = "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0870.wav"
ROUNDS = 9
BATCH = 64
COUNTED_CHUNKS = 8  # callgrind is fifty times slower
ALLOWED_APART = 1e-4
GOAL = {"alone": 8, "batch": 4}  # ratios to onnxruntime as it is called, at 8 kHz
JUDGED = ("avx2", "avx512")


def stop(text):
    sys.exit("bench vad: " + text)


def from_env(name):
    value = os.environ.get(name)
    if not value or not os.path.exists(value):
        stop("%s is not set or not there (%s); run ./dev bench vad" % (name, value))
    return value


# ---- sound ------------------------------------------------------------------------------------------------------


def read_16k(path):
    if not os.path.exists(path):
        stop("%s is not there: install pocketsphinx-testdata or name a recording" % path)
    with wave.open(path) as w:
        if (w.getframerate(), w.getnchannels(), w.getsampwidth()) != (16000, 1, 2):
            stop("%s: 16 kHz, mono, 16 bits are expected" % path)
        return np.frombuffer(w.readframes(w.getnframes()), "<i2")


def halve(x):
    padded = np.concatenate([[0], x, [0, 0]]).astype(np.int64)
    left, middle, right = (padded[i : i + len(x) // 2 * 2 : 2] for i in range(3))
    return ((left + 2 * middle + right + 2) >> 2).astype("<i2")


def write_wav(path, samples, rate):
    with wave.open(path, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(rate)
        w.writeframes(samples.tobytes())


# ---- onnxruntime ------------------------------------------------------------------------------------------------


class Reference:
    """Chunks with their context, prepared beforehand, so that only the network is timed."""

    def __init__(self, model, samples, rate):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.rate = np.array(rate, np.int64)
        size, context = rate * 32 // 1000, rate // 250
        count = len(samples) // size
        floats = np.concatenate([np.zeros(context), samples[: count * size] / 32768]).astype(np.float32)
        self.chunks = np.stack([floats[i * size : i * size + context + size] for i in range(count)])

    def step(self, given, state):
        return self.session.run(None, {"input": given, "state": state, "sr": self.rate})

    def probabilities(self):
        state = np.zeros((2, 1, 128), np.float32)
        for i in range(len(self.chunks)):
            prob, state = self.step(self.chunks[i : i + 1], state)
            yield float(prob[0, 0])

    def time_alone(self):
        state = np.zeros((2, 1, 128), np.float32)
        start = time.process_time_ns()
        for i in range(len(self.chunks)):
            _, state = self.step(self.chunks[i : i + 1], state)
        return (time.process_time_ns() - start) / len(self.chunks)

    def time_bound(self):
        value = onnxruntime.OrtValue.ortvalue_from_numpy
        binding = self.session.io_binding()
        binding.bind_ortvalue_input("input", value(self.chunks[len(self.chunks) // 2][None]))
        binding.bind_ortvalue_input("state", value(np.zeros((2, 1, 128), np.float32)))
        binding.bind_ortvalue_input("sr", value(self.rate))
        binding.bind_ortvalue_output("output", value(np.zeros((1, 1), np.float32)))
        binding.bind_ortvalue_output("stateN", value(np.zeros((2, 1, 128), np.float32)))
        start = time.process_time_ns()
        for _ in range(len(self.chunks)):
            self.session.run_with_iobinding(binding)
        return (time.process_time_ns() - start) / len(self.chunks)

    def time_batch(self, steps=20):
        places = np.arange(BATCH) * 7
        batches = [self.chunks[(places + i) % len(self.chunks)] for i in range(steps)]
        state = np.zeros((2, BATCH, 128), np.float32)
        start = time.process_time_ns()
        for given in batches:
            _, state = self.step(given, state)
        return (time.process_time_ns() - start) / (steps * BATCH)


# ---- ours -------------------------------------------------------------------------------------------------------


class Ours:
    def __init__(self, binary, model, path):
        self.command = [binary, "vad", path, "--json", "--set", "vad.model_file=" + model]

    def run(self, *flags, before=()):
        done = subprocess.run([*before, *self.command, *flags], capture_output=True, text=True, check=False)
        if done.returncode:
            stop("%s: status %d\n%s%s" % (" ".join(done.args), done.returncode, done.stdout, done.stderr))
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def probabilities(self, *flags):
        return [line["prob"] for line in self.run(*flags)[0]]

    def time(self, rounds, *flags):
        return self.run("--bench", str(rounds), *flags)[0][0]

    def instructions(self, *flags):
        """Of one chunk, by the difference of two lengths: what starting costs falls away."""
        if not shutil.which("valgrind"):
            return None
        totals, chunks = [], []
        for rounds in ("1", "3"):
            with tempfile.TemporaryDirectory() as folder:
                before = ("valgrind", "--tool=callgrind", "--callgrind-out-file=" + folder + "/out")
                lines, said = self.run("--bench", rounds, *flags, before=before)
            found = re.search(r"Collected : (\d+)", said)
            if not found:
                stop("callgrind said nothing of instructions:\n" + said)
            totals.append(int(found.group(1)))
            chunks.append(lines[0]["steps"] * max(1, lines[0]["batch"]))
        return round((totals[1] - totals[0]) / (chunks[1] - chunks[0]))


# ---- the comparison ---------------------------------------------------------------------------------------------


def apart(ours, reference):
    wanted = list(reference.probabilities())
    worst = 0.0
    for flags in ((), ("--batch", str(BATCH))):
        got = ours.probabilities(*flags)
        if len(got) != len(wanted):
            stop("%d chunks instead of %d" % (len(got), len(wanted)))
        worst = max(worst, max(abs(a - b) for a, b in zip(got, wanted)))
    if worst > ALLOWED_APART:
        stop("probabilities are up to %g apart" % worst)
    return worst


def compare(ours, reference):
    reference.time_alone()  # warm
    kinds = {
        "ort_alone_ns": reference.time_alone,
        "alone_ns": lambda: ours.time(20)["ns_per_chunk"],
        "ort_bound_ns": reference.time_bound,
        "ort_batch_ns": reference.time_batch,
        "batch_ns": lambda: ours.time(2, "--batch", str(BATCH))["ns_per_chunk"],
    }
    times = {kind: [] for kind in kinds}
    for _ in range(ROUNDS):
        for kind, measure in kinds.items():
            times[kind].append(measure())
    result = {kind: round(statistics.median(values)) for kind, values in times.items()}
    result["alone_ratio"] = round(result["ort_alone_ns"] / result["alone_ns"], 2)
    result["alone_ratio_bound"] = round(result["ort_bound_ns"] / result["alone_ns"], 2)
    result["batch_ratio"] = round(result["ort_batch_ns"] / result["batch_ns"], 2)
    return result


def judge(isa, r):
    """Is the goal met, given the ratios of 8 kHz? met is None where it is not judged."""
    if isa not in JUDGED:
        return {**GOAL, "met": None, "why": "not judged: the goal is one for AVX2 or better, this processor gives us " + isa}
    return {**GOAL, "met": all(r[kind + "_ratio"] >= least for kind, least in GOAL.items())}


def status(goal):
    return 1 if goal["met"] is False else 0


def say(goal, r):
    if goal["met"] is None:
        print(goal["why"])
        return
    asked = ", ".join("%s %.2f (at least %d)" % (kind, r[kind + "_ratio"], least) for kind, least in GOAL.items())
    print("the goal at 8000 Hz is %s: %s" % ("met" if goal["met"] else "NOT met", asked))


def report(rate, isa, r):
    print("%d Hz, %s, at most %.1e apart" % (rate, isa, r["apart"]))
    row = "  %-14s %9s %9s %7s %s"
    print(row % ("", "ours µs", "ort µs", "ratio", "instructions"))
    for name, key in (("alone", "alone"), ("batch of %d" % BATCH, "batch")):
        times = tuple("%.2f" % (r[k] / 1000) for k in (key + "_ns", "ort_" + key + "_ns"))
        print(row % (name, *times, "%.1f" % r[key + "_ratio"], r[key + "_instructions"] or "no valgrind"))
    print(row % ("alone, bound", "", "%.2f" % (r["ort_bound_ns"] / 1000), "%.1f" % r["alone_ratio_bound"], ""))


def main():
    binary, models = from_env("CALLFUNNEL_BIN"), from_env("CALLFUNNEL_MODELS")
    model = os.path.join(models, "silero_vad.onnx")
    samples = read_16k(sys.argv[1] if len(sys.argv) > 1 else RECORDING)
    result = {"bench": "vad", "onnxruntime": onnxruntime.__version__, "rounds": ROUNDS, "batch": BATCH}
    with tempfile.TemporaryDirectory() as folder:
        for rate, sound in ((8000, halve(samples)), (16000, samples)):
            path = os.path.join(folder, "%d.wav" % rate)
            write_wav(path, sound, rate)
            ours, reference = Ours(binary, model, path), Reference(model, sound, rate)
            result["isa"] = ours.time(1)["isa"]
            r = {"apart": apart(ours, reference), **compare(ours, reference)}
            # callgrind knows no AVX-512: there the next best kernel is counted
            counted = "avx2" if result["isa"] == "avx512" else result["isa"]
            r["instructions_isa"] = counted
            write_wav(path, sound[: COUNTED_CHUNKS * rate * 32 // 1000], rate)
            r["alone_instructions"] = ours.instructions("--isa", counted)
            r["batch_instructions"] = ours.instructions("--isa", counted, "--batch", str(BATCH))
            result[str(rate)] = r
            report(rate, result["isa"], r)
    result["goal"] = judge(result["isa"], result["8000"])
    say(result["goal"], result["8000"])
    print(json.dumps(result))
    return status(result["goal"])


if __name__ == "__main__":
    sys.exit(main())
