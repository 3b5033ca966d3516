"""P05, P11 to P13, F09 to F13 over real sockets: vendors that die, hang, drip and lie, and what the caller hears meanwhile (N9)."""
import pytest

from promisekit import DONE, FOUND, GREETING, QUIET_MAX_S, pairs, stage  # noqa: F401

SEVEN = FOUND.format("seven lamps")
MANY = "seven lamps and a few other old things"


def fault(vendor, kind, **more):
    return {"vendor": vendor, "kind": kind, **more}


def looks(line):
    return line.told("Shall I look?")


def orders(line):
    return line.told("Order it?")


def whole(stage, *says):  # noqa: F811
    """A whole call whose caller says yes twice; its line. It came to its end, one lamp was ordered, and nobody waited for longer than N9 has it."""
    line = stage.line(*(says or ((looks, "yes"), (orders, "yes"))))
    call = stage.hold(line)
    assert (call["reason"], call["outcome"]) == ("agent", "ordered"), line.story()
    assert len(stage.shop.orders()) == 1 and line.quiet_s() <= QUIET_MAX_S, line.quiet_s()
    for ask in stage.asks():
        pairs(ask)
    return line


def heard(line):
    return " ".join(one["text"] for one in line.follower.whole() if one["type"] == "heard")


# ---- the voice ----

def test_P05_voices_that_die(stage):  # noqa: F811
    """P05: a socket that breaks before its first sound: the same text is given to a new one; one that says no more in mid-audio: only what was not played is said
    again. What is known was played."""
    stage.begin(fault("cartesia", "reset"), fault("cartesia", "stall", request=2, after_messages=14))
    stage.shop.count = MANY
    line = whole(stage)
    sockets, others = stage.transcripts(), stage.spoken_elsewhere()
    assert sockets[0][0] == sockets[1][0] == GREETING, sockets
    assert heard(line) == f"{GREETING} {FOUND.format(MANY)} {DONE}"
    again = [one for one in [*sockets[1][1:], *(said for socket in sockets[2:] for said in socket), *others] if f"I see {MANY}.".endswith(one)]
    assert again and again[-1] != f"I see {MANY}.", (sockets, others, line.story())
    assert line.letters() <= sum(map(len, (GREETING, FOUND.format(MANY), DONE))) + 14


def test_P13_a_voice_that_never_says_done(stage):  # noqa: F811
    """P13: all of the sound and no end, then a socket without any: the line goes on each time."""
    stage.begin(fault("cartesia", "stall", after_messages=4), fault("cartesia", "stall", request=2))
    line = whole(stage)
    assert heard(line) == f"{GREETING} {SEVEN} {DONE}"


def test_F13_a_voice_that_drips_and_garbles(stage):  # noqa: F811
    """F13: what is made too slowly or cannot be read; only what was not heard is said again."""
    stage.begin(fault("cartesia", "drip", every_ms=300), fault("cartesia", "wrong_json", request=2), fault("openai", "early_close", path="/v1/audio", after_bytes=2001))
    line = whole(stage)
    assert heard(line) == f"{GREETING} {SEVEN} {DONE}"


# ---- the recogniser ----

@pytest.mark.parametrize("kind", [pytest.param("half_open", id="P11"), pytest.param("stall", id="F09")])
def test_P11_F09_a_recogniser_that_is_half_dead(stage, kind):  # noqa: F811
    """P11, F09: it takes no more, or says no more, as the caller begins. Found, opened again, given what was said before: the caller says it once."""
    stage.begin(fault("deepgram", kind), heard=["yes please", "yes please", "yes"])
    line = whole(stage, (looks, "long"), (orders, "yes"))
    assert len(line.own) == 2
    streams = stage.sound() + [0]
    begin, end = line.own[0]
    assert streams[1] >= (end - begin) * 8000


def test_F10_recognisers_that_refuse_close_and_lie(stage):  # noqa: F811
    """F10: 429, a half close, garbage, a drip, one behind the other."""
    stage.begin(fault("deepgram", "status", status=429), fault("deepgram", "early_close", request=2), fault("sarvam", "wrong_json"),
                fault("deepgram", "drip", request=3, every_ms=200), heard=["yes"] * 4, other=["yes"] * 4)
    whole(stage, (looks, "stop"), (orders, "stop"))
    assert len(stage.sandbox.requests("deepgram")) >= 2


# ---- the model ----

def test_P12_F11_a_model_that_stalls(stage):  # noqa: F811
    """P12, F11: it opens the stream and says no more: another is asked beside it, or a filler is said, and never more than N9 of nothing."""
    stage.begin(fault("anthropic", "stall", after_messages=1))
    line = whole(stage)
    assert stage.thought() >= 5
    assert heard(line).startswith(GREETING) and heard(line).endswith(f"{SEVEN} {DONE}")  # with a filler or without


def test_F11_a_model_that_breaks_off_and_garbles_its_tool(stage):  # noqa: F811
    """F11: a text cut in its middle, a tool whose arguments cannot be read: nothing is carried out by halves, nothing said twice."""
    stage.begin(fault("anthropic", "reset", request=2, after_messages=3), fault("anthropic", "wrong_json", request=4, after_messages=2))
    whole(stage)
    assert len(stage.asks()) >= 5


def test_F12_a_model_that_asks_again_for_what_was_done(stage):  # noqa: F811
    """F12: the stream breaks behind the tool and before its end; the next attempt asks for the same: it is done once."""
    stage.begin(fault("anthropic", "reset", request=3, after_messages=5))
    whole(stage)
    keys = {key for _, _, key in stage.shop.orders()}
    assert len(stage.asks()) >= 4 and len(keys) == 1
