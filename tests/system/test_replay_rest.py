"""Other settings from outside: what follows the last turn, the greeting, and whether what is told of a setting is true."""
import pytest

from callfile import steps
from conftest import ROOT

CALLS = ROOT / "tests" / "calls"
KEPT = sorted(CALLS.glob("*.cfj"))
COUGHED = CALLS / "cough-seed2-call0.cfj"  # a cough over the goodbye; one turn
UNSAID = CALLS / "hash-seed1-call0.cfj"    # the greeting is interrupted, and no turn ends

SCENARIO = """agent Hello, this is the post. What is your question?
ask open What is your question?
answer where is my parcel
"""
SOMETHING_ELSE = "the agent would have said or done something else"


def tried(run, path, *settings):
    done = run("replay", path, "--json", *[w for s in settings for w in ("--set", s)])
    assert done.status == 0, done.out
    return done.json()


def rest(run, path, *settings):
    return tried(run, path, *settings)["rest"][-1]


def made(run, tmp_path, *cues):
    """A call of the simulator's with these cues."""
    (tmp_path / "made.call").write_text(SCENARIO + "".join(f"{cue}\n" for cue in cues))
    folder = tmp_path / f"kept{len(cues)}"
    assert run("simulate", "--calls", 1, "--seed", 5, "--script", tmp_path / "made.call", "--keep", folder).status == 0
    return next(folder.glob("*.cfj"))


# ---- behind the last turn ----

def test_the_recorded_settings_change_nothing_behind_the_last_turn(run):
    """Each call has a last piece that ends as it did; one that another worker took over has one more for each."""
    for path in KEPT:
        document = tried(run, path, "turn.open_ms=1200")
        assert document["nothing_differs"] is True, path
        pieces = document["rest"]
        assert [p.get("cut_by") for p in pieces[:-1]] == ["takeover"] * (len(pieces) - 1), path
        for piece in pieces:
            assert piece["same"] is True and piece["ran_already"] == [] and "first_change" not in piece
            assert piece["with"]["floor"] == piece["recorded"]["floor"], path
        assert pieces[-1]["outcome"] == "call_ended" and pieces[-1]["moved_us"] == 0, path
        assert pieces[-1]["with"]["call_end_us"] == pieces[-1]["recorded"]["call_end_us"]


def test_an_interruption_of_the_goodbye_is_compared(run):
    same = rest(run, COUGHED, "turn.open_ms=1200")
    assert [f["what"] for f in same["recorded"]["floor"]] == ["hold", "resume"]
    assert same["recorded"]["goodbye_us"] < same["recorded"]["floor"][0]["at_us"] < same["recorded"]["call_end_us"]
    assert same["recorded"]["goodbye_why"] == same["recorded"]["call_end_why"] == "agent"
    sooner = rest(run, COUGHED, "barge.resume_ms=300")
    assert sooner["outcome"] == "unknown" and sooner["same"] is False
    assert sooner["recorded"]["floor"][1]["at_us"] - sooner["with"]["floor"][1]["at_us"] == 200_000
    assert sooner["stop_us"] == sooner["with"]["floor"][1]["at_us"]
    people = run("replay", COUGHED, "--set", "barge.resume_ms=300").out
    assert "\nbehind turn 1\n" in people and "\n  goodbye  " in people and "\n  call ended  " in people
    assert people.endswith("1 the same; what follows the last turn cannot be known\n")


def test_so_is_one_of_a_made_call(run, tmp_path):
    silent = made(run, tmp_path)
    plain = rest(run, silent, "turn.open_ms=1200")
    assert plain["recorded"]["floor"] == []
    began_us = next(f[2] for _, what, f in steps(silent.read_bytes()) if what == "input" and f[1] == 2)  # the media
    middle_us = (plain["recorded"]["goodbye_us"] + plain["recorded"]["call_end_us"]) / 2
    call = made(run, tmp_path, f"at {round((middle_us - began_us) / 1e6, 1)} cough 400")
    held = rest(run, call, "turn.open_ms=1200")["recorded"]["floor"]
    assert held and held[0]["what"] == "hold"
    sooner = rest(run, call, "barge.resume_ms=300")
    assert [f["what"] for f in sooner["with"]["floor"]] == ["hold", "resume"] and sooner["with"]["floor"][0] == held[0]
    assert held[1]["at_us"] - sooner["with"]["floor"][1]["at_us"] == 200_000 and sooner["outcome"] == "unknown", sooner


def test_the_goodbyes_time_moves_the_end(run):
    moved = rest(run, COUGHED, "call.end_ms=3000")
    assert moved["outcome"] == "call_ended" and moved["same"] is False
    assert moved["with"]["call_end_us"] == moved["recorded"]["goodbye_us"] + 3_000_000
    assert moved["moved_us"] == moved["with"]["call_end_us"] - moved["recorded"]["call_end_us"] < 0
    assert run("replay", COUGHED, "--set", "call.end_ms=3000").out.endswith("; the call ends earlier\n")


def test_a_call_without_a_turn_is_compared_all_the_same(run):
    document = tried(run, UNSAID, "turn.open_ms=1200")
    assert document["turns"] == [] and document["rest"][0]["behind_turn"] == 0
    assert [f["what"] for f in document["rest"][0]["recorded"]["floor"]] == ["yield"]
    assert "\nwithout a turn\n" in run("replay", UNSAID, "--set", "turn.open_ms=1200").out


def test_an_interruption_of_the_greeting_is_compared(run, tmp_path):
    call = made(run, tmp_path, "at 1.5 cough 400")
    recorded = tried(run, call, "turn.open_ms=1200")["turns"][0]
    assert recorded["recorded"]["floor"][0]["what"] == "hold" and recorded["same"] is True
    later = tried(run, call, "barge.hold_ms=900", "barge.yield_ms=1000")["turns"][0]
    assert later["with"]["floor"][0]["at_us"] > later["recorded"]["floor"][0]["at_us"] and later["same"] is False
    sooner = tried(run, call, "barge.resume_ms=300")["turns"][0]
    assert sooner["recorded"]["floor"][1]["at_us"] - sooner["with"]["floor"][1]["at_us"] == 200_000 and sooner["outcome"] == "unknown"


# ---- what is told of a setting ----

SETTINGS = ("turn.silence_ms=300", "turn.finalize_ms=300", "turn.preempt=false", "barge.hold_ms=300", "barge.words=5", "call.end_ms=1000", "quiet.after_ms=2500",
            "key.gap_ms=1000", "llm.filler_ms=400", "tool.timeout_ms=1500", "tts.gap_ms=300", "stt.stall_ms=1000")


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_is_called_the_same_is_the_same(run, tmp_path, setting):
    """On five calls of the simulator's: both sides are alike where that is said, and something is named where it is not."""
    folder = tmp_path / "kept"
    assert run("simulate", "--calls", 5, "--seed", 77, "--faults", "all", "--keep", folder).status == 0
    for path in sorted(folder.glob("*.cfj")):
        document = tried(run, path, setting)
        pieces = document["turns"] + document["rest"]
        assert document["nothing_differs"] == all(p["same"] and not p["ran_already"] for p in pieces)
        for piece in pieces:
            assert piece["same"] == ("first_change" not in piece) or piece["outcome"] == "unknown", piece
            if piece["same"] and piece["outcome"] == "ended":
                for member in ("end_us", "why", "words", "asked", "ahead"):
                    assert piece["with"][member] == piece["recorded"][member], piece
                assert piece["moved_us"] == 0
            if piece["same"]:
                assert piece["with"]["floor"] == piece["recorded"]["floor"], piece
                assert piece["with"].get("call_end_us") == piece["recorded"].get("call_end_us"), piece


def test_a_setting_that_changes_nothing_says_so(run):
    path = CALLS / "scripted-appointment.cfj"
    assert run("replay", path, "--set", "quiet.prompts=3").out.endswith("3 the same; nothing differs\n")
    assert not run("replay", path, "--set", "turn.silence_ms=700").out.endswith("nothing differs\n")


def test_a_time_that_ran_already_is_told(run):
    path = CALLS / "scripted-appointment.cfj"
    document = tried(run, path, "llm.total_ms=20000")
    assert document["nothing_differs"] is False
    assert [t["ran_already"] for t in document["turns"]] == [[], ["llm.total_ms"], ["llm.total_ms"]]
    assert document["rest"][0]["ran_already"] == ["llm.total_ms"]
    assert "a time of llm.total_ms ran already" in run("replay", path, "--set", "llm.total_ms=20000").out


def test_last_words_that_are_asked_for_at_another_time_are_unknown(run, tmp_path):
    folder = tmp_path / "kept"
    assert run("simulate", "--calls", 5, "--seed", 77, "--faults", "none", "--keep", folder).status == 0
    said = [t.get("unknown") for path in sorted(folder.glob("*.cfj")) for t in tried(run, path, "turn.finalize_ms=300")["turns"]]
    assert "the recogniser would have been asked for its last words at another time" in said


def test_other_words_of_the_agents_are_unknown(run):
    """Half as many failures as it took: the goodbye at the moment of the apology, and nobody knows what the caller says to that."""
    turn = tried(run, CALLS / "scripted-failed.cfj", "call.failures=1")["turns"][1]
    assert turn["outcome"] == "unknown" and turn["unknown"] == SOMETHING_ELSE
    assert "goodbye_us" in turn["with"] and "goodbye_us" not in turn["recorded"]


def test_what_the_recording_has_no_reply_to_is_unknown(run):
    """One attempt: the apology comes where the second answer was, and nobody has heard it."""
    said = [p.get("unknown") for path in KEPT for part in ("turns", "rest") for p in tried(run, path, "llm.attempts=1")[part]]
    assert said.count(SOMETHING_ELSE) >= 7


def test_a_voice_that_goes_on_sooner_is_unknown(run):
    """It died within a sentence: the next one would have gone on half a second sooner."""
    turn = tried(run, CALLS / "seed101-call184.cfj", "tts.gap_ms=300")["turns"][3]
    assert turn["outcome"] == "unknown" and turn["unknown"] == "the agent's voice would have gone on at another time"
    assert turn["first_change"]["recorded"]["at_us"] - turn["first_change"]["with"]["at_us"] == 500_000


def test_a_recogniser_that_the_recording_did_not_open_is_unknown(run):
    """Nobody knows what it would have heard; the trial ends where it is opened."""
    opened = [p for path in KEPT for p in tried(run, path, "stt.stall_ms=1000")["turns"] if p.get("unknown") == "the recogniser would have been opened at another time"]
    assert len(opened) >= 5
    assert all(p["stop_us"] - p["first_change"]["with"]["at_us"] <= 2_000_000 for p in opened)
