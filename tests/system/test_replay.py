"""Replay from outside: every kept call on every build there is, flipped bytes, other settings."""
import random
import re
import subprocess

import pytest

from callfile import ATTACH, LEVELS, NOTE, SNAPSHOT, SPEAK, START, STEPS, TRANSCRIPT, VOICE, fields, records, steps
from conftest import BINARY, ROOT, aside

CALLS = ROOT / "tests" / "calls"
KEPT = sorted(CALLS.glob("*.cfj"))
ONE = next(p for p in KEPT if p.name.startswith("seed"))
OTHER = ROOT / "build" / "clang" / "callfunnel"
BUILDS = {"tested": BINARY, **({"other_compiler": str(OTHER)} if OTHER.is_file() and str(OTHER) != BINARY else {})}


@pytest.fixture(params=KEPT, ids=[p.stem for p in KEPT])
def kept(request):
    return request.param


@pytest.fixture(params=BUILDS)
def build(request, tmp_path):
    """run(…) as in conftest, on each build."""

    def start(*args):
        done = subprocess.run(aside(BUILDS[request.param], *args), cwd=tmp_path, capture_output=True, timeout=600, check=False)
        assert done.returncode >= 0, done.stderr
        return done.returncode, done.stdout.decode()

    return start


# ---- kept calls ----

def test_kept_calls_are_many_and_small():
    assert len(KEPT) >= 30
    assert sum(p.stat().st_size for p in KEPT) <= 4_000_000


def listed(header, enum):
    """How many enumerators stand in front of the last, which counts them; and the first one's value."""
    text = (ROOT / "src" / "voice" / header).read_text()
    body = re.search(r"enum %s \{(.*?)\};" % enum, re.sub(r"/\*.*?\*/", "", text, flags=re.S), re.S).group(1)
    names = [n.strip() for n in body.split(",") if n.strip()]
    first = int(names[0].split("=")[1])
    return set(range(first, first + len(names) - 1))


# Of call.rules 4, which is not released yet: calls with them are kept then; until then test_languages.py and test_sandbox_calls.py replay what they make.
NOTE_LANGUAGE, NOTE_SHORT = 21, 22


def test_kept_calls_show_everything_a_call_can_do():
    """Every input, output, note and end that the headers list."""
    inputs, outputs, notes, ends = set(), set(), set(), set()
    for path in KEPT:
        data = path.read_bytes()
        for _, what, f in steps(data):
            (inputs if what == "input" else outputs).add(f[1])
            if what == "output" and f[1] == NOTE:
                notes.add(f[2])
                if f[2] == 19:
                    ends.add(f.get(8, 0))
    assert inputs == listed("input.h", "input_type")
    assert outputs == listed("output.h", "output_type")
    assert notes | {NOTE_LANGUAGE, NOTE_SHORT} == listed("output.h", "note")
    assert ends == listed("output.h", "end_reason")


def test_kept_calls_replay_byte_for_byte(build, kept):
    status, out = build("replay", kept)
    assert status == 0, out
    assert "identical" in out


def test_a_folder_is_replayed_whole(run):
    done = run("replay", CALLS)
    assert done.status == 0, done.out
    assert done.out.splitlines()[-1].startswith(f"{len(KEPT)} calls, ") and done.out.endswith(" all identical\n")


def test_json_says_what_was_compared(run, kept):
    done = run("replay", kept, "--json")
    document = done.json()
    assert done.status == 0
    assert document["identical"] is True
    data = kept.read_bytes()
    everything = [what for _, what, _ in steps(data)]
    skipped = sum(g["steps_not_compared"] for g in document["gaps"])
    assert document["steps"] + skipped == everything.count("input")
    assert document["gaps"] or document["outputs"] == everything.count("output")
    assert sum(p["steps"] for p in document["parts"]) == document["steps"]


def test_what_lies_packed_is_read_the_same_from_outside():
    """Levels in kept calls of both forms: times never fall, positions go on chunk by chunk but for gaps."""
    packed = 0
    for kept in KEPT:
        data = kept.read_bytes()
        inputs = [f for _, what, f in steps(data) if what == "input"]
        times = [f.get(2, 0) for f in inputs]
        places = [f.get(11, 0) for f in inputs if f[1] == VOICE]
        assert times == sorted(times) and places == sorted(places), kept
        assert sum(later - sooner == 256 for sooner, later in zip(places, places[1:])) >= 0.9 * (len(places) - 1), kept
        packed += any(number == LEVELS for r in records(data) if r.kind == STEPS for number, _ in fields(data, r.payload, r.end))
    assert packed >= 5


# ---- flipped bytes ----

def spoken(data):
    """(where it lies, text) of everything that the agent was to say."""
    for _, what, f in steps(data):
        if what == "output" and f[1] == SPEAK:
            start, end = f[12]
            yield start, data[start:end].decode()

def test_a_flipped_word_is_answered_with_the_output_it_changes(run, kept, tmp_path):
    data = bytearray(kept.read_bytes())
    words = [(record, f[15]) for record, what, f in steps(data) if what == "input" and f[1] == TRANSCRIPT and f.get(3) and 15 in f]
    if not words:
        pytest.skip("nothing was said in this call")
    record, (start, _) = words[0]
    data[start] ^= 1
    changed = tmp_path / "changed.cfj"
    changed.write_bytes(data)
    done = run("replay", changed, "--json")
    assert done.status == 1
    document = done.json()
    assert document["damage"]["offset"] == record.at
    assert document["identical"] is False
    difference = document["difference"]
    assert difference["recorded"] != difference["now"]
    first = difference["output"] - 1
    assert difference["recorded"][:first] == difference["now"][:first]
    assert difference["recorded"][first:first + 1] != difference["now"][first:first + 1]


def test_any_flipped_input_byte_is_noticed(run, tmp_path):
    rng = random.Random(1)
    data = bytearray(ONE.read_bytes())
    places = [i for record in records(data) if record.kind == STEPS for i in range(record.payload, record.end)]
    changed = tmp_path / "changed.cfj"
    differing = 0
    for at in rng.sample(places, 60):
        data[at] ^= 1 << rng.randrange(8)
        changed.write_bytes(data)
        done = run("replay", changed, "--json")
        assert done.status == 1, at
        document = done.json()
        assert "damage" in document
        differing += not document["identical"]
        data = bytearray(ONE.read_bytes())
    assert differing >= 10


def test_a_changed_output_is_named(run, tmp_path):
    """A word of what the agent was to say, changed in the recording: that very step differs, whatever the checksum says."""
    data = bytearray(ONE.read_bytes())
    start, words = next((start, text) for start, text in spoken(data))
    data[start] ^= 1
    changed = tmp_path / "changed.cfj"
    changed.write_bytes(data)
    for flag, damaged in ((), True), (("--unchecked",), False):
        done = run("replay", changed, "--json", *flag)
        assert done.status == 1
        document = done.json()
        assert ("damage" in document) == damaged
        difference = document["difference"]
        assert difference["now"][difference["output"] - 1]["text"] == words
        assert difference["recorded"][difference["output"] - 1]["text"] != words


def test_unchecked_looks_at_the_call_alone(run, tmp_path):
    data = bytearray(ONE.read_bytes())
    other = next(r for r in records(data) if r.kind not in (START, STEPS, SNAPSHOT, ATTACH) and r.length)
    data[other.payload] ^= 1
    changed = tmp_path / "changed.cfj"
    changed.write_bytes(data)
    checked = run("replay", changed)
    assert checked.status == 1
    assert checked.out.startswith("damaged: identical as far as it can be read: ") and f"offset {other.at}" in checked.out
    assert run("replay", changed, "--unchecked").status == 0


def test_damaged_and_foreign_files_are_refused_clearly(run, tmp_path):
    data = ONE.read_bytes()
    changed = tmp_path / "changed.cfj"
    for bad in (b"", data[:100], b"\0" * 500, b"RIFF" + data[4:]):
        changed.write_bytes(bad)
        done = run("replay", changed, "--json")
        assert done.status == 3
        assert done.error()["message"]
    assert run("replay", tmp_path / "nothing.cfj").status == 2
    assert run("replay").status == 2
    assert run("replay", "00112233445566778899aabbccddeeff", "--dir", tmp_path / "nowhere").status == 3


def test_a_damaged_record_header_is_the_headline(run, tmp_path):
    """What stood in the record is gone, and the steps up to the next snapshot cannot be judged: nobody is told "identical" first."""
    data = bytearray(ONE.read_bytes())
    found = records(data)
    total = sum(what == "input" for _, what, _ in steps(data))
    lost = [r for r in found if r.kind == STEPS][2]
    inside = sum(what == "input" for r, what, _ in steps(data) if r.at == lost.at)
    data[lost.at + 16] ^= 1  # its sequence: the header's checksum does not hold
    changed = tmp_path / "changed.cfj"
    changed.write_bytes(data)
    done = run("replay", changed, "--json")
    document = done.json()
    assert done.status == 1
    assert document["identical"] is False and document["whole"] is False and "difference" not in document
    assert document["damage"]["offset"] == lost.at
    assert document["steps_there"] == total - inside
    assert document["steps"] + sum(g["steps_not_compared"] for g in document["gaps"]) == document["steps_there"]
    people = run("replay", changed)
    assert people.status == 1
    assert people.out.splitlines()[0].startswith(
        f"damaged: identical as far as it can be read: {document['steps']} of the {document['steps_there']} steps that are there, ")
    several = run("replay", changed, ONE)
    assert several.status == 1 and "all identical" not in several.out


def test_a_lost_record_is_told_and_the_rest_compared(run, tmp_path):
    """Without the third record of steps: a gap, and the call goes on from its next snapshot."""
    for path in KEPT:
        data = path.read_bytes()
        found = records(data)
        snapshots = [i for i, r in enumerate(found) if r.kind == SNAPSHOT]
        middle = [i for i, r in enumerate(found) if r.kind == STEPS][2]
        if len(snapshots) > 1 and snapshots[-1] > middle:
            break
    lost = found[middle]
    changed = tmp_path / "changed.cfj"
    changed.write_bytes(data[:lost.at] + data[lost.end:])
    done = run("replay", changed, "--json")
    document = done.json()
    assert done.status == 0, done.out
    assert [g["why"] for g in document["gaps"]][0] == "missing"
    assert document["gaps"][0]["steps_not_compared"] > 0
    assert "snapshot" in [p["from"] for p in document["parts"]]
    assert "gap" in run("replay", changed).out


# ---- other settings ----

def turns(run, path, *settings):
    done = run("replay", path, "--json", *[w for s in settings for w in ("--set", s)])
    assert done.status == 0, done.out
    return done.json()["turns"]


def recorded_silence(path):
    """turn.silence_ms of the call: field 4 of the settings in its START, one more than the value."""
    data = path.read_bytes()
    start = next(r for r in records(data) if r.kind == START)
    settings = dict(fields(data, start.payload, start.end))[4]
    return dict(fields(data, *settings))[4] - 1


def test_the_recorded_settings_change_nothing(run, kept):
    for turn in turns(run, kept, f"turn.silence_ms={recorded_silence(kept)}"):
        assert turn["outcome"] == "ended", turn
        assert turn["moved_us"] == 0 and turn["same_words"] is True, turn
        assert turn["with"]["why"] == turn["recorded"]["why"]
        assert turn["with"]["end_us"] == turn["recorded"]["end_us"]
        assert turn["with"]["floor"] == turn["recorded"]["floor"]


def silence_moves(run, calls):
    """Each end that silence decided moves by exactly that; (so many, so many others, so many in which the caller went on)."""
    moved = went_on = other = 0
    for path in calls:
        for turn in turns(run, path, f"turn.silence_ms={recorded_silence(path) + 100}"):
            if not turn["recorded"]["ended"] or turn["line_stalled"] or turn["outcome"] == "recording_ends":
                continue  # those three are told
            if turn["recorded"]["why"] != "silence":
                other += 1
                assert turn["outcome"] != "ended" or not turn["same_words"] or turn["moved_us"] in (0, 100_000) or \
                    turn["recorded"]["why"] == "final_late" and 0 < turn["moved_us"] < 100_000, turn
            elif turn["outcome"] == "ended" and turn["with"]["why"] == "silence" and turn["same_words"]:
                assert turn["moved_us"] == 100_000, turn
                assert turn["with"]["end_us"] - turn["recorded"]["end_us"] == 100_000
                assert turn["with"]["silence_us"] - turn["recorded"]["silence_us"] == 100_000
                moved += 1
            else:
                # Within those 100 ms something happened that decides otherwise: the caller went on, more words came, the call ended.
                late = turn.get("stop_us", turn["with"].get("end_us", 0)) - turn["recorded"]["end_us"]
                assert 0 <= late <= 100_000, turn
                went_on += 1
    return moved, other, went_on


def test_more_silence_moves_each_end_that_silence_decided_by_exactly_that(run):
    moved, other, went_on = silence_moves(run, KEPT)
    assert moved >= 10 and other >= 10
    assert moved > 5 * went_on


def test_so_it_does_in_calls_of_today(run, tmp_path):
    """By a seed of its own each time. An end that waited for something else than silence says so: for the agent, for the last words."""
    seed, folder = random.SystemRandom().randrange(1 << 32), tmp_path / "kept"
    print("seed", seed)
    assert run("simulate", "--calls", 40, "--seed", seed, "--faults", "all", "--keep", folder).status == 0
    calls = sorted(folder.glob("*.cfj"))
    moved, other, _ = silence_moves(run, calls)
    assert len(calls) == 40 and moved >= 20 and other >= 20


LATER = ("first_token_us", "speakable_us", "first_audio_us", "sent_us", "played_us")
SOMETHING_ELSE = "the model would have been asked something else"


def ended(run, *settings):
    """Every turn that ends on both sides, of all kept calls."""
    for path in KEPT:
        for turn in turns(run, path, *settings):
            if turn["outcome"] == "ended" and turn["recorded"]["ended"]:
                yield turn


@pytest.mark.parametrize("setting", ["turn.silence_ms=700", "turn.silence_ms=300", "turn.complete_ms=100", "turn.preempt=false", "barge.hold_ms=64"])
def test_latency_parts_sum_to_the_total(run, setting):
    known = 0
    for turn in ended(run, setting):
        for side in ("recorded", "with"):
            if "total_us" in turn[side]:
                assert len(turn[side]["latency"]) == 7, turn
                assert sum(turn[side]["latency"].values()) == turn[side]["total_us"], turn
        assert ("total_us" in turn["with"]) != ("latency_unknown" in turn), turn
        known += "total_us" in turn["with"]
    assert known >= 80


def test_shown_latency_parts_sum_to_the_total(run):
    """In whole milliseconds as well."""
    turns = 0
    for call in sorted(CALLS.glob("*.cfj"))[:16]:
        for total, parts in re.findall(r"latency (\d+) ms:(.*)", run("show", call).out):
            assert sum(int(ms) for ms in re.findall(r" (\d+)(?:,|$)", parts)) == int(total), (call, parts)
            turns += 1
    assert turns > 20


def test_where_nothing_moved_the_recorded_latency_is_the_answer(run):
    known = 0
    for turn in ended(run, "turn.spelled_ms=1800"):
        assert turn["moved_us"] == 0
        assert turn["with"].get("total_us") == turn["recorded"].get("total_us"), turn
        if "total_us" in turn["with"]:
            assert turn["with"]["latency"] == turn["recorded"]["latency"], turn
            known += 1
        else:
            assert turn["latency_unknown"] == "in the recording nobody heard this answer"
    assert known >= 100


def test_where_the_end_moved_the_total_moves_with_it(run):
    """Asked at the end with the same words: what comes behind the request takes as long as it took."""
    moved = 0
    for setting in ("turn.silence_ms=700", "turn.silence_ms=300", "turn.complete_ms=500", "turn.endpoint_ms=250"):
        for turn in ended(run, setting):
            recorded, tried = turn["recorded"], turn["with"]
            if not turn["same_request"] or recorded["ahead"] or tried["ahead"] or "total_us" not in tried:
                continue
            if recorded["why"] == "final_late":
                continue  # a filler comes so long after the turn was due, and that moved
            assert tried["total_us"] - recorded["total_us"] == turn["moved_us"], turn
            assert all(tried["latency"][part] == recorded["latency"][part] for part in LATER), turn
            moved += turn["moved_us"] != 0
    assert moved >= 20


def test_an_answer_asked_ahead_is_waited_for(run):
    """A sooner end never makes the answer later, and gains at most what the end gained."""
    sooner = 0
    for turn in ended(run, "turn.silence_ms=300"):
        recorded, tried = turn["recorded"], turn["with"]
        if turn["same_request"] and recorded["ahead"] and tried["ahead"] and "total_us" in tried and turn["moved_us"] < 0:
            assert turn["moved_us"] <= tried["total_us"] - recorded["total_us"] <= 0, turn
            sooner += 1
    assert sooner >= 20


def test_a_tool_that_runs_at_the_end_takes_its_time(run):
    """The model is asked when the tool is done, however soon the turn ended."""
    still = 0
    for setting in ("turn.silence_ms=300", "turn.spelled_ms=1700"):
        for turn in ended(run, setting):
            if turn["moved_us"] < 0 and not turn["recorded"]["asked"] and not turn["with"]["asked"] and "total_us" in turn["with"]:
                assert turn["with"]["total_us"] == turn["recorded"]["total_us"], turn
                still += 1
    assert still >= 2


def test_without_asking_ahead_the_caller_waits_longer(run):
    longer = 0
    for turn in ended(run, "turn.preempt=false"):
        assert not turn["with"]["ahead"]
        if turn["recorded"]["ahead"] and turn["same_request"] and "total_us" in turn["with"]:
            assert turn["with"]["total_us"] >= turn["recorded"]["total_us"], turn
            longer += turn["with"]["total_us"] > turn["recorded"]["total_us"]
    assert longer >= 40


def test_what_another_request_would_have_brought_is_not_known(run):
    other = 0
    for turn in ended(run, "turn.silence_ms=300"):
        if turn["recorded"]["asked"] and turn["with"]["asked"] and not turn["same_request"]:
            assert turn["latency_unknown"] == SOMETHING_ELSE
            assert "total_us" not in turn["with"] and "first_audio_us" not in turn["with"]["latency"]
            other += 1
    assert other >= 3
    people = run("replay", CALLS / "scripted-appointment.cfj", "--set", "turn.silence_ms=300")
    assert people.out.count(f"the rest is not known: {SOMETHING_ELSE}\n") == 1
    assert people.out.count("; total 1130 ms, 300 ms less\n") == 2


def test_people_get_a_table(run):
    path = next(p for p in KEPT if any(t["recorded"].get("why") == "silence" for t in turns(run, p, "turn.silence_ms=700")))
    done = run("replay", path, "--set", "turn.silence_ms=700", "--set", "barge.hold_ms=128")
    assert done.status == 0
    assert "with turn.silence_ms=700 barge.hold_ms=128" in done.out
    assert "turn ended" in done.out and "recorded" in done.out and "; total " in done.out
    assert run("replay", path, "--set", "turn.silence_ms=1").status == 2


def test_a_setting_that_is_not_the_calls_is_refused(run, kept):
    for setting in ("secrets.cache_s=3", "vad.model_file=x.onnx"):
        done = run("replay", kept, "--json", "--set", setting)
        assert done.status == 2 and done.error()["where"] == "--set"
        assert done.error()["message"] == f"{setting.split('=')[0]} is no setting of a call"
        people = run("replay", kept, "--set", setting)
        assert people.status == 2 and people.out == "" and "is no setting of a call" in people.err
    assert run("replay", kept, "--set", "log.level=warn", "--set", "data.dir=elsewhere").status == 0, "what a replay itself reads"


def test_a_time_that_runs_from_the_calls_beginning_is_refused(run, kept):
    done = run("replay", kept, "--json", "--set", "call.max_ms=10000")
    assert done.status == 2 and done.error()["where"] == "--set"
    assert done.error()["message"] == "call.max_ms cannot be tried turn by turn" and done.error()["hint"]
    assert run("replay", kept, "--set", "call.attach_ms=20000").status == 0


def test_settings_that_contradict_the_recorded_ones_are_refused(run):
    path = CALLS / "scripted-appointment.cfj"
    for sets, message in ((("turn.silence_ms=1300",), "turn.silence_ms: found 1300 (--set), above turn.open_ms: 1200 (recorded)"),
                          (("turn.silence_ms=900", "turn.open_ms=800"), "turn.silence_ms: found 900 (--set), above turn.open_ms: 800 (--set)")):
        words = [w for s in sets for w in ("--set", s)]
        done = run("replay", path, "--json", *words)
        assert done.status == 2 and done.error()["where"] == "--set" and done.error()["message"] == message
        assert done.error()["hint"].startswith("allowed: turn.silence_ms at most turn.open_ms; otherwise ")
        people = run("replay", path, *words)
        assert people.status == 2 and people.out == "" and message in people.err
    assert run("replay", path, "--set", "turn.silence_ms=1300", "--set", "turn.open_ms=1300").status == 0


def to_varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def test_a_call_recorded_with_a_contradiction_replays(run, tmp_path):
    """As it could be recorded once: words that want more (turn.open_ms, which decides nothing in this call) end a turn after 150 ms."""
    data = bytearray((CALLS / "scripted-appointment.cfj").read_bytes())
    start = next(r for r in records(data) if r.kind == START)
    at, end = dict(fields(data, start.payload, start.end))[4]
    was, now = (bytes([6 << 3]) + to_varint(ms + 1) for ms in (1200, 150))
    assert data[at:end].count(was) == 1 and len(was) == len(now)
    place = data.index(was, at, end)
    data[place:place + len(was)] = now
    changed = tmp_path / "contradicting.cfj"
    changed.write_bytes(data)
    assert run("replay", changed, "--unchecked").status == 0
    other = run("replay", changed, "--unchecked", "--json", "--set", "turn.spelled_ms=1700")
    assert other.status == 0 and len(other.json()["turns"]) == 3, "what nobody sets now is not judged"
    refused = run("replay", changed, "--unchecked", "--json", "--set", "turn.silence_ms=500")
    assert refused.status == 2
    assert refused.error()["message"] == "turn.silence_ms: found 500 (--set), above turn.open_ms: 150 (recorded)"


def test_the_page_shows_what_the_program_prints():
    page = (ROOT / "docs" / "replay.md").read_text()
    examples = re.findall(r"```console\n\$ callfunnel (.*?)\n(.*?)```", page, re.S)
    assert len(examples) >= 4
    for command, printed in examples:
        done = subprocess.run([BINARY, *command.split()], cwd=CALLS, capture_output=True, timeout=60, check=False)
        assert done.stdout.decode() == printed, command
