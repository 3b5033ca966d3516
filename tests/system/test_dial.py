"""Whole calls out: `callfunnel dial` and POST /v1/calls against the real `callfunnel serve`, with Twilio's REST, signatures and telephone by
Twilio's side.
"""
import asyncio
import json
import subprocess
import threading

import pytest

from callers import Caller, voice  # noqa: F401
from conftest import BINARY
from house import Follower, House, until
from test_openapi import check, operations
from twiliophone import ACCOUNT, NUMBER, PUBLIC, SECRET
from twiliorest import Rest

CALLEE = "+14155550199"
OPERATIONS = {o.id: o for o in operations()}


@pytest.fixture
def rest():
    r = Rest()
    yield r
    r.close()


@pytest.fixture
def house(tmp_path, model, rest):
    h = House(tmp_path, model, f"server.public_url={PUBLIC}", "calls.samples=true", f"providers.twilio.url={rest.url}")
    h.start()
    h.command("route", "add", NUMBER, "local", "appointment-reminder", "--account", ACCOUNT)
    h.command("secret", "set", "local", "twilio.auth_token", stdin=SECRET.encode())
    h.sign_in()
    yield h
    h.close()


def dial(house, *more, to=CALLEE):
    """`callfunnel dial` as a process; its output and status when it is over."""
    return subprocess.Popen(house.words("dial", "--to", to, "--rulebook", "appointment-reminder", "--json", *more), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def told(process, seconds=120):
    out, errors = process.communicate(timeout=seconds)
    assert not errors or process.returncode, errors
    return process.returncode, json.loads(out)


def place(house, to=CALLEE, key=None, **more):
    return house.ask("POST", "/v1/calls", {"to": to, "rulebook": "appointment-reminder", **more}, {"Idempotency-Key": key} if key else None)


def state(house, call):
    return house.call(call)["dial"]["state"]


class Callee(Caller):
    """Whoever picks up: the carrier asks the attempt's own URL what to do."""

    def __init__(self, house, leg, voice):
        super().__init__(house, 1, voice)
        self.leg = leg
        self.phone.call = leg.sid
        self.phone.path = leg.path("Url")
        self.phone.webhook.call = leg.sid
        self.phone.webhook.params |= {"CallSid": leg.sid, "Direction": "outbound-api", "From": NUMBER, "To": leg.one("To"), "CallStatus": "in-progress"}
        self.follower = Follower(house, leg.attempt)

    def answer_and_hold(self):
        asyncio.run(self.phone.hold())
        self.leg.tell(self.house.ready["url"], "completed", CallDuration="20")


def in_background(act):
    threading.Thread(target=act, daemon=True).start()


# ---- whole calls ----


def test_a_whole_call_out(house, rest, voice):
    """From the command line to the outcome: rung, answered by a person, talked to, ended."""
    url = house.ready["url"]
    process = dial(house)
    leg = until(lambda: rest.legs and rest.legs[0], 20, "the carrier is asked")
    assert [leg.form[name] for name in ("To", "From", "Record", "Timeout")] == [[CALLEE], [NUMBER], ["false"], ["30"]]
    assert leg.form["StatusCallbackEvent"] == ["initiated", "ringing", "answered", "completed"]
    assert [leg.tell(url, status) for status in ("initiated", "ringing", "in-progress")] == [200] * 3
    callee = Callee(house, leg, voice)
    in_background(lambda: leg.tell(url, name="AsyncAmdStatusCallback", AnsweredBy="human", MachineDetectionDuration="1200"))
    callee.answer_and_hold()
    status, call = told(process)
    assert status == 0, call
    assert (call["call"], call["direction"], call["state"], call["outcome"], call["result"]) == (leg.attempt, "outbound", "ended", "confirmed", "success")
    assert (call["dial"]["state"], call["dial"]["answered_by"], call["dial"]["to"]) == ("completed", "human", "+*******0199")
    assert callee.phone.streams == 1 and callee.phone.verbs[-1] == ["Hangup"]
    assert rest.requests == 1
    assert CALLEE not in house.errors() and SECRET not in house.errors()


@pytest.mark.parametrize("end, reason", [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed")])
def test_nobody_is_reached(house, rest, end, reason):
    rest.on_place = lambda leg: in_background(lambda: (leg.tell(house.ready["url"], "ringing"), leg.tell(house.ready["url"], end, SipResponseCode="486")))
    status, call = told(dial(house))
    assert status == 1
    assert (call["state"], call["reason"], call["dial"]["state"], call["dial"]["code"]) == ("ended", reason, reason, 486)
    assert rest.requests == 1


def test_a_machine_answers(house, rest):
    def answered(leg):
        leg.tell(house.ready["url"], "in-progress")
        leg.tell(house.ready["url"], name="AsyncAmdStatusCallback", AnsweredBy="machine_start", MachineDetectionDuration="3100")
        leg.tell(house.ready["url"], "completed")

    rest.on_place = lambda leg: in_background(lambda: answered(leg))
    status, call = told(dial(house))
    assert status == 1 and call["dial"]["answered_by"] == "machine_start" and call["reason"] == "unanswered"


def test_refused_by_the_carrier(house, rest):
    rest.refuse = 400, {"code": 21215, "message": "Geo permission is not enabled.", "status": 400}
    status, call = told(dial(house))
    assert status == 1
    assert (call["reason"], call["dial"]["state"], call["dial"]["code"], call["dial"]["why"]) == ("failed", "failed", 21215, "refused")
    assert rest.requests == 1


@pytest.mark.parametrize("to", ["911", "4155550199", "14155550199", "+1415555019", "+19005550199x", "sip:somebody@example.com"])
def test_numbers_that_are_none(house, rest, to):
    status, answer = told(dial(house, to=to))
    assert status == 2 and "number" in answer["error"]["message"]
    assert not rest.requests


def test_no_house(tmp_path):
    """Nothing is asked, and nothing is made."""
    folder = tmp_path / "none"
    done = subprocess.run([BINARY, "dial", "--to", CALLEE, "--rulebook", "appointment-reminder", "--data", str(folder)], capture_output=True, timeout=30, check=False)
    assert done.returncode == 3 and b"no conductor" in done.stderr and not folder.exists()


# ---- once (F03, N2) ----


def test_F03_killed_between_originate_and_record_it_rings_once(house, rest, voice):
    """The carrier has placed the call, and the conductor dies before it hears so: the next one finds the leg, and nobody is called twice."""
    dead = []
    rest.on_place = lambda leg: dead.append(house.kill("conductor"))
    process = dial(house)
    leg = until(lambda: rest.legs and dead and rest.legs[0], 20, "the carrier is asked")
    house.back("conductor", dead[0])
    leg.status = "ringing"
    until(lambda: state(house, leg.attempt) == "ringing", 30, "its leg is found")
    callee = Callee(house, leg, voice)
    callee.answer_and_hold()
    status, call = told(process)
    assert status == 0 and call["outcome"] == "confirmed", call
    assert rest.requests == len(rest.legs) == 1


def test_F03_the_same_key_rings_once(house, rest):
    """Whoever asks again with the same key, also behind a death, has the same call."""
    first = place(house, key="order-7")
    assert first.status == 202
    until(lambda: rest.legs, 20, "the carrier is asked")
    house.back("conductor", house.kill("conductor"))
    again = place(house, key="order-7")
    assert again.status == 202 and again.json()["call"] == first.json()["call"]
    assert place(house, "+14155550188", key="order-7").status == 422
    assert rest.requests == 1


# ---- callbacks (F22, F23) ----


def test_F22_F23_callbacks_twice_and_out_of_order(house, rest):
    call = place(house).json()["call"]
    leg = until(lambda: rest.legs and rest.legs[0], 20, "the carrier is asked")
    url = house.ready["url"]
    for told_status, seen in (("in-progress", "answered"), ("ringing", "answered"), ("completed", "completed"), ("completed", "completed"),
                              ("in-progress", "completed"), ("initiated", "completed"), ("busy", "completed")):
        assert leg.tell(url, told_status) == 200
        assert state(house, call) == seen
    assert leg.tell(url, "failed", secret="another secret") == 403
    assert house.call(call)["reason"] == "unanswered"


def test_ended_while_it_rings(house, rest):
    """An order reaches the carrier, and the end is known though no callback ever comes."""
    made = place(house)
    check(OPERATIONS["makeCall"], made, 202)
    call = made.json()["call"]
    check(OPERATIONS["getCall"], house.ask("GET", f"/v1/calls/{call}"), 200)
    until(lambda: state(house, call) == "queued", 20, "the carrier has it")
    assert house.ask("POST", f"/v1/calls/{call}/end").status == 204
    until(lambda: state(house, call) == "completed", 20, "its leg has ended")
    assert len(rest.ended) == 1 and house.call(call)["reason"] == "order"
