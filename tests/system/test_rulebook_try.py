"""`callfunnel rulebook try`: whole dialogues on standard input, from hello to the outcome."""
import datetime
import json
import pathlib

import pytest

BOOKS = pathlib.Path(__file__).resolve().parent.parent.parent / "rulebooks"


def talk(run, book, lines, *args, **env):
    """The records printed with --json, and the exit status."""
    done = run("rulebook", "try", BOOKS / f"{book}.yaml", "--json", *args, stdin="".join(line + "\n" for line in lines).encode(), **env)
    assert done.err == ""
    return done.lines(), done.status


@pytest.mark.parametrize("book, lines, outcome, status", [
    ("appointment-reminder", ["yes this is alex", "I'll keep it"], "confirmed", 0),
    ("appointment-reminder", ["yes", "move it to friday at three", "yes please"], "moved", 0),
    ("appointment-reminder", ["yes", "move it", "friday", "noon", "okay"], "moved", 0),
    ("appointment-reminder", ["yes", "please cancel", "yes I'm sure"], "cancelled", 0),
    ("appointment-reminder", ["no, wrong number"], "wrong_person", 1),
    ("appointment-reminder", ["let me talk to a real person"], "call_back", 0),
    ("appointment-reminder", ["purple", "purple", "purple"], "call_back", 0),
    ("lead-callback", ["sure", "yes", "for myself", "350k", "yes", "as soon as possible", "tomorrow at ten", "yes"], "qualified", 0),
    ("lead-callback", ["I'm driving", "tomorrow", "ten", "yes"], "call_again", 0),
    ("lead-callback", ["I'm not interested"], "not_interested", 1),
    ("lead-callback", ["stop calling me"], "do_not_call", 1),
    ("payment-reminder", ["haan ji", "4021", "I will pay in full", "Friday", "yes"], "promised", 0),
    ("payment-reminder", ["yes", "4022", "4021", "only some of it", "two thousand", "kal", "haan"], "part_promised", 0),
    ("payment-reminder", ["yes", "1111", "2222"], "not_verified", 1),
    ("payment-reminder", ["yes", "4021", "I already paid", "yesterday", "yes"], "says_paid", 0),
    ("payment-reminder", ["yes", "4021", "the amount is wrong", "I returned the phone last month"], "disputed", 0),
    ("payment-reminder", ["yes", "4021", "I can't pay", "no"], "refused", 1),
    ("appointment-reminder", ["yes", "/hangup"], "no_result", 1),
])
def test_outcomes(run, book, lines, outcome, status):
    records, got = talk(run, book, lines)
    assert records[-1]["outcome"] == outcome
    assert got == status


@pytest.mark.parametrize("words, kept", [
    ("see you on Wednesday", True), ("I'll be there at ten thirty", True), ("yes, Wednesday at ten thirty is fine", True),
    ("see you on Friday", False), ("I'll be there at ten", False), ("yes at eleven", False), ("I can make it at nine", False), ("yes, Thursday is fine", False),
])
def test_only_the_day_and_time_that_were_told_confirm(run, words, kept):
    records, _ = talk(run, "appointment-reminder", ["yes", words], "--var", "today=2026-11-22")
    assert (records[-1]["outcome"] == "confirmed") == kept
    assert any(r.get("tool") == "confirm_appointment" for r in records) == kept


@pytest.mark.parametrize("words", ["I would rather not cancel", "I'd rather not", "I don't want to lose it", "I don't want to", "I don't want that"])
def test_a_refusal_cancels_nothing(run, words):
    records, _ = talk(run, "appointment-reminder", ["yes", "cancel it", words])
    assert not any(r.get("tool") == "cancel_appointment" for r in records)


def test_hindi(run):
    lines = ["हाँ", "चार शून्य दो एक", "थोड़ा दे सकता हूँ", "दो हज़ार", "शनिवार", "हाँ"]
    records, status = talk(run, "payment-reminder", lines, "--language", "hi-IN", "--var", "today=2026-11-23")
    promise = [r for r in records if r.get("tool") == "save_promise"]
    assert json.loads(promise[0]["arguments"]) == {"id": "P-3001", "amount": 2000, "date": "2026-11-28", "part": True}
    assert records[-1]["outcome"] == "part_promised" and status == 0


OPT_OUTS = ["take my number off your list", "stop bothering me", "I never want to hear from you again", "leave me alone", "don't ever call again",
            "never call this number again", "please stop ringing me", "I don't want any more calls"]


@pytest.mark.parametrize("words", OPT_OUTS)
@pytest.mark.parametrize("book", ["appointment-reminder", "lead-callback", "payment-reminder"])
def test_opt_outs(run, book, words):
    records, _ = talk(run, book, [words])
    assert records[-1]["outcome"] == "do_not_call"


@pytest.mark.parametrize("words", ["मुझे परेशान मत करो", "मेरा नंबर हटा दो", "दोबारा फ़ोन मत करना", "मुझे कॉल करना बंद करो", "mera number list se hata do"])
def test_opt_outs_hindi(run, words):
    records, _ = talk(run, "payment-reminder", [words], "--language", "hi-IN")
    assert records[-1]["outcome"] == "do_not_call"


@pytest.mark.parametrize("book, lines, heard", [
    ("appointment-reminder", ["yes, I'll get him"], "aside"),
    ("appointment-reminder", ["yes", "yes but not before noon"], "not understood"),
    ("appointment-reminder", ["yes", "move it", "Friday at three", "yes but not before noon"], "not understood"),
    ("lead-callback", ["yes", "I'm still thinking"], "not understood"),
])
def test_half_a_yes(run, book, lines, heard):
    records, _ = talk(run, book, lines)
    assert [r["heard"] for r in records if r.get("caller") == lines[-1]] == [heard]


# The same moment is another date a day's journey away: 26 hours lie between these two places.
@pytest.mark.parametrize("zone, hours", [("AHEAD-14", 14), ("BEHIND+12", -12)])
def test_without_a_day_it_is_this_machines(run, zone, hours):
    here = datetime.timezone(datetime.timedelta(hours=hours))
    before = datetime.datetime.now(here).date()
    records, _ = talk(run, "lead-callback", ["I'm driving", "tomorrow", "ten", "yes"], TZ=zone)
    after = datetime.datetime.now(here).date()
    saved = next(json.loads(r["arguments"]) for r in records if r.get("tool") == "save_lead")
    assert saved["call_date"] in {str(day + datetime.timedelta(days=1)) for day in (before, after)}


def test_the_built_in_records_lie_around_the_day(run):
    records, _ = talk(run, "appointment-reminder", ["yes", "/hangup"], "--var", "today=2027-03-01")
    found = next(r for r in records if r.get("tool") == "find_appointment")
    assert "2027-03-04" in json.dumps(found)


@pytest.mark.parametrize("wrong", ["1111", "one one one one", "five five five zero one", "double one double one"])
def test_a_masked_number_has_the_digits_that_are_wanted(run, wrong):
    book = BOOKS.parent / "tests" / "rulebooks" / "call-back-number"
    records, status = talk(run, book, [wrong, "555 0143", "yes"])
    assert [record["heard"] for record in records if "heard" in record] == ["range", "value", "confirmed"]
    assert "I need 7 to 15 digits." in next(record["agent"] for record in records[1:] if "agent" in record)
    assert status == 0 and [json.loads(record["arguments"])["text"] for record in records if "tool" in record] == ["5550143"]


def test_interrupted(run):
    records, _ = talk(run, "payment-reminder", ["/cut 9 yes", "yes"])
    heard = [r["heard"] for r in records if "heard" in r]
    assert heard == ["cut", "value"]


def test_expect(run):
    assert talk(run, "lead-callback", ["stop calling me"], "--expect", "do_not_call")[1] == 0
    assert talk(run, "lead-callback", ["stop calling me"], "--expect", "qualified")[1] == 1


def test_tools_of_ones_own(run, tmp_path):
    records = tmp_path / "records.json"
    records.write_text(json.dumps({"find_appointment": [{"status": "error"}]}))
    got, _ = talk(run, "appointment-reminder", ["yes"], "--tools", str(records))
    assert got[-1]["outcome"] == "call_back"
    records.write_text("[]")
    got, status = talk(run, "appointment-reminder", ["yes"], "--tools", str(records))
    assert got[0]["error"]["message"] and status == 2
    got, status = talk(run, "appointment-reminder", ["yes"], "--tools", str(tmp_path / "none"))
    assert status == 3


def test_variables(run):
    records, _ = talk(run, "appointment-reminder", ["/hangup"], "--var", "callee_name=Sam Example")
    assert "Sam Example" in records[0]["agent"]
    assert talk(run, "appointment-reminder", [], "--var", "nonsense")[1] == 2
    assert talk(run, "appointment-reminder", [], "--language", "fr-FR")[1] == 2


NOTE = """
rulebook: 1
id: note
version: "1"
title: What is to be written down
company: Northern Power
agent: {name: Maya, persona: You write down what is said.}
languages: {en-US: {voice: slt}}
goal: Write it down.
unclear: bad
flow:
  - {ask: most, text: How much may it cost?, expect: {kind: amount, currency: USD, max: 400}}
  - {tool: save, call: save_note, arguments: {most: "{most}"}, failed: bad}
  - {goodbye: done, text: It is written down. Goodbye., outcome: noted}
  - {goodbye: bad, text: That did not work. Goodbye., outcome: failed}
tools:
  save_note:
    about: Writes it down.
    method: POST
    url: https://notes.example/notes
    arguments: {type: object, properties: {most: {type: number, maximum: 100}}, required: [most]}
    changes: true
outcomes:
  noted: {about: Written down., result: success}
  failed: {about: It did not work., result: failure}
unfinished:
  - {outcome: failed}
"""


@pytest.mark.parametrize("words, status, outcome", [("ninety dollars", "ok", "noted"), ("two hundred dollars", "error", "failed")])
def test_arguments_are_judged_as_in_a_call(run, tmp_path, words, status, outcome):
    (tmp_path / "note.yaml").write_text(NOTE)
    (tmp_path / "tools.json").write_text('{"save_note": [{"result": {}}]}')
    done = run("rulebook", "try", tmp_path / "note.yaml", "--json", "--tools", tmp_path / "tools.json", stdin=f"{words}\n".encode())
    records = done.lines()
    tool = next(r for r in records if "tool" in r)
    assert (tool["status"], records[-1]["outcome"]) == (status, outcome), records
    assert status == "ok" or json.loads(tool["result"]) == {"error": "bad_arguments", "message": "save_note: most is out of range or not whole"}


MAY = """
rulebook: 1
id: errand
version: "1"
title: Whether we may call again
company: Northern Power
agent: {name: Maya, persona: You ask when we may call again. You are polite and brief.}
languages: {en-US: {voice: slt}}
goal: Agree on a time.
may: {record_outcome: true, schedule_callback: {days: 2}, send_digits: true}
variables:
  day: {type: text, about: The day., sample: "2026-11-24"}
unclear: bad
flow:
  - ask: hour
    text: When may we call?
    expect: time
    confirm: At {hour}?
  - tool: press
    call: send_digits
    text: One moment please.
    arguments: {digits: "42#"}
    failed: bad
  - tool: note
    call: record_outcome
    arguments: {outcome: noted}
    failed: bad
  - tool: again
    call: schedule_callback
    arguments: {day: "{day}", time: "{hour}", number: "+14155550123"}
    failed: bad
  - ask: more
    text: Anything else?
    expect: yes_no
  - goodbye: done
    text: Thank you. Goodbye.
    outcome: agreed
  - goodbye: bad
    text: That did not work. Goodbye.
    outcome: failed
outcomes:
  agreed: {about: We call again., result: success}
  noted: {about: Somebody was there., result: neutral}
  failed: {about: Something did not work., result: failure}
unfinished:
  - {outcome: failed}
"""
DUE = {"day": "2026-11-24", "time": "09:00", "number": "+14155550123"}
MAY_CALLS = [
    ("2026-11-24", ["nine", "in the morning", "yes", "no"], "agreed", DUE), ("2026-11-24", ["nine", "in the morning", "yes"], "noted", DUE),
    ("2026-11-30", ["nine tonight", "yes"], "failed", None), ("2026-11-22", ["nine tonight", "yes"], "failed", None), ("2026-11-24", [], "failed", None),
]


@pytest.fixture
def errand(tmp_path):
    path = tmp_path / "errand.yaml"
    path.write_text(MAY)
    return path


@pytest.mark.parametrize("day, lines, outcome, due", MAY_CALLS)
def test_what_a_book_may_is_done(run, errand, day, lines, outcome, due):
    """What `serve` carries out itself is judged and kept; a call-back is told, and nobody is called."""
    words = "".join(line + "\n" for line in lines).encode()
    flags = ("--var", "today=2026-11-23", "--var", f"day={day}")
    told = run("rulebook", "try", errand, "--json", *flags, stdin=words).lines()[-1]
    assert (told["outcome"], told["callback"]) == (outcome, due)
    assert ("call-back due 2026-11-24 09:00, +14155550123" in run("rulebook", "try", errand, *flags, stdin=words).out) == (due is not None)


@pytest.mark.parametrize("day, lines, outcome, due", MAY_CALLS)
def test_and_in_a_call_from_the_terminal(run, errand, model, tmp_path, day, lines, outcome, due):
    words = "".join(line + "\n" for line in [*lines, "/hangup"]).encode()
    done = run("call", "--rulebook", errand, "--type", "--data", tmp_path / "kept", "--set", f"vad.model_file={model}", "--json", "--var", "today=2026-11-23",
               "--var", f"day={day}", stdin=words)
    assert (done.json()["outcome"], done.json()["callback"]) == (outcome, due), done.out + done.err


def test_advice_is_given(run, errand):
    errand.write_text(MAY.replace("    expect: yes_no\n", "    expect: name\n"))
    done = run("rulebook", "check", errand)
    assert done.status == 0 and "advice: flow.hour.expect: without from and to" in done.out and "advice: flow.more.expect: the offline recogniser" in done.out
    assert [a["path"] for a in run("rulebook", "check", errand, "--json").json()["advice"]] == ["flow.hour.expect", "flow.more.expect"]
    assert "advice" not in run("rulebook", "check", BOOKS / "appointment-reminder.yaml").out


@pytest.mark.parametrize("words", [["what else is there"], ["do not need to see"]])
def test_a_listed_phrase_is_understood(run, words):
    records, _ = talk(run, "appointment-reminder", ["yes", *words])
    assert [r["value"] for r in records if r.get("question") == "plan"] == ["move" if "else" in words[0] else "cancel"]
