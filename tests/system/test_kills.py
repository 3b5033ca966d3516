"""kill -9 of the real house's processes at seeded moments of real calls, judged from outside (kills.py).

4 rounds by default; CALLFUNNEL_KILLS=50 for more, CALLFUNNEL_SEED to repeat a run (the seed is printed), -k 'round[7]' for one round of it.
"""
import copy
import os
import random
import threading
import time
import traceback

import pytest

from conftest import ROOT
from house import House, until
from kills import Judge, Ledger, PageCaller, Reaper, Records, TwilioCaller, told_json, witness, witness_folder
from callers import voice  # noqa: F401 (a fixture)
from kills_report import report
from twiliophone import NUMBER, PUBLIC, SECRET

KILLS = int(os.environ.get("CALLFUNNEL_KILLS", "4"))
SEED = int(os.environ.get("CALLFUNNEL_SEED", random.SystemRandom().randrange(1 << 32)))
OTHER_NUMBER = "+15550101"
# Shorter than the shipped book says it: a round takes the time that is spoken.
SHORTER = (
    ("Hello, this is {agent_name}, the automated assistant of {company}.", "Hello."),
    ("You have an appointment with {appointment.doctor} on {appointment.date} at {appointment.time}. Would you like to", "Would you like to"),
    ("Thank you, it is confirmed. Please bring {bring}. Goodbye.", "Thank you, it is confirmed. Goodbye."),
)
# How often each may happen before the death; less than a whole call has.
POINTS = {"media": 300, "sent": 400, "mark": 16, "line": 22, "word": 12, "said": 2, "asked": 2, "answered": 2}
WHO = (("worker",), ("conductor",), ("serve",), ("worker", "conductor", "serve"))
SETTLED_S, HELD_S = 2, 12


class Fate:
    """Of round n: who dies, when, and who is on the line. Each four rounds have one of each kind, and a page."""

    def __init__(self, seed, n):
        four = random.Random(f"{seed}.{n // 4}")
        kinds, on_page = four.sample(range(4), 4), four.randrange(4)
        rng = random.Random(f"{seed}.{n // 4}.{n}")
        who = WHO[kinds[n % 4]]
        self.dying = rng.sample(who, 2) if len(who) > 1 else list(who)
        self.on_page = n % 4 == on_page
        self.kind = rng.choice([kind for kind in POINTS if kind != "mark" or not self.on_page])  # marks are a carrier's
        self.n = rng.randint(1, POINTS[self.kind])
        self.later = rng.choice([0, rng.randint(1, 50), rng.randint(1, 150)])  # frames until the second one dies

    def __str__(self):
        second = f", {self.dying[1]} {self.later} frames later" if len(self.dying) > 1 else ""
        return f"{'page' if self.on_page else 'twilio'}: {self.dying[0]} at {self.kind} {self.n}{second}"


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    folder = tmp_path_factory.mktemp("books")
    text = (ROOT / "rulebooks" / "appointment-reminder.yaml").read_text()
    for long, short in SHORTER:
        assert long in text
        text = text.replace(long, short)
    (folder / "appointment-reminder.yaml").write_text(text)
    return folder


@pytest.fixture(scope="module")
def play():
    """None: there is no browser, the carrier is on the line in those rounds, too."""
    try:
        from test_page import CHROMIUM, playwright
    except pytest.skip.Exception:
        CHROMIUM = None
    if not CHROMIUM:
        yield None
        return
    with playwright.sync_playwright() as started:
        yield started


class Round:
    """Two calls in a house of its own: the victim's, of the tenant "local", and another tenant's on another worker."""

    def __init__(self, folder, model, books, voice, play, fate):  # noqa: F811
        self.fate, self.voice, self.play = fate, voice, play
        self.ledger = Ledger()
        self.records = Records(self.ledger, {"local": "victim", "other": "other"})
        self.house = House(folder, model, f"server.public_url={PUBLIC}", "calls.samples=true", "voice.workers=2", f"rulebooks.dir={books}",
                           f"services.records={self.records.url}", "turn.final_wait_ms=5000", "stt.stall_ms=20000")
        self.browser = None
        self.settled = threading.Event()
        self.held_from = None
        self.deaths = []

    def open(self):
        self.house.start()
        self.house.command("tenant", "add", "other")
        self.numbers_token = self.house.command("token", "--role", "house").strip()
        for number, tenant in ((NUMBER, "local"), (OTHER_NUMBER, "other")):
            self.house.command("route", "add", number, tenant, "appointment-reminder")
            self.house.command("secret", "set", tenant, "twilio.auth_token", stdin=SECRET.encode())
            self.house.command("secret", "set", tenant, "records.token", stdin=b"0123456789")
        self.other = TwilioCaller(self.view("other"), self.ledger, "other", self.voice, OTHER_NUMBER, 2, may_answer=self.may_answer)
        if self.fate.on_page and self.play:
            from test_page import Browser
            self.browser = Browser(self.house, self.play, self.voice["yes"])
            self.victim = PageCaller(self.view("local"), self.ledger, "victim", self.voice, self.browser)
        else:
            self.victim = TwilioCaller(self.view("local"), self.ledger, "victim", self.voice, NUMBER, 1)

    def view(self, tenant):
        """The house as this tenant's people see it."""
        view = copy.copy(self.house)
        view.token = self.house.command("token", "--tenant", tenant, "--role", "admin", "--role", "reveal", "--ttl", 3600).strip()
        return view

    def may_answer(self, what):
        """The other caller thinks for a while before the last answer, so that the call is there when somebody dies."""
        if what != "keep":
            return True
        self.held_from = self.held_from or time.monotonic()
        return self.settled.is_set() or time.monotonic() - self.held_from > HELD_S

    def step(self, reaper):
        self.victim.step()
        if reaper.look() and len(reaper.deaths) == len(self.fate.dying) and time.monotonic() - reaper.deaths[-1].at > SETTLED_S:
            self.settled.set()

    def begin(self, caller):
        """Until the agent speaks and the call's lines are being read."""
        caller.start()
        until(lambda: (caller.step(), self.ledger.has(caller.who, "media") and caller.find())[1], 20, f"the {caller.who}'s call is live")

    def is_counted(self):
        """A report from just before the call took its place back; each worker says more every two seconds."""
        numbers = self.house.ask("GET", "/metrics", token=self.numbers_token).body.decode()
        return "\ncallfunnel_calls 1\n" in numbers and "\ncallfunnel_workers_open 2\n" in numbers

    def run(self):
        self.open()
        self.begin(self.other)
        until(self.is_counted, 20, "the conductor knows where the other call is, and that the other worker has room")
        self.begin(self.victim)
        worker = self.victim.house.call(self.victim.follower.name)["worker"]
        assert worker != self.other.house.call(self.other.follower.name)["worker"]
        dying = [worker if name == "worker" else name for name in self.fate.dying]
        reaper = Reaper(self.house, self.ledger, [self.victim, self.other])
        self.deaths = reaper.deaths

        def second():
            if self.fate.later:
                self.ledger.wait_for("other", "sent", self.fate.later, lambda: reaper.kill(dying[1]), more=True)
            else:
                reaper.kill(dying[1])

        def first():
            reaper.kill(dying[0])
            if len(dying) > 1:
                second()

        self.ledger.wait_for("victim", self.fate.kind, self.fate.n, first)
        until(lambda: (self.step(reaper), self.victim.is_over() and self.other.is_over())[1], 120, "both calls are over")
        assert len(reaper.deaths) == len(dying), f"{self.fate}: it did not come to this"
        reaper.close()
        return self.facts(reaper)

    def facts(self, reaper):
        seen = [witness(caller) for caller in (self.victim, self.other)]
        assert self.house.stop() == 0
        for one in seen:
            witness_folder(one, self.house.data)
        journals = {name: told_json("journal", "verify", self.house.data / "journal" / name) for name in ("w1", "w2")}
        return reaper.deaths, *seen, journals

    def close(self):
        if self.browser:
            self.browser.close()
        self.house.close()
        self.records.close()


def judged(one):
    """A round that did not come to its end is one complaint."""
    try:
        facts = one.run()
    except Exception:
        return None, [traceback.format_exc()]
    return facts, Judge(*facts).complaints


ROUNDS = {}  # who died: the facts of such a round, for the tests of the judge


@pytest.mark.parametrize("n", range(KILLS), ids=[f"round[{n}]" for n in range(KILLS)])
def test_nothing_is_lost_by_kill_9(n, tmp_path, model, books, voice, play, capsys):  # noqa: F811
    """F01, F04, F05, N4, N5, N9: of a worker, the conductor, the supervisor, or two of them."""
    fate = Fate(SEED, n)
    with capsys.disabled():
        print(f"\nCALLFUNNEL_SEED={SEED} round {n}: {fate} ", end="", flush=True)
    one = Round(tmp_path, model, books, voice, play, fate)
    try:
        facts, complaints = judged(one)
        if complaints:
            pytest.fail("\n".join(report(f"CALLFUNNEL_SEED={SEED} round {n}: {fate}", complaints, one, one.deaths)), pytrace=False)
        ROUNDS[tuple(fate.dying)] = facts
    finally:
        one.close()


# ---- the judge himself: each of his rules sees what breaks it ----


@pytest.fixture(scope="module")
def seen(tmp_path_factory, books, voice, play):  # noqa: F811
    """A round in which a worker alone died, with the page that would have shown it."""
    facts = ROUNDS.get(("worker",))
    if not facts:
        path = os.path.join(os.environ.get("CALLFUNNEL_MODELS", str(ROOT / "build" / "models")), "silero_vad.onnx")
        if not os.path.isfile(path):
            pytest.skip("silero_vad.onnx is not there: ./dev build fetches it")
        fate = Fate(SEED, 0)
        fate.dying, fate.on_page, fate.kind, fate.n = ["worker"], False, "line", 12
        one = Round(tmp_path_factory.mktemp("judge"), path, books, voice, play, fate)
        try:
            facts = one.run()
        finally:
            one.close()
    facts = copy.deepcopy(facts)
    facts[1].page = [("caller" if line["type"] == "final" else line["type"], line.get("text", "")) for line in facts[1].lines
                     if line["type"] in ("attach", "end") or line["type"] == "final" and line["text"]]
    assert Judge(*facts).complaints == []
    return facts


def result_is(call, status, kept=None):
    """The confirmation came to this, by the lines and by the tools' ledger."""
    for line in call.lines[::-1]:
        if line["type"] == "tool_result":
            line["status"] = status
            break
    call.stored = copy.deepcopy(call.lines)
    call.entries[-1] = (*call.entries[-1][:2], kept or status)


def change_rows(call, keep=lambda row: True, later=lambda row: 0):
    call.rows = [(row[0] + later(row), *row[1:]) for row in call.rows if keep(row)]


def is_change(row):
    return row[2] == "asked" and row[3][0] == "confirm_appointment"


def both(call, change):
    """The same to who followed and to who looks later."""
    change(call.lines)
    call.stored = copy.deepcopy(call.lines)


def shorter(call, ms):
    call.samples -= 8 * ms
    call.picture["samples"] = call.samples


def stall(call):
    """A second without sound, in the middle of what the agent says."""
    marks = [row for row in call.rows if row[2] == "mark"]
    at = next(b[0] for a, b in zip(marks, marks[1:]) if a[3].split(":")[0] == b[3].split(":")[0] and b[0] > a[0] + 0.05)
    before = max(row[0] for row in call.rows if row[2] == "media" and row[0] < at)
    change_rows(call, later=lambda row: row[0] >= before)


def a_gap(call, from_ms, to_ms):
    call.picture["gaps"].append({"track": "caller", "from": int(8 * from_ms), "to": int(8 * to_ms), "why": "lost"})


def wider(call, ms):
    for gap in call.picture["gaps"]:
        gap["from"] = max(0, gap["from"] - 8 * ms)


def colleague(call):
    """Handed to a colleague, with everything that says that the tool was never sent."""
    result_is(call, "error")
    change_rows(call, keep=lambda row: not is_change(row))
    call.call["outcome"] = "call_back"


DOCTORED = {
    "another outcome": (lambda d, v, o, j: v.call.update(outcome="no_result"), "is how it ended"),
    "lost": (lambda d, v, o, j: o.call.update(reason="lost"), "is how it ended"),
    "given up without a reason": (lambda d, v, o, j: colleague(v), "nothing was confirmed"),
    "done twice": (lambda d, v, o, j: v.rows.append(next(row for row in v.rows if is_change(row))), "changed more than once"),
    "told, not done": (lambda d, v, o, j: change_rows(o, keep=lambda row: not is_change(row)), "was told, [] was done"),
    "done, not told": (lambda d, v, o, j: result_is(v, "error"), "was done, ['error'] was told"),
    "the tools' ledger says another thing": (lambda d, v, o, j: result_is(v, "ok", "unknown"), "the tools' ledger has ['unknown']"),
    "the tools' ledger lost it": (lambda d, v, o, j: o.entries.pop(), "the tools' ledger has []"),
    "a line is gone": (lambda d, v, o, j: both(v, lambda lines: lines.pop(3)), "gone or others"),
    "a line is another one": (lambda d, v, o, j: both(o, lambda lines: lines[3].update(at_ms=lines[3]["at_ms"] + 1)), "gone or others"),
    "a line comes twice": (lambda d, v, o, j: both(v, lambda lines: lines.insert(-1, lines[-2])), "lines came twice"),
    "lines change places": (lambda d, v, o, j: both(o, lambda lines: lines.insert(-1, lines.pop(-3))), "not in order"),
    "who looks later sees less": (lambda d, v, o, j: v.stored.pop(-2), "who looks later"),
    "no end": (lambda d, v, o, j: both(o, lambda lines: lines.pop()), "0 ends"),
    "lines that were given up": (lambda d, v, o, j: both(v, lambda lines: lines[-2].update(type="gap", track="timeline")), "lines are missing"),
    "an epoch too many": (lambda d, v, o, j: v.call.update(epoch=3), "lives of it"),
    "the other call moved": (lambda d, v, o, j: o.call.update(epoch=2), "lives of it"),
    "the other call's line was cut": (lambda d, v, o, j: setattr(o, "streams", 2), "lives of it"),
    "a recording too short": (lambda d, v, o, j: shorter(v, 40), "the call had"),
    "a recording too short for the carrier": (lambda d, v, o, j: (shorter(o, 500), o.picture.update(media_ms=o.picture["media_ms"] + 500)), "the agent was heard until"),
    "a picture of something else": (lambda d, v, o, j: o.picture.update(samples=1), "in its picture"),
    "a gap that nobody marked": (lambda d, v, o, j: v.picture.update(gaps=[]), "no gap is marked"),
    "too much was lost": (lambda d, v, o, j: wider(v, 1500), "sound is missing in"),
    "a gap elsewhere": (lambda d, v, o, j: a_gap(v, 100, 200), "sound is missing in"),
    "a gap in the other call": (lambda d, v, o, j: a_gap(o, 100, 200), "sound is missing: "),
    "back on the line too late": (lambda d, v, o, j: change_rows(v, later=lambda row: 4 * (row[2:] == ("sent", 2))), "its next worker had it"),
    "the other agent stops in mid-word": (lambda d, v, o, j: stall(o), "sound stopped for"),
    "the other call was over by then": (lambda d, v, o, j: change_rows(o, keep=lambda row: row[0] < d[0].at), "it was not there"),
    "not back": (lambda d, v, o, j: setattr(d[0], "back_s", 11), "was back after"),
    "somebody else died": (lambda d, v, o, j: setattr(d[0], "same", False), "a new one, too"),
    "another replay": (lambda d, v, o, j: o.replay.update(identical=False), "replay: "),
    "a broken journal": (lambda d, v, o, j: j["w1"].update(whole=False), "journal of w1"),
    "a torn journal of a worker that lived": (lambda d, v, o, j: j["w1" if d[0].name == "w2" else "w2"].update(torn=1), "journal of w"),
    "the page without the takeover": (lambda d, v, o, j: v.page.remove(("attach", "")), "the page shows 0 takeovers"),
    "the page without words": (lambda d, v, o, j: v.page.pop(next(i for i, row in enumerate(v.page) if row[0] == "caller")), "the page has of the caller"),
}


@pytest.mark.parametrize("what", DOCTORED)
def test_the_judge_sees(seen, what):
    facts = copy.deepcopy(seen)
    doctor, words = DOCTORED[what]
    doctor(*facts)
    complaints = Judge(*facts).complaints
    assert any(words in complaint for complaint in complaints), complaints
