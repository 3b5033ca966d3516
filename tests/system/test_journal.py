"""`callfunnel journal`, `show` and `recording` over journals that are whole, torn, damaged, without their keys, or not there."""
import array
import json
import os
import shutil
import subprocess
import wave

import pytest

from conftest import BINARY, ROOT
from deaths import Facts, Life

KINDS = {"start", "inputs", "audio_caller", "audio_agent", "played", "event", "snapshot", "meter", "end"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with one recorded call that ended: (folder, call, facts)."""
    folder, facts = tmp_path_factory.mktemp("made") / "journal", Facts()
    assert Life(folder, facts, "--seed", 5, "--call", 0, faults="none").status == 0
    return folder, facts.calls()[0], facts


@pytest.fixture
def journal(made, tmp_path):
    """A copy to spoil."""
    return shutil.copytree(made[0], tmp_path / "journal")


@pytest.fixture
def torn(tmp_path):
    """A folder whose last write was cut by a death: (folder, facts)."""
    facts = Facts()
    assert Life(tmp_path / "torn", facts, "--seed", 6, "--call", 0, "--crash-at", "write:300", faults="none").killed
    return tmp_path / "torn", facts


def rows(run, *args):
    done = run("journal", "dump", *args, "--json")
    assert done.status == 0
    return done.lines()


# ---- list ----

def test_list(run, made):
    folder, call, facts = made
    document = run("journal", "list", folder, "--json").json()
    assert set(document) == {"files", "calls"}
    on_disk = {p.name: p.stat().st_size for p in folder.glob("*.cfj")}
    assert {f["file"]: f["bytes"] for f in document["files"]} == on_disk
    assert all(set(f) == {"file", "role", "order", "bytes", "header"} and f["header"] == "fine" for f in document["files"])
    assert {"segment", "unused"} == {f["role"] for f in document["files"]}
    one, = document["calls"]
    assert one["call"] == call and one["epoch"] == 1 and one["started"] and one["ended"] and one["missing"] == one["duplicates"] == 0
    assert one["records"] >= facts.durable[call, 1]
    people = run("journal", "list", folder)
    assert people.status == 0 and f"call {call}" in people.out and "ended" in people.out and all(name in people.out for name in on_disk)


def test_list_says_that_a_call_did_not_end(run, torn):
    folder, facts = torn
    one, = run("journal", "list", folder, "--json").json()["calls"]
    assert one["call"] == facts.calls()[0] and not one["ended"] and one["missing"] == 0
    assert "not ended" in run("journal", "list", folder).out


def test_a_folder_without_a_journal(run, tmp_path):
    (tmp_path / "empty").mkdir()
    for verb in ("list", "verify", "dump"):
        done = run("journal", verb, "empty", "--json")
        assert done.status == 3 and done.error()["code"] == "not_found" and done.error()["where"] == "empty"
        assert "no journal here" in done.error()["message"] and "worker" in done.error()["hint"]
        people = run("journal", verb, "empty")
        assert people.status == 3 and people.out == "" and "no journal here" in people.err
    for command in (["show", "empty"], ["recording", "empty", "-o", "x.wav"]):
        done = run(*command, "--json")
        assert done.status == 3 and done.error()["message"] == "there is no call here" and done.error()["where"] == "empty"


# ---- verify ----

def verdict(run, folder):
    done = run("journal", "verify", folder, "--json")
    document = done.json()
    assert done.status == (0 if document["whole"] else 1)
    people = run("journal", "verify", folder)
    assert people.status == done.status
    assert people.out.splitlines()[-1].startswith("whole: " if document["whole"] else "BROKEN: ")
    for fault in document["faults"]:
        assert f"{fault['file']}: {fault['kind']}, offset {fault['offset']}, {fault['bytes']} bytes\n" in people.out
    return document


def test_verify_whole(run, made):
    document = verdict(run, made[0])
    assert document["whole"] and document["calls"] == document["epochs"] == 1 and document["records"] == len(rows(run, made[0]))
    assert document["faults"] == [] and document["broken_calls"] == []
    for count in ("torn", "corrupt", "foreign", "missing_files", "missing", "duplicates", "broken_seals", "erased", "unopened"):
        assert document[count] == 0, count


def test_verify_torn(run, torn):
    document = verdict(run, torn[0])
    assert document["whole"] and document["torn"] == 1 and document["torn_bytes"] > 0
    fault, = document["faults"]
    assert fault["kind"] == "torn" and fault["offset"] + fault["bytes"] == (torn[0] / fault["file"]).stat().st_size


def test_verify_flipped_payload(run, made, journal):
    """A byte in the middle, where a later batch follows: that had been durable."""
    one = rows(run, journal)[500]
    path = journal / one["file"]
    data = bytearray(path.read_bytes())
    data[one["offset"] + 100] ^= 0x10
    path.write_bytes(data)
    document = verdict(run, journal)
    assert not document["whole"] and document["corrupt"] == 1 and document["missing"] == 1
    assert document["faults"][0]["kind"] == "corrupt" and document["faults"][0]["offset"] == one["offset"]
    assert document["broken_calls"][0]["call"] == made[1]
    assert len(rows(run, journal)) == document["records"] == len(rows(run, made[0])) - 1, "reading goes on at the next record"


@pytest.mark.parametrize("cut", ["a record", "a file"])
def test_verify_missing(run, journal, cut):
    found = rows(run, journal)
    if cut == "a file":
        os.unlink(journal / found[0]["file"])
    else:
        data = (journal / found[0]["file"]).read_bytes()
        (journal / found[0]["file"]).write_bytes(data[:found[700]["offset"]] + data[found[701]["offset"]:])
    document = verdict(run, journal)
    assert document["newest_gone"] is None
    if cut == "a record":
        assert not document["whole"] and document["missing"] == 1
        assert document["broken_calls"][0]["missing"] == 1
    else:
        assert document["records"] < len(found)  # at the beginning: shipped and deleted, for all that this folder says


@pytest.mark.parametrize("lost", ["the newest file", "the newest records", "all files"])
def test_verify_newest_gone(run, made, journal, lost):
    """Nothing in the files says so: how far they were shipped does."""
    shipped = verdict(run, made[0])["shipped"]
    newest = sorted(journal.glob("seg-*.cfj"))[-1]
    last = rows(run, journal)[-1]
    assert last["file"] == newest.name and shipped == {"order": int(newest.stem[4:], 16), "offset": last["offset"] + 116 + last["bytes"]}
    if lost == "the newest records":
        newest.write_bytes(newest.read_bytes()[:last["offset"]])
    else:
        for path in journal.glob("*.cfj") if lost == "all files" else [newest]:
            path.unlink()
    document = verdict(run, journal)
    assert not document["whole"] and document["shipped"] == shipped and str(shipped["offset"]) in document["newest_gone"]
    assert f"the newest records are gone: {document['newest_gone']}\n" in run("journal", "verify", journal).out
    (journal / "cursor").unlink()
    if lost == "all files":
        assert run("journal", "verify", journal).status == 3, "nothing at all is left of it"
    else:
        assert verdict(run, journal)["newest_gone"] is None, "without the cursor nobody can say"


@pytest.fixture(scope="module")
def lives(tmp_path_factory):
    """Three calls, one after another: the newest file is one of its own, all before are closed."""
    folder = tmp_path_factory.mktemp("lives") / "journal"
    assert subprocess.run([BINARY, "simulate", "--calls", "3", "--seed", "3", "--disk", folder], capture_output=True, check=False).returncode == 0
    return folder


@pytest.mark.parametrize("size", [0, 60, 128, 1300, 100000])
def test_verify_tells_each_closed_file_that_was_cut(run, lives, tmp_path, size):
    folder = tmp_path / "journal"
    closed = sorted(p.name for p in lives.glob("seg-*.cfj"))[:-1]
    assert len(closed) >= 3
    for name in closed:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(lives, folder)
        assert verdict(run, folder)["whole"]
        whole = (folder / name).stat().st_size
        os.truncate(folder / name, size)
        document = verdict(run, folder)
        assert not document["whole"] and document["corrupt"] and document["missing_files"] == 0, name
        cut = document["faults"][-1]
        assert all(f["file"] == name and f["kind"] == "corrupt" for f in document["faults"])
        assert max(f["offset"] + f["bytes"] for f in document["faults"]) > whole - 4096, cut


def test_verify_tells_a_record_less_at_the_end_of_a_closed_file(run, lives, tmp_path):
    """At the edge of a record, where nothing else looks wrong: the last record before the closing mark."""
    folder = tmp_path / "journal"
    shutil.copytree(lives, folder)
    for name in sorted(p.name for p in lives.glob("seg-*.cfj"))[:-1]:
        last = [r for r in rows(run, folder) if r["file"] == name][-1]
        os.truncate(folder / name, last["offset"])
        document = verdict(run, folder)
        assert not document["whole"] and document["faults"][0]["offset"] == last["offset"]
        shutil.copy(lives / name, folder / name)


@pytest.mark.parametrize("spare", ["reserve", "ring"])
def test_verify_tells_a_cut_reserve_and_ring(run, lives, tmp_path, spare):
    """Allocated whole before they begin; blank ones may be anything."""
    folder, facts = tmp_path / "journal", Facts()
    facts.failures = 2
    assert Life(folder, facts, "--seed", 5, "--call", 0, "--inject", "write:400=ENOSPC", faults="none").status == 0
    assert verdict(run, folder)["whole"]
    used = [p for p in folder.glob(f"{spare}-*.cfj") if p.read_bytes()[:4] == b"CFJO"]
    assert used
    for size in (used[0].stat().st_size - 1, 128, 60, 0):
        os.truncate(used[0], size)
        document = verdict(run, folder)
        assert not document["whole"] and (document["corrupt"] or document["missing_files"]), size


@pytest.mark.parametrize("bytes_", [b"", b"CFSHIP", b"garbage" * 10])
def test_verify_tells_a_cursor_that_does_not_hold(run, journal, bytes_):
    cursor = journal / "cursor"
    assert verdict(run, journal)["cursor_broken"] is False
    cursor.write_bytes(cursor.read_bytes()[:20] if bytes_ == b"CFSHIP" else bytes_)
    document = verdict(run, journal)
    assert document["cursor_broken"] is True and not document["whole"] and document["shipped"] is None
    assert "the cursor" in run("journal", "verify", journal).out
    cursor.unlink()
    assert verdict(run, journal)["whole"], "nothing was shipped, as far as anybody can say"


def test_verify_of_one_file_knows_nothing_of_the_others(run, journal):
    newest = sorted(journal.glob("seg-*.cfj"))[-1]
    oldest = sorted(journal.glob("seg-*.cfj"))[0]
    newest.unlink()
    assert not run("journal", "verify", journal, "--json").json()["whole"]
    assert run("journal", "verify", oldest, "--json").json()["newest_gone"] is None


def test_verify_duplicate_and_foreign(run, journal):
    found = rows(run, journal)
    path = journal / found[-1]["file"]
    data = path.read_bytes()
    a, b = found[-3]["offset"], found[-2]["offset"]
    path.write_bytes(data[:b] + data[a:b] + data[b:])
    assert verdict(run, journal)["duplicates"] == 1
    path.write_bytes(data)
    assert verdict(run, journal)["whole"]
    (journal / "seg-00000000000000ff.cfj").write_bytes(b"CFJOURN\n\x07" + b"x" * 300)
    document = verdict(run, journal)
    assert not document["whole"] and document["foreign"] == 1


def test_without_its_keys_a_journal_is_listed_but_not_opened(run, made, journal):
    (journal / "master.key").unlink()
    document = verdict(run, journal)
    assert document["whole"] and document["unopened"] == document["records"]
    assert all("payload" not in row and row["closed"] == "no key" for row in rows(run, journal))
    assert run("journal", "list", journal, "--json").json()["calls"] == run("journal", "list", made[0], "--json").json()["calls"]
    assert "payload" in rows(run, journal, "--key", made[0] / "master.key")[0], "the key may lie elsewhere"
    done = run("show", journal, "--json")
    assert done.status == 3 and done.error()["where"].endswith("master.key")
    wrong = journal / "other.key"
    wrong.write_bytes(bytes(32))
    done = run("journal", "dump", journal, "--key", wrong, "--json")
    assert done.status == 3 and done.error()["code"] == "not_permitted"


# ---- dump ----

def test_dump(run, made):
    folder, call, _ = made
    found = rows(run, folder)
    assert {r["kind"] for r in found} == KINDS
    assert [r["sequence"] for r in found] == list(range(1, len(found) + 1))
    for row in found:
        assert set(row) == {"file", "offset", "kind", "kind_number", "tenant", "call", "epoch", "sequence", "time_us", "time", "batch", "bytes", "payload"}
        assert row["call"] == call and row["epoch"] == 1
    people = run("journal", "dump", folder).out.splitlines()
    assert len(people) == len(found)
    assert all(f"{call}/1/{row['sequence']} {row['kind']} " in line for row, line in zip(found, people))


def test_dump_filters(run, made):
    folder, call, _ = made
    for kind in KINDS:
        assert {r["kind"] for r in rows(run, folder, "--kind", kind)} == {kind}
    assert len(rows(run, folder, "--call", call)) == len(rows(run, folder))
    assert rows(run, folder, "--call", "0" * 32) == []


def test_dump_of_a_torn_journal_ends_before_the_tear(run, torn):
    folder, facts = torn
    found = rows(run, folder)
    assert [r["sequence"] for r in found][:facts.durable[found[0]["call"], 1]] == list(range(1, facts.durable[found[0]["call"], 1] + 1))


# ---- show ----

def test_show(run, made):
    folder, call, facts = made
    document = run("show", call, "--dir", folder, "--json").json()
    assert document["call"] == call and document["started"] and document["ended"] and document["recorded"]
    assert document["reason"] == "agent" and document["workers"] == 1 and document["unread_records"] == document["journal_gaps"] == 0
    said = [s["input"]["text"] for s in facts.steps[call] if s["input"]["in"] == "transcript" and s["input"].get("kind") in (1, 2) and s["input"].get("text")]
    assert [e["text"] for e in document["events"] if e["event"] == "final"] == said
    tools = [o["name"] for s in facts.steps[call] for o in s["outputs"] if o["out"] == "tool"]
    assert [t["name"] for turn in document["turns"] for t in turn["tools"]] == tools and tools
    assert document["usage"]["tool_calls"] == len(tools) and document["usage"]["connected_ms"] == document["connected_ms"]
    for turn in document["turns"]:
        if "latency" in turn:
            assert sum(turn["latency"]["parts_us"].values()) == turn["latency"]["total_us"], "a turn's parts sum to its total"
    times = [e["at_us"] for e in document["events"]]
    assert times == sorted(times)
    assert run("show", folder, "--json").json() == document, "the folder of a journal with one call"


def test_show_for_people(run, made):
    folder, call, _ = made
    document = run("show", folder, "--json").json()
    out = run("show", folder).out
    assert out.splitlines()[0].startswith(f"call {call}, inbound, ")
    for turn in document["turns"]:
        assert turn.get("said", "") in out
        assert all(t["name"] in out for t in turn["tools"])
    assert f"ended: agent; connected {document['connected_ms']} ms" in out and "usage: connected_ms" in out


def test_show_of_a_call_that_was_cut(run, torn):
    document = run("show", torn[0], "--json").json()
    assert document["started"] and not document["ended"] and "reason" not in document and document["turns"]
    assert "the journal stops here: the call had not ended" in run("show", torn[0]).out


def test_show_needs_one_call(run, made, tmp_path):
    folder = tmp_path / "two"
    facts = Facts()
    for seed in (7, 8):
        assert Life(folder, facts, "--seed", seed, "--call", 1, faults="none").status == 0
    done = run("show", folder, "--json")
    assert done.status == 2 and done.error()["message"] == "there are several calls here" and "by its id" in done.error()["hint"]
    for call in facts.calls():
        assert run("show", call, "--dir", folder, "--json").json()["call"] == call
    (tmp_path / "c.yaml").write_text(f"data.dir: {json.dumps(str(folder))}\n")
    assert run("show", facts.calls()[0], "--config", "c.yaml", "--json").json()["call"] == facts.calls()[0], "data.dir is where calls lie"


def test_every_kept_call_is_shown(run):
    for path in sorted((ROOT / "tests" / "calls").glob("*.cfj")):
        document = run("show", path, "--json")
        assert document.status == 0 and document.json()["started"], path


# ---- recording ----

def sound(path):
    with wave.open(str(path)) as w:
        assert (w.getnchannels(), w.getsampwidth(), w.getframerate()) == (2, 2, 8000)
        return array.array("h", w.readframes(w.getnframes()))


def test_recording(run, made, tmp_path):
    folder, call, _ = made
    document = run("recording", call, "--dir", folder, "-o", "call.wav", "--json").json()
    assert document["call"] == call and document["ended"] and document["workers"] == 1 and document["rate_hz"] == 8000
    samples = sound(tmp_path / "call.wav")
    assert len(samples) == 2 * document["samples"]
    connected = run("show", folder, "--json").json()["connected_ms"]
    assert abs(document["ms"] - connected) <= 20, "P23: as long as the call within 20 ms"
    assert max(samples[0::2]) > 1000 and max(samples[1::2]) > 1000, "both are heard"
    assert [p.name for p in tmp_path.iterdir()] == ["call.wav"], "nothing else is left"
    people = run("recording", folder, "-o", "again.wav")
    assert people.status == 0 and people.out.startswith(f"again.wav: {document['ms'] // 1000}.") and "caller left, agent right" in people.out
    assert sound(tmp_path / "again.wav") == samples


def test_recording_as_it_is_kept(run, made, tmp_path):
    document = run("recording", made[0], "-o", "call.flac", "--json").json()
    assert (tmp_path / "call.flac").read_bytes()[:4] == b"fLaC"
    assert run("parse", "tracks", "call.flac").status == 0
    assert document["samples"] == run("recording", made[0], "-o", "call.wav", "--json").json()["samples"]
    data = bytearray((tmp_path / "call.flac").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "call.flac").write_bytes(data)
    assert run("parse", "tracks", "call.flac").status == 1


def test_recording_of_a_call_that_was_cut(run, torn):
    document = run("recording", torn[0], "-o", "torn.wav", "--json").json()
    assert not document["ended"] and document["samples"] > 8000
    assert "the journal stops before the call's end" in run("recording", torn[0], "-o", "torn.wav").out


def test_recording_marks_what_a_lost_record_held(run, journal):
    found = rows(run, journal)
    lost = next(i for i, r in enumerate(found) if r["kind"] == "audio_caller" and i > 600)
    data = (journal / found[lost]["file"]).read_bytes()
    (journal / found[lost]["file"]).write_bytes(data[:found[lost]["offset"]] + data[found[lost + 1]["offset"]:])
    gaps = [g for g in run("recording", journal, "-o", "x.wav", "--json").json()["gaps"] if g["why"] == "lost"]
    assert len(gaps) == 1 and gaps[0]["side"] == "caller" and gaps[0]["samples"] == 1600
    assert "gap, caller, at " in run("recording", journal, "-o", "x.wav").out


def test_recording_of_a_call_that_was_not_recorded(run, tmp_path):
    facts = Facts()
    assert Life(tmp_path / "journal", facts, "--seed", 5, "--call", 1, faults="none").status == 0
    done = run("recording", "journal", "-o", "x.wav", "--json")
    assert done.status == 3 and done.error()["message"] == "this call's sound was not recorded"
    assert not (tmp_path / "x.wav").exists() and not list(tmp_path.glob("x.*"))


# ---- mistakes ----

@pytest.mark.parametrize("args", [["journal"], ["journal", "list"], ["journal", "eat", "x"], ["journal", "dump", "x", "--kind", "sound"],
                                  ["journal", "dump", "x", "--call", "12"], ["show"], ["show", "a", "b"], ["recording", "x"], ["recording", "-o", "x.wav"],
                                  ["show", "not-a-call"], ["recording", "not-a-call", "-o", "x.wav"], ["replay"]])
def test_wrong_usage(run, args):
    done = run(*args, "--json")
    assert done.status == 2 and done.error()["message"] and done.error()["hint"]
    people = run(*args)
    assert people.status == 2 and people.out == "" and done.error()["message"] in people.err and done.error()["hint"] in people.err


@pytest.mark.parametrize("args, where", [
    (["journal", "list", "none"], "none"), (["journal", "verify", "none"], "none"), (["journal", "dump", "none"], "none"),
    (["journal", "dump", "none.cfj"], "none.cfj"), (["show", "0" * 32, "--dir", "none"], "none"),
    (["recording", "0" * 32, "--dir", "none", "-o", "x.wav"], "none"), (["journal", "list", "/dev/null"], "/dev/null"),
])
def test_what_is_not_there(run, args, where):
    done = run(*args, "--json")
    assert done.status == 3 and done.error()["where"] == where and done.error()["message"] and done.error()["hint"]
    people = run(*args)
    assert people.status == 3 and people.out == "" and done.error()["message"] in people.err


def test_a_call_that_is_not_in_this_journal(run, made):
    for command in (["show", "0" * 32, "--dir", made[0]], ["recording", "0" * 32, "--dir", made[0], "-o", "x.wav"]):
        done = run(*command, "--json")
        assert done.status == 3 and done.error()["code"] == "not_found" and "journal list" in done.error()["hint"]


@pytest.mark.parametrize("to", ["none/x.wav", "none/x.flac", "dangling.wav"])
def test_a_recording_that_cannot_be_written(run, made, tmp_path, to):
    (tmp_path / "dangling.wav").symlink_to("none/y.wav")
    done = run("recording", made[0], "-o", to, "--json")
    assert done.status == 3 and done.error()["where"] == to and "writ" in done.error()["message"]


@pytest.mark.parametrize("name", ["pipe", "pipe.flac", "to-pipe", "folder", "circle", "beside.wav", "beside.flac"])
def test_what_is_no_regular_file_is_never_replaced(run, made, tmp_path, name):
    for pipe in ("pipe", "pipe.flac", "beside.wav.part", "beside.flac.part"):
        os.mkfifo(tmp_path / pipe)
    (tmp_path / "folder").mkdir()
    (tmp_path / "to-pipe").symlink_to("pipe")
    (tmp_path / "circle").symlink_to("circle")
    before = sorted((p.name, p.lstat().st_mode, p.lstat().st_ino) for p in tmp_path.iterdir())
    for command in (["recording", made[0], "-o", name], ["say", "hello", "-o", name]):
        done = run(*command, "--json")
        assert done.status == 2 and done.error()["where"] == name and done.error()["hint"]
        assert ("circles" if name == "circle" else "is no regular file") in done.error()["message"]
        assert done.error()["message"] in run(*command).err
    assert sorted((p.name, p.lstat().st_mode, p.lstat().st_ino) for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize("end", [".wav", ".flac"])
def test_a_symlink_is_followed(run, made, tmp_path, end):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "old").write_bytes(b"old")
    (tmp_path / ("link" + end)).symlink_to("there/second")
    (tmp_path / "there" / "second").symlink_to(tmp_path / "there" / "old")
    (tmp_path / ("new" + end)).symlink_to("there/new")
    assert run("recording", made[0], "-o", "plain" + end).status == 0
    for name, target in (("link", "old"), ("new", "new")):
        done = run("recording", made[0], "-o", name + end, "--json")
        assert done.status == 0 and done.json()["file"] == name + end
        assert (tmp_path / (name + end)).is_symlink() and (tmp_path / "there" / "second").is_symlink()
        assert (tmp_path / "there" / target).read_bytes() == (tmp_path / ("plain" + end)).read_bytes()
    assert sorted(p.name for p in (tmp_path / "there").iterdir()) == ["new", "old", "second"], "nothing else is left"


def test_what_stands_beside_a_recording_is_left_alone(run, made, tmp_path):
    (tmp_path / "call.wav.flac").write_bytes(b"mine")
    assert run("recording", made[0], "-o", "call.wav").status == 0
    assert (tmp_path / "call.wav.flac").read_bytes() == b"mine"


def test_what_is_said_follows_a_symlink(run, tmp_path):
    (tmp_path / "real.wav").write_bytes(b"old")
    (tmp_path / "link.wav").symlink_to("real.wav")
    assert run("say", "hello", "-o", "link.wav").status == 0
    assert (tmp_path / "link.wav").is_symlink() and (tmp_path / "real.wav").read_bytes()[:4] == b"RIFF"
    os.mkfifo(tmp_path / "pipe")
    done = run("audio", "resample", "real.wav", "--rate", 16000, "-o", "pipe", "--json")
    assert done.status == 2 and "is no regular file" in done.error()["message"] and (tmp_path / "pipe").is_fifo()


def test_another_file_is_no_journal(run, tmp_path):
    (tmp_path / "notes.txt").write_text("nothing of ours")
    done = run("journal", "verify", "notes.txt", "--json")
    assert done.status == 3 and done.error()["code"] == "bad_format"
    done = run("show", "notes.txt", "--json")
    assert done.status == 2 and done.error()["code"] == "bad_format"
