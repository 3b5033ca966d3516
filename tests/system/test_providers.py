"""Settings choose who hears, thinks and speaks: whole calls with vendors on loopback, and what is said of a wrong choice."""
import time

import pytest

from callers import Caller, ended, voice  # noqa: F401 (a fixture)
from conftest import ROOT
from house import House, brief_books
from twiliophone import NUMBER, PUBLIC, SECRET
from vendors import Chat, IndianRecogniser, Model, Recogniser, Refusing

# What is at work in real time (voices, tools) may be slow on a busy machine; these tests are not about that.
PATIENT = ["tts.first_ms=2000", "tts.gap_ms=2000", "tool.filler_ms=20000", "llm.filler_ms=1500", "llm.second_ms=10000"]
KEY = "sk-planted-for-a-test"


@pytest.fixture
def call(run, model, tmp_path):
    """call(["yes"], "llm.providers=anthropic", keys=["anthropic.api_key"]): a typed call of the appointment book; its run."""

    def start(lines, *settings, keys=(), how=("--type",), args=()):
        data = tmp_path / "data"
        for name in keys:
            run("tenant", "add", "local", "--data", data)
            assert run("secret", "set", "local", name, "--data", data, stdin=KEY.encode()).status == 0
        words = [word for one in (f"vad.model_file={model}", *PATIENT, *settings) for word in ("--set", one)]
        return run("call", "--rulebook", ROOT / "rulebooks" / "appointment-reminder.yaml", *how, "--json", "--data", data, *words, *args,
                   stdin="".join(line + "\n" for line in lines).encode())

    return start


def tools(document):
    return [tool["name"] for turn in document["turns"] for tool in turn["tools"]]


def heard(document):
    return " ".join(text for turn in document["turns"] for text in turn["heard"])


# ---- a model ----

def texts(message):
    content = message["content"]
    return content if isinstance(content, str) else " ".join(one.get("text", "") for one in content)


def mind(body):
    """An appointment is kept: worked out from the request alone, because the end of a turn is asked ahead."""
    user = [message for message in body["messages"] if message["role"] == "user"][-1]
    results = [one for one in user["content"] if isinstance(one, dict) and one["type"] == "tool_result"]
    used = {one["id"]: one["name"] for message in body["messages"] if message["role"] == "assistant"
            for one in message["content"] if isinstance(one, dict) and one["type"] == "tool_use"}
    if results:
        if used[results[-1]["tool_use_id"]] == "find_appointment":
            return ["Would you like to keep your appointment?"]
        return ["It is confirmed, thank you. Goodbye.", ("end_call", {"outcome": "confirmed"})]
    if "keep" in texts(user):
        return [("confirm_appointment", {"id": "apt-1042"})]
    return ["One moment.", ("find_appointment", {"id": "apt-1042"})]


def test_a_model_holds_a_call_to_its_outcome(call):
    with Model(mind) as vendor:
        done = call(["yes, this is Alex", "I would like to keep it"], "llm.providers=anthropic", f"providers.anthropic.url={vendor.url}",
                    "providers.anthropic.max_tokens=222", "providers.anthropic.effort=low", keys=["anthropic.api_key"])
    assert done.status == 0, done.err + done.out
    document = done.json()
    assert (document["outcome"], document["result"], document["reason"]) == ("confirmed", "success", "agent"), document["turns"]
    assert tools(document) == ["find_appointment", "confirm_appointment"]
    assert "Would you like to keep your appointment?" in heard(document) and heard(document).endswith("thank you. Goodbye.")
    path, headers, body = vendor.requests[0]
    assert path == "/v1/messages" and headers["x-api-key"] == KEY and headers["anthropic-version"] == "2026-10-21"
    assert body["model"] == "claude-haiku-5-5" and body["max_tokens"] == 222 and body["output_config"] == {"effort": "low"}
    assert KEY not in done.out + done.err


def test_what_is_fixed_in_a_prompt_is_the_same_for_every_call(call):
    """The vendor keeps the prompt; what one call brings is its first message, masked like all that is said. Every tool has its schema."""
    with Model(mind) as vendor:
        for name in ("Alex Morgan", "Robin Vale"):
            done = call(["yes"], "llm.providers=anthropic", f"providers.anthropic.url={vendor.url}", keys=["anthropic.api_key"],
                        args=["--var", f"callee_name={name}", "--var", "appointment_id=+12025550143"])
            assert done.status in (0, 1), done.err + done.out
    first, last = vendor.requests[0][2], vendor.requests[-1][2]
    (fixed,), (fixed_too,) = (([one["text"] for one in body["system"]]) for body in (first, last))
    facts, other = (texts(body["messages"][0]) for body in (first, last))
    assert fixed == fixed_too and "# Outcomes" in fixed and "Alex Morgan" not in fixed
    assert facts.startswith("<event># This call") and "you go on at" in facts
    assert 'callee_name = "Alex Morgan"' in facts and 'callee_name = "Robin Vale"' in other
    assert 'appointment_id = "[PHONE_1]"' in facts and "5550143" not in str(vendor.requests)
    assert first["tools"] == last["tools"]
    by_name = {tool["name"]: tool["input_schema"] for tool in first["tools"]}
    assert by_name["find_appointment"]["required"] == ["id"]
    assert "confirmed" in by_name["end_call"]["properties"]["outcome"]["enum"]


def test_the_flow_takes_over_from_a_model_that_refuses(call):
    with Refusing(401) as vendor:
        done = call(["yes, this is Alex", "I would like to keep it"], "llm.providers=anthropic, rehearsed", f"providers.anthropic.url={vendor.url}",
                    keys=["anthropic.api_key"])
    assert done.status == 0, done.err + done.out
    assert done.json()["outcome"] == "confirmed" and tools(done.json()) == ["find_appointment", "confirm_appointment"]
    assert vendor.requests and vendor.requests[0][1]["x-api-key"] == KEY


def test_a_call_waits_for_a_model_as_long_as_it_takes(call):
    """The waits of a call in one process are left out, but not while a vendor is at work: no answer is late, and none is asked for twice."""
    def slow(body):
        time.sleep(0.8)
        return mind(body)

    with Model(slow) as vendor:
        done = call(["yes, this is Alex", "I would like to keep it"], "llm.providers=anthropic", f"providers.anthropic.url={vendor.url}",
                    "turn.preempt=false", keys=["anthropic.api_key"])
    document = done.json()
    assert document["outcome"] == "confirmed", done.err
    assert len(vendor.requests) == 4
    assert all(700_000 < turn["latency"]["total_us"] < 5_000_000 for turn in document["turns"][1:]), [turn["latency"] for turn in document["turns"]]


# ---- a model of a server that speaks as OpenAI does ----

def chat_mind(body):
    """The same mind, of chat completions."""
    last = body["messages"][-1]
    used = {call["id"]: call["function"]["name"] for message in body["messages"] for call in message.get("tool_calls", ())}
    if last["role"] == "tool":
        if used[last["tool_call_id"]] == "find_appointment":
            return ["Would you like to keep your appointment?"]
        return ["It is confirmed, thank you. Goodbye.", ("end_call", {"outcome": "confirmed"})]
    if "keep" in last["content"]:
        return [("confirm_appointment", {"id": "apt-1042"})]
    return ["One moment.", ("find_appointment", {"id": "apt-1042"})]


@pytest.mark.parametrize("keys, bearer", [((), None), (("openai.api_key",), f"Bearer {KEY}")])
def test_a_server_of_ones_own_holds_a_call_to_its_outcome(call, keys, bearer):
    """With a key and without: a server of this machine may want none."""
    with Chat(chat_mind) as vendor:
        done = call(["yes, this is Alex", "I would like to keep it"], "llm.providers=openai", f"providers.openai.url={vendor.url}",
                    "providers.openai.model=qwen3", "providers.openai.max_tokens=111", "providers.openai.temperature_percent=70", keys=keys)
    assert done.status == 0, done.err + done.out
    document = done.json()
    assert (document["outcome"], document["result"], document["reason"]) == ("confirmed", "success", "agent"), document["turns"]
    assert tools(document) == ["find_appointment", "confirm_appointment"]
    assert "Would you like to keep your appointment?" in heard(document) and heard(document).endswith("thank you. Goodbye.")
    path, headers, body = vendor.requests[0]
    assert path == "/v1/chat/completions" and headers.get("Authorization") == bearer
    assert (body["model"], body["max_tokens"], body["temperature"], body["tool_choice"]) == ("qwen3", 111, 0.7, "auto")
    assert body["stream_options"] == {"include_usage": True} and body["parallel_tool_calls"] is False
    assert body["messages"][0]["role"] == "system" and "# Outcomes" in body["messages"][0]["content"]
    assert "end_call" in [tool["function"]["name"] for tool in body["tools"]]
    assert KEY not in done.out + done.err


def test_a_reasoning_model_is_asked_in_its_own_way(call):
    with Chat(chat_mind) as vendor:
        done = call(["yes, this is Alex", "I would like to keep it"], "llm.providers=openai", f"providers.openai.url={vendor.url}",
                    "providers.openai.model=o9", "providers.openai.limit_name=max_completion_tokens", "providers.openai.temperature_percent=-1",
                    "providers.openai.system_role=developer", "providers.openai.tool_choice=not_said", "providers.openai.parallel=not_said",
                    "providers.openai.without_usage=true")
    assert done.status == 0 and done.json()["outcome"] == "confirmed", done.err + done.out
    body = vendor.requests[0][2]
    assert body["max_completion_tokens"] == 220 and body["messages"][0]["role"] == "developer"
    assert not {"max_tokens", "temperature", "tool_choice", "parallel_tool_calls", "stream_options"} & body.keys()


def test_a_far_server_wants_its_key(call):
    done = call(["yes"], "llm.providers=openai", "providers.openai.url=https://models.invalid", "providers.openai.model=o9")
    assert done.status == 3
    assert done.error()["hint"] == "callfunnel secret set local openai.api_key"


# ---- a recogniser ----

@pytest.fixture
def spoken(run, tmp_path):
    """How a call is given two sentences as sound."""
    words = []
    for index, text in enumerate(["yes, this is Alex", "I would like to keep it"]):
        path = tmp_path / f"{index}.wav"
        assert run("say", text, "-o", path).status == 0
        words += ["--speak", path]
    return words


def test_a_recogniser_hears_a_call(call, spoken):
    with Recogniser(["yes, this is Alex", "I would like to keep it"]) as vendor:
        done = call([], "stt.providers=deepgram, pocketsphinx", f"providers.deepgram.url={vendor.url}",
                    "providers.deepgram.tag=test", keys=["deepgram.api_key"], how=spoken)
    assert done.status == 0, done.err + done.out
    document = done.json()
    assert document["outcome"] == "confirmed", document["turns"]
    assert [turn["said"] for turn in document["turns"] if "said" in turn] == ["yes, this is Alex", "I would like to keep it"]
    path, headers = vendor.requests[0]
    assert path.startswith("/v1/listen?model=nova-3&") and "&tag=test" in path and KEY not in path
    assert "&keyterm=Lakeside%20Clinic" in path and "&keyterm=Maya" in path and "Morgan" not in path
    assert {name.lower(): value for name, value in headers.items()}["authorization"] == f"Token {KEY}"
    assert len(vendor.requests) == 1 and vendor.heard > 8000


def test_a_recogniser_for_india_hears_a_call(call, spoken):
    with IndianRecogniser(["yes, this is Alex", "I would like to keep it"]) as vendor:
        done = call([], "stt.providers=sarvam, pocketsphinx", f"providers.sarvam.url={vendor.url}", "providers.sarvam.stt_model=saaras:v4",
                    "providers.sarvam.silence_duration_ms=350", keys=["sarvam.api_key"], how=spoken)
    assert done.status == 0, done.err + done.out
    document = done.json()
    assert document["outcome"] == "confirmed", document["turns"]
    assert [turn["said"] for turn in document["turns"] if "said" in turn] == ["yes, this is Alex", "I would like to keep it"]
    path, headers = vendor.requests[0]
    assert path.startswith("/speech-to-text-realtime/ws?encoding=mulaw&") and "&model=saaras%3Av4" in path and "&silence_duration_ms=350" in path
    assert "Lakeside%20Clinic" in path and KEY not in path and "Morgan" not in path
    assert {name.lower(): value for name, value in headers.items()}["api-subscription-key"] == KEY
    assert len(vendor.requests) == 1 and vendor.heard > 8000


# ---- a voice ----

def test_a_voice_that_refuses_is_followed_by_the_next(call):
    with Refusing(403) as vendor:
        done = call(["yes, this is Alex", "I would like to keep it"], "tts.providers=cartesia, local", f"providers.cartesia.url={vendor.url}",
                    "providers.cartesia.voice=00000000-0000-4000-8000-000000000000", keys=["cartesia.api_key"])
    assert done.status == 0, done.err + done.out
    document = done.json()
    assert document["outcome"] == "confirmed" and "Alex Morgan" in heard(document) and "Goodbye" in heard(document)
    path, headers = vendor.requests[0]
    assert path.startswith("/tts/websocket") and headers["Authorization"] == f"Bearer {KEY}" and KEY not in path


@pytest.mark.parametrize("scheme, settings, keys, where, header", [
    ("http", ["tts.providers=openai, local", "providers.openai.speech_url={url}", "providers.openai.speech_model=kokoro", "providers.openai.voice=af_heart"],
     (), "/v1/audio/speech", None),
    ("ws", ["tts.providers=sarvam, local", "providers.sarvam.url={url}"], ("sarvam.api_key",), "/text-to-speech/ws", KEY),
])
def test_other_voices_that_refuse_are_followed_too(call, scheme, settings, keys, where, header):
    with Refusing(403) as vendor:
        url = vendor.url.replace("http", scheme)
        done = call(["yes, this is Alex", "I would like to keep it"], *[one.format(url=url) for one in settings], keys=keys)
    assert done.status == 0, done.err + done.out
    document = done.json()
    assert document["outcome"] == "confirmed" and "Alex Morgan" in heard(document) and "Goodbye" in heard(document)
    path, headers = vendor.requests[0]
    assert path.startswith(where) and headers.get("Api-Subscription-Key") == header and "Authorization" not in headers and KEY not in path


# ---- no key ----

def test_a_provider_without_its_key_is_left_out(call):
    done = call(["yes, this is Alex", "I would like to keep it"], "llm.providers=anthropic, rehearsed")
    assert done.status == 0, done.err + done.out
    assert done.json()["outcome"] == "confirmed"
    assert "left out" in done.err and "callfunnel secret set local anthropic.api_key" in done.err


def test_a_call_with_nobody_to_think_is_refused(call):
    done = call(["yes"], "llm.providers=anthropic")
    assert done.status == 3
    error = done.error()
    assert "llm.providers" in error["message"] and "anthropic.api_key" in error["message"]
    assert error["hint"] == "callfunnel secret set local anthropic.api_key"


# ---- live calls ----

def test_a_live_call_goes_on_without_those_who_have_no_key(tmp_path, model, voice):  # noqa: F811
    house = House(tmp_path, model, f"server.public_url={PUBLIC}", "calls.samples=true", "llm.providers=anthropic, openai, rehearsed",
                  "stt.providers=deepgram,sarvam,pocketsphinx", "tts.providers=cartesia,sarvam,local", "providers.cartesia.voice=abc",
                  "providers.openai.url=https://models.invalid", "providers.openai.model=o9", f"rulebooks.dir={brief_books(tmp_path)}")
    house.start()
    try:
        house.command("route", "add", NUMBER, "local", "appointment-reminder")
        house.command("secret", "set", "local", "twilio.auth_token", stdin=SECRET.encode())
        house.sign_in()
        call = Caller(house, 51, voice).hold()
        assert ended(call) == ("ended", "agent", "confirmed"), house.errors()
        for name in ("anthropic", "openai", "deepgram", "cartesia", "sarvam"):
            assert f"provider={name}" in house.errors() and f"callfunnel secret set local {name}.api_key" in house.errors()
    finally:
        house.close()


# ---- mistakes in the settings ----

@pytest.mark.parametrize("text, line, message, hint", [
    ("llm:\n  providers: [rehearsed, anthropc]\n", 2, 'llm.providers: found "rehearsed, anthropc"', "rehearsed, anthropic, openai"),
    ("tts.providers: [local, local]\n", 1, 'tts.providers: found "local, local"', "none twice"),
    ("stt.providers: []\n", 1, 'stt.providers: found ""', "pocketsphinx, deepgram, deepgram_flux, sarvam"),
    ("stt.providers: {first: deepgram}\n", 1, "stt.providers: found a map", "one or several of"),
    ("log.level: info\ntts.providers: [cartesia, local]\n", 2, "providers.cartesia.voice: empty", "the id of a voice"),
    ("providers.anthropic.url: http://models.example.com\n", 1, "providers.anthropic.url: found", "https://host"),
    ("providers: {deepgram: {model: flux-general-en}}\n", 1, "providers.deepgram.model: found", "nova-3"),
    ("log.level: info\nllm:\n  providers: [openai, rehearsed]\n", 3, "providers.openai.model: empty, and llm.providers names openai", "as the server calls it"),
    ("tts.providers: [openai]\nproviders.openai.voice: af_heart\n", 1, "providers.openai.speech_model: empty", "as the server calls it"),
    ("tts.providers: [openai]\nproviders.openai.speech_model: kokoro\n", 1, "providers.openai.voice: empty", "as the server calls it"),
    ("tts.providers: [sarvam]\nproviders.sarvam.tts_model: bulbul:v4-flash\n", 1, "providers.sarvam.speaker: empty", "bulbul:v4-flash"),
    ("llm.providers: [sarvam]\n", 1, 'llm.providers: found "sarvam"', "rehearsed, anthropic, openai"),
    ("providers.openai.url: http://models.example.com\n", 1, "providers.openai.url: found", "https://host"),
    ("providers.openai.voices: en\n", 1, 'providers.openai.voices: found "en"', "en=af_heart"),
    ("providers.sarvam.url: ws://sarvam.example.com\n", 1, "providers.sarvam.url: found", "wss://host"),
    ("providers.sarvam.mode: shout\n", 1, 'providers.sarvam.mode: found "shout"', "transcribe, translate"),
    ("providers.anthropic.max_tokens: 9000\n", 1, 'providers.anthropic.max_tokens: found "9000"', "16 to 8192"),
])
def test_a_wrong_choice_is_told_with_its_place(run, tmp_path, text, line, message, hint):
    path = tmp_path / "f.yaml"
    path.write_text(text)
    done = run("config", "--json", "--config", path)
    assert done.status == 2
    error = done.error()
    assert error["message"].startswith(message) and hint in error["hint"]
    assert f"f.yaml:{line}" in error["where"]


def test_lists_are_lists(run, tmp_path):
    path = tmp_path / "f.yaml"
    path.write_text("tts:\n  providers:\n    - cartesia\n    - local\nproviders.cartesia.voice: abc\n")
    settings = {one["name"]: one for one in run("config", "--json", "--config", path).json()["settings"]}
    assert settings["tts.providers"]["value"] == ["cartesia", "local"] and settings["tts.providers"]["default"] == ["local"]
    assert settings["tts.providers"]["type"] == "list" and settings["tts.providers"]["choices"] == ["local", "cartesia", "openai", "sarvam"]
    one = {one["name"]: one for one in run("config", "--json", "--set", "stt.providers=deepgram,pocketsphinx").json()["settings"]}
    assert one["stt.providers"]["value"] == ["deepgram", "pocketsphinx"]
