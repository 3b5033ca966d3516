"""A carrier's call that changes its worker or its socket, and what must not make it: workers told to stop, lines that break, webhooks said again."""
import asyncio
import json
import os
import re
import signal
import struct
import time

import pytest
import websockets

from callers import YESES, Caller, ended, voice, when_planned  # noqa: F401 (a fixture)
from house import houses_for, until
from twiliophone import NUMBER, PUBLIC, SECRET

VOICE, AFTER = "/webhooks/twilio/voice", "/webhooks/twilio/after"
BACK_MS = 3000  # F01


@pytest.fixture
def houses(tmp_path, model):
    """houses("voice.workers=2"): a house."""
    yield from houses_for(tmp_path, model, PUBLIC, NUMBER, "twilio.auth_token", SECRET)


def told(caller):
    """What the caller heard of the agent, in order."""
    lines = sorted(caller.follower.of("heard"), key=lambda line: (line["epoch"], line["sequence"], line["part"]))
    return " ".join(line["text"] for line in lines)


# Of a call that nothing happens to: appointment-reminder, kept.
SCRIPT = re.compile(r"This call may be recorded\. Hello, this is Maya\. Am I speaking with Alex Morgan\? "
                    r"You have an appointment with Doctor Adams on \w+day, \d+ \w+ at \d+(:\d\d)? [AP]M\. Would you like to keep it, move it, or cancel it\? "
                    r"Thank you, it is confirmed\. Goodbye\.")


def drain(house, caller, seen):
    """SIGTERM to the worker that has the call, as a deploy does it."""
    seen["worker"] = caller.record()["worker"]
    seen["pid"] = house.pid(seen["worker"])
    os.kill(seen["pid"], signal.SIGTERM)


def moved(house, caller, call, seen):
    """It changed its worker once, and the caller was not kept waiting."""
    assert ended(call) == ("ended", "agent", "confirmed"), house.errors()
    assert call["epoch"] == 2 and call["worker"] != seen["worker"]
    assert caller.phone.streams == 2 and caller.phone.codes == [1001, 1000]
    assert caller.phone.verbs == [["Connect", "Redirect"], ["Connect", "Redirect"], ["Hangup"]]
    assert caller.phone.away_ms <= BACK_MS
    caller.follower.whole()
    assert len(caller.follower.of("tool_result")) == 2
    house.back(seen["worker"], seen["pid"])
    until(lambda: house.ask("GET", "/readyz", token=False).json()["ready"], 10, "it takes calls again")


def held_and_moved(houses, voice, number, *settings):
    """A whole call whose worker is told to stop behind the question: it went on elsewhere, and every word was told once."""
    house = houses("voice.workers=2", *settings)
    caller = Caller(house, number, voice)
    seen = {}
    when_planned(caller, lambda: drain(house, caller, seen))
    call = caller.hold()
    moved(house, caller, call, seen)
    assert SCRIPT.fullmatch(told(caller)), told(caller)
    return caller


def test_P19_a_worker_is_told_to_stop(houses, voice):
    """P19: its call moves behind the caller's turn, before the answer; no word is lost or said twice, no tool carried out twice."""
    caller = held_and_moved(houses, voice, 1)
    finals = " ".join(line["text"] for line in caller.follower.of("final"))
    assert finals.startswith(YESES) and "keep it" in finals
    assert [line["epoch"] for line in caller.follower.of("tool_result")] == [1, 2]


def test_its_time_is_up_in_a_sentence(houses, voice):
    """voice.drain_s is over while the agent speaks: the call moves as it is this moment, and goes on behind what was heard."""
    held_and_moved(houses, voice, 2, "voice.drain_s=0")


async def page_talks(way, origin, until_ready=False):
    """A page's socket (docs/voice.md): silence from the microphone, what comes is played at once. How it closed; or None, once it is ready."""
    sound = {"codec": "pcm_s16le", "rate": 8000}
    gen = played = seq = 0
    async with websockets.connect(f"{way['url']}?session={way['token']}", compression=None, origin=origin) as ws:
        await ws.send(json.dumps({"type": "hello", "v": 1, "audio_in": {**sound, "channels": 1, "frame_ms": 20}, "audio_out": sound}))
        began = None
        try:
            while True:
                try:
                    message = await asyncio.wait_for(ws.recv(), 0.02)
                except TimeoutError:
                    message = None
                if isinstance(message, bytes):
                    played += (len(message) - 8) // 2
                    await ws.send(json.dumps({"type": "played", "gen": gen, "samples": played}))
                elif message and json.loads(message)["type"] == "ready":
                    if until_ready:
                        return None
                    began = time.monotonic()
                elif message and json.loads(message)["type"] == "clear":
                    gen, played = json.loads(message)["gen"], 0
                while began and seq < (time.monotonic() - began) * 50:
                    await ws.send(struct.pack("<BBHI", 1, 0, gen, seq) + bytes(320))
                    seq += 1
        except websockets.exceptions.ConnectionClosed:
            return ws.close_code


def test_a_page_whose_worker_is_told_to_stop(houses):
    """It is silent: moved all the same, closed by what makes the page come back, which is sent to the other worker."""
    house = houses("voice.workers=2")
    origin = house.ready["url"]
    way = house.ask("POST", "/v1/calls/browser", {"rulebook": "appointment-reminder"}).json()

    async def talks():
        line = asyncio.ensure_future(page_talks(way, origin))
        while house.call(way["call"])["state"] != "live":
            await asyncio.sleep(0.05)
        os.kill(house.pid(house.call(way["call"])["worker"]), signal.SIGTERM)
        return await asyncio.wait_for(line, 60)

    before = way["url"]
    assert asyncio.run(talks()) == 1001, house.errors()
    worker = house.call(way["call"])["worker"]
    way = house.ask("POST", f"/v1/calls/{way['call']}/browser").json()
    assert way["url"] != before
    assert asyncio.run(page_talks(way, origin, until_ready=True)) is None
    call = house.call(way["call"])
    assert call["epoch"] == 2 and call["worker"] != worker


def test_F01_a_line_that_breaks(houses, voice):
    """F01: only the carrier knows at once; its question comes before the worker has noticed, or just then."""
    house = houses()
    caller = Caller(house, 3, voice)
    caller.phone.breaks = lambda: caller.asked() == "keep"
    call = caller.hold()
    assert ended(call) == ("ended", "agent", "confirmed"), house.errors()
    assert call["epoch"] == 2 and caller.phone.streams == 2
    assert caller.phone.away_ms <= BACK_MS


def test_P25_webhooks_that_were_overheard(houses, voice):
    """P25: the very bytes, signed as they are. Before the carrier came they take nothing from it; while the caller talks they give no stream."""
    house = houses("voice.workers=2")
    caller = Caller(house, 4, voice)
    webhook, ask = caller.phone.webhook, caller.phone.webhook.twiml
    heard = []

    def overheard(path):
        verbs = ask(path)
        for _ in range(6 if path == VOICE else 0):
            ask(VOICE)
        return verbs

    def again():
        heard.extend([v.tag for v in ask(AFTER)] for _ in range(3))
        return True

    webhook.twiml = overheard
    caller.phone.during = again
    call = caller.hold()
    assert heard == 3 * [["Pause", "Redirect"]]
    assert ended(call) == ("ended", "agent", "confirmed"), house.errors()
    assert call["epoch"] == 1 and caller.phone.streams == 1 and caller.phone.codes == [1000]
