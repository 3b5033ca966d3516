"""The command line itself, settings, doctor and parse."""
import pathlib
import subprocess

import pytest

from conftest import BINARY, ROOT

CORPUS = ROOT / "tests" / "fuzz" / "corpus"


def settings(run, *args):
    done = run("config", "--json", *args)
    assert done.status == 0, done.out
    return {one["name"]: one for one in done.json()["settings"]}


# ---- the program ----

def test_version(run):
    done = run("--version")
    assert done.status == 0
    assert done.out.startswith("callfunnel ")
    assert run("--version", "--json").json()["version"] == done.out.split()[1]


def test_help_lists_every_command_and_each_has_help(run):
    done = run("--help")
    assert done.status == 0
    commands = run("--help", "--json").json()["commands"]
    assert {"config", "doctor", "parse"} <= {c["name"] for c in commands}
    for command in commands:
        assert f"  {command['name']} " in done.out
        assert command["help"].endswith(".")
        one = run(command["name"], "--help")
        assert one.status == 0, command["name"]
        assert command["help"] in one.out and "--json" in one.out and "--set K=V" in one.out
        flags = run(command["name"], "--help", "--json").json()["flags"]
        assert all(f["help"] for f in flags)


def test_no_command_is_wrong_usage(run):
    done = run()
    assert done.status == 2 and done.out == "" and "usage:" in done.err
    assert run("--json").error()["code"] == "wrong_usage"


def test_unknown_command_is_answered_with_the_nearest(run):
    done = run("confgi")
    assert done.status == 2 and done.out == ""
    assert "no such command: confgi" in done.err and "callfunnel config" in done.err
    assert "did you mean" not in run("xylophone").err
    assert run("confgi", "--json").error()["hint"] == "did you mean `callfunnel config`?"


def test_flag_before_the_command(run):
    done = run("--set", "a=b", "config")
    assert done.status == 2 and "write the command first" in done.err


def test_output_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([BINARY, "config"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 3 and b"No space left" in done.stderr


@pytest.mark.parametrize("args, message, hint", [
    (["--jsno"], "no such flag: --jsno", "did you mean --json?"),
    (["--docs=1"], "--docs takes no value", "give it alone"),
    (["--set"], "--set needs a value: K=V", "write --set=VALUE when it begins with --"),
    (["-x"], "no such flag: -x", "`callfunnel config --help` lists the flags"),
    (["word"], 'found "word"', "it takes flags only"),
    (["--"] + ["--docs"], 'found "--docs"', "it takes flags only"),
])
def test_wrong_flags(run, args, message, hint):
    done = run("config", "--json", *args)
    assert done.status == 2
    assert done.error()["message"] == message and done.error()["hint"] == hint and done.error()["where"] == "config"
    people = run("config", *args)
    assert people.status == 2 and people.out == "" and message in people.err


def test_error_is_json_even_when_the_flag_stands_behind_the_mistake(run):
    assert run("config", "--bad", "--json").error()["code"] == "wrong_usage"


# ---- settings ----

def test_every_setting_has_value_origin_default_unit_meaning(run):
    for name, one in settings(run).items():
        assert "." in name
        assert set(one) >= {"type", "value", "origin", "default", "unit", "help", "secret"}
        assert one["origin"] == "default" and one["value"] == one["default"], name
        assert one["help"].endswith("."), name
        if one["type"] == "int":
            assert isinstance(one["value"], int) and one["min"] <= one["value"] <= one["max"], name
        if one["type"] == "choice":
            assert one["value"] in one["choices"], name
        if one["type"] == "bool":
            assert isinstance(one["value"], bool), name


def test_the_table_for_people_has_every_setting(run):
    out = run("config").out
    for name in settings(run):
        assert any(line.startswith(name + " ") for line in out.splitlines()), name


def test_file_and_set_and_where_they_came_from(run, tmp_path):
    (tmp_path / "f.yaml").write_text("turn:\n  silence_ms: 700\nlog.level: debug\ndata: {dir: \"a b\"}\n")
    found = settings(run, "--set", "turn.silence_ms=800", "--config", "f.yaml")
    assert (found["turn.silence_ms"]["value"], found["turn.silence_ms"]["origin"]) == (800, "--set")
    assert (found["log.level"]["value"], found["log.level"]["origin"]) == ("debug", "f.yaml:3")
    assert (found["data.dir"]["value"], found["data.dir"]["origin"]) == ("a b", "f.yaml:4")
    assert found["turn.silence_ms"]["default"] == 600
    assert "(f.yaml:3; default info)" in run("config", "--config", "f.yaml").out


def test_the_last_set_wins(run):
    assert settings(run, "--set", "log.level=warn", "--set=log.level=error")["log.level"]["value"] == "error"


@pytest.mark.parametrize("text, where, message, hint", [
    ("turn:\n  silence_ms: soon\n", "f.yaml:2:15", 'turn.silence_ms: found "soon"', "allowed: a whole number from 60 to 3000 ms"),
    ("turn:\n  silence_ms: 59\n", "f.yaml:2:15", 'turn.silence_ms: found "59"', "allowed: a whole number from 60 to 3000 ms"),
    ("turn:\n  silence: 600\n", "f.yaml:2:3", "turn.silence: no such setting", "did you mean turn.silence_ms?"),
    ("log:\n  level: loud\n", "f.yaml:2:10", 'log.level: found "loud"', "allowed: debug, info, warn, error"),
    ("log:\n\tlevel: info\n", "f.yaml:2:1", None, "indent with spaces"),
    ("log: {level: info}\nlog: {}\n", "f.yaml:2:1", 'the key "log" stands here twice, first in line 1', None),
])
def test_a_mistake_names_file_line_key_found_and_allowed(run, tmp_path, text, where, message, hint):
    (tmp_path / "f.yaml").write_text(text)
    done = run("config", "--json", "--config", "f.yaml")
    assert done.status == 2
    error = done.error()
    assert error["where"] == where
    assert message is None or error["message"] == message
    assert hint is None or hint in error["hint"]
    people = run("config", "--config", "f.yaml")
    assert people.status == 2 and people.out == ""
    assert where in people.err and error["message"] in people.err and error["hint"] in people.err


@pytest.mark.parametrize("text, sets, where, message", [
    ("vad:\n  on: 30000\n  off: 30001\n", (), "f.yaml:3", "vad.off: found 30001 (f.yaml:3), above vad.on: 30000 (f.yaml:2)"),
    ("turn.complete_ms: 1300\n", (), "f.yaml:1", "turn.complete_ms: found 1300 (f.yaml:1), above turn.open_ms: 1200 (default)"),
    ("turn.open_ms: 500\n", (), "f.yaml:1", "turn.silence_ms: found 600 (default), above turn.open_ms: 500 (f.yaml:1)"),
    ("turn.open_ms: 700\n", ("turn.silence_ms=701",), "--set", "turn.silence_ms: found 701 (--set), above turn.open_ms: 700 (f.yaml:1)"),
    ("{}\n", ("barge.yield_ms=700", "barge.hold_ms=701"), "--set", "barge.hold_ms: found 701 (--set), above barge.yield_ms: 700 (--set)"),
])
def test_settings_that_contradict_each_other_are_refused(run, tmp_path, text, sets, where, message):
    (tmp_path / "f.yaml").write_text(text)
    args = ["--config", "f.yaml", *[word for s in sets for word in ("--set", s)]]
    for command in (("config",), ("simulate", "--calls", 1)):
        done = run(*command, "--json", *args)
        assert done.status == 2
        error = done.error()
        assert error["where"] == where and error["message"] == message and error["code"] == "wrong_usage"
        low, high = message.split(":")[0], message.split("above ")[1].split(":")[0]
        assert error["hint"].startswith(f"allowed: {low} at most {high}; otherwise ")
    people = run("config", *args)
    assert people.status == 2 and people.out == "" and where in people.err and message in people.err


def test_a_contradiction_that_set_heals_is_none(run, tmp_path):
    (tmp_path / "f.yaml").write_text("turn.open_ms: 500\n")
    assert run("config", "--config", "f.yaml", "--set", "turn.silence_ms=500", "--set", "turn.complete_ms=500").status == 0


def test_orders_are_listed(run):
    orders = run("config", "--json").json()["orders"]
    assert {"vad.off": "vad.on", "barge.hold_ms": "barge.yield_ms"}.items() <= {o["low"]: o["high"] for o in orders}.items()
    assert all(o["why"] and {o["low"], o["high"]} <= set(settings(run)) for o in orders)


def test_a_settings_file_that_is_not_there(run):
    done = run("config", "--json", "--config", "none.yaml")
    assert done.status == 2
    assert done.error()["code"] == "not_found" and done.error()["where"] == "none.yaml"


def test_mistakes_do_not_steer_the_terminal(run, tmp_path):
    (tmp_path / "f.yaml").write_text('"\\e[2Jlog": 1\n')
    done = run("config", "--config", "f.yaml")
    assert done.status == 2 and "\x1b" not in done.err and "?[2Jlog" in done.err


def test_the_page_of_settings_is_up_to_date(run):
    page = (ROOT / "docs" / "configuration.md").read_text()
    assert run("config", "--docs").out == page, "run: callfunnel config --docs > docs/configuration.md"


# ---- doctor ----

def test_doctor_is_content_when_all_is_there(run, model, tmp_path):
    done = run("doctor", "--json", "--set", f"vad.model_file={model}", "--set", f"data.dir={tmp_path}/data", "--set", "server.listen=127.0.0.1:0",
               "--set", f"rulebooks.dir={ROOT / 'rulebooks'}")
    assert done.status == 0, done.out
    assert done.json()["ok"] and all(c["ok"] and c["hint"] is None for c in done.json()["checks"])
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"
    people = run("doctor", "--set", f"vad.model_file={model}", "--set", "server.listen=127.0.0.1:0", "--set", f"rulebooks.dir={ROOT / 'rulebooks'}")
    assert people.status == 0 and "MISSING" not in people.out


def doctor_check(run, name, *args):
    done = run("doctor", "--json", *args)
    assert done.status == 3 and not done.json()["ok"]
    return next(c for c in done.json()["checks"] if c["name"] == name)


def test_doctor_misses_the_model_and_says_how_to_get_it(run, tmp_path):
    check = doctor_check(run, "voice model", "--set", f"vad.model_file={tmp_path}/none.onnx")
    assert not check["ok"] and "./dev build" in check["hint"]


def test_doctor_does_not_take_any_file_for_the_model(run, tmp_path):
    (tmp_path / "wrong.onnx").write_bytes(b"x" * 1000)
    assert not doctor_check(run, "voice model", "--set", f"vad.model_file={tmp_path}/wrong.onnx")["ok"]


def test_doctor_misses_a_folder_it_can_write(run, tmp_path):
    (tmp_path / "file").write_text("no folder")
    check = doctor_check(run, "data folder", "--set", f"data.dir={tmp_path}/file/data")
    assert not check["ok"] and "data.dir" in check["hint"]
    assert not doctor_check(run, "data folder", "--set", "data.dir=/proc/none")["ok"]


def test_doctor_looks_at_the_folder_that_is_served(run, tmp_path):
    (tmp_path / "file").write_text("no folder")
    check = doctor_check(run, "data folder", "--data", f"{tmp_path}/file/data", "--set", f"data.dir={tmp_path}/other")
    assert not check["ok"] and f"{tmp_path}/file/data" in check["found"]
    empty = run("doctor", "--data", "")
    assert empty.status == 2 and "no name of a folder" in empty.err


@pytest.fixture
def folder(run, model, tmp_path):
    """folder(name of a check): that check of doctor on a data folder with a secret in it."""
    data = tmp_path / "data"
    assert run("tenant", "add", "local", "--data", data).status == 0
    made = run("secret", "set", "local", "carrier.token", "--data", data, stdin=b"abc")
    assert made.status == 0, made.err

    def look(name, *args):
        before = {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in data.rglob("*")}
        done = run("doctor", "--json", "--set", f"vad.model_file={model}", "--data", data, "--set", "server.listen=127.0.0.1:0",
                   "--set", f"rulebooks.dir={ROOT / 'rulebooks'}", *args)
        assert {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in data.rglob("*")} == before, "it changes nothing"
        bad = [c["name"] for c in done.json()["checks"] if not c["ok"]]
        assert done.status == (3 if bad else 0) and (not bad or bad == [name]), bad
        return next(c for c in done.json()["checks"] if c["name"] == name)

    look.data = data
    return look


def test_doctor_misses_the_master_key_of_what_is_sealed(folder):
    assert folder("secrets")["ok"]
    (folder.data / "secrets" / "master.key").unlink()
    check = folder("secrets")
    assert not check["ok"] and "missing" in check["found"] and "master.key" in check["found"] and "put it back" in check["hint"]


@pytest.mark.parametrize("noise", [bytes(range(1, 256)) * 40, b"SQLite format 3\0" + bytes(range(1, 256)) * 40],
                         ids=["noise", "noise behind the name"])
def test_doctor_knows_a_store_that_is_none(folder, noise):
    store = folder.data / "documents.db"
    assert folder("documents")["ok"]
    store.write_bytes(noise)
    check = folder("documents")
    assert not check["ok"] and "documents.db" in check["found"] and "restore it from a copy" in check["hint"]
    store.write_bytes(b"")
    assert folder("documents")["ok"], "an empty file becomes a store"


def test_doctor_reads_every_rulebook(folder, tmp_path):
    books = tmp_path / "books"
    books.mkdir()
    good = (ROOT / "rulebooks" / "appointment-reminder.yaml").read_text()
    (books / "appointment-reminder.yaml").write_text(good)
    assert folder("rule-books", "--set", f"rulebooks.dir={books}")["ok"]
    (books / "second.yaml").write_text("nonsense: 1\n")
    check = folder("rule-books", "--set", f"rulebooks.dir={books}")
    assert not check["ok"] and "second.yaml:1:" in check["found"] and "rulebook check" in check["hint"]


@pytest.mark.parametrize("name", ["service-voice.json", "service-conductor.json", "keys.json"])
def test_doctor_reads_the_keys(folder, name):
    assert folder("identity")["ok"], "none yet"
    (folder.data / "identity").mkdir(mode=0o700)
    (folder.data / "identity" / name).touch(mode=0o600)
    (folder.data / "identity" / name).write_text("{}")
    check = folder("identity")
    assert not check["ok"] and name in check["found"] and check["hint"]


def test_a_data_folder_that_everybody_may_write_to_is_refused(folder, run):
    folder.data.chmod(0o777)
    check = folder("folder rights")
    assert not check["ok"] and "everybody may write" in check["found"] and "0700" in check["hint"]
    for command in (["serve", "--listen", "127.0.0.1:0"], ["secret", "list", "local"]):
        done = run(*command, "--json", "--data", folder.data)
        assert done.status == 3 and "everybody may write" in done.error()["message"] and "0700" in done.error()["hint"]
    folder.data.chmod(0o1777)
    assert folder("folder rights")["ok"], "sticky, as /tmp"


# ---- closed standard files ----

@pytest.mark.parametrize("closed, words, status", [
    ("<&-", ["secret", "set", "local", "a.b", "--data", "d"], {1, 2, 3}),
    ("<&-", ["tenant", "list", "--data", "d"], {0}),
    ("2>&-", ["tenant", "list", "--data", "d"], {0}),
    ("<&- >&- 2>&-", ["tenant", "list", "--data", "d"], {0}),
    ("<&- >&- 2>&-", ["tenant", "add", "other", "--data", "d"], {3}),
    (">&-", ["--version"], {3}),
])
def test_closed_standard_files_are_no_accident(tmp_path, closed, words, status):
    """Nothing that is opened may get the number 0, 1 or 2; what is lost with standard output stays a failure."""
    done = subprocess.run(["sh", "-c", f'exec "$0" "$@" {closed}', BINARY, *words], cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert done.returncode in status, done.stderr


# ---- parse ----

@pytest.mark.parametrize("kind, file, status", [
    ("config", "config/good.yaml", 0), ("config", "config/anchor.yaml", 1), ("config", "config/empty", 0),
    ("wire", "wire/example", 0), ("wire", "wire/cut_number", 1), ("wav", "wire/example", 1), ("onnx", "wire/example", 1),
    ("tracks", "wire/example", 1), ("journal", "wire/example", 1), ("snapshot", "wire/example", 1),
])
def test_parse(run, kind, file, status):
    done = run("parse", kind, CORPUS / file, "--json")
    assert done.status == status, done.out
    if status:
        assert done.error()["message"] and done.error()["where"]
    else:
        assert done.json() == {"kind": kind, "file": str(CORPUS / file), "bytes": (CORPUS / file).stat().st_size}


def test_parse_takes_the_model(run, model):
    assert run("parse", "onnx", model).status == 0


def test_parse_usage(run, tmp_path):
    assert run("parse", "config").status == 2
    done = run("parse", "cofnig", "x", "--json")
    assert done.status == 2 and " config " in done.error()["hint"]
    done = run("parse", "config", "none.yaml", "--json")
    assert done.status == 3 and done.error()["code"] == "not_found"
    assert run("parse", "config", tmp_path).status == 3
    assert pathlib.Path(tmp_path).is_dir()


@pytest.mark.parametrize("setting, value, allowed", [
    ("server.listen", "nonsense", "an address to listen on"), ("voice.listen", "foo", "an address to listen on"),
    ("identity.keys_url", "ftp://x", "a URL"), ("services.records", "nonsense", "a URL"), ("services.tables", "http://", "a URL"),
])
def test_addresses_are_judged_where_they_stand(run, tmp_path, setting, value, allowed):
    top, name = setting.split(".")
    (tmp_path / "c.yaml").write_text(f"{top}:\n  {name}: {value}\n")
    done = run("config", "--config", "c.yaml")
    assert done.status == 2, done.out
    assert "c.yaml:2" in done.err and setting in done.err and value in done.err and allowed in done.err


@pytest.mark.parametrize("value", ["services.tables=https://tables.example/{tenant}/v1", "server.listen=[::1]:8080", "server.listen=unix:/tmp/x", "identity.keys_url="])
def test_addresses_that_are_fine(run, value):
    assert run("config", "--set", value).status == 0
