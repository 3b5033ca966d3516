"""kill -9 at points drawn by a seed: at every kind of write, sync, rename and dispatch. Nothing that was promised is lost.

20 deaths by default; CALLFUNNEL_DEATHS=500 for more, CALLFUNNEL_SEED to repeat a run (the seed is printed).
"""
import collections
import os
import random
import shutil

import pytest

from deaths import KINDS, Facts, Judge, Life, copy_of, cut_unsynced, headers

DEATHS = int(os.environ.get("CALLFUNNEL_DEATHS", "20"))
SEED = int(os.environ.get("CALLFUNNEL_SEED", random.SystemRandom().randrange(1 << 32)))
# All that may befall a call but what has limits of its own: a worker of the simulation that dies, a disk that is slow by intent.
FAULTS = ",".join(["line-burst", "line-stall", "line-jitter", "stt-stall", "stt-dead", "stt-late", "stt-missing", "stt-empty", "stt-refused",
                   "stt-garbage", "llm-first", "llm-stall", "llm-dead", "llm-busy", "llm-garbage", "llm-slow", "llm-refused", "llm-repeat",
                   "tts-early", "tts-mid", "tts-no-done", "tts-stall", "tts-slow", "tts-refused", "media-lost", "media-gone", "marks-late",
                   "tool-slow", "tool-error", "tool-unknown", "tool-refused", "sink-outage"])


def went_well(life):
    """To its end, every promise kept; P09 counts over many calls, not in one."""
    broken = [name for name, p in life.summary["promises"].items() if p["broken"] and name != "P09"] if life.summary else ["all"]
    return life.status in (0, 1) and not broken and life.summary["calls"] == 1


class Fates:
    """What the next life is and where it ends, drawn by the seed."""

    def __init__(self, seed, folder):
        self.rng, self.folder = random.Random(seed), folder
        self.drawn = 0

    def call(self):
        """A call: one in two is recorded (every tenth is)."""
        return ["--seed", self.rng.randrange(1 << 31), "--call", self.rng.choice([0, 10, 20, 1, 2, 3])], self.rng.choice([FAULTS, FAULTS, FAULTS, "all"])

    def point(self, kind):
        """A call and a point in it: any that a whole life of it passes, early ones more often."""
        while True:
            call, faults = self.call()
            whole = Life(self.folder / "whole", Facts(), *call, faults=faults)
            shutil.rmtree(self.folder / "whole")
            assert went_well(whole), (call, whole.out[-2000:])
            passed = whole.summary["operations"][kind]
            if passed:
                early = self.rng.random() < 0.3
                return call, faults, self.rng.randint(1, min(passed, 25) if early else passed)


def die_once(fates, kind, folder, facts):
    """A life that ends at a drawn point; None when the folder, no longer empty, let it pass."""
    call, faults, n = fates.point(kind)
    point = f"{kind}:{n}"
    life = Life(folder, facts, *call, "--crash-at", point, faults=faults)
    said = f"simulate {' '.join(map(str, call))} --crash-at {point} --faults {faults}"
    assert life.killed or went_well(life), (said, life.status, life.out[-2000:], life.err)
    return said if life.killed else None


def test_nothing_promised_is_lost_by_kill_9(tmp_path, capsys):
    """Issue 3: deaths at seeded points; one to three lives in a folder, then one that goes to its end."""
    fates, counts = Fates(SEED, tmp_path), collections.Counter()
    folder, facts, story = None, None, []
    with capsys.disabled():
        print(f"\n{DEATHS} deaths, CALLFUNNEL_SEED={SEED}: ", end="", flush=True)
    while sum(counts.values()) < DEATHS:
        if folder is None:
            folder, facts, story, lives = tmp_path / "journal", Facts(), [], fates.rng.randint(1, 3)
        kind = KINDS[sum(counts.values()) % len(KINDS)]
        died = die_once(fates, kind, folder, facts)
        story.append(died or "a life that went to its end")
        counts[kind] += died is not None
        if died and sum(counts.values()) % 50 == 0:
            with capsys.disabled():
                print(sum(counts.values()), end=" ", flush=True)
        assert Judge(folder, facts).complaints == [], (SEED, story)
        if len(story) < lives:
            continue
        last, faults = fates.call()
        assert went_well(Life(folder, facts, *last, faults=faults)), (SEED, story)
        assert Judge(folder, facts).complaints == [], (SEED, story, "and a whole life")
        shutil.rmtree(folder)
        folder = None
    with capsys.disabled():
        print(", ".join(f"{counts[k]} at a {k}" for k in KINDS), end=" ", flush=True)
    assert set(counts) == set(KINDS)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_nothing_promised_waits_for_a_sync(tmp_path):
    """Killed before the nth sync, and the power is cut as well: what that sync was for is gone. Nobody had been told of it.

    What the nth sync was for, a second life says in which it fails: the file it then repeats, and from where.
    """
    fates, told = Fates(SEED, tmp_path), 0
    for _ in range(12):
        call, faults, n = fates.point("fsync")
        facts, twin = Facts(), tmp_path / "twin"
        dead = tmp_path / "dead"
        Life(twin, Facts(), *call, "--inject", f"fsync:{n}=EIO", faults=faults)
        life = Life(dead, facts, *call, "--crash-at", f"fsync:{n}", faults=faults)
        assert life.killed
        repeats = [h for h in headers(twin) if h.role and h.repeats_order]
        if repeats:
            order = repeats[0].repeats_order  # a file that was new then is not kept: nothing in it was durable
            lost = next((h.path.name for h in headers(twin) if h.role and h.order == order), f"seg-{order:016x}.cfj")
            before = (dead / lost).stat().st_size
            assert before > repeats[0].repeats_from, "something had been written"
            os.truncate(dead / lost, repeats[0].repeats_from)
            told += any(facts.durable.values())
            facts.slow.update(facts.calls())  # a power cut may take what happened within the limit, and the sync itself
            assert Judge(dead, facts).complaints == [], (SEED, call, faults, n)
        shutil.rmtree(twin)
        shutil.rmtree(dead)
    assert told >= 4, f"only {told} of those syncs were for records"


# ---- the judge itself: he must see what is missing ----

@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A recorded call that ended, and one that was killed, in one folder."""
    folder, facts = tmp_path_factory.mktemp("judge") / "journal", Facts()
    assert Life(folder, facts, "--seed", 5, "--call", 0, faults="none").status == 0
    assert Life(folder, facts, "--seed", 6, "--call", 0, "--crash-at", "write:500", faults="none").killed
    judge = Judge(folder, facts)
    assert judge.complaints == [] and len(facts.calls()) == 2 and len(facts.effects) >= 2
    return folder, facts, judge.rows


def test_the_judge_misses_the_last_promised_record(whole, tmp_path):
    """The file ends before it: nothing in the folder shows that, only the ledger does."""
    folder, facts, rows = whole
    copy = copy_of(folder, tmp_path / "journal")
    call, epoch = next((c, e) for c, e in facts.durable if c not in facts.ended)
    last = next(r for r in rows if (r["call"], r["epoch"], r["sequence"]) == (call, epoch, facts.durable[call, epoch]))
    os.truncate(copy / last["file"], last["offset"])
    complaints = Judge(copy, facts).complaints
    assert any("called durable up to" in c and "1 in all" in c for c in complaints), complaints


@pytest.mark.parametrize("kind", ["inputs", "event", "audio_caller", "audio_agent", "played", "meter", "snapshot", "start"])
def test_the_judge_misses_one_record_in_the_middle(whole, tmp_path, kind):
    folder, facts, rows = whole
    copy = copy_of(folder, tmp_path / "journal")
    found = [i for i, r in enumerate(rows[:-1]) if r["kind"] == kind and rows[i + 1]["file"] == r["file"]]
    one = found[len(found) // 2]
    start, end = rows[one]["offset"], rows[one + 1]["offset"]
    data = (copy / rows[one]["file"]).read_bytes()
    (copy / rows[one]["file"]).write_bytes(data[:start] + data[end:])
    complaints = Judge(copy, facts).complaints
    assert any("called durable up to" in c and f"[{rows[one]['sequence']}]" in c for c in complaints), complaints


def test_the_judge_sees_a_flipped_byte_and_a_missing_file(whole, tmp_path):
    folder, facts, rows = whole
    copy = copy_of(folder, tmp_path / "flipped")
    one = rows[len(rows) // 3]
    data = bytearray((copy / one["file"]).read_bytes())
    data[one["offset"] + 100] ^= 1
    (copy / one["file"]).write_bytes(data)
    assert any("verify" in c for c in Judge(copy, facts).complaints)
    copy = copy_of(folder, tmp_path / "missing")
    (copy / rows[0]["file"]).unlink()
    assert any("called durable up to" in c for c in Judge(copy, facts).complaints)


def test_the_judge_sees_a_lost_key_and_a_lost_folder(whole, tmp_path):
    folder, facts, _ = whole
    copy = copy_of(folder, tmp_path / "keyless")
    (copy / "keyring").unlink()
    assert any("does not open" in c for c in Judge(copy, facts).complaints)
    assert any("nothing is there at all" in c for c in Judge(tmp_path / "nowhere", facts).complaints)


def test_the_judge_sees_a_change_made_twice(whole):
    folder, facts, _ = whole
    facts.effects.append(facts.effects[0])
    complaints = Judge(folder, facts).complaints
    facts.effects.pop()
    assert any("took effect twice" in c for c in complaints), complaints


def test_the_judge_sees_what_a_lazy_program_never_wrote(tmp_path):
    """The binary with its guard for N5 off leaves facts out: no record is missing, the story is."""
    folder, facts = tmp_path / "journal", Facts()
    Life(folder, facts, "--seed", 5, "--call", 0, "--sabotage", "N5", faults="none")
    complaints = Judge(folder, facts).complaints
    assert any(" became " in c for c in complaints), complaints


def test_the_judge_sees_steps_that_came_too_late(whole, tmp_path):
    """The last second and more of a call that was killed, cut away as if never called durable: over the limit."""
    folder, facts, rows = whole
    copy = copy_of(folder, tmp_path / "journal")
    key = next(k for k in facts.durable if k[0] not in facts.ended)
    mine = [r for r in rows if (r["call"], r["epoch"]) == key]
    cut = next(r for r in mine if r["time_us"] > mine[-1]["time_us"] - 1_200_000)
    os.truncate(copy / cut["file"], cut["offset"])
    durable, facts.durable[key] = facts.durable[key], cut["sequence"] - 1
    complaints = Judge(copy, facts).complaints
    facts.durable[key] = durable
    assert any("steps happened in time to be kept" in c for c in complaints), complaints
