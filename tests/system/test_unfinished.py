"""Callers who hang up while what they wished is being written down: the call came to what the record system says of it, late, refusing, or never."""
import http.client
import http.server
import json
import threading
import urllib.parse

import pytest

from callers import Caller, ended, settled, voice  # noqa: F401
from conftest import ROOT
from house import House, brief_books, until
from twiliophone import NUMBER, PUBLIC, SECRET

APPOINTMENT = {"status": "booked", "date": "2026-12-03", "time": "10:30", "doctor": "Doctor Adams"}


class Records:
    """Somebody else's record system. Look-ups are answered; a change waits until `answer` is told, which is never before it was asked for."""

    def __init__(self):
        self.asked = threading.Event()
        self.told = threading.Event()
        self.status = None
        records = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.say(200, APPOINTMENT)

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                records.asked.set()
                records.told.wait()
                if records.status:
                    self.say(records.status, APPOINTMENT)

            def say(self, status, document):
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, status):
        """None: the line is cut without a word."""
        self.status = status
        self.told.set()

    def close(self):
        self.answer(None)
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def records():
    r = Records()
    yield r
    r.close()


def patient_books(folder, timeout_ms):
    """The appointment book with so much time for its tools."""
    books = brief_books(folder)
    book = books / "appointment-reminder.yaml"
    text = book.read_text()
    assert "timeout_ms: 5000" in text
    book.write_text(text.replace("timeout_ms: 5000", f"timeout_ms: {timeout_ms}"))
    return books


@pytest.fixture
def house(request, tmp_path, model, records):
    books = patient_books(tmp_path, getattr(request, "param", 5000))
    h = House(tmp_path, model, f"server.public_url={PUBLIC}", "calls.samples=true", f"services.records={records.url}", f"rulebooks.dir={books}")
    h.start()
    h.command("route", "add", NUMBER, "local", "appointment-reminder")
    h.command("secret", "set", "local", "twilio.auth_token", stdin=SECRET.encode())
    h.command("secret", "set", "local", "records.token", stdin=b"a token")
    h.sign_in()
    yield h
    h.close()


@pytest.fixture
def caller(house, voice, records):  # noqa: F811
    """Who kept the appointment and hung up while that was being written down; the end has come to the conductor."""
    c = Caller(house, 1, voice)
    c.phone.leaves = records.asked.is_set
    c.hold()
    assert ended(settled(c)) == ("ended", "caller", ""), house.errors()  # nobody knows yet
    return c


class Stream:
    """A call's lines, one after the other as they come."""

    def __init__(self, house, call):
        address = urllib.parse.urlsplit(house.ready["url"])
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=40)
        self.connection.request("GET", f"/v1/calls/{call}/events", headers={"Authorization": f"Bearer {house.token}"})
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200

    def line(self):
        """None: the stream has ended as it should."""
        line = self.answer.readline()
        return json.loads(line) if line else None


def outcome(caller):
    """What the call came to, once that is known: a tool has five seconds, a sweep comes every two; behind a restart, up to 15 s later."""
    call = until(lambda: caller.record()["outcome"] and caller.record(), 40, "the call is settled")
    assert (call["state"], call["reason"]) == ("ended", "caller")
    return call["outcome"], call["result"]


def test_it_is_written_down_later(caller, records):
    records.answer(200)
    assert outcome(caller) == ("confirmed", "success")


@pytest.mark.parametrize("house", [120000], indirect=True)
def test_a_stream_tells_it(house, caller, records):
    """Whoever reads the call's lines gets what it came to behind the end, with the stream still open; later readers have it in the record."""
    reader = Stream(house, caller.record()["call"])
    while reader.line()["type"] != "end":
        pass
    records.answer(200)
    line = reader.line()
    while line["type"] == "idle":
        line = reader.line()
    assert (line["type"], line["outcome"], line["result"], line["sequence"]) == ("settled", "confirmed", "success", 0)
    assert reader.line() is None
    assert house.events(line["call"])[-1]["type"] == "end"
    record = caller.record()
    assert (record["outcome"], record["settling"]) == ("confirmed", False)


def test_it_is_refused(caller, records):
    records.answer(409)
    assert outcome(caller) == ("call_back", "neutral")


def test_it_is_never_answered(caller):
    assert outcome(caller) == ("call_back", "neutral")


def test_the_conductor_dies_meanwhile(house, caller, records):
    """It was written down, and nobody heard of it: unknown is not done."""
    dead = house.kill("conductor")
    records.answer(200)
    house.back("conductor", dead)
    assert outcome(caller) == ("call_back", "neutral")


# ---- without a telephone ----

PATIENT = [word for setting in ("tts.first_ms=2000", "tts.gap_ms=2000", "tool.filler_ms=20000") for word in ("--set", setting)]


@pytest.fixture
def longer(tmp_path):
    """The appointment book with a question behind the tool, and words before it and more time for it: there a typed caller can hang up."""
    text = (ROOT / "rulebooks" / "appointment-reminder.yaml").read_text()
    short = "    failed: technical\n    next: confirmed_end\n"
    assert text.count(short) == 1
    book = tmp_path / "longer.yaml"
    book.write_text(text.replace(short, "    failed: technical\n  - ask: more\n    text: Anything else?\n    expect: yes_no\n    next: confirmed_end\n")
                    .replace("    call: confirm_appointment\n", "    call: confirm_appointment\n    text: One moment please.\n").replace("timeout_ms: 5000", "timeout_ms: 9000"))
    return book


@pytest.mark.parametrize("lines, came_to", [(["yes", "keep it"], "confirmed"), (["yes"], "no_result")])
def test_typed(run, model, tmp_path, longer, lines, came_to):
    words = "".join(f"{line}\n" for line in [*lines, "/hangup"]).encode()
    done = run("call", "--rulebook", longer, "--type", "--json", "--data", tmp_path / "data", "--set", f"vad.model_file={model}", *PATIENT, stdin=words)
    assert (done.json()["reason"], done.json()["outcome"]) == ("caller", came_to), done.err
    tried = run("rulebook", "try", longer, "--json", stdin=words)
    assert json.loads(tried.out.splitlines()[-1])["outcome"] == came_to


def test_typed_and_never_answered(run, model, tmp_path, longer, records):
    """The line is cut while the tool is slow, and nobody ever answers."""
    data = tmp_path / "data"
    for words, stdin in ((("tenant", "add", "local"), b""), (("secret", "set", "local", "records.token"), b"a token")):
        assert run(*words, "--data", data, stdin=stdin).status == 0
    done = run("call", "--rulebook", longer, "--type", "--json", "--data", data, "--set", f"vad.model_file={model}",
               *PATIENT, "--set", f"services.records={records.url}", "--set", "tool.filler_ms=500", "--set", "tool.detach_ms=1000", stdin=b"yes\nkeep it\n")
    assert records.asked.is_set() and (done.json()["reason"], done.json()["outcome"]) == ("caller", "call_back"), done.err
