"""Whole calls from Exotel's side against the real `callfunnel serve`: in both spellings and at all rates, with sound, also when a line breaks.

The caller's voice is flite's, made by `callfunnel say`: a labelled stand-in for recorded people.
"""
import asyncio
import json

import pytest
import websockets

from callers import YESES, Caller, ended, settled, voice, when_planned  # noqa: F401
from conftest import ROOT
from exotelphone import KEY, ExotelPhone
from house import houses_for

NUMBER = "+15550100"
PUBLIC = "https://calls.example.com"


@pytest.fixture
def houses(tmp_path, model):
    """Makes a house with these settings."""
    yield from houses_for(tmp_path, model, PUBLIC, NUMBER, "exotel.webhook_key", KEY)


def caller_of(house, number, voice, **how):  # noqa: F811
    caller = Caller(house, number, voice)
    caller.phone = ExotelPhone(house.ready["url"], f"{number:032x}", caller.answer, **how)
    return caller


@pytest.mark.parametrize(("rate", "camel", "chunk"), [(8000, False, 3200), (16000, True, 3200), (24000, False, 4800)])
def test_P08_a_whole_call(houses, voice, rate, camel, chunk):  # noqa: F811
    """P08, marks, the goodbye: our close ends the stream, and behind it the call is over."""
    house = houses(f"providers.exotel.rate_hz={rate}")
    caller = caller_of(house, 1, voice, camel=camel)
    call = caller.hold()
    phone = caller.phone
    assert ended(call) == ("ended", "agent", "confirmed") and call["result"] == "success", house.errors()
    assert call["kind"] == "exotel" and call["epoch"] == 1 and call["turns"] >= 2
    assert phone.asked == [("voice", 200), ("after", 302)] and phone.codes == [1000]
    assert phone.rate == rate and f"sample-rate={rate}&token=" in phone.url
    assert phone.most_ahead_ms <= 400 + phone.most_late_ms + 40
    assert max(phone.lengths) == chunk
    assert phone.lengths.count(chunk) > len(phone.lengths) / 2  # others are the ends of what was said
    assert phone.marks > 20
    caller.follower.whole()
    words = " ".join(line["text"] for line in caller.follower.of("final"))
    assert words.startswith(YESES) and "keep it" in words
    assert phone.get("voice")[0] == 302  # asked once more, a day later or so


def test_a_line_that_breaks(houses, voice):  # noqa: F811
    """The flow goes on behind the broken socket, the Voicebot comes again: the same call, from where it was."""
    house = houses()
    caller = caller_of(house, 2, voice)
    when_planned(caller, lambda: setattr(caller.phone, "breaks", lambda: True))
    call = caller.hold()
    assert ended(call) == ("ended", "agent", "confirmed") and call["epoch"] == 2, house.errors()
    assert caller.phone.streams == 2 and caller.phone.codes[1] == 1000
    assert caller.phone.asked[0] == ("voice", 200) and caller.phone.asked[-2:] == [("voice", 200), ("after", 302)]
    said = " ".join(line["text"] for line in (caller.follower.whole(), caller.follower.of("speak"))[1])
    assert said.count("Am I speaking with") == 1
    assert [line["name"] for line in caller.follower.of("tool")] == ["find_appointment", "confirm_appointment"]


@pytest.mark.parametrize("returns_marks", [True, False])
def test_P06_P08_speech_over_the_agent_clears(houses, voice, returns_marks):  # noqa: F811
    """P06, P08: whether or not the marks of what was dropped come back."""
    house = houses()
    caller = caller_of(house, 3, voice, returns_marks=returns_marks)
    caller.phone.barge, caller.phone.barge_when = voice["cancel"], lambda: caller.asked() == "keep"
    call = caller.hold()
    assert caller.phone.clears >= 1
    assert caller.phone.held_ms <= 10 * 250
    assert ended(call)[:2] == ("ended", "agent") and call["outcome"] in ("cancelled", "confirmed"), house.errors()
    assert "hold" in [line["type"] for line in caller.follower.whole()]


def test_the_caller_hangs_up(houses, voice):  # noqa: F811
    house = houses()
    caller = caller_of(house, 4, voice)
    caller.phone.leaves = lambda: caller.asked() == "keep"
    caller.hold()
    assert ended(settled(caller)) == ("ended", "caller", "no_result"), house.errors()
    assert not caller.phone.passthru()


def test_P20_no_call_is_longer_than_we_say(houses, voice, tmp_path):  # noqa: F811
    """P20: nobody says a word, Exotel would go on for hours; the goodbye, and the socket is closed by us."""
    book = (ROOT / "rulebooks" / "appointment-reminder.yaml").read_text()
    assert "call.max_ms: 600000" in book
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "appointment-reminder.yaml").write_text(book.replace("call.max_ms: 600000", "call.max_ms: 8000"))
    house = houses(f"rulebooks.dir={tmp_path / 'books'}", "quiet.after_ms=30000", "call.end_ms=8000")
    caller = caller_of(house, 5, voice)
    caller.phone.answer = lambda: None
    call = caller.hold()
    assert call["state"] == "ended" and call["reason"] == "time", (call, house.errors())
    assert caller.phone.codes == [1000] and caller.phone.asked == [("voice", 200), ("after", 302)]
    assert 7 <= caller.phone.streamed_s <= 8 + 8 + 3


# ---- who may not ----


async def close_code(url, start):
    async with websockets.connect(url, compression=None) as ws:
        await ws.send(json.dumps({"event": "connected"}))
        await ws.send(json.dumps(start))
        try:
            while True:
                await asyncio.wait_for(ws.recv(), 20)
        except websockets.exceptions.ConnectionClosed:
            return ws.close_code


def test_P25_secrets_and_tokens_that_are_not_good(houses, voice):  # noqa: F811
    """P25: refused before anything is touched; a start that brings another call's token in its parameters, too."""
    house = houses()
    url = house.ready["url"]
    refused = [ExotelPhone(url, "a1", key="").get("voice"), ExotelPhone(url, "a1", key=KEY + "x").get("voice"), ExotelPhone(url, "a1", number="+15550101").get("after"),
               ExotelPhone(url, "a1", key="").get("voice", {"Authorization": "Basic eDp5"}), ExotelPhone(url, "").get("voice")]
    assert {status for status, _ in refused} == {403} and len({body for _, body in refused}) == 1
    assert house.calls() == []
    phone, other = ExotelPhone(url, "a2"), ExotelPhone(url, "a3")
    phone.id, phone.rate = other.id, other.rate = "0", 8000
    good = phone.voicebot()
    token = good.rpartition("=")[2]
    before = {f.name: f.read_bytes() for f in (house.data / "journal" / "w1").glob("seg-*")}
    for bad in (good[:-1] + ("A" if good[-1] != "A" else "B"), good.removesuffix(token) + 43 * "0", good.partition("?")[0]):
        assert asyncio.run(close_code(bad, phone.start_message({}))) == 1008, bad
    assert asyncio.run(close_code(good, other.start_message({}))) == 1008  # another call says it
    with pytest.raises(websockets.exceptions.InvalidStatus):
        asyncio.run(close_code(good + 300 * "x", phone.start_message({})))
    assert {f.name: f.read_bytes() for f in (house.data / "journal" / "w1").glob("seg-*")} == before
    caller = caller_of(house, 6, voice)
    caller.phone.leaves = lambda: caller.phone.media > 3
    caller.hold()
    assert asyncio.run(close_code(caller.phone.url, caller.phone.start_message({}))) == 1008  # its token was good once
    settled(caller)
