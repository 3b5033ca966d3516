"""The sandbox's Twilio: what its own SDK and our adapter ask it, what it answers, and calls that live: signed webhooks, TwiML, the media socket."""
import http.server
import inspect
import json
import pathlib
import re
import subprocess
import threading
import urllib.parse

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance

from conftest import BINARY
from house import House, brief_books, until
from sandboxkit import BOOK, PEER, Sandbox, canonical

ACCOUNT, TOKEN = "AC00000000000000000000000000000001", "token-of-the-test"
FROM, TO = "+15550100", "+15550199"
KNOWN = set(re.findall(r'payload\.get\(\s*"([a-z_]+)"', inspect.getsource(CallInstance.__init__)))
PUBLIC = "https://calls.example.com"
EVENTS = ["initiated", "ringing", "answered", "completed"]


class There(TwilioHttpClient):
    """The SDK's own client, at another address; keeps the bodies that came."""

    def __init__(self, url):
        super().__init__()
        self.there = url
        self.bodies = []

    def request(self, method, url, **more):
        reply = super().request(method, url.replace("https://api.twilio.com", self.there), **more)
        self.bodies.append(json.loads(reply.text))
        return reply


class Webhooks:
    """Answers <Pause/> and keeps what came: path and form, each with a good signature."""

    def __init__(self):
        self.got = []
        self.twiml = '<?xml version="1.0" encoding="UTF-8"?><Response><Pause length="20"/></Response>'
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True, strict_parsing=True))
                good = RequestValidator(TOKEN).validate(outer.url + self.path, form, self.headers["X-Twilio-Signature"])
                outer.got.append((self.path, form, good))
                self.send_response(200)
                self.send_header("Content-Type", "text/xml")
                self.end_headers()
                self.wfile.write(outer.twiml.encode())

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, path):
        return [form for at, form, _ in self.got if at == path]


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def client(sandbox):
    sandbox.forget()
    return Client(ACCOUNT, TOKEN, http_client=There(sandbox.urls["twilio"]))


@pytest.fixture
def hooks():
    one = Webhooks()
    yield one
    one.server.shutdown()
    one.server.server_close()
    assert all(good for _, _, good in one.got)


def place(client, hooks, **more):
    return client.calls.create(**{"to": TO, "from_": FROM, "url": hooks.url + "/voice?a=1&b=2", "status_callback": hooks.url + "/status",
                                  "status_callback_event": EVENTS, "timeout": 30, **more})


def statuses(hooks):
    return [form["CallStatus"] for form in hooks.of("/status")]


# ---- REST ----

def test_calls_are_typed(sandbox, client, hooks):
    placed = place(client, hooks)
    assert (placed.status, placed.direction, placed.to, placed._from) == ("queued", "outbound-api", TO, FROM) and placed.date_created.year > 2000
    until(lambda: client.calls(placed.sid).fetch().status == "in-progress", 10, "it is answered")
    assert [call.sid for call in client.calls.list(to=TO, from_=FROM, status="in-progress")][0] == placed.sid
    ended = client.calls(placed.sid).update(status="completed")
    assert ended.status == "completed" and ended.end_time and int(ended.duration) >= 0
    bodies = client.http_client.bodies
    for call in [one for body in bodies for one in body.get("calls", [body])]:
        assert set(call) == KNOWN, set(call) ^ KNOWN


def test_lists_go_page_by_page(client, hooks):
    placed = [place(client, hooks, to="+15550123").sid for _ in range(5)]
    assert [call.sid for call in client.calls.list(to="+15550123", page_size=2)] == placed[::-1]
    for sid in placed:
        client.calls(sid).update(status="canceled")


@pytest.mark.parametrize("change, code", [
    ({"to": "12"}, 21211), ({"from_": "me"}, 21212), ({"url": "ftp://x"}, 21205), ({"url": None, "twiml": "<Response>" + "x" * 4000}, 21218)])
def test_refusals(client, hooks, change, code):
    with pytest.raises(TwilioRestException) as refusal:
        place(client, hooks, **{name: value for name, value in change.items()})
    assert (refusal.value.status, refusal.value.code) == (400, code)


def test_an_account_that_is_not_the_one_of_the_path(sandbox, client):
    with pytest.raises(TwilioRestException) as refusal:
        Client("AC00000000000000000000000000000002", TOKEN, account_sid=ACCOUNT, http_client=There(sandbox.urls["twilio"])).calls("CA1").fetch()
    assert (refusal.value.status, refusal.value.code) == (401, 20003)
    with pytest.raises(TwilioRestException) as refusal:
        client.calls("CA00000000000000000000ffffffffffff").fetch()
    assert (refusal.value.status, refusal.value.code) == (404, 20404)


def test_one_that_is_over_is_not_updated(client, hooks):
    call = place(client, hooks)
    client.calls(call.sid).update(status="canceled")
    with pytest.raises(TwilioRestException) as refusal:
        client.calls(call.sid).update(status="completed")
    assert (refusal.value.status, refusal.value.code) == (400, 21220)


@pytest.mark.parametrize("status, code", [(429, 20429), (503, 20500)])
def test_faults_of_rest(sandbox, client, hooks, status, code):
    sandbox.faults({"vendor": "twilio", "kind": "status", "status": status, "retry_after_ms": 2000})
    with pytest.raises(TwilioRestException) as refusal:
        place(client, hooks)
    assert (refusal.value.status, refusal.value.code) == (status, code)
    client.calls(place(client, hooks).sid).update(status="canceled")


def test_our_adapter_and_the_sdk_ask_the_same(sandbox, client, hooks):
    call = place(client, hooks, record=False, url=hooks.url + "/voice").sid
    client.calls(call).fetch()
    client.calls.page(to=TO, from_=FROM, page_size=50)
    client.calls(call).update(url=hooks.url + "/voice")
    client.calls(call).update(status="completed")
    theirs = sandbox.requests("twilio")
    sandbox.forget()
    words = [str(pathlib.Path(PEER).parent / "twilio_peer"), sandbox.urls["twilio"], ACCOUNT, TOKEN, call, hooks.url + "/voice", hooks.url + "/status"]
    for line in subprocess.run(words, capture_output=True, check=True, timeout=20).stdout.splitlines():
        ask = json.loads(line)
        name, _, value = ask["header"].partition(": ")
        requests.request(ask["method"], ask["url"], headers={name: value, **({"Content-Type": "application/x-www-form-urlencoded"} if ask["form"] else {})},
                         data=ask["form"], timeout=10)
    ours = sandbox.requests("twilio")
    assert len(ours) == 5
    assert [canonical("twilio", one) for one in ours] == [canonical("twilio", one) for one in theirs]


# ---- a call's life ----

def test_a_call_out_tells_how_far_it_is(client, hooks):
    call = place(client, hooks)
    until(lambda: hooks.of("/voice?a=1&b=2"), 10, "its Url is asked for")
    client.calls(call.sid).update(twiml="<Response><Hangup/></Response>")
    until(lambda: len(statuses(hooks)) == 4, 10, "four callbacks")
    told = sorted(hooks.of("/status"), key=lambda form: int(form["SequenceNumber"]))
    assert [form["CallStatus"] for form in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert {form["CallSid"] for form in told} == {call.sid} and "CallDuration" in told[-1]


@pytest.mark.parametrize("outcome, code", [("busy", "486"), ("no-answer", "487"), ("failed", "404")])
def test_phones_that_do_not_answer(sandbox, client, hooks, outcome, code):
    assert sandbox.ask("POST", "/twilio/phones", {"number": "+15550177", "outcome": outcome, "ring_ms": 50})[0] == 204
    call = place(client, hooks, to="+15550177")
    until(lambda: client.calls(call.sid).fetch().status == outcome, 10, outcome)
    until(lambda: outcome in statuses(hooks), 10, "it is told")
    assert hooks.of("/status")[-1]["SipResponseCode"] == code and not hooks.of("/voice?a=1&b=2")


def test_callbacks_that_are_late_twice_and_lost(sandbox, client, hooks):
    sandbox.faults({"vendor": "twilio", "kind": "stall", "path": "/callback/initiated", "hold_ms": 1500},
                   {"vendor": "twilio", "kind": "duplicate", "path": "/callback/ringing"}, {"vendor": "twilio", "kind": "reset", "path": "/callback/in-progress"})
    call = place(client, hooks)
    until(lambda: len(statuses(hooks)) == 3, 10, "what was not lost")
    assert statuses(hooks) == ["ringing", "ringing", "initiated"]
    client.calls(call.sid).update(status="completed")
    until(lambda: len(statuses(hooks)) == 4, 10, "the end")


def test_another_url_takes_over(client, hooks):
    call = place(client, hooks)
    until(lambda: hooks.of("/voice?a=1&b=2"), 10, "its Url is asked for")
    hooks.twiml = "<Response><Hangup/></Response>"
    client.calls(call.sid).update(url=hooks.url + "/other")
    until(lambda: client.calls(call.sid).fetch().status == "completed", 10, "it is over")
    assert len(hooks.of("/other")) == 1


@pytest.mark.parametrize("twiml", ["", "no TwiML", "<Response>", "<Response><Play>x</Play></Response>", "<Response><Pause length=1/></Response>",
                                   "<Response><Say>&nbsp;</Say></Response>", "<Response/><Response/>",
                                   "<Response><Redirect>" + "x" * 2000 + "</Redirect></Response>"])
def test_what_is_no_twiml_ends_the_call(client, hooks, twiml):
    hooks.twiml = twiml
    call = place(client, hooks)
    until(lambda: client.calls(call.sid).fetch().status == "completed", 10, "it is over")


@pytest.mark.parametrize("change, where", [({"url": "x"}, "url"), ({"script": [{}]}, "script"), ({"script": [{"play": "/none.wav"}]}, None),
                                           ({"from": "+1" * 50}, "from"), ({"ring_ms": -1}, "ring_ms"), ({"outcome": "gone"}, "outcome")])
def test_calls_in_that_are_none(sandbox, change, where):
    status, said = sandbox.ask("POST", "/twilio/calls", {"url": "http://127.0.0.1:1/x", **change})
    assert status == 400 and (where is None or json.loads(said)["error"]["where"] == where), said


# ---- with the product ----

@pytest.fixture
def house(tmp_path, model):
    h = House(tmp_path, model, f"server.public_url={PUBLIC}", "calls.samples=true", f"rulebooks.dir={brief_books(tmp_path)}")
    h.start()
    h.command("route", "add", FROM, "local", "appointment-reminder")
    h.command("secret", "set", "local", "twilio.auth_token", stdin=TOKEN.encode())
    h.sign_in()
    yield h
    h.close()
    assert h.replayed >= 1


@pytest.fixture
def rings(run, tmp_path, sandbox, house):
    """rings("yes", "keep it"): a call comes in, whose caller says these and hangs up; until it is over: as we and as the sandbox saw it."""
    sandbox.forget()

    def start(*words):
        for word in words:
            assert run("say", word, "-o", tmp_path / f"{word}.wav").status == 0
        # Whoever has said something waits for an answer as people do, on a slow machine too.
        script = [{"silence_ms": 2000, "play": str(tmp_path / f"{word}.wav")} for word in words] + [{"silence_ms": 8000 if words else 800, "hang_up": True}]
        status, said = sandbox.ask("POST", "/twilio/calls", {"to": FROM, "from": TO, "auth_token": TOKEN, "url": PUBLIC + "/webhooks/twilio/voice",
                                                           "via": house.ready["url"], "script": script})
        assert status == 201, said
        sid = json.loads(said)["sid"]
        seen = until(lambda: next(call for call in json.loads(sandbox.ask("GET", "/twilio/calls")[1])["calls"] if call["sid"] == sid and
                                  call["status"] == "completed") if is_over(sid) else None, 90, "it is over")
        return until(lambda: next((call for call in house.calls() if call["state"] == "ended"), None), 30, "we know that"), seen

    def is_over(sid):
        return any(call["sid"] == sid and call["status"] == "completed" for call in json.loads(sandbox.ask("GET", "/twilio/calls")[1])["calls"])

    return start


def test_a_whole_call_comes_in(rings):
    call, seen = rings("yes", "keep it")
    assert (call["reason"], call["outcome"], seen["streams"]) == ("agent", "confirmed", 1)


def test_the_caller_hangs_up(rings):
    call, seen = rings()
    assert call["reason"] == "caller" and seen["step"] == 1


def test_a_socket_that_breaks_comes_again(rings, sandbox):
    """<Redirect> behind <Connect> is asked for, and gives another socket."""
    sandbox.faults({"vendor": "twilio", "kind": "reset", "path": "/media", "after_messages": 200})
    call, seen = rings("yes", "keep it")
    assert seen["streams"] == 2 and call["outcome"] == "confirmed"
