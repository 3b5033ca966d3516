"""A call's own messages, both ways, through Pipecat's Exotel serializer, which stands where we stand: it reads what our phone says, and would have said
what we say, to the byte. Written against pipecat-ai 1.14.0, which is no requirement here (it brings half a gigabyte): where it is not installed, this is skipped.
"""
import asyncio
import base64
import json
import types

import pytest

from callers import voice  # noqa: F401
from test_exotel_calls import caller_of, houses  # noqa: F401

exotel = pytest.importorskip("pipecat.serializers.exotel")
frames = pytest.importorskip("pipecat.frames.frames")


async def serializer(stream):
    s = exotel.ExotelFrameSerializer(stream, params=exotel.ExotelFrameSerializer.InputParams(sample_rate=8000))
    await s.setup(types.SimpleNamespace(audio_in_sample_rate=8000))
    return s


async def theirs(s, message):
    """What the phone said, as Pipecat hears it."""
    frame = await s.deserialize(json.dumps(message))
    if message["event"] == "media":
        assert frame.audio == base64.b64decode(message["media"]["payload"]) and frame.sample_rate == 8000
    elif message["event"] == "dtmf":
        assert frame.button.value == message["dtmf"]["digit"]
    else:
        assert frame is None
    return message["event"]


async def ours(s, message):
    """What we said, as Pipecat says it."""
    if message["event"] == "media":
        sound = base64.b64decode(message["media"]["payload"])
        frame = frames.OutputAudioRawFrame(audio=sound, sample_rate=8000, num_channels=1)
    elif message["event"] == "clear":
        frame = frames.InterruptionFrame()
    else:
        return message["event"]  # it sends no marks
    assert json.loads(await s.serialize(frame)) == message
    return message["event"]


async def judge(stream, kept):
    s = await serializer(stream)
    return {(who, await (ours if who == "ours" else theirs)(s, message)) for who, message in kept}


def test_pipecat_says_and_hears_the_same(houses, voice):  # noqa: F811
    house = houses("providers.exotel.media_fields=minimal")
    caller = caller_of(house, 1, voice)
    phone = caller.phone
    phone.fields, phone.keep, phone.keys = ["payload"], [], ["5"]
    phone.barge, phone.barge_when = voice["cancel"], lambda: caller.asked() == "keep"
    call = caller.hold()
    assert call["state"] == "ended", house.errors()
    seen = asyncio.run(judge(phone.id, phone.keep))
    assert seen >= {("ours", "media"), ("ours", "clear"), ("ours", "mark"), ("theirs", "start"), ("theirs", "media"), ("theirs", "dtmf"), ("theirs", "mark")}
