"""The sandbox's faults as whoever asks meets them, its API and page, and TLS; our adapters tell each fault as what it is."""
import http.client
import json
import socket
import ssl
import subprocess
import time
import urllib.parse
import urllib.request

import pytest
from conftest import BINARY
from sandboxkit import Sandbox, as_ulaw, spoken, typed
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.sync.client import connect

anthropic = pytest.importorskip("anthropic")
cartesia = pytest.importorskip("cartesia")

KEY = "key-of-the-test"
SPEC = json.dumps({"model": "claude-haiku-5-5", "blocks": [{"type": "caller", "text": "hello there, how are you this fine morning"}]}).encode()
BODY = {"model": "claude-haiku-5-5", "max_tokens": 100, "stream": True, "messages": [{"role": "user", "content": "hello"}], "thinking": {"type": "disabled"}}
VOICE = "00000000-0000-4000-8000-00000000abcd"
LISTEN = "/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000&interim_results=true"


@pytest.fixture(scope="module")
def running():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.forget()
    return running


def post(sandbox, body=None, timeout=10):
    """The reply of one request, its body not yet read."""
    at = urllib.parse.urlsplit(sandbox.urls["anthropic"])
    line = http.client.HTTPConnection(at.hostname, at.port, timeout=timeout)
    line.request("POST", "/v1/messages", json.dumps(body or BODY), {"x-api-key": KEY, "anthropic-version": "2026-10-21", "content-type": "application/json"})
    return line.getresponse()


def events(text):
    return [json.loads(line[6:]) for line in text.decode().splitlines() if line.startswith("data: ")]


def failed(told):
    return [one["text"] for one in told if one["event"] == "failed"]


# ---- scripts ----

@pytest.mark.parametrize("script, where, says", [
    ({"vendor": "nobody", "kind": "stall"}, "vendor", "nobody"),
    ({"vendor": "anthropic", "kind": "explode"}, "kind", "explode"),
    ({"vendor": "anthropic"}, "kind", "name"),
    ({"vendor": "anthropic", "kind": "status"}, "status", "which"),
    ({"vendor": "anthropic", "kind": "status", "status": 200}, "status", "whole number"),
    ({"vendor": "anthropic", "kind": "stall", "request": 0}, "request", "whole number"),
    ({"vendor": "anthropic", "kind": "stall", "rate": 2}, "rate", "share"),
    ({"vendor": "anthropic", "kind": "stall", "rate": 0.5, "request": 2}, "rate", "nth"),
    ({"vendor": "anthropic", "kind": "stall", "every_ms": 5}, "every_ms", "nothing"),
    ({"vendor": "anthropic", "kind": "stall", "volume": 5}, "volume", "no such"),
    ({"vendor": "anthropic", "kind": "stall", "after_bytes": 1, "after_messages": 1}, "after_bytes", "both"),
    ({"faults": [{"vendor": "anthropic", "kind": "stall"}, {"vendor": "anthropic", "kind": "drip", "bytes": 5}]}, "faults[1].bytes", "nothing"),
    ({"faults": 5}, "faults", "list"),
    ([], "", "object"),
])
def test_a_bad_script_is_told(sandbox, script, where, says):
    status, text = sandbox.ask("POST", "/faults", script)
    error = json.loads(text)["error"]
    assert status == 400 and error["where"] == where and says in error["message"], error
    assert json.loads(sandbox.ask("GET", "/faults")[1]) == {"faults": []}


def test_bad_answers_are_told(sandbox):
    for script, where in (({"nobody": []}, "nobody"), ({"deepgram": [5]}, "deepgram"), ({"anthropic": [{"tools": [{"name": "x"}]}]}, "anthropic")):
        status, text = sandbox.ask("POST", "/script", script)
        assert status == 400 and json.loads(text)["error"]["where"] == where


# ---- an answer over HTTP ----

def test_status(sandbox):
    sandbox.faults({"vendor": "anthropic", "kind": "status", "status": 429, "retry_after_ms": 2500}, {"vendor": "anthropic", "kind": "status", "status": 529, "request": 2})
    first, second, third = (post(sandbox) for _ in range(3))
    assert (first.status, first.headers["retry-after"], second.status, second.headers["retry-after"], third.status) == (429, "3", 529, None, 200)
    assert [json.loads(reply.read())["error"]["type"] for reply in (first, second)] == ["rate_limit_error", "overloaded_error"]
    assert [(one["struck"], one["seen"]) for one in json.loads(sandbox.ask("GET", "/faults")[1])["faults"]] == [(1, 3), (1, 3)]


def test_stall(sandbox):
    sandbox.faults({"vendor": "anthropic", "kind": "stall", "after_messages": 2, "hold_ms": 1500})
    reply = post(sandbox, timeout=0.7)
    came = b""
    with pytest.raises(TimeoutError):
        while True:
            came += reply.read1(1000)
    assert [one["type"] for one in events(came)] == ["message_start", "ping"]


def test_a_stall_has_an_end(sandbox):
    sandbox.faults({"vendor": "anthropic", "kind": "stall", "hold_ms": 500})
    began = time.monotonic()
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        post(sandbox).read()
    assert 0.4 < time.monotonic() - began < 5


def test_reset(sandbox):
    sandbox.faults({"vendor": "anthropic", "kind": "reset", "after_messages": 3})
    reply = post(sandbox)
    with pytest.raises(ConnectionResetError):
        time.sleep(0.3)
        reply.read()


def test_drip(sandbox):
    sandbox.faults({"vendor": "anthropic", "kind": "drip", "every_ms": 1})
    began = time.monotonic()
    reply = post(sandbox)
    pieces = []
    while part := reply.read1(65536):
        pieces.append(part)
    assert events(b"".join(pieces))[-1]["type"] == "message_stop"
    assert len(pieces) > 50 and time.monotonic() - began > 0.5


@pytest.mark.parametrize("kind, told", [("wrong_json", "garbage"), ("early_close", "died"), ("reset", "died"), ("duplicate", "garbage"), ("oversized", "garbage")])
def test_our_model_adapter_tells(sandbox, kind, told):
    sandbox.faults({"vendor": "anthropic", "kind": kind, "after_messages": 2})
    assert failed(sandbox.adapter("anthropic", stdin=SPEC)) == [told]
    assert failed(sandbox.adapter("anthropic", stdin=SPEC)) == []


def test_oversized(sandbox):
    sandbox.faults({"vendor": "anthropic", "kind": "oversized", "bytes": 300000, "after_messages": 1})
    assert [len(json.dumps(one)) > 300000 for one in events(post(sandbox).read())][:3] == [False, True, False]


def test_rates_repeat(sandbox):
    """The same seed, the same requests: the same faults."""
    rows = []
    for seed in (7, 7, 8):
        sandbox.forget()
        sandbox.faults({"vendor": "anthropic", "kind": "status", "status": 500, "rate": 0.5, "seed": seed})
        rows.append([post(sandbox).status for _ in range(24)])
    assert rows[0] == rows[1] != rows[2] and 4 < rows[0].count(500) < 20


# ---- sockets ----

def socket_of(sandbox, vendor="deepgram", path=LISTEN, headers=None):
    return connect(sandbox.urls[vendor].replace("http", "ws", 1) + path, additional_headers={"Authorization": "Token x", **(headers or {})})


def test_a_handshake_is_refused(sandbox):
    sandbox.faults({"vendor": "deepgram", "kind": "status", "status": 429})
    assert sandbox.adapter("deepgram", "nova-3", stdin=b"\xff" * 800) == [{"event": "ended", "text": "busy"}]


def test_a_socket_breaks(sandbox, run, tmp_path):
    sandbox.script(deepgram=["yes"] * 2)
    sound = as_ulaw(spoken(run, tmp_path, "yes", 400))
    sandbox.faults({"vendor": "deepgram", "kind": "reset"})
    assert [one["text"] for one in sandbox.adapter("deepgram", "nova-3", stdin=sound) if one["event"] == "ended"] == ["closed"]
    sandbox.faults({"vendor": "deepgram", "kind": "wrong_json"})
    assert [one["text"] for one in sandbox.adapter("deepgram", "nova-3", stdin=sound) if one["event"] == "ended"][0] == "cut short"


def test_half_open(sandbox):
    """Nothing comes any more, and nothing is read: the peer's own queue fills up."""
    sandbox.faults({"vendor": "deepgram", "kind": "half_open", "hold_ms": 3000})
    with socket_of(sandbox) as line:
        line.send('{"type":"Configure"}')
        with pytest.raises(TimeoutError):
            line.recv(timeout=0.5)
        began = time.monotonic()
        with pytest.raises(ConnectionClosedError):
            while time.monotonic() - began < 10:
                line.send(b"\xff" * 1000000)
        assert time.monotonic() - began > 1


def test_silence_is_closed():
    """The vendor's ten seconds would be long for a test: only that the sandbox says why, when it ends."""
    with Sandbox() as sandbox, socket_of(sandbox) as line:
        line.send('{"type":"Configure"}')
        assert json.loads(line.recv(timeout=5))["type"] == "ConfigureSuccess"
        with pytest.raises(ConnectionClosed) as end:
            line.recv(timeout=15)
    assert end.value.rcvd.code == 1011 and end.value.rcvd.reason.startswith("NET-0001")


def test_a_voice_breaks(sandbox):
    for fault, told in (({"kind": "reset", "after_messages": 3}, "closed"), ({"kind": "early_close", "after_messages": 3}, "closed"),
                        ({"kind": "wrong_json"}, "cut short"), ({"kind": "status", "status": 429}, "busy")):
        sandbox.forget()
        sandbox.faults({"vendor": "cartesia", **fault})
        assert failed(sandbox.adapter("cartesia", VOICE, stdin=b"Hello, good morning."))== [told], fault
    sandbox.forget()
    sandbox.faults({"vendor": "cartesia", "kind": "reset", "after_bytes": 1000})
    assert failed(sandbox.adapter("cartesia", VOICE, stdin=b"Hello, good morning.", kind="cartesia-bytes")) != []


# ---- latencies, the page, TLS ----

def test_latencies():
    with Sandbox("--llm-ms", 400, "--tts-ms", 300) as sandbox:
        client = anthropic.Anthropic(api_key=KEY, base_url=sandbox.urls["anthropic"])
        began = time.monotonic()
        with client.messages.stream(**{name: value for name, value in BODY.items() if name != "stream"}) as stream:
            next(iter(stream))
            assert 0.4 <= time.monotonic() - began < 2
        began = time.monotonic()
        assert sandbox.adapter("cartesia", VOICE, stdin=b"Hello.")[-1]["event"] == "done"
        assert time.monotonic() - began >= 0.3


def test_page_and_keys(sandbox):
    """What was asked is there to be read; no key is."""
    post(sandbox, {**BODY, "messages": [{"role": "user", "content": "<script>alert(1)</script>"}]}).read()
    status, page = sandbox.ask("GET", "/")
    assert status == 200 and "/v1/messages" in page and sandbox.urls["deepgram"] in page
    assert "<script>" not in page and KEY not in page and KEY not in sandbox.ask("GET", "/requests")[1]
    assert sandbox.requests("anthropic")[-1]["headers"]["x-api-key"] == "***"


def test_requests_have_a_ceiling(sandbox):
    for _ in range(210):
        post(sandbox, {"model": "none"}).read()
    kept = sandbox.requests("anthropic")
    assert len(kept) == 200 and kept[-1]["n"] - kept[0]["n"] == 199


def test_tls(tmp_path, run):
    """Everything again behind a certificate of a CA that was made there; who does not trust it does not get in."""
    folder = tmp_path / "tls"
    with Sandbox("--tls", folder) as sandbox:
        assert sandbox.ca == str(folder / "ca.pem") and (folder / "ca.key").stat().st_mode & 0o777 == 0o600
        assert all(url.split(":")[0] in ("https", "wss") for url in sandbox.urls.values())
        trusts = ssl.create_default_context(cafile=sandbox.ca)
        client = anthropic.Anthropic(api_key=KEY, base_url=sandbox.urls["anthropic"], http_client=anthropic.DefaultHttpxClient(verify=trusts), max_retries=0)
        assert typed(client.messages.create(**{**BODY, "stream": False})).content[0].text == "You said: hello"
        distrusts = anthropic.Anthropic(api_key=KEY, base_url=sandbox.urls["anthropic"], max_retries=0)
        with pytest.raises(anthropic.APIConnectionError):
            distrusts.messages.create(**{**BODY, "stream": False})
        assert sandbox.adapter("anthropic", stdin=SPEC)[-1]["event"] == "done"
        assert sandbox.adapter("cartesia", VOICE, stdin=b"Hello, good morning.")[-1]["event"] == "done"
        sandbox.script(deepgram=["yes"])
        told = sandbox.adapter("deepgram", "nova-3", stdin=as_ulaw(spoken(run, tmp_path, "yes", 800)))
        assert "yes" in [one["text"] for one in told if one["event"] in ("final", "end")]
        sandbox.faults({"vendor": "anthropic", "kind": "reset", "after_messages": 2})
        assert failed(sandbox.adapter("anthropic", stdin=SPEC)) == ["died"]
        first = (folder / "ca.pem").read_text()
        at = urllib.parse.urlsplit(sandbox.urls["anthropic"])
        with socket.create_connection((at.hostname, at.port), timeout=5) as plain:  # no TLS at all
            plain.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            while plain.recv(1000):
                pass
    with Sandbox("--tls", folder) as sandbox:
        assert (folder / "ca.pem").read_text() == first and sandbox.adapter("anthropic", stdin=SPEC)[-1]["event"] == "done"
    (folder / "ca.key").write_text("no key")
    done = run("sandbox", "--port", 0, "--tls", folder, "--json")
    assert done.status == 3 and "remove" in done.error()["hint"]


def test_large_answers_pass_tls(tmp_path):
    with Sandbox("--tls", tmp_path / "tls") as sandbox:
        sandbox.script(anthropic=["word " * 60000])
        trusts = ssl.create_default_context(cafile=sandbox.ca)
        request = urllib.request.Request(sandbox.urls["anthropic"] + "/v1/messages", json.dumps({**BODY, "max_tokens": 128000}).encode(),
                                         {"x-api-key": KEY, "anthropic-version": "2026-10-21", "content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30, context=trusts) as reply:
            time.sleep(0.5)  # it waits for whoever reads
            said = "".join(one["delta"].get("text", "") for one in events(reply.read()) if one["type"] == "content_block_delta")
        assert said == "word " * 60000


# ---- the command ----

def test_print_config(run):
    lines = run("sandbox", "--print-config").out.splitlines()
    assert "llm.providers: [anthropic, rehearsed]" in lines and "providers:" in lines and "  deepgram:" in lines and "    url: ws://127.0.0.1:8602" in lines
    assert run("sandbox", "--print-config", "--port", 0).status == 2
    assert run("sandbox", "extra").status == 2
    assert run("sandbox", "--rulebook", "no-such-book", "--port", 0).status == 3


def test_a_port_that_is_taken(sandbox):
    port = urllib.parse.urlsplit(sandbox.page).port
    done = subprocess.run([BINARY, "sandbox", "--port", str(port), "--json"], capture_output=True, timeout=20, check=False)
    assert done.returncode == 3 and json.loads(done.stdout)["error"]["code"] == "busy"
