"""Somebody sets the clock of the machine while somebody talks: the call does not notice, not even when its worker dies then.

The time of day is that of clockstep.c, preloaded; without a compiler these tests are skipped.
"""
import pathlib
import shutil
import struct
import subprocess

import pytest

from callers import Caller, ended, voice, when_planned  # noqa: F401
from house import House, brief_books, until
from twiliophone import NUMBER, PUBLIC, SECRET

HOUR = 3600


@pytest.fixture(scope="module")
def clockstep(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        pytest.skip("a C compiler is needed")
    library = tmp_path_factory.mktemp("clock") / "clockstep.so"
    source = pathlib.Path(__file__).with_name("clockstep.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", library, source, "-ldl"], check=True, timeout=60)
    return library


class Clock:
    def __init__(self, path):
        self.path = path
        self.path.write_bytes(bytes(8))

    def step(self, seconds):
        with open(self.path, "r+b") as f:
            f.write(struct.pack("<q", seconds))


@pytest.fixture
def clock(clockstep, tmp_path, monkeypatch):
    clock = Clock(tmp_path / "clock")
    monkeypatch.setenv("LD_PRELOAD", str(clockstep))
    monkeypatch.setenv("CLOCKSTEP_FILE", str(clock.path))
    return clock


@pytest.fixture
def house(clock, tmp_path, model):
    h = House(tmp_path, model, f"server.public_url={PUBLIC}", "calls.samples=true", "voice.workers=2", f"rulebooks.dir={brief_books(tmp_path)}")
    h.start()
    h.command("route", "add", NUMBER, "local", "appointment-reminder")
    h.command("secret", "set", "local", "twilio.auth_token", stdin=SECRET.encode())
    h.token = h.command("token", "--tenant", "local", "--role", "admin", "--role", "reveal").strip()
    yield h
    h.close()
    assert h.replayed


@pytest.mark.parametrize("dies", [False, True], ids=["", "and its worker dies"])
@pytest.mark.parametrize("seconds", [-HOUR, HOUR], ids=["back", "forward"])
def test_a_clock_that_is_set_in_a_call(house, clock, voice, seconds, dies):  # noqa: F811
    """By an hour, each way."""
    caller = Caller(house, 60, voice)

    def steps():
        worker = caller.record()["worker"]
        clock.step(seconds)
        if dies:
            house.kill(worker)
        house.token = house.command("token", "--tenant", "local", "--role", "admin", "--role", "reveal").strip()

    when_planned(caller, steps)
    call = caller.hold()
    assert ended(call) == ("ended", "agent", "confirmed") and call["epoch"] == 1 + dies, house.errors()
    assert 5000 < call["connected_ms"] < 120000, call
    lines = caller.follower.whole()
    lines = [line for line in lines if line["type"] != "usage"]  # what was used is told when the call is over
    assert max(line["at_ms"] for line in lines) == lines[-1]["at_ms"] < 120000, lines
    until(lambda: house.ask("GET", "/readyz", token=False).status == 200, 20, "all is well")
