"""A call that is handed over to a person, against the real `callfunnel serve`: Twilio's REST, its telephone with <Dial>, <Conference> and <Gather>, and the
person who is called.
"""
import asyncio
import http.client
import threading
import urllib.parse
import xml.etree.ElementTree as tree

import pytest
from twilio.request_validator import RequestValidator

from callers import Caller, voice  # noqa: F401
from house import House, until
from test_openapi import check, operations
from twiliophone import ACCOUNT, NUMBER, PUBLIC, SECRET, Phone, stream_of
from twiliorest import Rest

HUMAN, CHILD = "+14155550188", "CA" + "c" * 32
OPERATIONS = {o.id: o for o in operations()}
BOOK = """
rulebook: 1
id: desk
version: "1"
title: Whom the call is handed over to
company: Northern Power
agent: {name: Maya, persona: You hand calls over. You are polite and brief.}
languages: {en-US: {voice: slt}}
goal: Hand the call over.
may:
  transfer:
    desk: {to: "+14155550188", how: HOW, ring_s: 20, outcome: passed, about: The desk., MORE}
unclear: bad
flow:
  - ask: person
    text: Am I speaking with Alex?
    expect: yes_no
  - tool: handover
    call: transfer
    text: I will put you through to a colleague now.
    arguments: {target: desk}
    failed: nobody
  - goodbye: done
    text: Goodbye.
    outcome: passed
  - goodbye: nobody
    text: I am sorry, nobody could be reached. Goodbye.
    outcome: missed
  - goodbye: bad
    text: Goodbye.
    outcome: failed
outcomes:
  passed: {about: A person has the call., result: success}
  missed: {about: Nobody took the call., result: neutral}
  failed: {about: Something did not work., result: failure}
unfinished:
  - {outcome: failed}
"""
WARM = "briefing: 'A caller wants to talk to somebody at {company}.'"


def post(house, path, params, secret=SECRET):
    """A signed webhook below the public address: (status, body)."""
    connection = http.client.HTTPConnection(house.ready["url"].removeprefix("http://"), timeout=20)
    try:
        connection.request("POST", path, urllib.parse.urlencode(params), {"Content-Type": "application/x-www-form-urlencoded",
                           "X-Twilio-Signature": RequestValidator(secret).compute_signature(PUBLIC + path, params)})
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


def below(url):
    assert url.startswith(PUBLIC), url
    return url.removeprefix(PUBLIC)


class Line(Phone):
    """A telephone that can be sent to other TwiML, and that can dial: `on_dial` gives what the <Dial>'s action is told, None when the caller hangs up."""

    def __init__(self, house, call, rest, answer):
        super().__init__(house.ready["url"], call, answer)
        self.rest = rest
        self.sent_to = None
        self.on_dial = lambda dial: None
        self.leaves = lambda: self.sent_to is not None
        self.asked = []  # every path with the parameters
        rest.callers[call] = "in-progress"
        rest.on_redirect = self.redirect

    def redirect(self, sid, path):
        if sid == self.call:
            self.sent_to = path

    def twiml(self, path):
        self.asked.append((path, dict(self.webhook.params)))
        return self.webhook.twiml(path)

    async def _hold(self):
        path = self.path
        while path:
            verbs = self.twiml(path)
            self.verbs.append([v.tag for v in verbs])
            path = await self._act(verbs)
            path, self.sent_to = self.sent_to or path, None
        self.rest.callers[self.call] = "completed"

    async def _act(self, verbs):
        """Where to ask next; None: it is over."""
        stream, dial = stream_of(verbs), next((v for v in verbs if v.tag == "Dial"), None)
        await self._pause(verbs)
        if dial is not None:
            told = await asyncio.get_running_loop().run_in_executor(None, self.on_dial, dial)
            self.webhook.params |= {"CallStatus": "in-progress", **(told or {"CallStatus": "completed", "DialCallStatus": "no-answer"})}
            return below(dial.get("action"))
        if stream:
            await self._stream(stream[0], stream[1])
            self.left = False
            return stream[2]
        after = next((v for v in verbs if v.tag == "Redirect"), None)
        return below(after.text) if after is not None else None


class Transferee(Caller):
    def __init__(self, house, number, voice, rest, others=()):
        super().__init__(house, number, voice, others)
        self.phone = Line(house, f"CA{number:032x}", rest, self.answer)

    def in_background(self):
        self.thread = threading.Thread(target=self.hold, daemon=True)
        self.thread.start()

    def transfer(self):
        return self.record().get("transfer", {})

    def said(self):
        return " ".join(line["text"] for line in self.follower.of("heard"))


@pytest.fixture
def rest():
    r = Rest()
    yield r
    r.close()


@pytest.fixture
def houses(tmp_path, model, rest):
    made = []

    def make(how, *settings, more=WARM):
        books = tmp_path / "books"
        books.mkdir()
        (books / "desk.yaml").write_text(BOOK.replace("HOW", how).replace(", MORE", f", {more}" if how == "warm" else ""))
        h = House(tmp_path, model, f"server.public_url={PUBLIC}", f"rulebooks.dir={books}", f"providers.twilio.url={rest.url}", *settings)
        made.append(h)
        h.start()
        h.command("route", "add", NUMBER, "local", "desk", "--account", ACCOUNT)
        h.command("secret", "set", "local", "twilio.auth_token", stdin=SECRET.encode())
        h.sign_in()
        return h

    yield make
    for h in made:
        assert HUMAN not in h.errors() and SECRET not in h.errors()
        h.close()
        assert h.replayed >= 1


def ended(caller):
    call = until(lambda: caller.record()["state"] == "ended" and not caller.record()["settling"] and caller.record(), 30, "the call has ended")
    check(OPERATIONS["getCall"], caller.house.ask("GET", f"/v1/calls/{call['call']}"), 200)
    return call


# ---- cold ----


def child(house, dial, status, **more):
    """Twilio tells of the leg that it dialled."""
    number = dial.find("Number")
    return post(house, below(number.get("statusCallback")), {"AccountSid": ACCOUNT, "CallSid": CHILD, "CallStatus": status, **more})[0]


def test_cold_and_answered(houses, rest, voice):
    """The announcement is heard to its end, the caller is dialled on, and the call is a success though no worker has it."""
    house = houses("cold")
    caller = Transferee(house, 1, voice, rest)
    seen = {}

    def talk(dial):
        number = dial.find("Number")
        seen["dial"] = (dial.get("callerId"), dial.get("timeout"), number.text, number.get("statusCallbackEvent"))
        assert child(house, dial, "in-progress") == 200
        seen["joined"] = caller.transfer()["state"]
        threading.Event().wait(18)  # longer than a call may be without a worker
        seen["live"] = caller.record()["state"]
        assert child(house, dial, "completed", CallDuration="18") == 200
        return {"DialCallStatus": "completed", "DialCallSid": CHILD, "DialCallDuration": "18"}

    caller.phone.on_dial = talk
    caller.hold()
    call = ended(caller)
    assert seen == {"dial": (NUMBER, "20", HUMAN, "answered completed"), "joined": "joined", "live": "live"}
    assert (call["reason"], call["outcome"], call["result"]) == ("transferred", "passed", "success"), call
    assert (call["transfer"]["state"], call["transfer"]["how"], call["transfer"]["leg_s"]) == ("done", "cold", 18)
    assert call["connected_ms"] >= 18000
    assert "put you through to a colleague now" in caller.said()
    assert caller.phone.verbs == [["Connect", "Redirect"], ["Dial"], ["Hangup"]] and caller.phone.streams == 1
    assert len(rest.redirects) == 1 and not rest.requests and rest.looks >= 1
    caller.follower.whole()


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed"])
def test_cold_and_back(houses, rest, voice, status):
    """Nobody is reached: the caller is with the agent again, in the same call, and is told so."""
    house = houses("cold")
    caller = Transferee(house, 2, voice, rest)
    caller.phone.on_dial = lambda dial: {"DialCallStatus": status, "DialCallSid": CHILD, "DialCallDuration": "0"}
    caller.hold()
    call = ended(caller)
    assert (call["reason"], call["outcome"], call["epoch"]) == ("agent", "missed", 2), (call, house.errors())
    assert call["transfer"]["state"] == status.replace("-", "_") and call["transfer"]["back"]
    assert "nobody could be reached" in caller.said()
    assert caller.phone.verbs == [["Connect", "Redirect"], ["Dial"], ["Connect", "Redirect"], ["Hangup"]]
    assert len(rest.redirects) == 1
    for path, params in caller.phone.asked[1:3]:  # said once more, later: nobody is called, nobody gets a stream
        status, body = post(house, path, params)
        assert status == 200 and "<Hangup/>" in body and HUMAN not in body
        assert post(house, path, params, "another secret")[0] == 403
    assert house.call(call["call"])["epoch"] == 2
    caller.follower.whole()


def test_cold_and_the_caller_hangs_up(houses, rest, voice):
    """While it rings: the call is over, by the caller."""
    house = houses("cold")
    caller = Transferee(house, 3, voice, rest)
    caller.hold()  # on_dial gives None
    call = ended(caller)
    assert (call["reason"], call["outcome"], call["transfer"]["state"]) == ("caller", "failed", "gone")
    assert caller.phone.verbs == [["Connect", "Redirect"], ["Dial"], ["Hangup"]]


def test_cold_and_the_conductor_dies(houses, rest, voice):
    """Killed while it rings: the next one knows the transfer, and the caller comes back to the agent."""
    house = houses("cold")
    caller = Transferee(house, 4, voice, rest)

    def die(dial):
        house.back("conductor", house.kill("conductor"))
        return {"DialCallStatus": "busy", "DialCallSid": CHILD}

    caller.phone.on_dial = die
    caller.hold()
    call = ended(caller)
    assert (call["reason"], call["outcome"], call["epoch"], call["transfer"]["state"]) == ("agent", "missed", 2, "busy"), (call, house.errors())
    assert len(rest.redirects) == 1


def test_refused_by_the_carrier(houses, rest, voice):
    """The caller never leaves the agent, who says that nobody could be reached."""
    house = houses("cold")
    caller = Transferee(house, 5, voice, rest)
    rest.redirect = lambda sid, form: (400, {"code": 21205, "message": "Invalid url", "status": 400})
    caller.hold()
    call = ended(caller)
    assert (call["outcome"], call["epoch"], call["transfer"]["state"], call["transfer"]["code"]) == ("missed", 1, "failed", 21205)
    assert caller.phone.streams == 1


# ---- warm ----


class Human:
    """The person who is called: a leg of our own, its webhooks asked as the carrier asks them."""

    def __init__(self, house, rest):
        self.house, self.rest = house, rest
        self.leg = until(lambda: rest.legs and rest.legs[0], 30, "the person is called")
        self.said = None
        self.room = None

    def ask(self, path, **more):
        params = {"AccountSid": ACCOUNT, "CallSid": self.leg.sid, "CallStatus": "in-progress", "Direction": "outbound-api", "From": NUMBER, "To": HUMAN, **more}
        status, body = post(self.house, path, params)
        assert status == 200, body
        return list(tree.fromstring(body))

    def tell(self, status, **more):
        assert self.leg.tell(self.house.ready["url"], status, **more) == 200

    def picks_up(self):
        """What is said to him; where the key goes."""
        verbs = self.ask(self.leg.path("Url"))
        self.tell("in-progress")
        assert [v.tag for v in verbs] == ["Gather", "Redirect"], verbs
        self.said = verbs[0].find("Say").text
        self.key = below(verbs[0].get("action"))
        assert below(verbs[1].text) == self.key
        return self

    def presses(self, key):
        verbs = self.ask(self.key, **({"Digits": key} if key else {}))
        conference = verbs[0].find("Conference") if verbs[0].tag == "Dial" else None
        if conference is not None:
            assert conference.get("startConferenceOnEnter") == conference.get("endConferenceOnExit") == "true"
            self.room = conference.text
        return self


def waits(caller, seen, over):
    """The caller in the conference, until it ends or somebody fetches him out of it."""
    def dial(verb):
        conference = verb.find("Conference")
        seen["room"] = (conference.text, conference.get("waitUrl"), conference.get("startConferenceOnEnter"), conference.get("endConferenceOnExit"))
        until(lambda: caller.phone.sent_to or over.is_set(), 60, "he is fetched, or it is over")
        return {"DialCallStatus": "completed"}
    caller.phone.on_dial = dial


def warm(houses, rest, voice, number, *settings, more=WARM):
    house = houses("warm", *settings, more=more)
    caller = Transferee(house, number, voice, rest)
    seen, over = {}, threading.Event()
    waits(caller, seen, over)
    caller.in_background()
    return house, caller, seen, over


def test_warm_and_joined(houses, rest, voice):
    """The person hears who calls, takes it by a key, and has the caller; when he hangs up both are free."""
    house, caller, seen, over = warm(houses, rest, voice, 11, "providers.twilio.hold_music_url=https://music.example.com/hold.mp3")
    human = Human(house, rest)
    assert [human.leg.form[name] for name in ("To", "From", "Record", "Timeout")] == [[HUMAN], [NUMBER], ["false"], ["20"]]
    human.tell("ringing")
    until(lambda: caller.transfer()["state"] == "ringing", 10, "it rings")
    human.picks_up()
    assert human.said == "A caller wants to talk to somebody at Northern Power. Press 1 to take the call."
    assert caller.transfer()["state"] == "briefed"
    human.presses("1")
    assert human.room == seen["room"][0] and seen["room"][1:] == ("https://music.example.com/hold.mp3", "false", "true")
    until(lambda: caller.transfer()["state"] == "joined", 10, "they talk")
    human.tell("completed", CallDuration="31")
    over.set()
    call = ended(caller)
    assert (call["reason"], call["outcome"], call["result"]) == ("transferred", "passed", "success"), call
    assert (call["transfer"]["state"], call["transfer"]["leg_s"], call["epoch"]) == ("done", 31, 1)
    assert rest.requests == 1 and len(rest.redirects) == 1 and not rest.ended
    caller.thread.join()
    assert caller.phone.verbs[-1] == ["Hangup"]


def back_again(caller, rest, state):
    call = ended(caller)
    assert (call["reason"], call["outcome"], call["epoch"], call["transfer"]["state"]) == ("agent", "missed", 2, state), (call, caller.house.errors())
    assert call["transfer"]["back"] and "nobody could be reached" in caller.said()
    assert [path.partition("step=")[2] for _, path in rest.redirects] == ["take", "back"] and rest.requests == 1
    caller.thread.join()
    assert caller.phone.verbs[1:] == [["Dial"], ["Connect", "Redirect"], ["Hangup"]]


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed"])
def test_warm_and_back(houses, rest, voice, status):
    house, caller, _, _ = warm(houses, rest, voice, 12)
    Human(house, rest).tell(status, SipResponseCode="486")
    back_again(caller, rest, status.replace("-", "_"))
    assert not rest.ended


@pytest.mark.parametrize("key", [None, "2"])
def test_warm_and_a_voicemail(houses, rest, voice, key):
    """No key, or another one: whatever answered does not get the caller, and is told to end."""
    house, caller, _, _ = warm(houses, rest, voice, 13)
    human = Human(house, rest).picks_up().presses(key)
    back_again(caller, rest, "refused")
    assert human.room is None and rest.ended == [human.leg]
    assert [v.tag for v in human.ask(human.leg.path("Url"))] == ["Hangup"]  # said once more
    assert human.presses("1").room is None


def test_warm_and_the_caller_hangs_up(houses, rest, voice):
    """While the person's telephone rings: it is told to stop."""
    house, caller, _, over = warm(houses, rest, voice, 14)
    caller.phone.on_dial = lambda dial: over.wait(60) and None
    human = Human(house, rest)
    human.tell("ringing")
    until(lambda: caller.transfer()["state"] == "ringing", 10, "it rings")
    over.set()
    call = ended(caller)
    assert (call["reason"], call["transfer"]["state"]) == ("caller", "gone"), call
    until(lambda: rest.ended == [human.leg], 20, "the person's leg is ended")
    assert [v.tag for v in human.ask(human.leg.path("Url"))] == ["Hangup"]
    assert len(rest.redirects) == 1


def test_warm_and_the_conductor_dies_between_request_and_record(houses, rest, voice):
    """The person's telephone rings and nobody here knows of it: he is not called again, his own webhooks say who he is, and he takes the call."""
    dead = []
    rest.on_place = lambda leg: dead.append(None) or dead.append(caller.house.kill("conductor"))
    house, caller, seen, over = warm(houses, rest, voice, 15)
    until(lambda: len(dead) == 2, 40, "it is dead")
    house.back("conductor", dead[1])
    human = Human(house, rest).picks_up().presses("1")
    assert human.room == seen["room"][0]
    over.set()
    call = ended(caller)
    assert (call["reason"], call["outcome"], call["transfer"]["state"]) == ("transferred", "passed", "done"), call
    assert rest.requests == 1
