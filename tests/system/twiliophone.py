"""Twilio's side of a call, written from its documentation: signed webhooks, TwiML, the media stream with marks and clear, in real time.

A phone answers when the agent has spoken and been silent for a moment, and says it again when it was not understood; what was asked it is told by
whoever made it. Its clock is the sound it sends.
"""
import asyncio
import base64
import functools
import http.client
import json
import time
import urllib.parse
import wave
import xml.etree.ElementTree as tree

import websockets
from twilio.request_validator import RequestValidator

ACCOUNT = "AC00000000000000000000000000000001"
NUMBER = "+15550100"
PUBLIC = "https://calls.example.com"
SECRET = "12345678901234567890123456789012"
FRAME = 160  # samples: 20 ms
SILENCE = b"\xff" * FRAME
QUIET_FRAMES = 40  # 800 ms without the agent before the next line


def ulaw(sample):
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | (magnitude >> (exponent + 3) & 0x0F)) & 0xFF


@functools.cache
def read_wav(path):
    with wave.open(str(path)) as w:
        assert w.getframerate() == 8000 and w.getsampwidth() == 2 and w.getnchannels() == 1
        data = w.readframes(w.getnframes())
    return bytes(ulaw(int.from_bytes(data[i:i + 2], "little", signed=True)) for i in range(0, len(data), 2))


class Webhook:
    """What Twilio asks by HTTP, and the answer taken apart."""

    def __init__(self, url, call, secret=SECRET, account=ACCOUNT, number=NUMBER):
        self.base = url.removeprefix("http://")
        self.call = call
        self.secret = secret
        self.params = {"AccountSid": account, "ApiVersion": "2010-04-01", "CallSid": call, "CallStatus": "ringing", "Called": number, "Caller": "+15550199",
                       "Direction": "inbound", "From": "+15550199", "To": number, "CallerName": ""}

    def signature(self, path):
        return RequestValidator(self.secret).compute_signature(PUBLIC + path, self.params)

    def post(self, path, signature=None, timeout=20):
        connection = http.client.HTTPConnection(self.base, timeout=timeout)
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature or self.signature(path)}
            connection.request("POST", path, urllib.parse.urlencode(self.params), headers)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        finally:
            connection.close()

    def twiml(self, path):
        """The verbs of an answer that must be good."""
        status, body = self.post(path)
        assert status == 200, (status, body)
        return list(tree.fromstring(body))


def stream_of(verbs):
    """(media URL, token, where to ask afterwards) of a <Connect>, or None."""
    connect = next((v for v in verbs if v.tag == "Connect"), None)
    if connect is None:
        return None
    stream = connect.find("Stream")
    token = next(p.get("value") for p in stream.findall("Parameter") if p.get("name") == "token")
    after = next(v for v in verbs if v.tag == "Redirect").text
    assert after.startswith(PUBLIC)
    return stream.get("url"), token, after.removeprefix(PUBLIC)


def start_message(call, stream, token, account=ACCOUNT):
    return {"event": "start", "sequenceNumber": "1", "streamSid": stream, "start": {
        "streamSid": stream, "accountSid": account, "callSid": call, "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}, "customParameters": {"token": token}}}


class Phone:
    """One call. `answer()` gives a recording for what the agent asked last, or None: nothing is said yet."""

    def __init__(self, url, call, answer=lambda: None, number=NUMBER):
        self.webhook = Webhook(url, call, number=number)
        self.call = call
        self.path = "/webhooks/twilio/voice"  # where it is asked what to do first
        self.answer = answer
        self.during = None          # called on a thread again and again while the agent speaks, until it gives true
        self.barge = None           # a recording that is said over the agent, once barge_when() gives true
        self.barge_when = lambda: True
        self.leaves = lambda: False # when the caller hangs up
        self.left = False
        self.keys = []              # to be pressed as soon as there is a socket
        self.breaks = lambda: False # when the line breaks, without a word
        self.broke = None           # when it did, or a socket was closed on us,
        self.away_ms = 0            # and the longest time from there to sound on another one
        self.heard = 0              # pieces of the agent's sound since we last began to speak
        self.streams = 0
        self.media = self.clears = self.marks = 0
        self.first_ms = None        # from our start to the agent's first sound
        self.held_ms = None         # from the interruption's first sound to the clear
        self.most_ahead_ms = self.most_late_ms = 0
        self.verbs = []             # of each answer
        self.codes = []             # how each socket closed
        self.task = None

    async def hold(self, seconds=120):
        """From the first webhook to <Hangup/>."""
        await asyncio.wait_for(self._hold(), seconds)
        if self.task:
            await self.task
        assert not self.during and not self.barge, "it did not come to this"
        return self

    async def _hold(self):
        verbs = self.webhook.twiml(self.path)
        while True:
            self.verbs.append([v.tag for v in verbs])
            stream = stream_of(verbs)
            if not stream:
                after = next((v for v in verbs if v.tag == "Redirect"), None)
                if after is None:
                    return
                await self._pause(verbs)
                verbs = self.webhook.twiml(after.text.removeprefix(PUBLIC))
                continue
            await self._pause(verbs)
            await self._stream(stream[0], stream[1])
            if self.left:
                return  # nobody is there to be asked for
            verbs = self.webhook.twiml(stream[2])

    async def _pause(self, verbs):
        """<Pause> is the carrier's own time: it is waited for."""
        for verb in verbs:
            if verb.tag == "Pause":
                await asyncio.sleep(float(verb.get("length", 1)))

    # ---- one media stream ----

    async def _stream(self, url, token):
        self.streams += 1
        self.url, self.token = url, token
        self.id = f"MZ{self.streams:032x}"
        self.sequence, self.sent, self.silent_frames = 1, 0, 0
        self.queue_end = time.monotonic()
        self.waiting = []           # (mark, when its sound is played)
        self.heard = 0
        self.current = None         # what is left of the line that is being said
        self.barged = None          # when the interruption began
        try:
            async with websockets.connect(url, compression=None, max_size=None, ping_interval=None, open_timeout=10) as ws:
                await ws.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
                await ws.send(json.dumps(start_message(self.call, self.id, token)))
                self.started = time.monotonic()
                self.sequence = 2
                speaker = asyncio.ensure_future(self._speak(ws))
                try:
                    async for message in ws:
                        self._hear(json.loads(message))
                finally:
                    speaker.cancel()
                self.codes.append(ws.close_code)
        except (OSError, websockets.exceptions.WebSocketException) as failure:
            self.codes.append(getattr(getattr(failure, "rcvd", None), "code", 1006))
        self.broke = self.broke or time.monotonic()

    def _hear(self, message):
        now = time.monotonic()
        assert message["streamSid"] == self.id
        if message["event"] == "media":
            assert sorted(message) == ["event", "media", "streamSid"] and sorted(message["media"]) == ["payload"]
            self.media += 1
            if self.broke:
                self.away_ms, self.broke = max(self.away_ms, (now - self.broke) * 1000), None
            self.first_ms = self.first_ms or (now - self.started) * 1000
            self.queue_end = max(self.queue_end, now) + len(base64.b64decode(message["media"]["payload"])) / 8000
            self.most_ahead_ms = max(self.most_ahead_ms, (self.queue_end - now) * 1000)
            self.heard += 1
            if self.during and not self.task and self.heard >= 40:
                self.task = asyncio.ensure_future(self._during())
        elif message["event"] == "mark":
            assert sorted(message) == ["event", "mark", "streamSid"]
            self.waiting.append((message["mark"]["name"], self.queue_end))
        else:
            assert message == {"event": "clear", "streamSid": self.id}
            self.clears += 1
            self.queue_end = now
            if self.barged and self.held_ms is None:
                self.held_ms = (now - self.barged) * 1000
                self.heard = 0
            if self.current is not None:
                self.heard = 0  # the next line waits for what the agent says to this one
            self.waiting = [(name, now) for name, _ in self.waiting]

    async def _during(self):
        while not await asyncio.get_running_loop().run_in_executor(None, self.during):
            await asyncio.sleep(0.02)
        self.during = None

    async def _send(self, ws, kind, body):
        self.sequence += 1
        await ws.send(json.dumps({"event": kind, "sequenceNumber": str(self.sequence), "streamSid": self.id, kind: body}))

    async def _speak(self, ws):
        """A frame every 20 ms by the clock; what is late is sent at once."""
        began = time.monotonic()
        try:
            while True:
                due = began + self.sent * FRAME / 8000
                now = time.monotonic()
                if now < due:
                    await asyncio.sleep(due - now)
                    continue
                self.most_late_ms = max(self.most_late_ms, (now - due) * 1000)
                if self.breaks():
                    self.breaks, self.broke = lambda: False, now
                    ws.transport.abort()
                    return
                if self.leaves():
                    self.left = True
                    await self._send(ws, "stop", {"accountSid": ACCOUNT, "callSid": self.call})
                    await ws.close()
                    return
                await self._send(ws, "media", {"track": "inbound", "chunk": str(self.sent + 1), "timestamp": str(self.sent * 20),
                                               "payload": base64.b64encode(self._frame(now)).decode()})
                self.sent += 1
                while self.keys:
                    await self._send(ws, "dtmf", {"track": "inbound_track", "digit": self.keys.pop(0)})
                while self.waiting and self.waiting[0][1] <= time.monotonic():
                    self.marks += 1
                    await self._send(ws, "mark", {"name": self.waiting.pop(0)[0]})
        except websockets.exceptions.ConnectionClosed:
            pass

    def _frame(self, now):
        """Of what is being said, or silence; decides when the next line begins."""
        agent_speaks = self.queue_end > now
        self.silent_frames = 0 if agent_speaks or not self.heard else self.silent_frames + 1
        if self.barge and self.current is None and agent_speaks and self.heard >= 40 and self.barge_when():
            self.current, self.barge, self.barged = read_wav(self.barge), None, now
        elif self.current is None and self.silent_frames >= QUIET_FRAMES:
            line = self.answer()
            if line:
                self.current = read_wav(line)
                self.heard = 0
        if self.current is None:
            return SILENCE
        piece, self.current = self.current[:FRAME], self.current[FRAME:] or None
        return piece + SILENCE[len(piece):]
