"""Deaths of the program, and a judge of what they cost.

A *life* is one run of `callfunnel simulate --disk DIR` that may be killed with SIGKILL. What the world was told comes out of it through
pipes, so that no death can take it back: the ledger (one line a fact, docs/simulation.md) and the trace (one line a step of the call).
The judge reads the folder with the commands that an operator has (journal verify and dump, show, replay, recording) and knows
otherwise only the file header that docs/journal.md draws.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import threading

from conftest import BINARY, aside

KINDS = ("write", "fsync", "rename", "dispatch")
EVENT_LIMIT_US = 200_000   # DESIGN.md: an event is synced at most so long after it happened
AUDIO_LIMIT_MS = 1_000     # ... and audio


class Facts:
    """What the world was told, over one or several lives in one folder."""

    def __init__(self):
        self.durable = {}     # (call, epoch): every record up to this sequence
        self.dispatches = {}  # call: how many
        self.effects = []     # (call, turn, index, name)
        self.steps = {}       # call: what happened, step by step
        self.ended = set()    # calls that went to their end
        self.deaths = 0
        self.failures = 0     # writes and syncs that were made to fail: each may leave an end that never was durable
        self.slow = set()     # calls whose disk may have been slow by intent
        self.complaints = []

    def calls(self):
        return list(dict.fromkeys(call for call, _ in self.durable))

    def add_ledger(self, text):
        """The calls that began, in order."""
        began = []
        for line in text.splitlines():
            call, what, *rest = line.split(" ", 4)
            if what == "epoch":
                self.durable.setdefault((call, int(rest[0])), 0)
                if call not in began:
                    began.append(call)
            elif what == "durable":
                key = call, int(rest[0])
                if int(rest[1]) <= self.durable[key]:
                    self.complaints.append(f"{line}: less than was said before")
                self.durable[key] = int(rest[1])
            elif what == "dispatch":
                self.dispatches[call] = self.dispatches.get(call, 0) + 1
                if int(rest[0]) != self.dispatches[call]:
                    self.complaints.append(f"{line}: expected number {self.dispatches[call]}")
            elif what == "effect":
                self.effects.append((call, int(rest[0]), int(rest[1]), rest[2]))
            elif what == "end":
                self.ended.add(call)
            else:
                self.complaints.append(f"{line}: not a line of the ledger")
        return began

    def add_trace(self, text, began):
        """Steps of the calls, one call behind the other; a last line that the death cut is no fact."""
        which = -1
        for line in text.split("\n")[:-1]:
            step = json.loads(line)
            if "step" not in step:
                continue
            which += step["step"] == 1
            self.steps.setdefault(began[which], []).append(step)


def whole_lines(text):
    return text[:text.rfind("\n") + 1]


class Life:
    """One run to its end. status: the exit status, or -9."""

    def __init__(self, folder, facts, *args, faults="all", timeout=600):
        read, write = os.pipe()
        collected = []
        try:
            process = subprocess.Popen(
                aside(BINARY, "simulate", "--disk", folder, "--ledger", f"/dev/fd/{write}", "--trace", "--json", "--faults", faults, *args),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[write])
        finally:
            os.close(write)
        with open(read, "rb") as pipe:
            reader = threading.Thread(target=lambda: collected.append(pipe.read()))
            reader.start()
            try:
                out, err = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                raise
            finally:
                reader.join()
        self.status, self.out, self.err = process.returncode, out.decode(), err.decode("utf-8", "replace")
        self.killed = self.status == -signal.SIGKILL
        began = facts.add_ledger(whole_lines(collected[0].decode()))
        facts.add_trace(self.out, began)
        if "disk-slow" in faults or faults == "all":
            facts.slow.update(began)
        facts.deaths += self.killed
        last = self.out.rstrip("\n").rsplit("\n", 1)[-1]
        self.summary = None if self.killed or not last else json.loads(last)


def ask(*args):
    """(exit status, standard output) of a command that must not die and must not hang."""
    done = subprocess.run([BINARY, *map(str, args), "--json"], capture_output=True, timeout=60, check=False)
    assert done.returncode >= 0, (args, done.stderr)
    return done.returncode, done.stdout.decode()


class Header:
    """The file header of docs/journal.md, as far as it says what it repeats."""

    def __init__(self, path):
        with open(path, "rb") as f:
            data = f.read(128)
        self.path, self.role = path, data[9]
        self.order, = struct.unpack_from("<Q", data, 16)
        self.repeats_order, self.repeats_from, self.repeated_bytes = struct.unpack_from("<QQQ", data, 64)


def headers(folder):
    """Of the files that are there; one may go while we look."""
    found = []
    for path in sorted(pathlib.Path(folder).glob("*.cfj")):
        try:
            if path.stat().st_size >= 128:
                found.append(Header(path))
        except FileNotFoundError:
            pass
    return found


def cut_unsynced(folder):
    """Takes away the ends of files that the journal says it lost and repeated elsewhere: a kernel may. How many there were."""
    found = headers(folder)
    by_order = {h.order: h for h in found if h.role}
    cut = 0
    for header in found:
        # A file that was new when it was lost is not kept.
        if header.role and header.repeats_order in by_order:
            os.truncate(by_order[header.repeats_order].path, header.repeats_from)
            cut += 1
    return cut


class Judge:
    """complaints: everything that was promised and is not so."""

    def __init__(self, folder, facts):
        self.folder, self.facts = str(folder), facts
        self.complaints = list(facts.complaints)
        if not any(pathlib.Path(folder).glob("*.cfj")):  # died before it had made anything: then nothing may have been promised
            self.rows, self.have, self.excused = [], {}, {}
        else:
            self.verify()
            self.read()
        self.durable()
        self.effects()
        for call in facts.calls():
            if any(c == call for c, _ in self.have):
                self.one_call(call)
            elif facts.steps.get(call) and self.horizon(call) >= 0:
                self.complain(f"call {call}: nothing is there at all")

    def complain(self, text):
        self.complaints.append(text)

    def verify(self):
        status, out = ask("journal", "verify", self.folder)
        found = json.loads(out)
        if status or not found.get("whole"):
            self.complain(f"verify: {status}, {found}")
        elif found["torn"] > self.facts.deaths + self.facts.failures:
            self.complain(f"verify: {found['torn']} torn ends after {self.facts.deaths} deaths, {self.facts.failures} failures: {found['faults']}")
        elif found["unopened"] or found["erased"] or found["broken_seals"]:
            self.complain(f"verify: payloads do not open: {found}")

    def read(self):
        status, out = ask("journal", "dump", self.folder)
        if status:
            self.complain(f"dump: {out}")
        self.rows = [json.loads(line) for line in out.splitlines()] if not status else []
        self.have, self.excused, times = {}, {}, {}
        for row in self.rows:
            key = row["call"], row["epoch"]
            seen = self.have.setdefault(key, {})
            if row["sequence"] in seen:
                self.complain(f"{key}: sequence {row['sequence']} comes twice")
            seen[row["sequence"]] = row
            if "payload" not in row:
                self.complain(f"{key}: sequence {row['sequence']} does not open: {row.get('closed')}")
            excuse = re.search(r"among sequences (\d+)\.\.(\d+)", row.get("payload", "")) if row["kind"] == "gap" else None
            if excuse:
                self.excused.setdefault(key, set()).update(range(int(excuse[1]), int(excuse[2]) + 1))
        for key, seen in self.have.items():
            times = [seen[n]["time_us"] for n in sorted(seen)]
            if times != sorted(times):
                self.complain(f"{key}: times go back")

    def durable(self):
        for key, last in self.facts.durable.items():
            known = set(self.have.get(key, ())) | self.excused.get(key, set())
            lost = [n for n in range(1, last + 1) if n not in known]
            if lost:
                self.complain(f"{key}: called durable up to {last}, not there: {lost[:5]} and so on, {len(lost)} in all")

    def effects(self):
        keys = [e[:3] for e in self.facts.effects]
        for twice in {k for k in keys if keys.count(k) > 1}:
            self.complain(f"took effect twice: {twice}")
        for call in {e[0] for e in self.facts.effects}:
            if sum(e[0] == call for e in self.facts.effects) > self.facts.dispatches.get(call, 0):
                self.complain(f"call {call}: more effects than dispatches")

    # ---- one call

    def horizon(self, call):
        """What happened until then must be there: all of it when the call ended, else all but DESIGN.md's limit."""
        steps = self.facts.steps[call]
        last = steps[-1]["input"]["at_us"]
        return last if call in self.facts.ended else last - EVENT_LIMIT_US

    def due(self, call, steps):
        """The steps that must be there: all up to the last that had to be by then."""
        return [step for step in steps if step["input"]["at_us"] <= self.horizon(call)]

    def one_call(self, call):
        status, out = ask("show", call, "--dir", self.folder)
        if status:
            self.complain(f"show {call}: {status}, {out}")
            return
        shown = json.loads(out)
        if shown["unread_records"]:
            self.complain(f"show {call}: {shown['unread_records']} records cannot be read")
        if call in self.facts.ended and not shown["ended"]:
            self.complain(f"call {call} ended, its journal does not")
        status, out = ask("replay", call, "--dir", self.folder)
        if status:
            self.complain(f"replay {call}: {status}, {out[:400]}")
            return
        steps = self.facts.steps.get(call, [])
        if call in self.facts.slow or not steps or any(s["input"]["in"] == "attached" for s in steps):
            return  # a worker of the simulation died, or its disk was slow: other limits
        due = self.due(call, steps)
        replayed = json.loads(out)["steps"]
        if replayed < len(due):
            self.complain(f"call {call}: {len(due)} steps happened in time to be kept, {replayed} are there")
        if replayed > len(steps):
            self.complain(f"call {call}: {replayed} steps are there, {len(steps)} happened")
        self.story(call, due, shown["events"])
        self.sound(call, steps, shown)

    def story(self, call, due, events):
        """Finals, changes and their results, in order: N5."""
        wanted = {"final": [], "tool_dispatched": [], "tool_result": []}
        for step in due:
            given = step["input"]
            if given["in"] == "transcript" and given.get("kind") in (1, 2) and given.get("text"):
                wanted["final"].append(given["text"])
            if given["in"] == "tool_result":
                wanted["tool_result"].append((given.get("turn", 0), given.get("index", 0)))
            for out in step["outputs"]:
                if out["out"] == "tool":
                    wanted["tool_dispatched"].append((out.get("turn", 0), out.get("index", 0), out["name"]))
        kept = {
            "final": [e.get("text", "") for e in events if e["event"] == "final"],
            "tool_dispatched": [(e["turn"], e["index"], e["name"]) for e in events if e["event"] == "tool_dispatched"],
            "tool_result": [(e["turn"], e["index"]) for e in events if e["event"] == "tool_result"],
        }
        for what, list_ in wanted.items():
            if kept[what][:len(list_)] != list_:
                self.complain(f"call {call}: {what} {list_} became {kept[what]}")

    def sound(self, call, steps, shown):
        if not shown.get("recorded"):
            return
        heard = max((s["input"].get("position", 0) + 256 for s in steps if s["input"]["in"] == "voice"), default=0)
        if heard < 8 * AUDIO_LIMIT_MS:
            return
        with tempfile.TemporaryDirectory() as to:
            status, out = ask("recording", call, "--dir", self.folder, "-o", pathlib.Path(to) / "call.wav")
        if status:
            self.complain(f"recording {call}: {status}, {out}")
            return
        cut = json.loads(out)
        gaps = [g for g in cut["gaps"] if g["side"] == "caller" and g["why"] == "lost"]
        end = min([g["start_sample"] for g in gaps if g["start_sample"] + g["samples"] == cut["samples"]], default=cut["samples"])
        if end < heard - 8 * AUDIO_LIMIT_MS:
            self.complain(f"call {call}: {heard // 8} ms were heard, {end // 8} ms are recorded")
        if any(g["start_sample"] < end for g in gaps) and not self.facts.failures:
            self.complain(f"call {call}: of the caller is lost: {gaps}")


def copy_of(folder, to):
    shutil.copytree(folder, to)
    return to
