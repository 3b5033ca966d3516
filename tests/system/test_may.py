"""What a rule-book lets the agent do besides its tools (`may`), in whole calls out against the real `callfunnel serve` and a carrier on loopback."""
import datetime
import threading

import pytest

from callers import voice  # noqa: F401
from house import House, until
from test_dial import CALLEE, Callee
from twiliophone import ACCOUNT, NUMBER, PUBLIC, SECRET
from twiliorest import Rest

BOOK = """
rulebook: 1
id: errand
version: "1"
title: Whether we may call again
company: Northern Power
agent: {name: Maya, persona: You ask whether you may call again. You are polite and brief.}
languages: {en-US: {voice: slt}}
goal: Agree on a time.
may: {record_outcome: true, schedule_callback: {days: 2}, send_digits: true}
variables:
  day: {type: text, about: The day., sample: "2026-11-24"}
  time: {type: text, about: The time., sample: "10:00"}
unclear: bad
flow:
  - ask: person
    text: Am I speaking with Alex?
    expect: yes_no
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
    arguments: {day: "{day}", time: "{time}"}
    failed: bad
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


@pytest.fixture
def rest():
    r = Rest()
    yield r
    r.close()


@pytest.fixture
def house(tmp_path, model, rest):
    books = tmp_path / "books"
    books.mkdir()
    (books / "errand.yaml").write_text(BOOK)
    h = House(tmp_path, model, f"server.public_url={PUBLIC}", f"rulebooks.dir={books}", f"providers.twilio.url={rest.url}")
    h.start()
    h.command("route", "add", NUMBER, "local", "errand", "--account", ACCOUNT)
    h.command("secret", "set", "local", "twilio.auth_token", stdin=SECRET.encode())
    h.sign_in()
    yield h
    h.close()


def place(house, when):
    return house.ask("POST", "/v1/calls", {"to": CALLEE, "rulebook": "errand", "variables": {"day": when.strftime("%Y-%m-%d"), "time": when.strftime("%H:%M")}})


def test_a_call_back_is_placed_once_though_the_conductor_dies(house, rest, voice):
    """Keys are pressed, an outcome is noted, a call-back is agreed on; its conductor is killed, and the next one places it once."""
    due = (datetime.datetime.now() + datetime.timedelta(seconds=110)).replace(second=0, microsecond=0)  # 50 s ahead at least: the call is over by then
    assert place(house, due).status == 202
    leg = until(lambda: rest.legs and rest.legs[0], 20, "the carrier is asked")
    callee = Callee(house, leg, voice)
    callee.answer_and_hold()
    call = until(lambda: house.call(leg.attempt)["state"] == "ended" and house.call(leg.attempt), 20, "the call has ended")
    assert (call["outcome"], call["result"]) == ("agreed", "success"), "\n".join(map(str, callee.follower.whole()))
    said = [line["text"] for line in callee.follower.of("heard")]
    assert "[keys sent]" in said and "42#" not in " ".join(said)
    assert "42#" not in house.errors() and CALLEE not in house.errors()
    house.back("conductor", house.kill("conductor"))
    assert datetime.datetime.now() < due and len(rest.legs) == 1
    again = until(lambda: len(rest.legs) > 1 and rest.legs[1], 130, "the call-back is placed")
    assert datetime.datetime.now() >= due and again.one("To") == CALLEE and again.attempt != leg.attempt
    threading.Event().wait(12)  # two more sweeps
    assert len(rest.legs) == rest.requests == 2
