"""`callfunnel serve`: its processes, its ready line, who may ask what, and what becomes of it all when something dies."""
import http.client
import json
import os
import pathlib
import pwd
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from conftest import BINARY, ROOT
from house import House, is_alive, until


@pytest.fixture
def house(tmp_path, model):
    h = House(tmp_path, model)
    yield h
    h.close()


def pids(house):
    return {p["name"]: p["pid"] for p in house.ready["processes"]}


def url(house, name):
    return next(p["url"] for p in house.ready["processes"] if p["name"] == name)


def is_ready(house):
    return house.ask("GET", "/readyz", token=False).status == 200


# ---- being ready ----


def test_the_first_and_the_second_start(house):
    """One line says all; at that moment everything answers, and a second start is quick (figures come from the bench: here are ceilings)."""
    began = time.monotonic()
    ready = house.start()
    first = time.monotonic() - began
    assert ready["ready"] is True and [p["name"] for p in ready["processes"]] == ["conductor", "w1"]
    assert ready["processes"][0]["url"] == ready["url"] and ready["sign_in"].startswith(ready["url"] + "/sign-in#")
    assert not any(p["adopted"] for p in ready["processes"])
    assert house.ask("GET", "/readyz", token=False).json() == {"ready": True, "checks": [
        {"name": name, "ok": True} for name in ("workers", "journals", "room", "stores")]}
    before = [ready["pid"], *pids(house).values()]
    assert os.geteuid() != 0 or house.memory_kb() <= 45 * 1024
    assert house.stop() == 0
    assert not any(is_alive(pid) for pid in before)
    assert house.serve.stdout.read() == b""  # the line was the only one
    began = time.monotonic()
    house.start()
    assert first < 15 and time.monotonic() - began < 3
    assert house.stop() == 0


def test_the_words_for_people(house, tmp_path):
    with subprocess.Popen(house.words("serve", "--listen", "127.0.0.1:0"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as serve:
        text = ""
        while "Ctrl-C" not in text and (line := serve.stdout.readline()):
            text += line
        serve.send_signal(signal.SIGINT)
        assert serve.wait(timeout=30) == 0
    assert re.match(r"callfunnel is ready: http://127\.0\.0\.1:\d+\n", text)
    assert re.search(r"sign in +http://127\.0\.0\.1:\d+/sign-in#[\w-]{43}\n", text) and "Ctrl-C" in text


def test_as_a_normal_user(tmp_path, model):
    if os.geteuid() != 0:
        pytest.skip("we are one already: every other test shows it")
    nobody = pwd.getpwnam("nobody")
    reach = subprocess.run(["test", "-x", BINARY, "-a", "-r", str(model)], user=nobody.pw_uid, check=False)
    if reach.returncode:
        pytest.skip("another user does not reach this build folder")
    folder = pathlib.Path(f"/tmp/callfunnel-nobody-{os.getpid()}")
    folder.mkdir(mode=0o700)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    house = House(folder, model)
    try:
        house.serve = subprocess.Popen(house.words("serve", "--json", "--listen", "127.0.0.1:0"), stdout=subprocess.PIPE, stderr=house.log,
                                       user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
        house.ready = json.loads(house.serve.stdout.readline())
        assert house.ready["ready"], house.ready
        for pid in [house.ready["pid"], *pids(house).values()]:
            assert re.search(rf"^Uid:\s+{nobody.pw_uid}\s", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)
            assert os.stat(f"/proc/{pid}/mem").st_uid == 0  # its own user may not look into it either
        assert is_ready(house)
        assert house.stop() == 0
    finally:
        house.close()
        subprocess.run(["rm", "-rf", str(folder)], check=True)


# ---- who may ask what ----


def test_what_answers_without_a_token(house):
    house.start()
    answers = {path: house.ask(method, path, token=False).status for method, path in (
        ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/.well-known/jwks.json"), ("GET", "/"), ("GET", "/sign-in"), ("GET", "/metrics"), ("GET", "/v1/calls"),
        ("GET", "/v1/rulebooks"), ("POST", "/v1/calls/browser"), ("POST", "/v1/token/renew"), ("POST", "/v1/sign-in-links"), ("POST", "/internal/v1/workers"),
        ("POST", "/internal/v1/attach"), ("POST", "/internal/v1/journal"), ("GET", "/nothing"))}
    assert answers == {"/healthz": 200, "/readyz": 200, "/.well-known/jwks.json": 200, "/": 200, "/sign-in": 200, "/metrics": 401, "/v1/calls": 401,
                       "/v1/rulebooks": 401, "/v1/calls/browser": 401, "/v1/token/renew": 401, "/v1/sign-in-links": 401, "/internal/v1/workers": 401,
                       "/internal/v1/attach": 401, "/internal/v1/journal": 401, "/nothing": 404}
    worker = url(house, "w1")
    assert house.ask("GET", "/healthz", token=False, url=worker).status == 200
    assert house.ask("GET", "/readyz", token=False, url=worker).status == 200
    assert house.ask("GET", "/metrics", token=False, url=worker).status == 401
    assert house.ask("POST", "/internal/v1/calls/" + 32 * "0" + "/orders", {"order": "end"}, token=False, url=worker).status == 401


def test_signing_in(house):
    house.start()
    who = house.sign_in()
    assert list(who) == ["token", "expires_s", "name", "tenant", "roles"]
    assert (who["tenant"], who["roles"], who["expires_s"]) == ("local", ["admin", "reveal"], 900)
    assert house.ask("GET", "/v1/calls").json() == {"calls": [], "before": None}
    used = house.ask("POST", "/v1/sign-in", {"link": house.ready["sign_in"].partition("#")[2]}, token=False)
    assert used.status == 403 and "callfunnel sign-in" in used.json()["error"]["hint"]
    assert house.ask("POST", "/v1/sign-in", {"link": "x" * 43}, token=False).status == 403
    assert house.ask("POST", "/v1/sign-in", {"lnk": 1}, token=False).status == 400
    assert house.ask("POST", "/v1/sign-in", "no json", token=False).status == 400
    again = house.ask("POST", "/v1/token/renew").json()
    assert again["token"] != who["token"] and {**again, "token": 0} == {**who, "token": 0}
    assert house.ask("GET", "/v1/calls", token=again["token"]).status == 200
    assert house.ask("GET", "/v1/calls", token=again["token"][:-4] + "AAAA").status == 401


def test_links_for_others(house):
    """`sign-in` asks the running conductor; nobody gives away what is not theirs."""
    house.start()
    link = house.command("sign-in", "--role", "viewer", "--name", "maria").strip()
    assert link.startswith(house.ready["url"] + "/sign-in#")
    viewer = house.sign_in(link.partition("#")[2])
    assert (viewer["name"], viewer["roles"], viewer["tenant"]) == ("maria", ["viewer"], "local")
    assert house.ask("GET", "/v1/calls").status == 200
    assert house.ask("GET", "/metrics").status == 403
    assert house.ask("POST", "/v1/sign-in-links", {"name": "x", "roles": ["viewer"]}).status == 403
    admin = house.command("token", "--tenant", "local", "--role", "admin").strip()
    given = house.ask("POST", "/v1/sign-in-links", {"name": "x", "roles": ["operator"]}, token=admin)
    assert given.status == 200 and house.sign_in(given.json()["link"])["roles"] == ["operator"]
    for roles in (["reveal"], ["house"], ["service"], ["operator", "reveal"], [], ["nobody"], "viewer"):
        assert house.ask("POST", "/v1/sign-in-links", {"name": "x", "roles": roles}, token=admin).status == 400, roles
    assert house.ask("POST", "/v1/sign-in-links", {"name": "service-account-voice", "roles": ["viewer"]}, token=admin).status == 400


def test_a_person_is_no_service(house):
    """Neither does a person's token open the planes' side, nor the planes' side of another plane."""
    house.start()
    house.sign_in()
    for path in ("/internal/v1/workers", "/internal/v1/attach", "/internal/v1/journal?worker=w1"):
        assert house.ask("POST", path, {"worker": "w9", "url": "http://127.0.0.1:1", "calls": 0, "calls_max": 1}).status == 401
    assert house.ask("POST", "/internal/v1/calls/" + 32 * "0" + "/orders", {"order": "end"}, url=url(house, "w1")).status == 401


# ---- numbers ----


def samples(text):
    """Every sample of a Prometheus text, each behind its HELP and TYPE."""
    found, kinds = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in kinds and kind in ("counter", "gauge", "histogram")
            kinds[name] = kind
        elif not line.startswith("# HELP "):
            name, labels, value = re.fullmatch(r'([a-z_]+)(\{[a-z]+="[^"]*"\})? ([0-9.e+-]+)', line).groups()
            family = re.sub(r"_(bucket|sum|count)$", "", name)
            assert name in kinds or kinds.get(family) == "histogram", line
            assert name + (labels or "") not in found
            found[name + (labels or "")] = float(value)
    return found


def test_numbers(house):
    house.start()
    house.sign_in()
    house.ask("GET", "/nothing")
    at_conductor = house.ask("GET", "/metrics")
    assert at_conductor.status == 200 and at_conductor.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    numbers = samples(at_conductor.body.decode())
    assert numbers["callfunnel_workers"] == numbers["callfunnel_workers_open"] == 1 and numbers["callfunnel_workers_unwell"] == 0
    assert numbers['callfunnel_http_replies_total{status="404"}'] == 1
    assert 1e6 < numbers["process_proportional_memory_bytes"] <= numbers["process_resident_memory_bytes"] < 1e9
    assert abs(numbers["process_start_time_seconds"] - time.time()) < 60
    numbers = samples(house.ask("GET", "/metrics", url=url(house, "w1")).body.decode())
    assert numbers['callfunnel_journal_health{state="ok"}'] == 1 and numbers['callfunnel_journal_health{state="stopped"}'] == 0
    assert numbers["callfunnel_voice_calls"] == numbers['callfunnel_voice_turn_seconds_bucket{le="+Inf"}'] == 0
    assert numbers['callfunnel_voice_streams{vendor="deepgram"}'] == numbers['callfunnel_voice_hedges_total{role="llm"}'] == 0
    assert numbers["callfunnel_conductor_answers"] == 1
    assert house.ask("GET", "/metrics", token=house.command("token", "--role", "house").strip()).status == 200


def test_posts_that_need_no_body(house):
    """As curl -X POST sends them: without a length."""
    house.start()
    house.sign_in()

    def post(path):
        connection = http.client.HTTPConnection(house.ready["url"].removeprefix("http://"), timeout=20)
        connection.putrequest("POST", path)
        connection.putheader("Authorization", f"Bearer {house.token}")
        connection.endheaders()
        try:
            return connection.getresponse().status
        finally:
            connection.close()

    call = "0" * 32
    assert [post(f"/v1/calls/{call}/end"), post(f"/v1/calls/{call}/browser"), post("/v1/token/renew")] == [404, 404, 200]
    assert [post("/v1/calls/browser"), post("/v1/sign-in"), post("/v1/nothing")] == [411, 411, 411]


# ---- mistakes ----


def failed(house, *args):
    """A serve that ends by itself: its status, its error, and nothing of it is left."""
    done = subprocess.run(house.words("serve", "--json", *args), capture_output=True, timeout=60, check=False)
    document = json.loads(done.stdout)
    assert list(document) == ["error"], document
    return done.returncode, document["error"]


def nobody_runs(house):
    return all(house.pid(file.stem) is None for file in (house.data / "run").glob("*.json") if file.stem != "serve")


def test_two_of_them_on_one_folder(house):
    house.start()
    status, error = failed(house, "--listen", "127.0.0.1:0")
    assert status == 3 and error["code"] == "busy"
    assert str(house.ready["pid"]) in error["message"] and error["where"] == str(house.data) and error["hint"]
    assert is_ready(house)


def test_a_port_that_is_taken(house):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, error = failed(house, "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
        assert status == 3 and "in use" in error["message"] and "another program" in error["hint"]
        assert str(taken.getsockname()[1]) in error["where"]
    assert nobody_runs(house)


@pytest.mark.parametrize("listen", ["nowhere", "unix:/tmp/x.sock", "127.0.0.1:99999"])
def test_no_address(house, listen):
    status, error = failed(house, "--listen", listen)
    assert status == 2 and error["where"] == listen and "127.0.0.1:8080" in error["hint"]
    assert nobody_runs(house)


def test_workers_cannot_share_a_port(house):
    status, error = failed(house, "--listen", "127.0.0.1:0", "--set", "voice.workers=2", "--set", "voice.listen=127.0.0.1:18089")
    assert status == 2 and "voice.listen" in error["where"]
    assert nobody_runs(house)


def test_something_needed_is_not_there(house, tmp_path):
    """What a child says of its mistake is what serve says; the other children are gone too."""
    status, error = failed(house, "--listen", "127.0.0.1:0", "--set", f"vad.model_file={tmp_path / 'none.onnx'}")
    assert status == 3 and "none.onnx" in error["where"] + error["message"]
    assert nobody_runs(house)


def test_config_reaches_the_children(house, tmp_path):
    (tmp_path / "f.yaml").write_text("server: {tenant: acme}\nvoice: {workers: 2}\n")
    house.start("--config", tmp_path / "f.yaml", "--set", "voice.calls_max=7")
    assert house.sign_in()["tenant"] == "acme"
    assert sorted(pids(house)) == ["conductor", "w1", "w2"]


# ---- dying ----


def test_what_dies_comes_back(house):
    """Also when nobody asks for it: at the same address, as another process, and the others do not notice."""
    house.start("--set", "voice.workers=2")
    house.sign_in()
    before = pids(house)
    for name in ("w1", "conductor"):
        dead = house.kill(name)
        house.back(name, dead)
        until(lambda: is_ready(house), 10, "all is well again")
    assert house.pid("w2") == before["w2"] and house.serve.poll() is None
    assert house.ask("GET", "/v1/calls").status == 200  # the token of before is still good
    assert house.ask("GET", "/healthz", token=False, url=url(house, "w1")).status == 200
    lines = [line for line in house.errors().splitlines() if "a process ended" in line]
    assert len(lines) == 2 and 'by="signal 9"' in lines[0] and "name=w1" in lines[0] and "name=conductor" in lines[1]


def test_what_dies_again_and_again(house, tmp_path, model):
    """It is told why, it is tried ever more slowly, the rest goes on; and when the reason is gone it is back."""
    copy = tmp_path / "model.onnx"
    copy.write_bytes(model.read_bytes())
    house.start("--set", f"vad.model_file={copy}")
    copy.write_bytes(b"no model")
    house.kill("w1")

    def deaths():
        return [line for line in house.errors().splitlines() if "a process ended" in line and "name=w1" in line]

    until(lambda: len(deaths()) >= 4, 60, "it died four times")
    assert "model" in deaths()[2].partition("said=")[2]
    times = [float(line[17:26]) for line in deaths()]
    gaps = [(b - a) % 60 for a, b in zip(times, times[1:])]
    assert gaps[-1] > gaps[0]
    assert house.ask("GET", "/healthz", token=False).status == 200
    until(lambda: not is_ready(house), 20, "it is noticed")
    copy.write_bytes(model.read_bytes())
    until(lambda: house.pid("w1"), 60, "w1 is back")
    until(lambda: is_ready(house), 20, "all is well again")


def test_the_supervisor_dies(house):
    """Its children stay, and the next one takes them as they are; what dies from then on is its business."""
    house.start("--set", "voice.workers=2")
    before, address = pids(house), house.ready["url"]
    house.kill("serve")
    assert all(is_alive(pid) for pid in before.values()) and is_ready(house)
    house.start("--set", "voice.workers=2")
    assert pids(house) == before and all(p["adopted"] for p in house.ready["processes"]) and house.ready["url"] == address
    house.sign_in()
    for name in ("conductor", "w2"):
        dead = house.kill(name)
        house.back(name, dead)
    until(lambda: is_ready(house), 10, "all is well again")
    assert house.pid("w1") == before["w1"]
    assert house.stop() == 0
    assert not any(is_alive(pid) for pid in before.values()) and nobody_runs(house)


def test_the_supervisor_and_the_conductor_die(house):
    """Workers know the conductor by its address: the next one has it again, also when any port would do."""
    house.start()
    before, address = pids(house), house.ready["url"]
    house.kill("serve")
    house.kill("conductor")
    house.start()
    assert house.ready["url"] == address
    assert {p["name"]: p["adopted"] for p in house.ready["processes"]} == {"conductor": False, "w1": True}
    assert house.pid("w1") == before["w1"]
    until(lambda: is_ready(house), 20, "the worker of before was heard of")


def test_fewer_workers_than_before(house):
    house.start("--set", "voice.workers=2")
    before = pids(house)
    house.kill("serve")
    house.start()
    until(lambda: not is_alive(before["w2"]), 30, "the second worker is gone")
    assert house.pid("w1") == before["w1"]
    house.stop()


# ---- health ----


def test_ready_says_what_is_not(house):
    house.start()
    os.kill(house.pid("w1"), signal.SIGSTOP)
    try:
        bad = until(lambda: (a := house.ask("GET", "/readyz", token=False)).status == 503 and a.json(), 30, "the worker is missed")
        assert [c for c in bad["checks"] if not c["ok"]] == [{"name": "workers", "ok": False, "why": "no voice worker was heard of lately"}]
        assert house.ask("GET", "/healthz", token=False).status == 200
    finally:
        os.kill(house.pid("w1"), signal.SIGCONT)
    until(lambda: is_ready(house), 20, "it is heard of again")


def test_F07_ready_says_that_nothing_can_be_written(house):
    """F07: files that cannot grow stand for a full disk. Nobody calls meanwhile, and with room again it is ready by itself."""
    browser = {"rulebook": "appointment-reminder"}

    def files_may_have(size):
        for name in ("conductor", "w1"):
            pid = house.pid(name)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]))

    def failing(where):
        answer = house.ask("GET", "/readyz", token=False, url=where)
        return answer.status == 503 and [c["name"] for c in answer.json()["checks"] if not c["ok"]]

    house.start()
    house.sign_in()
    worker = url(house, "w1")
    files_may_have(0)
    assert until(lambda: failing(None), 10, "the conductor says so") == ["stores"]
    assert "disk" in until(lambda: failing(worker), 10, "the worker says so")
    refused = house.ask("POST", "/v1/calls/browser", browser)
    assert refused.status == 503 and refused.json()["error"]["code"] == "unavailable"
    files_may_have(resource.RLIM_INFINITY)
    until(lambda: is_ready(house) and not failing(worker), 20, "both are ready again")
    assert house.ask("POST", "/v1/calls/browser", browser).status == 200
    assert not list(house.data.glob("journal/w1/health*"))


NO_RESERVE = (32 << 20, 32 << 20)  # a limit on files: the journal's reserve is larger


def test_a_house_without_room_for_a_journal_does_not_begin(tmp_path, model):
    """It would be ready and take no call: it says what it lacks and ends, and nothing is left running; with less to keep it begins."""
    house = House(tmp_path, model)

    def serve(*args):
        return subprocess.Popen(house.words("serve", "--json", "--listen", "127.0.0.1:0", *args), stdout=subprocess.PIPE, stderr=house.log,
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, NO_RESERVE))

    try:
        house.serve = serve()
        out, _ = house.serve.communicate(timeout=60)
        error = json.loads(out)["error"]
        assert house.serve.returncode == 3 and error["code"] == "disk_full", out
        assert error["message"] == "the worker cannot start: no room for a journal: 80 MB are kept for what happens while the disk is full"
        assert error["where"] == str(house.data / "journal" / "w1") and "journal.reserve_mb is 64" in error["hint"] and "free some space" in error["hint"]
        assert not house.pid("conductor") and not house.pid("w1")
        house.serve = serve("--set", "journal.reserve_mb=16", "--set", "journal.segment_mb=16")
        house.ready = json.loads(house.serve.stdout.readline())
        until(lambda: is_ready(house), 20, "the worker was heard of")
    finally:
        house.close()


def test_a_worker_without_room_takes_no_call(tmp_path, model):
    """F06, F07: what cannot be written down to its end is not begun. A worker that comes back is there for the calls of before, also without room."""
    house = House(tmp_path, model)
    try:
        house.start()
        house.sign_in()
        until(lambda: is_ready(house), 20, "the worker was heard of")
        resource.prlimit(house.serve.pid, resource.RLIMIT_FSIZE, NO_RESERVE)
        for path in (house.data / "journal" / "w1").iterdir():
            path.unlink()
        house.back("w1", house.kill("w1"), 20)
        bad = until(lambda: (a := house.ask("GET", "/readyz", token=False)).status == 503 and a.json(), 20, "it says so")
        assert "journals" in [c["name"] for c in bad["checks"] if not c["ok"]]
        worker = house.ask("GET", "/readyz", token=False, url=url(house, "w1")).json()
        assert {"name": "journal", "ok": False, "why": "short"} in worker["checks"]
        answer = house.ask("POST", "/v1/calls/browser", {"rulebook": "appointment-reminder"})
        assert answer.status == 503 and answer.json()["error"]["code"] == "no_worker"
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        refused = house.ask("GET", "/media/twilio", headers=upgrade, token=False, url=url(house, "w1"))
        assert refused.status == 503 and refused.json()["error"]["code"] == "no_journal"
    finally:
        house.close()


# ---- doctor ----


def test_doctor_knows_the_house(house):
    """A port that the house itself has is fine; one that somebody else has is not."""

    def ports(*args):
        settings = [word for setting in house.settings for word in ("--set", setting)]
        done = subprocess.run([BINARY, "doctor", "--json", *settings, *args], capture_output=True, timeout=60, check=False)
        return done.returncode, next(c for c in json.loads(done.stdout)["checks"] if c["name"] == "ports")

    house.start()
    status, check = ports("--data", house.data, "--set", f"server.listen={house.ready['url'].removeprefix('http://')}")
    assert status == 0 and check["ok"] and house.ready["url"] in check["found"]
    house.stop()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, check = ports("--set", f"data.dir={house.data}", "--set", f"server.listen=127.0.0.1:{taken.getsockname()[1]}")
    assert status == 3 and not check["ok"] and "in use" in check["found"] and check["hint"]


def test_a_damaged_key_of_a_plane_is_said_with_what_to_do(house):
    """The hint holds: with the file moved away the next start makes another."""
    house.start()
    house.stop()
    key = house.data / "identity" / "service-voice.json"
    key.write_text("{}")
    done = subprocess.run(house.words("serve", "--json", "--listen", "127.0.0.1:0"), capture_output=True, timeout=60, check=False)
    error = json.loads(done.stdout)["error"]
    assert done.returncode == 3 and error["where"].endswith("service-voice.json") and "move the file away" in error["hint"]
    key.rename(house.data / "moved.json")
    assert house.start()["ready"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
def test_sign_in_as_another_user_says_that_permission_is_missing(house):
    house.start()
    with tempfile.TemporaryDirectory() as folder:  # where that user may look, wherever this lies
        os.chmod(folder, 0o755)
        program = shutil.copy(BINARY, folder)
        done = subprocess.run([program, *house.words("sign-in", "--json")[1:]], capture_output=True, timeout=60, check=False, user=65534, group=65534, extra_groups=[],
                              cwd="/")
    error = json.loads(done.stdout)["error"]
    assert done.returncode == 3 and error["code"] == "not_permitted" and "may not look" in error["message"] and "the user that" in error["hint"]


# ---- planes apart ----


def test_each_plane_by_itself(tmp_path, model):
    """Control, conductor and a worker as three commands: who they are they know by control's published keys."""
    house = House(tmp_path, model)
    running = []

    def plane(*words):
        process = subprocess.Popen(house.words(*words, "--json"), stdout=subprocess.PIPE, stderr=house.log)
        running.append(process)
        return json.loads(process.stdout.readline())

    try:
        refused = subprocess.run(house.words("conductor", "--json", "--listen", "127.0.0.1:0"), capture_output=True, timeout=30, check=False)
        assert refused.returncode == 2 and json.loads(refused.stdout)["error"]["where"] == "control.url"
        control = plane("control", "--listen", "127.0.0.1:0")
        apart = ["--set", f"control.url={control['url']}"]
        conductor = plane("conductor", "--listen", "127.0.0.1:0", *apart)
        worker = plane("voice", "--name", "v7", "--conductor", conductor["url"], *apart)
        assert [p["plane"] for p in (control, conductor, worker)] == ["control", "conductor", "voice"] and "link" not in conductor
        house.ready = {"url": conductor["url"]}
        house.command("tenant", "add", "acme")
        house.token = house.command("token", "--tenant", "acme", "--role", "admin").strip()
        until(lambda: is_ready(house), 20, "the worker was heard of")
        assert house.ask("GET", "/v1/calls").status == 200
        assert house.ask("POST", "/v1/sign-in", {"link": "x"}, token=False).status == 403
        link = house.ask("POST", "/v1/sign-in-links", {"name": "x", "roles": ["operator"]}, url=control["url"]).json()["link"]
        signed_in = house.ask("POST", "/v1/sign-in", {"link": link}, token=False, url=control["url"]).json()
        made = house.ask("POST", "/v1/calls/browser", {"rulebook": "appointment-reminder"}, token=signed_in["token"])
        assert made.status == 200 and made.json()["url"].startswith(worker["url"].replace("http", "ws"))
        # People know the conductor's address alone: what is control's goes there and back.
        assert house.ask("POST", "/v1/sign-in-links", {"name": "x", "roles": ["operator"]}, token=signed_in["token"]).status == 403
        assert house.ask("POST", "/v1/token/renew", {}, token=False).status == 401
        round_trip = house.ask("POST", "/v1/sign-in", {"link": control["link"]}, token=False, headers={"X-Callfunnel-Passed": "1"})
        assert round_trip.status == 503, "it is passed on once"
        operator = house.sign_in(control["link"])
        assert operator["tenant"] == "local" and sorted(operator["roles"]) == ["admin", "reveal"]
        assert house.ask("POST", "/v1/sign-in", {"link": control["link"]}, token=False).status == 403, "it works once"
        assert house.ask("POST", "/v1/token/renew", {}).json()["tenant"] == "local"
        assert house.sign_in(house.command("sign-in", "--tenant", "acme").strip().partition("#")[2])["tenant"] == "acme"
        again = subprocess.run(house.words("voice", "--name", "v7", "--json", *apart), capture_output=True, timeout=30, check=False)
        assert again.returncode == 3 and str(worker["pid"]) in json.loads(again.stdout)["error"]["message"]
        running[0].terminate()
        assert running[0].wait(timeout=30) == 0
        away = house.ask("POST", "/v1/sign-in", {"link": "x"}, token=False)
        assert away.status == 503 and away.json()["error"]["message"] == "Control does not answer."
        assert house.ask("GET", "/v1/calls").status == 200, "who is signed in stays so"
    finally:
        for process in reversed(running):
            process.terminate()
        assert [process.wait(timeout=30) for process in running] == [0] * len(running)


@pytest.mark.parametrize("settings, page", [([], "http://127.0.0.1:8080"), (["server.public_url=https://calls.example.com"], "https://calls.example.com")])
def test_control_says_where_its_link_is_opened(tmp_path, model, settings, page):
    house = House(tmp_path, model, *settings)
    control = subprocess.Popen(house.words("control", "--listen", "127.0.0.1:0"), stdout=subprocess.PIPE, stderr=house.log)
    try:
        assert control.stdout.readline().startswith(b"control: http://127.0.0.1:")
        assert re.fullmatch(f"sign in: {re.escape(page)}/sign-in#[A-Za-z0-9_-]{{43}}", control.stdout.readline().decode().strip())
    finally:
        control.terminate()
        assert control.wait(timeout=30) == 0
        house.close()
