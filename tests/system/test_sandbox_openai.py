"""The sandbox's OpenAI: the vendor's own SDK and our adapters ask it the same, and what it answers is what the SDK's types know."""
import json
import struct

import pytest
from sandboxkit import BOOK, Sandbox, canonical, typed

openai = pytest.importorskip("openai")

KEY = "key-of-the-test"
MODEL, THINKER = "sandbox", "o9"
TOOL = {"type": "function", "function": {"name": "find_slot", "description": "Finds a free slot.",
                                         "parameters": {"type": "object", "properties": {"day": {"type": "string"}}}}}
HELLO = [{"role": "user", "content": "hello there"}]
TEXT = "Hello, this is the clinic. Is Monday at ten fine?"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def client(sandbox):
    sandbox.forget()
    return client_of(sandbox)


def client_of(sandbox):
    return openai.OpenAI(api_key=KEY, base_url=sandbox.urls["openai"] + "/v1", max_retries=0)


def ask(client, **change):
    return client.chat.completions.create(**{"model": MODEL, "max_tokens": 100, "messages": HELLO, **change})


def refused(call, status, **change):
    with pytest.raises(openai.APIStatusError) as error:
        call(**change)
    assert error.value.status_code == status and error.value.request_id.startswith("req_")
    assert set(error.value.body) == {"message", "type", "param", "code"}
    return error.value.body


# ---- answers ----

def test_message(client):
    """Without a script and a rule-book it says what it was told."""
    whole = typed(ask(client))
    assert [one.message.content for one in whole.choices] == ["You said: hello there"] and whole.choices[0].finish_reason == "stop"
    assert whole.model == MODEL and whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens > 8


def test_stream_is_typed(sandbox, client):
    sandbox.script(openai=[{"text": "One moment, I look that up for you.", "tools": [{"name": "find_slot", "input": {"day": "mañana \"x\""}},
                                                                                     {"name": "find_slot", "input": {}}]}])
    with client.chat.completions.stream(model=MODEL, messages=HELLO, tools=[TOOL], stream_options={"include_usage": True}) as stream:
        chunks = [typed(event.chunk) for event in stream if event.type == "chunk"]
        whole = stream.get_final_completion()
    calls = whole.choices[0].message.tool_calls
    assert whole.choices[0].message.content == "One moment, I look that up for you." and whole.choices[0].finish_reason == "tool_calls"
    assert [json.loads(one.function.arguments) for one in calls] == [{"day": "mañana \"x\""}, {}] and calls[0].id != calls[1].id
    assert len({chunk.id for chunk in chunks}) == 1 and not chunks[-1].choices and chunks[-1].usage.completion_tokens > 8
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_one_answer_with_tools(sandbox, client):
    sandbox.script(openai=[{"tools": [{"name": "find_slot", "input": {"day": "monday"}}]}])
    choice = typed(ask(client, tools=[TOOL])).choices[0]
    assert choice.message.content is None and choice.finish_reason == "tool_calls"
    assert json.loads(choice.message.tool_calls[0].function.arguments) == {"day": "monday"}


def test_max_tokens(client):
    whole = typed(ask(client, max_tokens=4, messages=[{"role": "user", "content": "a long story " * 30}]))
    assert whole.choices[0].finish_reason == "length" and whole.usage.completion_tokens <= 4


def test_headers(client):
    reply = client.chat.completions.with_raw_response.create(model=MODEL, messages=HELLO)
    assert reply.headers["x-request-id"].startswith("req_") and reply.headers["x-ratelimit-remaining-requests"]


# ---- refusals ----

ASKED = {"role": "assistant", "content": "", "tool_calls": [{"id": "t", "type": "function", "function": {"name": "find_slot", "arguments": "{}"}}]}


@pytest.mark.parametrize("change, says", [
    ({"extra_body": {"spicy": 1}}, "Unrecognized"),
    ({"model": ""}, "model"),
    ({"model": THINKER}, "max_completion_tokens"),
    ({"model": THINKER, "max_tokens": openai.omit, "temperature": 0.3}, "temperature"),
    ({"temperature": 3}, "temperature"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"n": 2}, "one answer"),
    ({"extra_body": {"stream_options": {"include_usage": True}}}, "stream_options"),
    ({"tool_choice": "auto"}, "tools"),
    ({"tools": []}, "tools"),
    ({"tools": [{**TOOL, "function": {"name": "no such name"}}]}, "tools[0]"),
    ({"tools": [TOOL], "tool_choice": "some"}, "tool_choice"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "captain", "content": "x"}]}, "captain"),
    ({"messages": [{"role": "user", "content": None}]}, "content"),
    ({"messages": [*HELLO, ASKED, *HELLO]}, "tool_call_id"),
    ({"messages": [*HELLO, ASKED]}, "tool_call_id"),
    ({"messages": [*HELLO, {"role": "tool", "tool_call_id": "t", "content": "{}"}]}, "preceding"),
    ({"messages": [*HELLO, {**ASKED, "tool_calls": [{"id": "t", "type": "function", "function": {"name": "x", "arguments": {}}}]}]}, "arguments"),
])
def test_refuses(client, change, says):
    error = refused(lambda **more: ask(client, **more), 400, **change)
    assert says in error["message"] and error["type"] == "invalid_request_error"


def test_wants_a_key(sandbox):
    nobody = openai.OpenAI(api_key=KEY, base_url=sandbox.urls["openai"] + "/v1", max_retries=0, default_headers={"Authorization": ""})
    assert refused(lambda: ask(nobody), 401)["code"] == "invalid_api_key"


def test_takes_what_it_must(client):
    results = [*HELLO, ASKED, {"role": "tool", "tool_call_id": "t", "content": "{\"free\":true}"}, {"role": "user", "content": "well?"}]
    assert typed(ask(client, messages=results, tools=[TOOL], tool_choice="auto", parallel_tool_calls=False)).choices[0].message.content == "You said: well?"
    assert ask(client, model=THINKER, max_tokens=openai.omit, max_completion_tokens=50, messages=[{"role": "developer", "content": "x"}, *HELLO]).choices


# ---- speech ----

def test_speech(client):
    made = client.audio.speech.create(model=MODEL, voice="alloy", input=TEXT, response_format="pcm").read()
    values = struct.unpack(f"<{len(made) // 2}h", made)
    assert 2 < len(values) / 24000 < 10 and max(values) > 5000
    hindi = client.audio.speech.create(model=MODEL, voice="alloy", input="नमस्ते जी", response_format="pcm").read()
    assert 0.3 < len(hindi) / 48000 < 5


@pytest.mark.parametrize("change, says", [
    ({"response_format": "mp3"}, "pcm"), ({"input": "  "}, "input"), ({"input": "x" * 4097}, "input"), ({"input": "x" * 2000}, "longer"),
    ({"voice": ""}, "voice"), ({"speed": 9}, "speed"), ({"model": ""}, "model"), ({"extra_body": {"pitch": 1}}, "Unrecognized"),
    ({"stream_format": "sse"}, "stream"),
])
def test_speech_refuses(client, change, says):
    said = {"model": MODEL, "voice": "alloy", "input": "Hello.", "response_format": "pcm", **change}
    assert says in refused(lambda: client.audio.speech.create(**said), 400)["message"]


# ---- our adapters ----

BLOCKS = [{"type": "agent", "text": "Hello, this is the clinic."}, {"type": "caller", "text": "is Monday free?"},
          {"type": "tool_use", "turn": 1, "name": "find_slot", "text": "{\"day\":\"monday\"}"}, {"type": "tool_result", "turn": 1, "text": "{\"free\":true}"}]


def test_adapter_asks_as_the_sdk_does(sandbox, client):
    ours_tool = {"name": "find_slot", "description": "Finds a free slot.", "input_schema": TOOL["function"]["parameters"]}
    told = sandbox.adapter("openai", stdin=json.dumps({"model": MODEL, "max_tokens": 250, "fixed": "You are the clinic's agent.", "tools": [ours_tool],
                                                       "blocks": BLOCKS}).encode())
    assert told[-1]["event"] == "done" and "".join(one["text"] for one in told if one["event"] == "text")
    ours = sandbox.requests("openai")[-1]
    prompt = ours["body"]["messages"][0]["content"]
    assert prompt.startswith("You are the clinic's agent.")
    with client.chat.completions.stream(
        model=MODEL, max_tokens=250, temperature=0.3, tools=[TOOL], tool_choice="auto", parallel_tool_calls=False, stream_options={"include_usage": True},
        messages=[
            {"role": "system", "content": prompt},
            {"role": "user", "content": "<event>The call has begun.</event>"},
            {"role": "assistant", "content": "Hello, this is the clinic."},
            {"role": "user", "content": "is Monday free?"},
            {"role": "assistant", "content": "", "tool_calls": [{"id": "call_1_0", "type": "function",
                                                                 "function": {"name": "find_slot", "arguments": "{\"day\":\"monday\"}"}}]},
            {"role": "tool", "tool_call_id": "call_1_0", "content": "{\"free\":true}"},
        ],
    ) as stream:
        usage = stream.get_final_completion().usage
    theirs = sandbox.requests("openai")[-1]
    assert theirs["n"] > ours["n"] and canonical("openai", theirs) == canonical("openai", ours)
    told = next(one for one in told if one["event"] == "usage")
    assert (told["input"], told["read"], told["output"]) == (usage.prompt_tokens, 0, usage.completion_tokens)


def test_speech_adapter_asks_as_the_sdk_does(sandbox, client):
    told = sandbox.adapter("openai", "alloy", stdin=TEXT.encode(), kind="openai-speech")
    assert told[-1]["event"] == "done" and told[-1]["samples"] > 16000
    ours = sandbox.requests("openai")[-1]
    made = client.audio.speech.create(model=MODEL, voice="alloy", input=TEXT, response_format="pcm").read()
    theirs = sandbox.requests("openai")[-1]
    assert theirs["n"] > ours["n"] and canonical("openai", theirs) == canonical("openai", ours)
    assert told[-1]["samples"] == pytest.approx(len(made) / 6, abs=8)


def test_adapter_hears_scripted_tools(sandbox, client):
    sandbox.script(openai=[{"text": "Let me see.", "tools": [{"name": "find_slot", "input": {"day": "monday"}}]}])
    spec = {"model": MODEL, "tools": [{"name": "find_slot", "input_schema": {"type": "object"}}], "blocks": [{"type": "caller", "text": "is Monday free?"}]}
    told = sandbox.adapter("openai", stdin=json.dumps(spec).encode())
    assert "".join(one["text"] for one in told if one["event"] == "text") == "Let me see."
    assert [one["text"] for one in told if one["event"] in ("tool", "arguments")] == ["find_slot", "{\"day\":\"monday\"}"]


SPEC = json.dumps({"model": MODEL, "blocks": [{"type": "caller", "text": "hello there, how are you this fine morning"}]}).encode()


@pytest.mark.parametrize("fault, told", [
    ({"kind": "wrong_json", "after_messages": 2}, "garbage"), ({"kind": "early_close", "after_messages": 2}, "died"),
    ({"kind": "reset", "after_messages": 2}, "died"), ({"kind": "oversized", "after_messages": 2}, "garbage"),
    ({"kind": "status", "status": 429}, "busy"), ({"kind": "status", "status": 503}, "busy"), ({"kind": "status", "status": 400}, "refused"),
])
def test_adapter_tells_faults(sandbox, client, fault, told):
    sandbox.faults({"vendor": "openai", "path": "/v1/chat", **fault})
    assert sandbox.adapter("openai", "alloy", stdin=b"Hello.", kind="openai-speech")[-1]["event"] == "done"  # another path
    assert [one["text"] for one in sandbox.adapter("openai", stdin=SPEC) if one["event"] == "failed"] == [told]
    assert sandbox.adapter("openai", stdin=SPEC)[-1]["event"] == "done"


@pytest.mark.parametrize("fault, told", [
    ({"kind": "status", "status": 429}, "busy"), ({"kind": "reset", "after_bytes": 1000}, "cut short"), ({"kind": "status", "status": 404}, "not found"),
])
def test_speech_adapter_tells_faults(sandbox, client, fault, told):
    sandbox.faults({"vendor": "openai", "path": "/v1/audio", **fault})
    failed = [one["text"] for one in sandbox.adapter("openai", "alloy", stdin=b"Hello, good morning.", kind="openai-speech") if one["event"] == "failed"]
    assert failed == [told]


def test_plays_a_rulebook():
    """The rehearsed engine answers from the messages alone."""
    with Sandbox("--rulebook", BOOK) as sandbox:
        client = client_of(sandbox)
        talk = [{"role": "user", "content": "<event>The call has begun.</event>"}]
        first = typed(ask(client, messages=talk, max_tokens=300)).choices[0].message.content
        assert first.endswith("?")
        talk += [{"role": "assistant", "content": first}, {"role": "user", "content": "<event>It is noon.</event>\nyes"}]
        second = typed(ask(client, messages=talk, max_tokens=300, tools=[TOOL])).choices[0]
        assert second.message.tool_calls or second.message.content != first
