"""`callfunnel rulebook` from outside, the shipped books, and the published schema."""
import copy
import hashlib
import json
import pathlib
import re

import jsonschema
import pytest
import yaml

from conftest import ROOT

BOOKS = sorted((ROOT / "rulebooks").glob("*.yaml"))
SCHEMA = json.loads((ROOT / "rulebooks" / "rulebook.schema.json").read_text())
CHECKER = jsonschema.Draft202012Validator(SCHEMA)


def book(name):
    return yaml.safe_load((ROOT / "rulebooks" / f"{name}.yaml").read_text())


def check(run, tmp_path, document):
    """The program's judgement of a document."""
    path = tmp_path / "book.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False))
    return run("rulebook", "check", path, "--json")


def shown(run, name, part, *args):
    done = run("rulebook", "show", ROOT / "rulebooks" / f"{name}.yaml", f"--{part}", *args)
    assert done.status == 0, done.err
    return done


def languages(path):
    return list(yaml.safe_load(path.read_text())["languages"])


# ---- the shipped books ----

def test_three_books_are_shipped_and_one_speaks_hindi():
    assert [p.stem for p in BOOKS] == ["appointment-reminder", "lead-callback", "payment-reminder"]
    assert languages(BOOKS[2]) == ["en-IN", "hi-IN"]


@pytest.mark.parametrize("path", BOOKS, ids=lambda p: p.stem)
def test_a_shipped_book_is_fine(run, path):
    done = run("rulebook", "check", path, "--json")
    assert done.status == 0, done.out
    answer = done.json()
    assert answer["fine"] is True and answer["id"] == path.stem and answer["languages"] == languages(path)
    assert answer["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert answer["steps"] == len(book(path.stem)["flow"]) and answer["warnings"] == []
    people = run("rulebook", "check", path)
    assert people.status == 0 and answer["sha256"] in people.out and f"{path.stem}@{answer['version']}" in people.out


def test_a_voice_that_is_not_here_is_told(run, tmp_path):
    """It may be a vendor's, so the book is fine."""
    document = book("payment-reminder")
    document["languages"]["en-IN"]["voice"] = "nosuchvoice"
    document["languages"]["hi-IN"]["voice"] = "slt"
    done = check(run, tmp_path, document)
    warnings = done.json()["warnings"]
    assert done.status == 0 and [(w["path"], w["found"], w["allowed"]) for w in warnings] == [
        ("languages.en-IN.voice", "nosuchvoice", "slt"), ("languages.hi-IN.voice", "slt", "hi")]
    people = run("rulebook", "check", tmp_path / "book.yaml")
    assert people.status == 0 and people.out.count("warning: ") == 2
    assert 'languages.en-IN.voice: no voice of this machine is called "nosuchvoice"' in people.out and "speak with slt" in people.out
    document["languages"]["hi-IN"]["voice"] = "hi-IN"
    del document["languages"]["en-IN"]["voice"]
    assert check(run, tmp_path, document).json()["warnings"] == []


@pytest.mark.parametrize("path", BOOKS, ids=lambda p: p.stem)
def test_a_shipped_book_fits_the_schema(path):
    assert [e.message for e in CHECKER.iter_errors(book(path.stem))] == []


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", BOOKS, ids=lambda p: p.stem)
def test_numbers_in_a_shipped_book_are_fictional(path):
    for found in re.findall(r"\+?\d[\d ]{7,}\d", path.read_text()):
        assert found.startswith(("+1 555 01", "+91 00000")), found


# ---- the flow: every book from hello to every outcome that it can settle ----

def walk(flow):
    """Every step that some answers lead to, by taking every way out of each."""
    steps = {s["name"]: s for s in flow["steps"]}
    seen, todo = set(), [flow["opening"]["step"]] + [a["go"] for a in flow["anytime"]] + [flow["voicemail"]["go"]]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        step = steps[name]
        todo += [w["go"] for w in step.get("next", [])] + [step[k] for k in ("unclear", "failed") if k in step]
    return {name: steps[name] for name in seen}


@pytest.mark.parametrize("name, language", [(p.stem, l) for p in BOOKS for l in languages(p)])
def test_the_flow_leads_from_hello_to_every_disposition(run, name, language):
    flow = shown(run, name, "flow", "--language", language).json()
    assert flow["format"] == 1 and flow["language"] == language and flow["opening"]["asked"]
    reached = walk(flow)
    assert {s["name"] for s in flow["steps"]} - set(reached) <= {"hello"}, "only the opening is said before the walk begins"
    ended = {s["outcome"] for s in reached.values() if s["kind"] == "goodbye"}
    source = book(name)
    unfinished = {r["outcome"] for r in source["unfinished"]}
    assert ended | unfinished == set(source["outcomes"])
    for step in reached.values():
        if step["kind"] != "goodbye":
            assert step["next"] and "when" not in step["next"][-1] and all("when" in w for w in step["next"][:-1])


@pytest.mark.parametrize("language, letters", [("en-IN", "[A-Za-z]"), ("hi-IN", "[\u0900-\u097f]")])
def test_every_text_is_in_its_language(run, language, letters):
    flow = shown(run, "payment-reminder", "flow", "--language", language).json()
    for step in flow["steps"]:
        for key in ("text", "again", "confirm"):
            said = "".join(p for p in step.get(key) or [] if isinstance(p, str))
            assert not said or re.search(letters, said), (step["name"], key)


def refs(value):
    if isinstance(value, dict):
        if "ref" in value:
            yield value["ref"]
        for inner in value.values():
            yield from refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from refs(inner)


@pytest.mark.parametrize("path", BOOKS, ids=lambda p: p.stem)
def test_what_the_flow_refers_to_is_in_it(run, path):
    flow = shown(run, path.stem, "flow").json()
    known = {s["name"] for s in flow["steps"] if s["kind"] == "ask"}
    known |= {f"{s['name']}.{f['name']}" for s in flow["steps"] if s["kind"] == "tool" for f in s["fields"]}
    found = set(refs(flow["steps"]))
    assert found and found <= known


@pytest.mark.parametrize("path", BOOKS, ids=lambda p: p.stem)
def test_tool_steps_fit_the_tools_schemas(run, path):
    flow = shown(run, path.stem, "flow").json()
    tools = {t["name"]: t for t in shown(run, path.stem, "tools").json()}
    assert tools["end_call"]["input_schema"]["properties"]["outcome"]["enum"] == list(book(path.stem)["outcomes"])
    samples = {"date": "2026-11-30", "time": "10:30", "digits": "4021", "text": "words", "choice": None, "yes_no": "yes"}
    for step in (s for s in flow["steps"] if s["kind"] == "tool"):
        schema = tools[step["tool"]]["input_schema"]
        jsonschema.Draft202012Validator.check_schema(schema)
        arguments = {}
        for key, value in step["arguments"].items():
            if isinstance(value, dict):
                value = {"number": 1500, "integer": 3, "boolean": True, "string": samples.get(value["kind"])}[value["as"]]
                value = value if value is not None else schema["properties"][key]["enum"][0]
            arguments[key] = value
        jsonschema.validate(arguments, schema)


def test_a_promise_says_whether_it_is_a_part(run):
    steps = {s["name"]: s for s in shown(run, "payment-reminder", "flow").json()["steps"]}
    assert steps["promise_part"]["arguments"]["part"] is True and steps["promise_full"]["arguments"]["part"] is False


def test_the_prompt_is_the_same_twice_and_has_the_samples_at_its_end(run):
    one, two = (shown(run, "payment-reminder", "prompt").out for _ in range(2))
    assert one == two
    assert "Ravi Kumar" in one.split("# This call")[1] and "Ravi Kumar" not in one.split("# This call")[0]
    assert shown(run, "payment-reminder", "prompt", "--json").json()["prompt"].strip() == one.strip()


# ---- services ----

def test_a_service_without_an_address_is_told(run, tmp_path):
    """Known by the settings that are given: no mistake of the book, for the house may have others."""
    document = book("lead-callback")
    tool, facts = next(iter(document["tools"].items()))
    facts["url"] = "service:tables/{id}"
    [warning] = check(run, tmp_path, document).json()["warnings"]
    assert (warning["path"], warning["found"]) == (f"tools.{tool}.url", "service:tables/{id}") and "services.tables" in warning["allowed"]
    people = run("rulebook", "check", tmp_path / "book.yaml")
    assert people.status == 0 and people.out.count("warning: ") == 1 and "service:tables has no address" in people.out
    refused = run("call", "--rulebook", tmp_path / "book.yaml", "--type", "--data", tmp_path / "data", "--json")
    assert refused.status == 2 and refused.error()["where"] == f"tools.{tool}.url" and "services.tables" in refused.error()["hint"]
    assert not (tmp_path / "data").exists()
    (tmp_path / "f.yaml").write_text("services: {tables: 'http://127.0.0.1:9/{tenant}'}\n")
    done = run("rulebook", "check", tmp_path / "book.yaml", "--json", "--config", tmp_path / "f.yaml")
    assert done.status == 0 and done.json()["warnings"] == []


# ---- mistakes: what the schema refuses, the program refuses ----

def without(*keys):
    def change(b):
        for key in keys[:-1]:
            b = b[key]
        del b[keys[-1]]
    return change


def put(value, *keys):
    def change(b):
        for key in keys[:-1]:
            b = b[key]
        b[keys[-1]] = value
    return change


STEP = {"ask": 1, "choice": 3, "tool": 2, "amount": 9}
BOTH = [
    without("id"), without("flow"), without("unfinished"), without("agent", "persona"), without("variables", "account", "sample"),
    without("tools", "save_note", "changes"), without("flow", 7, "expect", "options"), put(3, "flow"), put([], "flow"), put("2", "rulebook"),
    put("a b", "id"), put({"type": "number"}, "promises", "part"), put("rupees", "promises", "part", "currency"), put(1, "more"),
    put("maybe", "flow", 1, "expect"), put({"kind": "digits", "count": 40}, "flow", 2, "expect"), put({"say": "x"}, "flow", 0), put(9, "flow", 1, "tries"),
    put("GET", "tools", "save_note", "method"), put("ftp://x", "tools", "save_note", "url"), put(5, "tools", "save_note", "timeout_ms"),
    put(True, "tools", "save_note", "arguments", "additionalProperties"), put("good", "outcomes", "refused", "result"),
    put({"about": "a", "result": "neutral", "do_not_call": True, "again_after_hours": 3}, "outcomes", "refused"), put("loud", "languages", "hi-IN"),
    put(10, "languages", "hi-IN", "speed_percent"), put([], "phrases", "nods", "en-IN"), put("x" * 2001, "goal"), put({"and": "x"}, "facts"),
    put([{"word": "Acme"}], "pronounce"), put([{"word": "Acme", "say": "{x}"}], "pronounce"), put([{"word": "x" * 48, "say": "x"}], "pronounce"),
    put([], "pronounce"), put(["VEHICLE"], "redact"), put({}, "redact"), put({"clear": ["CARD"]}, "redact"), put({"clear": ["VEHICLE, IP"]}, "redact"),
    put({"clear": ["IP", "IP"]}, "redact"), put({"clear": ["PLATE"]}, "redact"),
]


@pytest.mark.parametrize("change", BOTH, ids=range(len(BOTH)))
def test_schema_and_program_refuse_the_same(run, tmp_path, change):
    document = copy.deepcopy(book("payment-reminder"))
    change(document)
    assert not CHECKER.is_valid(document)
    done = check(run, tmp_path, document)
    assert done.status == 1, done.out
    answer = done.json()
    assert answer["fine"] is False and answer["mistakes"]
    for mistake in answer["mistakes"]:
        assert list(mistake) == ["line", "column", "path", "found", "allowed", "why"]
        assert mistake["line"] >= 1 and mistake["column"] >= 1 and mistake["why"]


WHOLE = [
    (put("nowhere", "flow", 1, "next", 1, "go"), "no step has this name"),
    (put("person == perhaps", "flow", 1, "next", 0, "when"), "person is never"),
    (put("Hello {nobody}", "flow", 0, "text", "en-IN"), "nothing fills {nobody}"),
    (put({"en-IN": "Hi."}, "flow", 0, "text"), "nothing is said in hi-IN"),
    (put({"kind": "date", "to_days": 30, "promise": "pay_by"}, "flow", 8, "expect"), "more than the agent may promise"),
    (put(4, "settings", "quiet", "after_ms"), "cannot be that"),
    (put("Pay {due.amount} please.", "flow", 1, "text", "en-IN"), "a way leads here on which"),
    (put("secret-1234", "tools", "find_account", "headers", "Authorization"), "named, never written"),
]


@pytest.mark.parametrize("change, why", WHOLE, ids=[w[1] for w in WHOLE])
def test_what_only_the_whole_book_shows_is_found_too(run, tmp_path, change, why):
    document = copy.deepcopy(book("payment-reminder"))
    change(document)
    done = check(run, tmp_path, document)
    assert done.status == 1 and any(why in m["why"] for m in done.json()["mistakes"]), done.out


@pytest.mark.parametrize("question, expect, room, fits", [
    ("What is your phone number?", {"min": 10, "max": 11}, 11, False), ("What is your phone number?", {"min": 10, "max": 11}, 14, True),
    ("What is your phone number?", {"min": 7, "max": 15}, 16, True), ("What is your customer number?", {"count": 11}, 11, True),
    ("What is your customer number?", {"count": 12}, 11, False), ("Please say your four digit code.", {"count": 4}, 4, True),
    ("What is your number?", {"count": 6}, 6, True), ("What is your number?", {"count": 7}, 7, False),
])
def test_digits_have_room_in_the_tools_argument(run, tmp_path, question, expect, room, fits):
    document = yaml.safe_load((ROOT / "tests" / "rulebooks" / "call-back-number.yaml").read_text())
    document["flow"][0] |= {"text": question, "expect": {"kind": "digits", **expect}}
    document["tools"]["save_note"]["arguments"]["properties"]["text"]["maxLength"] = room
    done = check(run, tmp_path, document)
    assert done.json()["fine"] == fits, done.out
    assert fits or "letters" in done.json()["mistakes"][0]["why"]


def noted(expect, schema):
    """The book whose question's answer a tool gets as `text`, of this schema."""
    document = yaml.safe_load((ROOT / "tests" / "rulebooks" / "call-back-number.yaml").read_text())
    document["flow"][0]["expect"] = expect
    document["tools"]["save_note"]["arguments"]["properties"]["text"] = schema
    return document


@pytest.mark.parametrize("expect, schema, why", [
    ("time", {"type": "string", "maxLength": 4}, "is a time of 5 letters, and the tool's schema takes 4"),
    ("date", {"type": "string", "maxLength": 5}, "is a date of 10 letters, and the tool's schema takes 5"),
    ({"kind": "amount", "currency": "USD", "max": 400}, {"type": "number", "minimum": 500}, "is 0 to 400, and the tool's schema takes from 500: no answer fits"),
])
def test_what_never_fits_the_tools_schema_is_a_mistake(run, tmp_path, expect, schema, why):
    done = check(run, tmp_path, noted(expect, schema))
    mistake, = done.json()["mistakes"]
    assert done.status == 1 and why in mistake["why"] and mistake["path"].endswith(".arguments.text") and mistake["line"] > 10


@pytest.mark.parametrize("expect, schema, why", [
    ("free", {"type": "string", "maxLength": 5}, "may have 200 letters, and the tool's schema takes 5: with more the tool fails"),
    ({"kind": "amount", "currency": "USD", "max": 400}, {"type": "number", "maximum": 100}, "is 0 to 400, and the tool's schema takes up to 100"),
])
def test_what_may_not_fit_the_tools_schema_is_a_warning(run, tmp_path, expect, schema, why):
    done = check(run, tmp_path, noted(expect, schema))
    warnings = [w for w in done.json()["warnings"] if "schema" in w["why"]]
    assert done.status == 0 and len(warnings) == 1 and why in warnings[0]["why"] and warnings[0]["path"].endswith(".arguments.text")
    people = run("rulebook", "check", tmp_path / "book.yaml")
    assert people.status == 0 and f"warning: {warnings[0]['path']}: {warnings[0]['why']}\n" in people.out


def test_mistakes_for_people_have_file_line_and_column(run, tmp_path):
    text = (ROOT / "rulebooks" / "appointment-reminder.yaml").read_text()
    line = text.splitlines().index("    expect: {kind: time, promise: new_hour}") + 1
    path = tmp_path / "b.yaml"
    path.write_text(text.replace("{kind: time, promise: new_hour}", "{kind: tim, promise: new_hour}", 1))
    done = run("rulebook", "check", path)
    assert done.status == 1 and done.out == ""
    assert f"{path}:{line}:20: flow.new_time.expect.kind: one of these is expected here" in done.err
    assert 'found: "tim"' in done.err and "allowed: yes_no, digits, amount, date, time, choice, free" in done.err
    assert done.err.endswith(" mistakes\n") or done.err.endswith(" mistake\n")


def test_bytes_that_are_no_yaml(run, tmp_path):
    for name, data in [("tabs", b"a:\n\tb: 1\n"), ("noise", bytes(range(256))), ("empty", b""), ("big", b"#" * 300000)]:
        path = tmp_path / name
        path.write_bytes(data)
        done = run("rulebook", "check", path, "--json")
        assert done.status in (1, 3) and (done.status == 3 or done.json()["mistakes"]), name


# ---- the command ----

def test_books_are_found_by_name(run, tmp_path):
    (tmp_path / "mine.yaml").write_bytes(BOOKS[0].read_bytes())
    done = run("rulebook", "check", "mine", "--set", f"rulebooks.dir={tmp_path}", "--json")
    assert done.status == 0 and done.json()["file"] == f"{tmp_path}/mine.yaml"
    missing = run("rulebook", "check", "mine", "--json")
    assert missing.status == 3 and missing.error()["code"] == "not_found"
    assert run("rulebook", "check", "./mine.yaml", "--json").status == 0


@pytest.mark.parametrize("args", [[], ["check"], ["try"], ["check", "a", "b"], ["show", "a", "--flow", "--prompt"], ["check", "a", "--flow"],
                                  ["show", str(BOOKS[0]), "--flow", "--language", "fr"]])
def test_wrong_usage(run, args):
    done = run("rulebook", *args, "--json")
    assert done.status == 2 and done.error()["message"]


def test_a_file_that_is_not_there(run):
    done = run("rulebook", "check", "no/such.yaml", "--json")
    assert done.status == 3 and done.error()["code"] == "not_found"
