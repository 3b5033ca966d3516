"""tests/rulebooks/paraphrases/behind.tsv: a caller's question behind his answer, what he reads back to the agent, and questions where any words are asked
for, in whole typed calls of the shipped books: what was taken, and what was said to it."""
import pytest
import yaml

from conftest import ROOT

SHEET = ROOT / "tests" / "rulebooks" / "paraphrases" / "behind.tsv"

# What leads to each question, from the opening on.
ENGLISH = {
    "appointment-reminder": {"plan": "yes", "new_date": "yes|move it", "new_time": "yes|move it|Thursday"},
    "lead-callback": {
        "good_time": "", "interested": "yes", "purpose": "yes|yes", "budget": "yes|yes|for myself", "soon": "yes|yes|for myself|300000|yes",
        "meeting_date": "yes|yes|for myself|300000|yes|within a month", "meeting_time": "yes|yes|for myself|300000|yes|within a month|Thursday",
    },
    "payment-reminder": {
        "digits": "yes", "plan": "yes|4021", "pay_date": "yes|4021|in full", "part_amount": "yes|4021|a part", "part_date": "yes|4021|a part|2000",
        "part_instead": "yes|4021|I cannot pay", "reason": "yes|4021|I do not owe this",
    },
}
HINDI = {"pay_date": "हाँ|4021|पूरा", "part_amount": "हाँ|4021|कुछ हिस्सा", "reason": "हाँ|4021|यह मेरा नहीं है"}
UNKNOWN = "do not know that", "पता नहीं", "cannot say more than that"
KINDS = "behind", "right", "alone"
ASKED_AGAIN = "sure, what is this about?", "I'll keep it, what should I bring?"  # a yes that is none beside a question; what binds waits for its answer


def answers(book, language):
    """How the texts of the book's `questions` begin."""
    document = yaml.safe_load((ROOT / "rulebooks" / f"{book}.yaml").read_text())
    texts = [question["text"][language] for question in document.get("questions", {}).values()]
    return tuple(text.split("{")[0] for text in texts)


def sheet(kind):
    lines = (line.split("\t") for line in SHEET.read_text().splitlines() if not line.startswith("#"))
    return [line[1:] for line in lines if line[0] == kind]


def told(text, book, language):
    """Each of "=", "?", "yes" and "no" that the agent's words are, and "-"."""
    is_book = any(text.startswith(begin) for begin in answers(book, language))
    found = {"-", "=" if is_book else "?" if any(words in text for words in UNKNOWN) else "-"}
    return found | {name for name, begin in (("yes", ("Yes, ", "हाँ, ")), ("no", ("No, ", "नहीं, "))) if text.startswith(begin)}


def outcome(run, book, place, said):
    """(the value or "?", what was said to it)"""
    book, _, language = book.partition(" ")
    way = (HINDI if language else ENGLISH[book])[place]
    lines = [*filter(None, way.split("|")), said]
    words = ["--language", language] if language else []
    done = run("rulebook", "try", book, "--json", *words, "--var", "today=2026-11-23", stdin="".join(f"{line}\n" for line in lines).encode())
    assert done.err == ""
    records = done.lines()
    last = max(i for i, record in enumerate(records) if "caller" in record)
    assert records[last]["caller"] == said and records[last]["question"] == place, (place, records[last])
    agent = next((record["agent"] for record in records[last + 1:] if "agent" in record), "")
    value = records[last]["value"] if records[last]["heard"] in ("value", "confirmed") else "?"
    return value, told(agent, book, language or {"payment-reminder": "en-IN"}.get(book, "en-US")), agent


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_asked_beside_an_answer(run, kind):
    wrong = []
    for book, place, said, value, reply in sheet(kind):
        got, kinds, agent = outcome(run, book, place, said)
        if said in ASKED_AGAIN:
            value = "?"
        if got != (said if value == "*" else value) or reply not in kinds:
            wrong.append(f"{place}: \"{said}\" is {value} {reply}, got {got}: {agent}")
    assert not wrong, f"{len(wrong)} of {len(sheet(kind))}\n" + "\n".join(wrong)


def test_every_line_is_of_a_kind():
    assert len(SHEET.read_text().splitlines()) - 2 == sum(len(sheet(kind)) for kind in KINDS) >= 60
