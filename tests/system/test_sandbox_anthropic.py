"""The sandbox's Anthropic: the vendor's own SDK and our adapter ask it the same, and what it answers is what the SDK's types know."""
import json

import pytest
from sandboxkit import BOOK, Sandbox, canonical, typed

anthropic = pytest.importorskip("anthropic")

KEY = "key-of-the-test"
HAIKU, OLD, SONNET, OPUS = "claude-haiku-5-5", "claude-haiku-4-5", "claude-sonnet-5-5", "claude-opus-5-5"
TOOL = {"name": "find_slot", "description": "Finds a free slot.", "input_schema": {"type": "object", "properties": {"day": {"type": "string"}}}}
HELLO = [{"role": "user", "content": "hello there"}]


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def client(sandbox):
    sandbox.forget()
    return anthropic.Anthropic(api_key=KEY, base_url=sandbox.urls["anthropic"], max_retries=0)


def ask(client, **change):
    return client.messages.create(**{"model": HAIKU, "max_tokens": 100, "messages": HELLO, "thinking": {"type": "disabled"}, **change})


def refused(client, status, **change):
    with pytest.raises(anthropic.APIStatusError) as error:
        ask(client, **change)
    assert error.value.status_code == status
    assert error.value.request_id.startswith("req_")
    assert set(error.value.body) == {"type", "error", "request_id"} and set(error.value.body["error"]) == {"type", "message"}
    return error.value.body["error"]


# ---- answers ----

def test_message(client):
    """Without a script and a rule-book it says what it was told."""
    message = typed(ask(client))
    assert [(block.type, block.text) for block in message.content] == [("text", "You said: hello there")]
    assert message.stop_reason == "end_turn" and message.model == HAIKU and message.usage.output_tokens > 3


def test_stream_is_typed(sandbox, client):
    sandbox.script(anthropic=[{"text": "One moment, I look that up for you.", "tools": [{"name": "find_slot", "input": {"day": "mañana \"x\""}}]}])
    with client.messages.stream(model=HAIKU, max_tokens=200, messages=HELLO, tools=[TOOL], thinking={"type": "disabled"}) as stream:
        kinds = [typed(event).type for event in stream]
        message = typed(stream.get_final_message())
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop" and kinds.count("content_block_start") == 2
    assert [block.type for block in message.content] == ["text", "tool_use"]
    assert message.content[1].input == {"day": "mañana \"x\""} and message.stop_reason == "tool_use"


def test_thinks_unless_told_not_to(client):
    message = typed(ask(client, thinking=anthropic.omit))
    assert [block.type for block in message.content] == ["thinking", "text"]


def test_max_tokens(client):
    message = typed(ask(client, max_tokens=4, messages=[{"role": "user", "content": "a long story " * 30}]))
    assert message.stop_reason == "max_tokens" and message.usage.output_tokens <= 4


def test_headers(client):
    reply = client.messages.with_raw_response.create(model=HAIKU, max_tokens=9, messages=HELLO)
    for bucket in ("requests", "tokens"):
        for part in ("limit", "remaining", "reset"):
            assert reply.headers[f"anthropic-ratelimit-{bucket}-{part}"]
    assert reply.headers["request-id"].startswith("req_")


def test_count_tokens(client):
    counted = typed(client.messages.count_tokens(model=HAIKU, messages=HELLO))
    assert counted.input_tokens == ask(client).usage.input_tokens


# ---- refusals ----

@pytest.mark.parametrize("status, change, says", [
    (404, {"model": "claude-haiku-9"}, "model"),
    (400, {"extra_body": {"temperature": 1.0}}, "temperature"),
    (400, {"messages": [{"role": "assistant", "content": "hi"}]}, "user"),
    (400, {"messages": [*HELLO, {"role": "assistant", "content": "Sure,"}]}, "prefill"),
    (400, {"messages": [{"role": "user", "content": "  "}]}, "non-empty"),
    (400, {"messages": [*HELLO, {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "find_slot", "input": {}}]},
                        {"role": "user", "content": "well?"}], "tools": [TOOL]}, "tool_result"),
    (400, {"model": SONNET}, "disabled"),
    (400, {"model": OPUS}, "disabled"),
    (400, {"model": OPUS, "thinking": {"type": "adaptive"}, "tools": [TOOL], "tool_choice": {"type": "any"}}, "tool_choice"),
    (400, {"output_config": {"effort": "max"}}, "effort"),
    (400, {"model": OLD, "messages": [*HELLO, {"role": "system", "content": "x"}]}, "system"),
    (400, {"tools": [{**TOOL, "name": "no such name"}], }, "name"),
    (400, {"extra_body": {"max_tokens": 1000000}}, "max_tokens"),
    (400, {"system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}} for _ in range(5)]}, "4 blocks"),
    (400, {"system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}},
                      {"type": "text", "text": "y", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}, "ttl"),
])
def test_refuses(client, status, change, says):
    assert says in refused(client, status, **change)["message"]


def test_versions(sandbox):
    old = anthropic.Anthropic(api_key=KEY, base_url=sandbox.urls["anthropic"], max_retries=0, default_headers={"anthropic-version": "2023-06-01"})
    assert ask(old, model=OLD, thinking=anthropic.omit, extra_body={"temperature": 0.2}).stop_reason == "end_turn"
    assert "top_p" in refused(old, 400, model=OLD, thinking=anthropic.omit, extra_body={"temperature": 0.2, "top_p": 0.5})["message"]
    none = anthropic.Anthropic(api_key=KEY, base_url=sandbox.urls["anthropic"], max_retries=0, default_headers={"anthropic-version": "1999-01-01"})
    assert "version" in refused(none, 400)["message"]


# ---- the cache ----

def cached(text, **marker):
    return {"type": "text", "text": text, "cache_control": {"type": "ephemeral", **marker}}


def test_cache(client):
    long, other = "The opening hours are nine to five. " * 100, "Ask for the date of birth first. " * 100
    system = [cached(long, ttl="1h"), cached(other)]
    first = ask(client, system=system).usage
    assert first.cache_creation.ephemeral_1h_input_tokens > 1000 and first.cache_creation.ephemeral_5m_input_tokens > 900
    assert first.cache_read_input_tokens == 0
    again = ask(client, system=system).usage
    assert again.cache_creation_input_tokens == 0 and again.cache_read_input_tokens == first.cache_creation_input_tokens
    assert again.input_tokens == first.input_tokens < 30
    changed = ask(client, system=[system[0], cached(other + "x")]).usage
    assert changed.cache_read_input_tokens == first.cache_creation.ephemeral_1h_input_tokens and changed.cache_creation_input_tokens > 900
    assert ask(client, system=system, tools=[TOOL]).usage.cache_read_input_tokens == 0


def test_cache_has_a_minimum(client):
    text = "Some two thousand tokens of a persona. " * 200
    small = ask(client, model=OLD, system=[cached(text)]).usage
    assert small.cache_creation_input_tokens == small.cache_read_input_tokens == 0
    assert ask(client, system=[cached(text)]).usage.cache_creation_input_tokens > 2000
    assert ask(client, system=[cached("short")]).usage.cache_creation_input_tokens == 0


# ---- our adapter ----

def test_adapter_asks_as_the_sdk_does(sandbox, client):
    spec = {"model": HAIKU, "max_tokens": 250, "fixed": "You are the clinic's agent. " * 200, "tools": [TOOL], "effort": "low",
            "blocks": [{"type": "agent", "text": "Hello, this is the clinic."}, {"type": "caller", "text": "is Monday free?"},
                       {"type": "tool_use", "turn": 1, "name": "find_slot", "text": "{\"day\":\"monday\"}"},
                       {"type": "tool_result", "turn": 1, "text": "{\"free\":true}"}]}
    told = sandbox.adapter("anthropic", stdin=json.dumps(spec).encode())
    assert told[-1]["event"] == "done" and "".join(one["text"] for one in told if one["event"] == "text")
    ours = sandbox.requests("anthropic")[-1]
    prompt = ours["body"]["system"][0]["text"]
    assert prompt.startswith(spec["fixed"])
    with client.messages.stream(
        model=HAIKU, max_tokens=250, thinking={"type": "disabled"}, output_config={"effort": "low"}, tools=[{**TOOL}],
        system=[{"type": "text", "text": prompt, "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "<event>The call has begun.</event>"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Hello, this is the clinic."}]},
            {"role": "user", "content": [{"type": "text", "text": "is Monday free?"}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "call_1_0", "name": "find_slot", "input": {"day": "monday"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1_0", "content": "{\"free\":true}", "cache_control": {"type": "ephemeral"}}]},
        ],
    ) as stream:
        typed(stream.get_final_message())
    theirs = sandbox.requests("anthropic")[-1]
    assert theirs["n"] > ours["n"] and canonical("anthropic", theirs) == canonical("anthropic", ours)
    usage = next(one for one in told if one["event"] == "usage")
    assert usage["write_1h"] > 1000 and usage["status"] == 200 and usage["request_id"].startswith("req_")


def test_adapter_hears_tools(sandbox, client):
    sandbox.script(anthropic=[{"text": "Let me see.", "tools": [{"name": "find_slot", "input": {"day": "monday"}}]}])
    spec = {"model": HAIKU, "tools": [TOOL], "blocks": [{"type": "caller", "text": "is Monday free?"}]}
    told = sandbox.adapter("anthropic", stdin=json.dumps(spec).encode())
    assert "".join(one["text"] for one in told if one["event"] == "text") == "Let me see."
    assert [one["text"] for one in told if one["event"] in ("tool", "arguments")] == ["find_slot", "{\"day\":\"monday\"}"]


def test_plays_a_rulebook():
    """The rehearsed engine answers from the messages alone."""
    with Sandbox("--rulebook", BOOK) as sandbox:
        client = anthropic.Anthropic(api_key=KEY, base_url=sandbox.urls["anthropic"], max_retries=0)
        first = typed(ask(client, max_tokens=300, messages=[{"role": "user", "content": "<event>The call has begun.</event>"}])).content[0].text
        assert first.endswith("?")
        talk = [{"role": "user", "content": "<event>The call has begun.</event>"}, {"role": "assistant", "content": first}]
        second = typed(ask(client, max_tokens=300, messages=[*talk, {"role": "user", "content": "yes"}], tools=[TOOL]))
        assert second.content[0].text != first if second.content[0].type == "text" else second.stop_reason == "tool_use"
