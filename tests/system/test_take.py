"""A payment by card, keyed in: whole calls from Twilio's side against the real `callfunnel serve`, with the tones of the keys in the line as well as
their messages. What the service gets is the card; everything that lies on disk behind the call is searched for it.
"""
import asyncio
import http.server
import json
import math
import subprocess
import threading
import wave

import pytest

from callers import Caller, ended, settled, voice  # noqa: F401
from conftest import BINARY
from house import House
from sandboxkit import Sandbox
from twiliophone import FRAME, NUMBER, PUBLIC, SECRET, ulaw

CARD, EXPIRY, CVV = "4000056655665556", "0731", "948"
WRONG = "4000056655665557"
BOOK = """
rulebook: 1
id: payment
version: "1"
title: A payment by card
company: Northern Power
agent: {name: Maya, persona: You take a payment. You are polite and brief.}
languages: {en-US: {voice: slt}}
goal: Take the payment.
may: {take_keys: true}
unclear: bad
flow:
  - ask: person
    text: Am I speaking with Alex?
    expect: yes_no
  - tool: card
    call: take_keys
    text: Please key in your card number.
    arguments: {what: card}
    failed: spoken
    next:
      - {when: not card.valid, go: wrong}
      - {go: expiry}
  - tool: expiry
    call: take_keys
    text: And when it expires.
    arguments: {what: expiry}
    failed: bad
  - tool: cvv
    call: take_keys
    text: And the code on its back.
    arguments: {what: cvv, most: 3}
    failed: bad
  - tool: charge
    call: charge
    arguments: {card: "{card.value}", expiry: "{expiry.value}", cvv: "{cvv.value}"}
    failed: bad
    next: again
  - tool: again
    call: charge
    arguments: {card: "{card.value}", expiry: "{expiry.value}", cvv: "{cvv.value}", note: once more}
    failed: done
    next: bad
  - goodbye: done
    text: Goodbye.
    outcome: paid
  - goodbye: wrong
    text: That is no card. Goodbye.
    outcome: mistyped
  - goodbye: spoken
    text: I could not hear that. Goodbye.
    outcome: failed
  - goodbye: bad
    text: That did not work. Goodbye.
    outcome: failed
tools:
  charge:
    about: Charges the card.
    method: POST
    url: service:pay/charge
    changes: true
    arguments:
      type: object
      properties:
        card: {type: string, maxLength: 19}
        expiry: {type: string, maxLength: 5}
        cvv: {type: string, maxLength: 4}
        note: {type: string}
      required: [card, expiry, cvv]
    result: {reference: text, card: text}
outcomes:
  paid: {about: It is paid., result: success}
  mistyped: {about: No card., result: neutral}
  failed: {about: Something did not work., result: failure}
unfinished:
  - {outcome: failed}
"""


class Shop:
    """Charges cards, and says the number again, as some do."""

    def __init__(self):
        self.charged = charged = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                charged.append(asked)
                body = json.dumps({"reference": "R-1", "card": f"card {asked['card']}"}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def tone(key):
    """A key as it sounds in the line: 120 ms, and 80 ms of silence."""
    row, column = divmod("123A456B789C*0#D".index(key), 4)
    low, high = (697, 770, 852, 941)[row], (1209, 1336, 1477, 1633)[column]
    sound = [int(7000 * (math.sin(2 * math.pi * low * i / 8000) + math.sin(2 * math.pi * high * i / 8000))) for i in range(6 * FRAME)]
    return bytes(ulaw(s) for s in sound) + b"\xff" * (4 * FRAME)


class Keyboard(Caller):
    """Says yes, then keys in what is asked for; each key is a message, and a tone in the line."""

    def __init__(self, house, number, voice, keys):
        super().__init__(house, number, voice)
        self.todo = list(keys)
        self.pressed = 0
        self.phone.answer = self.next
        self.plain = self.phone._frame
        self.phone._frame = self.frame
        self.line = []       # keys that are still to be pressed of this entry
        self.sound = b""

    def asked_for_keys(self):
        if not self.follower:
            self.find()
        return sum(line["text"].startswith(("Please key in", "And ")) for line in self.follower.of("speak")) if self.follower else 0

    def next(self):
        if not self.line and not self.sound and self.todo and self.asked_for_keys() > self.pressed:
            self.pressed += 1
            self.line = list(self.todo.pop(0))
            self.phone.heard = 0
            return None
        said = [line["text"] for line in self.follower.of("speak")] if self.follower else []
        return self.voice["yes"] if said and said[-1].startswith("Am I") else None

    def frame(self, now):
        frame = self.plain(now)
        if not self.sound and self.line:
            key = self.line.pop(0)
            self.phone.keys.append(key)
            self.sound = tone(key)
        if not self.sound:
            return frame
        piece, self.sound = self.sound[:FRAME], self.sound[FRAME:]
        return piece


@pytest.fixture
def shop():
    s = Shop()
    yield s
    s.close()


@pytest.fixture
def house(tmp_path, model, shop):
    books = tmp_path / "books"
    books.mkdir()
    (books / "payment.yaml").write_text(BOOK)
    h = House(tmp_path, model, f"server.public_url={PUBLIC}", f"rulebooks.dir={books}", f"services.pay={shop.url}", "log.level=debug")
    h.start()
    h.command("route", "add", NUMBER, "local", "payment")
    h.command("secret", "set", "local", "twilio.auth_token", stdin=SECRET.encode())
    h.sign_in()
    yield h
    h.close()
    assert h.replayed >= 1


def keys_in(path):
    """What our own detector finds in a file, in all its tracks."""
    done = subprocess.run([BINARY, "audio", "dtmf", str(path), "--json"], capture_output=True, text=True, timeout=60, check=True)
    return [json.loads(line)["digit"] for line in done.stdout.splitlines()]


def opened(house, call, folder):
    """Everything that our own tools tell of a call, its recording's file, and what lies on disk as bytes."""
    place = ["--dir", str(house.data / "journal" / "w1")]
    sound = folder / "call.wav"
    said = []
    for words in (["show", call, *place, "--json"], ["show", call, *place], ["recording", call, *place, "-o", str(sound), "--json"],
                  ["journal", "dump", place[1], "--json"], ["journal", "list", place[1], "--json"]):
        done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=60, check=True)
        said.append(done.stdout)
    files = [p for p in house.data.rglob("*") if p.is_file()]
    return "\n".join(said), sound, b"\n".join(p.read_bytes() for p in files)


def expect_clean(text, *numbers):
    for number in numbers:
        spaced = " ".join(number)
        for form in (number, spaced, number[:8], number[:6]) if len(number) > 8 else (f'"{number}"', f'"{number[:2]}/{number[2:]}"', spaced):
            assert form not in text, (form, text[max(0, text.find(form) - 200):text.find(form) + 100])


def test_a_card_is_charged_and_nothing_is_kept(house, shop, voice, tmp_path):
    caller = Keyboard(house, 1, voice, [CARD + "#", EXPIRY, CVV])
    caller.hold()
    call = settled(caller)
    assert ended(call) == ("ended", "agent", "paid"), "\n".join(map(str, caller.follower.whole())) + house.errors()
    assert shop.charged == [{"card": CARD, "expiry": "07/31", "cvv": CVV}]  # the second time the CVV was forgotten: nothing was sent
    lines = caller.follower.whole()
    results = [json.loads(line["text"]) for line in lines if line["type"] == "tool_result"]
    assert {"taken": True, "digits": 16, "valid": True, "value": "[CARD_K1]", "last4": CARD[-4:]} in results, results
    assert {"reference": "R-1", "card": "card [CARD_K1]"} in results and "keys_lost" in [r.get("error") for r in results]
    paused = [line for line in lines if line["type"] == "gap"]
    assert paused and {line["why"] for line in paused} == {"paused while a secret number was keyed in"}
    assert {line["digit"] for line in lines if line["type"] == "digit"} == {"•", "#"}
    assert house.stop() == 0
    told, sound, raw = opened(house, call["call"], tmp_path)
    expect_clean("\n".join([told, house.errors(), json.dumps(lines), json.dumps(call)]), CARD, EXPIRY, CVV)
    for number in (CARD, CARD[:6], "07/31"):
        assert number.encode() not in raw
    assert "paused: keys" in told
    assert not set(keys_in(sound)) & set("0123456789"), "the tones are in the recording"


def test_a_mistyped_card_is_told(house, shop, voice):
    caller = Keyboard(house, 2, voice, [WRONG + "#"])
    caller.hold()
    assert ended(settled(caller)) == ("ended", "agent", "mistyped"), house.errors()
    assert not shop.charged


def test_who_hangs_up_in_the_middle(house, shop, voice, tmp_path):
    caller = Keyboard(house, 3, voice, [CARD[:9]])
    caller.phone.leaves = lambda: caller.pressed == 1 and not caller.line and not caller.sound
    caller.hold()
    call = settled(caller)
    assert ended(call) == ("ended", "caller", "failed") and not shop.charged
    assert house.stop() == 0
    told, sound, raw = opened(house, call["call"], tmp_path)
    expect_clean(told + house.errors(), CARD)
    assert not set(keys_in(sound)) & set("0123456789")


TYPED = f"yes, speaking\n/press {CARD}#\n/press {EXPIRY}\n/press {CVV}\n\n"


def test_a_vendors_model_gets_placeholders(run, model, tmp_path, shop):
    """From the terminal, by vendors over the network: what they were asked is looked through as well."""
    book, data, config = tmp_path / "payment.yaml", tmp_path / "data", tmp_path / "sandbox.yaml"
    book.write_text(BOOK)
    with Sandbox("--rulebook", book) as sandbox:
        config.write_text(sandbox.ask("GET", "/settings")[1])
        run("tenant", "add", "local", "--data", data)
        for name in ("deepgram", "anthropic", "cartesia"):
            assert run("secret", "set", "local", f"{name}.api_key", "--data", data, stdin=b"sk-made-up").status == 0
        done = run("call", "--rulebook", book, "--config", config, "--json", "--data", data, "--type", "--set", f"vad.model_file={model}", "--set",
                   f"services.pay={shop.url}", "--set", "tts.first_ms=2000", "--set", "tts.gap_ms=2000", stdin=TYPED.encode())
        assert done.status == 0 and done.json()["outcome"] == "paid", done.err + done.out
        seen = json.dumps([sandbox.requests(vendor) for vendor in ("anthropic", "cartesia", "deepgram")])
    assert shop.charged == [{"card": CARD, "expiry": "07/31", "cvv": CVV}]
    assert "[CARD_K1]" in seen and "[CVV_K3]" in seen
    expect_clean(seen, CARD, EXPIRY, CVV)
    expect_clean(done.out, CARD, EXPIRY, CVV)
    for file in data.rglob("*"):
        assert not file.is_file() or CARD[:6].encode() not in file.read_bytes(), file


NOT_HEARD = "I cannot hear you while you key in a number."


def spoken(run, folder, *lines):
    """Each line as a recording; the arguments of `callfunnel call` that say them."""
    said = []
    for i, line in enumerate(lines):
        assert run("say", line, "-o", folder / f"{i}.wav").status == 0
        said += ["--speak", folder / f"{i}.wav"]
    return said


def talks(run, model, folder, shop, *lines):
    """A whole call with these lines; its document, and what `show` tells of it."""
    book = folder / "payment.yaml"
    book.write_text(BOOK)
    done = run("call", "--rulebook", book, "--json", "--data", folder / "data", *spoken(run, folder, *lines), "--set", f"vad.model_file={model}",
               "--set", f"services.pay={shop.url}")
    assert done.status == 1, done.err + done.out  # the outcome is a failure
    document = done.json()
    return document, run("show", document["call"], "--dir", document["journal"]).out


def test_who_talks_on_instead_is_told_so(run, model, tmp_path, shop):
    """Two seconds of words, and the entry is over; nobody was heard."""
    _, told = talks(run, model, tmp_path, shop, "yes, speaking", "well I am afraid I do not have it here now", "no, I can not")
    assert NOT_HEARD in told and "That did not work." in told and "afraid" not in told


def test_who_says_a_few_words_instead_is_asked_within_two_seconds(run, model, tmp_path, shop):
    """Nobody heard the words; what he says when he was asked is heard."""
    document, told = talks(run, model, tmp_path, shop, "yes, speaking", "what do you mean", "no, I can not")
    assert NOT_HEARD in told and "That did not work." in told and "what do you" not in told, told
    said = next(one for one in document["recordings"] if one["file"].endswith("1.wav"))
    over = next(event for event in document["events"] if event["event"] == "tool")
    with wave.open(str(tmp_path / "1.wav")) as sound:
        ended_us = said["began_ms"] * 1000 + sound.getnframes() * 1_000_000 // sound.getframerate()
    assert over["status"] == "error" and over["at_us"] < ended_us + 2_000_000


def test_who_speaks_into_the_keys_again_and_again_is_not_asked_for_ever(run, model, tmp_path, shop):
    lines = ["yes, speaking"] + ["I do not have my card with me", "yes"] * 2 + ["I do not have my card with me"]
    _, told = talks(run, model, tmp_path, shop, *lines)
    assert told.count(NOT_HEARD) == 2 and told.count("Please key in your card number.") == 3 and "That did not work." in told, told
    assert "with me" not in told


def test_who_presses_nothing_is_asked_for_the_number_once_more(run, model, tmp_path, shop):
    document, told = talks(run, model, tmp_path, shop, "yes, speaking")
    assert told.count("Please key in the number now, then press the hash key.") == 1 and "I could not hear that." in told, told
    heard = {event["text"]: event["at_us"] for event in document["events"] if event["event"] == "heard"}
    again = heard["Please key in the number now, then press the hash key."] - heard["Please key in your card number."]
    assert 7_000_000 < again < 12_000_000, heard  # 7 s, and the words themselves
