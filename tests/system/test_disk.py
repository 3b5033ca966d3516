"""F06 to F08 on the real program: a disk that is full, that fails, that may not be written.

Small disks are tmpfs mounts of our own; where mounting is not permitted those tests are skipped and the injected errors remain.
"""
import array
import fcntl
import json
import os
import pathlib
import subprocess
import wave

import pytest

from conftest import BINARY
from deaths import Facts, Judge, Life, ask, cut_unsynced, headers

CALL = ["--seed", 5, "--call", 0]  # recorded, a minute and a half, tools that change something
SEGMENT, RESERVE, RING = 1, 2, 3
PIPE_SIZE = 1031  # F_SETPIPE_SZ


def some_failures():
    """For a disk that will refuse something: what it cut short may lie there, and is told from damage."""
    facts = Facts()
    facts.failures = 2
    return facts


def went_well(life):
    assert life.status == 0, (life.status, life.out[-1500:], life.err)
    assert life.summary["kept"] is True and life.summary["calls"] == 1


def kilobytes(folder):
    """What the folder takes of a tmpfs, in whole pages."""
    return sum((p.stat().st_size + 4095) // 4096 * 4 for p in pathlib.Path(folder).iterdir())


@pytest.fixture(scope="module")
def control(tmp_path_factory):
    """The same call on a disk with room: its folder, what it told, its story."""
    folder, facts = tmp_path_factory.mktemp("control") / "journal", Facts()
    went_well(Life(folder, facts, *CALL, faults="none"))
    return folder, facts, story(folder, facts)


def story(folder, facts):
    status, out = ask("show", facts.calls()[0], "--dir", folder)
    assert status == 0, out
    return json.loads(out)


@pytest.fixture
def small_disk(tmp_path):
    """small_disk(kilobytes): the path of a disk of that size."""
    made = []

    def make(size):
        path = tmp_path / f"disk{len(made)}"
        path.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", path], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("a tmpfs cannot be mounted here: " + done.stderr.decode("utf-8", "replace").strip())
        made.append(path)
        return path

    yield make
    for path in made:
        subprocess.run(["umount", path], check=True)


def remount(path, options):
    subprocess.run(["mount", "-o", f"remount,{options}", path], check=True)


def tracks(path):
    """The two sides of a WAV."""
    with wave.open(str(path)) as w:
        samples = array.array("h", w.readframes(w.getnframes()))
    return {"caller": samples[0::2], "agent": samples[1::2]}


def cut_recording(folder, facts, to):
    status, out = ask("recording", facts.calls()[0], "--dir", folder, "-o", to)
    assert status == 0, out
    return json.loads(out), tracks(to)


def differs_only_in_gaps(cut, sides, right):
    """Each 20 ms of either side is what it is in the other recording, or lies in a marked gap. How many milliseconds do not."""
    lost = 0
    for side, samples in sides.items():
        gaps = [(g["start_sample"], g["start_sample"] + g["samples"]) for g in cut["gaps"] if g["side"] == side]
        for at in range(0, len(samples) - 160, 160):
            if samples[at:at + 160] != right[side][at:at + 160]:
                lost += 20
                assert any(a - 160 <= at and at + 160 <= b + 160 for a, b in gaps), (side, at / 8000, cut["gaps"])
    return lost


class Slow:
    """A life that is never further ahead of its reader than one page of its trace: a second or two of the call."""

    def __init__(self, folder, ledger, *args):
        read, write = os.pipe()
        fcntl.fcntl(write, PIPE_SIZE, 4096)
        self.process = subprocess.Popen([BINARY, "simulate", "--disk", folder, "--ledger", ledger, "--trace", "--json", "--faults", "none",
                                         *map(str, args)], stdout=write)
        os.close(write)
        self.out = open(read, encoding="utf-8")
        self.ledger, self.trace, self.facts = ledger, [], some_failures()

    def promised_us(self):
        """The time of the call's last step, and how much the ledger holds by now."""
        return json.loads(self.trace[-1])["input"]["at_us"], self.ledger.stat().st_size

    def until(self, come_true):
        """Reads step after step until come_true(), or to the end."""
        for line in self.out:
            self.trace.append(line)
            assert "step" in json.loads(line), "the call ended before that"
            if come_true():
                return

    def rest(self):
        """(exit status, summary)"""
        self.trace += self.out
        self.out.close()
        self.process.wait(timeout=60)
        self.facts.add_trace("".join(self.trace), self.facts.add_ledger(self.ledger.read_text()))
        return self.process.returncode, json.loads(self.trace[-1])


def in_use(folder, role):
    return any(h.role == role for h in headers(folder))


def gaps_said(folder):
    _, out = ask("journal", "dump", folder, "--kind", "gap")
    return [json.loads(line)["payload"] for line in out.splitlines()]


# ---- F06: the disk is full while a call is recorded ----

def test_F06_the_call_goes_on_and_its_gap_is_marked(control, small_disk, tmp_path):
    whole_folder, whole_facts, whole_story = control
    folder, facts = small_disk(kilobytes(whole_folder) - 280) / "journal", some_failures()
    went_well(Life(folder, facts, *CALL, faults="none"))
    assert in_use(folder, RESERVE) and in_use(folder, RING), "the disk was full"
    said = gaps_said(folder)
    assert said and all("in the ring alone" in g for g in said)
    assert Judge(folder, facts).complaints == []
    # Not an event less than on a disk with room.
    now = story(folder, facts)
    assert now["events"] == whole_story["events"] and now["usage"] == whole_story["usage"] and now["ended"]
    # As long as the call, its sound where it was said, and what is not known is marked.
    whole_cut, right = cut_recording(whole_folder, whole_facts, tmp_path / "whole.wav")
    cut, sides = cut_recording(folder, facts, tmp_path / "full.wav")
    assert cut["samples"] == whole_cut["samples"]
    assert sum(g["samples"] for g in cut["gaps"] if g["side"] == "caller" and g["why"] == "lost") >= 8000
    assert differs_only_in_gaps(cut, sides, right) >= 1000
    # The ring keeps the newest.
    assert all(g["start_sample"] + g["samples"] < cut["samples"] - 40000 for g in cut["gaps"] if g["why"] != "not received")


def test_F06_with_room_again_all_is_recorded(control, small_disk, tmp_path):
    whole_folder, whole_facts, whole_story = control
    disk = small_disk(3000)
    folder, filler = disk / "journal", disk / "filler"
    filler.write_bytes(b"x" * 1024 * (3000 - 800))
    slow = Slow(folder, tmp_path / "ledger", *CALL)
    slow.until(lambda: in_use(folder, RESERVE))
    filler.unlink()
    status, summary = slow.rest()
    assert status == 0 and summary["kept"], summary
    assert Judge(folder, slow.facts).complaints == []
    files = {h.order: h for h in headers(folder) if h.role}
    last = files[max(files)]
    assert last.role == SEGMENT and last.path.read_bytes()[10] & 1, "the first segment after a full disk says so"
    assert story(folder, slow.facts)["events"] == whole_story["events"]
    _, right = cut_recording(whole_folder, whole_facts, tmp_path / "whole.wav")
    cut, sides = cut_recording(folder, slow.facts, tmp_path / "again.wav")
    differs_only_in_gaps(cut, sides, right)
    known = [g for g in cut["gaps"] if g["why"] != "not received"]
    assert all(g["start_sample"] + g["samples"] < cut["samples"] - 8 * 20000 for g in known), "the last twenty seconds are whole"


@pytest.mark.parametrize("n", [60, 400, 700])
def test_F06_one_write_without_room(control, tmp_path, n):
    """The same by an injected error, where nothing can be mounted too: full for a moment."""
    folder, facts = tmp_path / "journal", some_failures()
    went_well(Life(folder, facts, *CALL, "--inject", f"write:{n}=ENOSPC", faults="none"))
    assert Judge(folder, facts).complaints == []
    assert story(folder, facts)["events"] == control[2]["events"]


# ---- F07: no room for events either ----

def falsely_acknowledged(folder, facts):
    return [c for c in Judge(folder, facts).complaints if "called durable" in c or "verify" in c or "twice" in c]


def test_F07_nothing_is_acknowledged_that_found_no_room_and_no_new_call_is_taken(control, small_disk, run, tmp_path):
    whole_folder, whole_facts, _ = control
    disk = small_disk(kilobytes(whole_folder) - 1000)
    folder, facts = disk / "journal", some_failures()
    life = Life(folder, facts, *CALL, faults="none")
    assert life.status == 1 and life.summary["promises"]["N5"]["broken"], "what could not be kept is not called kept"
    assert in_use(folder, RESERVE)
    assert falsely_acknowledged(folder, facts) == []
    (mine,), (all_,) = facts.durable.values(), whole_facts.durable.values()
    assert 0 < mine < all_
    # What took effect is in the journal: a change that it could not take was not asked for, and the model was told.
    asked = {(e["turn"], e["index"]) for e in story(folder, facts)["events"] if e["event"] == "tool_dispatched"}
    effects = {(turn, index) for _, turn, index, _ in facts.effects}
    assert effects <= asked and len(effects) < len(whole_facts.effects)
    (steps,) = facts.steps.values()
    told = [s["input"] for s in steps if s["input"]["in"] == "tool_result" and s["input"]["text"].startswith("not done: nothing can be recorded")]
    assert told and not {(t["turn"], t.get("index", 0)) for t in told} & effects
    # A new call is refused, before anything of it is promised.
    ledger = tmp_path / "ledger"
    done = run("simulate", "--seed", 9, "--call", 0, "--disk", folder, "--ledger", ledger, "--json")
    assert done.status == 3 and done.error()["code"] == "disk_full"
    assert done.error()["where"] == str(folder) and "free some space" in done.error()["hint"]
    assert ledger.read_text() == ""
    people = run("simulate", "--seed", 9, "--call", 0, "--disk", folder)
    assert people.status == 3 and people.out == "" and "no new call is taken" in people.err
    # With room again it is taken, and nothing from before is lost.
    remount(disk, "size=8m")
    went_well(Life(folder, facts, "--seed", 9, "--call", 0, faults="none"))
    assert falsely_acknowledged(folder, facts) == []


def test_F07_with_room_again_the_silence_is_named(small_disk, control, tmp_path):
    disk = small_disk(3000)
    folder, filler = disk / "journal", disk / "filler"
    filler.write_bytes(b"x" * 1024 * (3000 - 500))
    slow = Slow(folder, tmp_path / "ledger", *CALL)
    slow.until(lambda: in_use(folder, RESERVE))
    last = [slow.promised_us()]

    def silent():
        """Nothing was promised for four seconds: the reserve is full as well."""
        now, size = slow.promised_us()
        if size != last[0][1]:
            last[0] = now, size
        return now > last[0][0] + 4_000_000

    slow.until(silent)
    filler.unlink()
    status, summary = slow.rest()
    assert summary["calls"] == 1 and not any(summary["promises"][p]["broken"] for p in ("N3", "N5", "N6", "replay")), summary["failures"]
    assert status == (0 if summary["kept"] else 1)
    assert falsely_acknowledged(folder, slow.facts) == []
    silence = [g for g in gaps_said(folder) if "nothing could be written" in g]
    assert len(silence) == 1 and "inputs" in silence[0] and "event" in silence[0]
    now = story(folder, slow.facts)
    assert now["ended"] and now["journal_gaps"]
    # The call took another way where a change was not done; its end is there, and where it was.
    (ended,) = [step["input"]["at_us"] for step in map(json.loads, slow.trace[:-1]) if any(out["out"] == "hangup" for out in step["outputs"])]
    last = now["events"][-1]
    assert last["at_us"] == ended and {**last, "at_us": 0, "turn": 0} == {**control[2]["events"][-1], "at_us": 0, "turn": 0}


def test_F07_no_reserve_no_new_call(run, tmp_path):
    ledger = tmp_path / "ledger"
    done = run("simulate", "--calls", 1, "--disk", tmp_path / "journal", "--inject", "preallocate:2+=ENOSPC", "--ledger", ledger, "--json")
    assert done.status == 3 and done.error()["code"] == "disk_full"
    assert "durable" not in ledger.read_text()


# ---- F08: a sync fails, once or for good; a folder that may not be written ----

@pytest.mark.parametrize("n", [12, 40, 100, 333, 600, 900])
def test_F08_a_failed_sync_loses_its_file_and_all_is_written_to_another(control, tmp_path, n):
    whole_folder, whole_facts, whole_story = control
    folder, facts = tmp_path / "journal", some_failures()
    went_well(Life(folder, facts, *CALL, "--inject", f"fsync:{n}=EIO", faults="none"))
    assert Judge(folder, facts).complaints == []
    # The kernel forgets what it could not write, whatever a later sync says.
    cut_unsynced(folder)
    assert Judge(folder, facts).complaints == []
    assert facts.durable == whole_facts.durable
    assert story(folder, facts)["events"] == whole_story["events"]


def test_F08_those_syncs_were_of_segments(control, tmp_path):
    """Most of the points above hit a segment: its end is lost, and what is repeated is named."""
    hit = 0
    for n in (100, 333, 600, 900):
        folder = tmp_path / str(n)
        Life(folder, Facts(), *CALL, "--inject", f"fsync:{n}=EIO", faults="none")
        for header in headers(folder):
            if header.role == SEGMENT and header.repeats_order:
                old = next((h for h in headers(folder) if h.role and h.order == header.repeats_order), None)
                if not old:
                    continue  # all of it was shipped, and it is gone
                lost = old.path.stat().st_size - header.repeats_from
                assert header.order > old.order and 0 < lost <= header.repeated_bytes
                hit += 1
    assert hit >= 2


@pytest.mark.parametrize("fail, kill", [("fsync:400+=EIO", "fsync:400"), ("write:400+=EIO", "write:400"), ("write:400+=EROFS", "write:400")])
def test_F08_nothing_is_acknowledged_by_a_disk_that_fails_for_good(tmp_path, fail, kill):
    """Not a fact more than by a process that was killed at the first failure."""
    failed, killed = Facts(), Facts()
    failed.failures = 1 << 20
    life = Life(tmp_path / "failed", failed, *CALL, "--inject", fail, faults="none")
    assert Life(tmp_path / "killed", killed, *CALL, "--crash-at", kill, faults="none").killed
    assert life.status == 1 and life.summary["kept"] is False and life.summary["calls"] == 1, "the call itself goes on to its end"
    assert failed.durable == killed.durable and all(failed.durable.values())
    cut_unsynced(tmp_path / "failed")
    assert falsely_acknowledged(tmp_path / "failed", failed) == []


def broken(life):
    return {name for name, promise in life.summary["promises"].items() if promise["broken"]}


@pytest.mark.parametrize("fail", ["fsync:400+=EIO", "write:400+=EIO", "write:400+=ENOSPC", "read:60+=EIO"])
def test_F08_what_the_conductor_was_told_is_not_asked_of_a_disk_that_fails_for_good(tmp_path, fail):
    """It knows that the call is over, and how long it was; words and sound it has not, and those are called lost."""
    life = Life(tmp_path / "journal", some_failures(), *CALL, "--inject", fail, faults="none")
    assert life.status == 1 and broken(life) == {"N4", "N5"}, life.summary["failures"]
    assert all(life.summary["promises"][p]["exercised"] for p in ("N3", "N4", "N5", "N6"))


def test_F08_a_disk_that_fails_behind_the_last_words_takes_nothing_that_only_it_had(control, run, tmp_path):
    """The END and the meters are gone, as `show` says; every word and all but two seconds of the sound had been kept."""
    _, _, whole_story = control
    passed = run("simulate", *CALL, "--faults", "none", "--disk", tmp_path / "whole", "--json").json()["operations"]["write"]
    folder, facts = tmp_path / "journal", some_failures()
    went_well(Life(folder, facts, *CALL, "--inject", f"write:{passed - 10}+=EIO", faults="none"))
    now = story(folder, facts)
    finals = [[e for e in s["events"] if e["event"] == "final"] for s in (now, whole_story)]
    assert not now["ended"] and finals[0] == finals[1] != []


@pytest.mark.parametrize("n", [1, 2, 4])
def test_F08_a_journal_that_cannot_begin_says_so(run, tmp_path, n):
    done = run("simulate", "--calls", 1, "--disk", tmp_path / "journal", "--inject", f"fsync:{n}+=EIO", "--ledger", tmp_path / "ledger", "--json")
    assert done.status in (1, 3)
    if done.status == 3:
        assert done.error()["message"] and done.error()["where"]
    assert "durable" not in (tmp_path / "ledger").read_text()


def test_F08_a_read_only_folder_is_refused_clearly(small_disk, run, tmp_path):
    disk = small_disk(4000)
    folder = disk / "journal"
    folder.mkdir()
    remount(disk, "ro")
    refused(run, folder, tmp_path)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("point", ["open:1+=EROFS", "open:1+=EACCES"])
def test_F08_a_folder_that_cannot_be_written_is_refused_clearly(run, tmp_path, point):
    (tmp_path / "journal").mkdir()
    refused(run, tmp_path / "journal", tmp_path, "--inject", point)


def refused(run, folder, tmp_path, *args):
    ledger = tmp_path / "ledger"
    done = run("simulate", "--calls", 1, "--disk", folder, "--ledger", ledger, "--json", *args)
    assert done.status == 3
    error = done.error()
    assert error["code"] == "not_permitted" and "read-only" in error["message"]
    assert error["where"] == str(folder) and "writable" in error["hint"]
    assert ledger.read_text() == ""
    people = run("simulate", "--calls", 1, "--disk", folder, *args)
    assert people.status == 3 and people.out == "" and error["message"] in people.err and error["hint"] in people.err


def test_F08_a_folder_that_became_read_only_is_still_read(control, small_disk, run, tmp_path):
    """list, verify, dump, show, replay and recording write nothing into the journal."""
    disk = small_disk(8000)
    facts = Facts()
    assert Life(disk / "journal", facts, *CALL, "--crash-at", "write:500", faults="none").killed
    remount(disk, "ro")
    assert Judge(disk / "journal", facts).rows
    call = facts.calls()[0]
    for args in (["journal", "list", disk / "journal"], ["journal", "verify", disk / "journal"], ["journal", "dump", disk / "journal"],
                 ["show", call, "--dir", disk / "journal"], ["replay", call, "--dir", disk / "journal"],
                 ["recording", call, "--dir", disk / "journal", "-o", tmp_path / "out.wav"]):
        assert run(*args).status == 0, args


def test_the_line_that_shows_a_call_again_is_for_a_shell(run, tmp_path):
    """Folders and settings with spaces, quotes and dollars: a POSIX shell that is given the line gets the same words."""
    folder = tmp_path / "it's a \"folder\" for $HOME; `no` \\ *"
    folder.mkdir()
    (tmp_path / "plain").mkdir()
    said = []
    for disk, data in ((folder / "journal", "data of 'mine'"), (tmp_path / "plain" / "journal", "data")):
        done = run("simulate", "--seed", 1, "--calls", 1, "--sabotage", "N5", "--disk", disk, "--inject", "dispatch:99=EIO", "--set", f"data.dir={data}")
        assert done.status == 1
        said.append(next(line.split("again: ", 1)[1] for line in done.out.splitlines() if "again: " in line))
        words = subprocess.run(["sh", "-c", f"printf '%s\\0' {said[-1]}"], capture_output=True, check=True).stdout.decode().split("\0")[:-1]
        assert words == ["simulate", "--seed", "1", "--calls", "1", "--faults", "all", "--disk", str(disk), "--inject", "dispatch:99=EIO", "--sabotage", "N5",
                         "--set", f"data.dir={data}", "--trace"]
    assert "'" not in said[1], "what wants no quotes gets none"


@pytest.mark.parametrize("name", ["out.wav", "out.flac"])
def test_a_full_disk_of_the_output_is_not_blamed_on_the_journal(small_disk, run, tmp_path, name):
    """The first call's recording has about 1.5 MB as FLAC: there is room for none of it."""
    disk = small_disk(64)
    facts = Facts()
    assert Life(tmp_path / "journal", facts, *CALL, faults="none").status == 0
    done = run("recording", facts.calls()[0], "--dir", tmp_path / "journal", "-o", disk / name, "--json")
    assert done.status == 3 and done.error()["where"] == str(disk / name) and done.error()["code"] == "disk_full"
    assert "disk full" in done.error()["message"] and "space" in done.error()["hint"]
    assert not list(disk.iterdir()), "nothing half-written is left"
