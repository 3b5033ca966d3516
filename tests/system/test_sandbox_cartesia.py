"""The sandbox's Cartesia: the vendor's own SDK and our adapter ask it the same, and what it says is what the SDK's types know."""
import base64
import json
import struct

import pytest
from sandboxkit import Sandbox, canonical, typed

cartesia = pytest.importorskip("cartesia")

KEY = "key-of-the-test"
VOICE, MODEL = "00000000-0000-4000-8000-00000000abcd", "sonic-3.5-2026-05-04"
RAW = {"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8000}
TEXT = "Hello, this is the clinic. Is Monday at ten fine?"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def client(sandbox):
    sandbox.forget()
    return client_of(sandbox, "2026-08-14")


def client_of(sandbox, version):
    return cartesia.Cartesia(api_key=KEY, base_url=sandbox.urls["cartesia"], max_retries=0, default_headers={"cartesia-version": version},
                             websocket_base_url=sandbox.urls["cartesia"].replace("http", "ws", 1))


def request(transcript=TEXT, **change):
    return {"context_id": "turn-1", "model_id": MODEL, "transcript": transcript, "voice": {"id": VOICE}, "language": "en", "output_format": RAW,
            "add_timestamps": True, "continue": False, "max_buffer_delay_ms": 0, **change}


def hear(socket, until=("done", "error"), ends=1):
    """Typed events, until so many of those that end a context."""
    came = []
    while ends:
        data = socket.recv_bytes(timeout=20)
        came.append(typed(socket.parse_event(data)))
        assert set(json.loads(data)) <= set(type(came[-1]).model_fields), data
        ends -= came[-1].type in until
    return came


def sound(came, context="turn-1"):
    return b"".join(base64.b64decode(one.data) for one in came if one.type == "chunk" and one.context_id == context)


def words(came):
    timed = [one.word_timestamps for one in came if one.type == "timestamps"]
    return [(word, start, end) for one in timed for word, start, end in zip(one.words, one.start, one.end)]


# ---- the socket ----

def test_speaks(client):
    with client.tts.websocket_connect() as socket:
        socket.send(request())
        came = hear(socket)
    heard = words(came)
    assert [word for word, _, _ in heard] == TEXT.split()
    assert [end for _, _, end in heard] == sorted(end for _, _, end in heard) and heard[-1][2] <= len(sound(came)) / 8000 + 0.01
    assert 2 < len(sound(came)) / 8000 < 10 and came[-1].type == "done" and came[-2].type == "flush_done"


@pytest.mark.parametrize("encoding, width", [("pcm_s16le", 2), ("pcm_f32le", 4), ("pcm_alaw", 1)])
@pytest.mark.parametrize("rate", [8000, 24000])
def test_encodings(client, encoding, width, rate):
    with client.tts.websocket_connect() as socket:
        socket.send(request("Good morning."))
        plain = sound(hear(socket))
        socket.send(request("Good morning.", context_id="turn-2", output_format={"container": "raw", "encoding": encoding, "sample_rate": rate}))
        made = sound(hear(socket), "turn-2")
    assert len(made) == len(plain) * width * rate // 8000
    if width > 1:
        values = struct.unpack(f"<{len(made) // width}{'h' if width == 2 else 'f'}", made)
        assert max(values) > (5000 if width == 2 else 0.15) and min(values) >= (-32768 if width == 2 else -1)


def test_continues(client):
    """Parts are one context: their words' times go on, and done comes once."""
    with client.tts.websocket_connect() as socket:
        socket.send(request("Hello there. ", **{"continue": True}))
        socket.send(request("How are you?", **{"continue": False}))
        came = hear(socket)
    assert [word for word, _, _ in words(came)] == ["Hello", "there.", "How", "are", "you?"]
    starts = [start for _, start, _ in words(came)]
    assert starts == sorted(starts) and [one.flush_id for one in came if one.type == "flush_done"] == [1, 2]


def test_waits_for_text(client):
    """With a buffer half words become whole ones before they are spoken."""
    with client.tts.websocket_connect() as socket:
        for part, goes_on in (("Good mor", True), ("ning, Al", True), ("ex.", False)):
            socket.send(request(part, max_buffer_delay_ms=2000, **{"continue": goes_on}))
        came = hear(socket)
    assert [word for word, _, _ in words(came)] == ["Good", "morning,", "Alex."]


def test_contexts_and_cancel(client):
    with client.tts.websocket_connect() as socket:
        socket.send(request("One sentence that is spoken. ", **{"continue": True}))
        socket.send(request("And one that is not, because it had not begun.", **{"continue": True}))
        socket.send(request("Hello.", context_id="turn-2"))
        socket.send({"context_id": "turn-1", "cancel": True})
        socket.send({"context_id": "nobody", "cancel": True})
        came = hear(socket, ends=2)
    assert {one.context_id for one in came if one.type == "done"} == {"turn-1", "turn-2"}
    assert "begun." not in [word for word, _, _ in words([one for one in came if one.context_id == "turn-1"])]


@pytest.mark.parametrize("change, status, says", [
    ({"model_id": "sonic-english"}, 400, "switched off"),
    ({"model_id": "sonic-9"}, 404, "no model"),
    ({"voice": {"embedding": [0.1]}}, 400, "voice"),
    ({"output_format": {"container": "mp3", "encoding": "pcm_mulaw", "sample_rate": 8000}}, 400, "raw"),
    ({"generation_config": {"speed": 9}}, 400, "speed"),
    ({"max_buffer_delay_ms": 9000}, 400, "max_buffer_delay_ms"),
    ({"context_id": "not a name"}, 400, "context_id"),
    ({"locale": "en-US"}, 400, "locale"),
])
def test_refuses(client, change, status, says):
    with client.tts.websocket_connect() as socket:
        socket.send(request(**change))
        came = hear(socket)
        assert [(one.type, one.status_code) for one in came] == [("error", status)] and says in came[0].message


def test_fields_of_a_context_stay(client):
    with client.tts.websocket_connect() as socket:
        socket.send(request("Hello ", max_buffer_delay_ms=5000, **{"continue": True}))
        socket.send(request("there.", max_buffer_delay_ms=5000, language="de"))
        assert hear(socket)[-1].type == "error"


def test_versions(sandbox):
    """{"mode":"id"} is what versions before the newest want."""
    with client_of(sandbox, "2026-03-01").tts.websocket_connect() as socket:
        socket.send(request(voice={"id": VOICE}))
        assert "mode" in hear(socket)[-1].message
        socket.send(request(voice={"mode": "id", "id": VOICE}))
        assert hear(socket)[-1].type == "done"


# ---- bytes ----

def test_bytes(client):
    made = client.tts.generate(model_id=MODEL, transcript="Good morning.", voice={"id": VOICE}, language="en", output_format=RAW).read()
    assert 4000 < len(made) < 24000
    with pytest.raises(cartesia.NotFoundError) as error:
        client.tts.generate(model_id="sonic-9", transcript="x", voice={"id": VOICE}, output_format=RAW)
    assert error.value.body["error_code"] == "model_not_found"


def test_health(client):
    assert client.get_status().ok is True


# ---- our adapter ----

def test_adapter_asks_as_the_sdk_does(sandbox, client):
    told = sandbox.adapter("cartesia", VOICE, stdin=TEXT.encode())
    assert told[-1]["event"] == "done" and told[-1]["samples"] > 16000
    heard = [one for one in told if one["event"] == "word"]
    assert [one["text_end"] for one in heard] == [6, 11, 14, 18, 26, 29, 36, 39, 43, 49] and all(one["exact"] for one in heard)
    ours = sandbox.requests("cartesia")[-1]
    typed(cartesia.types.GenerationRequest.model_validate(ours["messages"][0]))
    with client_of(sandbox, "2026-03-01").tts.websocket_connect() as socket:
        socket.send(request(context_id=ours["messages"][0]["context_id"], voice={"mode": "id", "id": VOICE}, use_normalized_timestamps=False))
        hear(socket)
    theirs = sandbox.requests("cartesia")[-1]
    assert theirs["n"] > ours["n"] and canonical("cartesia", theirs) == canonical("cartesia", ours)


def test_bytes_adapter_asks_as_the_sdk_does(sandbox, client):
    told = sandbox.adapter("cartesia", VOICE, stdin=TEXT.encode(), kind="cartesia-bytes")
    assert told[-1]["event"] == "done" and told[-1]["samples"] > 16000
    ours = sandbox.requests("cartesia")[-1]
    client_of(sandbox, "2026-03-01").tts.generate(model_id=MODEL, transcript=TEXT, voice={"mode": "id", "id": VOICE}, language="en", output_format=RAW).read()
    theirs = sandbox.requests("cartesia")[-1]
    assert theirs["n"] > ours["n"] and canonical("cartesia", theirs) == canonical("cartesia", ours)
