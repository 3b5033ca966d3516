"""A full disk under the whole house while somebody talks: the call goes on, it is said what is wrong and what to do, and with room again all is well.

The data folder is a tmpfs of our own; where mounting is not permitted these tests are skipped.
"""
import pytest

from callers import Caller, ended, voice, when_planned  # noqa: F401
from house import House, brief_books, until
from test_disk import small_disk  # noqa: F401
from twiliophone import NUMBER, PUBLIC, SECRET

DISK_KB = 160 << 10
SIZES = ("journal.reserve_mb=16", "journal.ring_mb=8", "journal.segment_mb=16")


@pytest.fixture
def house(small_disk, tmp_path, model):  # noqa: F811
    """On a disk of its own; its log is elsewhere."""
    disk = small_disk(DISK_KB)
    h = House(tmp_path, model, f"server.public_url={PUBLIC}", "calls.samples=true", f"rulebooks.dir={brief_books(tmp_path)}", *SIZES)
    h.data, h.disk = disk / "data", disk
    h.start()
    h.command("route", "add", NUMBER, "local", "appointment-reminder")
    h.command("secret", "set", "local", "twilio.auth_token", stdin=SECRET.encode())
    h.sign_in()
    yield h
    room(h)
    h.close()


def fill(house):
    """To the last byte."""
    with open(house.disk / "filler", "wb", buffering=0) as filler:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    filler.write(bytes(size))
            except OSError:
                pass


def room(house):
    (house.disk / "filler").unlink(missing_ok=True)


def worker_url(house):
    return next(p["url"] for p in house.ready["processes"] if p["name"] == "w1")


def unwell(house, where=None):
    """The checks that fail, with why."""
    answer = house.ask("GET", "/readyz", token=False, url=where)
    return {c["name"]: c.get("why") for c in answer.json()["checks"] if not c["ok"]}


def test_F06_a_full_disk_in_a_call(house, voice):  # noqa: F811
    """From the second question on there is no room: the call goes on to an honest end, and whatever was accepted is there with room again."""
    caller = Caller(house, 50, voice)
    when_planned(caller, lambda: fill(house))
    caller.hold()
    before = list(caller.follower.lines)
    at_house, at_worker = until(lambda: unwell(house), 10, "the house says so"), unwell(house, worker_url(house))
    assert at_house["stores"] == "disk full" and "look at its disk" in at_house["journals"], at_house
    assert at_worker == {"journal": "audio_ring", "disk": "disk full"}
    assert house.ask("POST", "/v1/calls/browser", {"rulebook": "appointment-reminder"}).status == 503
    assert house.errors().count("the disk is full: events go to the reserve, audio to the ring") == 1
    assert house.errors().count("nothing is kept until there is room on its disk") == 1
    room(house)
    until(lambda: not unwell(house) and not unwell(house, worker_url(house)), 30, "all is well with room again")
    call = until(lambda: (c := caller.record())["state"] == "ended" and c, 30, "the end has come to the conductor")
    assert ended(call) == ("ended", "agent", "call_back"), house.errors()  # nothing is changed that could not be written down before
    lines = caller.follower.whole(60)
    assert lines[:len(before)] == before == [line for line in before if line in lines]
    assert house.events(call["call"]) == lines
    assert "keep it" in [line["text"] for line in lines if line["type"] == "final"]
    assert not [line for line in lines if line["type"] == "gap" and line["track"] == "timeline"]
    names = {(line["turn"], line["index"]): line["name"] for line in lines if line["type"] == "tool"}
    results = {names[line["turn"], line["index"]]: line["status"] for line in lines if line["type"] == "tool_result"}
    assert results["confirm_appointment"] == "error", results  # it was surely not asked for: nobody has to look whether it was done
    until(lambda: house.ask("GET", f"/v1/calls/{call['call']}/recording").status == 200, 60, "the recording is there")
    assert "the store keeps what it is given again" in house.errors()
    assert ended(Caller(house, 51, voice, others=[caller]).hold()) == ("ended", "agent", "confirmed"), house.errors()
