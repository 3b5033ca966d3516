"""The offline recogniser over recordings: what it accepts inside the grammar and refuses outside; and the fit of its weights.

./dev bench recogniser          measures (both halves, apart) with the weights in the program
... --fit                       fits weights on half A by logistic regression, puts both thresholds by what lies outside there, prints them and what they do
The table of recordings is tests/vectors/recogniser.tsv. The last line is JSON.
"""
import argparse
import json
import math
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMES = ("fit", "lead", "middle", "single", "one")
SYNTHETIC = 3  # so much does one recording of the synthetic voice count: a voice that the model fits less


def run(table=None):
    program = pathlib.Path(os.environ["CALLFUNNEL_BIN"]).parent / "bench_recogniser"
    vectors = ROOT / "tests" / "vectors"
    done = subprocess.run([program, vectors / "recogniser.json", table or vectors / "recogniser.tsv"], stdout=subprocess.PIPE, check=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def run_plain():
    """What lies outside, half A, as the answer to a question for no number too: such rows are few."""
    rows = [line.split("\t") for line in open(ROOT / "tests" / "vectors" / "recogniser.tsv") if line.startswith("A\toutside")]
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as out:
        out.writelines("\t".join(row[:2] + ["yes_no"] + row[3:]) for row in rows if row[2] not in ("yes_no", "choice"))
        out.flush()
        return run(out.name)


def features(row):
    """As confidence.c has them."""
    fit, lead, middle, has_numbers = row["measures"]
    return [fit, lead, middle, float(not has_numbers and len(row["heard"].split()) == 1), 1.0]


def fit(rows, rounds=4000, rate=1.0, decay=1e-3):
    """Logistic regression by plain gradient descent; inside and outside count the same."""
    rows = [row for row in rows if row["heard"]]
    counts = [SYNTHETIC if row["synthetic"] else 1 for row in rows]
    share = {kind: sum(count for row, count in zip(rows, counts) if row["inside"] == kind) for kind in (True, False)}
    columns = list(zip(*map(features, rows)))[:-1]
    means = [sum(column) / len(rows) for column in columns]
    spreads = [math.sqrt(sum((v - mean) ** 2 for v in column) / len(rows)) for column, mean in zip(columns, means)]
    points = [([(v - mean) / spread for v, mean, spread in zip(features(row), means, spreads)] + [1.0], 1.0 if row["inside"] else 0.0, 0.5 * count / share[row["inside"]])
              for row, count in zip(rows, counts)]
    weights = [0.0] * len(NAMES)
    for _ in range(rounds):
        slope = [decay * w for w in weights[:-1]] + [0.0]
        for x, y, weight in points:
            wrong = 1 / (1 + math.exp(-max(-50, min(50, sum(w * v for w, v in zip(weights, x)))))) - y
            for i, v in enumerate(x):
                slope[i] += weight * wrong * v
        weights = [w - rate * s for w, s in zip(weights, slope)]
    weights[:-1] = [w / spread for w, spread in zip(weights, spreads)]
    weights[-1] -= sum(w * mean for w, mean in zip(weights, means))
    return weights


def score(weights, row):
    return sum(w * v for w, v in zip(weights, features(row))) if row["heard"] else -99


def place(weights, rows, has_numbers, refused):
    """What to take from the last weight so that this share of what lies outside of such a grammar is refused."""
    scores = sorted(score(weights, row) for row in rows if not row["inside"] and bool(row["measures"][3]) == has_numbers)
    return scores[min(len(scores) - 1, int(refused * len(scores)))] + 1e-6


def share(count, of):
    return round(count / len(of), 3) if of else None


def measure(rows, accepts):
    inside = [row for row in rows if row["inside"]]
    outside = [row for row in rows if not row["inside"]]
    taken = [row for row in inside if accepts(row)]
    return {
        "inside": len(inside), "outside": len(outside),
        "accepted": share(len(taken), inside),
        "right": share(sum(row["heard"] == row["words"] for row in taken), inside),
        "right_before_refusal": share(sum(row["heard"] == row["words"] for row in inside), inside),
        "refused": share(sum(not accepts(row) for row in outside), outside),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--refused", type=float, default=0.9, help="share of what lies outside")
    parser.add_argument("--from", dest="source", help="lines of an earlier run")
    options = parser.parse_args()
    rows = [json.loads(line) for line in open(options.source)] if options.source else run()
    half = {name: [row for row in rows if row["half"] == name] for name in "AB"}
    accepted = lambda row: row["confidence"] >= 0.5
    result = {name: measure(half[name], accepted) for name in "AB"}
    kinds = list(dict.fromkeys(row["question"] for row in rows))
    result.update({f"B {voice} {kind}": measure([row for row in half["B"] if row["question"] == kind and row["synthetic"] == (voice == "flite")], accepted)
                   for voice in ("recorded", "flite") for kind in kinds})
    if options.fit:
        learnt = half["A"] + ([] if options.source else run_plain())
        weights = fit(learnt)
        limits = {has_numbers: place(weights, learnt, has_numbers, options.refused) for has_numbers in (True, False)}
        print("fitted on A:", ", ".join("%s %.4f" % pair for pair in zip(NAMES, weights)), "less %.2f with numbers, %.2f without" % (limits[True], limits[False]))
        accepts = lambda row: score(weights, row) >= limits[bool(row["measures"][3])]
        result["fitted"] = {name: measure(half[name], accepts) for name in "AB"}
    result["processor_per_second"] = round(sum(row["processor_s"] for row in rows) / sum(row["sound_s"] for row in rows), 3)
    for name, value in result.items():
        print(name, value)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
