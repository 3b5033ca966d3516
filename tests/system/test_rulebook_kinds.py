"""Every value of the shipped rule-books, replaced by values of every wrong kind: what the published schema refuses, `rulebook check` refuses
too, with a mistake in the lines of that value. Places of one shape (all texts of questions, all options of choices) are tried once."""
import concurrent.futures
import json

import jsonschema
import pytest
import yaml

from conftest import ROOT

SCHEMA = json.loads((ROOT / "rulebooks" / "rulebook.schema.json").read_text())
CHECKER = jsonschema.Draft202012Validator(SCHEMA)
WRONG = ("null", "true", "7", '"7"', '""', "[x]", "{}", "{x: y}")
NAMED = {"languages", "facts", "variables", "promises", "anytime", "questions", "tools", "outcomes", "options", "headers", "properties", "result", "transfer"}
STEPS = {"ask", "say", "tool", "goodbye"}
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the other one takes ten times as long


def nodes(node, shape=(), key=None):
    """(shape, the key's node, the value's node) of a document, from the top down. Names that the author chose are no part of a shape."""
    yield shape, key, node
    if isinstance(node, yaml.MappingNode):
        kind = next((k.value for k, _ in node.value if k.value in STEPS), "") if shape == ("flow", "#") else ""
        for k, value in node.value:
            yield from nodes(value, (*shape, *filter(None, [kind]), "*" if shape and shape[-1] in NAMED else k.value), k)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from nodes(value, (*shape, "#"))


# Keys that no shipped book needs, in one that has them: what stands there, and what does instead.
MORE = (
    ("rulebook: 1\n", "rulebook: 1\nphrases:\n  keys: [Please key it in now.]\npronounce:\n  - word: Acme\n    say: Ack me\n    ipa: ækmi\n"),
    ("goal:", "redact: {clear: [VEHICLE, IP]}\ngoal:"),
    ("    voice: slt\n", "    voice: slt\n    recogniser: pocketsphinx\n"),
    ("sample: Alex Morgan}", "sample: Alex Morgan, default: Alex Morgan}"),
    ("tools:\n", "may:\n  record_outcome: true\n  schedule_callback: {days: 30}\n  send_digits: true\n  take_keys: true\n  transfer:\n    desk: {to: '+14155550188', how: cold, outcome: confirmed, ring_s: 20}\n    boss: {to: 'sip:boss@example.com', how: warm, outcome: confirmed, key: false, briefing: A call., press: Press one.}\ntools:\n"),
    ("  - ask: person\n", "  - ask: person\n    tries: 2\n"),
    ("      doctor: text\n", "      doctor: text\n      floor: {type: number, optional: true}\n"),
    ("        time: {type: string, description: \"HH:MM\", maxLength: 5}\n",
     "        time: {type: string, description: \"HH:MM\", maxLength: 5}\n        rooms: {type: integer, minimum: 1, maximum: 9}\n"),
)


def full_book():
    text = (ROOT / "rulebooks" / "appointment-reminder.yaml").read_text()
    for old, new in MORE:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def places():
    """(book, shape, key, node): the first place of each shape and kind in all books."""
    seen = {}
    for text in [*(path.read_text() for path in sorted((ROOT / "rulebooks").glob("*.yaml"))), full_book()]:
        for shape, key, node in nodes(yaml.compose(text)):
            seen.setdefault((shape, type(node)), (text, shape, key, node))
    return list(seen.values())


PLACES = places()


def replaced(text, node, wrong):
    """The document with another value there. What stands in lines of its own ends where the next thing begins: its last line break is not its own."""
    begin, end = node.start_mark.index, node.end_mark.index
    old = text[begin:end]
    return text[:begin] + wrong + old[len(old.rstrip()):] + text[end:]


def judged(check, text, key, node, wrong):
    """None: as it should be, else what is not."""
    changed = replaced(text, node, wrong)
    if CHECKER.is_valid(yaml.load(changed, Loader=LOADER)):
        return None
    done = check(changed)
    if done.status != 1:
        return f"status {done.status}: {done.out}{done.err}"
    first, last = (key or node).start_mark.line + 1, node.start_mark.line + 1
    mistakes = done.json()["mistakes"]
    within = [m for m in mistakes if first <= m["line"] <= last and m["why"] and m["path"] is not None]
    return None if within else f"lines {first} to {last}, not {[(m['line'], m['path'], m['why']) for m in mistakes]}"


@pytest.mark.parametrize("wrong", WRONG)
def test_what_the_schema_refuses_is_refused_where_it_stands(run, tmp_path, wrong):
    def one(job):
        number, (text, shape, key, node) = job
        file = tmp_path / f"{number}.yaml"

        def check(document):
            file.write_text(document)
            return run("rulebook", "check", file, "--json")

        why = judged(check, text, key, node, wrong)
        return why and f"{'.'.join(shape)}: {why}"

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = [why for why in pool.map(one, enumerate(PLACES)) if why]
    assert not found, "\n".join(found)


def keys_of(schema):
    """Every key that the schema names for some part of a book."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" or "oneOf" in schema or "kind" in schema.get("properties", {}):
            yield from schema.get("properties", {})
        for inner in schema.values():
            yield from keys_of(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from keys_of(inner)


def test_every_key_of_the_schema_is_tried(run, tmp_path):
    keys = set(keys_of(SCHEMA))
    assert {"rulebook", "tries", "from_days", "again_after_hours", "timeout_ms", "escalates"} <= keys
    assert keys <= {key for _, shape, _, _ in PLACES for key in shape}
    (tmp_path / "full.yaml").write_text(full_book())
    done = run("rulebook", "check", "full.yaml", "--json")
    assert done.status == 0 and CHECKER.is_valid(yaml.safe_load(full_book())), done.out
