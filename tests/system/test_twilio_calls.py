"""Whole calls from Twilio's side against the real `callfunnel serve`: signed by Twilio's own package, with sound, also when processes are killed.

The caller's voice is flite's, made by `callfunnel say`: a labelled stand-in for recorded people.
"""
import asyncio
import json
import signal
import subprocess
import time

import pytest
import websockets

from callers import YESES, Caller, ended, settled, voice, when_planned  # noqa: F401
from conftest import BINARY
from house import House, brief_books, is_alive, until
from twiliophone import NUMBER, PUBLIC, SECRET, Webhook, start_message, stream_of

VOICE, AFTER = "/webhooks/twilio/voice", "/webhooks/twilio/after"
OTHER_NUMBER, OTHER_SECRET = "+15550101", "abcdefabcdefabcdefabcdefabcdefab"


@pytest.fixture
def house(tmp_path, model):
    """With two tenants, each with a number and a secret of its own."""
    h = House(tmp_path, model, f"server.public_url={PUBLIC}", "calls.samples=true", f"rulebooks.dir={brief_books(tmp_path)}")
    h.start()
    h.command("tenant", "add", "other")
    for number, tenant, secret in ((NUMBER, "local", SECRET), (OTHER_NUMBER, "other", OTHER_SECRET)):
        h.command("route", "add", number, tenant, "appointment-reminder")
        h.command("secret", "set", tenant, "twilio.auth_token", stdin=secret.encode())
    h.sign_in()
    yield h
    calls = sum(call["epoch"] > 0 for call in h.calls()) if h.serve.poll() is None else 0  # others no worker ever had
    h.close()
    assert h.replayed >= calls


def replays(house, call, worker="w1"):
    """The whole call again from the worker's journal, byte for byte, once everything has stopped."""
    assert house.stop() == 0
    done = subprocess.run([BINARY, "replay", call["call"], "--dir", str(house.data / "journal" / worker)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and "identical" in done.stdout, done.stdout + done.stderr
    return True


def worker_url(house):
    return next(p["url"] for p in house.ready["processes"] if p["name"] == "w1")


# ---- whole calls ----


def test_P08_a_whole_call(house, voice):
    """P08, P24's order, marks, the goodbye: the carrier is told to hang up."""
    caller = Caller(house, 1, voice)
    call = caller.hold()
    phone = caller.phone
    assert ended(call) == ("ended", "agent", "confirmed") and call["result"] == "success", house.errors()
    assert call["epoch"] == 1 and call["turns"] >= 2
    assert phone.verbs == [["Connect", "Redirect"], ["Hangup"]] and phone.codes == [1000]
    assert phone.most_ahead_ms <= 400 + phone.most_late_ms + 20
    assert phone.marks > 20 and phone.first_ms <= 10 * 200
    assert [v.tag for v in phone.webhook.twiml(VOICE)] == ["Hangup"]  # asked once more, a day later or so
    caller.follower.whole()
    words = " ".join(line["text"] for line in caller.follower.of("final"))
    assert words.startswith(YESES) and "keep it" in words
    assert [line["name"] for line in caller.follower.of("tool")] == ["find_appointment", "confirm_appointment"]
    assert [json.loads(line["arguments"])["outcome"] for line in caller.follower.of("outcome")] == ["confirmed"]
    assert caller.follower.lines == house.events(call["call"])
    assert caller.follower.breaks == 0
    assert replays(house, call)


def test_the_caller_hangs_up(house, voice):
    """Before anything is settled: the outcome is what the rule-book says of that."""
    caller = Caller(house, 18, voice)
    caller.phone.leaves = lambda: caller.asked() == "keep"
    caller.hold()
    call = settled(caller)
    assert ended(call) == ("ended", "caller", "no_result") and call["result"] == "failure", house.errors()
    assert caller.phone.verbs == [["Connect", "Redirect"]]


def test_P06_P08_speech_over_the_agent_clears(house, voice):
    """P06, P08: the carrier's buffer is cleared soon after somebody speaks."""
    caller = Caller(house, 2, voice)
    caller.phone.barge, caller.phone.barge_when = voice["cancel"], lambda: caller.asked() == "keep"
    call = caller.hold()
    assert caller.phone.clears >= 1
    assert caller.phone.held_ms <= 10 * 250
    assert ended(call)[:2] == ("ended", "agent") and call["outcome"] in ("cancelled", "confirmed"), house.errors()
    assert "hold" in [line["type"] for line in caller.follower.whole()]
    assert replays(house, call)


def test_a_call_the_moment_it_is_ready(house, voice):
    """A second start; whoever calls at that instant is greeted as everybody is."""
    assert house.stop() == 0
    house.start()
    caller = Caller(house, 17, voice)

    def greeted():
        if caller.phone.first_ms is None:
            return False
        house.sign_in()
        return house.ask("POST", f"/v1/calls/{caller.find().name}/end").status == 204

    caller.phone.during = greeted
    call = caller.hold()
    assert caller.phone.first_ms <= 10 * 200
    assert ended(call) == ("ended", "order", "no_result"), house.errors()
    assert "Hello, this is" in " ".join(line["text"] for line in (caller.follower.whole(), caller.follower.of("speak"))[1])


# ---- who may not ----


def sid(number):
    return f"CA{number:032x}"


def test_signatures_that_are_not_good(house):
    """F22, N8: all refused alike, and nothing was made of any of them."""
    url = house.ready["url"]
    good, other = Webhook(url, sid(3)), Webhook(url, sid(3), number=OTHER_NUMBER)
    moved = Webhook(url, sid(4))
    refused = [
        good.post(VOICE, signature="E+JpCxt37m8Mcqxt1rXXqqMqmg4="),       # made up
        good.post(VOICE, signature=" "),                                  # none
        Webhook(url, sid(3), secret=OTHER_SECRET).post(VOICE),            # another tenant's secret
        other.post(VOICE),                                                # that tenant's number, signed by the first one's secret
        moved.post(VOICE, signature=good.signature(VOICE)),               # another call's, replayed
        good.post(AFTER, signature=good.signature(VOICE)),                # another path's, replayed
        Webhook(url, sid(3), number="+15550199").post(VOICE),             # a number that is nobody's
    ]
    assert {status for status, _ in refused} == {403}
    assert len({body for _, body in refused}) == 1
    assert house.calls() == []


async def say_start(url, call, token):
    """How the socket closes on this start."""
    async with websockets.connect(url, compression=None) as ws:
        await ws.send(json.dumps(start_message(call, "MZ" + 32 * "0", token)))
        try:
            while True:
                await asyncio.wait_for(ws.recv(), 20)
        except websockets.exceptions.ConnectionClosed:
            return ws.close_code


def test_webhooks_that_ask_for_nothing_new(house):
    """A call that is over opens none; one that is asked for again gets what it got."""
    over = Webhook(house.ready["url"], sid(20))
    over.params["CallStatus"] = "completed"
    for path in (VOICE, AFTER):
        assert over.twiml(path) == []
    assert house.calls() == []
    again = Webhook(house.ready["url"], sid(21))
    assert again.post(VOICE) == again.post(VOICE) != again.post(AFTER)
    assert len(house.calls()) == 1


def journal_of(house):
    """Every file of the worker's journal, as far as it was written."""
    return {f.name: f.read_bytes() for f in (house.data / "journal" / "w1").glob("seg-*")}


def test_P25_tokens_that_are_not_good(house):
    """P25: closed before a journal, a recogniser or a voice is touched."""
    url, token, _ = stream_of(Webhook(house.ready["url"], sid(5)).twiml(VOICE))
    _, foreign, _ = stream_of(Webhook(house.ready["url"], sid(6)).twiml(VOICE))
    before = journal_of(house)
    for bad in (foreign, token[:-1] + ("A" if token[-1] != "A" else "B"), "", "x" * 300, "0" * 43):
        assert asyncio.run(say_start(url, sid(5), bad)) == 1008, bad
    assert asyncio.run(say_start(url, sid(7), token)) == 1008  # of this call, said by another one
    assert journal_of(house) == before
    numbers = house.ask("GET", "/metrics", url=worker_url(house))
    assert numbers.status == 200
    assert "\ncallfunnel_voice_calls_begun_total 0\n" in numbers.body.decode()
    assert "\ncallfunnel_journal_records_total 0\n" in numbers.body.decode()


def test_a_webhook_that_was_overheard(house, voice):
    """The very bytes again, signed as they are, while the caller talks: no stream for whoever sends them, and the call does not notice."""
    caller = Caller(house, 19, voice)
    heard = []
    caller.phone.during = lambda: heard.extend(v.tag for v in caller.phone.webhook.twiml(VOICE)) or True
    call = caller.hold()
    assert heard == ["Hangup"]
    assert ended(call) == ("ended", "agent", "confirmed") and call["epoch"] == 1 and caller.phone.streams == 1, house.errors()


def test_P25_a_token_is_good_once(house, voice):
    """P25: whoever heard it on the line comes too late."""
    caller = Caller(house, 11, voice)
    caller.phone.answer = lambda: None
    replayed = []

    def replay():
        replayed.append(asyncio.run(say_start(caller.phone.url, caller.phone.call, caller.phone.token)))
        return house.ask("POST", f"/v1/calls/{house.calls()[0]['call']}/end").status == 204

    caller.phone.during = replay
    call = caller.hold()
    assert set(replayed) == {1008}
    assert ended(call) == ("ended", "order", "no_result") and call["epoch"] == 1


# ---- stopping ----


def test_P19_told_to_stop_in_a_call(house, voice):
    """P19: no new call from then on; the one that is there goes on to its end, and then everything is gone."""
    caller = Caller(house, 12, voice)
    running = [p["pid"] for p in house.ready["processes"]]
    seen = {}

    def stop():
        house.serve.send_signal(signal.SIGTERM)
        worker = worker_url(house)
        until(lambda: house.ask("GET", "/readyz", token=False, url=worker).status == 503, 10, "the worker heard of it")
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        seen["socket"] = house.ask("GET", "/media/twilio", headers=upgrade, token=False, url=worker).status
        until(lambda: not house.ask("GET", "/readyz", token=False).json()["ready"], 10, "the conductor heard of it")
        seen["webhook"] = [v.tag for v in Webhook(house.ready["url"], sid(13)).twiml(VOICE)]

    when_planned(caller, stop)
    asyncio.run(caller.phone.hold())
    assert seen == {"socket": 503, "webhook": ["Say", "Hangup"]}
    assert caller.phone.verbs == [["Connect", "Redirect"], ["Hangup"]] and caller.phone.codes == [1000]
    assert house.serve.wait(timeout=60) == 0
    assert not any(is_alive(pid) for pid in running)
    house.start()
    house.sign_in()
    assert ended(next(c for c in house.calls() if c["call"] == caller.follower.name)) == ("ended", "agent", "confirmed")


# ---- kill -9 ----


def test_F01_the_worker_is_killed(house, voice):
    """F01: the carrier comes back by its redirect, another life of the worker goes on from the last turn, to the same outcome; the recording has both."""
    caller = Caller(house, 8, voice)
    dead = []
    when_planned(caller, lambda: dead.append(house.kill("w1")))
    call = caller.hold()
    assert ended(call) == ("ended", "agent", "confirmed"), house.errors()
    assert call["epoch"] == 2 and caller.phone.streams == 2
    assert caller.phone.codes[0] != 1000 and caller.phone.codes[1] == 1000
    house.back("w1", dead[0])
    lines = caller.follower.whole()
    assert [line["type"] for line in lines].count("attach") == 1
    assert [line["name"] for line in caller.follower.of("tool")] == ["find_appointment", "confirm_appointment"]
    recording = until(lambda: (a := house.ask("GET", f"/v1/calls/{call['call']}/recording")).status == 200 and a, 30, "the recording is there")
    assert recording.headers["Content-Type"] == "audio/flac" and recording.body[:4] == b"fLaC"
    samples = int.from_bytes(recording.body[21:26], "big") & (1 << 36) - 1  # STREAMINFO
    assert abs(samples / 8 - call["connected_ms"]) <= 10 * 20
    assert replays(house, call)


def test_the_worker_is_killed_in_the_greeting(house, voice):
    """F01 before there is any snapshot: the greeting is said again."""
    caller = Caller(house, 14, voice)
    caller.phone.during = lambda: house.kill("w1")
    call = caller.hold()
    assert ended(call) == ("ended", "agent", "confirmed"), house.errors()
    assert call["epoch"] == 2 and caller.phone.streams == 2
    said = " ".join(line["text"] for line in (caller.follower.whole(), caller.follower.of("speak"))[1])
    assert said.count("Hello, this is Maya") == 2


def test_F01_one_of_two_workers_is_killed(tmp_path, model, voice):
    """F01: its call goes on at the other worker, whose own call does not notice."""
    house = House(tmp_path, model, f"server.public_url={PUBLIC}", "calls.samples=true", "voice.workers=2", f"rulebooks.dir={brief_books(tmp_path)}")
    try:
        house.start()
        house.command("route", "add", NUMBER, "local", "appointment-reminder")
        house.command("secret", "set", "local", "twilio.auth_token", stdin=SECRET.encode())
        house.sign_in()
        first = Caller(house, 15, voice)
        second = Caller(house, 16, voice, others=[first])
        places = []

        def kill():
            places.extend((first.record()["worker"], second.record()["worker"]))
            house.kill(places[0])

        async def both():
            one = asyncio.ensure_future(first.phone.hold())
            while not first.find():
                await asyncio.sleep(0.02)
            await asyncio.gather(one, second.phone.hold())

        when_planned(first, kill)
        asyncio.run(both())
        assert sorted(places) == ["w1", "w2"]
        moved, stayed = first.record(), second.record()
        assert ended(moved) == ended(stayed) == ("ended", "agent", "confirmed"), house.errors()
        assert (moved["epoch"], moved["worker"]) == (2, places[1]) and (stayed["epoch"], stayed["worker"]) == (1, places[1])
        assert second.phone.streams == 1
    finally:
        house.close()


def recorded_gaps(house, call):
    """(from, to) in ms of every hole in the caller's track, as the recording has them."""
    done = subprocess.run([BINARY, "recording", call["call"], "--set", f"data.dir={house.data}", "-o", str(house.data / "call.wav"), "--json"],
                          capture_output=True, timeout=60, check=True)
    gaps = [gap for gap in json.loads(done.stdout)["gaps"] if gap["side"] == "caller"]
    return [(gap["start_sample"] / 8, (gap["start_sample"] + gap["samples"]) / 8) for gap in gaps]


@pytest.fixture
def two(tmp_path, model):
    """A house with two workers: where one dies, the other one is there at once."""
    house = House(tmp_path, model, f"server.public_url={PUBLIC}", "calls.samples=true", "voice.workers=2", "key.gap_ms=8000",
                  f"rulebooks.dir={brief_books(tmp_path)}")
    house.start()
    house.command("route", "add", NUMBER, "local", "appointment-reminder")
    house.command("secret", "set", "local", "twilio.auth_token", stdin=SECRET.encode())
    house.sign_in()
    yield house
    house.close()
    assert house.replayed


def planned_is_heard(caller):
    """The first sentence of the second answer, to its end; the others are not."""
    return caller.asked() == "keep" and any("You have an appointment" in line["text"] for line in caller.follower.of("heard"))


def dies(two, caller):
    """The worker that has the call; until another one has it."""
    two.kill(caller.record()["worker"])
    until(lambda: caller.follower.of("attach"), 20, "another worker has the call")


def hole_is_true(two, caller, call, least_ms):
    """The timeline's hole is the recording's, and begins where the dead worker's sound ends."""
    told = [(line["from_ms"], line["to_ms"]) for line in caller.follower.of("gap") if line["track"] == "caller"]
    kept = [(start, end) for start, end in recorded_gaps(two, call) if end - start >= 100]  # what is shorter is this machine's own stumbling
    assert len(told) == 1, (told, kept)
    kept = min(kept, key=lambda gap: abs(gap[0] - told[0][0]), default=None) or (told[0] if told[0][1] - told[0][0] < 100 else None)
    assert kept and all(abs(a - b) <= 100 for a, b in zip(told[0], kept)), (told, kept)
    assert least_ms < told[0][0] < told[0][1] <= caller.follower.of("attach")[0]["at_ms"], (told, kept)


def test_F01_keys_that_the_dead_worker_journalled_count(two, voice):
    """F01: keys pressed a second before the death are part of the entry, and the hole that is told is the true one."""
    caller = Caller(two, 22, voice)

    def press_and_die():
        if not planned_is_heard(caller):
            return False
        caller.phone.keys += "402"
        until(lambda: not caller.phone.keys, 5, "the keys are pressed")
        time.sleep(1)
        dies(two, caller)
        caller.phone.keys += "1#"
        return True

    caller.phone.during = press_and_die
    call = caller.hold()
    assert ended(call) == ("ended", "agent", "confirmed") and call["epoch"] == 2, two.errors()
    lines = caller.follower.whole()
    assert [line["digits"] for line in lines if "digits" in line] == [4]
    entry = next(i for i, line in enumerate(lines) if "digits" in line)
    assert not [line for line in lines[:entry] if line["type"] == "speak" and line["epoch"] == 2]
    pressed = [line["at_ms"] for line in caller.follower.of("digit")]
    assert len(pressed) == 5
    hole_is_true(two, caller, call, pressed[2] + 500)


def test_F01_what_was_heard_to_its_end_is_not_said_again(two, voice):
    """F01: in the middle of an answer the next worker goes on behind the last sentence that was heard."""
    caller = Caller(two, 23, voice)
    caller.phone.during = lambda: planned_is_heard(caller) and (time.sleep(0.4), dies(two, caller), True)[2]
    call = caller.hold()
    assert ended(call) == ("ended", "agent", "confirmed") and call["epoch"] == 2, two.errors()
    lines = caller.follower.whole()
    first = next(line["text"] for line in lines if line["type"] == "speak" and line["epoch"] == 2)  # later ones answer what the caller was heard to say since
    assert "You have an appointment" not in first
    again = " ".join(line["text"] for line in lines if line["type"] == "heard" and line["epoch"] == 2)
    assert "keep it, move it, or cancel it" in again
    heard = next(line["at_ms"] for line in lines if line["type"] == "heard" and "You have an appointment" in line["text"])
    hole_is_true(two, caller, call, heard)


def test_F01_the_worker_dies_as_the_call_begins(two):
    """F01, N9: its journal has all, a part or nothing of the beginning by then, and the caller is greeted in each case."""
    callers = []
    for ms in (20, 80, 140):
        caller = Caller(two, 40 + len(callers), {}, others=list(callers))
        dead = {}

        def watch(caller=caller, dead=dead, frames=ms // 20):
            """Of each frame: the time to kill comes, and the time to hang up."""
            if not dead and caller.phone.sent >= frames:
                worker = caller.record()["worker"]
                dead[worker] = two.kill(worker)
            return any(line["epoch"] == 2 for line in caller.follower.of("heard")) if caller.follower else False

        caller.phone.answer, caller.phone.leaves = lambda: None, watch
        asyncio.run(caller.phone.hold(20))
        callers.append(caller)
        assert caller.record()["epoch"] == 2 and caller.phone.streams == 2
        assert caller.phone.away_ms <= 3000, (ms, caller.phone.away_ms)
        two.back(*dead.popitem())


def test_the_conductor_is_killed(house, voice):
    """The call goes on; its next tool finds a conductor that is back."""
    caller = Caller(house, 9, voice)
    dead = []

    def kill():
        dead.append(house.kill("conductor"))
        house.back("conductor", dead[0])

    when_planned(caller, kill)
    call = caller.hold()
    assert ended(call) == ("ended", "agent", "confirmed"), house.errors()
    assert call["epoch"] == 1 and caller.phone.streams == 1
    assert [line["name"] for line in (caller.follower.whole(), caller.follower.of("tool"))[1]] == ["find_appointment", "confirm_appointment"]
    assert caller.follower.breaks >= 1
    assert replays(house, call)


def test_new_callers_while_the_conductor_is_killed(house):
    """It is back in a moment, and the worker lives: who rings meanwhile waits for that, and nobody is sent away."""
    worker = house.pid("w1")
    for life in range(3):
        dead = house.kill("conductor")
        assert stream_of(Webhook(house.ready["url"], sid(100 + life)).twiml(VOICE)), life
        house.back("conductor", dead)
    house.kill("conductor")
    assert house.ask("POST", "/v1/calls/browser", {"rulebook": "appointment-reminder"}).status == 200
    assert house.pid("w1") == worker
    assert {call["state"] for call in house.calls()} == {"waiting"}


def test_the_supervisor_is_killed(house, voice):
    """The call does not notice, and the next serve adopts whoever lives."""
    caller = Caller(house, 10, voice)
    before = {p["name"]: p["pid"] for p in house.ready["processes"]}

    def kill():
        house.kill("serve")
        assert all(is_alive(pid) for pid in before.values())
        house.start()

    when_planned(caller, kill)
    call = caller.hold()
    assert ended(call) == ("ended", "agent", "confirmed"), house.errors()
    assert call["epoch"] == 1 and caller.phone.streams == 1
    assert {p["name"]: (p["pid"], p["adopted"]) for p in house.ready["processes"]} == {name: (pid, True) for name, pid in before.items()}
    house.sign_in()  # by the new link
    dead = house.kill("w1")
    house.back("w1", dead)
    assert house.stop() == 0
    assert not any(is_alive(pid) for pid in before.values())
