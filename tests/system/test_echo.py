"""P07: whole calls over a telephone that gives back what it plays. The agent does not interrupt itself and does not take its own words for the
caller's, who is heard when he talks over them. Each is shown without the guard, too: there the agent must be seen to fail.

Voices are flite's, ours and the caller's: a labelled stand-in for recorded people.
"""
import array
import asyncio
import base64
import wave

import pytest

from callers import YESES, Caller, ended, voice  # noqa: F401
from conftest import ROOT
from house import House
from test_twilio_calls import replays
from twiliophone import FRAME, NUMBER, PUBLIC, SECRET, Phone, ulaw

PATIENT = [word for setting in ("tts.first_ms=2000", "tts.gap_ms=2000", "tool.filler_ms=20000") for word in ("--set", setting)]
DISTURBED = {"yield", "hold", "noise"}


def linear(code):
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 132 << (code >> 4 & 7)) - 132
    return -magnitude if code & 0x80 else magnitude


LINEAR = [linear(code) for code in range(256)]


def only_the_callers(finals):
    """Nothing but "yes, speaking" and "keep it", in however many pieces."""
    words = " ".join(finals).split()
    return words[-2:] == ["keep", "it"] and set(words) <= {*YESES, "keep", "it"}


def softer(path, db):
    """The recording at the level of our own voice as it comes back."""
    with wave.open(str(path)) as w:
        params, samples = w.getparams(), array.array("h", w.readframes(w.getnframes()))
    quiet = path.with_name(f"{path.stem}{db}.wav")
    with wave.open(str(quiet), "w") as w:
        w.setparams(params)
        w.writeframes(array.array("h", (round(s * 10 ** (db / 20)) for s in samples)).tobytes())
    return quiet


# ---- callfunnel call ----


@pytest.fixture
def speak(run, model, tmp_path):
    def start(echo, *args):
        done = run("call", "--rulebook", ROOT / "rulebooks" / "appointment-reminder.yaml", "--data", tmp_path / "data", "--set", f"vad.model_file={model}",
                   "--json", *PATIENT, "--echo", echo, *args, timeout=120)
        assert done.status in (0, 1), done.err
        return done.json()

    return start


def names(document):
    return {event["event"] for event in document["events"]}


@pytest.mark.parametrize("echo", ["80:-6", "150:-10", "250:-20", "400:-6"])
def test_P07_the_agent_does_not_hear_itself(speak, voice, run, echo):  # noqa: F811
    document = speak(echo, "--speak", voice["yes"], "--speak", voice["keep"])
    assert document["outcome"] == "confirmed", document["events"]
    assert not names(document) & DISTURBED, document["events"]
    finals = [event["text"] for event in document["events"] if event["event"] == "final"]
    assert only_the_callers(finals), finals
    again = run("replay", document["call"], "--dir", document["journal"])
    assert again.status == 0 and "identical" in again.out


@pytest.mark.parametrize("echo", ["80:-6", "250:-20"])
def test_P07_without_the_guard_it_does(speak, voice, echo):  # noqa: F811
    document = speak(echo, "--speak", voice["yes"], "--speak", voice["keep"], "--set", "echo.guard=false", "--set", "call.max_ms=60000")
    assert names(document) & DISTURBED and document["outcome"] != "confirmed", document["events"]


def test_P07_who_talks_over_it_is_heard(speak, voice):  # noqa: F811
    """As loud as what comes back."""
    document = speak("150:-6", "--speak", voice["yes"], "--speak", softer(voice["cancel"], -6), "--at", "13000")
    yields = [event["at_us"] for event in document["events"] if event["event"] == "yield"]
    assert yields and 13000000 < yields[0] < 16000000, document["events"]


@pytest.mark.parametrize("echo", ["0:-6", "1201:-6", "150", "150:6", "150:-6x", "a:b", "150:nan"])
def test_an_echo_that_is_none_is_refused(run, voice, echo):  # noqa: F811
    done = run("call", "--rulebook", ROOT / "rulebooks" / "appointment-reminder.yaml", "--speak", voice["yes"], "--echo", echo)
    assert done.status == 2 and "150:-10" in done.err


# ---- over Twilio's socket, in real time ----


class EchoPhone(Phone):
    """Mixes what it is sent back into what it says."""

    delay_ms, gain = 150, 10 ** (-10 / 20)

    def _hear(self, message):
        if not hasattr(self, "air") or self.air_of != self.streams:
            self.air, self.air_of, self.air_end, self.clock = array.array("h", bytes(2 * 8000 * 130)), self.streams, 0, asyncio.get_running_loop().time()
        now = self._place()
        if message["event"] == "media":
            samples = array.array("h", (LINEAR[code] for code in base64.b64decode(message["media"]["payload"])))
            start = max(self.air_end, now)
            self.air_end = start + len(samples)
            self.air[start:self.air_end] = samples
        elif message["event"] == "clear":
            self.air[now:self.air_end] = array.array("h", bytes(2 * max(0, self.air_end - now)))
            self.air_end = min(self.air_end, now)
        super()._hear(message)

    def _place(self):
        return round((asyncio.get_running_loop().time() - self.clock) * 8000)

    def _frame(self, now):
        piece = super()._frame(now)
        if not hasattr(self, "air") or self.air_of != self.streams:
            return piece
        if not hasattr(self, "ear") or self.ear_of != self.streams:  # its own clock is the sound it sends
            self.ear, self.ear_of = self._place() - self.sent * FRAME, self.streams
        first = self.ear + self.sent * FRAME - self.delay_ms * 8
        back = self.air[first:first + FRAME] if first >= 0 else bytes(FRAME)
        return bytes(ulaw(max(-32768, min(32767, round(LINEAR[code] + self.gain * sample)))) for code, sample in zip(piece, back))


@pytest.fixture
def houses(tmp_path, model):
    started = []

    def start(*settings):
        house = House(tmp_path, model, f"server.public_url={PUBLIC}", "calls.samples=true", *settings)
        started.append(house)
        house.start()
        house.command("route", "add", NUMBER, "local", "appointment-reminder")
        house.command("secret", "set", "local", "twilio.auth_token", stdin=SECRET.encode())
        house.sign_in()
        return house

    yield start
    for house in started:
        house.close()


def caller_of(house, voice):  # noqa: F811
    caller = Caller(house, 1, voice)
    caller.phone = EchoPhone(house.ready["url"], caller.phone.call, caller.answer)
    return caller


def test_P07_over_a_carriers_socket(houses, voice):  # noqa: F811
    house = houses()
    caller = caller_of(house, voice)
    call = caller.hold()
    assert ended(call) == ("ended", "agent", "confirmed"), house.errors()
    lines = caller.follower.whole()
    assert not {"yield", "noise"} & {line["type"] for line in lines}, [line for line in lines if line["type"] in DISTURBED | {"final", "speak"}]
    assert only_the_callers([line["text"] for line in lines if line["type"] == "final"]), lines
    assert caller.phone.clears <= 1, [line for line in lines if line["type"] in DISTURBED]  # for his own "speaking", over our next words
    assert replays(house, call)


def test_P07_over_a_carriers_socket_without_the_guard(houses, voice):  # noqa: F811
    house = houses("echo.guard=false")
    caller = caller_of(house, voice)
    caller.phone.leaves = lambda: caller.phone.clears > 0
    caller.hold()
    assert caller.phone.clears  # nobody has said anything over it: it was itself


def test_P07_over_a_carriers_socket_who_talks_over_it_is_heard(houses, voice):  # noqa: F811
    house = houses()
    caller = caller_of(house, voice)
    caller.phone.barge, caller.phone.barge_when = softer(voice["cancel"], -10), lambda: caller.asked() == "keep"
    call = caller.hold()
    assert caller.phone.clears >= 1 and caller.phone.held_ms <= 10 * 250
    assert ended(call)[:2] == ("ended", "agent") and call["outcome"] in ("cancelled", "confirmed"), house.errors()
    assert "yield" in {line["type"] for line in caller.follower.whole()}
