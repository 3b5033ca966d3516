"""The sandbox's Sarvam: the vendor's own SDK and our adapters ask it the same, and what it says is what the SDK's types know."""
import base64
import json
import time

import pytest
from sandboxkit import Sandbox, as_linear, as_ulaw, canonical, spoken, typed
from websockets.exceptions import ConnectionClosed, InvalidStatus

sarvamai = pytest.importorskip("sarvamai")
from sarvamai.core.pydantic_utilities import parse_obj_as  # noqa: E402
from sarvamai.environment import SarvamAIEnvironment  # noqa: E402
from sarvamai.speech_to_text_realtime_streaming.socket_client import SpeechToTextRealtimeStreamingSocketClientResponse as Heard  # noqa: E402
from sarvamai.text_to_speech_streaming.socket_client import TextToSpeechStreamingSocketClientResponse as Said  # noqa: E402

KEY = "key-of-the-test"
RATE = 8000
LISTEN = {"language_code": "hi-IN", "model": "saaras:v3-realtime", "encoding": "mulaw", "sample_rate": "8000", "endpointing": "vad", "stream_type": "balanced",
          "mode": "transcribe", "return_timestamps": "true"}
WORDS, MIXED = "हाँ जी ठीक है", "मेरा appointment Monday को है"
CONFIG = {"model": "bulbul:v3", "language_code": "hi-IN", "speaker": "shubh", "speech_sample_rate": RATE, "output_audio_codec": "mulaw", "min_buffer_size": 50,
          "max_chunk_length": 150}


@pytest.fixture(scope="module")
def running():
    with Sandbox() as one:
        yield one


@pytest.fixture
def sandbox(running):
    running.forget()
    return running


@pytest.fixture
def client(sandbox):
    url = sandbox.urls["sarvam"]
    return sarvamai.SarvamAI(api_subscription_key=KEY, environment=SarvamAIEnvironment(base=url, creative=url, production=url))


@pytest.fixture
def sound(run, tmp_path):
    """Somebody says "yes"; the words are the script's."""
    return spoken(run, tmp_path, "yes, I am", 700)


def heard(text, response):
    """A message as one of the SDK's types, which knows all its members."""
    one = typed(parse_obj_as(response, json.loads(text)))
    assert set(json.loads(text)) <= set(type(one).model_fields), text
    return one


# ---- the recogniser ----

def audio(data):
    return sarvamai.RealtimeAudioInput(audio=base64.b64encode(data).decode())


def push(socket, data, step):
    for at in range(0, len(data), step):
        socket.send_realtime_audio_input(audio(data[at:at + step]))
        time.sleep(0.02)


def all_of(socket):
    """What comes, typed, until the socket closes."""
    return [heard(text, Heard) for text in socket._websocket]  # the SDK passes over what it does not know; here that must fail


def listen(client, data, step=800, **change):
    with client.speech_to_text_realtime_streaming.connect(**{**LISTEN, **change}) as socket:
        push(socket, data, step)
        socket.send_realtime_end(sarvamai.RealtimeEnd())
        return all_of(socket)


def kinds(came):
    return [one.event for one in came]


@pytest.mark.parametrize("words", [WORDS, MIXED])
def test_hears(sandbox, client, sound, words):
    sandbox.script(sarvam=[words])
    came = listen(client, as_ulaw(sound))
    assert kinds(came)[:2] == ["session.begin", "vad.speech_start"] and kinds(came)[-3:] == ["vad.speech_end", "transcript.final", "session.end"]
    partials = [one.text for one in came if one.event == "transcript.partial"]
    assert partials and all(words.startswith(text) for text in partials)
    final = came[-2]
    assert final.text == words and 0.1 < final.start_s < final.end_s < len(sound) / RATE and final.language is None
    assert came[0].config.turn_detection == "vad" and came[-1].total_utterances == 1 and came[-1].audio_duration_s == pytest.approx(len(sound) / RATE, abs=0.05)


@pytest.mark.parametrize("change, width", [({"encoding": "linear16"}, 2), ({"encoding": "alaw", "language_code": "auto"}, 1)])
def test_encodings(sandbox, client, sound, change, width):
    sandbox.script(sarvam=[WORDS])
    data = as_linear(sound) if width == 2 else as_ulaw(sound)
    came = listen(client, data, 800 * width, stream_type="simulated", **change)
    assert "transcript.partial" not in kinds(came)
    assert [(one.text, bool(one.language)) for one in came if one.event == "transcript.final"] == [(WORDS, change["encoding"] == "alaw")]


def test_flush_ping_and_changes(sandbox, client, sound):
    sandbox.script(sarvam=[WORDS, MIXED])
    with client.speech_to_text_realtime_streaming.connect(**LISTEN) as socket:
        push(socket, as_ulaw(sound[:RATE]), 800)
        socket.send_realtime_flush(sarvamai.RealtimeFlush())
        socket.send_realtime_ping(sarvamai.RealtimePing())
        socket.send_realtime_config_update(sarvamai.RealtimeConfigUpdate(silence_duration_ms=300, mode="codemix"))
        socket.send_realtime_config_update(sarvamai.RealtimeConfigUpdate(stream_type="simulated"))
        push(socket, as_ulaw(sound), 800)
        socket.send_realtime_end(sarvamai.RealtimeEnd())
        came = all_of(socket)
    assert [(one.utterance_idx, one.text) for one in came if one.event == "transcript.final"][0] == (0, WORDS)
    assert MIXED in [one.text for one in came if one.event == "transcript.final"]
    assert kinds(came).index("transcript.final") < kinds(came).index("pong") < kinds(came).index("config.updated") < kinds(came).index("error")
    assert next(one for one in came if one.event == "config.updated").applied == ["mode", "silence_duration_ms"]
    error = next(one for one in came if one.event == "error")
    assert (error.code, error.is_fatal) == ("invalid_config", False)


def test_the_client_says_where_an_utterance_is(sandbox, client, sound):
    sandbox.script(sarvam=[WORDS])
    with client.speech_to_text_realtime_streaming.connect(**{**LISTEN, "endpointing": "manual"}) as socket:
        socket.send_realtime_speech_start(sarvamai.RealtimeSpeechStart())
        push(socket, as_ulaw(sound), 800)
        socket.send_realtime_speech_end(sarvamai.RealtimeSpeechEnd())
        socket.send_realtime_end(sarvamai.RealtimeEnd())
        came = all_of(socket)
    assert [one.text for one in came if one.event == "transcript.final"] == [WORDS] and not [one for one in kinds(came) if one.startswith("vad")]


@pytest.mark.parametrize("change, says", [
    ({"model": "saaras:v9"}, "model"), ({"language_code": "xx-IN"}, "language_code"), ({"sample_rate": "44100"}, "sample_rate"), ({"mode": "shout"}, "mode"),
    ({"keyterms": "[\"Asha\"]"}, "saaras:v4"), ({"model": "saaras:v4", "keyterms": "Asha"}, "keyterms"), ({"threshold": "2"}, "threshold"),
    ({"request_options": {"additional_query_parameters": {"hotwords": "x"}}}, "hotwords"),
])
def test_refuses_a_query(client, change, says):
    """Behind the handshake: a fatal error, then 4000."""
    with client.speech_to_text_realtime_streaming.connect(**{**LISTEN, **change}) as socket:
        error = heard(socket._websocket.recv(timeout=5), Heard)
        assert (error.event, error.is_fatal, error.status_code) == ("error", True, 400) and says in error.message
        with pytest.raises(ConnectionClosed) as end:
            socket._websocket.recv(timeout=5)
    assert end.value.rcvd.code == 4000


def test_wants_a_key(sandbox):
    url = sandbox.urls["sarvam"]
    nobody = sarvamai.SarvamAI(api_subscription_key="", environment=SarvamAIEnvironment(base=url, creative=url, production=url))
    with pytest.raises(InvalidStatus) as refusal:
        with nobody.speech_to_text_realtime_streaming.connect(**LISTEN):
            pass
    error = json.loads(refusal.value.response.body)["error"]
    assert refusal.value.response.status_code == 403 and error["code"] == "invalid_api_key_error" and KEY not in json.dumps(sandbox.requests("sarvam"))


# ---- the voice ----

def speak(client, messages, ends=1, model="bulbul:v3"):
    """Sends the messages, and gives what comes, typed, until so many finals or an error."""
    came = []
    with client.text_to_speech_streaming.connect(model=model, send_completion_event="true") as socket:
        for message in messages:
            socket._send_model(message) if hasattr(message, "dict") else socket._send(message)
        while ends:
            came.append(heard(socket._websocket.recv(timeout=20), Said))
            ends = 0 if came[-1].type == "error" else ends - (came[-1].type == "event")
    return came


def config(**change):
    return sarvamai.ConfigureConnection(data=sarvamai.ConfigureConnectionData(**{**CONFIG, **change}))


def text(words):
    return sarvamai.SendText(data=sarvamai.SendTextData(text=words))


FLUSH = sarvamai.FlushSignal()


def made(came):
    return b"".join(base64.b64decode(one.data.audio) for one in came if one.type == "audio")


@pytest.mark.parametrize("words, language", [("नमस्ते जी, कल दस बजे ठीक है?", "hi-IN"), (MIXED, "hi-IN"), ("Is Monday at ten fine?", "en-IN")])
def test_speaks(client, words, language):
    came = speak(client, [config(language_code=language), text(words), FLUSH])
    assert 0.8 < len(made(came)) / RATE < 8 and came[-1].data.event_type == "final" and came[0].data.content_type == "audio/mulaw"


def test_text_gathers(client):
    """One final a flush, in order; a later config speaks what waits as it was to be."""
    half = speak(client, [config(), text("नमस्ते "), text("जी"), FLUSH])
    both = speak(client, [config(), text("नमस्ते जी"), FLUSH, text("नमस्ते जी"), FLUSH], ends=2)
    assert len(made(both)) == 2 * len(made(half)) and [one.type for one in both].count("event") == 2
    changed = speak(client, [config(), text("नमस्ते जी"), config(output_audio_codec="linear16"), FLUSH])
    assert {one.data.content_type for one in changed if one.type == "audio"} == {"audio/mulaw"} and made(changed) == made(half)


@pytest.mark.parametrize("codec, width", [("linear16", 2), ("alaw", 1)])
@pytest.mark.parametrize("rate", [8000, 22050])
def test_voice_encodings(client, codec, width, rate):
    plain = len(made(speak(client, [config(), text("नमस्ते"), FLUSH])))
    other = len(made(speak(client, [config(output_audio_codec=codec, speech_sample_rate=rate), text("नमस्ते"), FLUSH])))
    assert other == pytest.approx(plain * width * rate / RATE, abs=4)


@pytest.mark.parametrize("messages, says", [
    ([text("hello"), FLUSH], "config"),
    ([config(pitch=0.1)], "pitch"),
    ([config(pace=3)], "pace"),
    ([config(speaker="anushka")], "speaker"),
    ([config(output_audio_codec="mp3")], "output_audio_codec"),
    ([config(speech_sample_rate=11025)], "speech_sample_rate"),
    ([{"type": "config", "data": {**CONFIG, "target_language_code": "hi-IN"}}], "language_code"),
    ([{"type": "config", "data": {**CONFIG, "voice": "x"}}], "voice"),
    ([config(), text("   ")], "text"),
    ([{"type": "sing"}], "type"),
])
def test_voice_refuses(client, messages, says):
    error = speak(client, messages)[-1]
    assert error.type == "error" and says in error.data.message and error.data.code in (400, 422)


def test_personas(client):
    assert made(speak(client, [config(model="bulbul:v4-flash", speaker="simran_hi_sales", pitch=0.1), text("नमस्ते"), FLUSH], model="bulbul:v4-flash"))


# ---- our adapters ----

def test_recogniser_asks_as_the_sdk_does(sandbox, client, sound):
    sandbox.script(sarvam=[WORDS])
    told = sandbox.adapter("sarvam", "saaras:v3-realtime", stdin=as_ulaw(sound), kind="sarvam-stt")
    assert [one["text"] for one in told if one["event"] in ("final", "end") and one["text"]] == [WORDS] and any(one["event"] == "partial" for one in told)
    ours = sandbox.requests("sarvam")[-1]
    sandbox.script(sarvam=[WORDS])
    listen(client, as_ulaw(sound), 160)
    theirs = sandbox.requests("sarvam")[-1]
    assert theirs["n"] > ours["n"] and canonical("sarvam", theirs) == canonical("sarvam", ours)


def test_voice_asks_as_the_sdk_does(sandbox, client):
    told = sandbox.adapter("sarvam", "ritu", stdin=MIXED.encode(), kind="sarvam-tts")
    assert told[-1]["event"] == "done" and told[-1]["samples"] > 8000
    ours = sandbox.requests("sarvam")[-1]
    came = speak(client, [config(speaker="ritu"), text(MIXED), FLUSH])
    theirs = sandbox.requests("sarvam")[-1]
    assert theirs["n"] > ours["n"] and canonical("sarvam", theirs) == canonical("sarvam", ours)
    assert told[-1]["samples"] == len(made(came))


@pytest.mark.parametrize("fault, told", [
    ({"kind": "status", "status": 429}, "busy"), ({"kind": "status", "status": 503}, "unavailable"), ({"kind": "reset", "after_messages": 1}, "closed"),
    ({"kind": "early_close", "after_messages": 1}, "closed"), ({"kind": "wrong_json"}, "cut short"),
])
def test_adapters_tell_faults(sandbox, sound, fault, told):
    sandbox.faults({"vendor": "sarvam", "path": "/text-to-speech", **fault}, {"vendor": "sarvam", "path": "/speech-to-text", **fault})
    sandbox.script(sarvam=[WORDS])
    voice = sandbox.adapter("sarvam", "ritu", stdin=MIXED.encode(), kind="sarvam-tts")
    ears = sandbox.adapter("sarvam", "saaras:v3-realtime", stdin=as_ulaw(sound[:RATE]), kind="sarvam-stt")
    assert [one["text"] for one in voice if one["event"] == "failed"] == [told]
    assert [one["text"] for one in ears if one["event"] == "ended"] == [told]
