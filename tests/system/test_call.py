"""`callfunnel call --type`: whole calls from the terminal, from hello to the outcome, offline; and what they leave behind."""
import datetime
import json
import re
import socketserver
import threading

import pytest

from conftest import ROOT

# What is at work in real time (voices, tools) may be slow on a busy machine; these tests are not about that.
PATIENT = [word for setting in ("tts.first_ms=2000", "tts.gap_ms=2000", "tool.filler_ms=20000") for word in ("--set", setting)]


@pytest.fixture
def call(run, model, tmp_path):
    """call("appointment-reminder", ["yes", "keep it"], "--language", …): the finished run; its document with .json()."""

    def start(book, lines, *args, json_out=True, cwd=tmp_path):
        words = ("".join(line + "\n" for line in lines)).encode(errors="surrogateescape")
        extra = ["--json"] if json_out else []
        path = book if hasattr(book, "suffix") else ROOT / "rulebooks" / f"{book}.yaml"
        return run("call", "--rulebook", path, "--type", "--data", cwd / "data", "--set", f"vad.model_file={model}",
                   *PATIENT, *extra, *args, stdin=words)

    return start


def said(document):
    return [turn["said"] for turn in document["turns"] if "said" in turn]


def heard(document):
    return " ".join(text for turn in document["turns"] for text in turn["heard"])


def tools(document):
    return [(tool["name"], json.loads(tool["arguments"])) for turn in document["turns"] for tool in turn["tools"]]


def results(document):
    return [(result["status"], json.loads(result["result"])) for turn in document["turns"] for result in turn["results"]]


def test_a_typed_line_that_says_nothing_is_an_error(call):
    """Each is told with what is allowed, and the call goes on."""
    done = call("appointment-reminder", ["/press abc", "/press", "/foo", "yes\0", "yes \udcff", "yes, this is Alex", "I would like to keep it"])
    assert done.status == 0 and said(done.json()) == ["yes, this is Alex", "I would like to keep it"], done.err
    errors = re.findall(r"^error: line (\d+) of what is typed: (.*)\n  (.*)", done.err, re.M)
    assert [(int(line), what) for line, what, _ in errors] == [(1, "these are no keys"), (2, "these are no keys"), (3, "there is no such command"),
                                                               (4, "this is no text"), (5, "this is no text")], done.err
    assert all(word in errors[i][2] for i, word in ((0, "0 to 9"), (2, "/hangup"), (3, "UTF-8")))


def test_an_appointment_is_kept(call, run, tmp_path):
    done = call("appointment-reminder", ["yes, this is Alex", "I would like to keep it"])
    assert done.status == 0, done.err
    document = done.json()
    assert document["outcome"] == "confirmed" and document["result"] == "success"
    assert document["reason"] == "agent" and document["ended"]
    assert said(document) == ["yes, this is Alex", "I would like to keep it"]
    assert "Alex Morgan" in heard(document) and "Goodbye" in heard(document)
    assert [name for name, _ in tools(document)] == ["find_appointment", "confirm_appointment"]
    assert all(status == "ok" for status, _ in results(document))
    for turn in document["turns"][1:]:
        assert sum(turn["latency"]["parts_us"].values()) == turn["latency"]["total_us"]
    again = run("replay", document["call"], "--dir", document["journal"])
    assert again.status == 0 and "identical" in again.out
    shown = run("show", document["call"], "--dir", document["journal"], "--json").json()
    assert shown["turns"] == document["turns"]
    for command in ("replay", "show"):  # by its id alone, where the data folder is the setting
        assert run(command, document["call"], "--set", f"data.dir={tmp_path / 'data'}").status == 0


def test_the_recording_is_as_long_as_the_call(call, run, tmp_path):
    document = call("appointment-reminder", ["yes", "please cancel it", "yes"]).json()
    wav = tmp_path / "call.wav"
    done = run("recording", document["call"], "--dir", document["journal"], "-o", wav, "--json")
    assert done.status == 0, done.err
    assert abs(done.json()["ms"] - document["connected_ms"]) <= 20
    assert done.json()["gaps"] == []


def test_what_is_changed_stays_changed(call):
    """The second call to the same data folder finds what the first one did."""
    first = call("appointment-reminder", ["yes", "keep it please"]).json()
    second = call("appointment-reminder", ["yes", "keep it please"]).json()
    assert results(first)[0][1]["status"] == "booked"
    assert results(second)[0][1]["status"] == "confirmed"


def test_two_tenants_do_not_meet(call):
    call("appointment-reminder", ["yes", "keep it please"], "--tenant", "first").json()
    other = call("appointment-reminder", ["yes", "keep it please"], "--tenant", "second").json()
    assert results(other)[0][1]["status"] == "booked"


def test_a_promise_to_pay_in_hindi(call):
    document = call("payment-reminder", ["हाँ, मैं बोल रहा हूँ", "4021", "पूरा भुगतान", "कल", "हाँ"], "--language", "hi-IN").json()
    assert document["language"] == "hi-IN"
    names = [name for name, _ in tools(document)]
    assert names[:2] == ["verify_holder", "find_account"]
    assert document["outcome"] == "promised", document["turns"][-2:]
    assert "रुपये" in heard(document)


@pytest.mark.parametrize("language, lines, end", [
    ("en-IN", ["yes", "4021", "in full", "tomorrow", "yes"], "by bank transfer. Goodbye."),
    ("hi-IN", ["हाँ", "4021", "पूरा भुगतान", "कल", "हाँ"], "कर सकते हैं। नमस्ते।"),
])
def test_a_long_goodbye_is_heard_to_its_end(call, language, lines, end):
    document = call("payment-reminder", lines, "--language", language).json()
    assert (document["outcome"], document["reason"]) == ("promised", "agent")
    assert heard(document).endswith(end)
    assert not any(event["cut"] for event in document["events"] if event["event"] == "heard")


def test_tomorrow_is_the_machines(call):
    before = datetime.date.today()
    document = call("lead-callback", ["I'm driving", "tomorrow", "ten", "yes"]).json()
    days = {str(day + datetime.timedelta(days=1)) for day in (before, datetime.date.today())}
    assert dict(tools(document))["save_lead"]["call_date"] in days


def test_a_call_may_be_of_another_day(call):
    document = call("lead-callback", ["I'm driving", "tomorrow", "ten", "yes"], "--var", "today=2027-12-31").json()
    assert dict(tools(document))["save_lead"]["call_date"] == "2028-01-01"


@pytest.mark.parametrize("book, language, words, last", [
    ("payment-reminder", "hi-IN", "कृपया बीप के बाद अपना संदेश छोड़ें", "हम फिर फ़ोन करेंगे"),
    ("payment-reminder", "hi-IN", "Please leave your message after the tone.", "हम फिर फ़ोन करेंगे"),
    ("lead-callback", "en-US", "hey, I can't take your call, leave your name and I'll get back to you as soon as I can", "Hillview Homes, for Jordan Lee"),
])
def test_an_answering_machine(call, book, language, words, last):
    done = call(book, [words], "--language", language)
    document = done.json()
    assert (document["outcome"], document["reason"], done.status) == ("voicemail", "agent", 1)
    assert last in heard(document)


class Silent(socketserver.BaseRequestHandler):
    """A service that takes a request and never answers it."""

    def handle(self):
        self.server.request = self.request.recv(4096)
        self.server.asked.set()
        self.server.over.wait(60)


@pytest.fixture
def silent():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Silent) as server:
        server.asked, server.over = threading.Event(), threading.Event()
        threading.Thread(target=server.serve_forever).start()
        yield server
        server.over.set()
        server.shutdown()


@pytest.mark.parametrize("words, outcome", [("please leave your message after the tone", "machine"), ("yes", "nothing")])
def test_a_machine_that_gets_no_message(call, silent, words, outcome):
    """The line is cut while the branch's tool is slow: no goodbye names an outcome, the rules for unfinished calls do."""
    service = "services.records=http://127.0.0.1:%d" % silent.server_address[1]
    document = call(ROOT / "tests" / "rulebooks" / "noted-machine.yaml", [words], "--set", service, "--set", "tool.filler_ms=500", "--set", "tool.detach_ms=1000").json()
    assert silent.asked.is_set() and (document["reason"], document["outcome"]) == ("caller", outcome), document["turns"]


def test_a_service_of_the_business(call, silent, tmp_path):
    """Any name that the settings have: the tool asks there, for this tenant."""
    book = tmp_path / "tables.yaml"
    book.write_text((ROOT / "tests" / "rulebooks" / "noted-machine.yaml").read_text().replace("service:records/", "service:tables/"))
    service = "services.tables=http://127.0.0.1:%d/of/{tenant}/" % silent.server_address[1]
    call(book, ["yes"], "--set", service, "--set", "tool.filler_ms=500", "--set", "tool.detach_ms=1000").json()
    assert silent.asked.is_set() and silent.request.startswith(b"POST /of/local/accounts/"), silent.request


def test_whoever_is_not_available_is_a_person(call):
    document = call("appointment-reminder", ["I am not available today", "/hangup"]).json()
    assert document["outcome"] != "voicemail"
    assert len(said(document)) == 1


def test_silence_ends_in_goodbye(call):
    done = call("lead-callback", ["", "", "", ""])
    document = done.json()
    assert document["reason"] == "quiet"
    assert document["result"] != "success"
    assert not said(document)


def test_hanging_up(call):
    document = call("lead-callback", ["/hangup"]).json()
    assert document["reason"] == "caller"


def test_the_end_of_the_input_hangs_up(call):
    document = call("appointment-reminder", ["yes"]).json()
    assert document["reason"] == "caller"
    assert said(document) == ["yes"]


def test_keys(call):
    document = call("payment-reminder", ["yes speaking", "/press 4021#", "/hangup"]).json()
    assert ("verify_holder", {"id": "P-3001", "digits": "4021"}) in tools(document)


@pytest.mark.parametrize("short", ["/press 1111#", "one one one one"])
def test_a_masked_number_has_the_digits_that_are_wanted(call, short):
    """The book wants seven to fifteen; the engine sees [NUMBER_1] and how many digits it has, and the caller hears what is wanted."""
    document = call(ROOT / "tests" / "rulebooks" / "call-back-number.yaml", [short, "555 0143", "yes"]).json()
    assert "I need 7 to 15 digits." in heard(document)
    assert tools(document) == [("save_note", {"id": "P-3001", "kind": "refused", "text": "5550143"})]
    assert document["outcome"] == "noted"


def test_a_phone_number_is_masked_for_the_model_and_true_for_the_tool(call, run):
    """The engine sees [PHONE_1]: what the tool gets is the map's value, with the country code, and not the digits that were said; the caller
    hears the digits, the transcript has the words, and nobody hears a bracket."""
    words = "two zero two five five five zero one four three"
    done = call(ROOT / "tests" / "rulebooks" / "call-back-number.yaml", [words, "yes"], "--set", "log.level=info", "--set", "log.format=json")
    assert done.status == 0, done.err
    document = done.json()
    assert said(document) == [words, "yes"]
    assert tools(document) == [("save_note", {"id": "P-3001", "kind": "refused", "text": "+12025550143"})]
    assert "I have 2 0 2 5 5 5 0 1 4 3." in heard(document)
    assert "[" not in heard(document) and document["outcome"] == "noted"
    ended = [json.loads(line) for line in done.err.splitlines() if '"the call has ended"' in line]
    assert [line["masked_values"] for line in ended] == [1]
    assert "2025550143" not in done.err and words not in done.err
    assert run("replay", document["call"], "--dir", document["journal"]).status == 0


@pytest.mark.parametrize("said_number, heard_number", [
    ("617 555 0143", "6 1 7 5 5 5 0 1 4 3"),
    ("seven zero two five five five zero one four three", "7 0 2 5 5 5 0 1 4 3"),
    ("plus four four seven seven zero zero nine zero zero one two three", "+4 4 7 7 0 0 9 0 0 1 2 3"),
])
def test_a_number_said_without_a_country_is_of_the_calls(call, run, said_number, heard_number):
    """The book speaks en-US: its tool gets an American number, unless another country was said. The kept call replays."""
    done = call(ROOT / "tests" / "rulebooks" / "call-back-number.yaml", [said_number, "yes"])
    assert done.status == 0, done.err
    document = done.json()
    number = heard_number.replace(" ", "")
    assert tools(document) == [("save_note", {"id": "P-3001", "kind": "refused", "text": number if number[0] == "+" else "+1" + number})]
    assert f"I have {heard_number}." in heard(document) and document["outcome"] == "noted"
    assert run("replay", document["call"], "--dir", document["journal"]).status == 0


def test_an_outcome_may_be_expected(call):
    assert call("appointment-reminder", ["yes", "keep it"], "--expect", "confirmed").status == 0
    assert call("appointment-reminder", ["yes", "keep it"], "--expect", "cancelled").status == 1


def test_for_people(call):
    done = call("appointment-reminder", ["yes", "keep it"], json_out=False)
    assert done.status == 0, done.err
    assert 'caller  "keep it"' in done.out
    assert "outcome: confirmed (success)" in done.out
    assert "callfunnel replay" in done.out
    assert done.err == ""


@pytest.mark.parametrize("args, words", [
    (["--type"], "which rule-book"),
    (["--rulebook", "x"], "how does the caller speak"),
    (["--rulebook", "x", "--type", "--speak", "a.wav"], "either --type or --speak"),
    (["--rulebook", "x", "--at", "100", "--speak", "a.wav"], "behind the --speak"),
    (["--rulebook", "x", "--speak", "a.wav", "--at", "soon"], "milliseconds"),
])
def test_wrong_usage(run, args, words):
    done = run("call", *args, "--json")
    assert done.status == 2
    assert words in done.error()["message"]


def test_a_variable_that_is_none(call):
    done = call("appointment-reminder", [], "--var", "nonsense")
    assert done.status == 2 and "NAME=VALUE" in done.error()["message"]


def test_a_variable_that_the_book_does_not_know(call):
    done = call("appointment-reminder", [], "--var", "nosuch=1")
    assert done.status == 2 and "nosuch" in done.error()["message"]
    assert done.error()["hint"] == "it has callee_name, appointment_id, today"


def test_a_language_that_the_book_lacks(call):
    assert call("appointment-reminder", [], "--language", "hi-IN").status == 2


def test_an_unfinished_call_has_the_outcome_that_is_known(call):
    """Hung up behind the answer, before the goodbye: the rule-book's rules for unfinished calls."""
    document = call("payment-reminder", ["yes speaking", "4021", "this is not mine, I dispute it", "/hangup"]).json()
    assert document["reason"] == "caller"
    assert document["outcome"] == "disputed", heard(document)


# ---- spoken: voices made by flite, labelled as such, through voice detection and the offline recogniser ----


@pytest.fixture
def voice(run, tmp_path):
    """voice("keep it"): a recording of these words."""

    def make(words):
        path = tmp_path / (words.replace(" ", "-").replace(",", "") + ".wav")
        done = run("say", words, "-o", path)
        assert done.status == 0, done.err
        return path

    return make


@pytest.fixture
def speak(run, model, tmp_path):
    def start(book, *args, warned=None):
        done = run("call", "--rulebook", ROOT / "rulebooks" / f"{book}.yaml", "--data", tmp_path / "data", "--set", f"vad.model_file={model}", "--json",
                   *PATIENT, *args, timeout=120)
        assert done.status in (0, 1), done.err
        assert done.err == (f"warning: {warned}\n" if warned else "")
        return done.json()

    return start


def test_a_spoken_call(speak, voice, run):
    document = speak("appointment-reminder", "--speak", voice("definitely"), "--speak", voice("please keep it"))
    assert document["outcome"] == "confirmed", document["turns"]
    assert document["usage"]["stt_ms"] > 10000
    again = run("replay", document["call"], "--dir", document["journal"])
    assert again.status == 0 and "identical" in again.out


def test_a_spoken_interruption(speak, voice, run):
    """In the middle of what the agent says about the appointment: it gives way, and history keeps what was heard."""
    document = speak("appointment-reminder", "--speak", voice("definitely"), "--speak", voice("please keep it"), "--at", "13000")
    heard_events = [event for event in document["events"] if event["event"] == "heard"]
    assert any(event["cut"] for event in heard_events), document["events"]
    assert any(event["event"] == "yield" for event in document["events"])
    assert run("replay", document["call"], "--dir", document["journal"]).status == 0


def test_words_over_what_a_question_tells_are_no_answer(speak, voice):
    """Too few to interrupt, and over before "Would you like to keep it, move it, or cancel it?" began: only the answer behind it counts."""
    document = speak("appointment-reminder", "--speak", voice("yes, this is he"), "--speak", voice("cancel"), "--at", "12500", "--speak", voice("keep it"))
    assert any(turn.get("why") == "aside" for turn in document["turns"]), document["turns"]
    assert document["outcome"] == "confirmed", document["turns"]


def test_a_question_asked_again_takes_its_answer(speak, voice):
    """More than a word at the first question is answered with the question once more; a "yes" to that one is its answer."""
    document = speak("appointment-reminder", "--placed", "--speak", voice("yes, this is he."), "--at", "500", "--speak", voice("yes, this is he"),
                     "--speak", voice("please keep it"))
    assert document["outcome"] == "confirmed", document["turns"]


@pytest.mark.parametrize("at", ["300", "500", "1200"])
def test_a_hello_before_the_greeting_does_not_double_its_question(speak, voice, at):
    """The greeting begins with what is said whole, so that the word waited for its end: it is answered by it, and nothing else is said before the silence is long."""
    document = speak("appointment-reminder", "--placed", "--speak", voice("hello"), "--at", at)
    heard = " ".join(event["text"] for event in document["events"] if event["event"] == "heard")
    assert heard.count("Am I speaking with Alex Morgan?") == 1, document["events"]
    assert "Are you still there?" in heard


@pytest.mark.parametrize("said, answer, then", [
    ("how much was it again?", "It is 4500 rupees", "Can you pay it in full"), ("yes but is there a fee", "I do not know that.", "Can you pay it in full"),
    ("can I pay by card?", "in the app, at any branch, by bank transfer", "Can you pay it in full"), ("will my wife be told?", "I do not know that", "Can you pay it in full"),
    ("in full, and how can I pay?", "in the app, at any branch", "On which day will you pay?")])
def test_a_debtors_question_is_answered(call, said, answer, then):
    """From the book's facts or as not known, and then the agent goes back to what it asked; an answer beside the question counts."""
    document = call("payment-reminder", ["yes", "4021", said]).json()
    heard = " ".join(document["turns"][-1]["heard"])
    assert answer in heard and then in heard.split(answer)[1], document["turns"]
    assert document["outcome"] == "no_result"


@pytest.mark.parametrize("more, outcome", [(["yes"], "confirmed"), (["≈see you then", "no", "cancel", "yes"], "cancelled")])
def test_an_unsure_option_is_asked_back(call, more, outcome):
    """As the offline recogniser tells what it is not sure of; said so twice it is still none."""
    document = call("appointment-reminder", ["yes", "≈keep it", *more]).json()
    assert any('Did you say "keep"?' in words for turn in document["turns"] for words in turn.get("heard", ())), document["turns"]
    assert document["outcome"] == outcome, document["turns"]


@pytest.mark.parametrize("late", ["speaking", "this is he"])
def test_who_he_is_chooses_nothing(call, late):
    """The rest of the answer to the question before, which the recogniser brought as a turn of its own."""
    document = call("appointment-reminder", ["yes", late, "cancel", "yes"]).json()
    assert [name for name, _ in tools(document)] == ["find_appointment", "cancel_appointment"] and document["outcome"] == "cancelled"


def test_no_recogniser_for_hindi(run, voice):
    done = run("call", "--rulebook", ROOT / "rulebooks" / "payment-reminder.yaml", "--language", "hi-IN", "--speak", voice("yes"), "--json")
    assert done.status == 2 and "recogniser" in done.error()["message"]


def test_say(run, tmp_path):
    done = run("say", "Hello there.", "-o", tmp_path / "a.wav", "--json")
    assert done.status == 0 and done.json()["samples"] > 4000
    assert run("say", "x", "-o", tmp_path / "a.wav", "--lang", "xx").status == 3
    assert run("say", "x").status == 2
    assert run("say", "x", "--print", "-o", tmp_path / "b.wav").status == 2 and not (tmp_path / "b.wav").exists()


def test_say_prints_what_is_spoken(run):
    """The words that a voice is given: numbers, amounts and dates as the language says them, nothing of what is for the eye."""
    assert run("say", "You owe **$1500** on May 3.", "--print").out == "You owe one thousand five hundred dollars on May third.\n"
    document = run("say", "Room 12", "--print", "--json").json()
    assert document == {"text": "Room 12", "language": "en-US", "spoken": "Room twelve"}
    assert run("say", "₹1,50,000 on 3/4/2026", "--print", "--lang", "en-IN").out == "one lakh fifty thousand rupees on third April, twenty twenty six\n"
    assert run("say", "₹1.5 लाख", "--print", "--lang", "hi-IN").out == "डेढ़ लाख रुपये\n"
    assert run("say", "**5** \N{GRINNING FACE}", "--print", "--lang", "xx").out == "5\n", "of other languages only what is for the eye is known"
    assert run("say", "", "--print").status == 2
    assert run("say", "\N{GRINNING FACE}", "--print").status == 3, "there is nothing to be said"


def test_say_speaks_the_spoken_form(run, tmp_path):
    """A number takes as long as its words."""
    short, long = (run("say", text, "-o", tmp_path / "a.wav", "--json").json()["samples"] for text in ("Pay $5.", "Pay $1,234,567."))
    words = run("say", "Pay one million two hundred thirty four thousand five hundred sixty seven dollars.", "-o", tmp_path / "a.wav", "--json").json()
    assert long == words["samples"] > 2 * short


@pytest.mark.parametrize("word", ["sure", "yeah", "okay", "right", "ok"])
def test_a_word_that_is_a_nod_elsewhere_answers_a_question(call, word):
    """The agent prepares what it will say to it while it is still being said: that makes it no nod."""
    done = call("lead-callback", [word, "/hangup"], json_out=False)
    assert f'caller  "{word}"' in done.out and "Are you still interested?" in done.out, done.out


# ---- recordings and lines that cannot be had as they are given ----

def test_recordings_are_given_in_the_order_of_their_times(run, voice):
    one, two = voice("yes"), voice("no")
    for words in (["--speak", one, "--at", 25000, "--speak", two, "--at", 9000],
                  ["--speak", one, "--at", 25000, "--speak", one, "--speak", two, "--at", 24999]):
        done = run("call", "--rulebook", ROOT / "rulebooks" / "appointment-reminder.yaml", *words, "--json")
        assert done.status == 2 and done.error()["where"] == "--at" and str(two) in done.error()["message"] and "order" in done.error()["hint"]


def test_a_recording_that_comes_late_says_so(run, model, voice, tmp_path):
    one, two = voice("yes this is Alex Morgan speaking to you"), voice("no")
    done = run("call", "--rulebook", ROOT / "rulebooks" / "appointment-reminder.yaml", "--data", tmp_path / "data", "--set", f"vad.model_file={model}", "--json",
               *PATIENT, "--speak", one, "--at", 6000, "--speak", two, "--at", 6500, "--speak", two, "--at", 3000000)
    first, second, never = done.json()["recordings"]
    assert first == {"file": str(one), "began_ms": 6000, "late_ms": 0, "truncated": False}
    assert second["began_ms"] == 6500 + second["late_ms"] and second["late_ms"] > 500
    assert never["began_ms"] is None and never["late_ms"] == 0
    assert f"warning: {two}: begins at {second['began_ms']} ms, {second['late_ms']} ms late" in done.err


def test_a_recording_that_is_cut_or_empty_says_so(speak, voice, run, tmp_path):
    whole = voice("yes").read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[:-4000])
    there = (len(whole) - 4044) // 2
    cut = tmp_path / "cut.wav"
    document = speak("appointment-reminder", "--speak", cut, warned=f"{cut}: the file ends inside its samples; it claims more than the {there} that are there")
    assert document["recordings"][0]["truncated"]
    (tmp_path / "empty.wav").write_bytes(whole[:40] + bytes(4))
    done = run("call", "--rulebook", ROOT / "rulebooks" / "appointment-reminder.yaml", "--data", tmp_path / "data", "--speak", tmp_path / "empty.wav", "--json")
    assert done.status == 3 and "no sound in it" in done.error()["message"] and done.error()["where"].endswith("empty.wav")


def test_a_line_that_is_too_long_is_refused_with_its_number(call):
    """The longest one that is taken arrives whole."""
    words = "yes " + "and so on " * 199 + "then 1"
    assert len(words) == 2000
    assert len(said(call("appointment-reminder", [words]).json())[0]) == 2000
    for line in (words + "x", words * 100, words * 1000):
        done = call("appointment-reminder", ["yes, this is Alex", line, "keep it"])
        assert done.status == 2 and done.error()["where"] == "standard input" and done.error()["message"] == "line 2 has more than 2000 bytes"
