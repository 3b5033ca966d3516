"""`callfunnel call --speak`: whole offline calls with voices, through voice detection and the offline recogniser, to their outcome.

Recorded voices are Debian's (asterisk-core-sounds-en-wav: one woman, a telephone's 8 kHz; pocketsphinx-testdata: another reader); `joined` is pieces
of that one voice put together, `flite` is synthetic, where no recorded voice says the words, `tones` is a keypad. docs/offline-speech.md has the table.
"""
import dataclasses
import json
import math
import pathlib
import struct
import wave

import pytest

from conftest import ROOT
from test_call import heard
from test_call import said as said_as_told

SOUNDS = pathlib.Path("/usr/share/asterisk/sounds/en_US_f_Allison"), "asterisk-core-sounds-en-wav"
PROSE = pathlib.Path("/usr/share/pocketsphinx/test/data/librivox"), "pocketsphinx-testdata"
RATE_HZ = 8000
QUIET = 300  # of 32767
LOW_HZ, HIGH_HZ, KEYS = (697, 770, 852, 941), (1209, 1336, 1477), ("123", "456", "789", "*0#")

# Waits are left out, work is not: what works in real time may be slow on a busy machine, and these tests are not about that.
PATIENT = [word for setting in ("tts.first_ms=2000", "tts.gap_ms=2000", "tool.filler_ms=20000", "turn.final_wait_ms=5000") for word in ("--set", setting)]


UNSURE = "≈"  # before words that may have been another option's


def said(document):
    """The words; whether the recogniser was sure of them is not what is asked here."""
    return [words.replace(UNSURE, "") for words in said_as_told(document)]


# ---- voices ----

@dataclasses.dataclass(frozen=True)
class Voice:
    """One recording of the caller. `at_ms`: it does not wait for its turn."""
    kind: str
    parts: tuple
    at_ms: int | None = None
    close: bool = False


def recorded(name):
    return Voice("recorded", (name,))


def joined(*parts):
    """Recordings of one voice, pieces of it put together, and milliseconds of silence."""
    return Voice("joined", parts)


def closely(*parts):
    """The same as one phrase: without the silence that each recording has around it, 100 ms apart."""
    return Voice("joined", parts, close=True)


def prose(name):
    return Voice("prose", (name,))


def flite(words):
    return Voice("flite", (words,))


def tones(keys):
    return Voice("tones", (keys,))


def at(ms, voice):
    return dataclasses.replace(voice, at_ms=ms)


def installed(place):
    """The folder of recordings; without its package (`./dev test` installs it where the system has it) the test is skipped."""
    folder, package = place
    if not folder.is_dir():
        pytest.skip(f"{package} is not installed")
    return folder


def trimmed(sound):
    """Without what is quiet at both ends, 10 ms at a time."""
    size = 2 * RATE_HZ // 100
    blocks = [sound[i:i + size] for i in range(0, len(sound) - size + 1, size)]
    loud = [max(map(abs, struct.unpack(f"<{size // 2}h", block))) > QUIET for block in blocks]
    return b"".join(blocks[loud.index(True):len(loud) - loud[::-1].index(True)])


def samples_of(part):
    """Of a recording by its name, of a joined voice, of so many milliseconds of silence."""
    if isinstance(part, Voice):
        pieces = map(samples_of, part.parts)
        return samples_of(100).join(map(trimmed, pieces)) if part.close else b"".join(pieces)
    if isinstance(part, int):
        return bytes(2 * RATE_HZ * part // 1000)
    with wave.open(str(installed(SOUNDS) / f"{part}.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (RATE_HZ, 1, 2)
        return sound.readframes(sound.getnframes())


def tone_of(key):
    """100 ms of the key, 100 ms of silence (ITU-T Q.23)."""
    row = next(i for i, keys in enumerate(KEYS) if key in keys)
    pair = LOW_HZ[row], HIGH_HZ[KEYS[row].index(key)]
    sound = (sum(6000 * math.sin(2 * math.pi * hz * n / RATE_HZ) for hz in pair) for n in range(RATE_HZ // 10))
    return b"".join(struct.pack("<h", round(sample)) for sample in sound) + bytes(RATE_HZ // 5)


@pytest.fixture
def sound(run, tmp_path):
    """sound(voice): its file."""
    made = []

    def make(voice):
        if voice.kind == "prose":
            return installed(PROSE) / f"{voice.parts[0]}.wav"
        path = tmp_path / f"{len(made)}.wav"
        made.append(path)
        if voice.kind == "flite":
            done = run("say", voice.parts[0], "-o", path)
            assert done.status == 0, done.err
            return path
        with wave.open(str(path), "wb") as out:
            out.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            out.writeframes(b"".join(map(tone_of, voice.parts[0])) if voice.kind == "tones" else samples_of(voice))
        return path

    return make


# ---- calls ----

@pytest.fixture
def call(run, model, sound, tmp_path):
    """call("appointment-reminder", voices): the call's document, once its replay was the same to the byte; `status` is the exit status."""

    def start(book, voices):
        words = []
        for voice in voices:
            words += ["--speak", sound(voice)] + ([] if voice.at_ms is None else ["--at", voice.at_ms])
        done = run("call", "--rulebook", ROOT / "rulebooks" / f"{book}.yaml", "--data", tmp_path / "data", "--set", f"vad.model_file={model}", "--json",
                   "--var", "today=2026-11-23", *PATIENT, *words)
        document = done.json()
        assert "error" not in document and done.status in (0, 1), done.out
        document["status"] = done.status
        again = run("replay", document["call"], "--dir", document["journal"])
        assert again.status == 0 and "identical" in again.out
        return document

    return start


def tools(document):
    return {tool["name"]: json.loads(tool["arguments"]) for turn in document["turns"] for tool in turn["tools"]}


def events(document, name):
    return [event for event in document["events"] if event["event"] == name]


# What the recogniser is sure of: these calls are about what follows from an answer. docs/offline-speech.md says how often it is not sure.
YES = flite("definitely")
RIGHT = flite("exactly")
LAST_FOUR = closely("digits/4", "digits/0", "digits/2", "digits/1")
AMOUNT = closely("digits/3", "digits/thousand", "digits/2", "digits/hundred", "digits/20")
ELEVEN = recorded("digits/11")


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    book: str
    voices: tuple
    outcome: str
    status: int
    said: tuple                    # what was understood, turn by turn
    tool: str = ""                 # the last thing done, with these among its arguments
    arguments: dict = dataclasses.field(default_factory=dict)

    def __str__(self):
        kinds = sorted({voice.kind for voice in self.voices})
        return f"{self.name} ({', '.join(kinds)})"


CASES = [
    Case("yes", "appointment-reminder", (YES, flite("please keep it")), "confirmed", 0, ("definitely", "please keep it"),
         "confirm_appointment", {"id": "A-1001"}),
    Case("no", "appointment-reminder", (recorded("vm-no"),), "wrong_person", 1, ("no",)),
    Case("another day", "appointment-reminder", (YES, flite("another day please"), recorded("digits/day-3"), ELEVEN, RIGHT), "moved", 0,
         ("definitely", "another day please", "wednesday", "eleven", "exactly"), "move_appointment", {"date": "2026-11-25", "time": "11:00"}),
    Case("cancel", "appointment-reminder", (YES, flite("not coming"), RIGHT), "cancelled", 0, ("definitely", "not coming", "exactly"),
         "cancel_appointment", {"id": "A-1001"}),
    Case("not now", "lead-callback", (recorded("vm-no"), recorded("digits/tomorrow"), ELEVEN, RIGHT), "call_again", 0,
         ("no", "tomorrow", "eleven", "exactly"), "save_lead", {"call_date": "2026-11-24", "call_time": "11:00"}),
    Case("digits and a day", "payment-reminder", (YES, LAST_FOUR, flite("in full please"), recorded("digits/tomorrow"), RIGHT), "promised", 0,
         ("definitely", "four zero two one", "in full please", "tomorrow", "exactly"), "save_promise", {"amount": 4500, "date": "2026-11-24", "part": False}),
    Case("amount and day", "payment-reminder", (YES, LAST_FOUR, flite("half"), AMOUNT, recorded("digits/tomorrow"), RIGHT), "part_promised", 0,
         ("definitely", "four zero two one", "half", "three thousand two hundred twenty", "tomorrow", "exactly"),
         "save_promise", {"amount": 3220, "date": "2026-11-24", "part": True}),
    Case("keypad", "payment-reminder", (YES, tones("4021"), flite("already paid"), recorded("digits/today"), RIGHT), "says_paid", 0,
         ("definitely", "[keypad] 4021", "already paid", "today", "exactly"), "save_note", {"kind": "already_paid", "text": "2026-11-23"}),
    # Plain words of the voice that `callfunnel say` has.
    Case("plain yes", "appointment-reminder", (flite("yes that's right"), flite("keep it")), "confirmed", 0, ("yes that's right", "keep it"),
         "confirm_appointment", {"id": "A-1001"}),
    Case("plain cancel", "appointment-reminder", (flite("yes please"), flite("cancel it"), flite("yes please")), "cancelled", 0,
         ("yes please", "cancel it", "yes please"), "cancel_appointment", {"id": "A-1001"}),
    Case("plain not now", "lead-callback", (flite("not now"), flite("tomorrow"), flite("eleven"), flite("yes please")), "call_again", 0,
         ("not now", "tomorrow", "eleven", "yes please"), "save_lead", {"call_date": "2026-11-24", "call_time": "11:00"}),
    Case("plain day", "payment-reminder", (flite("yes that's right"), tones("4021"), flite("in full"), flite("tomorrow"), flite("yes please")), "promised", 0,
         ("yes that's right", "[keypad] 4021", "in full", "tomorrow", "yes please"), "save_promise", {"amount": 4500, "date": "2026-11-24", "part": False}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_call_reaches_its_outcome(call, case):
    document = call(case.book, case.voices)
    assert tuple(said(document)) == case.said
    assert (document["outcome"], document["status"], document["reason"]) == (case.outcome, case.status, "agent")
    if case.tool:
        assert list(tools(document))[-1] == case.tool
        assert case.arguments.items() <= tools(document)[case.tool].items()


@pytest.mark.parametrize("words", ["move it", "shift it", "get rid of"])
def test_another_option_confirms_nothing_flite(call, words):
    """Heard as one that keeps the appointment, they are asked back at the least, twice the same sound too."""
    document = call("appointment-reminder", [flite("yes please"), flite(words), flite(words)])
    assert "confirm_appointment" not in tools(document)
    assert document["outcome"] != "confirmed"


FIRST = {  # what follows the first question
    "appointment-reminder": ("You have an appointment", "I am sorry for the mistake.", "I am sorry for the mistake."),
    "lead-callback": ("Are you still interested?", "On which day may I call again?", "Thank you for telling me."),
    "payment-reminder": ("For your security", "I am sorry for the mistake.", "I am sorry for the mistake."),
}


@pytest.mark.parametrize("book", FIRST)
@pytest.mark.parametrize("words, which", [("yes", 0), ("yes please", 0), ("yes speaking", 0), ("no", 1), ("no thank you", 2)])
def test_a_plain_answer_flite(call, book, words, which):
    document = call(book, [flite(words)])
    assert said(document) == [words]
    asked_back = which == 2 and 'Did you say "not interested"?' in heard(document)  # another option is near
    assert FIRST[book][which] in heard(document) or asked_back
    assert "Sorry, I did not catch that." not in heard(document)


@pytest.mark.parametrize("book", FIRST)
@pytest.mark.parametrize("at_ms", [None, 300, 1500, 3000])
def test_a_hello_is_no_answer_flite(call, book, at_ms):
    """Whoever picks up with it, before the greeting, over it or to the question, is not somebody else: the question stands."""
    document = call(book, [dataclasses.replace(flite("hello"), at_ms=at_ms)])
    assert said(document) == ["hello"]
    assert document["outcome"] == "no_result" and not tools(document)


def test_a_no_behind_a_yes_flite(call):
    document = call("appointment-reminder", [at(400, flite("yes")), at(9500, flite("no"))])
    assert said(document) == ["yes", "no"]
    assert (document["outcome"], document["status"]) == ("wrong_person", 1)
    assert "Sorry, I did not catch that." not in heard(document)


def test_silence_recorded(call):
    document = call("appointment-reminder", [recorded("silence/10")])
    assert (document["outcome"], document["status"], document["reason"]) == ("no_result", 1, "quiet")
    assert not said(document) and "Are you still there?" in heard(document)


# ---- digits with a pause: one number, however long the caller looks for the rest of it ----

@pytest.mark.parametrize("pause_ms", [700, 1400])
def test_a_pause_in_mid_number_joined(call, pause_ms):
    document = call("payment-reminder", [YES, joined("digits/4", pause_ms, closely("digits/0", "digits/2", "digits/1"))])
    assert said(document)[1] == "four zero two one"
    assert tools(document)["verify_holder"]["digits"] == "4021"


# ---- an answering machine ----

AFTER_THE_TONE = joined("vm-intro", "beep")
NOBODY = joined("vm-nobodyavail", "vm-intro", "beep")
EXTENSION = joined("vm-theperson", "digits/4", "digits/0", "digits/2", "vm-isunavail", "vm-intro", "beep")


@pytest.mark.parametrize("book, words", [
    ("appointment-reminder", EXTENSION), ("lead-callback", AFTER_THE_TONE), ("payment-reminder", NOBODY), ("payment-reminder", recorded("vm-mailboxfull")),
], ids=["an extension (joined)", "after the tone (joined)", "nobody is available (joined)", "mailbox full (recorded)"])
def test_a_machine(call, book, words):
    document = call(book, [words])
    assert (document["outcome"], document["status"], document["reason"]) == ("voicemail", 1, "agent"), said(document)
    assert len(said(document)) == 1 and not tools(document)
    assert "call again. Goodbye." in heard(document)


@pytest.mark.parametrize("words", [recorded("vm-mailboxfull"), AFTER_THE_TONE], ids=["mailbox full (recorded)", "after the tone (joined)"])
def test_a_machine_speaks_over_the_greeting(call, words):
    """It does not wait for the question, and is done before it: the greeting is said to its end, then the machine is answered."""
    document = call("appointment-reminder", [at(500, words)])
    assert (document["outcome"], document["status"]) == ("voicemail", 1), document["turns"]
    assert "Am I speaking with Alex Morgan?" in heard(document)


def test_a_persons_machine_words_recorded(call):
    """Whoever has answered a question is a person: later the same words are none that were asked for."""
    document = call("appointment-reminder", [YES, recorded("vm-intro"), flite("please keep it")])
    assert said(document)[-1] == "please keep it"
    assert (document["outcome"], document["status"]) == ("confirmed", 0)


# ---- speech that no answer is ----

@pytest.mark.parametrize("words", [recorded("tt-weasels"), recorded("tt-monkeysintro"), prose("sense_and_sensibility_01_austen_64kb-0880")],
                         ids=["a sentence (recorded)", "a prompt (recorded)", "prose (recorded)"])
def test_speech_outside_the_grammar_is_asked_again(call, words):
    document = call("appointment-reminder", [words, recorded("vm-no")])
    assert said(document) == ["no"]
    assert "Sorry, I did not catch that." in heard(document)
    assert (document["outcome"], document["status"]) == ("wrong_person", 1)
    assert not events(document, "retry"), "a recogniser that understands nothing is not dead"


# ---- over the goodbye ----

@pytest.mark.parametrize("words", ["okay thanks", "thank you bye", "bye bye"])
@pytest.mark.parametrize("book, answers, begin_ms, closing", [
    ("appointment-reminder", (YES, flite("please keep it")), 22000, "Thank you, it is confirmed."),
    ("lead-callback", (flite("not interested"),), 12500, "Thank you for telling me."),
    ("payment-reminder", (flite("no thanks"),), 9800, "I am sorry for the mistake."),
], ids=["appointment", "lead", "payment"])
def test_thanks_over_the_goodbye_flite(call, book, answers, begin_ms, closing, words):
    """They come into its beginning, or behind most of it: it is not said again, and where they are a turn, they are what was said."""
    for into_ms in (300, 1600):
        document = call(book, [*answers, at(begin_ms + into_ms, flite(words))])
        assert heard(document).count(closing.rsplit(" ", 2)[0]) == 1, heard(document)
        assert said(document)[len(answers):] in ([], [words])
        assert heard(document).rstrip(".").lower().endswith("goodbye")


# ---- interruptions ----

def test_an_interruption_joined(call):
    """More than half of the question was heard: the digits over it are its answer."""
    document = call("payment-reminder", [YES, at(13500, LAST_FOUR)])
    assert len(events(document, "yield")) == 1
    assert said(document)[1] == "four zero two one"
    assert tools(document)["verify_holder"]["digits"] == "4021"


def test_an_interruption_before_the_question_flite(call):
    """Nothing of the question was heard: it is asked again, whole, and history keeps what was heard."""
    document = call("appointment-reminder", [YES, at(13000, flite("please keep it")), flite("please keep it")])
    assert any(event["cut"] for event in events(document, "heard"))
    assert said(document) == ["definitely", "please keep it", "please keep it"]
    assert (document["outcome"], document["status"]) == ("confirmed", 0)
