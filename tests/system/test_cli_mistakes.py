"""Whoever mistypes a command is told what is wrong, where, and what to do, with the exit status of a wrong usage (2), of what is not so (1), or of what is
missing (3); also with --json, and then nowhere else."""
import pytest

from conftest import ROOT

BOOK = ROOT / "rulebooks" / "appointment-reminder.yaml"
BOOKS = ["--set", f"rulebooks.dir={ROOT / 'rulebooks'}"]
NONE = "0" * 32

MISTAKES = [
    (["call"], 2), (["call", "--rulebook", BOOK], 2), (["call", "--rulebook", BOOK, "--type", "--speak", "a.wav"], 2), (["call", "--rulebook", BOOK, "--at", "5"], 2),
    (["call", "--rulebook", BOOK, "--speak", "a.wav", "--at", "-5"], 2), (["call", "--rulebook", BOOK, "--type", "more"], 2),
    (["call", "--rulebook", BOOK, "--type", "--language", "xx"], 2), (["call", "--rulebook", BOOK, "--type", "--var", "x"], 2),
    (["call", "--rulebook", BOOK, "--speak", "none.wav"], 3), (["call", "--rulebook", "none", "--type"], 3), (["call", "--tpye"], 2), (["call", "--rulebook"], 2),
    (["say"], 2), (["say", "x"], 2), (["say", "x", "y", "--print"], 2), (["say", "x", "-o", "x.mp3"], 2), (["say", "x", "-o", "none/x.wav"], 3), (["say", "x", "-o"], 2),
    (["say", "x", "-o", "x.wav", "--lang", "xx"], 3), (["say", "x", "--lnag", "en"], 2),
    (["tenant"], 2), (["tenant", "add"], 2), (["tenant", "add", "A"], 2), (["tenant", "drop", "acme"], 2), (["tenant", "list", "--data", "none/deeper"], 3), (["tenant", "--x"], 2),
    (["secret"], 2), (["secret", "set", "acme"], 2), (["secret", "set", "acme", "KEY"], 2), (["secret", "set", "acme", "twilio.token"], 2), (["secret", "set", "acme", "key"], 2),
    (["secret", "set", "acme", "key", "value"], 2), (["secret", "set", "nobody", "key"], 3), (["secret", "remove", "acme", "key"], 1), (["secret", "list", "nobody"], 3),
    (["route"], 2), (["route", "add", "15550100", "acme", "book"], 2), (["route", "add", "+15550100", "acme"], 2), (["route", "list", "x"], 2),
    (["route", "add", "+15550100", "acme", "none", *BOOKS], 3), (["route", "add", "+15550100", "nobody", "lead-callback", *BOOKS], 3), (["route", "--account"], 2),
    (["rulebook"], 2), (["rulebook", "look", BOOK], 2), (["rulebook", "check", "none"], 3), (["rulebook", "check", ROOT], 3), (["rulebook", "check", BOOK, "more"], 2),
    (["rulebook", "show", BOOK, "--flow", "--prompt"], 2), (["rulebook", "show", BOOK, "--language", "xx"], 2), (["rulebook", "show", BOOK, "--flow", "--language", "xx"], 2),
    (["rulebook", "try", "none"], 3), (["rulebook", "try", BOOK, "--language", "xx"], 2), (["rulebook", "--flwo"], 2),
    (["recording"], 2), (["recording", NONE], 2), (["recording", NONE, "-o", "x.mp3"], 2), (["recording", NONE, "-o", "x.wav", "--dir", "none"], 3), (["recording", "x", "-o", "x.wav"], 2),
    (["recording", NONE, "-o", "x.wav"], 3), (["doctor", "more"], 2), (["doctor", "--dat", "x"], 2), (["doctor", "--config", "none.yaml"], 2), (["doctor", "--data"], 2),
    (["dial"], 2), (["dial", "--to", "+14155550199"], 2), (["dial", "--to", "14155550199", "--rulebook", "x"], 2), (["dial", "--to", "+14155550199", "--rulebook", "x"], 3),
    (["dial", "--to", "+14155550199", "--rulebook", "x", "--from", "15550100"], 2), (["dial", "--to", "+14155550199", "--rulebook", "x", "--variable", "x"], 2),
    (["dial", "--to", "+14155550199", "--rulebook", "x", "--wait", "0"], 2), (["dial", "--to", "+14155550199", "--rulebook", "x", "more"], 2),
    (["sandbox", "more"], 2), (["sandbox", "--rulebook", "none"], 3), (["sandbox", "--print-config", "--port", "0"], 2), (["sandbox", "--port", "x"], 2), (["sandbox", "--lsiten", "x"], 2),
]


@pytest.fixture
def folder(run):
    assert run("tenant", "add", "acme").status == 0


@pytest.mark.parametrize("words, status", MISTAKES, ids=lambda value: " ".join(str(word).rpartition("/")[2] for word in value) if isinstance(value, list) else None)
def test_every_mistake_says_what_where_and_what_to_do(run, folder, words, status):
    done = run(*words, "--json", stdin=b"")
    assert done.status == status, done.out + done.err
    error = done.error()
    assert all(error[part] for part in ("code", "message", "where", "hint")), error
    people = run(*words, stdin=b"")
    assert (people.status, people.out) == (status, "")
    assert error["message"] in people.err and error["where"] in people.err and error["hint"] in people.err


def test_the_sandboxs_settings_as_json(run):
    assert run("sandbox", "--print-config", "--json").json() == {"settings": run("sandbox", "--print-config").out}


@pytest.mark.parametrize("value, why", [(b"x\0y", "zero byte"), (b"x\0", "zero byte"), (b"x\ny", "more than one line"), (b"x\0\ny", "more than one line")])
def test_a_secret_is_one_line_of_text(run, folder, value, why):
    done = run("secret", "set", "acme", "twilio.auth_token", "--json", stdin=value)
    assert done.status == 2 and why in done.error()["message"]
    assert run("secret", "list", "acme").out == ""


def test_a_secret_that_is_too_large_is_a_wrong_value(run, folder):
    done = run("secret", "set", "acme", "twilio.auth_token", "--json", stdin=b"x" * 8193)
    assert done.status == 2 and done.error()["hint"] == "a value has at most 8192 bytes"
    assert run("secret", "set", "acme", "twilio.auth_token", stdin=b"x" * 8192).status == 0


def test_the_houses_own_tenant_is_there_from_the_first_command(run):
    """Whatever it is called; another is made by its own command."""
    assert run("secret", "set", "local", "garage.key", stdin=b"abc").status == 0
    assert run("secret", "list", "local").out == "garage.key\n"
    assert run("secret", "list", "acme").status == 3
    assert run("secret", "list", "acme", "--set", "server.tenant=acme").status == 0
