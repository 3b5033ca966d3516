"""What is left of a real call for people: its lines, its sound, its picture; also when its worker died in the middle (N4, P23, N8)."""
import json
import subprocess

from conftest import BINARY
from house import until
from callers import Caller, ended, voice, when_planned  # noqa: F401 (a fixture)
from test_twilio_calls import house  # noqa: F401 (a fixture)


def flac_facts(data):
    """Samples and the comments of a recording (audio/tracks.h), read by hand."""
    assert data[:4] == b"fLaC"
    at, samples, comments = 4, None, []
    while True:
        kind, size = data[at], int.from_bytes(data[at + 1:at + 4], "big")
        block = data[at + 4:at + 4 + size]
        if kind & 0x7F == 0:
            samples = int.from_bytes(block[13:18], "big") & (1 << 36) - 1
        elif kind & 0x7F == 4:
            rest = block[4 + int.from_bytes(block[:4], "little"):]
            for _ in range(int.from_bytes(rest[:4], "little")):
                length = int.from_bytes(rest[4:8], "little")
                comments.append(rest[8:8 + length].decode())
                rest = rest[4 + length:]
        at += 4 + size
        if kind & 0x80:
            return samples, comments


def finished(house, name, what):
    """The recording's part, once it is there."""
    answer = until(lambda: (a := house.ask("GET", f"/v1/calls/{name}/{what}")).status != 404 and a, 60, f"{what} is there")
    assert answer.status == 200, answer.body
    return answer


def by_hand(house, *words):
    """What a command says that reads the journals of the data folder itself."""
    done = subprocess.run([BINARY, *map(str, words), "--json", "--set", f"data.dir={house.data}"], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)
    return json.loads(done.stdout)


def test_a_call_that_had_two_workers(house, voice):  # noqa: F811
    caller = Caller(house, 21, voice)
    when_planned(caller, lambda: house.kill("w1"))
    call = caller.hold()
    assert ended(call)[:1] == ("ended",) and call["epoch"] == 2, house.errors()
    lines = caller.follower.whole()
    name = call["call"]

    # Every line once; within an epoch in order; the same to whoever looks later.
    places = [(line["epoch"], line["sequence"], line["part"]) for line in lines]
    assert len(set(places)) == len(places)
    for epoch in (1, 2):
        of_epoch = [place for place in places if place[0] == epoch]
        assert of_epoch and of_epoch == sorted(of_epoch)
    assert lines == house.events(name)
    assert [line["type"] for line in lines].count("start") == [line["type"] for line in lines].count("end") == 1

    # Both epochs are in the sound, and what nobody heard in between is a marked gap.
    picture = finished(house, name, "waveform").json()
    sound = finished(house, name, "recording")
    assert sound.headers["Content-Type"] == "audio/flac"
    samples, comments = flac_facts(sound.body)
    assert samples == picture["samples"] and "CALLFUNNEL_TRACKS=1" in comments
    gaps = [c for c in comments if c.startswith("GAP=caller:")]
    assert gaps and [g["track"] for g in picture["gaps"]].count("caller") == len(gaps)
    attached = next(line for line in lines if line["type"] == "attach")
    end = lines[-1]
    assert abs(samples / 8 - (end["at_ms"] - picture["media_ms"])) <= 20
    at = int((attached["at_ms"] - picture["media_ms"]) * 8 / picture["step"])
    assert max(picture["agent"][:at]) > 20 and max(picture["agent"][at:]) > 20
    assert max(picture["caller"]) > 20
    for line in lines:  # words lie where their sound is
        if line["type"] == "final" and line["to_ms"] > line["from_ms"]:
            first, last = (int(line[key] * 8 / picture["step"]) for key in ("from_ms", "to_ms"))
            assert max(picture["caller"][first:last + 1]) > 10, line

    # A range of it, and who may not hear it.
    part = house.ask("GET", f"/v1/calls/{name}/recording", headers={"Range": "bytes=4-11"})
    assert part.status == 206 and part.body == sound.body[4:12]
    assert part.headers["Content-Range"] == f"bytes 4-11/{len(sound.body)}"
    viewer = house.command("token", "--tenant", "local", "--role", "viewer").strip()
    other = house.command("token", "--tenant", "other", "--role", "admin", "--role", "reveal").strip()
    assert house.ask("GET", f"/v1/calls/{name}/recording", token=viewer).status == 403
    assert house.ask("GET", f"/v1/calls/{name}/waveform", token=viewer).status == 200
    for what in ("events", "recording", "waveform"):
        assert house.ask("GET", f"/v1/calls/{name}/{what}", token=other).status == 404
    masked = [json.loads(line) for line in house.ask("GET", f"/v1/calls/{name}/events", token=viewer).body.splitlines()]
    assert [(line["epoch"], line["sequence"], line["part"]) for line in masked] == places

    # The same by hand, from the journals: both epochs, wherever they lie, and the core says the same again.
    assert by_hand(house, "show", name)["workers"] == 2
    cut = by_hand(house, "recording", name, "-o", house.data.parent / "by hand.flac")
    assert cut["samples"] == samples and cut["workers"] == 2
    replayed = by_hand(house, "replay", name)
    assert replayed["identical"], replayed

    # Nothing is left on the way.
    until(lambda: not [f for f in (house.data / "recordings" / "incoming").iterdir()], 20, "nothing is on its way in")
    until(lambda: not list((house.data / "spool").rglob("*.flac")), 20, "nothing is on its way up")
