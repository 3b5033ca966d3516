"""`callfunnel journal`, `show` and `recording` over journals that are whole, torn, damaged, without their keys, or not there."""
import array
import ctypes
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import tempfile
import wave

import pytest

from conftest import BINARY, ROOT, Finished
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
    assert Life(folder, facts, "--seed", 5, "--call", 0, "--inject", "write:380=ENOSPC", faults="none").status == 0
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


def test_what_else_lies_in_the_folder_hides_no_call(run, journal):
    calls = run("journal", "list", journal, "--json").json()["calls"]
    (journal / "folder.cfj").mkdir()
    (journal / "noise.cfj").write_bytes(bytes(range(256)) * 20)
    document = verdict(run, journal)
    assert not document["whole"] and document["foreign"] == 2 and document["records"] == len(rows(run, journal))
    assert "2 foreign" in run("journal", "verify", journal).out
    assert run("journal", "list", journal, "--json").json()["calls"] == calls
    assert run("simulate", "--seed", 3, "--call", 1, "--disk", journal).status == 0, "a worker goes on beside it"


def test_without_its_keys_a_journal_is_listed_but_not_opened(run, made, journal):
    (journal / "master.key").unlink()
    document = verdict(run, journal)
    assert not document["whole"] and document["unopened"] == document["records"]
    assert run("journal", "verify", journal, "--key", made[0] / "master.key", "--json").json()["whole"]
    assert all("payload" not in row and row["closed"] == "no key" for row in rows(run, journal))
    assert run("journal", "list", journal, "--json").json()["calls"] == run("journal", "list", made[0], "--json").json()["calls"]
    assert "payload" in rows(run, journal, "--key", made[0] / "master.key")[0], "the key may lie elsewhere"
    done = run("show", journal, "--json")
    assert done.status == 3 and done.error()["where"].endswith("master.key")
    wrong = journal / "other.key"
    wrong.write_bytes(bytes(32))
    done = run("journal", "dump", journal, "--key", wrong, "--json")
    assert done.status == 3 and done.error()["code"] == "not_permitted"


# ---- keys that are lost ----

HEAD, RECORD = 96, 140  # of a keyring: its head; its records, of which the first wraps the tenant's key, the others a call's


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def bytes_of(folder):
    return {p.name: (p.stat().st_ino, p.stat().st_mtime_ns, p.read_bytes()) for p in folder.iterdir()}


# What happens to the folder; which of its three calls are lost by it; what is said of it; is it the records that show it to a writer?
LOSSES = {
    "the keyring is gone": (lambda f: (f / "keyring").unlink(), [0, 1, 2], "keyring", True),
    "the keyring and the lock are gone": (lambda f: ((f / "keyring").unlink(), (f / "lock").unlink()), [0, 1, 2], "keyring", True),
    "both keys are gone": (lambda f: ((f / "keyring").unlink(), (f / "master.key").unlink()), [0, 1, 2], "keyring", True),
    "the keyring is empty": (lambda f: os.truncate(f / "keyring", 0), [0, 1, 2], "empty", True),
    "the keyring is all zero": (lambda f: (f / "keyring").write_bytes(bytes(5000)), [0, 1, 2], "empty", True),
    "the keyring is cut in its head": (lambda f: os.truncate(f / "keyring", 50), [0, 1, 2], "cut short", False),
    "the keyring is cut behind its head": (lambda f: os.truncate(f / "keyring", HEAD), [0, 1, 2], "empty", True),
    "the keyring is cut behind the tenant": (lambda f: os.truncate(f / "keyring", HEAD + RECORD), [0, 1, 2], "cut", True),
    "the keyring is cut behind the first call": (lambda f: os.truncate(f / "keyring", HEAD + 2 * RECORD), [1, 2], "cut", True),
    "the keyring is cut in the last call": (lambda f: os.truncate(f / "keyring", HEAD + 4 * RECORD - 1), [2], "damaged", True),
    "the keyring's head is damaged": (lambda f: flip(f / "keyring", 20), [0, 1, 2], "head of the keyring is damaged", False),
    "the tenant's key is damaged": (lambda f: flip(f / "keyring", HEAD + 100), [0, 1, 2], "damaged", True),
    "a call's key is damaged": (lambda f: flip(f / "keyring", HEAD + 2 * RECORD + 100), [1], "damaged", True),
    "the keyring is something else": (lambda f: (f / "keyring").write_bytes(b"nothing of ours" * 99), [0, 1, 2], "no keyring", False),
    "the master key is another one": (lambda f: (f / "master.key").write_bytes(bytes(32)), [0, 1, 2], "another master key", False),
    "the master key is cut": (lambda f: os.truncate(f / "master.key", 31), [0, 1, 2], "32 bytes", False),
    "the master key is gone": (lambda f: (f / "master.key").unlink(), [0, 1, 2], "master key is missing", False),
}


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """A folder with three calls, one key each: (folder, the calls in the order of their keys)."""
    folder, facts = tmp_path_factory.mktemp("three") / "journal", Facts()
    for call in range(3):
        assert Life(folder, facts, "--seed", 5, "--call", call, faults="none").status == 0
    assert len(facts.calls()) == 3
    return folder, facts.calls()


@pytest.mark.parametrize("loss", LOSSES)
def test_lost_keys_are_told_by_all_who_read_and_stop_who_writes(run, three, tmp_path, loss):
    spoil, lost, word, shown_by_records = LOSSES[loss]
    folder = shutil.copytree(three[0], tmp_path / "journal")
    assert verdict(run, folder)["whole"]
    spoil(folder)
    before = bytes_of(folder)
    document = verdict(run, folder)
    first, calls = three[1][lost[0]], f"{len(lost)} call{'s' if len(lost) > 1 else ''}"
    assert not document["whole"] and document["unopened_calls"] == len(lost) and document["first_unopened"] == first
    assert document["unopened"] == len([r for r in rows(run, folder) if r.get("closed") == "no key"]) > 0
    assert word in document["keys"]["message"] and document["keys"]["hint"] and document["broken_seals"] == 0
    people = run("journal", "verify", folder).out
    assert f"{calls} cannot be opened ({document['unopened']} records), the first is {first}\n" in people
    assert document["keys"]["message"] in people and document["keys"]["hint"] in people
    # Those who read a lost call say so, all the same.
    said = set()
    for args in (["show", first, "--dir", folder], ["recording", first, "--dir", folder, "-o", "x.wav"], ["replay", first, "--dir", folder]):
        done = run(*args, "--json")
        assert done.status == 3 and word in done.error()["message"] and done.error()["hint"], args
        assert done.error()["message"] in run(*args).err
        said.add(done.error()["message"])
    assert len(said) == 1 and sorted(p.name for p in tmp_path.iterdir()) == ["journal"]
    # Nobody writes there.
    done = run("simulate", "--seed", 9, "--call", 0, "--disk", folder, "--ledger", tmp_path / "ledger", "--json")
    assert done.status == 3 and word in done.error()["message"] and done.error()["hint"]
    assert (f"{calls} in this journal cannot be opened any more, the first is {first}" in done.error()["message"]) is shown_by_records
    people = run("simulate", "--seed", 9, "--call", 0, "--disk", folder)
    assert people.status == 3 and people.out == "" and done.error()["message"] in people.err
    assert bytes_of(folder) == before and (tmp_path / "ledger").read_text() == ""


def test_with_its_keys_back_a_folder_is_written_again(run, three, tmp_path):
    folder = shutil.copytree(three[0], tmp_path / "journal")
    (folder / "keyring").rename(tmp_path / "keyring")
    assert run("simulate", "--seed", 9, "--call", 0, "--faults", "none", "--disk", folder).status == 3
    (tmp_path / "keyring").rename(folder / "keyring")
    assert run("simulate", "--seed", 9, "--call", 0, "--faults", "none", "--disk", folder).status == 0
    assert verdict(run, folder)["calls"] == 4


def test_calls_whose_keys_are_there_are_read_as_ever(run, three, tmp_path):
    folder = shutil.copytree(three[0], tmp_path / "journal")
    os.truncate(folder / "keyring", HEAD + 3 * RECORD)
    for call in three[1][:2]:
        assert run("show", call, "--dir", folder, "--json").json()["ended"]
        assert run("replay", call, "--dir", folder).status == 0
    assert run("show", three[1][2], "--dir", folder).status == 3


def test_a_blank_folder_needs_no_old_keys(run, three, tmp_path):
    """Unused reserves and rings are no records; what was shipped and deleted is nobody's loss."""
    folder = shutil.copytree(three[0], tmp_path / "journal")
    for path in [*folder.glob("seg-*.cfj"), folder / "keyring", folder / "master.key", folder / "cursor"]:
        path.unlink()
    assert run("simulate", "--seed", 9, "--call", 0, "--faults", "none", "--disk", folder).status == 0
    assert verdict(run, folder)["whole"]


def test_bytes_behind_a_keyring_are_told_but_cost_nothing(run, three, tmp_path):
    folder = shutil.copytree(three[0], tmp_path / "journal")
    with open(folder / "keyring", "ab") as f:
        f.write(b"garbage")
    document = verdict(run, folder)
    assert document["whole"] and document["keyring_damaged_bytes"] > 0
    assert "no key is lost that anything here wants" in run("journal", "verify", folder).out
    assert run("simulate", "--seed", 9, "--call", 0, "--faults", "none", "--disk", folder).status == 0
    assert verdict(run, folder)["keyring_damaged_bytes"] == 0


def test_show_of_a_call_of_which_one_workers_key_is_lost(run, tmp_path):
    """Two workers had the call; the second one's key is gone: it ended, but how is sealed."""
    folder = tmp_path / "journal"
    for call in range(40):
        shutil.rmtree(folder, ignore_errors=True)
        assert run("simulate", "--seed", 1, "--call", call, "--faults", "worker-death", "--disk", folder).status == 0
        one, *more = run("journal", "list", folder, "--json").json()["calls"]
        if len(more) == 1 and more[0]["ended"]:
            break
    os.truncate(folder / "keyring", HEAD + 2 * RECORD)
    document = run("show", one["call"], "--dir", folder, "--json").json()
    assert document["started"] and document["ended"] and "reason" not in document and document["unread_records"] > 0
    people = run("show", one["call"], "--dir", folder).out
    assert "ended; how cannot be read" in people and "had not ended" not in people


def test_a_file_of_a_journal_is_no_call(run, journal):
    segment = sorted(journal.glob("seg-*.cfj"))[0]
    for args in (["show", segment], ["recording", segment, "-o", "x.wav"], ["replay", segment]):
        done = run(*args, "--json")
        assert done.status == 3 and done.error()["message"] == "this file of a journal is no exported call"


# ---- the ends of files, and the beginning ----

def append(path, what):
    data = path.read_bytes()
    with open(path, "ab") as f:
        f.write({"garbage": b"\x9dgarbage" * 7, "zeros": bytes(4096), "records": data[128:5000]}[what])
    return len(data)


@pytest.mark.parametrize("what", ["garbage", "zeros", "records"])
def test_bytes_behind_the_end_of_a_closed_file_are_corruption(run, lives, tmp_path, what):
    folder = tmp_path / "journal"
    for name in sorted(p.name for p in lives.glob("seg-*.cfj")):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(lives, folder)
        end = append(folder / name, what)
        document = verdict(run, folder)
        assert not document["whole"] and document["torn"] == 0 and document["corrupt"] == 1 and document["duplicates"] == 0, name
        assert document["faults"] == [{"kind": "corrupt", "file": name, "offset": end, "bytes": (folder / name).stat().st_size - end}]
        assert document["records"] == verdict(run, lives)["records"], "what was ours is read as ever"


@pytest.mark.parametrize("what", ["garbage", "zeros", "records"])
def test_bytes_behind_the_torn_end_of_an_earlier_life_are_corruption(run, tmp_path, what):
    """No mark closes it, but the next life's file knows how long it was."""
    folder, facts = tmp_path / "journal", Facts()
    assert Life(folder, facts, "--seed", 6, "--call", 0, "--crash-at", "write:300", faults="none").killed
    torn = sorted(folder.glob("seg-*.cfj"))[-1]
    assert Life(folder, facts, "--seed", 6, "--call", 1, faults="none").status == 0
    before = verdict(run, folder)
    assert before["whole"] and before["torn"] == 1
    end = append(torn, what)
    document = verdict(run, folder)
    assert not document["whole"] and document["torn"] == 1 and document["records"] == before["records"]
    fault, = [f for f in document["faults"] if f["kind"] == "corrupt"]
    assert fault == {"kind": "corrupt", "file": torn.name, "offset": end, "bytes": torn.stat().st_size - end}
    assert run("simulate", "--seed", 6, "--call", 2, "--faults", "none", "--disk", folder).status == 0, "damage stops no writer"


def test_bytes_behind_a_reserve_or_a_ring_are_corruption(run, tmp_path):
    folder, facts = tmp_path / "journal", Facts()
    facts.failures = 2
    assert Life(folder, facts, "--seed", 5, "--call", 0, "--inject", "write:380=ENOSPC", faults="none").status == 0
    for kind in ("reserve", "ring"):
        used = [p for p in folder.glob(f"{kind}-*.cfj") if p.read_bytes()[:4] == b"CFJO"][0]
        whole = used.read_bytes()
        append(used, "garbage")
        document = verdict(run, folder)
        assert not document["whole"] and document["corrupt"] == 1
        assert {"kind": "corrupt", "file": used.name, "offset": len(whole), "bytes": used.stat().st_size - len(whole)} in document["faults"]
        used.write_bytes(whole)
    assert verdict(run, folder)["whole"]


def test_a_removed_beginning_is_told_unless_it_was_shipped(run, lives, tmp_path):
    folder = shutil.copytree(lives, tmp_path / "journal")
    oldest, second = sorted(folder.glob("seg-*.cfj"))[:2]
    size = oldest.stat().st_size
    oldest.unlink()
    document = verdict(run, folder)
    assert document["whole"] and document["shortened"] and document["oldest_gone"] is None
    assert "the files before were shipped and deleted" in run("journal", "verify", folder).out
    cursor = folder / "cursor"
    whole = cursor.read_bytes()
    # All of that file was shipped but its closing mark, which never is; a byte less, and something of it is lost.
    order = int(oldest.stem[4:], 16)
    for offset, told in ((size - 100, False), (size - 101, True), (0, True)):
        cursor.write_bytes(cursor_of(order, offset))
        document = verdict(run, folder)
        assert document["whole"] is not told and (document["oldest_gone"] is not None) is told
        if told:
            assert f"file number {order} is not here" in document["oldest_gone"] and str(offset) in document["oldest_gone"]
            assert not document["shortened"] and document["missing"] > 0
            assert f"the oldest records are gone: {document['oldest_gone']}\n" in run("journal", "verify", folder).out
    cursor.unlink()
    document = verdict(run, folder)
    assert not document["whole"] and "no cursor says" in document["oldest_gone"]
    cursor.write_bytes(whole)
    # A first file that is there, but cannot say so, is damaged and not gone.
    shutil.copy(lives / oldest.name, oldest)
    flip(oldest, 20)
    cursor.unlink()
    document = verdict(run, folder)
    assert not document["whole"] and document["oldest_gone"] is None and document["faults"][0]["file"] == oldest.name
    # One file alone knows nothing of the others.
    document = run("journal", "verify", second, "--json").json()
    assert document["whole"] and document["oldest_gone"] is None and not document["shortened"]


def test_a_removed_beginning_that_held_whole_calls_is_told(run, lives, tmp_path):
    """No call misses anything; one is not there at all."""
    folder = shutil.copytree(lives, tmp_path / "journal")
    (folder / "cursor").unlink()
    calls, found = verdict(run, folder)["calls"], []
    for path in sorted(folder.glob("seg-*.cfj"))[:-1]:
        path.unlink()
        document = verdict(run, folder)
        assert not document["whole"] and document["oldest_gone"]
        found.append((document["calls"], document["missing"]))
    assert any(left < calls and not missing for left, missing in found), found


def cursor_of(order, offset):
    """The file of docs/journal.md."""
    checksum = ctypes.CDLL("libxxhash.so.0").XXH3_64bits
    checksum.argtypes, checksum.restype = [ctypes.c_char_p, ctypes.c_size_t], ctypes.c_uint64
    body = b"CFSHIP\x01\n" + struct.pack("<QQQQI", order, offset, 1, 1, 0)
    return body + struct.pack("<I", checksum(body, len(body)) & 0xffffffff)


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
    out = run("show", torn[0]).out
    assert "the journal stops here: the call had not ended" in out
    assert document["stops_us"] >= document["events"][-1]["at_us"]


def test_show_of_a_call_that_died_in_the_greeting(run, tmp_path):
    """Nothing was heard to its end, but the call had its seconds."""
    killed = subprocess.run([BINARY, "simulate", "--seed", "3", "--call", "0", "--faults", "none", "--disk", "d", "--crash-at", "write:70"],
                            cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    listed = run("journal", "list", "d", "--json").json()["calls"][0]
    document = run("show", "d", "--json").json()
    assert not document["ended"] and document["stops_us"] > 500_000
    minutes, seconds = divmod(document["stops_us"] // 1000 / 1000, 60)
    assert f"{int(minutes)}:{seconds:06.3f}          the journal stops here" in run("show", "d").out, listed


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


def test_recording_is_called_what_it_is(run, made, tmp_path):
    for name in ("a.mp3", "a.wav.ogg", "folder.wav/../b.aiff"):
        done = run("recording", made[0], "-o", name, "--json")
        assert done.status == 2 and done.error()["where"] == name and "name a .wav, or a .flac" in done.error()["hint"]
    assert not list(tmp_path.iterdir())
    for name, kind in (("A.WAV", b"RIFF"), ("A.FLAC", b"fLaC"), ("bare", b"RIFF")):
        assert run("recording", made[0], "-o", name).status == 0
        assert (tmp_path / name).read_bytes()[:4] == kind


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


def commands_that_write(call, folder, to):
    """Every -o there is."""
    return (["recording", call, "--dir", folder, "-o", to], ["say", "hello", "-o", to], ["audio", "resample", "sound.wav", "--rate", 16000, "-o", to],
            ["audio", "g711", "sound.wav", "-o", to], ["audio", "g711", "sound.wav", "--encode", "-o", to],
            ["audio", "g711", "codes", "--decode", "-o", to])


@pytest.fixture
def sounds(run, tmp_path):
    """What commands_that_write reads."""
    assert run("say", "hello", "-o", "sound.wav").status == 0
    (tmp_path / "codes").write_bytes(b"\xff" * 800)


def test_nothing_is_written_into_a_journal(run, made, journal, sounds, tmp_path):
    """A segment, the keyring, the master key, the cursor, the lock or a new name; however the folder or the file is called."""
    segment = sorted(journal.glob("seg-*.cfj"))[0].name
    (tmp_path / "link").symlink_to("journal")
    for to, name in (("soft", "keyring"), ("soft.flac", segment)):
        (tmp_path / to).symlink_to(journal / name)
    for to, name in (("hard", "keyring"), ("hard.wav", segment), ("hard.flac", "cursor")):
        os.link(journal / name, tmp_path / to)
    before = bytes_of(journal)
    targets = [f"journal/{name}" for name in before] + [
        "journal/new.wav", "journal/new.flac", "./journal/../journal/keyring", tmp_path / "journal" / "keyring", "link/keyring", "link/new.wav",
        "soft", "soft.flac", "hard", "hard.wav", "hard.flac"]
    for to in targets:
        for command in commands_that_write(made[1], "journal", to):
            done = run(*command, "--json")
            assert done.status == 2 and done.error()["where"] == str(to) and done.error()["hint"], command
            assert "journal" in done.error()["message"], command
    assert bytes_of(journal) == before
    # The journal that is read is looked at itself: no byte of this link tells whose it is.
    os.link(journal / "master.key", tmp_path / "hard.key")
    for where in ("journal", "link", tmp_path / "journal"):
        done = run("recording", made[1], "--dir", where, "-o", "hard.key", "--json")
        assert done.status == 2 and "another name of a file that is being read" in done.error()["message"]
    assert (tmp_path / "hard.key").read_bytes() == before["master.key"][2]
    assert verdict(run, journal)["whole"]


def test_nothing_is_written_into_the_journals_of_several_workers(run, made, tmp_path):
    shutil.copytree(made[0], tmp_path / "journals" / "w1")
    shutil.copytree(made[0], tmp_path / "journals" / "w2")
    os.link(tmp_path / "journals" / "w2" / "master.key", tmp_path / "hard.key")
    before = bytes_of(tmp_path / "journals" / "w2")
    for to, word in (("hard.key", "another name of a file that is being read"), ("journals/w2/x.wav", "journal"), ("journals/x.wav", "in the folder that is being read")):
        done = run("recording", made[1], "--dir", "journals", "-o", to, "--json")
        assert done.status == 2 and word in done.error()["message"], to
    assert bytes_of(tmp_path / "journals" / "w2") == before
    assert run("recording", made[1], "--dir", "journals", "-o", "x.wav").status == 0


def test_lost_keys_of_several_workers_are_told(run, made, tmp_path):
    for worker in ("w1", "w2"):
        shutil.copytree(made[0], tmp_path / "journals" / worker)
        (tmp_path / "journals" / worker / "keyring").unlink()
    for args in (["show", made[1]], ["recording", made[1], "-o", "x.wav"], ["replay", made[1]]):
        done = run(*args, "--dir", "journals", "--json")
        assert done.status == 3 and done.error()["message"] == "there is no keyring here" and done.error()["hint"], args


def test_a_recording_from_within_the_journals_folder(run, made, journal):
    for to in ("x.wav", "keyring", "./x.flac"):
        done = run("recording", made[1], "--dir", ".", "-o", to, "--json", cwd=journal)
        assert done.status == 2 and "journal" in done.error()["message"]
    assert run("recording", made[1], "--dir", ".", "-o", "../x.wav", cwd=journal).status == 0


def test_nothing_is_written_into_the_folder_that_is_read(run, tmp_path):
    """Even where nothing says that it is a journal's: a folder with an exported call alone."""
    (tmp_path / "link").symlink_to("kept")
    assert run("simulate", "--seed", 5, "--call", 0, "--faults", "none", "--keep", "kept").status == 0
    call, = (tmp_path / "kept").iterdir()
    for to in ("kept/x.wav", "link/x.flac", "./kept/../link/x.wav"):
        done = run("recording", "kept", "-o", to, "--json")
        assert done.status == 2 and done.error()["where"] == to and "in the folder that is being read" in done.error()["message"]
    assert list((tmp_path / "kept").iterdir()) == [call]
    assert run("recording", "kept", "-o", "x.wav").status == 0
    assert run("recording", call, "-o", "kept/x.wav").status == 0, "beside an exported call there is room for its sound"


def test_an_exported_call_is_not_replaced_by_its_sound(run, sounds, tmp_path):
    export = tmp_path / "call.cfj"
    shutil.copy(sorted((ROOT / "tests" / "calls").glob("*.cfj"))[0], export)
    before = export.read_bytes()
    for command in commands_that_write("call.cfj", ".", "call.cfj"):
        done = run(*command, "--json")
        assert done.status == 2 and "an exported call" in done.error()["message"]
    assert export.read_bytes() == before


def test_what_is_write_protected_is_left_alone(run, made, sounds, tmp_path):
    """By root as well, who may write everything."""
    for name in ("protected.wav", "protected.flac", "target", "beside.wav.part", "beside.flac.part"):
        (tmp_path / name).write_bytes(b"mine")
        (tmp_path / name).chmod(0o444 if name == "target" else 0o400)
    (tmp_path / "link.wav").symlink_to("target")
    (tmp_path / "other").write_bytes(b"mine")
    os.link(tmp_path / "other", tmp_path / "twice.wav.part")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    for to in ("protected.wav", "protected.flac", "link.wav", "beside.wav", "beside.flac", "twice.wav"):
        for command in commands_that_write(made[1], made[0], to):
            done = run(*command, "--json")
            assert done.status == 2 and done.error()["where"] == to and done.error()["hint"], command
            assert ("another name" if to == "twice.wav" else "write-protected") in done.error()["message"], command
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    (tmp_path / "protected.wav").chmod(0o600)
    for command in commands_that_write(made[1], made[0], "protected.wav"):
        assert run(*command).status == 0, command


def test_g711_codes_replace_their_file_whole(run, sounds, tmp_path):
    (tmp_path / "real").write_bytes(b"old" * 9999)
    (tmp_path / "link").symlink_to("real")
    os.mkfifo(tmp_path / "pipe")
    assert run("audio", "g711", "sound.wav", "--encode", "-o", "link").status == 0
    assert (tmp_path / "link").is_symlink() and 0 < (tmp_path / "real").stat().st_size < 20000
    done = run("audio", "g711", "sound.wav", "--encode", "-o", "pipe", "--json")
    assert done.status == 2 and "is no regular file" in done.error()["message"]
    assert not list(tmp_path.glob("*.part"))


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


@pytest.fixture
def as_nobody():
    """as_nobody(folder, args…): the program as a user who may not read everything."""
    if os.getuid() != 0:
        pytest.skip("only root may become somebody else")

    def start(cwd, *args):
        return Finished(subprocess.run([BINARY, *map(str, args), "--json"], cwd=cwd, capture_output=True, timeout=60, check=False, user="nobody",
                                       group="nogroup", extra_groups=[]))

    try:
        start("/", "config")
    except PermissionError:
        pytest.skip("nobody may not run the program where it lies")
    return start


EVERYONE = 0o777


@pytest.mark.parametrize("what, mode", [("folder", 0o000), ("folder", 0o400), ("empty folder", 0o000), ("segment", 0o000), ("keyring", 0o000), ("master.key", 0o000)])
def test_what_may_not_be_read_is_told_by_its_name(as_nobody, made, tmp_path, what, mode):
    place = pathlib.Path(tempfile.mkdtemp())  # pytest's own folders are closed to others
    try:
        place.chmod(EVERYONE)
        folder = place / "journal"
        if what == "empty folder":
            folder.mkdir()
        else:
            shutil.copytree(made[0], folder)
        for path in [folder, *folder.iterdir()]:
            shutil.chown(path, "nobody", "nogroup")
        closed = folder if "folder" in what else sorted(folder.glob("seg-*.cfj"))[0] if what == "segment" else folder / what
        closed.chmod(mode)
        for args in (["journal", "list", "journal"], ["journal", "verify", "journal"], ["journal", "dump", "journal"], ["show", made[1], "--dir", "journal"],
                     ["show", made[1], "--set", "data.dir=journal"], ["recording", made[1], "--dir", "journal", "-o", "x.wav"],
                     ["replay", made[1], "--dir", "journal"]):
            done = as_nobody(place, *args)
            if args[0] == "journal" and what in ("keyring", "master.key"):
                assert done.status == (1 if args[1] == "verify" else 0)
                continue
            assert done.status == 3 and done.error()["code"] == "not_permitted", args
            assert "read" in done.error()["message"], args
            if what == "segment":
                assert closed.name in done.error()["where"] + done.error()["message"], args
        if what != "segment":
            done = as_nobody(place, "simulate", "--calls", 1, "--disk", "journal")
            assert done.status == 3 and done.error()["code"] == "not_permitted"
        assert not (place / "x.wav").exists()
    finally:
        shutil.rmtree(place)


def test_another_file_is_no_journal(run, tmp_path):
    (tmp_path / "notes.txt").write_text("nothing of ours")
    done = run("journal", "verify", "notes.txt", "--json")
    assert done.status == 3 and done.error()["code"] == "bad_format"
    done = run("show", "notes.txt", "--json")
    assert done.status == 2 and done.error()["code"] == "bad_format"
