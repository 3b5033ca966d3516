"""Streams at a vendor, counted by the vendor, for all workers of a house: never more than its limit, the next provider asked at once, and what a killed worker
held free again."""
import threading

import pytest

from house import until
from promisekit import QUIET_MAX_S, stages

LIMIT = 3
CALLS = 5


@pytest.fixture(scope="module")
def stage(tmp_path_factory, model):
    yield from stages(tmp_path_factory.mktemp("leases"), model, "voice.workers=2", "voice.ahead_max=0", f"providers.deepgram.max_streams={LIMIT}")


def looks(line):
    return line.told("Shall I look?")


def orders(line):
    return line.told("Order it?")


def test_a_limit_is_that_of_all_workers(stage):
    """Five calls at once in two workers: three streams at the first recogniser, two at the next, and nobody waits for it."""
    stage.begin(heard=["yes"] * 40, other=["yes"] * 40)
    lines = [stage.line((looks, "yes"), (orders, "yes")) for _ in range(CALLS)]
    stage.hold(*lines)
    assert stage.sandbox.streams("deepgram")["most"] == LIMIT
    assert 1 <= stage.sandbox.streams("sarvam")["most"] <= CALLS - LIMIT + 1, stage.sandbox.streams("sarvam")
    assert len({line.url for line in lines}) == 2, [line.url for line in lines]  # both workers had calls
    for line in lines:
        ended = stage.house.call(line.follower.name)
        assert (ended["reason"], ended["outcome"]) == ("agent", "ordered") and line.quiet_s() <= QUIET_MAX_S, line.story()


def test_what_a_killed_worker_held_is_free_at_once(stage):
    """Four calls in two workers have all three streams. One worker is killed: its calls come back to the other one, and all three are used again."""
    stage.begin(heard=["yes"] * 40, other=["yes"] * 40)
    go = threading.Event()
    lines = [stage.line((lambda line: lambda: go.is_set() and looks(line)(), "yes"), (orders, "yes")) for _ in range(4)]
    calls = threading.Thread(target=stage.hold, args=lines)
    calls.start()
    try:
        until(lambda: all(looks(line)() for line in lines), 20, "all were asked")
        assert (stage.sandbox.streams("deepgram")["open"], stage.sandbox.streams("sarvam")["open"]) == (LIMIT, 1)
        dead = stage.house.kill("w1")
        left = until(lambda: (n := stage.sandbox.streams("deepgram")["open"]) < LIMIT and n, 2, "the vendor has learnt of it")
        assert left <= 2
        until(lambda: stage.sandbox.streams("deepgram")["open"] == LIMIT, 6, "another worker has what the dead one had")
        stage.house.back("w1", dead)
    finally:
        go.set()
        calls.join(60)
    assert stage.sandbox.streams("deepgram")["most"] == LIMIT
    for line in lines:
        ended = stage.house.call(line.follower.name)
        assert (ended["reason"], ended["outcome"]) == ("agent", "ordered"), line.story()
