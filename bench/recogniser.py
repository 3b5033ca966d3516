"""The offline recogniser over recordings: what it accepts inside the grammar and refuses outside; and the fit of its weights.

./dev bench recogniser          measures (both halves, apart) with the weights in the program
... --fit                       fits weights on half A by logistic regression, puts the threshold by all outside, prints them and what they do
The table of recordings is tests/vectors/recogniser.tsv. The last line is JSON.
"""
import argparse
import json
import math
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMES = ("lead_worst", "lead", "missed", "words", "one")


def run():
    program = pathlib.Path(os.environ["CALLFUNNEL_BIN"]).parent / "bench_recogniser"
    vectors = ROOT / "tests" / "vectors"
    done = subprocess.run([program, vectors / "recogniser.json", vectors / "recogniser.tsv"], stdout=subprocess.PIPE, check=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def features(row):
    """As confidence.c has them."""
    lead, worst, phones, missed, _ = row["measures"]
    return [worst / 10, lead / 10, missed / max(phones, 1), min(len(row["heard"].split()), 8), 1.0]


def fit(rows, rounds=6000, rate=0.3, decay=1e-3):
    """Logistic regression by plain gradient descent; inside and outside count the same."""
    rows = [row for row in rows if row["heard"]]
    share = {kind: sum(row["inside"] == kind for row in rows) for kind in (True, False)}
    points = [(features(row), 1.0 if row["inside"] else 0.0, 0.5 / share[row["inside"]]) for row in rows]
    weights = [0.0] * len(NAMES)
    for _ in range(rounds):
        slope = [decay * w for w in weights]
        for x, y, weight in points:
            wrong = 1 / (1 + math.exp(-max(-50, min(50, sum(w * v for w, v in zip(weights, x)))))) - y
            for i, v in enumerate(x):
                slope[i] += weight * wrong * v
        weights = [w - rate * s for w, s in zip(weights, slope)]
    return weights


def place(weights, rows, refused=0.9):
    """Moves the last weight so that this share of what lies outside is refused."""
    scores = sorted(sum(w * v for w, v in zip(weights, features(row))) if row["heard"] else -99 for row in rows if not row["inside"])
    weights[-1] -= scores[min(len(scores) - 1, int(refused * len(scores)))] + 1e-6
    return weights


def measure(rows, accepts):
    inside = [row for row in rows if row["inside"]]
    outside = [row for row in rows if not row["inside"]]
    taken = [row for row in inside if accepts(row)]
    return {
        "inside": len(inside), "outside": len(outside),
        "accepted": round(len(taken) / len(inside), 3),
        "right": round(sum(row["heard"] == row["words"] for row in taken) / len(inside), 3),
        "right_before_refusal": round(sum(row["heard"] == row["words"] for row in inside) / len(inside), 3),
        "refused": round(sum(not accepts(row) for row in outside) / len(outside), 3),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--from", dest="source", help="lines of an earlier run")
    options = parser.parse_args()
    rows = [json.loads(line) for line in open(options.source)] if options.source else run()
    half = {name: [row for row in rows if row["half"] == name] for name in "AB"}
    result = {name: measure(half[name], lambda row: row["confidence"] >= 0.5) for name in "AB"}
    if options.fit:
        weights = place(fit(half["A"]), rows)
        print("fitted on A (the first two and the program's differ by a factor of 10):", ", ".join("%s %.3f" % pair for pair in zip(NAMES, weights)))
        accepts = lambda row: bool(row["heard"]) and sum(w * v for w, v in zip(weights, features(row))) >= 0
        result["fitted"] = {name: measure(half[name], accepts) for name in "AB"}
    result["processor_per_second"] = round(sum(row["processor_s"] for row in rows) / sum(row["sound_s"] for row in rows), 3)
    for name, value in result.items():
        print(name, value)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
