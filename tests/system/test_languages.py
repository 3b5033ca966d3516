"""A call that goes on in another language: typed on this machine, and with vendors behind the sandbox that hear and say each language."""
import json

import pytest

from callers import Caller, voice  # noqa: F401
from conftest import ROOT
from house import houses_for
from sandboxkit import Sandbox
from twiliophone import NUMBER, PUBLIC, SECRET

PATIENT = ["tts.first_ms=2000", "tts.gap_ms=2000", "tool.filler_ms=20000", "llm.filler_ms=1500", "llm.second_ms=10000"]
HINDI = ROOT / "rulebooks" / "payment-reminder.yaml"
VENDORS = ("deepgram", "anthropic", "cartesia", "sarvam")

BOOK = """
rulebook: 1
id: tea
version: 1
title: Tea
company: Acme
agent: {name: {en-IN: Maya, hi-IN: माया}, persona: Kind and brief.}
languages: {en-IN: {}, hi-IN: {speed_percent: 110}}
goal: Find out who wants tea.
disclosures: [{en-IN: This call is recorded., hi-IN: यह कॉल रिकॉर्ड की जा रही है।}]
flow:
- ask: tea
  text: {en-IN: Would you like some tea?, hi-IN: क्या आप चाय लेंगे?}
  expect: yes_no
  unclear: bye
  next: milk
- ask: milk
  text: {en-IN: With milk?, hi-IN: दूध के साथ?}
  expect: yes_no
  unclear: bye
- goodbye: bye
  text: {en-IN: Thank you. Goodbye., hi-IN: धन्यवाद। नमस्ते।}
  outcome: served
outcomes: {served: {about: It is known., result: success}, no_result: {about: It is not., result: failure}}
unfinished: [{outcome: no_result}]
phrases:
  fillers: {en-IN: [Let me see.], hi-IN: [एक क्षण।]}
  waits: {en-IN: [One moment.], hi-IN: [एक क्षण रुकिए।]}
  prompts: {en-IN: [Are you there?], hi-IN: [क्या आप सुन रहे हैं?]}
  unheard: {en-IN: [Pardon?], hi-IN: [माफ़ कीजिए?]}
  apology: {en-IN: [I am sorry.], hi-IN: [क्षमा कीजिए।]}
  goodbye: {en-IN: [Goodbye then.], hi-IN: [अच्छा, नमस्ते।]}
  nods: {en-IN: [mhm], hi-IN: [हूँ]}
  stops: {en-IN: [stop], hi-IN: [रुको]}
"""
RECORDED, TEA, MILK, BYE = "यह कॉल रिकॉर्ड की जा रही है।", "क्या आप चाय लेंगे?", "दूध के साथ?", "धन्यवाद। नमस्ते।"


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "tea.yaml"
    path.write_text(BOOK)
    return path


@pytest.fixture
def typed(run, model, tmp_path, book):
    """typed(["yes", …], *SETTINGS): a call on this machine; its document."""
    def start(lines, *settings, more=()):
        words = [word for one in (f"vad.model_file={model}", *PATIENT, *settings) for word in ("--set", one)]
        done = run("call", "--rulebook", book, "--type", "--json", "--data", tmp_path / "data", *more, *words, stdin="".join(line + "\n" for line in lines).encode())
        assert done.status in (0, 1), done.err + done.out  # 1: nothing was settled
        return done.json()

    return start


def heard(document, turn):
    return " ".join(document["turns"][turn]["heard"])


def events(run, document):
    shown = run("show", document["call"], "--dir", document["journal"], "--json").json()
    return [one for one in shown["events"] if one["event"] in ("language", "unheard")]


@pytest.mark.parametrize("wish", ["Hindi please", "can we speak in Hindi", "हिन्दी में", "Hindi mein baat kijiye"])
def test_a_typed_call_goes_on_in_the_language_that_is_asked_for(run, typed, wish):
    document = typed([wish, "haan", "ji haan"])
    assert heard(document, 0) == "This call is recorded. Would you like some tea?"
    assert heard(document, 1) == f"{RECORDED} {TEA}", document["turns"]
    assert heard(document, 2) == MILK and heard(document, 3) == BYE and document["outcome"] == "served"
    assert [row["vendor"] for row in document["costs"]["providers"] if row["model"] == "espeak" or row["vendor"] == "local"], document["costs"]
    assert [(one["event"], one["text"]) for one in events(run, document)] == [("language", "hi-IN")]
    replayed = run("replay", document["call"], "--dir", document["journal"])
    assert replayed.status == 0 and "identical" in replayed.out


def test_it_comes_back_and_says_what_is_recorded_once(typed):
    document = typed(["Hindi please", "English please", "Hindi please", "haan", "nahi"])
    assert heard(document, 1) == f"{RECORDED} {TEA}" and heard(document, 3) == TEA
    assert heard(document, 2) == "Would you like some tea?", document["turns"]
    assert heard(document, 4) == MILK and document["outcome"] == "served"


def test_its_own_phrases_are_of_that_language(typed):
    document = typed(["Hindi please", "", "haan", "haan"], "quiet.after_ms=3000")
    said = " ".join(text for turn in document["turns"] for text in turn["heard"])
    assert "क्या आप सुन रहे हैं?" in said and "Are you there?" not in said, document["turns"]


def test_a_book_in_one_language_has_no_such_tool(run, book):
    assert "switch_language" not in run("rulebook", "show", "appointment-reminder", "--tools").out
    shown = json.loads(run("rulebook", "show", book, "--tools").out)
    [tool] = [one for one in shown if one["name"] == "switch_language"]
    assert tool["input_schema"]["properties"]["language"]["enum"] == ["en-IN", "hi-IN"] and tool["changes"] is False
    prompt = run("rulebook", "show", book, "--prompt").out
    assert "You speak en-IN and hi-IN. The call begins in en-IN" in prompt and TEA in prompt


def test_a_step_may_change_the_language(run, book):
    book.write_text(book.read_text().replace("  unclear: bye\n  next: milk\n", "  unclear: bye\n  next: change\n").replace(
        "- ask: milk", "- tool: change\n  call: switch_language\n  arguments: {language: hi-IN}\n  failed: bye\n  next: milk\n- ask: milk"))
    tried = run("rulebook", "try", book, stdin="yes\nhaan\n".encode())
    assert tried.status == 0 and f"agent: {MILK}" in tried.out and f"agent: {BYE}" in tried.out, tried.out


def test_what_is_said_in_all_languages_has_a_ceiling(run, book):
    phrase = "क" * 130
    text = book.read_text().replace("hi-IN: [एक क्षण।]", "hi-IN: [" + ", ".join([phrase] * 16) + "]").replace(
        "hi-IN: [एक क्षण रुकिए।]", "hi-IN: [" + ", ".join([phrase] * 16) + "]").replace("hi-IN: [क्षमा कीजिए।]", "hi-IN: [" + ", ".join([phrase] * 16) + "]").replace(
        "hi-IN: [अच्छा, नमस्ते।]", "hi-IN: [" + ", ".join([phrase] * 16) + "]").replace("hi-IN: [माफ़ कीजिए?]", "hi-IN: [" + ", ".join([phrase] * 16) + "]")
    book.write_text(text)
    refused = run("rulebook", "check", book)
    assert refused.status == 1 and "all languages" in refused.out + refused.err


# ---- vendors ----

@pytest.fixture
def sandbox(tmp_path):
    with Sandbox("--rulebook", HINDI, "--tls", tmp_path / "tls") as one:
        yield one


@pytest.fixture
def call(run, model, tmp_path, sandbox):
    data, config = tmp_path / "data", tmp_path / "sandbox.yaml"
    config.write_text(sandbox.ask("GET", "/settings")[1])
    run("tenant", "add", "local", "--data", data)
    for name in VENDORS:
        assert run("secret", "set", "local", f"{name}.api_key", "--data", data, stdin=b"sk-made-up").status == 0

    def start(count, *settings):
        words = [word for one in (f"vad.model_file={model}", *PATIENT, *settings) for word in ("--set", one)]
        assert run("say", "this is what the caller says", "-o", tmp_path / "said.wav").status == 0
        done = run("call", "--rulebook", HINDI, "--config", config, "--json", "--data", data, *["--speak", tmp_path / "said.wav"] * count, *words)
        assert done.status in (0, 1), done.err + done.out  # 1: nothing was settled
        return done.json()

    return start


def said_by_cartesia(sandbox):
    return [(message["language"], message["transcript"]) for one in sandbox.requests("cartesia") for message in one["messages"] if message.get("transcript")]


def test_recogniser_model_and_voice_change_together(run, sandbox, call):
    """English is heard by Deepgram's Flux, which knows no other; Hindi by Sarvam, which stands behind it."""
    sandbox.script(deepgram=["yes", "Hindi please"], sarvam=["जी", "चार शून्य दो एक"])  # the first comes over what is disclosed
    document = call(4, "stt.providers=deepgram_flux, sarvam", "providers.deepgram.flux_model=flux-general-en", "tts.providers=cartesia, local")
    assert [turn["said"] for turn in document["turns"] if "said" in turn] == ["yes", "Hindi please", "जी", "चार शून्य दो एक"], document["turns"]
    assert "खाता" in heard(document, 2) and "रुपये" in heard(document, 4) and document["turns"][4]["tools"][0]["name"] == "verify_holder", document["turns"]
    assert events(run, document)[0]["text"] == "hi-IN"

    [english] = sandbox.requests("deepgram")
    [hindi] = [one for one in sandbox.requests("sarvam") if one["path"].startswith("/speech-to-text")]
    assert english["path"] == "/v2/listen" and hindi["query"]["language_code"] == "hi-IN", hindi["query"]
    spoken = said_by_cartesia(sandbox)
    languages = [language for language, _ in spoken]
    assert languages[0] == "en" and languages[-1] == "hi" and languages == sorted(languages), spoken
    assert any("\u0900" <= letter <= "\u097f" for letter in spoken[-1][1])

    systems = {json.dumps(one["body"]["system"]) for one in sandbox.requests("anthropic")}
    assert len(systems) == 1 and "The call begins in en-IN" in systems.pop()  # what is kept of the prompt stays the same
    last = str(sandbox.requests("anthropic")[-1]["body"]["messages"])
    assert "switch_language" in last and "From now on the call is in hi-IN" in last


def test_where_nobody_hears_the_language_the_call_goes_on(run, sandbox, call):
    sandbox.script(deepgram=["yes", "Hindi please", "hello", "four zero two one"])
    document = call(4, "stt.providers=deepgram_flux", "providers.deepgram.flux_model=flux-general-en", "tts.providers=cartesia, local")
    assert [(one["event"], one["text"]) for one in events(run, document)] == [("language", "hi-IN"), ("unheard", "hi-IN")]
    assert {one["path"] for one in sandbox.requests("deepgram")} == {"/v2/listen"}
    assert len(sandbox.requests("deepgram")) == 2 and said_by_cartesia(sandbox)[-1][0] == "hi", document["turns"]
    assert document["turns"][4]["tools"][0]["name"] == "verify_holder" and "रुपये" in heard(document, 4), document["turns"]


# ---- a voice on this machine, and another worker ----

WISH = "can we speak in Hindi"


def test_the_offline_recogniser_hears_who_asks_for_it(run, model, tmp_path):
    """There is none for Hindi: the English one goes on, and hears who wants to come back."""
    words = []
    for text, at_ms in (("yes speaking", 8500), (WISH, 16000), ("English please", 26000)):
        path = tmp_path / f"{at_ms}.wav"
        assert run("say", text, "-o", path).status == 0
        words += ["--speak", path, "--at", at_ms]
    done = run("call", "--rulebook", HINDI, "--json", "--data", tmp_path / "data", "--set", f"vad.model_file={model}", *words)
    document = done.json()
    told = [(one["event"], one["text"]) for one in events(run, document)]
    assert told == [("language", "hi-IN"), ("unheard", "hi-IN"), ("language", "en-IN")], document["turns"]
    assert "अंक बताइए" in heard(document, 2) and "last four digits" in heard(document, 3), document["turns"]


class Asks(Caller):
    """Somebody who wants to hear it in Hindi."""

    def answer(self):
        said = "" if not (self.follower or self.find()) else " ".join(line["text"] for line in self.follower.of("speak"))
        if "last four digits" in said:
            return self.voice["wish"]
        return self.voice["yes"] if "Am I speaking with" in said else None


@pytest.fixture
def houses(tmp_path, model):
    yield from houses_for(tmp_path, model, PUBLIC, NUMBER, "twilio.auth_token", SECRET)


def test_another_worker_goes_on_in_it(houses, run, tmp_path, voice):  # noqa: F811
    """kill -9 while the question is asked in Hindi: it is said to its end in Hindi, and so is what follows the keys."""
    house = houses("voice.workers=2")
    house.command("route", "remove", NUMBER)
    house.command("route", "add", NUMBER, "local", "payment-reminder")
    assert run("say", WISH, "-o", tmp_path / "wish.wav").status == 0
    caller = Asks(house, 60, {**voice, "wish": tmp_path / "wish.wav"})

    def die():
        if not caller.follower or not any("अंक बताइए" in line["text"] for line in caller.follower.of("speak")):
            return False
        house.kill(caller.record()["worker"])
        caller.phone.during = press
        return False

    def press():
        if not any(line["epoch"] == 2 and "अंक बताइए" in line["text"] for line in caller.follower.of("heard")):
            return False
        caller.phone.keys += "4021#"
        caller.phone.during = enough
        return False

    def enough():
        return any("रुपये" in line["text"] for line in caller.follower.of("heard")) and (caller.house.ask("POST", f"/v1/calls/{caller.follower.name}/end"), True)[1]

    caller.phone.during = die
    call = caller.hold()
    lines = [(line["epoch"], line["type"], line.get("text", line.get("language"))) for line in caller.follower.whole() if line["type"] in ("speak", "language")]
    assert call["epoch"] == 2 and (1, "language", "hi-IN") in lines, (lines, house.errors()[-3000:])
    after = [text for epoch, kind, text in lines if epoch == 2 and kind == "speak"]
    assert after and all(any("\u0900" <= letter <= "\u097f" for letter in text) for text in after), lines
    assert any("रुपये" in text for text in after), lines
