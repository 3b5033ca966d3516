"""Every setting of a call at its least and its most: the promises hold in the whole range that the option table allows."""
import concurrent.futures
import json
import subprocess

import pytest

from conftest import BINARY, aside

FAMILIES = {"vad", "turn", "barge", "llm", "tts", "play", "stt", "tool", "quiet", "key", "call"}
CALLS = 50
FEW = 3  # of some seventy spelled answers, 2 % of which may be cut off: what luck does to so small a number


def extremes():
    """(name, value) for both ends of each number, and the other side of each switch."""
    done = subprocess.run([BINARY, "config", "--json"], capture_output=True, timeout=20, check=True)
    for setting in json.loads(done.stdout)["settings"]:
        if setting["name"].split(".")[0] not in FAMILIES:
            continue
        if setting["type"] == "int":
            yield setting["name"], setting["min"]
            yield setting["name"], setting["max"]
        elif setting["type"] == "bool":
            yield setting["name"], str(not setting["default"]).lower()


def with_partners(name, value):
    """This setting, and those that would contradict it moved as far as they must be."""
    done = subprocess.run([BINARY, "config", "--json"], capture_output=True, timeout=20, check=True)
    document = json.loads(done.stdout)
    values = {s["name"]: s["default"] for s in document["settings"]}
    values[name], moved = value, {name}
    for _ in document["orders"]:
        for order in document["orders"]:
            low, high = order["low"], order["high"]
            if values[low] > values[high]:
                keep, other = (low, high) if low in moved else (high, low)
                values[other] = values[keep]
                moved.add(other)
    return [f"{n}={values[n]}" for n in sorted(moved)]


def one(setting):
    name, value = setting
    sets = [word for s in with_partners(name, value) for word in ("--set", s)]
    done = subprocess.run(aside(BINARY, "simulate", "--calls", CALLS, "--seed", 17, "--faults", "all", *sets, "--json"),
                          capture_output=True, timeout=600, check=False)
    return f"{name}={value}", json.loads(done.stdout)


def test_every_promise_is_kept_at_both_ends_of_every_setting():
    settings = list(extremes())
    assert len(settings) >= 80
    broken = {}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, run in pool.map(one, settings):
            failures = [f for f in run.get("failures", [run]) if not luck(run, f)]
            if failures or run["crashes"] or run["calls"] != CALLS:
                broken[name] = (failures, run.get("crashes"))
    assert not broken


def luck(run, failure):
    return failure["promise"] == "P09" and "spelled" in failure["what"] and run["spelled_cut_off"] <= FEW


@pytest.mark.parametrize("name, value", [
    ("turn.silence_ms", 3001), ("turn.spelled_ms", 1599), ("barge.resume_ms", 601), ("barge.yield_ms", 699),
    ("vad.on", 1), ("llm.filler_ms", 1501), ("play.mark_ms", 999),
])
def test_what_would_break_a_promise_is_refused(run, name, value):
    done = run("simulate", "--calls", 1, "--set", f"{name}={value}", "--json")
    assert done.status == 2
    assert done.error()["message"] == f'{name}: found "{value}"'
