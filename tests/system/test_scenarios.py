"""Scenarios drawn at random (scenarios.py) keep every promise.

    CALLFUNNEL_SCRIPTS=600 CALLFUNNEL_SEED=7 python -m pytest -s tests/system/test_scenarios.py      another loop, by hand
"""
import os
import time

from scenarios import scenario

CALLS = 4  # of each scenario: its answers, delays and durations are drawn anew


def broken_by(run, tmp_path, seed):
    """Runs that scenario; "" or what broke, the scenario and the command that shows it again."""
    text = scenario(seed)
    (tmp_path / "drawn.call").write_text(text)
    done = run("simulate", "--script", "drawn.call", "--seed", seed, "--calls", CALLS)
    if done.status == 0:
        return ""
    told = done.out[done.out.find("\n\n"):] if done.status == 1 else done.err
    return (f"---- status {done.status}; CALLFUNNEL_SCRIPTS=1 CALLFUNNEL_SEED={seed} runs it again; or, with these lines in drawn.call, what is told below:\n"
            f"{text}{told}")


def test_random_scenarios_keep_every_promise(run, tmp_path):
    count = int(os.environ.get("CALLFUNNEL_SCRIPTS", "60"))
    seed = int(os.environ.get("CALLFUNNEL_SEED", time.time_ns() // 1000 % 10**9))
    print(f"CALLFUNNEL_SCRIPTS={count} CALLFUNNEL_SEED={seed}")
    found = [told for k in range(count) if (told := broken_by(run, tmp_path, seed + k))]
    assert not found, f"CALLFUNNEL_SEED={seed}: {len(found)} of {count} scenarios\n" + "\n".join(found)
