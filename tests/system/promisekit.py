"""Calls for the promises: a scripted carrier in real time before the real `callfunnel serve`, the sandbox's vendors and a shop behind it.

The agent's voice is a tone of 60 ms a letter, so that what the carrier played says to the letter which words were heard; what the caller is heard to say is
scripted, an entry an utterance, while his sound is a voice's. What the caller does waits for what he hears or for what happened, not for the clock.
"""
import asyncio
import base64
import dataclasses
import functools
import http.server
import json
import subprocess
import time

import pytest

from conftest import BINARY
from house import Follower, House, until
from sandboxkit import Sandbox
from twiliophone import ACCOUNT, FRAME, NUMBER, PUBLIC, SECRET, SILENCE, Phone, read_wav
from vendors import Server

VENDORS = ("deepgram", "anthropic", "cartesia", "sarvam", "openai")
# The product's own times, where the kit of houses is patient; the window in which a line may come back at its shortest.
SETTINGS = ("tts.first_ms=800", "tts.gap_ms=800", "tool.filler_ms=800", "call.attach_ms=6000", "stt.providers=deepgram, sarvam",
            "llm.providers=anthropic, openai", "tts.providers=cartesia, openai", "providers.cartesia.voice=sandbox",
            "providers.openai.model=sandbox", "providers.openai.speech_model=sandbox", "providers.openai.voice=sandbox")
LETTER_S = 0.06  # of the sandbox's tones
QUIET_MAX_S = 3  # N9

GREETING = "Shall I look?"
FOUND = "I see {}. Order it?"
DONE = "Done. Goodbye."
BOOK = """
rulebook: 1
id: lamps
version: "1"
title: Lamps
company: Lamp House
agent: {name: Maya, persona: You are brief.}
languages: {en-US: {voice: slt}}
goal: Find out whether a lamp is wanted.
unclear: none_end
flow:
  - ask: look
    text: Shall I look?
    again: Shall I look?
    expect: yes_no
    next: [{when: look == yes, go: stock}, {go: none_end}]
  - tool: stock
    call: find_lamps
    arguments: {shelf: long}
    failed: none_end
  - ask: sure
    text: I see {stock.count}. Order it?
    again: Order it?
    expect: yes_no
    next: [{when: sure == yes, go: buy}, {go: phone}]
  - tool: buy
    call: order_lamp
    arguments: {shelf: long}
    failed: none_end
    next: done_end
  - ask: phone
    text: Your number?
    again: Your number, please?
    expect: {kind: digits, min: 7, max: 12}
    next: none_end
  - goodbye: done_end
    text: Done. Goodbye.
    outcome: ordered
  - goodbye: none_end
    text: Goodbye.
    outcome: none
tools:
  find_lamps:
    about: Counts the lamps on a shelf.
    method: GET
    url: service:shop/lamps
    arguments: {type: object, properties: {shelf: {type: string, maxLength: 10}}, required: [shelf], additionalProperties: false}
    result: {count: text}
    timeout_ms: 9000
  order_lamp:
    about: Orders a lamp.
    method: POST
    url: service:shop/orders
    arguments: {type: object, properties: {shelf: {type: string, maxLength: 10}}, required: [shelf], additionalProperties: false}
    timeout_ms: 9000
    changes: true
outcomes:
  ordered: {about: A lamp is ordered., result: success}
  none: {about: No lamp is wanted., result: neutral}
unfinished:
  - {when: done buy, outcome: ordered}
  - {outcome: none}
settings:
  quiet: {after_ms: 2000, prompts: 2}
"""


class Shop(Server):
    """What the tools ask: counts what it was asked, says what it sees, and holds an answer back until `gate(path)` gives true."""

    def __init__(self):
        self.reset()
        shop = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                path = self.path.partition("?")[0]
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                shop.asked.append((self.command, path, self.headers["Idempotency-Key"]))
                until(lambda: shop.gate(path), 8, f"{path} may be answered")
                data = json.dumps({"count": shop.count}).encode()
                shop.answered.append(path)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = answer

            def log_message(self, *words):
                pass

        super().__init__(Handler)

    def reset(self):
        self.asked, self.answered, self.gate, self.count = [], [], lambda path: True, "seven lamps"

    def orders(self):
        return [one for one in self.asked if one[0] == "POST"]

    def looks(self):
        return [one for one in self.asked if one[0] == "GET"]


@functools.cache
def words_of(path):
    """A recording without the silence around its words."""
    sound = read_wav(path)
    loud = [at for at in range(0, len(sound), FRAME) if sum(~byte & 0x7f > 0x20 for byte in sound[at:at + FRAME]) > FRAME // 8]
    return sound[loud[0]:loud[-1] + FRAME]


@dataclasses.dataclass
class Piece:
    """A stretch of sound as the carrier played it: by the clock, loud or not."""
    begin: float
    end: float
    loud: bool


class Line(Phone):
    """A call whose caller does as `says` has it: (when, recording) one after the other, each once `when()` gives true."""

    def __init__(self, url, number):
        super().__init__(url, f"CA{number:032x}")
        self.says = []
        self.pieces, self.own = [], []     # what was played; (begin, end) of each thing that was said
        self.frames = []                   # (what came, when, letters played by then)
        self.follower = None
        self.mutes = lambda: False         # the line sends nothing any more, and stays; once it is closed nobody asks for another
        self.is_mute, self.last = False, 0.0  # it does not; when it last sent

    # ---- the agent's sound ----

    def _hear(self, message):
        before = max(self.queue_end, time.monotonic())
        super()._hear(message)
        now = time.monotonic()
        if message["event"] == "media":
            sound = base64.b64decode(message["media"]["payload"])
            loud = any(~byte & 0x7f > 0x20 for byte in sound)
            self.pieces.append(Piece(before, self.queue_end, loud))
        elif message["event"] == "clear":
            for piece in self.pieces:
                piece.end = min(piece.end, max(now, piece.begin))
            self.pieces = [piece for piece in self.pieces if piece.begin < now]
        self.frames.append((message["event"], now))

    def letters(self, since=0.0, until_s=None):
        """How many letters of tone were played in that time."""
        limit = until_s or time.monotonic()
        return sum(max(0, min(piece.end, limit) - max(piece.begin, since)) for piece in self.pieces if piece.loud) / LETTER_S

    def loudest_end(self):
        return max((piece.end for piece in self.pieces if piece.loud), default=0)

    # ---- when the caller speaks ----

    def told(self, text, times=1):
        """The agent's words were heard to their end, so often, and it is silent since a moment."""
        def check():
            heard = " ".join(one["text"] for one in self.follower.of("heard")) if self.follower else ""
            return heard.count(text) >= times and time.monotonic() > self.loudest_end() + 0.1
        return check

    def over(self, letters):
        """So many letters were played since the caller last spoke, and more are coming."""
        return lambda: self.letters(self.own[-1][1]) >= letters and self.queue_end > time.monotonic()

    def later(self, seconds):
        """So long behind the caller's own last words."""
        return lambda: time.monotonic() > self.own[-1][1] + seconds

    def _frame(self, now):
        if self.current is None and self.says and self.says[0][0]():
            self.current = words_of(self.says.pop(0)[1])
            self.own.append((now, now + len(self.current) / 8000))
        if self.current is None:
            return SILENCE
        piece, self.current = self.current[:FRAME], self.current[FRAME:] or None
        return piece + SILENCE[len(piece):]

    async def _send(self, ws, kind, body):
        self.is_mute = self.is_mute or self.mutes()
        self.left = self.left or self.is_mute
        if not self.is_mute:
            self.last = time.monotonic()
            await super()._send(ws, kind, body)

    # ---- what is asserted ----

    def story(self):
        """What a failure needs to be understood."""
        return "".join(f"\n{line['at_ms']:8.0f} {line['type']:8} " + " ".join(str(line[key]) for key in ("code", "why", "text", "who", "name", "outcome", "reason", "wasted", "vendor")
                       if key in line) for line in self.follower.lines) + f"\nsaid {[(round(a - self.started, 2), round(b - self.started, 2)) for a, b in self.own]}"

    def quiet_s(self):
        """The longest time without the agent's sound and the caller's, from the agent's first to its last; the machine's own lateness is no part of it."""
        busy = sorted([(piece.begin, piece.end) for piece in self.pieces if piece.loud] + self.own)
        last, longest = busy[0][1], 0.0
        for begin, end in busy:
            if begin < self.loudest_end():
                longest = max(longest, begin - last)
            last = max(last, end)
        return longest - self.most_late_ms / 1000


class Stage:
    """A house, its sandbox and its shop, which many calls share one after the other."""

    def __init__(self, house, sandbox, shop, voice):
        self.house, self.sandbox, self.shop, self.voice = house, sandbox, shop, voice
        self.count = 0

    def begin(self, *faults, heard=("yes", "yes"), other=()):
        """What the recognisers hear and how vendors fail from here on; what was asked before is forgotten."""
        self.sandbox.forget()
        self.shop.reset()
        self.sandbox.script(deepgram=list(heard), sarvam=list(other))
        if faults:
            self.sandbox.faults(*faults)

    def line(self, *says):
        """A caller who says these: (when, which recording)."""
        self.count += 1
        line = Line(self.house.ready["url"], self.count)
        line.says = [(when(line), self.voice[name]) for when, name in says]
        return line

    def hold(self, *lines):
        """Whole calls beside each other; the record of the first, once all are over."""
        known = {call["call"] for call in self.house.calls()}

        async def all_of_them():
            whole = []
            for line in lines:
                whole.append(asyncio.ensure_future(line.hold(50)))
                await asyncio.to_thread(self._find, line, known)
            await asyncio.gather(*whole)

        asyncio.run(all_of_them())
        return [until(lambda name=line.follower.name: (c := self.house.call(name))["state"] == "ended" and c, 20, "the call has ended") for line in lines][0]

    def _find(self, line, known):
        [name] = until(lambda: [call["call"] for call in self.house.calls() if call["call"] not in known], 20, "the call is there")
        known.add(name)
        line.follower = Follower(self.house, name)

    # ---- what vendors were asked ----

    def asks(self):
        """Bodies of the requests to the first model."""
        return [one["body"] for one in self.sandbox.requests("anthropic")]

    def thought(self):
        """Requests to both models."""
        return len(self.asks()) + sum(one["path"] == "/v1/chat/completions" for one in self.sandbox.requests("openai"))

    def transcripts(self):
        """What each socket of the voice was given to say."""
        return [[message["transcript"] for message in one["messages"] if message.get("transcript")] for one in self.sandbox.requests("cartesia")]

    def spoken_elsewhere(self):
        """What the other voice was given."""
        return [one["body"]["input"] for one in self.sandbox.requests("openai") if "input" in (one.get("body") or {})]

    def sound(self):
        """Samples that each of the recogniser's streams was given."""
        return [sum(message.get("bytes", 0) for message in one["messages"] if "binary_frames" in message) for one in self.sandbox.requests("deepgram")]


def blocks(body, kind):
    return [one for message in body["messages"] if isinstance(message["content"], list) for one in message["content"] if one["type"] == kind]


def pairs(body):
    """Each use of a tool has exactly one result, in the message behind it: (name, result) of each."""
    found = []
    messages = body["messages"]
    for index, message in enumerate(messages):
        uses = [one for one in message["content"] if isinstance(one, dict) and one["type"] == "tool_use"]
        behind = messages[index + 1]["content"] if index + 1 < len(messages) else []
        results = [one for one in behind if isinstance(one, dict) and one["type"] == "tool_result"]
        assert [use["id"] for use in uses] == [result["tool_use_id"] for result in results] or not uses, message
        found += [(use["name"], json.dumps(result["content"])) for use, result in zip(uses, results)]
    assert len(found) == len(blocks(body, "tool_use")) == len(blocks(body, "tool_result"))
    return found


def agent_text(body):
    """What the model is told that the agent said."""
    return " ".join(one["text"] for message in body["messages"] if message["role"] == "assistant" for one in message["content"]
                    if isinstance(one, dict) and one["type"] == "text")


# ---- the stage as a fixture ----

WORDS = {"yes": "yes", "no": "no", "hm": "hm", "stop": "stop it please", "long": "what was it that you have said", "some": "two zero two"}


def stages(folder, model, *settings):
    """For a fixture: a stage in that folder; its settings win."""
    books, voice = folder / "books", {name: folder / f"{name}.wav" for name in WORDS}
    books.mkdir()
    (books / "lamps.yaml").write_text(BOOK)
    for name, text in WORDS.items():
        subprocess.run([BINARY, "say", text, "-o", str(voice[name])], check=True, capture_output=True, timeout=60)
    with Sandbox("--tones", "--rulebook", books / "lamps.yaml") as sandbox, Shop() as shop:
        house = House(folder, model, f"server.public_url={PUBLIC}", "calls.samples=true", f"rulebooks.dir={books}", f"services.shop={shop.url}",
                      f"providers.openai.speech_url={sandbox.urls['openai']}", *(f"providers.{name}.url={url}" for name, url in sandbox.urls.items()), *SETTINGS, *settings)
        try:
            house.start()
            house.command("route", "add", NUMBER, "local", "lamps", "--account", ACCOUNT)
            for name, value in (("twilio.auth_token", SECRET), *((f"{vendor}.api_key", "sk-made-up") for vendor in VENDORS)):
                house.command("secret", "set", "local", name, stdin=value.encode())
            house.sign_in()
            yield Stage(house, sandbox, shop, voice)
        finally:
            house.close()
        assert house.replayed


@pytest.fixture(scope="module")
def stage(tmp_path_factory, model):
    """One house for all calls of a file: vendors of the network first, this machine's behind them."""
    yield from stages(tmp_path_factory.mktemp("stage"), model)
