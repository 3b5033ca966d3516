"""Keys of providers: on their way from the store to whoever has the call they are nowhere but in locked memory; not in a log, a journal, a store
in clear, or a buffer that was freed."""
import base64
import hashlib
import os
import pathlib
import re
import resource
import secrets
import subprocess
import sys

import pytest

from conftest import BINARY
from house import House
from memory import holds, regions

WORKER = pathlib.Path(os.environ.get("CALLFUNNEL_PEERS", pathlib.Path(BINARY).parent)).resolve() / "keys_worker"
RULEBOOK = "appointment-reminder"


@pytest.fixture
def house(tmp_path, model):
    if os.geteuid() != 0:
        pytest.skip("only root may look into a process that holds keys")
    if not WORKER.is_file():
        pytest.skip(f"{WORKER.name} is not built: ninja peers")
    h = House(tmp_path, model)
    yield h
    h.close()


def planted(name):
    """Recognisable, of random bytes; found nowhere but where it was put."""
    return f"planted-{name}-{secrets.token_hex(24)}".encode()


def said(key):
    return hashlib.sha256(key).hexdigest()


class Worker:
    """keys_worker: the worker's client of the conductor, outside of a worker."""

    def __init__(self, house, token):
        self.process = subprocess.Popen([WORKER, house.data, house.ready["url"], token], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def line(self):
        return self.process.stdout.readline().split()

    def say(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return self.line()

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=20) == 0


def call_of(house, token, call=None):
    """A browser's call, which nobody but our worker takes: its id and media token."""
    path = f"/v1/calls/{call}/browser" if call else "/v1/calls/browser"
    answer = house.ask("POST", path, {} if call else {"rulebook": RULEBOOK}, token=token)
    assert answer.status == 200, answer.body
    return answer.json()["call"], answer.json()["token"]


def files_with(folder, keys):
    """(file, key) of everything below it; plain, in hex and in base64 (whatever byte it began at)."""
    wanted = {}
    for key in keys:
        for form in (key, key.hex().encode(), *(base64.b64encode(b"x" * i + key)[4:-4] for i in range(3))):
            wanted[form] = key
    found = []
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found += [(path.name, key) for form, key in wanted.items() if form in data]
    return found


def test_planted_keys_are_nowhere(house, tmp_path):
    mine, other, voice = planted("deepgram-a"), planted("deepgram-b"), planted("cartesia-a")
    keys = (mine, other, voice)
    house.start()
    house.command("tenant", "add", "globex")
    house.command("secret", "set", "local", "deepgram.api_key", stdin=mine)
    house.command("secret", "set", "local", "cartesia.api_key", stdin=voice)
    house.command("secret", "set", "globex", "deepgram.api_key", stdin=other)
    house.sign_in()
    a = house.token
    link = re.search(r"sign-in#([\w-]{43})", house.command("sign-in", "--tenant", "globex"))[1]
    house.sign_in(link)
    b = house.token
    pids = {"conductor": house.pid("conductor"), "w1": house.pid("w1")}
    _, token = call_of(house, a)
    first = Worker(house, token)
    _, token = call_of(house, b)
    second = Worker(house, token)
    # Each has its own tenant's, and nothing else that the tenant has.
    assert first.line() == ["held", "1", f"deepgram.api_key={said(mine)}", f"cartesia.api_key={said(voice)}"]
    assert second.line() == ["held", "1", f"deepgram.api_key={said(other)}"]
    # While they are held they are in locked memory alone, and the conductor has wiped what it sent.
    pids |= {"first": first.process.pid, "second": second.process.pid}
    assert {name: holds(pid, *keys) for name, pid in pids.items()} == {name: {} for name in pids}
    for worker in (first, second):
        assert worker.say("release") == ["released"]
    assert {name: holds(pid, *keys) for name, pid in pids.items()} == {name: {} for name in pids}
    first.end()
    second.end()
    assert house.stop() == 0
    assert not files_with(tmp_path, keys)  # data folder, journals, stores, log
    assert not any(key.decode() in house.errors() for key in keys)


def test_the_search_finds_what_is_there():
    """Else the test above would show nothing."""
    if os.geteuid() != 0:
        pytest.skip("only root may look")
    key = planted("here")
    child = subprocess.Popen([sys.executable, "-c", "import sys; held = sys.stdin.buffer.readline(); print(len(held), flush=True); sys.stdin.read()"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        child.stdin.write(key + b"\n")
        child.stdin.flush()
        assert int(child.stdout.readline()) == len(key) + 1
        assert holds(child.pid, key, b"not" + key)[key] >= 1
        assert regions(child.pid)
    finally:
        child.stdin.close()
        child.wait(timeout=20)


def test_a_later_epoch_ends_the_earlier_ones_right(house):
    """A worker that lost the call is refused, the one that has it gets the keys that hold by then."""
    old, new = planted("old"), planted("new")
    house.start()
    house.command("secret", "set", "local", "deepgram.api_key", stdin=old)
    house.sign_in()
    call, token = call_of(house, house.token)
    first = Worker(house, token)
    assert first.line() == ["held", "1", f"deepgram.api_key={said(old)}"]
    house.command("secret", "set", "local", "deepgram.api_key", stdin=new)
    second = Worker(house, call_of(house, house.token, call)[1])
    assert second.line() == ["held", "2", f"deepgram.api_key={said(new)}"]
    assert holds(house.pid("conductor"), old, new) == {}
    for worker in (first, second):
        worker.say("release")
        worker.end()


def test_no_core_dumps(house):
    """Of any process of the house, whatever limit it was started with; that nobody may look into them: test_serve.test_as_a_normal_user."""
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
    house.start()
    for pid in [house.ready["pid"], *(p["pid"] for p in house.ready["processes"])]:
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.M), limits
