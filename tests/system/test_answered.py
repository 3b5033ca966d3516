"""P22: who answered a call that we placed, by ear: recordings and voices put together, through the recogniser, the voice detector, the detector of
tones and the core, in the call's own time. What the sounds are is in the names: recorded, joined (recorded pieces), flite (a synthetic voice)."""
import array
import math
import struct
import wave

import pytest

from conftest import ROOT
from test_spoken import PATIENT, RATE_HZ, flite, recorded, samples_of, sound  # noqa: F401 (a fixture)

LOUD = 500
BOOK = "appointment-reminder"
WELCOME = "Hi, you have reached the home of Bob and Alice. We are out in the garden, or away for the day, and that is why nobody comes to the phone."
AND = "If this is about the boat, it is sold. If it is about the garden, call my sister. For everything else, we would love to hear from you, and will call you as soon as we are home."
AT_LAST = "So have a lovely day, and do not forget to tell us who you are, and what you would like to talk about. Speak now."


def tone(hz, ms, dbm0=-12):
    peak = 32124 * 10 ** ((dbm0 - 3.17) / 20)
    return b"".join(struct.pack("<h", round(peak * math.sin(2 * math.pi * hz * n / RATE_HZ))) for n in range(RATE_HZ * ms // 1000))


def silence(ms):
    return bytes(2 * RATE_HZ * ms // 1000)


@pytest.fixture
def spoken(sound):  # noqa: F811
    def samples(words):
        with wave.open(str(sound(flite(words)))) as w:
            assert w.getframerate() == RATE_HZ
            return w.readframes(w.getnframes())
    return samples


class Held:
    """A call, and where on its two tracks sound lies."""

    def __init__(self, document, status, path):
        self.document, self.status = document, status
        with wave.open(str(path)) as w:
            assert (w.getframerate(), w.getnchannels()) == (RATE_HZ, 2)
            both = array.array("h", w.readframes(w.getnframes()))
        self.caller, self.agent = both[0::2], both[1::2]

    def outcome(self):
        return self.document["outcome"], self.document["reason"]

    def answered(self):
        return [(e["who"], e["why"]) for e in self.document["events"] if e["event"] == "answered"]

    def heard(self):
        return " ".join(e["text"] for e in self.document["events"] if e["event"] == "heard" and "text" in e)

    def spoken_ms(self, after_ms=0):
        """When the agent's track is first loud behind that."""
        start = after_ms * RATE_HZ // 1000
        return next((i * 1000 // RATE_HZ for i in range(start, len(self.agent)) if abs(self.agent[i]) > LOUD), None)

    def caller_end_ms(self):
        """When the last of what the callee says is over."""
        return max(i for i, s in enumerate(self.caller) if abs(s) > LOUD) * 1000 // RATE_HZ


@pytest.fixture
def place(run, model, tmp_path):
    """place(samples): the call that this answers, once its replay was the same to the byte."""

    def hold(samples, book=ROOT / "rulebooks" / f"{BOOK}.yaml", at_ms=0, settings=()):
        path = tmp_path / "answer.wav"
        with wave.open(str(path), "wb") as w:
            w.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            w.writeframes(samples)
        sets = [part for setting in settings for part in ("--set", setting)]
        done = run("call", "--placed", "--rulebook", book, "--data", tmp_path / "data", "--set", f"vad.model_file={model}", "--json", *PATIENT, *sets,
                   "--var", "today=2026-11-23", "--speak", path, "--at", at_ms)
        document = done.json()
        assert "error" not in document and done.status in (0, 1), done.out
        again = run("replay", document["call"], "--dir", document["journal"])
        assert again.status == 0 and "identical" in again.out
        out = tmp_path / "both.wav"
        cut = run("recording", document["call"], "--dir", document["journal"], "-o", out)
        assert cut.status == 0, cut.err
        return Held(document, done.status, out)

    return hold


def vm(*names):
    return b"".join(samples_of(recorded(name).parts[0]) for name in names)


# ---- machines ----

@pytest.mark.parametrize("names", [("vm-theperson", "digits/4", "digits/0", "digits/2", "vm-isunavail", "vm-intro", "beep"), ("vm-intro", "beep"),
                                   ("vm-nobodyavail", "vm-intro", "beep")], ids=["an extension (joined)", "after the tone (joined)", "nobody (joined)"])
def test_P22_a_recorded_machine_gets_its_message_behind_the_beep(place, names):
    call = place(vm(*names), settings=["amd.human_ms=1500"])  # where parts are joined a person might speak, if what hears is slow
    end = call.caller_end_ms()
    assert call.outcome() == ("voicemail", "agent")
    assert 0 < call.spoken_ms(end - 300) - end <= 300
    assert call.spoken_ms() == call.spoken_ms(end - 300), "nothing was said over the machine"
    assert call.answered()[-1] == ("records", "tone")
    assert "Lakeside Clinic" in call.heard() and "Am I speaking" not in call.heard()


@pytest.mark.parametrize("hz, ms, dbm0", [(440, 150, -12), (1000, 500, -27), (1400, 1200, -6)])
def test_P22_a_greeting_of_half_a_minute_and_a_beep_flite(place, spoken, hz, ms, dbm0):
    """No word of it is what machines say: its length makes it one."""
    greeting = spoken(WELCOME) + silence(300) + spoken(AND) + silence(400) + spoken(AT_LAST) + silence(200)
    assert 23 < len(greeting) / 2 / RATE_HZ < 40
    call = place(greeting + tone(hz, ms, dbm0))
    began = next(i for i, s in enumerate(call.caller) if abs(s) > LOUD) * 1000 // RATE_HZ
    end = call.caller_end_ms()
    assert call.outcome() == ("voicemail", "agent")
    assert call.answered() == [("machine", "long"), ("records", "tone")]
    assert end - began > 23000 and 0 < call.spoken_ms() - end <= 300


def test_P22_a_machine_without_a_beep_recorded(place):
    call = place(vm("vm-mailboxfull"))
    end = call.caller_end_ms()
    assert call.outcome() == ("voicemail", "agent") and call.answered()[-1] == ("records", "quiet")
    assert 2000 <= call.spoken_ms() - end <= 3000


def test_P22_nothing_is_left_where_nothing_is_to_be(place):
    call = place(vm("vm-intro", "beep"), settings=["amd.leave=false"])
    assert call.outcome() == ("voicemail", "voicemail") and call.spoken_ms() is None


def test_P22_the_networks_announcement(place):
    call = place(silence(500) + tone(950, 330) + tone(1400, 330) + tone(1800, 330) + silence(100) + vm("vm-nobodyavail"))
    assert call.outcome() == ("voicemail", "voicemail") and call.spoken_ms() is None


# ---- people ----

OPENINGS = ["Hello?", "Hello.", "Hi.", "Yes?", "Yes, hello?", "Hello, who is this?", "This is Alex.", "Alex speaking.", "Hello, this is Alex speaking.", "Good morning.",
            "Good afternoon, this is Alex.", "Hey, what's up?", "Morgan residence.", "Yeah?", "Hello, can you hear me?", "Hi, Alex here.", "Hello, Morgan's.",
            "Yes, good evening.", "Hello? Hello?", "Hi there, who is calling?"]


def test_P22_no_machine_among_twenty_openings_flite(place, spoken):
    assert len(OPENINGS) == 20
    for words in OPENINGS:
        said = spoken(words)
        call = place(said, at_ms=500)
        assert call.answered()[:1] == [("person", "short")] and not any(who == "machine" for who, _ in call.answered()), (words, call.answered())
        assert 0 < call.spoken_ms() - call.caller_end_ms() <= 900, words
        assert "Am I speaking with Alex Morgan?" in call.heard(), words


def test_P22_hello_and_the_agent_speaks_within_800_ms_flite(place, spoken):
    call = place(spoken("Hello?"), at_ms=1000)
    assert 500 <= call.spoken_ms() - call.caller_end_ms() <= 800


def test_P22_a_greeting_at_pick_up_is_answered_by_ours_flite(place, spoken):
    """The question is not asked again right behind itself: who said "hello" twice has not heard it yet."""
    call = place(spoken("hello hello"), at_ms=300)
    asked = [one["at_us"] for one in call.document["events"] if one["event"] == "heard" and "Am I speaking with Alex Morgan?" in one.get("text", "")]
    assert "hello hello" in " ".join(one.get("text", "") for one in call.document["events"] if one["event"] == "turn")
    assert asked and all(then - one > 4_000_000 for one, then in zip(asked, asked[1:]))


@pytest.fixture
def cut_book(tmp_path):
    """A book whose greeting can be cut: it has nothing that must be said whole."""
    text = (ROOT / "rulebooks" / f"{BOOK}.yaml").read_text()
    assert "disclosures:\n  - This call may be recorded.\n" in text
    book = tmp_path / "cut.yaml"
    book.write_text(text.replace("disclosures:\n  - This call may be recorded.\n", ""))
    return book


@pytest.mark.parametrize("words, at_ms", [("hello", 500), ("hello", 2800), ("hello?", 4000), ("hello hello", 3200), ("hello", 6200)])
def test_P22_a_hello_over_a_greeting_that_can_be_cut_flite(place, spoken, cut_book, words, at_ms):
    """The agent goes on, and asks once."""
    call = place(spoken(words), book=cut_book, at_ms=at_ms)
    events = call.document["events"]
    asked = [one["at_us"] for one in events if one["event"] == "heard" and "Alex Morgan?" in one.get("text", "")]
    assert asked and all(then - one > 5_000_000 for one, then in zip(asked, asked[1:])), (asked, call.heard())
    assert "automated assistant" in call.heard()
    assert not any(one["event"] == "yield" for one in events), events


def test_P22_nobody_says_anything(place):
    call = place(silence(200))
    assert call.answered()[:1] == [("person", "silence")] and call.spoken_ms() <= 3500
    assert call.outcome() == ("no_result", "quiet")


def test_P22_who_picks_up_late_is_greeted_joined(place, spoken):
    """Over the message. Before it: test_answerer.c."""
    call = place(vm("vm-intro", "beep") + silence(1500) + spoken("hello? hello, I'm here."))
    assert call.answered()[-1] == ("person", "words")
    assert "Am I speaking with Alex Morgan?" in call.heard()
    assert call.outcome() == ("no_result", "quiet"), "the agent is not asked again: that it spoke to a machine counts no more"
    assert [e["arguments"] for e in call.document["events"] if e["event"] == "outcome"][-1] == '{"outcome":""}', "what was named for the machine counts no more"


def test_P22_who_picks_up_while_the_machine_speaks_and_says_no_more_joined(place, spoken):
    call = place(vm("vm-nobodyavail") + silence(1200) + spoken("hello? hello, I'm here."), settings=["amd.human_ms=1500"])
    assert call.answered()[-1] == ("person", "words")
    assert "Am I speaking with Alex Morgan?" in call.heard()
    assert call.outcome() == ("no_result", "quiet")


# ---- who asks for our name ----

def test_P22_our_purpose_is_told_to_who_screens_flite(place, spoken, tmp_path):
    book = tmp_path / "screened.yaml"
    text = (ROOT / "rulebooks" / f"{BOOK}.yaml").read_text()
    text = text.replace("  go: voicemail_end\n", "  go: voicemail_end\n  purpose: Lakeside Clinic, about an appointment.\n"
                        "  words: [after the tone, say your name, why you are calling]\n")  # the offline recogniser hears what the book names
    book.write_text(text)
    call = place(spoken("say your name. why you are calling."), book=book, settings=["amd.wait_ms=20000"])
    assert ("screening", "words") in call.answered()
    assert call.heard() == "Lakeside Clinic, about an appointment."
    assert call.outcome() == ("voicemail", "voicemail"), "nobody came"
