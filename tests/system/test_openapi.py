"""docs/openapi.yaml: whole in itself, the same as the route tables of src/, and true of a running house."""
import importlib.util
import json
import re
from collections import namedtuple

import jsonschema
import pytest
import yaml

from conftest import ROOT
from house import House

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class OnceLoader(yaml.SafeLoader):
    """YAML with every key once: a path or status that stands there twice must not hide the first one."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert all(isinstance(key, str) for key in keys), f"a key that is no text: {keys}"
        assert len(set(keys)) == len(keys), f"a key twice, line {node.start_mark.line + 1}: {keys}"
        return super().construct_mapping(node, deep)


API = yaml.load((ROOT / "docs" / "openapi.yaml").read_text(), OnceLoader)

Operation = namedtuple("Operation", "method path id tags security parameters body responses")


def find(ref):
    assert ref.startswith("#/"), ref
    at = API
    for part in ref[2:].split("/"):
        at = at[part.replace("~1", "/").replace("~0", "~")]
    return at


def meant(item):
    return find(item["$ref"]) if "$ref" in item else item


def operations():
    for path, item in API["paths"].items():
        for method in METHODS:
            if method in item:
                o = item[method]
                yield Operation(method, path, o["operationId"], o["tags"], o.get("security", API["security"]),
                                [meant(p) for p in item.get("parameters", []) + o.get("parameters", [])], meant(o.get("requestBody", {})),
                                {status: meant(r) for status, r in o["responses"].items()})


def validator(schema):
    """References of a schema are to the whole document."""
    return jsonschema.Draft202012Validator({**schema, "components": API["components"]})


# ---- whole in itself ----

# OpenAPI 3.1, the objects that we use: their fields, those that must be there first.
FIELDS = {
    "document": (("openapi", "info", "paths"), ("servers", "components", "security", "tags")),
    "info": (("title", "version"), ("description", "license")),
    "server": (("url",), ("description", "variables")),
    "variable": (("default",), ("enum", "description")),
    "tag": (("name",), ("description",)),
    "path": ((), ("servers", "parameters", *METHODS)),
    "operation": (("operationId", "summary", "tags", "responses"), ("description", "security", "parameters", "requestBody")),
    "parameter": (("name", "in", "schema"), ("description", "required", "example")),
    "body": (("content",), ("description", "required")),
    "media": (("schema",), ("example", "examples", "x-itemSchema")),
    "response": (("description",), ("headers", "content")),
    "header": (("schema",), ("description", "example")),
    "example": (("value",), ()),
    "components": ((), ("securitySchemes", "parameters", "headers", "requestBodies", "responses", "schemas")),
    "scheme": (("type",), ("description", "scheme", "bearerFormat", "in", "name")),
}

# What stands below each: field, kind, whether it is one, a list or a map.
BELOW = {
    "document": (("info", "info", 1), ("servers", "server", list), ("tags", "tag", list), ("paths", "path", dict), ("components", "components", 1)),
    "server": (("variables", "variable", dict),),
    "path": (("servers", "server", list), ("parameters", "parameter", list), *((method, "operation", 1) for method in METHODS)),
    "operation": (("parameters", "parameter", list), ("requestBody", "body", 1), ("responses", "response", dict)),
    "parameter": (("schema", "schema", 1),),
    "body": (("content", "media", dict),),
    "media": (("schema", "schema", 1), ("x-itemSchema", "schema", 1), ("examples", "example", dict)),
    "response": (("headers", "header", dict), ("content", "media", dict)),
    "header": (("schema", "schema", 1),),
    "components": (("securitySchemes", "scheme", dict), ("parameters", "parameter", dict), ("headers", "header", dict), ("requestBodies", "body", dict),
                   ("responses", "response", dict), ("schemas", "schema", dict)),
}


def objects(kind="document", item=API, where="#"):
    """(where, kind, object) of everything in the document, references as they stand."""
    yield where, kind, item
    if "$ref" in item:
        return
    for field, below, how in BELOW.get(kind, ()):
        held = item.get(field, [])
        named = enumerate(held) if how is list else held.items() if how is dict and held else [("", held)] if held else []
        for name, one in named:
            yield from objects(below, one, f"{where}/{field}/{name}")


def references(item):
    if isinstance(item, dict):
        if isinstance(item.get("$ref"), str):
            yield item["$ref"]
        for one in item.values():
            yield from references(one)
    elif isinstance(item, list):
        for one in item:
            yield from references(one)


def test_every_object_has_the_fields_of_its_kind():
    assert re.fullmatch(r"3\.1\.\d+", API["openapi"])
    for where, kind, item in objects():
        assert isinstance(item, dict), where
        if "$ref" in item:
            assert list(item) == ["$ref"], where
        elif kind == "schema":
            jsonschema.Draft202012Validator.check_schema(item)
        else:
            must, may = FIELDS[kind]
            assert set(must) <= set(item) <= {*must, *may}, (where, sorted(item))


def test_every_reference_resolves_and_every_component_is_used():
    used = set(references(API))
    for ref in used:
        assert isinstance(find(ref), dict), ref
    there = {f"#/components/{kind}/{name}" for kind, held in API["components"].items() if kind != "securitySchemes" for name in held}
    assert used == there
    schemes = {name for o in operations() for wanted in o.security for name in wanted}
    assert schemes == set(API["components"]["securitySchemes"])


def test_operations():
    every = list(operations())
    ids = [o.id for o in every]
    assert len(set(ids)) == len(ids) > 30
    assert {tag for o in every for tag in o.tags} == {tag["name"] for tag in API["tags"]}
    for o in every:
        assert "default" in o.responses and any(status[0] in "12" for status in o.responses), o.id
        assert all(re.fullmatch(r"[1-5]\d\d|default", status) for status in o.responses), o.id
        assert o.path.startswith("/internal/") == ("internal" in o.tags) and o.path.startswith("/records/") == ("records" in o.tags), o.id


def test_path_parameters_are_declared():
    for o in operations():
        declared = [p["name"] for p in o.parameters if p["in"] == "path"]
        assert sorted(declared) == sorted(re.findall(r"\{(\w+)\}", o.path)), (o.method, o.path)
        assert all(p["required"] is True for p in o.parameters if p["in"] == "path"), o.id
        assert len({(p["in"], p["name"]) for p in o.parameters}) == len(o.parameters), o.id


def examples_of(item):
    yield from ([item["example"]] if "example" in item else [])
    yield from (e["value"] for e in item.get("examples", {}).values())


def test_examples_are_what_their_schemas_say():
    """With no member more: an example shows what there is. Every JSON body has one."""
    count = 0
    for where, kind, item in objects():
        if kind not in ("parameter", "media", "header") or "$ref" in item:
            continue
        values = list(examples_of(item))
        assert values or kind != "media" or not where.endswith("application/json"), where
        for value in values:
            count += 1
            validator(closed(item["schema"])).validate(value)
            for line in value.splitlines() if "x-itemSchema" in item else ():
                validator(item["x-itemSchema"]).validate(json.loads(line))
    assert count > 100


# ---- the same as the sources ----

def without_comments(text):
    return re.sub(r'("(?:\\.|[^"\\])*")|/\*.*?\*/', lambda m: m.group(1) or " ", text, flags=re.S)


SOURCES = {str(path.relative_to(ROOT / "src")): without_comments(path.read_text()) for path in sorted((ROOT / "src").rglob("*.[ch]"))
           if "sandbox" not in path.parts}  # vendors on loopback: their API is not ours
EVERYTHING = "\n".join(SOURCES.values())

TABLE = re.compile(r"\bstruct http_route\s+\w+(?:\[\w*\])?\s*=\s*\{(.*?)\n\};|\(struct http_route\)(\{.*?\})", re.S)
ROW = re.compile(r"\{\s*HTTP_([A-Z]+),\s*([^,]+),\s*\w+,\s*([\w |]+),\s*[^{},]+\}")
LAST = re.compile(r"\{\s*\.method = HTTP_METHOD_NONE\s*\}")


def paths_of(expression):
    """A path as C has it: a text, a macro, or those of the adapters that a worker is made with."""
    if expression == "settings->adapters[n]->path":
        names = re.search(r"\badapters\[\] = \{(.*?)\}", SOURCES["cli/media_adapters.c"]).group(1)
        return [re.search(rf"struct media_adapter {name} = \{{[^}}]*\.path = \"([^\"]+)\"", EVERYTHING).group(1) for name in re.findall(r"&(\w+)", names)]
    if not expression.startswith('"'):
        expression = re.search(rf"#define {expression} (\"[^\"]+\")", EVERYTHING).group(1)
    return [expression.strip('"')]


def routes():
    """(method, path): flags, of every route table of the program; what is no row of a kind that is known here is an error."""
    found = {}
    for name, text in SOURCES.items():
        for table in TABLE.finditer(text):
            rows = table.group(1) or table.group(2)
            rest = LAST.sub("", ROW.sub("", rows)).replace(",", "").strip()
            assert not rest, f"{name}: not understood: {rest}"
            for method, expression, flags in ROW.findall(rows):
                for path in paths_of(expression.strip()):
                    assert "*" not in path, f"{name}: {path}"
                    key = method.lower(), re.sub(r":(\w+)", r"{\1}", path)
                    assert key not in found, f"{name}: {key} is there twice"
                    found[key] = flags
    return found


def test_the_paths_are_those_of_the_route_tables():
    assert {(o.method, o.path) for o in operations() if "page" not in o.tags} == set(routes())


def test_the_page_is_what_is_built_into_the_program():
    spec = importlib.util.spec_from_file_location("console", ROOT / "cmake" / "console.py")
    console = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(console)
    served = {path for file in (ROOT / "console").iterdir() for path in console.paths_of(file.name)}
    page = [o for o in operations() if "page" in o.tags]
    fits = {path: [o.path for o in page if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", o.path), path)] for path in served}
    assert all(len(templates) == 1 for templates in fits.values()), fits
    assert {templates[0] for templates in fits.values()} == {o.path for o in page}
    types = {t for o in page for t in o.responses["200"]["content"]}
    assert types == set(console.TYPES.values())


def test_security_is_that_of_the_routes():
    """A route without ROUTE_OPEN wants a token: below /internal/ a service's (base/bearer.c). An upgrade says so."""
    flags = routes()
    for o in operations():
        mine = flags.get((o.method, o.path), "ROUTE_OPEN")
        tokens = {"person", "service"} & {name for wanted in o.security for name in wanted}
        wants = set() if "ROUTE_OPEN" in mine else {"service"} if o.path.startswith("/internal/") else {"person"}
        assert tokens == wants, o.id
        assert ("101" in o.responses and "426" in o.responses) == ("ROUTE_UPGRADE" in mine), o.id
        if tokens:
            assert {"401", "503"} <= set(o.responses), o.id


# Statuses and codes that are nobody's answer: how a tool's service is understood, settings, and what is said to a client that has gone.
NOT_ANSWERS = {"conductor/tools_request.c", "cli/provider_settings.c"}
TO_NOBODY = {(503, "gone")}


def codes_of_sources():
    """(status, code) of every error that is replied; and the codes of those that are written as JSON, without their status."""
    pairs, plain = set(), set()
    for name, text in SOURCES.items():
        if name not in NOT_ANSWERS:
            pairs |= {(int(status), code) for status, code in re.findall(r'\b([45]\d\d), "([a-z_]+)"', text)}
            plain |= set(re.findall(r'\\"code\\":\\"([a-z_]+)\\"', text))
    return pairs - TO_NOBODY, plain


def codes_of_document():
    for o in operations():
        for status, response in o.responses.items():
            content = response.get("content", {}).get("application/json", {})
            named = {status: content["example"]} if "example" in content else {k: e["value"] for k, e in content.get("examples", {}).items()}
            for name, value in named.items():
                if "error" in value:
                    yield int(name.split()[0] if status == "default" else status), value["error"]["code"]


def test_errors_are_those_of_the_sources():
    pairs, plain = codes_of_sources()
    said = set(codes_of_document())
    assert pairs and plain
    assert pairs - said == set()
    assert {(status, code) for status, code in said - pairs if code not in plain} == set()
    assert plain <= {code for _, code in said}


# ---- true of a running house ----

def closed(schema):
    """No member but those that are written down, unless the schema itself says that there are more."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        return closed(find(schema["$ref"]))
    made = {key: closed(value) for key, value in schema.items()}
    if made.get("type") == "object" and isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made


def check(o, answer, status):
    """An answer is one that the document knows, down to its last member."""
    where = f"{o.method} {o.path}: {answer.status} {answer.body[:300]!r}"
    assert answer.status == status, where
    assert str(status) in o.responses, where
    response = o.responses[str(status)]
    assert set(response.get("headers", {})) <= set(answer.headers), where
    content = response.get("content", {})
    if not content:
        assert answer.body == b"", where
        return
    kind = answer.headers["Content-Type"]
    assert kind in content and answer.body, where
    if kind == "application/json":
        validator(closed(content[kind]["schema"])).validate(answer.json())


@pytest.fixture
def house(tmp_path, model):
    h = House(tmp_path, model)
    h.start()
    yield h
    h.close()


def ask(house, o, body=None, **how):
    """With the parameters' own examples."""
    path = o.path
    for p in o.parameters:
        if p["in"] == "path":
            path = path.replace("{%s}" % p["name"], p["example"])
    wanted = "&".join(f"{p['name']}={p['example']}" for p in o.parameters if p["in"] == "query" and p.get("required") and "example" in p)
    return house.ask(o.method.upper(), path + ("?" + wanted if wanted else ""), body, **how)


def worker_url(house):
    return next(p["url"] for p in house.ready["processes"] if p["name"] == "w1")


# What each answers in a house that has had no call; another GET of the document belongs here too.
GETS = {"getAlive": 200, "getReady": 200, "getMetrics": 200, "getPage": 200, "getSignInPage": 200, "getPageFile": 200, "getKeys": 200, "listCalls": 200,
        "getCall": 404, "followCall": 404, "getRecording": 404, "getWaveform": 404, "listRulebooks": 200, "getRulebook": 200,
        "exotelVoice": 403, "exotelAfter": 403}
MEDIA = {"openExotelMedia": 426, "openTwilioMedia": 426, "openBrowserMedia": 426}
POSTS = {"signIn": 400, "renewToken": 200, "makeSignInLink": 400, "makeBrowserCall": 400, "continueBrowserCall": 404, "endCall": 404, "checkRulebook": 200,
         "makeCall": 400, "twilioVoice": 403, "twilioAfter": 403, "twilioStatus": 403, "twilioTransfer": 403, "exotelStatus": 403}


def test_gets(house):
    house.sign_in()
    every = {o.id: o for o in operations() if o.method == "get" and not {"internal", "records"} & set(o.tags)}
    assert set(every) == {*GETS, *MEDIA}
    for name, status in GETS.items():
        check(every[name], ask(house, every[name]), status)
    for name, status in MEDIA.items():
        check(every[name], ask(house, every[name], url=worker_url(house)), status)
        check(every[name], ask(house, every[name]), 404)
    for o in every.values():
        if "monitoring" in o.tags:
            check(o, ask(house, o, url=worker_url(house)), 200)
    check(every["listCalls"], house.ask("GET", "/v1/calls?limit=0"), 400)
    check(every["listCalls"], house.ask("GET", "/v1/calls?state=bad"), 400)
    check(every["listCalls"], house.ask("GET", "/v1/calls?limit=1&limit=2"), 400)
    check(every["followCall"], house.ask("GET", f"/v1/calls/{'0' * 32}/events?after=x"), 400)
    tag = ask(house, every["getPage"]).headers["ETag"]
    check(every["getPage"], ask(house, every["getPage"], headers={"If-None-Match": tag}), 304)
    check(every["getPageFile"], house.ask("GET", "/console/none.js"), 404)
    for file in (ROOT / "console").iterdir():
        check(every["getPageFile"], house.ask("GET", f"/console/{file.name}"), 404 if file.name == "index.html" else 200)


def test_posts_that_need_no_call(house):
    who = house.sign_in()
    every = {o.id: o for o in operations() if o.method == "post" and not {"internal", "records"} & set(o.tags)}
    assert set(every) == set(POSTS)
    for name, status in POSTS.items():
        check(every[name], ask(house, every[name], {}), status)
    link = house.ask("POST", "/v1/sign-in-links", {"name": "maria", "roles": ["viewer"]})
    check(every["makeSignInLink"], link, 200)
    check(every["signIn"], ask(house, every["signIn"], {"link": link.json()["link"]}), 200)
    check(every["signIn"], ask(house, every["signIn"], {"link": link.json()["link"]}), 403)
    check(every["checkRulebook"], ask(house, every["checkRulebook"], (ROOT / "rulebooks" / "payment-reminder.yaml").read_bytes()), 200)
    check(every["makeBrowserCall"], ask(house, every["makeBrowserCall"], {"rulebook": "appointment-reminder", "variabels": {}}), 400)
    refused = ask(house, every["makeBrowserCall"], {"rulebook": "none"})
    check(every["makeBrowserCall"], refused, 422)
    assert refused.json()["error"] == {"code": "unfit", "message": "no rule-book of this name", "where": None, "hint": None}  # where was looked is in the log
    check(every["makeCall"], ask(house, every["makeCall"], {"to": "911", "rulebook": "appointment-reminder"}), 422)
    assert who["tenant"] == "local"


def test_a_call_that_nobody_came_for(house):
    """Made, seen, ended: no media socket is opened."""
    house.sign_in()
    every = {o.id: o for o in operations()}
    made = ask(house, every["makeBrowserCall"], {"rulebook": "appointment-reminder"})
    check(every["makeBrowserCall"], made, 200)
    path = "/v1/calls/" + made.json()["call"]
    check(every["getCall"], house.ask("GET", path), 200)
    check(every["continueBrowserCall"], house.ask("POST", path + "/browser"), 200)
    assert house.call(made.json()["call"])["state"] == "waiting"
    check(every["endCall"], house.ask("POST", path + "/end"), 204)
    check(every["continueBrowserCall"], house.ask("POST", path + "/browser"), 409)
    check(every["getRecording"], house.ask("GET", path + "/recording"), 404)
    listed = house.ask("GET", "/v1/calls?limit=1")
    check(every["listCalls"], listed, 200)
    assert [(call["state"], call["reason"]) for call in listed.json()["calls"]] == [("ended", "order")]


def test_who_may_not(house):
    """Without a token and with one that does not hold; with a role that does not do; a person where planes talk."""
    house.sign_in()
    nobody = house.command("token", "--tenant", "local", "--role", "approver").strip()
    bad = house.token[:-4] + "AAAA"
    for o in operations():
        url = worker_url(house) if o.id in ("orderCall", "askSocket", "prepareCall") else None
        tokens = {name for wanted in o.security for name in wanted} & {"person", "service"}
        if tokens:
            check(o, ask(house, o, {}, token=False, url=url), 401)
            assert ask(house, o, {}, token=bad, url=url).status == 401, o.id
        if tokens == {"service"}:
            assert ask(house, o, {}, url=url).status == 401, o.id
    for o in operations():
        if o.id in ("makeCall", "makeBrowserCall", "continueBrowserCall", "endCall", "getRecording", "makeSignInLink", "getMetrics"):
            check(o, ask(house, o, {}, token=nobody), 403)
