"""F01 to the word: what a worker, or a line, takes along when it goes in the worst moment is nothing, on the real house from Twilio's side."""
import subprocess
import time

import pytest

from callers import Caller, ended, voice  # noqa: F401
from conftest import BINARY
from house import houses_for, until
from twiliophone import NUMBER, PUBLIC, SECRET


@pytest.fixture
def houses(tmp_path, model):
    """houses("voice.workers=2"): a house that waits long for the next key."""
    yield from houses_for(tmp_path, model, PUBLIC, NUMBER, "twilio.auth_token", SECRET, "key.gap_ms=8000")


@pytest.fixture(scope="module")
def no_calls(tmp_path_factory):
    """A recording of somebody who wants no calls."""
    path = tmp_path_factory.mktemp("no_calls") / "no_calls.wav"
    subprocess.run([BINARY, "say", "remove my number", "-o", str(path)], check=True, capture_output=True, timeout=60)
    return path


def plan_begins(caller):
    """The second question's first sentence is heard."""
    return caller.asked() == "keep" and any("You have an appointment" in line["text"] for line in caller.follower.of("heard"))


def entry(caller):
    """How many keys each entry had, and how many were pressed in all."""
    lines = caller.follower.whole()
    return [line["digits"] for line in lines if "digits" in line], len(caller.follower.of("digit"))


def told(house, caller):
    """What a failure of these needs to be understood."""
    return house.errors()[-6000:], [(line["epoch"], line["at_ms"], line["type"], line.get("text", line.get("digit", ""))) for line in caller.follower.lines]


# ---- keys ----


def presses_behind(caller, keys):
    """From now on: as soon as the carrier has its next stream, with its first frame."""
    ask = caller.phone.webhook.twiml

    def asks(path):
        verbs = ask(path)
        if any(verb.tag == "Connect" for verb in verbs) and not caller.phone.keys:
            caller.phone.webhook.twiml = ask
            caller.phone.keys += keys
        return verbs

    caller.phone.webhook.twiml = asks


def test_F01_keys_while_the_call_is_looked_for(houses, voice):  # noqa: F811
    """They come before the next worker has the call: it has to be asked for, and the journal of the dead one is searched."""
    house = houses("voice.workers=2")
    caller = Caller(house, 40, voice)

    def die():
        if not plan_begins(caller):
            return False
        presses_behind(caller, "4021#")
        house.kill(caller.record()["worker"])
        return True

    caller.phone.during = die
    call = caller.hold()
    assert ended(call) == ("ended", "agent", "confirmed") and call["epoch"] == 2, told(house, caller)
    assert entry(caller) == ([4], 5), told(house, caller)


@pytest.mark.parametrize("workers", [1, 2], ids=["the same worker", "another worker"])
def test_F01_keys_just_before_the_line_breaks(houses, voice, workers):  # noqa: F811
    """Two frames later it is gone, the worker lives: what the journal has not yet, the worker had in its memory."""
    house = houses(f"voice.workers={workers}")
    caller = Caller(house, 41, voice)
    pressed = []

    def press():
        if not plan_begins(caller):
            return False
        caller.phone.keys += "402"
        until(lambda: not caller.phone.keys, 5, "the keys are pressed")
        pressed.append(caller.phone.sent)
        presses_behind(caller, "1#")
        return True

    caller.phone.breaks = lambda: bool(pressed) and caller.phone.sent >= pressed[0] + 2
    caller.phone.during = press
    call = caller.hold()
    assert ended(call) == ("ended", "agent", "confirmed") and call["epoch"] == 2, told(house, caller)
    assert entry(caller) == ([4], 5), told(house, caller)


# ---- words ----


def test_F01_words_just_before_the_line_breaks(houses, voice):  # noqa: F811
    """ "Keep it" is said to its end, and no recogniser has understood it yet: nobody has to say it again."""
    house = houses("voice.workers=1")
    caller = Caller(house, 42, voice)
    said = []

    def answer():
        if caller.asked() != "keep":
            return voice[caller.asked()] if caller.asked() else None
        said.append(time.monotonic())
        return voice["keep"] if len(said) == 1 else None

    caller.phone.answer = answer
    caller.phone.breaks = lambda: bool(said) and caller.phone.current is None
    call = caller.hold()
    assert ended(call) == ("ended", "agent", "confirmed") and call["epoch"] == 2, told(house, caller)
    finals = [(line["epoch"], line["text"]) for line in (caller.follower.whole(), caller.follower.of("final"))[1] if line["text"]]
    assert any("keep it" in text and epoch == 2 for epoch, text in finals), told(house, caller)


# ---- what it came to ----


def test_F01_the_outcome_was_named_before_the_death(houses, voice, no_calls):  # noqa: F811
    """In the middle of the goodbye: who ends the call was not there when the agent named what it came to. No answer and no tool tells it otherwise."""
    house = houses("voice.workers=2")
    caller = Caller(house, 43, voice)
    caller.phone.answer = lambda: no_calls if caller.asked() == "yes" and not caller.follower.of("outcome") else None

    def die():
        if not caller.follower or not caller.follower.of("outcome"):
            return False
        house.kill(caller.record()["worker"])
        return True

    caller.phone.during = die
    call = caller.hold()
    assert call["epoch"] == 2, told(house, caller)
    assert ended(call) == ("ended", "agent", "do_not_call"), told(house, caller)
    lines = caller.follower.whole()
    assert [(line["epoch"], line["name"]) for line in lines if line["type"] == "outcome"] == [(1, "do_not_call")]
    assert [(line["epoch"], line["outcome"]) for line in lines if line["type"] == "end"] == [(2, "do_not_call")]
