"""Real calls on a real house, what the outside world saw of them, and a judge of it.

The outside is the carrier (frames and marks, both ways), the record service that tools change things at, a reader of the timeline, and the page. All of it is
written down by the test's own side in one ledger, so no death of the house takes it back. The judge reads that, and of the house only what people get: the call, its
lines, its recording, `replay`, `journal verify`, and the tools' ledger in documents.db.
"""
import asyncio
import base64
import contextlib
import copy
import dataclasses
import http.server
import json
import os
import re
import sqlite3
import subprocess
import threading
import time

from conftest import BINARY
from house import Follower, until
from test_timeline import finished, flac_facts
from callers import ASKED
from twiliophone import Phone

FRAME_MS = 20
LATE_MS = 10 * FRAME_MS     # tenfold: this machine may be busy
ATTACH_MS = 1000            # tenfold of what an attach takes here: sound that comes before its answer is not heard
AUDIO_LIMIT_MS = 1000       # DESIGN.md: audio is synced at most so long after it happened
BACK_S = 10                 # tenfold of a second
REATTACH_S = 3              # F01
REATTACH_WINDOW_S = 15      # the same while the conductor is away, too
CHANGES = ("confirm_appointment", "move_appointment", "cancel_appointment")


# ---- the ledger ----


class Ledger:
    """What the outside saw, in order: (time, call, kind, value). A plan is carried out within the very event that it waits for."""

    def __init__(self):
        self.lock = threading.RLock()
        self.rows = []
        self.counts = {}
        self.plan = None

    def wait_for(self, who, kind, n, act, more=False):
        """`act` runs when this has happened n times in all, or n times more: at once if it has."""
        with self.lock:
            now = self.counts.get((who, kind), 0)
            wanted = n + now * more
            self.plan = (who, kind, wanted, act) if now < wanted else None
            if not self.plan:
                act()

    def add(self, who, kind, value=None, at=None, times=1):
        with self.lock:
            self.rows.append((at or time.monotonic(), who, kind, value))
            self.counts[who, kind] = self.counts.get((who, kind), 0) + times
            plan = self.plan
            if plan and plan[:2] == (who, kind) and self.counts[who, kind] >= plan[2]:
                self.plan = None
                plan[3]()

    def has(self, who, kind):
        with self.lock:
            return self.counts.get((who, kind), 0)

    def of(self, who):
        with self.lock:
            return [row for row in self.rows if row[1] == who]


# ---- the record service ----


class Records:
    """The appointments of each tenant; what it was asked is in the ledger before it does it, what it did before anybody hears of it."""

    def __init__(self, ledger, who_of):
        records = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                _, _, tenant, _, _, *what = self.path.split("/")  # /records/TENANT/appointments/ID[/confirm]
                length = int(self.headers.get("Content-Length", 0))
                self.rfile.read(length)
                tool = "_".join(what or ["find"]) + "_appointment"
                who = who_of[tenant]
                ledger.add(who, "asked", (tool, self.headers.get("Idempotency-Key")))
                if tool in CHANGES:
                    records.status[tenant] = tool
                body = json.dumps({"id": "A-1001", "status": "confirmed" if records.status.get(tenant) else "booked", "date": "2026-11-26", "time": "10:30",
                                   "doctor": "Doctor Adams"}).encode()
                with contextlib.suppress(OSError):  # whoever asked may be dead
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                    self.wfile.flush()
                ledger.add(who, "answered", (tool, self.headers.get("Idempotency-Key")))

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_):
                pass

        self.status = {}
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/records/{{tenant}}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# ---- who is on the line ----


class Reader(Follower):
    """Writes each line that it reads into the ledger."""

    def __init__(self, house, name, ledger, who):
        self.ledger, self.who = ledger, who
        super().__init__(house, name)

    def take(self, line):
        super().take(line)
        self.ledger.add(self.who, "line", line)
        if line["type"] in ("final", "heard") and line["text"]:
            self.ledger.add(self.who, "word", line["text"], times=len(line["text"].split()))


class Caller:
    """Somebody who answers the agent's last question. `may_answer`: not before this is true."""

    def __init__(self, house, ledger, who, voice, may_answer=lambda what: True):
        self.house, self.ledger, self.who, self.voice, self.may_answer = house, ledger, who, voice, may_answer
        self.follower = None

    def find(self):
        """The tenant's only call, once it is there."""
        calls = self.house.calls() if not self.follower else None
        if calls:
            self.follower = Reader(self.house, calls[0]["call"], self.ledger, self.who)
        return self.follower

    def asked(self):
        """The name of what is to be said now, None: nothing yet."""
        said = " ".join(line["text"] for line in self.follower.of("speak")) if self.follower else ""
        found = [(said.rfind(words), answer) for words, answer in ASKED if words in said]
        return max(found)[1] if found and self.may_answer(max(found)[1]) else None


class Carrier(Phone):
    """A phone that writes down what goes over its line."""

    def __init__(self, ledger, who, *args, **more):
        super().__init__(*args, **more)
        self.ledger, self.who = ledger, who

    def _hear(self, message):
        kind = message["event"]
        value = len(base64.b64decode(message["media"]["payload"])) if kind == "media" else message["mark"]["name"] if kind == "mark" else None
        self.ledger.add(self.who, kind, value)
        super()._hear(message)

    async def _send(self, ws, kind, body):
        await super()._send(ws, kind, body)
        self.ledger.add(self.who, "sent" if kind == "media" else kind + " back", self.streams)


class TwilioCaller(Caller):
    """Holds its call on a thread of its own."""

    kind = "twilio"

    def __init__(self, house, ledger, who, voice, number, sid, **more):
        super().__init__(house, ledger, who, voice, **more)
        self.phone = Carrier(ledger, who, house.ready["url"], f"CA{sid:032x}", self.answer, number=number)
        self.failure = None
        self.thread = threading.Thread(target=self.hold, daemon=True)

    def answer(self):
        what = self.asked()
        if what:
            self.ledger.add(self.who, "said", what)
        return self.voice[what] if what else None

    def hold(self):
        try:
            asyncio.run(self.phone.hold())
        except BaseException as failure:  # told by whoever waits for the call
            self.failure = failure

    def start(self):
        self.thread.start()

    def step(self):
        """A moment of the test's own thread."""
        time.sleep(0.02)

    def is_over(self):
        if self.failure:
            raise self.failure
        return not self.thread.is_alive()

    def seen(self):
        return {"streams": self.phone.streams, "late_ms": self.phone.most_late_ms, "page": None}


# The microphone of the page: what it is told to say, silence else.
MICROPHONE = """(() => {
    let context, line;
    navigator.mediaDevices.getUserMedia = async () => {
        context = new AudioContext();
        line = context.createMediaStreamDestination();
        return line.stream;
    };
    window.sayNow = async (bytes) => {
        const source = context.createBufferSource();
        source.buffer = await context.decodeAudioData(Uint8Array.from(atob(bytes), c => c.charCodeAt(0)).buffer);
        const gain = context.createGain(); // as loud as a person: no telephone's compression is between
        gain.gain.value = 0.4;
        source.connect(gain).connect(line);
        source.start();
    };
})();"""
QUIET_S = 1.2  # since the agent's last word


class PageCaller(Caller):
    """The softphone in a real browser. Everything here runs on the test's own thread, as playwright wants it; times of frames are the browser's own."""

    kind = "browser"

    def __init__(self, house, ledger, who, voice, browser, **more):
        super().__init__(house, ledger, who, voice, **more)
        self.browser = browser
        self.streams = self.answered = 0

    def start(self):
        self.browser.context.add_init_script(MICROPHONE)
        page = self.page = self.browser.signed_in()
        wire = self.browser.context.new_cdp_session(page)
        wire.on("Network.webSocketCreated", lambda _: setattr(self, "streams", self.streams + 1))
        wire.on("Network.webSocketFrameSent", lambda event: self.frame("sent", event))
        wire.on("Network.webSocketFrameReceived", lambda event: self.frame("media", event))
        wire.send("Network.enable")
        page.goto(page.url.partition("#")[0] + "#/phone")
        page.wait_for_selector("#book option[value=appointment-reminder]", state="attached")
        page.select_option("#book", "appointment-reminder")
        page.get_by_role("button", name="Start the call").click()
        page.wait_for_selector(".status.live")

    def frame(self, kind, event):
        if event["response"]["opcode"] == 2:  # u8 type, u8 flags, u16 gen, u32 seq, then 16 bits at 16,000 Hz
            samples = (len(base64.b64decode(event["response"]["payloadData"])) - 8) // 4
            self.ledger.add(self.who, kind, self.streams if kind == "sent" else samples, at=event["timestamp"])

    def step(self):
        """Answers once the agent has been heard to its end and was quiet for a moment."""
        self.page.evaluate("0")  # lets its events come
        heard = [row for row in self.ledger.of(self.who) if row[2] in ("media", "line") and (row[2] == "media" or row[3]["type"] in ("speak", "heard"))]
        ends = sum(row[2] == "line" and row[3]["type"] == "heard" for row in heard)
        what = self.asked()
        if what and ends > self.answered and time.monotonic() - heard[-1][0] > QUIET_S:
            self.answered = ends
            self.ledger.add(self.who, "said", what)
            self.page.evaluate("bytes => window.sayNow(bytes)", base64.b64encode(self.voice[what].read_bytes()).decode())
        time.sleep(0.02)

    def is_over(self):
        return self.page.locator(".status.over").count() > 0

    def seen(self):
        """With what the page shows in the end."""
        self.page.wait_for_selector(".transcript li.end")
        rows = self.page.eval_on_selector_all(".transcript > li", "all => all.map(row => [row.className.split(' ')[1], row.querySelector('.words')?.innerText.trim() ?? ''])")
        return {"streams": self.streams, "late_ms": 0, "page": rows}


# ---- what is to be judged ----


@dataclasses.dataclass
class Death:
    name: str
    at: float
    back_s: float       # until its successor was there; of the supervisor: from when it was started
    same: bool          # the others were the processes of before
    lines: dict         # who: the lines that were read by then


@dataclasses.dataclass
class Seen:
    """One call, from outside and from the house's people's side. Plain data, so that it can be doctored."""
    who: str
    kind: str
    tenant: str
    rows: list          # of the ledger
    streams: int
    late_ms: float
    page: list
    call: dict
    lines: list
    stored: list
    picture: dict
    samples: int
    entries: list       # of the tools' ledger: (tool, changes, status)
    replay: dict


def told_json(*words):
    """What a command says, whatever its exit status."""
    done = subprocess.run([BINARY, *map(str, words), "--json"], capture_output=True, timeout=120, check=False)
    assert done.returncode >= 0, (words, done.stderr)
    return json.loads(done.stdout)


def witness(caller):
    """While the house lives."""
    lines = caller.follower.whole(60)
    name = caller.follower.name
    picture = finished(caller.house, name, "waveform").json()
    samples, _ = flac_facts(finished(caller.house, name, "recording").body)
    return Seen(who=caller.who, kind=caller.kind, tenant=caller.who, rows=caller.ledger.of(caller.who), call=caller.house.call(name), lines=list(lines),
                stored=caller.house.events(name), picture=picture, samples=samples, entries=[], replay={}, **caller.seen())


def witness_folder(seen, data):
    """Once all of it has stopped."""
    name = seen.call["call"]
    with contextlib.closing(sqlite3.connect(data / "documents.db")) as db:
        found = db.execute("SELECT value FROM documents WHERE key LIKE ? ORDER BY key", (f"tools/{name}/%",)).fetchall()
    entries = [json.loads(value) for value, in found]
    seen.entries = [(e["tool"], e["changes"], e.get("status")) for e in entries]
    seen.replay = told_json("replay", name, "--set", f"data.dir={data}")


# ---- the judge ----


def playing(rows):
    """(kind, value, for how long nothing had been left to play, until when there is something) of each message of the agent's sound."""
    until = None
    for at, _, kind, value in rows:
        idle_ms = 0
        if kind == "media":
            idle_ms = max(0, 1000 * (at - until)) if until else 0
            until = max(until or at, at) + value / 8000
        elif kind == "clear":
            until = at
        if kind in ("media", "mark", "clear"):
            yield kind, value, idle_ms, until


class Judge:
    """complaints: everything that is not as DESIGN.md and PROMISES.md have it. `journals`: what `journal verify` said of each worker's."""

    def __init__(self, deaths, victim, other, journals):
        self.deaths, self.complaints = deaths, []
        self.victim, self.other = victim, other
        died = [death.name for death in deaths]
        self.worker_died = [d for d in deaths if d.name.startswith("w")]
        for death in deaths:
            self.death(death)
        for seen, epochs in ((victim, 1 + len(self.worker_died)), (other, 1)):
            self.ending(seen, "conductor" in died)
            self.effects(seen)
            self.lines(seen)
            self.epochs(seen, epochs)
            self.recording(seen)
            if not seen.replay.get("identical"):
                self.complain(seen, f"replay: {seen.replay}")
        self.lost_sound()
        self.reattached("conductor" in died)
        self.unbroken(other)
        if victim.page is not None:
            self.page(victim)
        for name, found in journals.items():
            if not found.get("whole") or found["torn"] > died.count(name):
                self.complaints.append(f"journal of {name}: {found}")

    def complain(self, seen, text):
        self.complaints.append(f"{seen.who} ({seen.kind}): {text}")

    def death(self, death):
        if death.back_s > BACK_S:
            self.complaints.append(f"{death.name} was back after {death.back_s:.1f} s")
        if not death.same:
            self.complaints.append(f"another process than {death.name} was a new one, too")

    # ---- the call's end, and what was done

    def results(self, seen, tools):
        """status of each of these tools that was asked for, in order, by the lines; the result may have come in the next epoch."""
        names = {(line["turn"], line["index"]): line["name"] for line in seen.lines if line["type"] == "tool"}
        return [line["status"] for line in seen.lines if line["type"] == "tool_result" and names.get((line["turn"], line["index"])) in tools]

    def ending(self, seen, conductor_died):
        """Confirmed; or, when the conductor died with a tool under way, honestly handed to a colleague."""
        changed, all_results = self.results(seen, CHANGES), self.results(seen, ("find_appointment", *CHANGES))
        wanted = "confirmed" if changed and changed[-1] == "ok" else "call_back"
        got = seen.call["state"], seen.call["reason"], seen.call["outcome"]
        if got != ("ended", "agent", wanted):
            self.complain(seen, f"{got} is how it ended, its tools {all_results}")
        elif wanted != "confirmed" and (not conductor_died or set(all_results) <= {"ok"}):
            self.complain(seen, f"nothing was confirmed, and no tool was cut off by a death: {all_results}")

    def effects(self, seen):
        """At most once, exactly what was acknowledged, and the tools' ledger says the same."""
        asked = [row[3][0] for row in seen.rows if row[2] == "asked" and row[3][0] in CHANGES]
        told = self.results(seen, CHANGES)
        kept = [status or "unknown" for _, changes, status in seen.entries if changes]  # none: whoever asked for it was dead before it was known
        if len(asked) > 1:
            self.complain(seen, f"changed more than once: {asked}")
        if told.count("ok") > len(asked):
            self.complain(seen, f"{told} was told, {asked} was done")
        if len(asked) > told.count("ok") + told.count("unknown"):
            self.complain(seen, f"{asked} was done, {told} was told")
        if [status for status in told if status != "error"] != [status for status in kept if status != "error"]:
            self.complain(seen, f"{told} was told, the tools' ledger has {kept}")

    # ---- the timeline

    def lines(self, seen):
        places = [(line["epoch"], line["sequence"], line["part"]) for line in seen.lines]
        if len(set(places)) != len(places):
            self.complain(seen, f"lines came twice: {sorted({p for p in places if places.count(p) > 1})[:3]}")
        for epoch in {place[0] for place in places}:
            of_epoch = [place for place in places if place[0] == epoch]
            if of_epoch != sorted(of_epoch):
                self.complain(seen, f"lines of epoch {epoch} are not in order")
        for death in self.deaths:
            before = death.lines[seen.who]
            if seen.stored[:len(before)] != before:
                self.complain(seen, f"of {len(before)} lines that were read before {death.name} died some are gone or others")
        if seen.stored != seen.lines:
            self.complain(seen, "who looks later reads other lines than who followed")
        kinds = [line["type"] for line in seen.lines]
        if (kinds.count("start"), kinds.count("end")) != (1, 1):
            self.complain(seen, f"{kinds.count('start')} beginnings and {kinds.count('end')} ends")
        if any(line.get("track") == "timeline" for line in seen.lines if line["type"] == "gap"):
            self.complain(seen, "lines are missing, by a gap of the timeline")

    def epochs(self, seen, wanted):
        attached = sum(line["type"] == "attach" for line in seen.lines)
        if (seen.call["epoch"], attached + 1, seen.streams) != (wanted, wanted, wanted):
            self.complain(seen, f"epoch {seen.call['epoch']}, {attached} takeovers, {seen.streams} streams; {wanted} lives of it there were")

    # ---- the sound

    def recording(self, seen):
        """As long as the call: by the timeline to a frame, by the carrier's clock tenfold."""
        if seen.samples != seen.picture["samples"]:
            self.complain(seen, f"{seen.samples} samples of sound, {seen.picture['samples']} in its picture")
        length_ms = seen.samples / 8
        ends = [line for line in seen.lines if line["type"] == "end"]
        if ends and abs(length_ms - (ends[-1]["at_ms"] - seen.picture["media_ms"])) > FRAME_MS:
            self.complain(seen, f"{length_ms} ms are recorded, the call had {ends[-1]['at_ms'] - seen.picture['media_ms']} ms")
        began = next(row[0] for row in seen.rows if row[2] == "sent")
        heard_ms = 1000 * ([until for *_, until in playing(seen.rows) if until][-1] - began)
        late_ms = LATE_MS + seen.late_ms + LATE_MS * (seen.kind == "browser")  # a loudspeaker is behind, and tells what it played ten times a second
        if abs(length_ms - heard_ms) > late_ms:
            self.complain(seen, f"{length_ms} ms are recorded, the agent was heard until {heard_ms:.0f} ms")

    def gaps(self, seen):
        """(from, to) in ms of what is missing of the caller; but for what was under way when the call ended."""
        found = [(gap["from"] / 8, gap["to"] / 8) for gap in seen.picture["gaps"] if gap["track"] == "caller"]
        return [(a, b) for a, b in found if b < seen.samples / 8 or b - a > LATE_MS]

    def lost_sound(self):
        """Only the call whose worker died has a gap: it begins at most DESIGN.md's second before the death, and ends when the next one has it."""
        if self.gaps(self.other):
            self.complain(self.other, f"sound is missing: {self.gaps(self.other)}")
        sent = [(row[0], row[3]) for row in self.victim.rows if row[2] == "sent"]
        allowed = []
        for epoch, death in enumerate(self.worker_died, 1):
            back = next((at for at, stream in sent if stream == epoch + 1), death.at)
            allowed.append((1000 * (death.at - sent[0][0]) - AUDIO_LIMIT_MS - LATE_MS, 1000 * (back - sent[0][0]) + ATTACH_MS))
        for gap in self.gaps(self.victim):
            if not any(a <= gap[0] and gap[1] <= b for a, b in allowed):
                self.complain(self.victim, f"sound is missing in {gap}, allowed is {allowed}")
        if self.worker_died and not self.gaps(self.victim):
            self.complain(self.victim, "nobody heard the caller for a while, and no gap is marked")

    def reattached(self, conductor_died):
        """F01: the carrier's next frame after the worker's death."""
        sent = [(row[0], row[3]) for row in self.victim.rows if row[2] == "sent"]
        for epoch, death in enumerate(self.worker_died, 1):
            first = next((at for at, stream in sent if stream == epoch + 1), None)
            limit = REATTACH_WINDOW_S if conductor_died else REATTACH_S
            if first is None or first - death.at > limit:
                self.complain(self.victim, f"its next worker had it {first and first - death.at} s after the death")

    def unbroken(self, seen):
        """The other call: live at each death, and the agent's sound never ran dry within an utterance. Marks say which utterance it was."""
        sent = [row[0] for row in seen.rows if row[2] == "sent"]
        for death in self.deaths:
            if not sent[0] < death.at < sent[-1]:
                self.complain(seen, f"it was not there when {death.name} died")
        dry_ms, last = 0, None
        for kind, value, idle_ms, _ in playing(seen.rows):
            dry_ms = 0 if kind == "clear" else max(dry_ms, idle_ms)
            if kind == "mark":
                utterance = re.fullmatch(r"(u\d+\.\d+):\d+", value).group(1)
                if last == utterance and dry_ms > LATE_MS + seen.late_ms:
                    self.complain(seen, f"the agent's sound stopped for {dry_ms:.0f} ms before {value}")
                last, dry_ms = utterance, 0

    # ---- the page

    def page(self, seen):
        """It shows the call's lines: the words, each takeover, the end."""
        shown = {kind: [words for k, words in seen.page if k == kind] for kind in ("agent", "caller", "attach", "end")}
        finals = [line["text"] for line in seen.lines if line["type"] == "final" and line["text"]]
        if shown["caller"] != finals:
            self.complain(seen, f"the page has of the caller {shown['caller']}, the lines {finals}")
        attached = sum(line["type"] == "attach" for line in seen.lines)
        if len(shown["attach"]) != attached or len(shown["end"]) != 1:
            self.complain(seen, f"the page shows {len(shown['attach'])} takeovers of {attached}, {len(shown['end'])} ends")


# ---- dying ----


class Reaper:
    """Kills what it is told to within an event of the ledger; what has to wait for that is done by the test's own thread."""

    def __init__(self, house, ledger, callers):
        self.house, self.ledger, self.callers = house, ledger, callers
        self.pids = self.living()
        self.deaths, self.dead = [], []

    def living(self):
        return {name: self.house.pid(name) for name in ("conductor", "w1", "w2")} | {"serve": self.house.serve.pid}

    def kill(self, name):
        pid = self.pids[name]
        os.killpg(pid, 9) if name == "serve" else os.kill(pid, 9)
        lines = {caller.who: copy.deepcopy(caller.follower.lines) for caller in self.callers}
        self.deaths.append(Death(name, time.monotonic(), -1, False, lines))

    def look(self):
        """Whoever died and is back; the supervisor is started again. True: nobody is missed."""
        for death in self.deaths:
            if death.back_s >= 0:
                continue
            if death.name == "serve":
                self.house.serve.wait(timeout=10)
                began = time.monotonic()
                self.house.start()
                death.back_s = time.monotonic() - began
            elif self.house.pid(death.name) not in (None, self.pids[death.name]):
                death.back_s = time.monotonic() - death.at
        return all(death.back_s >= 0 for death in self.deaths)

    def close(self):
        """At the end of the calls: was it only they who died?"""
        until(self.look, BACK_S, "all who died are back")
        now, died = self.living(), [death.name for death in self.deaths]
        others = all(now[name] == pid for name, pid in self.pids.items() if name not in died)
        for death in self.deaths:
            death.same = others
