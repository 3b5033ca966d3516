"""The sandbox's Exotel: its REST, calls that live, flows and status callbacks, the media socket in both spellings at all rates; whole calls of the product's
through it. No SDK of Exotel's exists; where pipecat-ai is installed, its serializer stands at our end of the socket.
"""
import asyncio
import base64
import email.parser
import http.server
import json
import struct
import subprocess
import threading
import time
import types
import urllib.parse
import wave

import pytest
import requests
import websockets
from websockets.sync.server import serve

from house import House, brief_books, until
from sandboxkit import Sandbox
from test_dial import told

ACCOUNT, AUTH = "acme1", ("key", "token")
NUMBER, CALLEE = "+15550100", "+14155550199"
PUBLIC = "https://calls.example.com"
KEY = "a-secret-of-this-house-alone"
APP = "9001"
FLOW_URL = f"http://my.exotel.com/{ACCOUNT}/exoml/start_voice/{APP}"
NOWHERE = {"StreamUrl": "ws://127.0.0.1:9/", "StreamType": "bidirectional"}
EVENTS = {"StatusCallbackEvents[0]": "answered", "StatusCallbackEvents[1]": "terminal"}


class Hooks:
    """A flow's questions and the status callbacks: keeps them, and answers what `voice` and `after` have."""

    def __init__(self):
        self.asked, self.told, self.types = [], [], []
        self.voice = 200, {}
        self.after = [302]
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def reply(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                path, _, query = self.path.partition("?")
                outer.asked.append((path, dict(urllib.parse.parse_qsl(query, strict_parsing=True, keep_blank_values=True)), self.headers["Authorization"]))
                if path == "/after":
                    self.reply(outer.after.pop(0) if len(outer.after) > 1 else outer.after[0], b"")
                else:
                    self.reply(outer.voice[0], json.dumps(outer.voice[1]).encode())

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.types.append(self.headers.get_content_type())
                outer.told.append(read_form(self.headers, body))
                self.reply(200, b"")

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, path):
        return [query for at, query, _ in self.asked if at == path]


def read_form(headers, body):
    if headers.get_content_type() == "application/json":
        return json.loads(body)
    if headers.get_content_type() == "application/x-www-form-urlencoded":
        return dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
    parts = email.parser.BytesParser().parsebytes(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    return {part.get_param("name", header="content-disposition"): part.get_payload() for part in parts.get_payload()}


class Bot:
    """Our end of a media socket: keeps what comes, and does `act` once the start is there."""

    def __init__(self, act=lambda bot, socket: None):
        self.got, self.codes, self.paths, self.act = [], [], [], act
        self.server = serve(self.hold, "127.0.0.1", 0, compression=None)
        self.url = f"ws://127.0.0.1:{self.server.socket.getsockname()[1]}/media"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def hold(self, socket):
        self.paths.append(socket.request.path)
        try:
            for message in socket:
                self.got.append(json.loads(message))
                if self.got[-1]["event"] == "start":
                    self.stream = self.got[-1].get("stream_sid") or self.got[-1]["streamSid"]
                    self.act(self, socket)
        except websockets.exceptions.ConnectionClosedError:
            pass
        self.codes.append(socket.protocol.close_code)

    def of(self, event):
        return [message for message in self.got if message["event"] == event]

    def say(self, socket, event, key="stream_sid", **body):
        socket.send(json.dumps({"event": event, key: self.stream, **body}))

    def sound(self, socket, size, key="stream_sid"):
        self.say(socket, "media", key, media={"payload": base64.b64encode(bytes(size)).decode()})

    def ended(self, *codes):
        """All that came is here: the sockets were closed by these."""
        until(lambda: len(self.codes) == len(codes), 5, "closed")
        assert self.codes == list(codes)

    def close(self):
        self.server.shutdown()


@pytest.fixture(scope="module")
def running():
    with Sandbox() as one:
        yield one


@pytest.fixture
def sandbox(running):
    running.forget()
    assert running.ask("DELETE", "/exotel/settings")[0] == 204
    return running


@pytest.fixture
def hooks():
    one = Hooks()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def bots():
    made = []

    def make(*args):
        made.append(Bot(*args))
        return made[-1]

    yield make
    for bot in made:
        bot.close()


def settings(sandbox, **what):
    status, said = sandbox.ask("POST", "/exotel/settings", what)
    assert status == 200, said


def phone(sandbox, number=CALLEE, **what):
    status, said = sandbox.ask("POST", "/exotel/phones", {"number": number, "ring_ms": 50, **what})
    assert status == 204, said


def flow(sandbox, voicebot, passthru="", app=APP):
    status, said = sandbox.ask("POST", "/exotel/flows", {"app_id": app, "voicebot": voicebot, "passthru": passthru})
    assert status == 204, said


def post(sandbox, suffix=".json", auth=AUTH, **form):
    form = {"From": CALLEE, "CallerId": NUMBER, **form}
    return requests.post(f"{sandbox.urls['exotel']}/v1/Accounts/{ACCOUNT}/Calls/connect{suffix}", {k: v for k, v in form.items() if v is not None},
                         auth=auth, timeout=10)


def place(sandbox, **form):
    reply = post(sandbox, **form)
    assert reply.status_code == 200, reply.text
    return reply.json()["Call"]["Sid"]


def get(sandbox, path, auth=AUTH, **query):
    return requests.get(f"{sandbox.urls['exotel']}/v1/Accounts/{ACCOUNT}/{path}", query, auth=auth, timeout=10)


def details(sandbox, sid):
    return get(sandbox, f"Calls/{sid}.json").json()["Call"]


def seen(sandbox, sid):
    return next(call for call in json.loads(sandbox.ask("GET", "/exotel/calls")[1])["calls"] if call["sid"] == sid)


def over(sandbox, sid, status="completed", seconds=20):
    until(lambda: seen(sandbox, sid)["status"] == status, seconds, status)
    return seen(sandbox, sid)


# ---- REST ----

def test_in_progress_before_anybody_answers(sandbox):
    """… and what is known late is known late; numbers come back in another form than they were sent; only what has ended is listed."""
    settings(sandbox, details_late_ms=300)
    phone(sandbox, "+919800000001", outcome="busy")
    reply = post(sandbox, From="+919800000001", CallerId="+918040000002", **NOWHERE, CustomField="callfunnel:42")
    call = reply.json()["Call"]
    assert (call["Status"], call["From"], call["To"], call["PhoneNumberSid"]) == ("in-progress", "09800000001", "08040000002", "08040000002")
    assert (call["AccountSid"], call["Direction"], call["EndTime"], call["Price"]) == (ACCOUNT, "outbound-api", None, None)
    assert call["DateCreated"][:10] == time.strftime("%Y-%m-%d", time.gmtime(time.time() + 330 * 60))
    assert get(sandbox, "Calls.json", From="+919800000001").json()["Metadata"]["Total"] == 0
    over(sandbox, call["Sid"], "busy")
    assert details(sandbox, call["Sid"])["Duration"] is None
    until(lambda: details(sandbox, call["Sid"])["Duration"] == "0", 10, "its length is known")
    listed = get(sandbox, "Calls.json", From="9800000001", PageSize=5).json()
    assert [one["Sid"] for one in listed["Calls"]] == [call["Sid"]] and listed["Calls"][0]["CustomField"] == "callfunnel:42"


def test_without_json_it_is_xml(sandbox):
    phone(sandbox, outcome="failed")
    for reply, part in ((post(sandbox, "", **NOWHERE), "<Status>in-progress</Status>"), (post(sandbox, "", From=None), "<RestException><Status>400</Status>"),
                        (get(sandbox, "ActiveStreams"), "<ThrottleLimit>100</ThrottleLimit>")):
        assert reply.text.partition("\n")[2].startswith("<TwilioResponse>") and part in reply.text
        assert reply.headers["Content-Type"] == "application/xml"


@pytest.mark.parametrize("change", [
    {"From": None}, {"CallerId": None}, {"From": "me"}, {"StreamType": None}, {"StreamUrl": "http://x/"}, {"StreamUrl": "wss://x/" + 600 * "y"},
    {"StreamName": 33 * "n"}, {"Url": FLOW_URL}, {"StreamUrl": None}, {"StreamUrl": None, "Url": FLOW_URL + "x"},
    {"StreamUrl": None, "Url": "http://example.com/f"},
    {"TimeLimit": "14401"}, {"TimeOut": "x"}, {"CustomField": 129 * "f"}, {"StatusCallback": "me"}, {"Record": "maybe"}, {"To": "+15550177"},
    {"StatusCallbackContentType": "text/plain"}])
def test_refusals(sandbox, change):
    reply = post(sandbox, **{**NOWHERE, **change})
    assert reply.status_code == 400 and reply.json()["RestException"]["Status"] == 400, reply.text


def test_who_may_not(sandbox):
    for auth in (None, ("", "x"), ("x", "")):
        assert post(sandbox, auth=auth).status_code == get(sandbox, "Calls.json", auth=auth).status_code == 401
    assert get(sandbox, "Calls/c0ffee.json").json()["RestException"]["Status"] == 404


def test_so_many_a_minute(sandbox):
    settings(sandbox, posts_a_minute=1, gets_a_minute=1)
    until(lambda: time.monotonic() % 60 < 50, 15, "the minute is not about to be over")
    replies = [post(sandbox, From=None), post(sandbox, From=None), get(sandbox, "Calls.json"), get(sandbox, "Calls.json")]
    assert [reply.status_code for reply in replies[1::2]] == [429, 429], replies
    assert replies[1].headers["Retry-After"] == "30"


def test_faults_of_rest(sandbox):
    """What is lost is the answer: the call is there."""
    phone(sandbox, outcome="no-answer")
    sandbox.faults({"vendor": "exotel", "kind": "status", "status": 429, "retry_after_ms": 2000})
    reply = post(sandbox, **NOWHERE)
    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "2") and reply.json()["RestException"]["Status"] == 429
    before = len(json.loads(sandbox.ask("GET", "/exotel/calls")[1])["calls"])
    for kind in ("reset", "wrong_json"):
        sandbox.faults({"vendor": "exotel", "kind": kind, "path": "/v1/Accounts"})
        with pytest.raises((requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError, json.JSONDecodeError)):
            post(sandbox, **NOWHERE).json()
        sandbox.ask("DELETE", "/faults")
    assert len(json.loads(sandbox.ask("GET", "/exotel/calls")[1])["calls"]) == before + 2


def test_the_same_seed_the_same_faults(sandbox):
    def met():
        sandbox.faults({"vendor": "exotel", "kind": "status", "status": 503, "rate": 0.5, "seed": 11})
        statuses = [post(sandbox, From=None).status_code for _ in range(12)]
        sandbox.ask("DELETE", "/faults")
        return statuses

    assert (first := met()) == met() and set(first) == {400, 503}


def test_what_is_no_setting_flow_or_call(sandbox):
    for path, body, where in (("settings", {"key_case": "loud"}, "key_case"), ("settings", {"chunk_ms": 30}, "rate_hz, chunk_ms"), ("settings", {"x": 1}, "x"),
                              ("flows", {"app_id": "1", "voicebot": "x"}, "voicebot"), ("flows", {"voicebot": "http://x/"}, "app_id"),
                              ("calls", {"app_id": "none"}, "app_id"), ("calls", {"script": [{}]}, "script"), ("phones", {"number": ""}, "number")):
        status, said = sandbox.ask("POST", f"/exotel/{path}", body)
        assert status == 400 and json.loads(said)["error"]["where"] == where, said


# ---- a call's life ----

@pytest.mark.parametrize("outcome", ["busy", "no-answer", "failed"])
def test_phones_that_do_not_answer(sandbox, hooks, outcome):
    phone(sandbox, outcome=outcome)
    sid = place(sandbox, **NOWHERE, StatusCallback=hooks.url + "/status", StatusCallbackContentType="application/json", **EVENTS)
    until(lambda: hooks.told, 10, "it is told")
    assert [(one["CallSid"], one["EventType"], one["Status"]) for one in hooks.told] == [(sid, "terminal", outcome)]
    assert details(sandbox, sid)["Status"] == outcome


def test_it_rings_no_longer_than_it_may(sandbox):
    phone(sandbox, ring_ms=20000)
    over(sandbox, place(sandbox, TimeOut="1", **NOWHERE), "no-answer", 10)


def test_no_call_is_longer_than_its_limit(sandbox, bots):
    bot = bots()
    phone(sandbox)
    over(sandbox, place(sandbox, TimeLimit="1", StreamUrl=bot.url, StreamType="bidirectional"))
    bot.ended(1000)
    assert bot.of("stop")[0]["stop"]["reason"] == "callended"


@pytest.mark.parametrize(("asked", "usual", "kind"), [
    ("application/json", "multipart", "application/json"), ("multipart/form-data", "json", "multipart/form-data"),
    (None, "form", "application/x-www-form-urlencoded"), (None, "multipart", "multipart/form-data")])
def test_callbacks_in_their_forms(sandbox, hooks, bots, asked, usual, kind):
    settings(sandbox, callback_type=usual)
    phone(sandbox)
    bot = bots(lambda bot, socket: socket.close())
    form = {"StreamUrl": bot.url, "StreamType": "bidirectional", "CustomField": "a&b", "StatusCallback": hooks.url.replace("//", "//n:p%40w@") + "/status",
            "StatusCallbackContentType": asked}
    place(sandbox, **form, **EVENTS)
    until(lambda: len(hooks.told) == 2, 10, "both events")
    answered, terminal = sorted(hooks.told, key=lambda one: one["EventType"])
    assert (answered["Status"], terminal["Status"], terminal["CustomField"], answered["From"]) == ("in-progress", "completed", "a&b", CALLEE)
    leg = terminal["Legs"][0]["Status"] if kind == "application/json" else terminal["Legs[0][Status]"]
    assert leg == "completed" and set(hooks.types) == {kind}
    hooks.told.clear()
    place(sandbox, **form)
    until(lambda: hooks.told, 10, "the end alone, in a few words")
    assert [sorted(one) for one in hooks.told] == [["CallSid", "DateUpdated", "RecordingUrl", "Status"]]


def test_callbacks_that_are_late_twice_and_lost(sandbox, hooks, bots):
    bot = bots(lambda bot, socket: socket.close())
    phone(sandbox)
    form = {"StreamUrl": bot.url, "StreamType": "bidirectional", "StatusCallback": hooks.url + "/status",
            "StatusCallbackContentType": "application/json", **EVENTS}
    sandbox.faults({"vendor": "exotel", "kind": "stall", "path": "/callback/answered", "hold_ms": 1500},
                   {"vendor": "exotel", "kind": "duplicate", "path": "/callback/terminal"})
    place(sandbox, **form)
    until(lambda: len(hooks.told) == 3, 10, "all of them")
    assert [one["EventType"] for one in hooks.told] == ["terminal", "terminal", "answered"]
    sandbox.faults({"vendor": "exotel", "kind": "reset", "path": "/callback/answered"})
    hooks.told.clear()
    place(sandbox, **form)
    until(lambda: hooks.told, 10, "what was not lost")
    assert [one["EventType"] for one in hooks.told] == ["terminal"]


# ---- flows ----

def test_a_flow_asks_and_goes_on(sandbox, hooks, bots):
    """200 of Passthru leads back to the Voicebot, anything else to the end; a password in the address is a header."""
    bot = bots(lambda bot, socket: socket.close())
    hooks.voice, hooks.after = (200, {"url": bot.url + "?sample-rate=8000&token=k3y"}), [200, 302]
    flow(sandbox, hooks.url.replace("//", "//n:p%40w@") + "/voice?key=s", hooks.url + "/after?key=s")
    phone(sandbox)
    call = over(sandbox, place(sandbox, Url=FLOW_URL, CustomField="callfunnel:7"))
    assert [path for path, _, _ in hooks.asked] == ["/voice", "/after", "/voice", "/after"] and (call["streams"], call["asked"]) == (2, 4)
    query = hooks.of("/voice")[0]
    assert query.items() >= {"key": "s", "CallSid": call["sid"], "CallFrom": CALLEE, "CallTo": NUMBER, "Direction": "outbound-api", "flow_id": APP,
                             "CustomField": "callfunnel:7"}.items()
    assert hooks.asked[0][2] == "Basic " + base64.b64encode(b"n:p@w").decode() and hooks.asked[1][2] is None
    after = hooks.of("/after")[0]
    assert (after["Stream[Status]"], after["Stream[DisconnectedBy]"], after["Stream[StreamUrl]"]) == ("completed", "bot", bot.url)
    assert after["Stream[StreamSID]"] == bot.got[1]["stream_sid"] and bot.got[1]["start"]["custom_parameters"]["token"] == "k3y"


@pytest.mark.parametrize("answer", [(503, {}), (302, {}), (200, {}), (200, {"url": "http://x/"}), (200, {"url": "ws://127.0.0.1:9/?sample-rate=44100"}),
                                    (200, {"url": "ws://127.0.0.1:9/?a=1&b=2&c=3&d=4"})])
def test_a_voicebot_without_an_address(sandbox, hooks, answer):
    hooks.voice = answer
    flow(sandbox, hooks.url + "/voice", hooks.url + "/after")
    phone(sandbox)
    assert over(sandbox, place(sandbox, Url=FLOW_URL))["streams"] == 0
    assert len(hooks.of("/after")) == 1


def test_flows_that_nobody_answers(sandbox, hooks):
    flow(sandbox, hooks.url + "/voice", hooks.url + "/after")
    phone(sandbox)
    sandbox.faults({"vendor": "exotel", "kind": "reset", "path": "/flow/voicebot"}, {"vendor": "exotel", "kind": "reset", "path": "/flow/passthru"})
    assert over(sandbox, place(sandbox, Url=FLOW_URL))["asked"] == 0 and not hooks.asked


def test_a_handshake_is_tried_twice(sandbox, hooks):
    hooks.voice = 200, {"url": hooks.url.replace("http", "ws") + "/no-socket"}
    flow(sandbox, hooks.url + "/voice", hooks.url + "/after")
    phone(sandbox)
    over(sandbox, place(sandbox, Url=FLOW_URL))
    assert len(hooks.of("/no-socket")) == 2 and hooks.of("/after")[0]["Stream[Status]"] == "failed"


# ---- the media socket ----

def tone(path, seconds=1.0):
    """A recording whose sound is told from silence."""
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(struct.pack(f"<{int(8000 * seconds)}h", *(8000 if n // 8 % 2 else -8000 for n in range(int(8000 * seconds)))))
    return str(path)


@pytest.mark.parametrize("keys", ["snake", "camel", "both"])
@pytest.mark.parametrize(("rate", "counters"), [(8000, "text"), (16000, "number"), (24000, "text")])
def test_the_socket_in_every_spelling_and_rate(sandbox, bots, tmp_path, keys, rate, counters):
    def act(bot, socket):
        bot.sound(socket, rate // 5, key)
        bot.say(socket, "mark", key, mark={"name": "u1:end"})

    key = "streamSid" if keys == "camel" else "stream_sid"
    bot = bots(act)
    settings(sandbox, key_case=keys, counters=counters, key_case_strict=True)
    flow(sandbox, f"{bot.url}?sample-rate={rate}&token=k3y")
    phone(sandbox, script=[{"silence_ms": 100, "play": tone(tmp_path / "tone.wav")}])
    sid = place(sandbox, Url=FLOW_URL, TimeLimit="2")
    over(sandbox, sid)
    bot.ended(1000)
    connected, start, *rest = bot.got
    assert connected == {"event": "connected"} and bot.paths == [f"/media?sample-rate={rate}&token=k3y"]
    head, camel = start["start"], keys == "camel"
    assert {name for name in start if name.startswith("stream")} == {"snake": {"stream_sid"}, "camel": {"streamSid"}, "both": {"stream_sid", "streamSid"}}[keys]
    assert (head["callSid" if camel else "call_sid"], head["accountSid" if camel else "account_sid"]) == (sid, ACCOUNT)
    assert head["customParameters" if camel else "custom_parameters"] == {"sample-rate": str(rate), "token": "k3y"}
    form = head["mediaFormat" if camel else "media_format"]
    assert form["encoding"] == "raw/slin" and form["sampleRate" if camel else "sample_rate"] == (rate if counters == "number" else str(rate))
    assert {message["event"] for message in rest} == {"media", "mark", "stop"} and all(message[key] == bot.stream for message in rest)
    sound = [base64.b64decode(message["media"]["payload"]) for message in bot.of("media")]
    assert 12 <= len(sound) <= 21 and {len(chunk) for chunk in sound[1:]} == {rate // 5}
    loud = [n for n, chunk in enumerate(sound) if max(struct.unpack(f"<{len(chunk) // 2}h", chunk)) > 4000]
    assert 9 <= len(loud) <= 12 and loud[-1] - loud[0] <= 11
    numbers = [message["media"]["chunk"] for message in bot.of("media")]
    assert numbers == [n if counters == "number" else str(n) for n in range(1, len(sound) + 1)]
    assert [message["mark"]["name"] for message in bot.of("mark")] == ["u1:end"]


def test_marks_come_when_their_sound_was_played(sandbox, bots):
    at = []

    def act(bot, socket):
        at.append(time.monotonic())
        bot.sound(socket, 16000)  # a second
        bot.say(socket, "mark", mark={"name": "heard"})

    bot = bots(act)
    phone(sandbox)
    place(sandbox, StreamUrl=bot.url, StreamType="bidirectional", TimeLimit="3")
    until(lambda: bot.of("mark"), 10, "the mark")
    assert 0.9 <= time.monotonic() - at[0] <= 1.8


@pytest.mark.parametrize("comes", [True, False])
def test_marks_of_what_was_cleared(sandbox, bots, comes):
    def act(bot, socket):
        bot.sound(socket, 64000)
        bot.say(socket, "mark", mark={"name": "dropped"})
        bot.say(socket, "clear")
        bot.say(socket, "mark", mark={"name": "later"})

    settings(sandbox, marks_on_clear=comes)
    bot = bots(act)
    phone(sandbox)
    over(sandbox, place(sandbox, StreamUrl=bot.url, StreamType="bidirectional", TimeLimit="1"))
    bot.ended(1000)
    assert [message["mark"]["name"] for message in bot.of("mark")] == (["dropped"] if comes else []) + ["later"]


def test_rules_of_chunks(sandbox, bots):
    """Short ones and odd multiples are taken and counted; what is over the top ends the socket."""
    def act(bot, socket):
        for size in (3200, 320, 3201, 6400):
            bot.sound(socket, size)
        bot.sound(socket, 100320)

    bot = bots(act)
    phone(sandbox)
    call = over(sandbox, place(sandbox, StreamUrl=bot.url, StreamType="bidirectional"))
    assert (call["chunks"], call["short_chunks"], call["uneven_chunks"]) == (4, 1, 1) and 700 < call["most_ahead_ms"] < 900
    bot.ended(1009)


@pytest.mark.parametrize(("wants", "more", "code"), [
    ("minimal", {"chunk": "1"}, 1003), ("full", {}, 1003), ("any", {"chunk": "1"}, 1000), ("minimal", {}, 1000)])
def test_fields_that_an_account_wants(sandbox, bots, wants, more, code):
    def act(bot, socket):
        bot.say(socket, "media", media={"payload": base64.b64encode(bytes(3200)).decode(), **more})

    settings(sandbox, media_fields=wants)
    bot = bots(act)
    phone(sandbox)
    over(sandbox, place(sandbox, StreamUrl=bot.url, StreamType="bidirectional", TimeLimit="1"))
    bot.ended(code)


def test_the_wrong_spelling_ends_a_strict_socket(sandbox, bots):
    settings(sandbox, key_case="camel", key_case_strict=True)
    bot = bots(lambda bot, socket: bot.sound(socket, 3200, "stream_sid"))
    phone(sandbox)
    over(sandbox, place(sandbox, StreamUrl=bot.url, StreamType="bidirectional"))
    bot.ended(1003)


def test_ulaw_and_no_parameters(sandbox, bots):
    settings(sandbox, encoding="audio/x-mulaw", parameters="text", chunk_ms=20)
    bot = bots()
    phone(sandbox)
    over(sandbox, place(sandbox, StreamUrl=bot.url + "?k=v", StreamType="bidirectional", TimeLimit="1"))
    bot.ended(1000)
    start = bot.of("start")[0]["start"]
    assert start["custom_parameters"] == "" and start["media_format"]["encoding"] == "audio/x-mulaw"
    assert {message["media"]["payload"] for message in bot.of("media")} == {base64.b64encode(b"\xff" * 160).decode()} and len(bot.of("media")) > 30


@pytest.mark.parametrize(("kind", "code"), [("reset", 1006), ("early_close", 1000)])
def test_faults_of_the_socket(sandbox, hooks, bots, kind, code):
    bot = bots()
    hooks.voice, hooks.after = (200, {"url": bot.url}), [302]
    flow(sandbox, hooks.url + "/voice", hooks.url + "/after")
    phone(sandbox)
    sandbox.faults({"vendor": "exotel", "kind": kind, "path": "/media", "after_messages": 3})
    over(sandbox, place(sandbox, Url=FLOW_URL))
    bot.ended(code)
    assert len(bot.of("media")) == 3


def test_a_socket_that_nobody_reads(sandbox, bots):
    bot = bots()
    phone(sandbox)
    sandbox.faults({"vendor": "exotel", "kind": "half_open", "path": "/media", "after_messages": 2})
    over(sandbox, place(sandbox, StreamUrl=bot.url, StreamType="bidirectional", TimeLimit="1"))
    assert len(bot.of("media")) == 2 and not bot.of("stop")


def test_pipecat_at_our_end(sandbox, bots, tmp_path):
    """Pipecat's serializer reads all that the sandbox says, and what it says itself is taken: sound is played, a clear drops it."""
    exotel = pytest.importorskip("pipecat.serializers.exotel")
    frames = pytest.importorskip("pipecat.frames.frames")
    heard = []

    def act(bot, socket):
        async def talk():
            s = exotel.ExotelFrameSerializer(bot.stream, params=exotel.ExotelFrameSerializer.InputParams(sample_rate=8000))
            await s.setup(types.SimpleNamespace(audio_in_sample_rate=8000))
            socket.send(await s.serialize(frames.OutputAudioRawFrame(audio=bytes(3200), sample_rate=8000, num_channels=1)))
            socket.send(await s.serialize(frames.InterruptionFrame()))
            for message in socket:
                bot.got.append(json.loads(message))
                heard.append((bot.got[-1], await s.deserialize(message)))

        asyncio.run(talk())

    bot = bots(act)
    settings(sandbox, media_fields="minimal", key_case_strict=True)
    phone(sandbox, script=[{"silence_ms": 100, "play": tone(tmp_path / "tone.wav", 0.5)}])
    call = over(sandbox, place(sandbox, StreamUrl=bot.url, StreamType="bidirectional", TimeLimit="2"))
    bot.ended(1000)
    assert call["chunks"] == 1 and call["step"] == 1
    media = [(message, frame) for message, frame in heard if message["event"] == "media"]
    assert len(media) > 10 and all(frame.audio == base64.b64decode(message["media"]["payload"]) and frame.sample_rate == 8000 for message, frame in media)
    assert max(max(struct.unpack("<800h", frame.audio)) for _, frame in media[1:]) > 4000


# ---- with the product ----

@pytest.fixture(params=[False, True], ids=["clear", "tls"])
def tls(request, tmp_path):
    with Sandbox(*(["--tls", tmp_path / "ca"] if request.param else [])) as one:
        yield one


class Line:
    """A house and the sandbox's Exotel before it."""

    def __init__(self, folder, model, sandbox, run):
        self.folder, self.sandbox, self.run = folder, sandbox, run
        more = [f"providers.exotel.ca_file={sandbox.ca}"] if sandbox.ca else []
        self.house = House(folder, model, f"server.public_url={PUBLIC}", "calls.samples=true", f"providers.exotel.url={sandbox.urls['exotel']}",
                           f"rulebooks.dir={brief_books(folder)}", *more)

    def open(self):
        self.house.start()
        self.house.command("route", "add", NUMBER, "local", "appointment-reminder", "--account", ACCOUNT, "--carrier", "exotel")
        for name, value in (("webhook_key", KEY), ("api_key", AUTH[0]), ("api_token", AUTH[1])):
            self.house.command("secret", "set", "local", f"exotel.{name}", stdin=value.encode())
        self.house.sign_in()
        query = f"?key={KEY}&account={ACCOUNT}"
        flow(self.sandbox, f"{PUBLIC}/webhooks/exotel/voice{query}", f"{PUBLIC}/webhooks/exotel/after{query}")
        return self

    def by_flow(self):
        self.house.command("secret", "set", "local", "exotel.app_id", stdin=APP.encode())

    def script(self, *words):
        for word in words:
            assert self.run("say", word, "-o", self.folder / f"{word}.wav").status == 0
        return [{"silence_ms": 800, "play": str(self.folder / f"{word}.wav")} for word in words] + [{"silence_ms": 800, "hang_up": True}]

    def picks_up(self, *words, **more):
        phone(self.sandbox, via=self.house.ready["url"], script=self.script(*words), **more)

    def dial(self, wanted=0):
        words = self.house.words("dial", "--to", CALLEE, "--rulebook", "appointment-reminder", "--json")
        status, call = told(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        assert status == wanted, (call, self.house.errors())
        return call

    def placed(self):
        return [one["body"] for one in self.sandbox.requests("exotel") if one["method"] == "POST"]

    def legs(self):
        return json.loads(self.sandbox.ask("GET", "/exotel/calls")[1])["calls"]


@pytest.fixture
def lines(tmp_path, model, run):
    made = []

    def make(sandbox):
        made.append(Line(tmp_path, model, sandbox, run))
        return made[-1].open()

    yield make
    for line in made:
        errors = line.house.errors()
        line.house.close()
        assert KEY not in errors and AUTH[1] not in errors.split()


def good(line, call):
    ends = call["state"], call["outcome"], call["result"], call["dial"]["state"]
    assert ends == ("ended", "confirmed", "success", "completed"), (call, line.house.errors())


def test_a_whole_call_out_straight_to_a_socket(lines, tls):
    """… with Exotel's REST in the clear and behind TLS; strict about how keys are spelt."""
    settings(tls, key_case="camel", key_case_strict=True, counters="number")
    line = lines(tls)
    line.picks_up("yes", "keep it")
    good(line, line.dial())
    leg, = line.legs()
    assert (leg["status"], leg["streams"], leg["uneven_chunks"]) == ("completed", 1, 0) and leg["most_ahead_ms"] <= 700
    assert "POST" in line.sandbox.ask("GET", "/")[1] and "/Calls/connect.json" in line.sandbox.ask("GET", "/")[1]  # the page


@pytest.mark.parametrize(("keys", "fault", "streams"), [("snake", None, 1), ("camel", None, 1), ("snake", "reset", 2)])
def test_a_whole_call_out_by_a_flow(lines, sandbox, keys, fault, streams):
    """A line that breaks comes back by Passthru, and the call goes on."""
    settings(sandbox, key_case=keys, key_case_strict=True, media_fields="full")
    line = lines(sandbox)
    line.by_flow()
    line.picks_up("yes", "keep it")
    known = {leg["sid"] for leg in line.legs()}
    if fault:
        sandbox.faults({"vendor": "exotel", "kind": fault, "path": "/media", "after_messages": 40})
    good(line, line.dial())
    leg, = [leg for leg in line.legs() if leg["sid"] not in known]
    assert (leg["status"], leg["streams"]) == ("completed", streams)


@pytest.mark.parametrize("outcome", ["busy", "no-answer", "failed"])
def test_a_call_out_that_nobody_takes(lines, sandbox, outcome):
    line = lines(sandbox)
    line.picks_up(outcome=outcome)
    call = line.dial(1)
    assert (call["state"], call["dial"]["state"]) == ("ended", outcome.replace("-", "_"))


def test_what_befalls_a_call_out(lines, sandbox):
    """429 is asked again; an answer that is lost rings once; callbacks come twice and out of order."""
    line = lines(sandbox)
    line.picks_up("yes", "keep it")
    known = {leg["sid"] for leg in line.legs()}
    sandbox.faults({"vendor": "exotel", "kind": "status", "status": 429, "retry_after_ms": 1000},
                   {"vendor": "exotel", "kind": "reset", "path": "/v1/Accounts/acme1/Calls/connect", "request": 2},
                   {"vendor": "exotel", "kind": "stall", "path": "/callback/answered", "hold_ms": 4000},
                   {"vendor": "exotel", "kind": "duplicate", "path": "/callback/terminal"})
    good(line, line.dial())
    assert len(line.placed()) == 2 and len([leg for leg in line.legs() if leg["sid"] not in known]) == 1


def test_a_whole_call_comes_in(lines, sandbox):
    line = lines(sandbox)
    status, said = sandbox.ask("POST", "/exotel/calls", {"to": NUMBER, "from": CALLEE, "app_id": APP, "account_sid": ACCOUNT, "via": line.house.ready["url"],
                                                       "script": line.script("yes", "keep it")})
    assert status == 201, said
    assert over(sandbox, json.loads(said)["Call"]["Sid"], seconds=90)["streams"] == 1
    call = until(lambda: next((call for call in line.house.calls() if call["state"] == "ended"), None), 30, "we know that")
    assert (call["kind"], call["direction"], call["reason"], call["outcome"]) == ("exotel", "inbound", "agent", "confirmed")


def test_the_caller_hangs_up(lines, sandbox):
    line = lines(sandbox)
    status, said = sandbox.ask("POST", "/exotel/calls", {"to": NUMBER, "app_id": APP, "account_sid": ACCOUNT, "via": line.house.ready["url"],
                                                       "script": line.script()})
    assert status == 201, said
    call = until(lambda: next((call for call in line.house.calls() if call["state"] == "ended"), None), 60, "we know that")
    assert call["reason"] == "caller"
