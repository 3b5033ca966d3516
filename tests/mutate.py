#!/usr/bin/env python3
"""Mutates conditions of the call core, one at a time, and counts how many a failing test catches.

    ./dev mutate [--count 200] [--seed N] [--files src/voice/floor.c …] [--jobs 1]

A condition is: what if, while, for, ?: or the return of a bool function decides by; an operand of && or ||; such an
operator; a comparison, and a number in it; a negation. Conditions are drawn uniformly by the seed, then one of the mutations that fit is: negated,
true, false, && for ||, another comparison (the bound moved by one, or turned round), the ! left out; a number that is compared with
becomes one more or one less. What stands inside assert() is not drawn: it decides nothing.

Each mutant is built in a copy under build/mutate (the working tree is never touched) and meets the tests, the likeliest first: the
core's unit tests, the replay of every kept call, a short simulation, for guards the sabotage runs, and at the end the unit tests
closest to the core built with the sanitizers, as ./dev test builds them. The first test that fails or crashes catches it. A mutant
that does not build, or that only runs out of time, is not caught; nor is one that changes nothing anyone could see.

What was judged is kept in build/mutate/judged-*.jsonl, so a run that was stopped goes on where it was. The last line is JSON.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "mutate"
COPIED = ["src", "tests", "cmake", "console", "CMakeLists.txt", "CMakePresets.json"]
SIMULATED_CALLS = 300
TIMEOUT = 120  # seconds; a test that goes round for ever ends itself sooner (deadline.h), which is a time-out, too
LATE_MAX = 3  # tests that run out of time, one after the other: no other will tell
# Run with the sanitizers as well.
CLOSE = {"test_call_codec", "test_check", "test_dialogue", "test_endpoint", "test_floor", "test_history", "test_measure", "test_pieces", "test_quiet", "test_snapshot",
         "test_snapshot_v1", "test_speech", "test_tools", "test_words"}
UNMOVED = ["setarch", os.uname().machine, "-R"]  # builds of the sanitizers want the address space where they expect it
SABOTAGED = ["P01", "P02", "P03", "P04", "P05", "P06", "P09", "P10", "P12", "P13", "P14", "P15", "P24", "N5"]

# ---------------------------------------------------------------------------------------------- finding conditions

TOKEN = re.compile(r"""
    (?P<space>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<hash>(?m:^)[ \t]*\#(?:[^\\\n]|\\\n|\\.)*)
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>\.?[0-9](?:[eEpP][+-]|[A-Za-z0-9_.])*)
  | (?P<mark><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[][(){};:,.?~!=<>+\-*/%&|^])
""", re.X | re.S)

# The bound moved by one, and turned round.
BOUND = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
ROUND = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
OPENING = {"(": ")", "[": "]", "{": "}"}
STOPS = {",", ";", "?", ":", "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", "return", "{", "}"}


class Token:
    __slots__ = ("kind", "text", "start", "end")

    def __init__(self, kind, text, start):
        self.kind, self.text, self.start, self.end = kind, text, start, start + len(text)


def tokens(source):
    """Without space, comments and preprocessor lines."""
    out, at = [], 0
    while at < len(source):
        found = TOKEN.match(source, at)
        if not found:
            raise ValueError(f"no C token at byte {at}: {source[at:at + 20]!r}")
        if found.lastgroup not in ("space", "hash"):
            out.append(Token(found.lastgroup, found.group(), at))
        at = found.end()
    return out


def partners(toks):
    """Index of the bracket that closes (or opens) each bracket."""
    stack, other = [], {}
    for i, t in enumerate(toks):
        if t.text in OPENING:
            stack.append(i)
        elif t.text in ")]}":
            other[i] = stack.pop()
            other[other[i]] = i
    return other


class Conditions:
    """All conditions of one source, each with the texts that its mutations put in the place of a stretch of it."""

    def __init__(self, source):
        self.source = source
        self.toks = tokens(source)
        self.other = partners(self.toks)
        self.sites = {}  # (start, end, what) -> [(what was done, start, end, new text)]
        self.skipped = self.asserts()
        self.bools = self.bool_functions()
        self.negated = set()  # comparisons and ! whose turning round is the negation of a whole condition: one mutant, not two
        inside = [i for i in range(len(self.toks)) if i not in self.skipped and self.in_function(i)]
        for i in inside:
            self.look(i, self.toks[i])
        for i in inside:
            self.look_closer(i, self.toks[i])

    def asserts(self):
        inside = set()
        for i, t in enumerate(self.toks):
            if t.text in ("assert", "static_assert", "_Static_assert"):
                inside.update(range(i, self.other[i + 1] + 1))
        return inside

    def functions(self):
        """(index of the name, of the body's opening brace) of every function of the file."""
        i = 0
        while i < len(self.toks):
            t = self.toks[i]
            if t.text == "{":
                if i and self.toks[i - 1].text == ")":
                    yield self.other[i - 1] - 1, i
                i = self.other[i]
            i += 1

    def bool_functions(self):
        bodies = set()
        self.bodies = []
        for name, brace in self.functions():
            self.bodies.append((brace, self.other[brace]))
            start = name
            while start > 0 and self.toks[start - 1].text not in (";", "}"):
                start -= 1
            if any(t.text == "bool" for t in self.toks[start:name]):
                bodies.update(range(brace, self.other[brace]))
        return bodies

    def in_function(self, i):
        return any(a < i < b for a, b in self.bodies)

    def text(self, a, b):
        """Of the tokens a to b, b included."""
        return self.source[self.toks[a].start:self.toks[b].end]

    def add(self, a, b, what, mutations):
        if not mutations:
            return
        key = (self.toks[a].start, self.toks[b].end, what)
        if key not in self.sites:
            self.sites[key] = [(how, self.toks[a].start, self.toks[b].end, new) for how, new in mutations]

    def whole(self, a, b, what, values=("true", "false")):
        """The tokens a to b decide: negate them, or decide for them."""
        if a > b or (a == b and self.toks[a].text in ("true", "false", "1", "0")):
            return
        text = self.text(a, b)
        self.add(a, b, what, [("negated", f"!({text})")] + [(v, "1" if v == "true" else "0") for v in values])
        flat = self.flat(a, b)
        texts = [self.toks[i].text for i in flat]
        if not {"&&", "||", "?"} & set(texts):
            relations = [i for i in flat if self.toks[i].text in ROUND]
            self.negated.update(relations if len(relations) == 1 else [])
            if not relations and texts[0] == "!":
                self.negated.add(a)

    def flat(self, a, b):
        """The tokens from a to b that stand in no bracket."""
        out, i = [], a
        while i <= b:
            out.append(i)
            i = self.other[i] + 1 if self.toks[i].text in OPENING else i + 1
        return out

    def left(self, i, stops):
        """The first token of the operand that ends in front of i."""
        while i > 0 and self.toks[i - 1].text not in stops and self.toks[i - 1].text not in OPENING:
            i -= 1
            if i in self.other and self.toks[i].text in ")]}":
                i = self.other[i]
        return i

    def right(self, i, stops):
        """The last token of the operand that begins behind i."""
        while self.toks[i + 1].text not in stops and self.toks[i + 1].text not in ")]}":
            i += 1
            if self.toks[i].text in OPENING:
                i = self.other[i]
        return i

    def look(self, i, t):
        if t.text in ("if", "while") and self.toks[i + 1].text == "(":
            self.whole(i + 2, self.other[i + 1] - 1, "condition")
        elif t.text == "for":
            self.loop(i + 1)
        elif t.text == "?":
            self.whole(self.left(i, STOPS), i - 1, "choice")
        elif t.text == "return" and i in self.bools and self.toks[i + 1].text != ";":
            self.whole(i + 1, self.right(i, {";"}), "return")
        elif t.text in ("&&", "||"):
            stops = STOPS | {"&&", "||"}
            self.add(i, i, "operator", [("swapped", "||" if t.text == "&&" else "&&")])
            values = ["true"] if t.text == "&&" else ["false"]  # the other value is the whole's
            self.whole(self.left(i, stops), i - 1, "operand", values)
            self.whole(i + 1, self.right(i, stops), "operand", values)

    def look_closer(self, i, t):
        if t.text in ROUND:
            mutations = [("bound moved by one", BOUND[t.text])] if t.text in BOUND else []
            self.add(i, i, "comparison", mutations + ([] if i in self.negated else [("turned round", ROUND[t.text])]))
            for j in (i - 1, i + 1):
                self.number(j)
        elif t.text == "!" and i not in self.negated:
            self.add(i, i, "negation", [("! left out", "")])

    def number(self, i):
        """What is compared with; of an expression nothing."""
        if self.toks[i].text.isdigit() and self.toks[i - 1].text not in "+-*/%" and self.toks[i + 1].text not in "+-*/%[":
            value = int(self.toks[i].text)
            self.add(i, i, "number", [("one more", str(value + 1))] + ([("one less", str(value - 1))] if value else []))

    def loop(self, opening):
        """for (…; condition; …)"""
        semicolons, i = [], opening + 1
        while i < self.other[opening]:
            if self.toks[i].text == ";":
                semicolons.append(i)
            i = self.other[i] + 1 if self.toks[i].text in OPENING else i + 1
        if len(semicolons) == 2:
            self.whole(semicolons[0] + 1, semicolons[1] - 1, "loop")


class Mutant:
    def __init__(self, path, source, site, mutation):
        self.path = path
        self.how, self.start, self.end, self.new = mutation
        self.what = site[2]
        self.line = source.count("\n", 0, self.start) + 1
        self.source = source

    def mutated(self):
        return self.source[:self.start] + self.new + self.source[self.end:]

    def line_of(self, text):
        return text.split("\n")[self.line - 1].strip()

    def key(self):
        return f"{self.path}:{self.start}-{self.end}:{self.new}"

    def told(self):
        return {"file": self.path, "line": self.line, "what": self.what, "how": self.how, "original": self.line_of(self.source),
                "mutant": self.line_of(self.mutated())}


def draw(sources, seed):
    """An endless-looking, repeatable sequence of mutants: a condition uniformly, then one of its mutations; none twice."""
    sites = []
    for path in sorted(sources):
        for site, mutations in sorted(Conditions(sources[path]).sites.items()):
            sites.append((path, site, list(mutations)))
    rng = random.Random(seed)
    while sites:
        at = rng.randrange(len(sites))
        path, site, left = sites[at]
        mutation = left.pop(rng.randrange(len(left)))
        if not left:
            sites[at] = sites[-1]
            sites.pop()
        yield Mutant(path, sources[path], site, mutation)


def core_files():
    """The sources that stand directly in src/voice: what the core is made of, and nothing else."""
    return [str(path.relative_to(ROOT)) for path in sorted((ROOT / "src" / "voice").glob("*.c"))]

# ---------------------------------------------------------------------------------------------- building and running


class Bench:
    """One copy of the tree, its build, and the tests that run on it.

    A stage is (name, build, the program it needs, command, expected status), and the seconds it took on the unchanged tree."""

    def __init__(self, number, tests):
        self.tree = WORK / str(number) / "tree"
        self.out = WORK / str(number) / "out"
        self.asan = WORK / str(number) / "asan"
        self.unit = tests
        self.stages = []
        self.kills = {}  # (file, test) -> how often

    def run(self, command, timeout, **env):
        """The exit status, or None when time ran out. Whatever it started ends with it."""
        child = subprocess.Popen([str(c) for c in command], cwd=self.tree, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 start_new_session=True, env={**os.environ, **env})
        try:
            self.said, _ = child.communicate(timeout=timeout)
            return None if child.returncode == -signal.SIGPROF else child.returncode  # deadline.h: it went round for ever
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            return None

    def environment(self):
        return {"CALLFUNNEL_TESTS": str(self.tree / "tests"), "CALLFUNNEL_BIN": str(self.out / "callfunnel"),
                "CALLFUNNEL_MODELS": str(ROOT / "build" / "models")}

    def copy(self):
        """The working tree as it is now; files that are the same keep their time, so that little is built again."""
        wanted = set()
        for name in COPIED:
            root = ROOT / name
            for path in [root] if root.is_file() else root.rglob("*"):
                if path.is_file() and "__pycache__" not in path.parts:
                    wanted.add(path.relative_to(ROOT))
        for path in wanted:
            target = self.tree / path
            if not target.exists() or target.read_bytes() != (ROOT / path).read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / path, target)
        for path in [p for p in self.tree.rglob("*") if p.is_file() and p.relative_to(self.tree) not in wanted]:
            path.unlink()

    def prepare(self):
        self.copy()
        for out, flags in (self.out, ["-O1 -w"]), (self.asan, ["-O1 -w", "-DCALLFUNNEL_ASAN=ON"]):
            configure = ["cmake", "-S", self.tree, "-B", out, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_C_FLAGS=" + flags[0], *flags[1:]]
            if self.run(configure, 300) or not self.build(1800, out, *sorted({s[2] for s in self.all_stages() if s[1] == out})):
                sys.exit(f"the unchanged tree does not build:\n{self.said.decode(errors='replace')[-3000:]}")

    def build(self, timeout, out, *targets):
        return self.run(["ninja", "-C", out, "-j", "1", *targets], timeout) == 0

    def all_stages(self):
        program = self.out / "callfunnel"
        kept = self.tree / "tests" / "calls"
        stages = [(t, self.out, t, [self.out / t], 0) for t in self.unit]
        stages.append(("replay", self.out, "callfunnel", [program, "replay", kept], 0))
        stages.append(("simulate", self.out, "callfunnel", [program, "simulate", "--calls", SIMULATED_CALLS, "--seed", 1, "--faults", "all"], 0))
        stages += [(f"sabotage {p}", self.out, "callfunnel", [program, "simulate", "--calls", 60, "--seed", 1, "--sabotage", p], 1) for p in SABOTAGED]
        stages += [(f"asan {t}", self.asan, t, [*UNMOVED, self.asan / t], 0) for t in self.unit if t in CLOSE]
        return stages

    def measure(self, leave_out):
        """Runs everything once on the unchanged tree: what fails here can catch nothing; what is cheap goes first."""
        failing = []
        for stage in self.all_stages():
            name, _, _, command, expected = stage
            began = time.monotonic()
            status = self.run(command, 600, **self.environment())
            took = time.monotonic() - began
            if status != expected:
                failing.append(name)
                continue
            self.stages.append((*stage, took))
        if failing and not leave_out:
            sys.exit(f"these fail on the unchanged tree, so they can catch nothing: {', '.join(failing)}\n(--leave-out-failing goes on without them)")
        if failing:
            print(f"left out, because they fail on the unchanged tree: {', '.join(failing)}", flush=True)

    def like(self, other):
        """The same stages, in this copy."""
        known = {s[0]: s[5] for s in other.stages}
        self.stages = [(*s, known[s[0]]) for s in self.all_stages() if s[0] in known]

    def judge(self, mutant):
        """("caught", by), ("survived", ""), ("unbuildable", "") or ("timeout", by)."""
        path = self.tree / mutant.path
        path.write_text(mutant.mutated())
        try:
            return self.try_tests(mutant)
        finally:
            path.write_text(mutant.source)

    def in_order(self, path):
        """The likeliest first: what caught others of this file most often, then the file's own test, then the cheapest; at the end
        the same tests with the sanitizers."""
        own = "test_" + pathlib.Path(path).stem
        return sorted(self.stages, key=lambda s: (s[1] == self.asan, -self.kills.get((path, s[0]), 0), own not in s[0], s[5]))

    def try_tests(self, mutant):
        """Stops at the first test that fails. Each program is linked only when it is its turn."""
        late = []
        for name, out, target, command, expected, took in self.in_order(mutant.path):
            if name.startswith("sabotage") and "GUARD_" not in mutant.line_of(mutant.source):
                continue
            if not self.build(300, out, target):
                return "unbuildable", ""
            status = self.run(command, max(10 * took, TIMEOUT), **self.environment())
            if status is None:
                late.append(name)
                if len(late) == LATE_MAX:
                    break
            elif status != expected:
                self.kills[(mutant.path, name)] = self.kills.get((mutant.path, name), 0) + 1
                return "caught", name
        return ("timeout", late[0]) if late else ("survived", "")


def unit_tests():
    """The unit tests that drive the core, or replay what it did."""
    driving = re.compile(r'#include "((call|snap)kit\.h|voice/(call|words|pieces|input|output|replay/replay|session/session)\.h)"')
    return [p.stem for p in sorted((ROOT / "tests" / "unit").glob("test_*.c")) if driving.search(p.read_text())]

# ---------------------------------------------------------------------------------------------- counting


class Ledger:
    """What was judged, on disk as well."""

    def __init__(self, sources, benches, seed):
        digest = hashlib.sha256(json.dumps([sources, [s[0] for s in benches[0].stages]], sort_keys=True).encode())
        for test in benches[0].unit:
            digest.update((ROOT / "tests" / "unit" / f"{test}.c").read_bytes())
        self.path = WORK / f"judged-{seed}-{digest.hexdigest()[:12]}.jsonl"
        self.known = {}
        if self.path.exists():
            for line in self.path.read_text().splitlines():
                try:
                    one = json.loads(line)
                except ValueError:
                    continue  # the line that was being written when the run was stopped
                self.known[one["key"]] = one
        self.lock = threading.Lock()

    def add(self, mutant, verdict, by, took):
        one = {"key": mutant.key(), "verdict": verdict, "by": by, "seconds": round(took, 1), **mutant.told()}
        with self.lock:
            self.known[one["key"]] = one
            with self.path.open("a") as f:
                f.write(json.dumps(one) + "\n")
        return one


def judge_all(count, drawn, benches, ledger):
    """In the order drawn, so that the result is the same however many benches there are."""
    idle = queue.Queue()
    for bench in benches:
        idle.put(bench)
    judged = []

    def one(mutant):
        if mutant.key() in ledger.known:
            return ledger.known[mutant.key()]
        bench = idle.get()
        try:
            began = time.monotonic()
            verdict, by = bench.judge(mutant)
            return ledger.add(mutant, verdict, by, time.monotonic() - began)
        finally:
            idle.put(bench)

    with concurrent.futures.ThreadPoolExecutor(len(benches)) as pool:
        waiting = []
        while len(judged) < count:
            while len(waiting) < len(benches) and len(judged) + len(waiting) < count and (mutant := next(drawn, None)):
                waiting.append(pool.submit(one, mutant))
            if not waiting:
                print("there are no more conditions to mutate", flush=True)
                break
            result = waiting.pop(0).result()
            judged.append(result)
            print(f"[{len(judged):4}/{count}] {result['verdict']:11} {result['file']}:{result['line']} {result['how']}"
                  f"{' by ' + result['by'] if result['by'] else ''} ({result['seconds']} s)", flush=True)
    return judged


def report(judged, seed):
    missed = sorted([j for j in judged if j["verdict"] != "caught"], key=lambda j: (j["file"], j["line"]))
    caught = len(judged) - len(missed)
    if missed:
        print("\nnot caught:")
    for j in missed:
        print(f"{j['file']}:{j['line']}: {j['what']} {j['how']}{'' if j['verdict'] == 'survived' else ', ' + j['verdict']}"
              f"\n  - {j['original']}\n  + {j['mutant']}")
    print("\ncaught by file:")
    for name in sorted({j["file"] for j in judged}):
        here = [j["verdict"] == "caught" for j in judged if j["file"] == name]
        print(f"  {name:28} {sum(here):4} of {len(here)}")
    print("\ncaught by test:")
    for name in sorted({j["by"] for j in judged if j["verdict"] == "caught"}):
        print(f"  {name:28} {len([j for j in judged if j['by'] == name and j['verdict'] == 'caught']):4}")
    verdicts = [j["verdict"] for j in judged]
    print(json.dumps({"count": len(judged), "seed": seed, "caught": caught, "survived": verdicts.count("survived"),
                      "unbuildable": verdicts.count("unbuildable"), "timeouts": verdicts.count("timeout"),
                      "score": round(caught / len(judged), 4) if judged else None}))
    return judged and caught >= 0.9 * len(judged)


def at_least_one(text):
    """A run that judges nothing has no score."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 1 up")
    return value


def main():
    parser = argparse.ArgumentParser(prog="dev mutate", description="Mutates conditions of the call core and counts how many tests catch.")
    parser.add_argument("--count", type=at_least_one, default=200, help="mutants that are judged (200)")
    parser.add_argument("--seed", type=int, help="which ones (drawn from the clock)")
    parser.add_argument("--files", nargs="+", help="only these sources (the call core)")
    parser.add_argument("--jobs", type=int, default=1, help="copies that work side by side (1)")
    parser.add_argument("--list", action="store_true", help="print every condition and its mutations, judge none")
    parser.add_argument("--leave-out-failing", action="store_true", help="go on without tests that fail on the unchanged tree")
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else int(time.time())
    files = [str(pathlib.Path(f).resolve().relative_to(ROOT)) for f in args.files] if args.files else core_files()
    sources = {f: (ROOT / f).read_text() for f in files}
    if args.list:
        for path in files:
            for site, mutations in sorted(Conditions(sources[path]).sites.items()):
                for mutation in mutations:
                    m = Mutant(path, sources[path], site, mutation)
                    print(f"{path}:{m.line}: {m.what} {m.how}: {m.line_of(m.mutated())}")
        return 0
    conditions = {f: len(Conditions(sources[f]).sites) for f in files}
    print(f"seed {seed}: {args.count} of the mutants of {sum(conditions.values())} conditions in {len(files)} files", flush=True)
    benches = [Bench(i, unit_tests()) for i in range(max(args.jobs, 1))]
    for bench in benches:
        print(f"building the unchanged tree in {bench.out.relative_to(ROOT)}", flush=True)
        bench.prepare()
    benches[0].measure(args.leave_out_failing)
    for stage in benches[0].stages:
        print(f"  {stage[0]:28} {stage[5]:6.2f} s", flush=True)
    for bench in benches[1:]:
        bench.like(benches[0])
    ledger = Ledger(sources, benches, seed)
    if ledger.known:
        print(f"going on: {len(ledger.known)} were judged before", flush=True)
    judged = judge_all(args.count, draw(sources, seed), benches, ledger)
    return 0 if report(judged, seed) else 1


if __name__ == "__main__":
    sys.exit(main())
