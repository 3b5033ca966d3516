"""tests/rulebooks/paraphrases/wholes.tsv: whole calls of one question each, typed, from an outside judge's rule-books and from lines that were
written before the rules were: what the last words came to."""
import pathlib
import textwrap

import pytest

SHEET = pathlib.Path(__file__).resolve().parent.parent / "rulebooks" / "paraphrases" / "wholes.tsv"

HEAD = """
rulebook: 1
id: wholes
version: "1"
title: One question
company: Acme
agent: {name: Ann, persona: You ask one question.}
languages: {LANGUAGE: {voice: slt}}
goal: Ask it.
unclear: unclear_end
"""
TAIL = """  - goodbye: done_end
    text: Thank you. Goodbye.
    outcome: fine
  - goodbye: unclear_end
    text: I did not understand. Goodbye.
    outcome: unclear
outcomes:
  fine: {about: It was answered., result: success}
  unclear: {about: It was not., result: failure}
unfinished: [{outcome: unclear}]
"""
HUMAN = """  - goodbye: human_end
    text: A colleague will call. Goodbye.
    outcome: fine
"""
ANYTIME = """
anytime:
  human: {about: A person., words: [a human, a manager, speak to a person], go: human_end, escalates: true}
  later: {about: Another time., words: [call me later], go: human_end}
  no_calls: {about: No calls., words: [do not call again], go: human_end}
  where: {about: Where we are., words: [where are you], go: lake}
"""
PLAN = "{kind: choice, options: {renew: [renew, keep going], pause: [pause, take a break], cancel: [cancel, end it]}}"
KEEP = "{kind: choice, options: {keep: [keep it, renew it], cancel: [cancel, end it]}}"
ROOMS = "{kind: choice, options: {one: [one bedroom], two: [two bedrooms], three: [three bedrooms]}}"
MONTHS = "{kind: choice, options: {m3: [three, three months], m6: [six, six months], m12: [twelve months, a year]}}"
SLOT = '{kind: choice, options: {nine: [nine, at nine], eleven: ["11"], p230: ["2:30"]}}'
DIGITS = "{kind: digits, count: COUNT}"

# name: (language, the question, what it expects, more keys of the step, more of the book)
BOOKS = {
    "born": ("en-GB", "What is your date of birth?", "{kind: date, from_days: -45000, to_days: 0}", "", ""),
    "plan": ("en-US", "Would you like to renew it, pause it, or cancel it?", PLAN, "", ANYTIME),
    "keep": ("en-US", "Would you like to renew it or cancel it?", KEEP, "", ""),
    "rooms": ("en-US", "How many bedrooms should it have?", ROOMS, "", ""),
    "months": ("en-US", "For three, six or twelve months?", MONTHS, "", ""),
    "slot": ("en-US", "At nine, eleven or two thirty?", SLOT, "", ""),
    "sum": ("en-US", "How much can you pay?", "{kind: amount, currency: USD, min: 1, max: 1000000}", 'confirm: "{sum}, is that right?"', ""),
    "sure": ("en-US", "How much can you pay?", "{kind: amount, currency: USD, min: 1, max: 1000000}", "", ""),
    "customer": ("en-GB", "What is your customer number? It has eleven digits.", DIGITS.replace("COUNT", "11"), "", ""),
    "inorder": ("en-IN", "What is your order number?", DIGITS.replace("COUNT", "10"), "", ""),
    "usorder": ("en-US", "What is your order number?", DIGITS.replace("COUNT", "10"), "", ""),
    "gbphone": ("en-GB", "What is your phone number?", "{kind: digits, min: 10, max: 13}", "", ""),
    "inphone": ("en-IN", "What is your phone number?", "{kind: digits, min: 10, max: 13}", "", ""),
    "safe": ("en-US", "Is everybody safe?", "yes_no", "", ""),
    "reported": ("en-US", "Have you reported it?", "yes_no", "", ""),
    "hour": ("en-US", "At what time?", "time", "", ""),
}


def book(name):
    language, question, expect, keys, more = BOOKS[name]
    step = f"  - ask: {name}\n    text: {question}\n    expect: {expect}\n    next: done_end\n" + (f"    {keys}\n" if keys else "")
    ways = f"  - say: lake\n    text: At the lake.\n    next: {name}\n" + HUMAN if more else ""
    return HEAD.replace("LANGUAGE", language) + "flow:\n" + step + ways + TAIL + textwrap.dedent(more)


def sheet():
    lines = (line.split("\t") for line in SHEET.read_text().splitlines() if not line.startswith("#"))
    return [(name, said.split(" | "), expected) for name, said, expected in lines]


def outcome(run, file, said):
    done = run("rulebook", "try", file, "--json", "--var", "today=2026-11-23", stdin="".join(f"{line}\n" for line in said).encode())
    assert done.err == ""
    heard = [r for r in done.lines() if "caller" in r]
    if len(heard) < len(said):
        return "too early"
    last = heard[-1]
    return {"anytime": "@", "value": last["value"], "confirmed": last["value"]}.get(last["heard"], "?")


@pytest.mark.parametrize("name", BOOKS)
def test_whole_calls(run, tmp_path, name):
    file = tmp_path / f"{name}.yaml"
    file.write_text(book(name))
    wrong = [(said, expected, got) for one, said, expected in sheet() if one == name if (got := outcome(run, file, said)) != expected]
    assert not wrong, "\n".join(map(str, wrong))


def test_every_line_is_of_a_book():
    assert {name for name, _, _ in sheet()} == set(BOOKS)
