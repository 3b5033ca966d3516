"""Whole calls out by Exotel: `callfunnel dial` against the real `callfunnel serve`, with Exotel's REST, flow and telephone by Exotel's side."""
import asyncio
import subprocess
import urllib.parse

import pytest

from callers import Caller, voice  # noqa: F401
from exotelphone import ACCOUNT, KEY, ExotelPhone
from exotelrest import API_KEY, API_TOKEN, Rest
from house import Follower, House, brief_books, until
from test_dial import told
from twiliophone import NUMBER, PUBLIC

CALLEE = "+919800000001"


@pytest.fixture
def rest():
    r = Rest()
    yield r
    r.close()


@pytest.fixture
def house(tmp_path, model, rest):
    h = House(tmp_path, model, f"server.public_url={PUBLIC}", "calls.samples=true", f"providers.exotel.url={rest.url}",
              f"rulebooks.dir={brief_books(tmp_path)}")
    h.start()
    h.command("route", "add", NUMBER, "local", "appointment-reminder", "--account", ACCOUNT, "--carrier", "exotel")
    for name, value in (("webhook_key", KEY), ("api_key", API_KEY), ("api_token", API_TOKEN)):
        h.command("secret", "set", "local", f"exotel.{name}", stdin=value.encode())
    h.sign_in()
    yield h
    h.close()


def dial(house, *more):
    return subprocess.Popen(house.words("dial", "--to", CALLEE, "--rulebook", "appointment-reminder", "--json", *more), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


class Callee(Caller):
    """Whoever picks up; the flow says again what the leg was called when it was asked for."""

    def __init__(self, house, leg, voice):
        super().__init__(house, 1, voice)
        self.leg = leg
        self.phone = ExotelPhone(house.ready["url"], leg.sid, self.answer)
        self.phone.query |= {"Direction": "outbound-api", "CustomField": leg.one("CustomField"), "CallFrom": CALLEE}
        self.follower = Follower(house, leg.attempt)

    def answer_and_hold(self):
        self.leg.tell(self.house.ready["url"], "answered", "in-progress")
        asyncio.run(self.phone.hold())


def first_leg(rest):
    return until(lambda: rest.legs and rest.legs[0], 20, "the carrier is asked")


def good(call, leg):
    assert (call["call"], call["direction"], call["state"], call["outcome"], call["result"]) == (leg.attempt, "outbound", "ended", "confirmed", "success")
    assert (call["kind"], call["dial"]["state"], call["dial"]["to"]) == ("exotel", "completed", "+********0001")


def test_a_whole_call_out_by_a_flow(house, rest, voice):  # noqa: F811
    house.command("secret", "set", "local", "exotel.app_id", stdin=b"9001")
    process = dial(house)
    leg = first_leg(rest)
    assert [leg.one(name) for name in ("From", "CallerId", "Record", "TimeOut")] == [CALLEE, NUMBER, "false", "30"]
    assert leg.one("Url") == f"http://my.exotel.com/{ACCOUNT}/exoml/start_voice/9001" and 600 < int(leg.one("TimeLimit")) < 800
    callee = Callee(house, leg, voice)
    callee.answer_and_hold()
    assert callee.phone.asked == [("voice", 200), ("after", 302)]
    leg.tell(house.ready["url"], "terminal", "completed")
    status, call = told(process)
    assert status == 0, call
    good(call, leg)
    assert rest.requests == 1 and not rest.others and len(house.calls()) == 1
    assert CALLEE not in house.errors() and KEY not in house.errors() and API_TOKEN not in house.errors()


def test_a_whole_call_out_straight_to_a_socket(house, rest, voice):  # noqa: F811
    """Connect Voice AI: no flow asks for an address, and no callback ever comes: the end is looked up."""
    process = dial(house)
    leg = first_leg(rest)
    assert leg.one("StreamType") == "bidirectional" and "Url" not in leg.form
    callee = Callee(house, leg, voice)
    offers = [leg.one("StreamUrl")]
    callee.phone.voicebot = lambda: offers.pop() if offers else None
    callee.phone.passthru = lambda: False
    asyncio.run(callee.phone.hold())
    assert callee.phone.codes == [1000]
    leg.status = "completed"
    status, call = told(process)
    assert status == 0, call
    good(call, leg)
    assert rest.requests == 1 and not rest.others


def test_F03_an_answer_that_is_lost_rings_once(house, rest):
    """The leg is there, Exotel's answer is not: it is never asked for again, and its end is found in the list."""
    rest.loses = True
    rest.on_place = lambda leg: setattr(leg, "status", "no-answer")
    status, call = told(dial(house))
    assert status == 1 and (call["reason"], call["dial"]["state"]) == ("no_answer", "no_answer"), call
    assert rest.requests == len(rest.legs) == 1


def test_refused(house, rest):
    rest.refuse = 403, {"RestException": {"Status": 403, "Message": "not enabled", "Code": 34010}}
    status, call = told(dial(house))
    assert status == 1 and (call["dial"]["why"], call["dial"]["code"]) == ("refused", 34010)
    assert rest.requests == 1


def test_a_callback_without_the_secret(house, rest):
    process = dial(house)
    leg = first_leg(rest)
    good_url = leg.one("StatusCallback")
    leg.form["StatusCallback"] = [good_url.partition("&key=")[0]]
    assert leg.tell(house.ready["url"], "terminal", "failed") == 403
    leg.form["StatusCallback"] = [good_url]
    assert urllib.parse.parse_qs(urllib.parse.urlsplit(good_url).query)["call"] == [leg.attempt]
    assert leg.tell(house.ready["url"], "terminal", "busy") == 200
    status, call = told(process)
    assert status == 1 and call["reason"] == "busy"
