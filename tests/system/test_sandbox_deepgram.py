"""The sandbox's Deepgram: the vendor's own SDK and our adapter ask it the same, and what it says is what the SDK's types know."""
import json
import time

import pytest
from sandboxkit import BOOK, Sandbox, as_linear, as_ulaw, canonical, spoken, typed

deepgram = pytest.importorskip("deepgram")
from deepgram.core.unchecked_base_model import construct_type  # noqa: E402
from deepgram.environment import DeepgramClientEnvironment  # noqa: E402
from deepgram.listen.v1.socket_client import V1SocketClientResponse  # noqa: E402
from deepgram.listen.v2.socket_client import V2SocketClientResponse  # noqa: E402

KEY = "key-of-the-test"
NOVA = {"model": "nova-3", "encoding": "mulaw", "sample_rate": 8000, "interim_results": True, "endpointing": 300, "utterance_end_ms": 1000, "vad_events": True}
FLUX = {"model": "flux-general-en", "encoding": "mulaw", "sample_rate": 8000}
PIECE_S = 0.1


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def client(sandbox):
    sandbox.forget()
    return client_of(sandbox)


def client_of(sandbox):
    url = sandbox.urls["deepgram"]
    return deepgram.DeepgramClient(api_key=KEY, environment=DeepgramClientEnvironment(base=url, production=url, agent=url, agent_rest=url))


@pytest.fixture
def words(run, tmp_path):
    """Somebody says "yes"; its words are the script's."""
    return spoken(run, tmp_path, "yes, I am")


def listen(socket, responses, sound, last, close=True, width=1):
    """Sends the sound a little faster than it is spoken, closes, and gives what came, typed, until the socket closed or `last` says so."""
    step = int(RATE * PIECE_S) * width
    for at in range(0, len(sound), step):
        socket.send_media(sound[at:at + step])
        time.sleep(PIECE_S / 4)
    if close:
        socket.send_close_stream()
    came = []
    for text in socket._websocket:  # the SDK passes over what it does not know; here that must fail
        came.append(typed(construct_type(type_=responses, object_=json.loads(text))))
        assert set(json.loads(text)) <= set(type(came[-1]).model_fields), text
        if last(came[-1]):
            break
    return came


RATE = 8000


def kinds(came):
    return [one.type if one.type != "TurnInfo" else one.event for one in came]


# ---- v1 ----

def test_nova_results(sandbox, client, words):
    sandbox.script(deepgram=["yes I am"])
    with client.listen.v1.connect(**NOVA) as socket:
        came = listen(socket, V1SocketClientResponse, as_ulaw(words), lambda one: one.type == "Metadata")
    assert kinds(came)[0] == "SpeechStarted" and kinds(came)[-1] == "Metadata" and kinds(came).count("UtteranceEnd") == 1
    finals = [one for one in came if one.type == "Results" and one.is_final and one.channel.alternatives[0].transcript]
    assert [(one.channel.alternatives[0].transcript, one.speech_final, one.from_finalize) for one in finals] == [("yes I am", True, False)]
    partials = [one.channel.alternatives[0].transcript for one in came if one.type == "Results" and not one.is_final]
    assert partials and all("yes I am".startswith(text) for text in partials)
    times = [(word.start, word.end) for word in finals[0].channel.alternatives[0].words]
    assert len(times) == 3 and times == sorted(times) and 0.1 < times[0][0] < times[-1][1] <= finals[0].start + finals[0].duration
    assert came[-1].duration == pytest.approx(len(words) / RATE, abs=0.05)


def test_nova_finalize_and_linear(sandbox, client, words):
    """Sixteen bits a sample are heard as well; Finalize brings what is known now."""
    sandbox.script(deepgram=["no thank you"])
    with client.listen.v1.connect(**{**NOVA, "encoding": "linear16", "endpointing": 5000}) as socket:
        for at in range(0, len(words) * 2, 1600):
            socket.send_media(as_linear(words)[at:at + 1600])
        socket.send_keep_alive()
        socket.send_finalize()
        came = listen(socket, V1SocketClientResponse, b"", lambda one: one.type == "Metadata")
    final = next(one for one in came if one.type == "Results" and one.is_final)
    assert final.from_finalize and not final.speech_final and final.channel.alternatives[0].transcript == "no thank you"
    messages = sandbox.requests("deepgram")[-1]["messages"]
    assert [one.get("type", "sound") for one in messages] == ["sound", "KeepAlive", "Finalize", "CloseStream"]
    assert messages[0]["bytes"] == len(words) * 2


def test_nova_configure_and_garbage(sandbox, client):
    from deepgram.listen.v1.types import ListenV1Configure
    with client.listen.v1.connect(**NOVA) as socket:
        socket.send_configure(ListenV1Configure(keyterms=["EMI"], features={"numerals": True}))
        socket._websocket.send("no json")
        socket._websocket.send('{"type":"Dance"}')
        came = listen(socket, V1SocketClientResponse, b"", lambda one: one.type == "Metadata")
    assert kinds(came) == ["ConfigureSuccess", "Error", "Error", "Metadata"] and came[0].keyterms == ["EMI"]


# ---- v2 ----

def test_flux_turn(sandbox, client, words):
    sandbox.script(deepgram=["yes I am", "what is it"])
    with client.listen.v2.connect(**FLUX, eot_threshold=0.7, eager_eot_threshold=0.4) as socket:
        came = listen(socket, V2SocketClientResponse, as_ulaw(words + words), lambda one: one.type == "TurnInfo" and one.turn_index and one.event == "EndOfTurn", False)
    assert [one.sequence_id for one in came] == list(range(len(came)))
    first = [one for one in came if one.type == "TurnInfo" and not one.turn_index]
    assert came[0].type == "Connected" and first[0].event == "StartOfTurn" and first[0].transcript
    assert [one.event for one in first[-2:]] == ["EagerEndOfTurn", "EndOfTurn"] and first[-2].transcript == first[-1].transcript == "yes I am"
    assert first[-1].trigger == "model" and first[-1].end_of_turn_confidence >= 0.7 and "Update" in kinds(first)
    assert came[-1].transcript == "what is it" and came[-1].audio_window_start >= first[-1].audio_window_end


def test_flux_force_and_configure(sandbox, client, words):
    from deepgram.listen.v2.types import ListenV2Configure, ListenV2ConfigureThresholds
    sandbox.script(deepgram=["yes I am"])
    with client.listen.v2.connect(**FLUX, eot_threshold=1.0, eot_timeout_ms=60000) as socket:
        socket.send_configure(ListenV2Configure(thresholds=ListenV2ConfigureThresholds(eot_timeout_ms=30000)))
        for at in range(0, len(words), 800):
            socket.send_media(as_ulaw(words)[at:at + 800])
        socket._websocket.send('{"type":"ForceEndTurn"}')
        came = listen(socket, V2SocketClientResponse, b"", lambda one: one.type == "TurnInfo" and one.event == "EndOfTurn", False)
    assert kinds(came)[:2] == ["Connected", "ConfigureSuccess"] and came[1].thresholds.eot_timeout_ms == 30000
    assert came[-1].trigger == "manual" and came[-1].transcript == "yes I am"


# ---- refusals ----

@pytest.mark.parametrize("version, change, status", [
    ("v1", {"model": "nova-3", "keywords": "EMI:2"}, 400),
    ("v1", {"model": "nova-2", "keyterm": "EMI"}, 400),
    ("v1", {"encoding": "opus"}, 400),
    ("v1", {"interim_results": False}, 400),
    ("v2", {"eot_threshold": 0.4}, 400),
    ("v2", {"model": "nova-3"}, 400),
    ("v2", {"eager_eot_threshold": 0.9, "eot_threshold": 0.6}, 400),
])
def test_refuses(client, version, change, status):
    with pytest.raises(Exception) as error:
        with getattr(client.listen, version).connect(**{**(NOVA if version == "v1" else FLUX), **change}):
            pass
    reply = getattr(error.value, "response", error.value)
    assert reply.status_code == status and reply.headers["dg-error"] and reply.headers["dg-request-id"], error.value


# ---- our adapter ----

def heard(told):
    assert any(one["event"] == "partial" and one["text"] for one in told)
    return [one["text"] for one in told if one["event"] in ("final", "end") and one["text"]]


def test_adapter_asks_as_the_sdk_does(sandbox, client, words):
    sandbox.script(deepgram=["yes I am"])
    assert heard(sandbox.adapter("deepgram", "nova-3", stdin=as_ulaw(words))) == ["yes I am"]
    ours = sandbox.requests("deepgram")[-1]
    with client.listen.v1.connect(model="nova-3", encoding="mulaw", sample_rate=8000, channels=1, language="en-US", interim_results=True, endpointing=300,
                                  utterance_end_ms=1000, mip_opt_out=True) as socket:
        socket.send_media(as_ulaw(words))
        socket.send_finalize()
        listen(socket, V1SocketClientResponse, b"", lambda one: one.type == "Metadata")
    theirs = sandbox.requests("deepgram")[-1]
    assert theirs["n"] > ours["n"] and canonical("deepgram", theirs) == canonical("deepgram", ours)


def test_flux_adapter_asks_as_the_sdk_does(sandbox, client, words):
    """What it sends behind the words is its own: silence, because Flux knows time by sound alone."""
    sandbox.script(deepgram=["yes I am"])
    assert heard(sandbox.adapter("deepgram", "flux-general-en", stdin=as_ulaw(words))) == ["yes I am"]
    ours = sandbox.requests("deepgram")[-1]
    with client.listen.v2.connect(model="flux-general-en", encoding="mulaw", sample_rate=8000, eot_threshold=0.7, eot_timeout_ms=5000, mip_opt_out=True) as socket:
        socket.send_media(as_ulaw(words))
        socket.send_close_stream()
        for _ in socket._websocket:
            pass
    theirs = sandbox.requests("deepgram")[-1]
    assert [one.get("type") for one in ours["messages"]] == [one.get("type") for one in theirs["messages"]] == [None, "CloseStream"]
    for one in (ours, theirs):
        one["messages"] = []
    assert theirs["n"] > ours["n"] and canonical("deepgram", theirs) == canonical("deepgram", ours)


def test_hears_a_rulebook(run, tmp_path):
    """The offline recogniser behind the vendor's wire."""
    with Sandbox("--rulebook", BOOK, "--stt-ms", "50") as sandbox:
        told = sandbox.adapter("deepgram", "nova-3", stdin=as_ulaw(spoken(run, tmp_path, "yes", 2000)))
    assert "yes" in [one["text"] for one in told if one["event"] in ("final", "end")], told
