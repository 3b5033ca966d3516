"""Whole calls of the product through the sandbox, over TLS: recogniser, model and voice by the network, and what becomes of the call when one of them fails."""
import struct
import subprocess
import time
import wave

import pytest

from conftest import BINARY, ROOT
from sandboxkit import BOOK, Sandbox

# What is at work in real time may be slow on a busy machine; these tests are not about that.
PATIENT = ["tts.first_ms=2000", "tts.gap_ms=2000", "tool.filler_ms=20000", "llm.filler_ms=1500", "llm.second_ms=10000"]
VENDORS = ("deepgram", "anthropic", "cartesia", "openai", "sarvam")
OPENAI = ["llm.providers=openai, rehearsed", "tts.providers=openai, local"]
SARVAM = ["stt.providers=sarvam, deepgram", "tts.providers=sarvam, local"]
HINDI = ROOT / "rulebooks" / "payment-reminder.yaml"
QUIET_MAX_S = 3  # N9


@pytest.fixture
def sandbox(tmp_path):
    with Sandbox("--rulebook", BOOK, "--tls", tmp_path / "tls") as one:
        yield one


@pytest.fixture
def call(run, model, tmp_path, sandbox):
    """call(["yes", "keep it"], *SETTINGS): a call with the settings that the sandbox prints; its document. `speak`: the caller's words are spoken."""
    data, config = tmp_path / "data", tmp_path / "sandbox.yaml"
    config.write_text(sandbox.ask("GET", "/settings")[1])
    run("tenant", "add", "local", "--data", data)
    for name in VENDORS:
        assert run("secret", "set", "local", f"{name}.api_key", "--data", data, stdin=b"sk-made-up").status == 0

    def start(lines, *settings, speak=False, book=BOOK, more=()):
        words = [word for one in (f"vad.model_file={model}", *PATIENT, *settings) for word in ("--set", one)]
        how = ["--type"]
        if speak:
            how = []
            for index, text in enumerate(lines):
                assert run("say", text, "-o", tmp_path / f"{index}.wav").status == 0
                how += ["--speak", tmp_path / f"{index}.wav"]
        done = run("call", "--rulebook", book, *more, "--config", config, "--json", "--data", data, *how, *words,
                   stdin=b"" if speak else "".join(line + "\n" for line in lines).encode())
        assert done.status == 0, done.err + done.out
        return done.json()

    return start


@pytest.fixture
def longest_quiet(run, tmp_path):
    """Seconds: the longest time in which the caller heard nothing and said nothing, from the agent's first sound to its last."""
    def find(document):
        path = tmp_path / "call.wav"
        assert run("recording", document["call"], "--dir", document["journal"], "-o", path).status == 0
        with wave.open(str(path)) as sound:
            rate, channels, count = sound.getframerate(), sound.getnchannels(), sound.getnframes()
            samples = struct.unpack(f"<{count * channels}h", sound.readframes(count))
        step = rate // 50 * channels
        loud = [at // step for at in range(0, len(samples), step) if max(map(abs, samples[at:at + step])) > 300]
        assert channels == 2 and len(loud) > 50
        return max(later - before for before, later in zip(loud, loud[1:])) / 50

    return find


def asked(sandbox):
    return {vendor: len(sandbox.requests(vendor)) for vendor in VENDORS}


def confirmed(document):
    tools = [tool["name"] for turn in document["turns"] for tool in turn["tools"]]
    return document["outcome"] == "confirmed" and [name for name in tools if name != "end_call"] == ["find_appointment", "confirm_appointment"]


def test_a_whole_call_is_heard_thought_and_spoken_by_vendors(sandbox, call):
    assert sandbox.ca and all(url.startswith(("https://", "wss://")) for url in sandbox.urls.values())
    document = call(["yes", "keep it please"], speak=True)
    assert confirmed(document), document
    seen = asked(sandbox)
    assert seen["deepgram"] == 1 and seen["anthropic"] >= 4 and seen["cartesia"] >= 1, seen
    assert "sk-made-up" not in str([sandbox.requests(vendor) for vendor in VENDORS])


@pytest.mark.parametrize("fault", [
    {"vendor": "anthropic", "kind": "status", "status": 529, "times": 100},
    {"vendor": "anthropic", "kind": "reset", "times": 100},
    {"vendor": "anthropic", "kind": "wrong_json", "times": 100},
    {"vendor": "cartesia", "kind": "status", "status": 429, "times": 100},
    {"vendor": "cartesia", "kind": "reset", "times": 100},
    {"vendor": "cartesia", "kind": "wrong_json", "times": 100},
])
def test_no_vendor_that_fails_ends_a_call(sandbox, call, fault):
    sandbox.faults(fault)
    document = call(["yes", "keep it"])
    assert confirmed(document), document
    assert asked(sandbox)[fault["vendor"]] >= 1


def test_no_recogniser_that_fails_ends_a_call(sandbox, call):
    sandbox.faults({"vendor": "deepgram", "kind": "status", "status": 503, "times": 100})
    document = call(["yes", "keep it please"], speak=True)
    assert confirmed(document), document
    assert asked(sandbox)["deepgram"] >= 1


# ---- the OpenAI-compatible model and voice ----

def test_a_whole_call_through_openai(sandbox, call, longest_quiet):
    sandbox.script(openai=[{"text": "Then I call again. Goodbye.", "tools": [{"name": "end_call", "input": {"outcome": "call_back"}}]}])
    document = call(["yes please"], *OPENAI, "turn.preempt=false", speak=True)  # what is asked at "yes" would take the scripted answer
    assert document["reason"] == "agent" and document["turns"][-1]["heard"][-1].endswith("Goodbye."), document
    paths = [one["path"] for one in sandbox.requests("openai")]
    assert asked(sandbox)["deepgram"] == 1 and "/v1/chat/completions" in paths and "/v1/audio/speech" in paths
    assert not sandbox.requests("anthropic") + sandbox.requests("cartesia") and longest_quiet(document) <= QUIET_MAX_S
    assert "sk-made-up" not in str(sandbox.requests("openai"))


@pytest.mark.parametrize("path, kind", [
    ("/v1/chat", {"kind": "status", "status": 503}), ("/v1/chat", {"kind": "reset", "after_messages": 2}), ("/v1/chat", {"kind": "oversized"}),
    ("/v1/audio", {"kind": "status", "status": 429}), ("/v1/audio", {"kind": "reset", "after_bytes": 20000}), ("/v1/audio", {"kind": "early_close"}),
])
def test_openai_that_fails_ends_no_call(sandbox, call, longest_quiet, path, kind):
    sandbox.faults({"vendor": "openai", "path": path, "times": 100, **kind})
    document = call(["yes", "keep it"], *OPENAI)
    assert confirmed(document) and longest_quiet(document) <= QUIET_MAX_S, document
    assert [one for one in sandbox.requests("openai") if one["path"].startswith(path)]


# ---- vendors that are late, or stand still ----

TWO = ["llm.providers=anthropic, openai"]
STANDS = {"vendor": "anthropic", "kind": "stall", "times": 100}


def row_of(document, vendor):
    return next((one for one in document["costs"]["providers"] if one["vendor"] == vendor), None)


def test_a_model_that_is_late_is_overtaken_by_another(sandbox, call, longest_quiet):
    """The core asks once: no attempt of its own is due in ten seconds (PATIENT). What the slower one took is told as wasted."""
    sandbox.faults({"vendor": "anthropic", "kind": "stall", "hold_ms": 4000, "after_messages": 1, "times": 100})
    document = call(["yes", "keep it"], *TWO, "llm.hedge_ms=400")
    assert confirmed(document) and longest_quiet(document) <= QUIET_MAX_S, document
    seen = asked(sandbox)
    assert seen["anthropic"] >= 1 and seen["openai"] >= 3, seen
    late, quick = row_of(document, "anthropic"), row_of(document, "openai")
    assert late["wasted_units"]["requests"] == late["units"]["requests"] == seen["anthropic"], document["costs"]
    read = sum(count for kind, count in late["wasted_units"].items() if kind in LIST)
    assert document["usage"]["wasted_tokens"] >= read > 1000, document["usage"]  # it told what it had read, and no word
    assert quick["units"]["requests"] - quick.get("wasted_units", {}).get("requests", 0) >= 3, document["costs"]


def test_nobody_is_asked_twice_who_answers_in_time(sandbox, call):
    assert confirmed(call(["yes", "keep it"], *TWO, "llm.hedge_ms=5000"))
    assert asked(sandbox)["openai"] == 0


def test_a_model_that_stands_still_is_followed_by_the_next(sandbox, call, longest_quiet):
    sandbox.faults(STANDS)
    document = call(["yes", "keep it"], *TWO, "llm.hedge_ms=0", "llm.filler_ms=1200", "llm.second_ms=1500")
    assert confirmed(document) and longest_quiet(document) <= QUIET_MAX_S, document
    assert asked(sandbox)["openai"] >= 3


def test_a_voice_that_stands_still_is_followed_by_the_next(sandbox, call, longest_quiet):
    sandbox.faults({"vendor": "cartesia", "kind": "stall", "times": 100})
    document = call(["yes", "keep it"], "tts.first_ms=800")
    assert confirmed(document) and longest_quiet(document) <= QUIET_MAX_S, document


def test_a_voice_that_is_late_is_overtaken_where_that_is_wanted(sandbox, call):
    sandbox.faults({"vendor": "cartesia", "kind": "stall", "hold_ms": 4000, "times": 100})
    document = call(["yes", "keep it"], "tts.providers=cartesia, openai", "tts.hedge_ms=300")
    assert confirmed(document), document
    late = row_of(document, "cartesia")
    assert late["wasted_units"]["characters"] == late["units"]["characters"], document["costs"]
    texts = [one["body"]["input"] for one in sandbox.requests("openai") if one["path"] == "/v1/audio/speech"]
    sent = [message["transcript"] for one in sandbox.requests("cartesia") for message in one["messages"] if message.get("transcript")]
    assert texts and set(sent) <= set(texts)  # the same words


def test_an_account_that_is_full_is_passed_over(sandbox, call):
    """One stream of Cartesia's at a time: what is made ahead of one that is still under way is the next voice's. Of answers there is never more than one."""
    sandbox.faults({"vendor": "cartesia", "kind": "drip", "every_ms": 60, "times": 100})
    limits = ("providers.cartesia.max_streams=1", "providers.anthropic.max_streams=1")
    document = call(["yes", "keep it"], *TWO, "llm.hedge_ms=0", "tts.providers=cartesia, openai", *limits)
    assert confirmed(document), document
    paths = [one["path"] for one in sandbox.requests("openai")]
    assert "/v1/audio/speech" in paths and "/v1/chat/completions" not in paths, paths
    assert [message for one in sandbox.requests("cartesia") for message in one["messages"] if message.get("transcript")]


def test_what_a_voice_stood_still_in_is_said_on_from_there(sandbox, call, longest_quiet):
    """It tells the times of all words first and stops in the middle of their sound: another voice says the rest, nothing twice and nothing less."""
    sandbox.faults({"vendor": "cartesia", "kind": "stall", "after_messages": 28})
    document = call(["yes", "keep it"], "tts.providers=cartesia, openai", "tts.first_ms=800", "tts.gap_ms=800")
    assert confirmed(document) and longest_quiet(document) <= QUIET_MAX_S, document
    [whole, *_] = [message["transcript"] for one in sandbox.requests("cartesia") for message in one["messages"] if message.get("transcript")]
    [rest, *_] = [one["body"]["input"] for one in sandbox.requests("openai") if one["path"] == "/v1/audio/speech"]
    assert len(rest) < len(whole) and whole.endswith(" " + rest), (whole, rest)
    assert document["turns"][0]["heard"] == [whole[:-len(rest) - 1], rest], document["turns"][0]


def test_a_recogniser_that_is_replaced_hears_what_was_not_understood_alone(sandbox, call):
    """Its socket breaks at the first words of the first answer: the next one is given that answer from just before its voice on, not what was before."""
    sandbox.faults({"vendor": "deepgram", "kind": "reset", "after_messages": 1})
    document = call(["yes", "keep it please"], speak=True)
    assert confirmed(document), document
    assert [turn["said"] for turn in document["turns"] if "said" in turn] == ["yes", "keep it please"]
    sent = [sum(message["bytes"] for message in one["messages"] if "binary_frames" in message) for one in sandbox.requests("deepgram")]
    twice = sum(sent) / 8000 - document["usage"]["connected_ms"] / 1000  # seconds: µ-law at 8000 Hz
    assert len(sent) == 2 and sent[0] > 5 * 8000 and twice < 4, (sent, twice)


# ---- a turn's budget ----

WAITED = "<event>The caller has waited for longer than usual."


def bare(body):
    """What a vendor may keep of a request: tools, prompt and messages, without the markers."""
    messages = [{**one, "content": [{name: value for name, value in block.items() if name != "cache_control"} for block in one["content"]]}
                for one in body["messages"]]
    return body["tools"], body["system"], messages


def test_a_late_attempt_asks_for_a_short_answer_and_the_next_turn_does_not(run, sandbox, call):
    """The model stands still once, and nobody else is there to be asked: when it is asked again the turn's budget is over."""
    sandbox.faults({"vendor": "anthropic", "kind": "stall"})
    document = call(["yes", "keep it"], "llm.providers=anthropic", "llm.hedge_ms=0", "turn.preempt=false", "llm.second_ms=1600", "turn.budget_ms=1500")
    assert confirmed(document), document
    asked_for = [one for one in sandbox.requests("anthropic") if one["body"] and one["body"].get("messages")]
    late = [one for one in asked_for if WAITED in str(one["body"])]
    later = [one for one in asked_for if "keep it" in str(one["body"]["messages"][-1])]
    assert asked_for[0] not in late and asked_for[1] in late and later and not any(one in late for one in later), document["events"]
    shown = [one for one in document["events"] if one["event"] == "short"]
    assert shown[0]["why"] == "attempt" and len(shown) == len(late) and all(one["expected_ms"] > 1500 for one in shown), shown

    hinted = asked_for[1]
    assert "cache_control" not in hinted["body"]["messages"][-1]["content"][-1]
    tools, system, messages = bare(hinted["body"])
    assert messages[-1]["content"].pop()["text"].startswith(WAITED)
    assert bare(asked_for[0]["body"]) == (tools, system, messages)  # the first attempt's, and the hint behind it
    assert bare(later[0]["body"])[:2] == (tools, system) and bare(later[0]["body"])[2][:len(messages)] == messages
    assert told(later[0])["cache_read_tokens"] >= told(hinted)["cache_read_tokens"] > 0
    assert run("replay", document["call"], "--dir", document["journal"]).status == 0


# ---- Sarvam: Hindi, and words of English in it ----

SAID = "मैं Monday को pay कर दूँगा"
ENDS = {"tools": [{"name": "end_call", "input": {"outcome": "says_paid"}}]}
BYE = "धन्यवाद, Monday तक ठीक है। नमस्ते।"


def hindi(sandbox, call, *faults, speak=False):
    """A call whose agent says goodbye to the first thing that is said; what was heard of it."""
    sandbox.script(sarvam=[SAID] * 2, anthropic=[{"text": BYE, **ENDS}])
    sandbox.faults(*({"vendor": "sarvam", **one} for one in faults))
    document = call(["yes"] if speak else [SAID], *SARVAM, speak=speak, book=HINDI, more=["--language", "hi-IN"])
    assert [turn["said"] for turn in document["turns"] if "said" in turn] == [SAID] and document["reason"] == "agent", document
    heard = [text for turn in document["turns"] for text in turn["heard"]]
    assert "Ravi Kumar जी" in heard[0] and " ".join(heard).endswith(BYE), document
    return document


def test_a_hindi_call_through_sarvam(sandbox, call, longest_quiet):
    """Its recogniser breaks off when the caller begins to speak, and is opened again: no word is lost."""
    document = hindi(sandbox, call, {"path": "/speech-to-text", "kind": "early_close", "after_messages": 1}, speak=True)
    paths = [one["path"] for one in sandbox.requests("sarvam")]
    assert paths.count("/speech-to-text-realtime/ws") == 2 and "/text-to-speech/ws" in paths and longest_quiet(document) <= QUIET_MAX_S
    assert any(SAID in str(one["body"]["messages"]) for one in sandbox.requests("anthropic"))


@pytest.mark.parametrize("fault", [
    {"kind": "status", "status": 429, "times": 100}, {"kind": "reset", "after_messages": 2, "times": 100}, {"kind": "wrong_json", "times": 100},
])
def test_no_hindi_voice_that_fails_ends_a_call(sandbox, call, longest_quiet, fault):
    """The voice of this machine speaks instead."""
    assert longest_quiet(hindi(sandbox, call, {"path": "/text-to-speech", **fault})) <= QUIET_MAX_S
    assert [one["path"] for one in sandbox.requests("sarvam")][0] == "/text-to-speech/ws"


# ---- what a call costs ----

# Micro-dollars a million tokens of claude-haiku-5-5, for prompts of up to 100,000: the list of docs/providers.md.
LIST = {"input_tokens": 100_000, "cache_read_tokens": 10_000, "cache_write_5m_tokens": 125_000, "cache_write_1h_tokens": 200_000, "output_tokens": 500_000}


def told(request):
    """Tokens by kind, as the sandbox told them in that answer."""
    usage = request.get("usage", {})
    written = usage.get("cache_creation", {})
    return {"input_tokens": usage.get("input_tokens", 0), "cache_read_tokens": usage.get("cache_read_input_tokens", 0),
            "cache_write_5m_tokens": written.get("ephemeral_5m_input_tokens", 0),
            "cache_write_1h_tokens": written.get("ephemeral_1h_input_tokens", 0), "output_tokens": usage.get("output_tokens", 0)}


def micros(tokens):
    return -(-sum(LIST[kind] * count for kind, count in tokens.items()) // 1_000_000)


def nonzero(counts):
    return {kind: count for kind, count in counts.items() if count}


def test_a_call_costs_what_the_vendors_were_asked_and_answered(run, sandbox, call, tmp_path):
    document = call(["yes", "keep it please"], speak=True)
    assert confirmed(document), document
    costs = document["costs"]
    rows = {one["vendor"]: one for one in costs["providers"]}
    assert set(rows) == {"anthropic", "cartesia", "deepgram"} and rows["anthropic"]["model"] == "claude-haiku-5-5"

    answers = [told(one) for one in sandbox.requests("anthropic")]
    tokens = nonzero({kind: sum(one[kind] for one in answers) for kind in LIST})
    assert tokens["output_tokens"] and len(answers) >= 4
    counted = {kind: count for kind, count in rows["anthropic"]["units"].items() if kind in LIST}
    estimated = rows["anthropic"]["estimated"]  # an answer that was thrown away before its end: the vendor had not said all of it
    if estimated:
        tokens.pop("output_tokens"), counted.pop("output_tokens")
    else:
        assert rows["anthropic"]["micros"] == costs["micros"] == micros(tokens)
    assert counted == tokens and rows["anthropic"]["units"]["requests"] == len(answers)

    sent = [message for one in sandbox.requests("cartesia") for message in one["messages"] if message.get("transcript")]
    assert rows["cartesia"]["units"]["characters"] == sum(len(message["transcript"]) for message in sent)
    assert rows["cartesia"]["units"]["requests"] == len(sent)
    heard = sum(message.get("bytes", 0) for one in sandbox.requests("deepgram") for message in one["messages"] if "binary_frames" in message)
    assert rows["deepgram"]["units"] == {"audio_samples": heard}

    assert rows["cartesia"]["micros"] is None and rows["deepgram"]["micros"] is None and costs["all_known"] is False
    usage = document["usage"]
    assert usage["tts_characters"] == rows["cartesia"]["units"]["text_bytes"]
    assert estimated or usage["model_tokens"] == rows["anthropic"]["units"]["output_tokens"]

    contract = tmp_path / "prices.yaml"
    contract.write_text("prices:\n- {vendor: cartesia, since: 2026-11-01, million_characters: 38}\n- {vendor: deepgram, since: 2026-11-01, hour_of_sound: 0.48}\n")
    priced = run("show", document["call"], "--dir", document["journal"], "--set", f"prices.file={contract}", "--json").json()["costs"]
    of = {one["vendor"]: one["micros"] for one in priced["providers"]}
    assert of["cartesia"] == 38 * rows["cartesia"]["units"]["characters"] and priced["all_known"]
    assert abs(of["deepgram"] - 480_000 * heard / 8000 / 3600) <= 50  # each stretch rounded up to a pico
    assert abs(priced["micros"] - sum(of.values())) <= 2
    contract.write_text("prices:\n- {vendor: cartesia, since: today, million_characters: 38}\n")
    refused = run("show", document["call"], "--dir", document["journal"], "--set", f"prices.file={contract}")
    assert refused.status == 2 and f"{contract}:2:" in refused.err and "2026-11-21" in refused.err


def test_an_answer_that_is_thrown_away_is_counted_as_wasted(sandbox, call):
    sandbox.faults({"vendor": "anthropic", "kind": "reset", "times": 1})
    document = call(["yes", "keep it"])
    row = next(one for one in document["costs"]["providers"] if one["vendor"] == "anthropic")
    assert row["wasted_units"]["requests"] >= 1 and row["estimated"]
    assert row["units"]["requests"] == len(sandbox.requests("anthropic"))


def test_a_call_that_is_killed_counts_nothing_twice(run, model, sandbox, call, tmp_path):
    """kill -9 in mid-call: what is recorded is a part of what the vendors saw, each answer at most once, and all that was over before."""
    data, words = tmp_path / "data", [word for one in (f"vad.model_file={model}", *PATIENT) for word in ("--set", one)]
    command = [BINARY, "call", "--rulebook", BOOK, "--type", "--config", tmp_path / "sandbox.yaml", "--data", data, *words]
    with subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        process.stdin.write(b"yes\n")
        process.stdin.flush()
        until = time.monotonic() + 60
        while not any("usage" in one and one["usage"]["output_tokens"] > 1 for one in sandbox.requests("anthropic")):
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.1)
        [folder] = (data / "journal").iterdir()
        while not any(one["vendor"] == "anthropic" for one in run("show", folder.name, "--dir", folder, "--json").json()["costs"]["providers"]):
            assert time.monotonic() < until  # what was over by then becomes durable
        process.kill()
    document = run("show", folder.name, "--dir", folder, "--json").json()
    assert not document["ended"]
    row = next(one for one in document["costs"]["providers"] if one["vendor"] == "anthropic")
    seen = [told(one) for one in sandbox.requests("anthropic")]
    assert 1 <= row["units"]["requests"] <= len(seen)
    assert 1 <= row["units"]["output_tokens"] <= sum(one["output_tokens"] for one in seen)
    for kind in ("input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"):
        assert row["units"].get(kind, 0) <= sum(one[kind] for one in seen)
    sent = [message["transcript"] for one in sandbox.requests("cartesia") for message in one["messages"] if message.get("transcript")]
    voice = [one for one in document["costs"]["providers"] if one["vendor"] == "cartesia"]
    assert sum(one["units"]["characters"] for one in voice) <= sum(map(len, sent))


def test_the_settings_are_those_of_the_flag(run, sandbox):
    printed = run("sandbox", "--print-config").out
    told = sandbox.ask("GET", "/settings")[1]
    assert [line.split(":")[0] for line in printed.splitlines()] == [line.split(":")[0] for line in told.splitlines() if "ca_file" not in line]
    assert (ROOT / "docs" / "sandbox.md").read_text().count("--print-config") >= 2
