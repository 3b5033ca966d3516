"""`callfunnel sandbox` beside the test, our adapters as programs that ask it, and what the vendors' own clients make of its answers."""
import json
import os
import pathlib
import signal
import struct
import subprocess
import urllib.error
import urllib.request
import wave

import pytest
from conftest import BINARY, ROOT

PEER = pathlib.Path(os.environ.get("CALLFUNNEL_PEERS", pathlib.Path(BINARY).parent)).resolve() / "vendor_peer"
BOOK = ROOT / "rulebooks" / "appointment-reminder.yaml"
DROPPED = json.loads((ROOT / "tests/vectors/sandbox/dropped_headers.json").read_text())


class Sandbox:
    """Sandbox("--rulebook", BOOK): runs until the block is left, and must then end by itself."""

    def __init__(self, *args):
        self.args = args

    def __enter__(self):
        self.process = subprocess.Popen([BINARY, "sandbox", "--port", "0", "--json", *map(str, self.args)], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, self.process.wait(10)
        self.told = json.loads(line)
        self.page, self.urls, self.ca = self.told["page"], self.told["vendors"], self.told["ca_file"]
        return self

    def __exit__(self, *failure):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert failure[0] is not None or status == 0, status

    def ask(self, method, path, body=None):
        """Status and answer of the sandbox's own API."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.page + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def requests(self, vendor):
        return json.loads(self.ask("GET", f"/requests?vendor={vendor}")[1])["requests"]

    def streams(self, vendor):
        """{"open", "most"} of its recogniser's streams."""
        return json.loads(self.ask("GET", "/streams")[1])[vendor]

    def faults(self, *faults):
        status, said = self.ask("POST", "/faults", {"faults": list(faults)})
        assert status == 200, said

    def script(self, **answers):
        status, said = self.ask("POST", "/script", answers)
        assert status == 204, said

    def forget(self):
        for path in ("/requests", "/faults", "/script", "/streams"):
            assert self.ask("DELETE", path)[0] == 204

    def adapter(self, vendor, *args, stdin=b"", kind=None):
        """Our adapter asks once: the events it told."""
        if not PEER.is_file():
            pytest.skip(f"{PEER.name} is not built: ninja peers")
        done = subprocess.run([PEER, kind or vendor, self.urls[vendor], self.ca or "-", *args], input=stdin, capture_output=True, timeout=90, check=False)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


def canonical(vendor, request):
    """What counts of a request: all but its number and the headers of the committed list. A key counts by being there, once."""
    dropped = {*DROPPED["all"], *DROPPED[vendor], *(() if request["body"] is not None else DROPPED["without_body"])}
    headers = {name: value for name, value in request["headers"].items() if name not in dropped}
    keys = [name for name in ("authorization", "x-api-key", "api-subscription-key") if name in request["headers"]]
    assert len(keys) == 1, keys
    # How sound is cut is each client's own: its pieces' number counts for nothing.
    messages = [one if "bytes" not in one else {name: name == "bytes" and value for name, value in one.items()} for one in request["messages"]]
    return {"method": request["method"], "path": request["path"], "query": {name: number(value) for name, value in request["query"].items()},
            "headers": headers, "body": request["body"], "messages": messages}


def number(text):
    """0.70 is 0.7."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return text


def unknown(value, path="$"):
    """Where an SDK's typed answer has a member that its type does not know."""
    fields = getattr(type(value), "model_fields", None)
    if fields is not None:
        for name in value.model_extra or {}:
            yield f"{path}.{name}"
        for name in fields:
            yield from unknown(getattr(value, name, None), f"{path}.{name}")
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from unknown(one, f"{path}.{name}")
    elif isinstance(value, (list, tuple)):
        for index, one in enumerate(value):
            yield from unknown(one, f"{path}[{index}]")


def typed(value):
    """The answer, which must be of a type of the SDK's, with all that this type demands and nothing that it does not know."""
    assert hasattr(type(value), "model_fields"), value
    assert list(unknown(value)) == []
    type(value).model_validate(value.model_dump(mode="json", exclude_unset=True, by_alias=True, warnings=False))
    return value


# ---- sound ----

RATE_HZ = 8000


def ulaw(sample):
    """G.711, one sample of 16 bits."""
    sign, size = (0x80, min(-sample, 32635)) if sample < 0 else (0, min(sample, 32635))
    size += 132
    exponent = max(size.bit_length() - 8, 0)
    return ~(sign | exponent << 4 | (size >> (exponent + 3)) & 15) & 0xFF


def spoken(run, tmp_path, text, quiet_ms=1200):
    """Samples of a text in the offline voice, with silence around it."""
    path = tmp_path / "spoken.wav"
    assert run("say", text, "-o", path).status == 0
    with wave.open(str(path)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (RATE_HZ, 1, 2)
        samples = struct.unpack(f"<{sound.getnframes()}h", sound.readframes(sound.getnframes()))
    quiet = (0,) * (RATE_HZ * quiet_ms // 1000)
    return quiet[:RATE_HZ // 5] + samples + quiet


def as_ulaw(samples):
    return bytes(map(ulaw, samples))


def as_linear(samples):
    return struct.pack(f"<{len(samples)}h", *samples)
