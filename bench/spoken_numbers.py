"""Numbers, amounts and days said in groups, with pauses between them: how many of their words the offline recogniser loses or mishears.

./dev bench spoken_numbers [--kind digits|amount|date] [--count 240] [--half A|B] [--voice recorded|flite] [--seed 1]
Half of them are pieces of one recorded voice put together, half synthetic (flite); A to tune on, B to report. The finals are asked for as a session does. The
last line is JSON.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOUNDS = "/usr/share/asterisk/sounds/en_US_f_Allison/digits"
WORDS = "zero one two three four five six seven eight nine".split()
WORDS += "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split()
TENS = {10 * i: word for i, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth".split()
DAYS = "sunday monday tuesday wednesday thursday friday saturday".split()
MONTHS = "january february march april may june july august september october november december".split()
LENGTHS = (4, 4, 4, 6, 10)
PAUSES_MS = {"digits": (200, 1200), "amount": (200, 550), "date": (200, 550)}  # a turn of the latter ends after 600 (turn.silence_ms)


def groups(random_, digits):
    """Cut into one to four digits each, two groups at least."""
    while True:
        left, out = list(digits), []
        while left:
            size = random_.randint(1, 4)
            out.append(left[:size])
            left = left[size:]
        if len(out) > 1:
            return out


def pieces_of_digits(random_):
    digits = [random_.randrange(10) for _ in range(random_.choice(LENGTHS))]
    return [[(str(digit), WORDS[digit]) for digit in group] for group in groups(random_, digits)]


def pieces_of_amount(random_):
    """Thousands, hundreds, tens and a unit: two of these at least."""
    unit = lambda: (lambda n: (str(n), WORDS[n]))(random_.randrange(1, 10))
    tens = random_.choice(sorted(TENS))
    parts = [[unit(), ("thousand", "thousand")], [unit(), ("hundred", "hundred")], [(str(tens), TENS[tens])] + [unit()] * random_.randrange(2)]
    without = random_.randrange(4)
    return parts[:without] + parts[without + 1:]


def pieces_of_date(random_):
    """A weekday and the day of a month, or a day and an hour."""
    weekday, month, ordinal, hour = random_.randrange(7), random_.randrange(12), random_.randrange(19), random_.randrange(1, 13)
    first = [(f"day-{weekday}", DAYS[weekday])] if random_.random() < 0.7 else [("tomorrow", "tomorrow")]
    if random_.random() < 0.5 and first[0][0] != "tomorrow":
        return [first, [(f"mon-{month}", MONTHS[month]), (f"h-{ordinal + 1}", ORDINALS[ordinal])]]
    return [first, [(str(hour), WORDS[hour])]]


PIECES = {"digits": pieces_of_digits, "amount": pieces_of_amount, "date": pieces_of_date}


def row(random_, kind, half, voice):
    parts = PIECES[kind](random_)
    path = ""
    for part in parts:
        path += f"+pause:{random_.randint(*PAUSES_MS[kind])}+" if path else ""
        path += "+".join(f"{SOUNDS}/{name}.wav" for name, _ in part) if voice == "recorded" else "flite:" + " ".join(word for _, word in part)
    return half, "inside", kind, path, " ".join(word for part in parts for _, word in part)


def errors(said, heard):
    """(lost, wrong, added) of the words, by the least edits."""
    best = [(j, 0, 0, j) for j in range(len(heard) + 1)]
    for i, word in enumerate(said, 1):
        last, best = best, [(i, i, 0, 0)]
        for j, other in enumerate(heard, 1):
            same = last[j - 1] if word == other else (last[j - 1][0] + 1, last[j - 1][1], last[j - 1][2] + 1, last[j - 1][3])
            lost = (last[j][0] + 1, last[j][1] + 1, last[j][2], last[j][3])
            added = (best[j - 1][0] + 1, best[j - 1][1], best[j - 1][2], best[j - 1][3] + 1)
            best.append(min(same, lost, added))
    return best[-1][1:]


def summary(rows):
    counts = [errors(row["words"].split(), row["told"].split()) for row in rows]
    lost, wrong, added = (sum(column) for column in zip(*counts))
    return {"numbers": len(rows), "right": sum(not any(count) for count in counts), "words": sum(len(row["words"].split()) for row in rows), "lost": lost, "wrong": wrong, "added": added}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=PIECES, default="digits")
    parser.add_argument("--count", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--half", choices="AB")
    parser.add_argument("--voice", choices=("recorded", "flite"))
    options = parser.parse_args()
    random_ = random.Random(options.seed)
    table = [(half, voice, row(random_, options.kind, half, voice)) for _ in range(options.count // 4) for half in "AB" for voice in ("recorded", "flite")]
    table = [entry for entry in table if options.half in (None, entry[0]) and options.voice in (None, entry[1])]
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as out:
        out.writelines("\t".join(line) + "\n" for _, _, line in table)
        out.flush()
        program = pathlib.Path(os.environ["CALLFUNNEL_BIN"]).parent / "bench_recogniser"
        done = subprocess.run([program, ROOT / "tests" / "vectors" / "recogniser.json", out.name, "--as-spoken"], stdout=subprocess.PIPE, check=True, text=True)
    rows = [dict(json.loads(line), voice=voice) for (_, voice, _), line in zip(table, done.stdout.splitlines(), strict=True)]
    for entry in rows:
        if entry["told"] != entry["words"]:
            print(f"{entry['half']} {entry['voice']}: {entry['words']} → {entry['told']}")
    result = {f"{half} {voice}": summary(part) for half in "AB" for voice in ("recorded", "flite")
              if (part := [entry for entry in rows if (entry["half"], entry["voice"]) == (half, voice)])}
    for name, value in result.items():
        print(name, value)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
