"""`callfunnel simulate` from outside: what it counts, what it finds when a guard is off, what it says of mistakes."""
import json
import os
import pathlib
import re
import subprocess

import pytest

from conftest import BINARY, ROOT, aside
from deaths import Facts, Life
from house import is_alive, until

PROMISES = ["P01", "P02", "P03", "P04", "P05", "P06", "P08", "P09", "P10", "P12", "P13", "P14", "P15", "P24", "N3", "N4", "N5", "N6", "PII"]
SCENARIO = """# a parcel
name lost-parcel
agent Hello, this is the post. What is your question?
ask open What is your question?
answer where is my parcel ~ it is late
ask digits What is the parcel number?
answer two zero two | five five five
tool find_parcel 400 parcel found in the lake house
tool send_again changes 900 sent again
ask yes-no Shall we bring it tomorrow?
answer yes please
at 1.5 nod mm-hm
at 12.2 say wait
fault llm-stall 2
"""


def kept(summary):
    return summary["kept"] and not any(p["broken"] for p in summary["promises"].values())


# ---- whole runs ----

@pytest.fixture(scope="module")
def ten_thousand():
    """Ten thousand calls with every fault, once for all tests."""
    done = subprocess.run(aside(BINARY, "simulate", "--calls", 10000, "--seed", 1, "--faults", "all", "--jobs", 2, "--json"),
                          capture_output=True, timeout=900, check=False)
    return done.returncode, json.loads(done.stdout)


def test_ten_thousand_calls_keep_every_promise(ten_thousand):
    status, summary = ten_thousand
    assert status == 0, summary["failures"]
    assert kept(summary) and summary["failures"] == [] and summary["crashes"] == []
    assert summary["calls"] == 10000 and summary["seed"] == 1 and summary["calls_not_run"] == 0


@pytest.mark.parametrize("promise", PROMISES)
def test_each_promise_was_put_to_the_test(ten_thousand, promise):
    assert ten_thousand[1]["promises"][promise]["exercised"] >= 20


def test_calls_are_whole(ten_thousand):
    """Issue 3: at least 60 virtual seconds, 6 turns, a tool on average; interruptions, backchannels, faults."""
    _, s = ten_thousand
    n = s["calls"]
    assert s["virtual_s"] >= 60 * n
    assert s["turns"] >= 6 * n
    assert s["tool_calls"] >= n
    assert s["steps"] >= s["virtual_s"] / 0.032
    assert s["interruptions"] * 3 >= n
    assert s["backchannels"] * 4 >= n
    assert s["faults"] * 2 >= n
    assert s["knowledge"] >= n, "one call in five asks for it, many times"
    assert s["promises"]["replay"]["exercised"] == n, "each call replays"


def test_the_summary_has_what_the_page_says(ten_thousand):
    _, summary = ten_thousand
    page = (ROOT / "docs" / "simulation.md").read_text()
    line = next(l for l in page.splitlines() if l.startswith("| `--json` |"))
    for name in re.findall(r"`([a-z_]+)(?:\[\])?`", line):
        if name not in ("operations", "promise", "seed", "call", "step", "at_ms", "what"):  # with --disk; of a failure
            assert name in summary, name


def test_too_little_in_a_thousand_calls_is_a_failure(run, tmp_path):
    done = run("simulate", "--calls", 1000, "--faults", "none", "--set", "call.max_ms=30000", "--jobs", 2, "--json")
    assert done.status == 1 and done.json()["missed"] == "a call lasts less than 60 virtual seconds on average"
    assert done.json()["kept"] is False
    (tmp_path / "short.call").write_text(SCENARIO)
    done = run("simulate", "--calls", 1000, "--script", "short.call", "--jobs", 2, "--json")
    assert done.json()["missed"] is None and done.json()["virtual_s"] < 60_000, "a scenario of one's own is not measured by that"


def counts(summary):
    return {k: v for k, v in summary.items() if k not in ("seconds", "cpu_seconds", "steps_per_second")}


@pytest.mark.parametrize("question", ["Is that number correct?", "And was it you?", "May I book it?"])
def test_P09_whether_something_is_so_is_answered_at_once(run, tmp_path, question):
    (tmp_path / "so.call").write_text(f"name so\nagent Hello. {question}\nask yes-no {question}\nanswer yes\nanswer no\n")
    done = run("simulate", "--script", tmp_path / "so.call", "--calls", 500, "--seed", 3, "--json")
    assert done.status == 0 and done.json()["yes_no_median_ms"] <= 300, done.out


def test_P09_so_is_a_yes_or_no_with_more_behind_it(run, tmp_path):
    (tmp_path / "more.call").write_text("name more\nagent Hello. Is that all?\nask yes-no Is that all?\nanswer yes that is all thank you\nanswer no not really\n"
                                        "answer no I'm fine\nanswer haan bilkul theek hai\n")
    done = run("simulate", "--script", tmp_path / "more.call", "--calls", 500, "--seed", 3, "--json")
    assert done.status == 0 and done.json()["yes_no_median_ms"] <= 300, done.out


def test_its_processes_do_not_outlive_it(tmp_path):
    parent = subprocess.Popen([BINARY, "simulate", "--calls", "1000000", "--jobs", "2", "--keep", tmp_path / "kept"], stdout=subprocess.DEVNULL)
    children = pathlib.Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    until(lambda: len(children.read_text().split()) == 2, 10, "two processes")
    found = children.read_text().split()
    parent.kill()
    parent.wait(timeout=10)
    until(lambda: not any(is_alive(int(child)) for child in found), 10, "their end")


def test_a_pipe_in_a_journals_folder_keeps_nobody(run, tmp_path):
    assert run("simulate", "--calls", 1, "--disk", tmp_path / "d").status == 0
    os.mkfifo(tmp_path / "d" / "seg-0000000000000099.cfj")
    done = run("journal", "verify", tmp_path / "d")
    assert done.status in (0, 1) and "seg-0000000000000099.cfj" in done.out + done.err


def test_the_same_seed_gives_the_same_run_whatever_the_jobs(run):
    one = run("simulate", "--calls", 40, "--seed", 11, "--json").json()
    assert counts(run("simulate", "--calls", 40, "--seed", 11, "--jobs", 3, "--json").json()) == counts(one)
    assert counts(run("simulate", "--calls", 40, "--seed", 12, "--json").json()) != counts(one)


def test_people_get_a_table_and_a_verdict(run):
    done = run("simulate", "--calls", 20, "--seed", 3)
    assert done.status == 0
    for promise in PROMISES:
        assert any(line.startswith(promise + " ") for line in done.out.splitlines())
    assert done.out.endswith("every promise was kept\n") and "20 calls, " in done.out


def test_saved_and_loaded_cores_go_on_the_same(run):
    summary = run("simulate", "--calls", 1000, "--seed", 5, "--jobs", 2, "--save-load", "--json").json()
    assert kept(summary) and summary["saved_and_loaded"] >= 3000 and summary["calls"] == 1000
    assert summary["promises"]["saved"]["exercised"] == summary["saved_and_loaded"]


def test_settings_reach_the_calls(run):
    usual = run("simulate", "--calls", 60, "--seed", 3, "--faults", "none", "--json").json()
    slow = run("simulate", "--calls", 60, "--seed", 3, "--faults", "none", "--set", "turn.complete_ms=900", "--set", "turn.silence_ms=900",
               "--json")
    assert usual["yes_no_median_ms"] <= 300 < slow.json()["yes_no_median_ms"]
    assert slow.status == 0, "whoever asks for 900 ms of silence is promised what that takes"


# ---- faults ----

def test_faults_are_listed_and_can_be_chosen(run):
    faults = run("simulate", "--list-faults", "--json").json()
    assert len(faults) >= 30 and all(set(f) == {"name", "percent", "help"} and f["help"] and 0 < f["percent"] <= 100 for f in faults)
    people = run("simulate", "--list-faults")
    assert people.status == 0 and [line.split()[0] for line in people.out.splitlines()] == [f["name"] for f in faults]
    assert {"stt-stall", "stt-dead", "llm-busy", "llm-garbage", "tts-mid", "media-lost", "disk-full", "worker-death"} <= {f["name"] for f in faults}
    none = run("simulate", "--calls", 30, "--faults", "none", "--json").json()
    assert none["faults"] == 0 and kept(none)
    deaths = run("simulate", "--calls", 200, "--faults", "worker-death", "--json").json()
    assert deaths["worker_deaths"] >= 3 and deaths["faults"] == deaths["worker_deaths"] and kept(deaths)


# ---- guards ----

def test_the_run_that_is_sabotaged_below_keeps_all(run):
    done = run("simulate", "--calls", 60, "--seed", 3, "--json")
    assert done.status == 0 and kept(done.json())


@pytest.mark.parametrize("promise", PROMISES)
def test_a_guard_that_is_off_is_found_by_its_number(run, promise):
    done = run("simulate", "--calls", 60, "--seed", 3, "--sabotage", promise, "--json")
    assert done.status == 1
    summary = done.json()
    assert summary["promises"][promise]["broken"] > 0 and summary["kept"] is False
    assert summary["crashes"] == [] and summary["calls_not_run"] == 0
    failure = next(f for f in summary["failures"] if f["promise"] == promise)
    assert set(failure) == {"promise", "seed", "call", "step", "at_ms", "what"} and failure["what"]
    assert failure["seed"] == 3 and failure["step"] > 0
    again = run("simulate", "--seed", failure["seed"], "--call", failure["call"], "--sabotage", promise, "--json").json()
    same = [f for f in again["failures"] if f["promise"] == promise]
    if promise == "P09":  # what it says counts over the run
        same = [{**f, "what": failure["what"]} for f in same]
    assert failure in same, "that call alone shows it again"


@pytest.fixture(scope="module")
def any_seed():
    """Another one each time; printed, so that what it finds can be seen again."""
    seed = int(os.environ.get("CALLFUNNEL_SEED", int.from_bytes(os.urandom(4), "big")))
    print(f"CALLFUNNEL_SEED={seed}")
    return seed


@pytest.mark.parametrize("drawn", [False, True], ids=["seed 21", "any seed"])
@pytest.mark.parametrize("promise", PROMISES)
def test_a_small_run_names_the_promise_that_was_sabotaged(run, promise, drawn, any_seed):
    seed = any_seed if drawn else 21
    done = run("simulate", "--calls", 40, "--seed", seed, "--sabotage", promise, "--json")
    summary = done.json()
    assert done.status == 1 and summary["failures"][0]["promise"] == promise, (seed, summary["missed"], summary["failures"][:1])
    assert summary["missed"] is None and summary["kept"] is False and summary["crashes"] == []
    people = run("simulate", "--calls", 40, "--seed", seed, "--sabotage", promise)
    assert people.status == 1 and re.findall(r"^(\S+) broken: ", people.out, re.M)[0] == promise
    assert people.out.endswith(f"{promise} was sabotaged, and broken {summary['promises'][promise]['broken']} times; what else is broken may follow from it\n")


def test_a_run_that_shows_nothing_of_its_sabotage_says_so(run, tmp_path):
    """Nobody in it has a number to spell, or a tool: that all was kept says nothing of the guard."""
    (tmp_path / "short.call").write_text("agent Hello. How are you?\nask open How are you?\nanswer fine\n")
    for promise in ("P01", "P09", "PII"):
        args = ["simulate", "--script", "short.call", "--seed", 3, "--sabotage", promise]
        done = run(*args, "--json")
        assert done.status == 3 and done.json()["kept"] is False and done.json()["promises"][promise] == {"exercised": 0, "broken": 0}
        told = f"{promise} was sabotaged, but no call of this run shows it (put to the test 0 times, broken 0): use more calls"
        assert done.json()["missed"] == told
        assert run(*args).out.endswith(f"not enough in it: {told}\n")
    assert run("simulate", "--script", "short.call", "--seed", 3, "--sabotage", "N3").status == 1, "that one shows in any call"


@pytest.mark.parametrize("promise, provoked", [("P14", True), ("N6", True), ("P02", False)])
def test_what_puts_a_guard_to_the_test_is_no_fault(run, promise, provoked):
    summary = run("simulate", "--calls", 30, "--seed", 3, "--faults", "none", "--sabotage", promise, "--json").json()
    assert summary["faults"] == 0 and summary["promises"][promise]["broken"] > 0
    assert (10 >= summary["faults_provoked"] >= 5) if provoked else summary["faults_provoked"] == 0
    people = run("simulate", "--calls", 30, "--seed", 3, "--faults", "none", "--sabotage", promise)
    assert ", 0.00 faults\n" in people.out and f"{summary['faults_provoked']} faults more put the guard" in people.out


def test_a_provoked_fault_that_was_asked_for_is_one(run):
    both = run("simulate", "--calls", 300, "--seed", 3, "--faults", "llm-stall", "--sabotage", "P14", "--json").json()
    assert both["faults"] > 0 and both["faults_provoked"] > 0
    assert both["faults"] + both["faults_provoked"] >= 100 * 0.9


def test_people_are_told_the_promise_the_seed_the_step_and_how_to_see_it(run):
    done = run("simulate", "--calls", 60, "--seed", 3, "--sabotage", "P06")
    assert done.status == 1
    assert re.search(r"^P06 broken: .+\n  at \d+\.\d+ s, step \d+; again: simulate --seed 3 --call \d+ --faults all --sabotage P06 --trace$", done.out, re.M)
    done = run("simulate", "--calls", 60, "--seed", 3, "--sabotage", "P06", "--set", "turn.silence_ms=650")
    assert " --sabotage P06 --set turn.silence_ms=650 --trace\n" in done.out


# ---- traces and scenarios ----

def test_a_trace_is_a_line_of_json_a_step(run):
    *steps, summary = run("simulate", "--seed", 5, "--call", 0, "--trace", "--json").lines()
    assert len(steps) == summary["steps"] and [s["step"] for s in steps] == list(range(1, len(steps) + 1))
    assert all(set(s) == {"call", "step", "input", "outputs"} for s in steps)
    times = [s["input"]["at_us"] for s in steps]
    assert times == sorted(times) and times[-1] <= summary["virtual_s"] * 1e6 + 1000
    assert sum(o["out"] == "tool" for s in steps for o in s["outputs"]) == summary["tool_calls"]
    people = run("simulate", "--seed", 5, "--call", 0, "--trace")
    assert sum(line.lstrip().startswith(">") for line in people.out.splitlines()) == sum(len(s["outputs"]) for s in steps)


def test_a_scenario_of_ones_own(run, tmp_path):
    (tmp_path / "my.call").write_text(SCENARIO)
    *steps, summary = run("simulate", "--script", "my.call", "--trace", "--json").lines()
    assert summary["calls"] == 1 and summary["faults"] == 1 and summary["interruptions"] == 1 and summary["backchannels"] == 1
    tools = [(o["name"], o.get("kind", 0)) for s in steps for o in s["outputs"] if o["out"] == "tool"]
    assert tools == [("find_parcel", 0), ("send_again", 1)]
    words = " ".join(s["input"].get("text", "") for s in steps if s["input"]["in"] == "transcript")
    assert "where is my parcel" in words and "five five five" in words and "yes please" in words
    (tmp_path / "short.call").write_text(SCENARIO.replace("at 12.2 say wait", "at 12.2 hangup"))
    assert run("simulate", "--script", "short.call", "--json").json()["virtual_s"] < summary["virtual_s"]


@pytest.mark.parametrize("line, number, found", [
    ("ask loud What?", 15, '"loud"'), ("fault no-such-fault 1", 15, "no-such-fault"), ("shout hello", 15, "shout"), ("at soon say hello", 15, "soon"),
    ("at -1 hangup", 15, 'at: found "-1"'), ("at 12.34567 hangup", 15, 'at: found "12.34567"'), ("at 1800.5 hangup", 15, "call.max_ms: 1800000 ms"),
    ("ask open Where do you live?", 15, 'ask: "Where do you live?" has no answer'),
])
def test_a_mistake_in_a_scenario_is_named_by_line(run, tmp_path, line, number, found):
    (tmp_path / "bad.call").write_text(SCENARIO + line + "\n")
    done = run("simulate", "--script", "bad.call", "--json")
    assert done.status == 2
    error = done.error()
    assert error["where"] == f"bad.call, line {number}" and (found in error["message"] or found in (error["hint"] or "")), error
    people = run("simulate", "--script", "bad.call")
    assert people.status == 2 and people.out == "" and f"line {number}" in people.err


@pytest.mark.parametrize("content, number, found", [
    (b"", 1, "without either"), (b"agent Hi.\n# nothing else\n", 2, "without a question"), (b"agent Hi.\nask open \0\xff\x01?\n", 2, "byte 0"),
    (b"agent Hi.\nask open How?\nanswer fine\n", 2, 'ask: "How?" is the first question and does not stand in the agent\'s line'),
    (b"agent Hi. How?\nask open How?\nanswer f\xfcr\n", 3, "answer: found byte 0xfc at byte 9 of the line: this is no UTF-8"),
    (b"#\n" * 40000, 32769, "64 KB"), (b"\xff\xfe\x01\n", 1, "byte 0xff at byte 1"), (b"agent\n", 1, "nothing behind it"),
])
def test_what_is_no_scenario_is_named_by_line(run, tmp_path, content, number, found):
    (tmp_path / "rnd.call").write_bytes(content)
    done = run("simulate", "--script", "rnd.call", "--json")
    assert done.status == 2
    error = done.error()
    assert error["where"] == f"rnd.call, line {number}" and found in error["message"] and error["hint"], error
    assert f"rnd.call, line {number}: " in run("simulate", "--script", "rnd.call").err


def test_a_cue_stands_within_the_longest_call(run, tmp_path):
    (tmp_path / "long.call").write_text(SCENARIO + "at 60 hangup\n")
    assert run("simulate", "--script", "long.call", "--set", "call.max_ms=60000").status == 0
    done = run("simulate", "--script", "long.call", "--set", "call.max_ms=59999", "--json")
    assert done.status == 2 and done.error()["where"] == "long.call, line 15"
    assert done.error()["message"] == 'at: found "60"' and "call.max_ms: 59999 ms" in done.error()["hint"]


def again(done):
    """The command of a failed run's first "again:" line."""
    line = next(line for line in done.out.splitlines() if "again: simulate " in line)
    return line.split("again: simulate ")[1].split()


def test_a_failed_run_says_how_to_see_it_again(run):
    command = again(run("simulate", "--calls", 40, "--seed", 3, "--faults", "none", "--sabotage", "P05", "--set", "turn.complete_ms=300"))
    flags = dict(zip(command[:-1:2], command[1::2]))
    assert flags["--seed"] == "3" and "--call" in flags and flags["--faults"] == "none" and flags["--sabotage"] == "P05"
    assert flags["--set"] == "turn.complete_ms=300" and command[-1] == "--trace"
    assert run("simulate", *command).status == 1


def test_again_has_the_disk_and_its_points(run, tmp_path):
    points = ["--inject", "fsync:100000=EIO", "--inject", "write:2000000=ENOSPC", "--crash-at", "rename:100000"]
    done = run("simulate", "--calls", 8, "--seed", 3, "--faults", "none", "--sabotage", "P02", "--disk", "journal", *points)
    assert done.status == 1
    command = again(done)
    assert command[command.index("--disk") + 1] == "journal"
    for flag, value in zip(points[::2], points[1::2]):
        assert value in [b for a, b in zip(command, command[1:]) if a == flag]
    assert "--call" not in command and 0 < int(command[command.index("--calls") + 1]) <= 8, "a point counts from the first call on"
    command[command.index("--disk") + 1] = "another"
    assert "P02 broken" in run("simulate", *command[:-1]).out and (tmp_path / "another").is_dir()


def test_kept_calls_replay(run, tmp_path):
    done = run("simulate", "--calls", 3, "--seed", 21, "--keep", tmp_path / "kept", "--json")
    assert done.status == 0
    files = sorted((tmp_path / "kept").iterdir())
    assert [f.name for f in files] == [f"seed21-call{k}.cfj" for k in range(3)]
    replayed = run("replay", tmp_path / "kept", "--json")
    assert replayed.status == 0


# ---- a journal of one's own ----

def test_a_ledger_is_appended_to_nothing_else(run, tmp_path):
    args = ["simulate", "--calls", 1, "--seed", 5, "--faults", "none", "--disk", "journal", "--ledger"]
    assert run(*args, "ledger").status == 0
    one = (tmp_path / "ledger").read_text()
    assert run(*args, "ledger").status == 0
    assert (tmp_path / "ledger").read_text().startswith(one) and (tmp_path / "ledger").read_text() != one, "another life in the same folder"
    (tmp_path / "letter").write_text("Dear Asha,\n")
    (tmp_path / "almost").write_text(one[1:])
    segment = sorted((tmp_path / "journal").glob("seg-*.cfj"))[0]
    (tmp_path / "link").symlink_to(tmp_path / "journal" / "lock")
    for path in (tmp_path / "letter", tmp_path / "almost", segment, tmp_path / "journal" / "lock", tmp_path / "link", tmp_path / "journal" / "ledger"):
        before = path.read_bytes() if path.exists() else None
        done = run(*args, path, "--json")
        assert done.status == 2 and done.error()["where"] == str(path) and done.error()["hint"], path
        assert (path.read_bytes() if path.exists() else None) == before
    assert run(*args, "/dev/null").status == 0


def test_a_killed_call_again_in_its_folder(run, tmp_path):
    """It begins anew and is judged by itself, whatever was killed before it; the folder is whole; and the judge still sees what is broken in it."""
    args = ["simulate", "--seed", 5, "--call", 0, "--faults", "none", "--disk", "journal"]
    for point in ("write:500", "dispatch:1", "fsync:700"):
        assert Life(tmp_path / "journal", Facts(), "--seed", 5, "--call", 0, "--crash-at", point, faults="none").killed, point
    for _ in range(2):
        done = run(*args, "--json")
        assert done.status == 0 and done.json()["kept"], done.json()["failures"]
        assert all(done.json()["promises"][p]["exercised"] for p in ("N3", "N4", "N5", "N6", "replay"))
    assert run("journal", "verify", "journal").status == 0
    for guard in ("N3", "N4", "N5"):
        assert run(*args, "--sabotage", guard, "--json").json()["promises"][guard]["broken"], guard


def test_a_ledger_that_is_full_is_named(run):
    done = run("simulate", "--calls", 2, "--seed", 1, "--ledger", "/dev/full", "--json")
    error = done.error()
    assert done.status == 3 and error["where"] == "/dev/full" and "the ledger cannot be written: No space left" in error["message"] and "room" in error["hint"]


def test_a_real_journal_its_ledger_and_its_points(run, tmp_path):
    done = run("simulate", "--calls", 2, "--seed", 5, "--disk", "journal", "--ledger", "ledger", "--json")
    assert done.status == 0
    summary = done.json()
    facts = [line.split() for line in (tmp_path / "ledger").read_text().splitlines()]
    assert sum(f[1] == "dispatch" for f in facts) == summary["operations"]["dispatch"] == summary["changes"] > 0
    assert sum(f[1] == "end" for f in facts) == 2
    for kind in ("open", "write", "fsync", "rename"):
        assert summary["operations"][kind] > 10
    calls = run("journal", "list", "journal", "--json").json()["calls"]
    assert sum(c["records"] for c in calls) == summary["records"] and all(c["ended"] for c in calls)


@pytest.mark.parametrize("args, where, message", [
    (["--faults", "nope"], "--faults", 'no fault is called "nope"'),
    (["--sabotage", "P07"], "--sabotage", 'no guard is called "P07"'),
    (["--crash-at", "fsync:1"], "--crash-at", "a point to fail at needs a real journal"),
    (["--inject", "fsync:1=EIO"], "--inject", "a point to fail at needs a real journal"),
    (["--disk", "d", "--crash-at", "sink:1"], "sink:1", "an operation that is not counted"),
    (["--disk", "d", "--crash-at", "fsync:0"], "fsync:0", "the count must be a whole number from 1 on"),
    (["--disk", "d", "--crash-at", "fsync:1=EIO"], "--crash-at", 'found "fsync:1=EIO"'),
    (["--disk", "d", "--inject", "fsync:1"], "--inject", 'no error to fail with: found "fsync:1"'),
    (["--disk", "d", "--inject", "fsync:1=EWHAT"], "fsync:1=EWHAT", "an error that cannot be made"),
    (["--calls", "0"], "simulate", '--calls: found "0"'),
    (["--calls", "3", "--call", "1"], "--call", "--call and --calls exclude each other"),
    (["--jobs", "many"], "simulate", '--jobs: found "many"'),
    (["--script", "any.call", "--faults", "stt-missing"], "--faults", 'a script names its faults itself: found "stt-missing"'),
    (["--jobs", "2", "--trace"], "--jobs", "--trace runs in one process"),
    (["--jobs", "2", "--disk", "d"], "--jobs", "--disk runs in one process"),
    (["--seed"], "simulate", None),
    (["word"], "word", "simulate takes no operands"),
    (["--set", "turn.silence_ms=1"], "--set", 'turn.silence_ms: found "1"'),
])
def test_wrong_usage(run, tmp_path, args, where, message):
    done = run("simulate", "--json", *args)
    assert done.status == 2
    error = done.error()
    assert error["code"] == "wrong_usage" and error["where"] == where
    assert error["hint"] or message is None
    assert message is None or error["message"] == message
    people = run("simulate", *args)
    assert people.status == 2 and people.out == "" and error["message"] in people.err and (error["hint"] or "") in people.err
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("args, where", [
    (["--script", "nope.call"], "nope.call"), (["--ledger", "/proc/none/x"], "/proc/none/x"), (["--keep", "/proc/none/x"], "/proc/none/x"),
    (["--disk", "no/such/folder"], "no/such/folder"),
])
def test_what_is_not_there(run, args, where):
    done = run("simulate", "--json", *args)
    assert done.status == 3 and done.error()["where"] == where and done.error()["message"]
    people = run("simulate", *args)
    assert people.status == 3 and people.out == "" and where in people.err


# ---- calls in which something once broke ----


@pytest.mark.parametrize("seed, call", [(110, 5054), (120, 7965), (401, 5839), (403, 7039), (405, 1526), (406, 1580), (509, 9887), (514, 2270), (1105, 5), (1105, 33), (2355, 17), (2482, 36),
                                        (603, 2325), (604, 6630), (607, 3280), (607, 8053), (702, 6960), (703, 3370), (709, 2484), (720, 7920)])
def test_what_broke_once(run, seed, call):
    """Of the long runs by hand (docs/testing.md); as far as the same numbers still draw the same call."""
    done = run("simulate", "--seed", seed, "--call", call, "--faults", "all")
    assert done.status == 0, done.out


@pytest.mark.parametrize("script", [
    "agent What is your phone number? Please take your time.\nask digits What is your phone number?\n"
    "answer nine eight seven | six five four | three two one zero\nask yes-no Shall we bring it tomorrow?\nanswer no\n",
    "agent Hello, this is the post. What is your question?\nask open What is your question?\nanswer it is about my bill\ntool look_up 9000 result number 65 found\n"
    "ask spelled How is your name spelled?\nanswer J O N E S | at | gmail dot com\nask yes-no Shall we bring it tomorrow?\nanswer no\n",
], ids=["a sentence behind the question", "a statement with a number in it"])
def test_P09_what_was_asked_is_not_forgotten(run, tmp_path, script):
    (tmp_path / "asked.call").write_text(script)
    done = run("simulate", "--script", tmp_path / "asked.call", "--calls", 60, "--seed", 5, "--json")
    assert done.status == 0, done.out
    promise = done.json()["promises"]["P09"]
    assert promise["exercised"] >= 20 and promise["broken"] == 0


def test_P09_who_spells_his_name_unasked_is_not_cut_off(run, tmp_path):
    (tmp_path / "unasked.call").write_text(
        "agent Hello, this is the post. What is your name?\nask spelled What is your name?\nanswer it's a l e x | m o r\n"
        "answer alex mor that's a l | e x | m o r\n"
        "answer it's m double l | e r\nanswer n as in november | o as in oscar | a\nask yes-no Shall we bring it tomorrow?\nanswer yes\nanswer no\n")
    done = run("simulate", "--script", tmp_path / "unasked.call", "--calls", 60, "--seed", 5, "--json")
    assert done.status == 0 and done.json()["yes_no_median_ms"] < 250, done.out
    promise = done.json()["promises"]["P09"]
    assert promise["exercised"] >= 20 and promise["broken"] == 0


LAKE_HOUSE = ("agent Hello, this is the post. What is your question?\nask open What is your question?\nanswer where is my parcel\n"
          "tool find_parcel 5900 the parcel lies in the lake house\n")


@pytest.mark.parametrize("more", ["", "tool weather 300 it rains at the harbour\n"], ids=["one tool", "two"])
def test_P03_what_was_found_before_the_goodbye_is_told(run, tmp_path, more):
    (tmp_path / "end.call").write_text(LAKE_HOUSE + more)
    done = run("simulate", "--script", "end.call", "--calls", 200, "--seed", 1, "--json")
    assert done.status == 0, done.out
    assert done.json()["promises"]["P03"]["exercised"] >= 100
    done = run("simulate", "--script", "end.call", "--calls", 100, "--seed", 1, "--sabotage", "P02", "--json")
    assert done.json()["promises"]["P01"]["broken"] >= 50, done.out  # what the model does not get is not told


@pytest.mark.parametrize("tool, cue, timeout, seed", [(7000, "at 9.000 say and my wife too\n", 10000, 1), (7000, "at 8.000 keys 1\n", 10000, 1), (12000, "", 30000, 5),
                                                      (12000, "", 10000, 5)], ids=["words", "a key", "slow", "behind its deadline"])
def test_P03_a_goodbye_waits_for_what_is_looked_up(run, tmp_path, tool, cue, timeout, seed):
    (tmp_path / "hold.call").write_text(f"agent Hello. Shall we bring it tomorrow?\nask yes-no Shall we bring it tomorrow?\nanswer yes please\n"
                                        f"tool find_parcel {tool} in the lake house\n{cue}")
    done = run("simulate", "--script", "hold.call", "--calls", 30, "--seed", seed, "--set", f"tool.timeout_ms={timeout}", "--json")
    assert done.status == 0, done.out
    assert done.json()["promises"]["P03"]["exercised"] >= 30


def test_what_was_found_behind_its_deadline_is_told_with_the_next_answer(run, tmp_path):
    (tmp_path / "late.call").write_text(LAKE_HOUSE.replace("5900", "9900") + "ask open Which town do you live in?\nanswer in Berlin\n")
    calls = [run("simulate", "--script", "late.call", "--call", i, "--seed", 1, "--trace") for i in range(8)]
    assert all(done.status == 0 for done in calls)
    assert any("which was not known in time gave the parcel lies in the lake house" in done.out for done in calls)


def test_P06_a_question_that_a_long_noise_cut_is_said_again_whole(run, tmp_path):
    (tmp_path / "cut.call").write_text("agent Hello, this is the post. What is your question?\nask open What is your question?\nanswer where is my parcel\n"
                                       "ask open Which town do you live in?\nanswer in Berlin\nat 2.2 cough 1500\n")
    done = run("simulate", "--script", "cut.call", "--calls", 100, "--seed", 1, "--json")
    assert done.status == 0, done.out
    for i in range(3):
        done = run("simulate", "--script", "cut.call", "--call", i, "--seed", 1, "--trace")
        said = [line for line in done.out.splitlines() if '"out":"speak"' in line]
        assert '"Sorry, I did not catch that."' in said[1] and '"What is your question?"' in said[2], said


def test_P10_a_noise_over_the_goodbye_keeps_no_call_open(run, tmp_path):
    """The end that the noise took back comes behind the words all the same, and nobody is asked whether he is still there."""
    for at in (9.5, 11.5, 13.5):
        (tmp_path / "bye.call").write_text(LAKE_HOUSE.replace("5900", "400") + f"at {at} cough 1500\n")
        done = run("simulate", "--script", "bye.call", "--calls", 40, "--seed", 1, "--json")
        assert done.status == 0, done.out
        for i in range(4):
            traced = run("simulate", "--script", "bye.call", "--call", i, "--seed", 1, "--trace").out
            assert '"note":"quiet"' not in traced and '{"out":"hangup","kind":1}' in traced


def test_P10_a_result_under_a_noise_over_the_goodbye_is_told(run, tmp_path):
    """It takes the end back while the noise holds the last words: the model is asked, nobody is asked whether he is still there."""
    (tmp_path / "late.call").write_text("agent Hello. Shall we bring it?\nask yes-no Shall we bring it?\nanswer yes\n"
                                        "tool send_d changes 20000 result d is blue water\nat 19 cough 1300\n")
    done = run("simulate", "--script", "late.call", "--calls", 60, "--seed", 1, "--json")
    assert done.status == 0, done.out


def test_P01_nothing_is_changed_while_the_caller_takes_it_back(run, tmp_path):
    """Behind a short yes the turn is over at once; "wait no" comes before the model has decided, or while its message comes."""
    (tmp_path / "wait.call").write_text("agent Hello. Shall we book it?\nask yes-no Shall we book it?\nanswer yes | wait no do not book it please\n"
                                        "tool book_it changes 700 table was booked\nask open Anything else?\nanswer nothing\n")
    behind = 0
    for i in range(10):
        lines = run("simulate", "--script", "wait.call", "--call", i, "--seed", 1, "--trace").out.splitlines()
        sent = next((at for at, line in enumerate(lines) if '"out":"tool"' in line), len(lines))
        behind += next(at for at, line in enumerate(lines) if '"note":"turn"' in line and "do not book" in line) < sent
    assert behind >= 7  # of the others it was dispatched in the pause before "wait"


def test_P12_a_slow_model_that_writes_is_left_to_write(run, tmp_path):
    """900 ms to the first word, 33 words a second: nobody is told that something went wrong."""
    (tmp_path / "slow.call").write_text("agent Hello. Where do you live?\nask open Where do you live?\nanswer green street\n"
                                        "tool find_a 300 result a is the old mill house\nask yes-no Is that all?\nanswer yes please\n")
    for i in range(6):
        traced = run("simulate", "--script", "slow.call", "--call", i, "--seed", 1, "--vendor-ms", "150,900,30,150", "--trace").out
        assert "went wrong" not in traced and '{"out":"hangup","kind":1}' in traced


def test_P01_what_four_noises_cut_is_told_all_the_same(run, tmp_path):
    (tmp_path / "noisy.call").write_text(LAKE_HOUSE.replace("5900", "400").replace("lake house", "lake house near the old mill and the guard there has the key to it") +
                                         "ask yes-no Shall we bring it tomorrow?\nanswer yes please\n" + "".join(f"at {at} cough 1200\n" for at in (10.5, 15.5, 20.5, 25.5)))
    done = run("simulate", "--script", "noisy.call", "--calls", 20, "--seed", 1, "--vendor-ms", "300,400,5,150", "--json")
    assert done.status == 0, done.out
    assert done.json()["promises"]["P01"]["exercised"] >= 10


def test_P12_behind_digits_there_is_no_dead_air(run, tmp_path):
    (tmp_path / "digits.call").write_text(
        "agent Hello, this is the post. What is the parcel number?\nask digits What is the parcel number?\nanswer two zero two | five five five\n"
        "tool find_parcel 500 the parcel lies in the lake house\ntool weather 300 it rains at the harbour\n"
        "ask yes-no Shall we bring it tomorrow?\nanswer yes please\n")
    done = run("simulate", "--script", "digits.call", "--calls", 200, "--seed", 1, "--json")
    assert done.status == 0 and done.json()["promises"]["P12"]["exercised"] >= 200, done.out
    done = run("simulate", "--script", "digits.call", "--calls", 100, "--seed", 1, "--sabotage", "P12", "--json")
    assert done.json()["promises"]["P12"]["broken"] >= 1, done.out


def test_P04_what_is_ready_in_a_cough_makes_nothing_be_said_again(run, tmp_path):
    (tmp_path / "cough.call").write_text(
        "agent Hello, this is the post. What is your question?\nask open What is your question?\nanswer it is about my bill\ntool t5n changes 1 result number 56 found\n"
        "at 2.623 cough 300\nat 4.076 keys *\nat 4.897 cough 600\nat 6.221 nod yeah\nat 14.045 cough 60\nat 15.051 say no not that one\n")
    done = run("simulate", "--script", tmp_path / "cough.call", "--seed", 1265, "--call", 0, "--json")
    assert done.status == 0, done.out
    assert done.json()["promises"]["P04"] == {"exercised": 4, "broken": 0}


def test_P09_a_yes_with_courtesy_ends_as_soon_as_a_yes(run, tmp_path):
    (tmp_path / "yes.call").write_text("agent Shall we bring it again?\nask yes-no Shall we bring it again?\nanswer yes please\n")
    done = run("simulate", "--script", tmp_path / "yes.call", "--calls", 60, "--seed", 5, "--json")
    assert done.status == 0 and done.json()["yes_no_median_ms"] < 250, done.out


@pytest.mark.parametrize("at", ["20.042", "20.192"])
def test_N5_who_speaks_into_the_end_of_the_goodbye_is_heard(run, tmp_path, at):
    (tmp_path / "bye.call").write_text(
        "agent Hello, this is the post. What is the parcel number?\nask digits What is the parcel number?\nanswer two zero two five five five\n"
        "tool find_parcel 1 parcel found in the lake house\nask yes-no Shall we bring it tomorrow?\nanswer no\n" f"at {at} say no wait please\n")
    done = run("simulate", "--script", tmp_path / "bye.call", "--calls", 1, "--seed", 3, "--json")
    assert done.status == 0 and done.json()["turns"] == 3, done.out


GREETING = "Hello, this is the post. We have a long greeting for you, so that there is time for other things, as you will hear. What is your question?"
SLOW_TOOLS = ("agent Hello, this is the post. What is your question?\nask open What is your question?\nanswer it is about my bill\n"
              "tool t1 {}found\ntool t2 {}number five\nask open Which day would suit you best?\nanswer friday\n"
              "ask yes-no Shall we bring it tomorrow?\nanswer no\n")


@pytest.mark.parametrize("script, seed, promise, exercised", [
    (f"agent {GREETING}\nask open What is your question?\nanswer fine\nat 3.326 cough 60\nat 3.788 keys 1\n", 7, "P06", 0),
    (SLOW_TOOLS.format("7034 ", "changes 5034 ") + "at 5.773 cough 150\n", 8, "P14", 20),
    ("agent Does it work now?\nask yes-no Does it work now?\nanswer no\nask digits What is your phone number?\n"
     "answer two zero two | five five five | zero one four three\nat 8 keys *\nat 12.5 keys *\n", 5, "P09", 5),
    ("agent Good morning, this call is recorded. What is your question? Please take your time.\nask open What is your question?\n"
     "answer it is about my bill\nat 1.836 keys 42\n", 20053, "P04", 0),
    ("agent Hello. Shall we bring it tomorrow?\nask yes-no Shall we bring it tomorrow?\nanswer no thank you\nanswer yes please\nanswer yes\nanswer no\n"
     "tool tool_1 9000 booked under lantern\ntool tool_2 6000 booked under lantern\nask spelled What is your email address?\n"
     "answer anna dot miller | at example dot com\nanswer help me | at example dot net\ntool tool_3 9000 booked under lantern\n"
     "tool tool_4 changes 9000 booked under lantern\nask spelled Could you spell your last name?\nanswer s h a | r m | a\nanswer m i l | l e r\n"
     "at 5.548 say sorry can I ask something else first\nat 6.326 say hello\n", 1074, "P14", 20),
    ("agent Good morning, this call is recorded. What is your phone number?\nask digits What is your phone number?\n"
     "answer two zero two | five five five | zero one four three\ntool tool_1 changes 2500 booked under lantern\nask yes-no Does it work now?\nanswer yes\n"
     "ask spelled What is your email address?\nanswer anna dot miller | at example dot com\nanswer help me | at example dot net\nat 20.500 cough 1200\n",
     1223, "P09", 20),
    ("agent Hello. Which day would suit you best?\nask open Which day would suit you best?\nanswer tuesday in the morning\nanswer any day ~ after four\n"
     "fault media-deaf 3\n", 5, "P10 --set quiet.after_ms=500", 0),
], ids=["a key behind a cough", "two slow tools", "a key inside a number", "a key in a disclosure", "two tools that found the same",
        "the answer to what has been settled", "a silence on a deaf line"])
def test_what_the_judge_once_took_for_broken(run, tmp_path, script, seed, promise, exercised):
    (tmp_path / "once.call").write_text(script)
    promise, *others = promise.split()
    done = run("simulate", "--script", "once.call", "--calls", 40, "--seed", seed, *others, "--json")
    assert done.status == 0, done.out
    assert done.json()["promises"][promise]["exercised"] >= exercised


@pytest.mark.parametrize("at", ["0.05", "0.3", "0.3 keys 1"])
def test_N4_before_the_first_mark_what_is_not_known_is_marked(run, tmp_path, at):
    """Nobody knows yet how far away the ear is; of a call that was over at once there is a recording, too."""
    when, _, what = at.partition(" ")
    (tmp_path / "soon.call").write_text("agent Hello, it is the post and we would like to know something from you today. Shall we go a?\n"
                                        f"ask yes-no Shall we go a?\nanswer no thank you\nat {when} {what or 'hangup'}\n")
    done = run("simulate", "--script", "soon.call", "--calls", 100, "--seed", 3, "--json")
    assert done.status == 0, done.out
    assert done.json()["promises"]["N4"] == {"exercised": 100, "broken": 0}


def test_what_is_kept_leaves_nothing_in_the_journal(run, tmp_path):
    """An export is in clear; the journal's folder is sealed."""
    (tmp_path / "kept").mkdir()
    done = run("simulate", "--calls", 2, "--seed", 3, "--disk", "d", "--keep", "kept")
    assert done.status == 0, done.err
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["seed3-call0.cfj", "seed3-call1.cfj"]
    assert not list((tmp_path / "d").glob("*seed3*"))
    assert run("journal", "verify", "d").status == 0


def test_calls_that_are_kept_are_judged_as_others(run, tmp_path):
    """Also those whose disk would be small: nothing is deleted, so it is not."""
    kept = tmp_path / "kept"
    done = run("simulate", "--calls", 60, "--seed", 4242, "--faults", "all", "--keep", kept)
    assert done.status == 0, done.out
    assert len(list(kept.glob("*.cfj"))) == 60


PARCEL = ("agent Hello, this is the post. What is your question?\nask open What is your question?\nanswer where is my parcel\n"
          "tool find_parcel {}\nask digits What is the parcel number?\nanswer two zero two | five five five\n")


@pytest.mark.parametrize("ending, promise, exercised", [
    ("3000 parcel found in the lake house", "P02", 86), ("changes 700 the parcel is here\nfault tool-unknown 1\nfault llm-again 1", "P01", 40),
    ("6500 parcel found in the lake house", "P12", 40),
], ids=["a result that comes into a cough", "a change asked for again, turns later", "a tool that takes long"])
def test_what_is_left_open_is_looked_at(run, tmp_path, ending, promise, exercised):
    tool, _, faults = ending.partition("\n")
    (tmp_path / "open.call").write_text(PARCEL.format(tool) + ("at 8.6 cough 500\n" if promise == "P02" else "") + faults)
    done = run("simulate", "--script", "open.call", "--calls", 40, "--seed", 3, "--json")
    assert done.status == 0, done.out
    assert done.json()["promises"][promise]["exercised"] >= exercised


@pytest.mark.parametrize("calls, script", [
    (20, ("agent Good morning, this call is recorded. Does it work now?\n"
     "ask yes-no Does it work now?\n"
     "answer no still nothing\n"
     "ask digits What is your customer number?\n"
     "answer seven zero five five | zero one one nine\n"
     "answer nine nine\n"
     "tool tool_1 changes 6000 booked under lantern\n"
     "tool tool_2 changes 50 sent again\n"
     "at 2.670 say no not that one\n"
     "at 22.670 cough 60\n"
     "at 42.670 nod okay\n"
     "at 42.976 nod uh-huh\n"
     "at 43.547 nod mm-hm\n"
     "at 44.775 keys 1\n"
     "at 46.269 say actually ~ one moment | please\n"
     "at 66.269 keys 42\n"
     "fault disk-stopped 4\n"
     "fault disk-slow 5\n"
     "fault llm-stall 4\n"
     "fault tts-mid 2\n"
     "fault line-jitter 2\n"
     "fault worker-early 1\n")),
    (40, ("agent Hello, this is the post. What can I do for you? Please take your time, there is no hurry at all today.\n"
     "ask open What can I do for you?\n"
     "answer nothing ~ I think\n"
     "at 1.2 cough 60\n"
     "at 1.51 hangup\n")),
    (40, ("agent Good morning, this call is recorded. What is your phone number? Please take your time.\n"
     "ask digits What is your phone number?\n"
     "answer two zero two | five five five | zero one four three\n"
     "at 0.771 hangup\n"
     "fault disk-stopped 1\n")),
], ids=["a result that comes behind the closing words", "a hang-up right behind a cough", "a disk that stopped before the media"])
def test_what_the_judge_or_the_model_once_mistook(run, tmp_path, calls, script):
    (tmp_path / "one.call").write_text(script)
    summary = run("simulate", "--script", "one.call", "--calls", calls, "--seed", 1, "--json").json()
    assert kept(summary), summary["failures"]


@pytest.mark.parametrize("script, promise, exercised", [
    ("agent How are you?\nask open How are you?\nanswer fine\n", "P05", 30),
    (f"agent {GREETING}\nask open What is your question?\nanswer fine\nfault tts-mid 1\n", "P05", 20),
    (f"agent {GREETING}\nask open What is your question?\nanswer fine\nat 2 nod mm-hm\n", "P06", 50),
    ("agent How are you?\nask open How are you?\nanswer I cannot get online and I need it | for my work today\nfault stt-dead 2\n", "N5", 180),
    ("agent How are you?\nask open How are you?\nanswer I cannot get online and I need it | for my work today\nfault stt-stall 2\n", "N5", 180),
], ids=["the agent hangs up", "a voice that dies", "a nod", "a dead recogniser", "a mute recogniser"])
def test_what_the_judge_looks_for_comes_about(run, tmp_path, script, promise, exercised):
    (tmp_path / "one.call").write_text(script)
    done = run("simulate", "--script", "one.call", "--calls", 40, "--seed", 1, "--json")
    assert done.status == 0, done.out
    assert done.json()["promises"][promise]["exercised"] >= exercised


def test_what_breaks_was_put_to_the_test(run):
    for guard in ("P04", "P06", "P10"):
        promises = run("simulate", "--calls", 60, "--seed", 3, "--sabotage", guard, "--json").json()["promises"]
        assert promises[guard]["broken"] and all(p["exercised"] >= p["broken"] for p in promises.values()), guard
