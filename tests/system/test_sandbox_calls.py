"""Whole calls of the product through the sandbox, over TLS: recogniser, model and voice by the network, and what becomes of the call when one of them fails."""
import pytest

from conftest import ROOT
from sandboxkit import BOOK, Sandbox

# What is at work in real time may be slow on a busy machine; these tests are not about that.
PATIENT = ["tts.first_ms=2000", "tts.gap_ms=2000", "tool.filler_ms=20000", "llm.filler_ms=1500", "llm.second_ms=10000"]
VENDORS = ("deepgram", "anthropic", "cartesia")


@pytest.fixture
def sandbox(tmp_path):
    with Sandbox("--rulebook", BOOK, "--tls", tmp_path / "tls") as one:
        yield one


@pytest.fixture
def call(run, model, tmp_path, sandbox):
    """call(["yes", "keep it"]): a call with the settings that the sandbox prints; its document. `speak`: the caller's words are spoken."""
    data, config = tmp_path / "data", tmp_path / "sandbox.yaml"
    config.write_text(sandbox.ask("GET", "/settings")[1])
    run("tenant", "add", "local", "--data", data)
    for name in VENDORS:
        assert run("secret", "set", "local", f"{name}.api_key", "--data", data, stdin=b"sk-made-up").status == 0

    def start(lines, speak=False):
        words = [word for one in (f"vad.model_file={model}", *PATIENT) for word in ("--set", one)]
        how = ["--type"]
        if speak:
            how = []
            for index, text in enumerate(lines):
                assert run("say", text, "-o", tmp_path / f"{index}.wav").status == 0
                how += ["--speak", tmp_path / f"{index}.wav"]
        done = run("call", "--rulebook", BOOK, "--config", config, "--json", "--data", data, *how, *words,
                   stdin=b"" if speak else "".join(line + "\n" for line in lines).encode())
        assert done.status == 0, done.err + done.out
        return done.json()

    return start


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


def test_the_settings_are_those_of_the_flag(run, sandbox):
    printed = run("sandbox", "--print-config").out
    told = sandbox.ask("GET", "/settings")[1]
    assert [line.split(":")[0] for line in printed.splitlines()] == [line.split(":")[0] for line in told.splitlines() if "ca_file" not in line]
    assert (ROOT / "docs" / "sandbox.md").read_text().count("--print-config") >= 2
