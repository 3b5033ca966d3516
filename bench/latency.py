"""From the end of the caller's speech to the agent's first sound: whole calls over real sockets, with vendors that take a fixed time.

usage: python3 bench/latency.py [--calls N] [--turns N]     (the program: CALLFUNNEL_BIN or build/release/callfunnel)

`callfunnel sandbox` plays carrier and vendors: a recogniser whose final comes 150 ms behind the last sample of speech, a model whose first word comes after
250 ms and each further one 5 ms later (its first clause has ten), a voice that sounds after 90 ms; the vendors over TLS. N calls at a time (50) answer yes to
each question; the greeting's is not counted, as the core does not take it for one of yes or no. The callers are made by `callfunnel say`. Once with preemptive
generation and once without, all other settings equal. Times are the parts that each call's journal notes of each turn, up to where the first frame is given to
the carrier; first_played is what the carrier's first mark adds. The last line is JSON. Ends with status 1 over the goal: median 520 ms with, 600 ms without, p95
within 40 ms of the goal. How late a sleep of this program wakes says how busy the machine is.
"""
import argparse
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("CALLFUNNEL_BIN", str(ROOT / "build" / "release" / "callfunnel"))
MODEL = pathlib.Path(os.environ.get("CALLFUNNEL_MODELS", str(ROOT / "build" / "models"))) / "silero_vad.onnx"
PUBLIC, NUMBER, TOKEN = "https://calls.example.com", "+15550100", "sandbox-auth-token"
ENDPOINT_MS, FINAL_MS = 100, 150  # the recogniser knows the end after so much silence, and tells it then
VENDORS = ["--stt-ms", FINAL_MS - ENDPOINT_MS, "--llm-ms", 250, "--word-ms", 5, "--tts-ms", 90]
SETTINGS = [f"providers.deepgram.endpointing_ms={ENDPOINT_MS}", "calls.samples=true"]
ANSWER = "Well then I have written that down for you today, is that right?"
GOALS = {"with": 520, "without": 600}
SPREAD_MS, YES_NO_MS = 40, 300
PARTS = ["end_of_turn", "transcript", "first_token", "first_text", "first_byte", "first_sent", "first_played"]


def ask(url, method, path, body=None, token=None):
    """The JSON of an answer that must be good."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    reply = connection.getresponse()
    data = reply.read()
    connection.close()
    if reply.status >= 300:
        sys.exit(f"bench latency: {method} {path}: {reply.status} {data.decode()}")
    return [json.loads(line) for line in data.splitlines()] if path.endswith("/events") else json.loads(data or b"null")


@contextlib.contextmanager
def program(*words):
    """A command of ours that says one line of JSON and runs until it is told to stop."""
    process = subprocess.Popen([BINARY, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        line = process.stdout.readline()
        if not line:
            sys.exit(f"bench latency: {words[0]} does not start")
        yield json.loads(line)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


class Noise(threading.Thread):
    """How late sleeps of 10 ms wake."""

    def __init__(self):
        super().__init__(daemon=True)
        self.late, self.stops = [], False
        self.start()

    def run(self):
        while not self.stops:
            due = time.monotonic() + 0.01
            time.sleep(0.01)
            self.late.append((time.monotonic() - due) * 1000)


def run(folder, calls, turns, preempt):
    """Every turn's latency: its parts and why the turn ended."""
    settings = [f"vad.model_file={MODEL}", f"rulebooks.dir={ROOT / 'rulebooks'}", f"server.public_url={PUBLIC}", f"turn.preempt={str(preempt).lower()}", *SETTINGS]
    data, config = folder / "data", folder / "sandbox.yaml"
    words = ["--data", data, "--config", config, *(word for one in settings for word in ("--set", one))]
    script = [{"silence_ms": 600, "play": str(folder / "yes.wav")}] * turns + [{"silence_ms": 600, "hang_up": True}]
    with program("sandbox", "--port", "0", "--json", "--tones", "--tls", folder / "tls", *VENDORS) as sandbox:
        page = http.client.HTTPConnection(sandbox["page"].removeprefix("http://"), timeout=20)
        page.request("GET", "/settings")
        config.write_bytes(page.getresponse().read())
        ask(sandbox["page"], "POST", "/script?stay=true", {"deepgram": ["yes"], "anthropic": [ANSWER]})
        with program("serve", "--json", "--listen", "127.0.0.1:0", *words) as house:
            for command in (["route", "add", NUMBER, "local", "appointment-reminder"], ["secret", "set", "local", "twilio.auth_token"],
                            *(["secret", "set", "local", f"{name}.api_key"] for name in ("deepgram", "anthropic", "cartesia"))):
                subprocess.run([BINARY, *command, *map(str, words)], input=TOKEN.encode(), capture_output=True, check=True)
            token = ask(house["url"], "POST", "/v1/sign-in", {"link": house["sign_in"].partition("#")[2]})["token"]
            for _ in range(calls):
                ask(sandbox["page"], "POST", "/twilio/calls", {"url": PUBLIC + "/webhooks/twilio/voice", "via": house["url"], "to": NUMBER, "script": script})
                time.sleep(0.1)  # not all of them speak at once
            wait(sandbox["page"], 60 + 10 * turns)
            return [turn for call in listed(house["url"], token) for turn in turns_of(ask(house["url"], "GET", f"/v1/calls/{call}/events", token=token))]


def listed(url, token):
    """The names of all calls, page by page."""
    names, before = [], ""
    while before is not None:
        page = ask(url, "GET", "/v1/calls?limit=50" + (f"&before={before}" if before else ""), token=token)
        names += [call["call"] for call in page["calls"]]
        before = page["before"]
    return names


def wait(page, seconds):
    """Until no call is on."""
    end = time.monotonic() + seconds
    while any(call["status"] in ("ringing", "in-progress") for call in ask(page, "GET", "/twilio/calls")["calls"]):
        if time.monotonic() > end:
            sys.exit("bench latency: the calls do not end")
        time.sleep(0.5)
    time.sleep(1)  # the last of it reaches the conductor


def turns_of(events):
    whys = {line["turn"]: line.get("why") for line in events if line["type"] == "note" and line.get("code") == "turn"}
    return [{**line["parts_ms"], "why": whys.get(line["turn"])} for line in events if line["type"] == "turn" and line["turn"] > 1]


def share(values, percent):
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def figures(turns):
    heard = [sum(turn[part] for part in PARTS[:-1]) for turn in turns]
    ends = [turn["end_of_turn"] for turn in turns if turn["why"] == "complete"]
    if os.environ.get("CALLFUNNEL_BENCH_DUMP"):
        json.dump(turns, open(os.environ["CALLFUNNEL_BENCH_DUMP"], "w"))
    return {"turns": len(turns), "median_ms": round(statistics.median(heard)), "p95_ms": round(share(heard, 95)), "most_ms": round(max(heard)),
            "yes_no_end_ms": round(statistics.median(ends)) if ends else None, "yes_no": len(ends),
            "parts_ms": {part: round(statistics.median(turn[part] for turn in turns), 1) for part in PARTS}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--turns", type=int, default=6)
    options = parser.parse_args()
    noise, found = Noise(), {}
    for name in GOALS:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="callfunnel-bench-"))
        try:
            subprocess.run([BINARY, "say", "yes", "-o", folder / "yes.wav"], check=True, capture_output=True)
            found[name] = figures(run(folder, options.calls, options.turns, name == "with"))
        finally:
            shutil.rmtree(folder)
    noise.stops = True
    over = []
    print(f"{'':10} {'turns':>6} {'median':>7} {'p95':>6} {'most':>6} {'yes/no':>7}   parts: " + ", ".join(PARTS))
    for name, f in found.items():
        print(f"{name:10} {f['turns']:6} {f['median_ms']:7} {f['p95_ms']:6} {f['most_ms']:6} {f['yes_no_end_ms'] or '-':>7}          " +
              ", ".join(str(value) for value in f["parts_ms"].values()))
        over += [f"{name}: median"] * (f["median_ms"] > GOALS[name]) + [f"{name}: p95"] * (f["p95_ms"] > GOALS[name] + SPREAD_MS)
        over += [f"{name}: yes or no"] * (f["yes_no_end_ms"] is None or f["yes_no_end_ms"] > YES_NO_MS)
    late = {"median_ms": round(statistics.median(noise.late), 2), "p95_ms": round(share(noise.late, 95), 1), "most_ms": round(max(noise.late))}
    print(f"a sleep of this program woke late by {late['median_ms']} ms (median), {late['p95_ms']} (p95), {late['most_ms']} (most)")
    print(json.dumps({"bench": "latency", "calls": options.calls, "load": os.getloadavg()[0], "cores": os.cpu_count(), "late": late, **found, "over": over}))
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main()
