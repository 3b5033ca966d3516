"""P01 to P24 over real sockets: a scripted carrier, the real `callfunnel serve`, the sandbox's vendors, a shop that counts what was done.

What the carrier got is asserted as frames, what vendors were asked as the sandbox wrote it down; times only with tenfold ceilings. The same rows are asserted
exactly in virtual time (test_simulate.py). P05, P11 to P13 and the faults stand in test_promises_faults.py, P22 in test_answered.py, P23 in
test_timeline.py, P25 in test_twilio_calls.py.
"""
import pytest

from promisekit import DONE, FOUND, GREETING, QUIET_MAX_S, agent_text, pairs, stage  # noqa: F401

LOOK, ORDER = "Shall I look?", "Order it?"
SEVEN = FOUND.format("seven lamps")
MANY = "seven lamps and a few other old things"


def looks(line):
    return line.told(LOOK)


def orders(line):
    return line.told(ORDER)


# ---- a call to which nothing happens ----

@pytest.fixture(scope="module")
def plain(stage):  # noqa: F811
    """Its line, its record, what was asked for it."""
    stage.begin()
    line = stage.line((looks, "yes"), (orders, "yes"))
    call = stage.hold(line)
    return line, call, stage.asks(), stage.transcripts(), stage.sound(), list(stage.shop.asked)


def test_P14_nothing_is_said_twice(plain):
    """P14: tools that take no time, in turns that were asked ahead: each line was made and played once."""
    line, call, asks, transcripts, _, asked = plain
    assert (call["state"], call["outcome"]) == ("ended", "ordered"), line.story()
    said = " ".join(text for socket in transcripts for text in socket)
    assert said == f"{GREETING} {SEVEN} {DONE}"
    assert line.clears == 0 and abs(line.letters() - sum(map(len, [GREETING, *SEVEN.partition(". ")[::2], DONE]))) <= 3
    assert [one[:2] for one in asked] == [("GET", "/lamps"), ("POST", "/orders")]
    assert line.quiet_s() <= QUIET_MAX_S and all(pairs(ask) is not None for ask in asks)


def test_P24_first_words_and_first_frames(plain):
    """P24: the greeting at once, and the recogniser gets the sound from its first frame on."""
    line, _, _, _, sound, _ = plain
    assert line.first_ms <= 10 * 200
    assert len(sound) == 1 and sound[0] >= (line.sent - 50) * 160  # all but what was on its way at the end


# ---- tools ----

def test_P01_words_behind_a_tools_result(stage):  # noqa: F811
    """P01: somebody speaks as the tool returns: what was found, and what was done, is known to the next question to the model, and done once."""
    stage.begin(heard=["yes", "sorry what", "yes", "thank you"])
    line = stage.line((looks, "yes"), (lambda _: lambda: "/lamps" in stage.shop.answered, "long"), (orders, "yes"), (lambda _: lambda: "/orders" in stage.shop.answered, "hm"))
    call = stage.hold(line)
    assert call["outcome"] == "ordered" and len(stage.shop.orders()) == len(stage.shop.looks()) == 1
    asks = stage.asks()
    known = [[name for name, _ in pairs(ask)] for ask in asks]
    behind = next(i for i, ask in enumerate(asks) if "sorry what" in str(ask["messages"][-1]))
    assert known[behind] == ["find_lamps"] and "seven lamps" in pairs(asks[behind])[0][1]
    assert known[-1][:2] == ["find_lamps", "order_lamp"]


def test_P02_P03_words_while_a_tool_runs(stage):  # noqa: F811
    """P02, P03: neither what looks up nor what changes something is broken off by words; each use has its result, and the next turn is answered."""
    stage.begin(heard=["yes", "are you there", "yes", "are you there"])
    line = stage.line((looks, "yes"), (lambda _: lambda: stage.shop.looks(), "long"), (orders, "yes"), (lambda _: lambda: stage.shop.orders(), "long"))
    stage.shop.gate = lambda path: len(line.own) == (2 if path == "/lamps" else 4) and line.current is None
    call = stage.hold(line)
    assert call["outcome"] == "ordered" and len(stage.shop.orders()) == len(stage.shop.looks()) == 1
    assert "I see seven lamps." in " ".join(one["text"] for one in line.follower.whole() if one["type"] == "heard")
    assert [name for name, _ in [pairs(ask) for ask in stage.asks()][-1]][:2] == ["find_lamps", "order_lamp"]
    assert line.quiet_s() <= QUIET_MAX_S


# ---- who speaks ----

def test_P04_P08_what_is_known_is_what_was_played(stage):  # noqa: F811
    """P04, P08: an interruption clears the line next, nothing of the old turn follows, and the model is told the words that were played."""
    stage.begin(heard=["yes", "stop it please"])
    stage.shop.count = MANY
    line = stage.line((looks, "yes"), (lambda one: one.over(20), "stop"))
    line.leaves = lambda: len(line.own) == 2 and line.told("Order it?")()
    stage.hold(line)
    began, ended = line.own[1]
    cleared = next(i for i, (what, _) in enumerate(line.frames) if what == "clear")
    after = [at for what, at in line.frames[cleared + 1:] if what == "media"]
    assert line.frames[cleared][1] - began <= 10 * 0.25
    assert not after or after[0] > ended
    assert line.most_ahead_ms <= 400 + line.most_late_ms + 20
    played = line.letters(line.own[0][1], line.frames[cleared][1])
    told = agent_text(next(ask for ask in stage.asks() if "stop it" in str(ask["messages"][-1]))).removeprefix(GREETING).strip(" —")
    assert FOUND.format(MANY).startswith(told) and played - 14 <= len(told) <= played + 1, (told, played)


def test_P06_a_nod_stops_nobody(stage):  # noqa: F811
    """P06: held soon, gone on with from the same word, and no model is asked."""
    stage.begin(heard=["yes", "mm-hm"])
    stage.shop.count = MANY
    line = stage.line((looks, "yes"), (lambda one: one.over(20), "hm"))
    line.leaves = line.told(ORDER)
    stage.hold(line)
    began, ended = line.own[1]
    [cleared] = [at for what, at in line.frames if what == "clear"]
    again = next(at for what, at in line.frames if what == "media" and at > cleared)
    assert cleared - began <= 10 * 0.25 and again - ended <= 10 * 0.7
    assert len(stage.asks()) == 2 and " ".join(stage.transcripts()[0]) == f"{GREETING} {FOUND.format(MANY)}"
    assert 0 <= line.letters(line.own[0][1]) - len(FOUND.format(MANY)) + 1 <= 14  # a word or two of it again


# ---- turns ----

def test_P09_a_number_with_pauses_is_one_turn(stage):  # noqa: F811
    """P09: a second between its parts; while a plain "yes" is answered at once."""
    stage.begin(heard=["yes", "no", "two zero two", "five five five", "zero one four three"])
    line = stage.line((looks, "yes"), (orders, "no"), (lambda one: one.told("Your number?"), "some"), (lambda one: one.later(1), "some"), (lambda one: one.later(1), "some"))
    line.leaves = lambda: line.follower and sum(one["code"] == "turn" for one in line.follower.of("note")) == 3 and line.letters(line.own[-1][1]) > 0
    stage.hold(line)
    turns = [one for one in line.follower.whole() if one["type"] == "note" and one["code"] == "turn"]
    assert len(turns) == 3, turns
    assert any(ask["messages"][-1]["content"][-1].get("text") == "[NUMBER_1]" for ask in stage.asks()), stage.asks()
    finals = " ".join(one["text"] for one in line.follower.of("final"))
    assert finals == "yes no two zero two five five five zero one four three"
    assert all(one["parts_ms"]["end_of_turn"] <= 10 * 300 for one in line.follower.of("turn")[:2])


def test_P10_a_voice_without_words(stage):  # noqa: F811
    """P10: said to be not caught, and the call waits for an answer as before: it asks again when nobody speaks."""
    stage.begin(heard=["", "yes"])
    line = stage.line((looks, "no"), (lambda one: one.told("Are you still there?"), "yes"))
    line.leaves = orders(line)
    stage.hold(line)
    assert line.quiet_s() <= QUIET_MAX_S
    notes = [one["code"] for one in line.follower.of("note")]
    assert notes.index("noise") < notes.index("quiet") < notes.index("turn")
    sorry = next(at for what, at in line.frames if what == "media" and at > line.own[0][1])
    assert sorry - line.own[0][1] <= 10 * 1.5


def test_P15_nothing_is_done_ahead_of_the_turns_end(stage):  # noqa: F811
    """P15: asked ahead on words that the model would order a lamp for; the caller goes on, nothing was ordered, and what was asked for nothing is told."""
    stage.begin(heard=["yes", "I would like that", "but not today no"])
    line = stage.line((looks, "yes"), (orders, "yes"), (lambda one: lambda: len(stage.asks()) >= 3, "no"))
    line.leaves = lambda: len(line.own) == 3 and (line.told(ORDER, 2)() or line.told("Your number?")())
    stage.hold(line)
    said = [ask["messages"][-1]["content"][-1].get("text") for ask in stage.asks()]
    assert said[2] == "I would like that" and said[3].startswith("I would like that but not"), said
    assert not stage.shop.orders(), line.story()
    assert any(one["wasted"] for one in line.follower.of("usage") if one["what"] == "answer")


# ---- lines that die ----

def test_P20_F14_lines_that_are_gone(stage):  # noqa: F811
    """P20, F14: one breaks and nobody asks for another, one is silent and stays open. Each call is over behind its window, is counted to its last sound,
    and a carrier that asks again is told to hang up."""
    stage.begin()
    cut, deaf = stage.line(), stage.line()
    cut.breaks = lambda: cut.told(LOOK)() and not setattr(cut, "left", True)
    deaf.mutes = deaf.told(LOOK)
    stage.hold(cut, deaf)
    for line in (cut, deaf):
        call = stage.house.call(line.follower.name)
        assert call["reason"] not in ("agent", "caller") and call["outcome"] == "none", (call, line.story())
        assert call["connected_ms"] <= (line.last - line.started) * 1000 + 2500, (call, line.story())
        assert "Hangup" in [verb.tag for verb in line.webhook.twiml("/webhooks/twilio/after")]  # whatever the carrier asks later
