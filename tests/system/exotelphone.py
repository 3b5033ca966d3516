"""Exotel's side of a call, written from its public pages: a flow of Voicebot and Passthru. It asks where the sound is to go, streams PCM in chunks of
100 ms, and asks behind the socket whether the call goes on; if so, the Voicebot comes again.

The caller on it is twiliophone's: what is said when, interruptions, breaks. Its clock is the sound it sends.
"""
import array
import asyncio
import base64
import functools
import http.client
import json
import time
import urllib.parse

import websockets

from twiliophone import FRAME, Phone

KEY = "a-secret-of-this-house-alone"
ACCOUNT = "acme1"
CHUNK_FRAMES = 5
PATIENCE = 0.3  # from one applet to the next


@functools.cache
def linear():
    """µ-law's 256 values."""
    values = []
    for code in range(256):
        code = ~code & 0xFF
        magnitude = (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
        values.append(-magnitude if code & 0x80 else magnitude)
    return values


def pcm(ulaw, rate):
    """Each sample said as often as the rate wants."""
    table = linear()
    return array.array("h", [table[code] for code in ulaw for _ in range(rate // 8000)]).tobytes()


class ExotelPhone(Phone):
    """`camel`: keys are spelt streamSid. `returns_marks`: of what a clear threw away; Exotel does not say whether it does."""

    def __init__(self, url, call, answer=lambda: None, number="+15550100", camel=False, returns_marks=True, key=KEY, account=ACCOUNT):
        super().__init__(url, call, answer, number)
        self.base = url.removeprefix("http://")
        self.camel = camel
        self.returns_marks = returns_marks
        self.query = {"key": key, "account": account, "CallSid": call, "CallFrom": "+15550199", "CallTo": number, "Direction": "incoming", "flow_id": "1"}
        self.asked = []     # each applet's question and the status it got
        self.lengths = []   # bytes of each chunk
        self.streamed_s = 0
        self.fields = ["chunk", "payload", "timestamp"]  # of our media
        self.keep = None    # a list: every message of ours and theirs is kept

    def get(self, what, headers=None, method="GET", **more):
        connection = http.client.HTTPConnection(self.base, timeout=20)
        try:
            connection.request(method, f"/webhooks/exotel/{what}?{urllib.parse.urlencode(self.query | more)}", headers=headers or {})
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        finally:
            connection.close()

    def voicebot(self):
        """The socket's address, or None."""
        status, body = self.get("voice")
        self.asked.append(("voice", status))
        if status != 200:
            return None
        answer = json.loads(body)
        assert list(answer) == ["url"] and len(answer["url"]) < 600
        return answer["url"]

    def passthru(self):
        status, _ = self.get("after", **{"Stream[StreamSID]": "s", "Stream[Status]": "completed", "Stream[DisconnectedBy]": "bot"})
        self.asked.append(("after", status))
        return status == 200

    async def _hold(self):
        while True:
            url = self.voicebot()
            if url:
                await self._stream(url, None)
            if self.left or not self.passthru():
                return
            await asyncio.sleep(PATIENCE)

    # ---- one media stream ----

    def spelt(self, snake):
        head, *tail = snake.split("_")
        return head + "".join(word.capitalize() for word in tail) if self.camel else snake

    def start_message(self, parameters):
        ids = {self.spelt("stream_sid"): self.id}
        return {"event": "start", self.spelt("sequence_number"): 1 if self.camel else "1", **ids, "start": {
            **ids, self.spelt("call_sid"): self.call, self.spelt("account_sid"): self.query["account"], "from": "+15550199", "to": self.query["CallTo"],
            self.spelt("custom_parameters"): parameters,
            self.spelt("media_format"): {"encoding": "raw/slin", self.spelt("sample_rate"): self.rate if self.camel else str(self.rate), "bit_rate": "16"}}}

    async def _stream(self, url, _):
        self.streams += 1
        self.url = url
        self.id = f"{self.streams:016x}"
        parameters = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        self.rate = int(parameters["sample-rate"])
        self.sequence, self.sent, self.silent_frames = 1, 0, 0
        self.queue_end = time.monotonic()
        self.waiting = []
        self.heard = 0
        self.current = self.barged = None
        try:
            async with websockets.connect(url, compression=None, max_size=None, ping_interval=None, open_timeout=10) as ws:
                await self._put(ws, {"event": "connected"})
                await self._put(ws, self.start_message(parameters))
                self.started = time.monotonic()
                speaker = asyncio.ensure_future(self._speak(ws))
                try:
                    async for message in ws:
                        self._hear(json.loads(message))
                finally:
                    speaker.cancel()
                self.codes.append(ws.close_code)
                self.streamed_s = time.monotonic() - self.started
        except (OSError, websockets.exceptions.WebSocketException) as failure:
            self.codes.append(getattr(getattr(failure, "rcvd", None), "code", 1006))
        self.broke = self.broke or time.monotonic()

    def _hear_sound(self, media, now):
        sound = base64.b64decode(media["payload"], validate=True)
        assert sorted(media) == self.fields
        assert len(sound) % 320 == 0 and 0 < len(sound) <= 100000
        self.lengths.append(len(sound))
        self.media += 1
        if self.broke:
            self.away_ms, self.broke = max(self.away_ms, (now - self.broke) * 1000), None
        self.first_ms = self.first_ms or (now - self.started) * 1000
        self.queue_end = max(self.queue_end, now) + len(sound) / (2 * self.rate)
        self.most_ahead_ms = max(self.most_ahead_ms, (self.queue_end - now) * 1000)
        self.heard += len(sound) * 50 // (2 * self.rate)
        if self.during and not self.task and self.heard >= 40:
            self.task = asyncio.ensure_future(self._during())

    def _hear(self, message):
        now = time.monotonic()
        if self.keep is not None:
            self.keep.append(("ours", message))
        assert message[self.spelt("stream_sid")] == self.id
        if message["event"] == "media":
            self._hear_sound(message["media"], now)
        elif message["event"] == "mark":
            self.waiting.append((message["mark"]["name"], self.queue_end))
        else:
            assert message == {"event": "clear", self.spelt("stream_sid"): self.id}
            self._cleared(now)

    def _cleared(self, now):
        self.clears += 1
        self.queue_end = now
        if self.barged and self.held_ms is None:
            self.held_ms = (now - self.barged) * 1000
            self.heard = 0
        if self.current is not None:
            self.heard = 0
        self.waiting = [(name, now) for name, _ in self.waiting] if self.returns_marks else []

    async def _put(self, ws, message):
        if self.keep is not None:
            self.keep.append(("theirs", message))
        await ws.send(json.dumps(message))

    async def _send(self, ws, kind, body):
        self.sequence += 1
        number = self.sequence if self.camel else str(self.sequence)
        await self._put(ws, {"event": kind, self.spelt("sequence_number"): number, self.spelt("stream_sid"): self.id, kind: body})

    async def _speak(self, ws):
        """A chunk every 100 ms, when its sound is over; what is late is sent at once."""
        began = time.monotonic()
        try:
            while True:
                due = began + (self.sent + 1) * CHUNK_FRAMES * FRAME / 8000
                now = time.monotonic()
                if now < due:
                    await asyncio.sleep(min(due - now, 0.02))
                    await self._marks(ws)
                    continue
                self.most_late_ms = max(self.most_late_ms, (now - due) * 1000)
                if self.breaks():
                    self.breaks, self.broke = lambda: False, now
                    ws.transport.abort()
                    return
                if self.leaves():
                    self.left = True
                    await self._send(ws, "stop", {self.spelt("call_sid"): self.call, self.spelt("account_sid"): ACCOUNT, "reason": "callended"})
                    await ws.close()
                    return
                ulaw = b"".join(self._frame(now) for _ in range(CHUNK_FRAMES))
                await self._send(ws, "media", {"chunk": str(self.sent + 1), "timestamp": str(self.sent * 100),
                                               "payload": base64.b64encode(pcm(ulaw, self.rate)).decode()})
                self.sent += 1
                while self.keys:
                    await self._send(ws, "dtmf", {"digit": self.keys.pop(0), "duration": "100"})
        except websockets.exceptions.ConnectionClosed:
            pass

    async def _marks(self, ws):
        while self.waiting and self.waiting[0][1] <= time.monotonic():
            self.marks += 1
            await self._send(ws, "mark", {"name": self.waiting.pop(0)[0]})
