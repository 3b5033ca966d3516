"""What is needed to understand a round of test_kills.py that failed, as text: who died when, what the outside saw around it, the calls' lines, how far each
worker's journal came, and the log. Everything that it can get; what is not there is said to be missing."""
import json
import subprocess

from conftest import BINARY

AROUND_S = 3        # of each death
LOG_LINES = 200


def place(row):
    """One thing that the outside saw; a stretch of frames is one of them."""
    _, _, kind, value = row
    if kind == "line":
        return f"line {value['epoch']}.{value['sequence']}.{value['part']} {value['type']} {value.get('text', '')!r}"
    return f"{kind} {value}"


def outside(rows, deaths):
    """(seconds of this call's line, what) around the deaths, frames counted."""
    began = next((row[0] for row in rows if row[2] == "sent"), rows[0][0] if rows else 0)
    near = [row for row in rows if any(abs(row[0] - death.at) < AROUND_S for death in deaths)]
    marks = [(death.at - began, f"*** {death.name} is killed") for death in deaths]
    told, frames = [], {}
    for row in near:
        if row[2] in ("sent", "media"):
            first, count, _ = frames.get(row[2], (row[0], 0, 0))
            frames[row[2]] = first, count + 1, row[0]
            continue
        told.append((row[0] - began, place(row)))
    told += [(first - began, f"{count} frames {kind}, the last at {last - began:.3f}") for kind, (first, count, last) in frames.items()]
    return began, sorted(told + marks, key=lambda one: one[0])


def words_of(line):
    more = {k: v for k, v in line.items() if k not in ("call", "tenant_id", "epoch", "sequence", "part", "at_ms", "type")}
    return f"{line['epoch']}.{line['sequence']}.{line['part']} {line['at_ms']:>9} {line['type']:<12} {json.dumps(more)[:160]}"


def of_caller(caller, deaths):
    """As much as was read of this call until now."""
    rows = caller.ledger.of(caller.who)
    began, told = outside(rows, deaths)
    lines = list(caller.follower.lines) if caller.follower else []
    yield f"{caller.who} ({caller.kind}), call {caller.follower.name if caller.follower else 'never found'}: over {caller.follower and caller.follower.is_over}"
    yield f"  what the outside saw within {AROUND_S} s of a death, in seconds since its first frame:"
    yield from (f"    {at:8.3f} {what}" for at, what in told)
    gone = [row for row in rows if row[2] == "sent"]
    yield from (f"    stream {stream}: first frame at {min(at for at, _, _, s in gone if s == stream) - began:.3f}, last at {max(at for at, _, _, s in gone if s == stream) - began:.3f}"
                for stream in sorted({row[3] for row in gone}))
    yield f"  its {len(lines)} lines (epoch.sequence.part, ms):"
    yield from ("    " + words_of(line) for line in lines)


def of_journals(data):
    """How far each worker's journal came, call by call."""
    for folder in sorted((data / "journal").glob("*")):
        done = subprocess.run([BINARY, "journal", "list", str(folder)], capture_output=True, text=True, timeout=60, check=False)
        yield f"journal of {folder.name}, exit status {done.returncode}:"
        yield from ("    " + line for line in (done.stdout + done.stderr).splitlines())


def report(title, complaints, one, deaths):
    """`one`: the round, as far as it came."""
    yield title
    yield from (f"  - {complaint}" for complaint in complaints)
    yield from (f"  {death.name} died; back after {death.back_s:.2f} s; by then {({who: len(lines) for who, lines in death.lines.items()})} lines were read" for death in deaths)
    for caller in (getattr(one, "victim", None), getattr(one, "other", None)):
        yield from of_caller(caller, deaths) if caller else ["a caller was never made"]
    yield from of_journals(one.house.data)
    yield "the log, its end:"
    yield from ("    " + line for line in one.house.errors().splitlines()[-LOG_LINES:])
