"""`callfunnel serve` as a test has it: started in a folder of its own, asked over HTTP, killed in parts, and gone at the end, all of it."""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time

from conftest import BINARY, ROOT

# What is at work in real time (voices, tools) may be slow on a busy machine; these tests are not about that.
PATIENT = ("tts.first_ms=2000", "tts.gap_ms=2000", "tool.filler_ms=20000")


def until(check, seconds, what):
    """What `check` gives once it is true; asked again and again, so long."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def is_alive(pid):
    """Whether it runs; a process that has ended and that nobody asked about does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the second one: it was reaped between open and read
        return False


def brief_books(folder):
    """Our rule-books; the appointment's says less before its first question and behind its last answer. For whole calls that are not about that: they
    take as long as they are said. Who hears all of it are the callers of test_dial and test_page."""
    books = pathlib.Path(folder) / "brief_books"
    shutil.copytree(ROOT / "rulebooks", books)
    book = books / "appointment-reminder.yaml"
    text = book.read_text()
    for words in (", the automated assistant of {company}", " Please bring {bring}."):
        assert text.count(words) == 1
        text = text.replace(words, "")
    book.write_text(text)
    return books


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)


class House:
    """One data folder, any number of serves one after the other."""

    def __init__(self, folder, model, *settings):
        self.data = pathlib.Path(folder) / "data"
        self.settings = [f"vad.model_file={model}", f"rulebooks.dir={ROOT / 'rulebooks'}", *PATIENT, *settings]
        self.log = open(pathlib.Path(folder) / "serve.log", "ab")
        self.serve = None
        self.ready = None
        self.token = None
        self.followers = []
        self.is_closed = False

    def words(self, *args):
        """A command of ours on this folder; settings among `args` win."""
        command, *more = map(str, args)
        return [BINARY, command, "--data", str(self.data), *(w for s in self.settings for w in ("--set", s)), *more]

    def command(self, *args, stdin=b""):
        done = subprocess.run(self.words(*args), input=stdin, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def start(self, *args, listen="127.0.0.1:0"):
        """Until it is ready: its line, which it says once."""
        self.serve = subprocess.Popen(self.words("serve", "--json", "--listen", listen, *args), stdout=subprocess.PIPE, stderr=self.log,
                                      start_new_session=True)
        line = self.serve.stdout.readline()
        assert line, self.errors()
        self.ready = json.loads(line)
        assert "error" not in self.ready, self.ready
        return self.ready

    def errors(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text()

    def stop(self):
        self.serve.send_signal(signal.SIGTERM)
        return self.serve.wait(timeout=60)

    def pid(self, name):
        """Of the process that has this name now, by what it wrote down; None: it is not there."""
        try:
            facts = json.loads((self.data / "run" / f"{name}.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return facts["pid"] if facts["ready"] and is_alive(facts["pid"]) else None

    def kill(self, name):
        """kill -9, and no sooner back than it is dead; of the supervisor, everything in its process group, as a terminal does."""
        pid = self.serve.pid if name == "serve" else self.pid(name)
        if name == "serve":
            os.killpg(pid, signal.SIGKILL)
            self.serve.wait(timeout=10)
        else:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not is_alive(pid), 10, f"{name} is dead")
        return pid

    def back(self, name, dead, seconds=10):
        """Until another process has the name."""
        return until(lambda: self.pid(name) not in (None, dead) and self.pid(name), seconds, f"{name} is back")

    def memory_kb(self):
        """The proportional set size of all its processes; for root alone, as they show their memory to nobody else."""
        pids = [self.ready["pid"], *(p["pid"] for p in self.ready["processes"])]
        return sum(int(re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M).group(1)) for pid in pids)

    def close(self):
        self.is_closed = True
        if self.serve and self.serve.poll() is None:
            self.serve.kill()
            self.serve.wait(timeout=10)
        for file in (self.data / "run").glob("*.json"):
            try:
                pid = json.loads(file.read_text())["pid"]
                os.kill(pid, signal.SIGKILL)
            except (json.JSONDecodeError, ProcessLookupError):
                pass
            else:
                until(lambda pid=pid: not is_alive(pid), 10, "everything is gone")
        self.log.close()
        for follower in self.followers:
            follower.join(timeout=10)
            assert not follower.is_alive(), "nobody asks a house that is not there any more"
        self.replayed = self.replay_all()

    def replay_all(self):
        """Every call of every journal once more, byte for byte, also those whose worker was killed: how many."""
        calls = set()
        for journal in sorted((self.data / "journal").glob("*")):
            if any(journal.glob("*.cfj")):
                listed = subprocess.run([BINARY, "journal", "list", str(journal), "--json"], capture_output=True, timeout=60, check=True)
                calls.update(call["call"] for call in json.loads(listed.stdout)["calls"])
        for call in sorted(calls):
            done = subprocess.run([BINARY, "replay", call, "--set", f"data.dir={self.data}"], capture_output=True, text=True, timeout=120, check=False)
            assert done.returncode == 0 and "identical" in done.stdout, done.stdout + done.stderr
        return len(calls)

    # ---- asking ----

    def ask(self, method, path, body=None, headers=None, token=True, url=None, timeout=20):
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {self.token if token is True else token}"
        if isinstance(body, dict):
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        host = (url or self.ready["url"]).removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            return Answer(reply.status, reply.headers, reply.read())
        finally:
            connection.close()

    def sign_in(self, link=None):
        link = link or self.ready["sign_in"].partition("#")[2]
        answer = self.ask("POST", "/v1/sign-in", {"link": link}, token=False)
        assert answer.status == 200, answer.body
        self.token = answer.json()["token"]
        return answer.json()

    def call(self, name):
        return self.ask("GET", f"/v1/calls/{name}").json()

    def calls(self):
        return self.ask("GET", "/v1/calls").json()["calls"]

    def events(self, name):
        """All lines of a call that has ended."""
        answer = self.ask("GET", f"/v1/calls/{name}/events", timeout=60)
        assert answer.status == 200, answer.body
        return [json.loads(line) for line in answer.body.splitlines()]


def houses_for(folder, model, public, number, secret, value, *always):
    """For a fixture: makes houses that take the calls of a number, each with the settings that are asked for; at the end every call is replayed,
    every epoch of it."""
    books = brief_books(folder)
    made = []

    def make(*settings):
        house = House(folder, model, f"server.public_url={public}", "calls.samples=true", f"rulebooks.dir={books}", *always, *settings)
        made.append(house)
        house.start()
        house.command("route", "add", number, "local", "appointment-reminder")
        house.command("secret", "set", "local", secret, stdin=value.encode())
        house.sign_in()
        return house

    yield make
    for house in made:
        house.close()
        assert house.replayed


class Follower(threading.Thread):
    """The lines of a call, live, as a page reads them: comes back behind the last one when the stream breaks."""

    def __init__(self, house, name):
        super().__init__(daemon=True)
        self.house = house
        self.name = name
        self.lines = []
        self.is_over = False
        self.breaks = 0
        house.followers.append(self)
        self.start()

    def run(self):
        while not self.is_over and not self.house.is_closed:
            try:
                self._follow()
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)
            self.breaks += not self.is_over

    def _follow(self):
        connection = http.client.HTTPConnection(self.house.ready["url"].removeprefix("http://"), timeout=30)
        after = "&".join(f"after={line['epoch']}.{line['sequence']}.{line['part']}" for line in self.lines[-1:])
        connection.request("GET", f"/v1/calls/{self.name}/events?{after}", headers={"Authorization": f"Bearer {self.house.token}"})
        reply = connection.getresponse()
        if reply.status != 200:
            time.sleep(0.05)  # not there yet, or the conductor is being started: asked again
            return
        for line in reply:
            line = json.loads(line)
            if line["type"] != "idle":
                self.take(line)
            if line["type"] == "end":
                self.is_over = True
        connection.close()

    def take(self, line):
        self.lines.append(line)

    def of(self, kind):
        return [line for line in list(self.lines) if line["type"] == kind]

    def whole(self, seconds=30):
        """All lines, once the end has come."""
        until(lambda: self.is_over, seconds, "the timeline has the end")
        return self.lines
