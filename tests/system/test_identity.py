"""Tenants, routes, secrets and tokens from the command line; and who in the source may make a tenant."""
import base64
import concurrent.futures
import hashlib
import json
import os
import pty
import re
import select
import subprocess
import termios
import time

import pytest

from conftest import BINARY, ROOT

SECRET = b"a value that nobody may see"
BOOKS = ["--set", f"rulebooks.dir={ROOT / 'rulebooks'}"]


@pytest.fixture
def house(run, tmp_path):
    """A data folder with two tenants."""
    for name in ("acme", "globex"):
        assert run("tenant", "add", name).status == 0
    return tmp_path / "data"


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verify(token, key_file):
    """RS256 by hand (RFC 8017, 8.2.2): the claims, or an assertion that fails."""
    head, body, signature = token.split(".")
    header = json.loads(decode(head))
    assert header["alg"] == "RS256" and header["typ"] == "JWT"
    keys = [one["key"] for one in json.loads(key_file.read_text())["keys"] if "service" not in one]
    key = next(k for k in keys if k["kid"] == header["kid"])
    n, e = (int.from_bytes(decode(key[name]), "big") for name in "ne")
    size = (n.bit_length() + 7) // 8
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(f"{head}.{body}".encode()).digest()
    padded = pow(int.from_bytes(decode(signature), "big"), e, n).to_bytes(size, "big")
    assert size == 256 and padded == b"\x00\x01" + b"\xff" * (size - 3 - len(digest)) + b"\x00" + digest
    return json.loads(decode(body))


# ---- tenants ----

def test_tenants_are_made_once_and_listed(run):
    assert run("tenant", "list", "--json").json() == {"tenants": []}
    made = run("tenant", "add", "acme", "--json").json()
    assert made["name"] == "acme" and re.fullmatch("[0-9a-f]{32}", made["id"]) and abs(made["made_s"] - time.time()) < 60
    assert made["id"] == hashlib.blake2b(b"acme", digest_size=16, key=b"callfunnel tenant").hexdigest()
    again = run("tenant", "add", "acme", "--json")
    assert again.status == 1 and again.error()["code"] == "exists_already"
    assert run("tenant", "add", "globex").status == 0
    assert [t["name"] for t in run("tenant", "list", "--json").json()["tenants"]] == ["acme", "globex"]
    people = run("tenant", "list")
    assert people.out.splitlines()[0].split() == ["acme", made["id"]]


@pytest.mark.parametrize("words, status", [
    (["tenant"], 2), (["tenant", "add"], 2), (["tenant", "add", "Acme"], 2), (["tenant", "add", "a/b"], 2), (["tenant", "add", "-"], 2),
    (["tenant", "drop", "acme"], 2), (["tenant", "list", "acme"], 2),
    (["route", "add", "12", "acme", "book"], 2), (["route", "add", "15550100", "acme", "payment-reminder", *BOOKS], 2),
    (["route", "add", "+05550100", "acme", "payment-reminder", *BOOKS], 2), (["route", "add", "+155501", "acme", "payment-reminder", *BOOKS], 2),
    (["route", "add", "+15550100", "acme", "Book"], 2),
    (["route", "add", "+15550100", "nobody", "payment-reminder", *BOOKS], 3), (["route", "add", "+15550100", "acme", "book", "--account", "a/b"], 2),
    (["route", "add", "+15550100", "acme", "no-such-book", *BOOKS], 3), (["route", "add", "+15550100", "acme", "payment-reminder.yaml", *BOOKS], 2),
    (["route", "add"], 2),
    (["secret", "set", "nobody", "key"], 3), (["secret", "set", "acme", "Key"], 2), (["secret", "set", "acme"], 2), (["secret", "list"], 2),
    (["secret", "remove", "acme", "key"], 1),
    (["token"], 2), (["token", "--tenant", "acme"], 2), (["token", "--role", "viewer"], 2), (["token", "--tenant", "acme", "--role", "king"], 2),
    (["token", "--tenant", "acme", "--role", "service"], 2), (["token", "--tenant", "nobody", "--role", "viewer"], 3),
    (["token", "--tenant", "A", "--role", "viewer"], 2), (["token", "--tenant", "acme", "--role", "viewer", "--ttl", "0"], 2),
    (["token", "--tenant", "acme", "--role", "viewer", "--ttl", "100000"], 2), (["token", "acme"], 2),
])
def test_mistakes(run, house, words, status):
    done = run(*words, "--json", stdin=b"value")
    assert done.status == status, done.out
    error = done.error()
    assert error["message"] and error["code"]
    people = run(*words, stdin=b"value")
    assert people.status == status and people.out == "" and error["message"] in people.err


def test_a_folder_that_cannot_be(run, tmp_path):
    (tmp_path / "file").write_text("x")
    for words in (["tenant", "list"], ["route", "list"], ["secret", "list", "acme"], ["token", "--tenant", "acme", "--role", "viewer"]):
        for folder in ("file", "none/deeper", "file/x"):
            done = run(*words, "--data", folder, "--json")
            assert done.status == 3 and done.error()["hint"], (words, folder)


# ---- routes ----

def test_routes_are_found_by_number_and_account(run, house):
    assert run("route", "add", "+1 (555) 010-0", "acme", "payment-reminder", *BOOKS).status == 0
    taken = run("route", "add", "+15550100", "globex", "appointment-reminder", "--json", *BOOKS)
    assert taken.status == 1 and taken.error()["hint"] == "--replace takes its place"
    assert run("route", "add", "+15550100", "globex", "appointment-reminder", "--account", "AC0001", *BOOKS).status == 0
    assert run("route", "add", "+15550100", "acme", "lead-callback", "--replace", "--json", *BOOKS).json()["rulebook"] == "lead-callback"
    assert run("route", "list", "--json").json() == {"routes": [
        {"number": "+15550100", "account": None, "tenant": "acme", "rulebook": "lead-callback"},
        {"number": "+15550100", "account": "AC0001", "tenant": "globex", "rulebook": "appointment-reminder"},
    ]}
    assert "any account" in run("route", "list").out


def test_a_route_is_removed(run, house):
    for account in ([], ["--account", "AC0001"]):
        assert run("route", "add", "+15550100", "acme", "payment-reminder", *account, *BOOKS).status == 0
    assert run("route", "remove", "+1 555-0100", "--json").json() == {"number": "+15550100", "account": None, "removed": True}
    assert [route["account"] for route in run("route", "list", "--json").json()["routes"]] == ["AC0001"]
    again = run("route", "remove", "+15550100", "--json")
    assert again.status == 1 and "--account" in again.error()["hint"]
    assert run("route", "remove", "+15550100", "--account", "AC0001").out == "+15550100: removed\n"
    assert run("route", "remove", "15550100").status == 1  # one that was taken without a plus could be removed
    assert run("route", "remove", "x").status == 2


def test_a_route_leads_to_a_tenant_and_a_rule_book_that_are_there(run, house, tmp_path):
    """Refused with what is missing, where it was looked for and what there is; nothing is stored, also over a route that serves."""
    assert run("route", "add", "+15550100", "acme", "payment-reminder", *BOOKS).status == 0
    none = run("route", "add", "+15550100", "acme", "payment-remindr", "--replace", "--json", *BOOKS)
    assert none.status == 3 and none.error() == {
        "code": "not_found", "message": "there is no rule-book payment-remindr", "where": str(ROOT / "rulebooks"),
        "hint": "there are appointment-reminder, lead-callback, payment-reminder; --set rulebooks.dir=DIR names another folder"}
    nobody = run("route", "add", "+15550100", "nobody", "lead-callback", "--replace", "--json", *BOOKS)
    assert nobody.status == 3 and "nobody" in nobody.error()["message"] and "tenant list" in nobody.error()["hint"]
    books = tmp_path / "books"
    books.mkdir()
    mine = ["--set", f"rulebooks.dir={books}"]
    empty = run("route", "add", "+15550100", "acme", "mine", "--replace", "--json", *mine)
    assert empty.status == 3 and "there is none" in empty.error()["hint"]
    (books / "mine.yaml").write_text("rulebook: 1\nid: 'no name'\n")
    broken = run("route", "add", "+15550100", "acme", "mine", "--replace", *mine)
    assert broken.status == 1 and "mine.yaml:2:" in broken.err
    assert [route["rulebook"] for route in run("route", "list", "--json").json()["routes"]] == ["payment-reminder"]


# ---- secrets ----

def everything(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_secrets_come_from_standard_input_and_go_nowhere(run, house):
    done = run("secret", "set", "acme", "twilio.auth_token", stdin=SECRET + b"\n")
    assert done.status == 0 and SECRET.decode() not in done.out + done.err
    listed = run("secret", "list", "acme", "--json")
    assert listed.json() == {"tenant": "acme", "names": ["twilio.auth_token"]}
    assert run("secret", "list", "globex", "--json").json()["names"] == []
    assert SECRET not in everything(house) and b"twilio" not in everything(house / "secrets")
    assert all(path.stat().st_mode & 0o077 == 0 for path in house.rglob("*"))
    assert run("secret", "remove", "acme", "twilio.auth_token", "--json").json() == {"tenant": "acme", "name": "twilio.auth_token", "removed": True}
    assert run("secret", "list", "acme").out == ""


def test_a_value_on_the_command_line_is_refused_and_not_repeated(run, house):
    done = run("secret", "set", "acme", "key", SECRET.decode(), "--json")
    assert done.status == 2 and SECRET.decode() not in done.out + done.err
    assert run("secret", "list", "acme").out == ""


@pytest.mark.parametrize("value, status", [
    (b"", 2), (b"\n", 2), (b"x" * 8192, 0), (b"x" * 8193, 2), (b"two\nlines", 2), (b"two\rlines", 2), (b"x\n\n", 2), (b" x", 2), (b"x\t", 2), (b"x \n", 2), (b"\nx", 2),
    (b"x\n", 0), (b"x\r\n", 0), (b"two words", 0),
])
def test_what_a_secret_may_be(run, house, value, status):
    """One line without blanks at its ends; the newline of a pipe is none of it. What is refused is not repeated."""
    done = run("secret", "set", "acme", "key", "--json", stdin=value)
    assert done.status == status
    assert status == 0 or done.error()["hint"]
    assert run("secret", "list", "acme", "--json").json()["names"] == (["key"] if status == 0 else [])


@pytest.mark.parametrize("name, status", [
    ("twilio.auth_token", 0), ("twilio.account_sid", 0), ("twilio.webhook_key", 0), ("openai.api_key", 0), ("records.token", 0), ("crm.token", 0), ("key2", 0),
    ("twilio.auth_token2", 2), ("twilio.token", 2), ("twillio.auth_token", 2), ("deepgram.key", 2), ("anthropic_api_key", 2),
])
def test_names_of_secrets(run, house, name, status):
    """What nothing would ever ask for is refused, and there stands what is asked for; a rule-book's tools may name theirs as they like."""
    done = run("secret", "set", "acme", name, "--json", stdin=b"value")
    assert done.status == status
    if status:
        error = done.error()
        wanted = next((one for one in ("twilio.auth_token", "deepgram.api_key") if name.startswith(one.split(".")[0] + ".")), "")
        assert name in error["message"] and (wanted in error["hint"] if wanted else "twilio.auth_token" in error["hint"] and "deepgram.api_key" in error["hint"])
        assert run("secret", "remove", "acme", name).status == 1  # one that is there from before could be removed


def test_the_prompt_does_not_show_what_is_typed(house):
    """On a terminal of its own: what comes back holds the question and not the answer."""
    try:
        pid, terminal = pty.fork()
    except OSError:
        pytest.skip("there are no terminals to be had here: /dev/pts is not mounted")
    if pid == 0:
        os.execv(BINARY, [BINARY, "secret", "set", "acme", "key", "--data", str(house)])
    seen, typed, deadline = b"", False, time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            more = os.read(terminal, 1000)
        except OSError:
            break
        if not more:
            break
        seen += more
        if not typed and b"not shown" in seen:
            # The terminal must be silent before anything is typed: wait for it to say so.
            while termios.tcgetattr(terminal)[3] & termios.ECHO:
                assert time.monotonic() < deadline
            os.write(terminal, SECRET + b"\n")
            typed = True
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert typed and b"key of acme" in seen and SECRET not in seen


def test_another_master_key_opens_nothing(run, house):
    assert run("secret", "set", "acme", "key", stdin=SECRET).status == 0
    (house / "secrets" / "master.key").write_bytes(os.urandom(32))
    for words in (["list", "acme"], ["set", "acme", "other"]):
        done = run("secret", *words, "--json", stdin=b"x")
        assert done.status == 3 and done.error()["code"] == "not_permitted"
    (house / "secrets" / "master.key").chmod(0o644)
    assert "others may read" in run("secret", "list", "acme", "--json").error()["message"]


# ---- tokens ----

def test_a_token_says_what_was_asked_for(run, house):
    done = run("token", "--tenant", "acme", "--role", "operator", "--role", "reveal", "--ttl", "120", "--subject", "script", "--json").json()
    claims = verify(done["token"], house / "identity" / "keys.json")
    assert claims["tenant"] == "acme" and claims["realm_access"]["roles"] == ["operator", "reveal"] and claims["sub"] == "script"
    assert claims["iss"] == claims["aud"] == "callfunnel" and claims["exp"] - claims["iat"] == 120 and abs(claims["iat"] - time.time()) < 60
    assert done["expires_s"] == claims["exp"] and done["tenant"] == "acme" and done["roles"] == ["operator", "reveal"]
    people = run("token", "--tenant", "acme", "--role", "viewer", "--set", "identity.tenant_claim=org", "--set", "identity.issuer=https://id.example")
    claims = verify(people.out.strip(), house / "identity" / "keys.json")
    assert claims["org"] == "acme" and claims["iss"] == "https://id.example" and "tenant" not in claims
    of_house = verify(run("token", "--role", "house").out.strip(), house / "identity" / "keys.json")
    assert "tenant" not in of_house and of_house["realm_access"]["roles"] == ["house"]


def test_keys_that_others_may_read_sign_nothing(run, house):
    assert run("token", "--tenant", "acme", "--role", "viewer").status == 0
    (house / "identity" / "keys.json").chmod(0o640)
    done = run("token", "--tenant", "acme", "--role", "viewer", "--json")
    assert done.status == 3 and done.error()["message"] == "others may read this key" and "token" not in done.json()


# ---- together ----

def start(folder, *words):
    return subprocess.run([BINARY, *words, "--data", str(folder), "--json"], input=SECRET, capture_output=True, timeout=120, check=False)


def test_many_programs_begin_in_one_new_folder(tmp_path):
    """First starts at the same time: one master key, one signing key, no change lost."""
    folder = tmp_path / "new"
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda i: start(folder, "tenant", "add", f"t{i}"), range(8)))
        assert [one.returncode for one in made] == [0] * 8, made
        tokens = list(pool.map(lambda i: start(folder, "token", "--tenant", f"t{i}", "--role", "viewer"), range(8)))
        assert [one.returncode for one in tokens] == [0] * 8, tokens
        stored = list(pool.map(lambda i: start(folder, "secret", "set", "t0", f"key{i}"), range(8)))
        assert [one.returncode for one in stored] == [0] * 8, stored
    assert len({json.loads(one.stdout)["key"] for one in tokens}) == 1
    assert len(json.loads(start(folder, "secret", "list", "t0").stdout)["names"]) == 8
    assert len(json.loads(start(folder, "tenant", "list").stdout)["tenants"]) == 8


# ---- who may make a tenant ----

# Whoever needs a line more here asks himself which of the three ways (base/tenant.h) it is.
MAKERS = {
    r"struct tenant \{": {"base/tenant.c"},
    r"struct jws_token \{": {"base/jws.c"},
    r"\btenant_record_begin\(": {"base/tenant.c", "base/tenant.h", "control/tenants.c"},
    r"\btenant_from_record\(": {"base/tenant.c", "base/tenant.h", "control/tenants.c", "conductor/calls_document.c"},
    r"\btenant_from_webhook\(": {"base/tenant.c", "base/tenant.h", "conductor/calls_webhook.c"},
    r"\btenant_claim_(id|name)\(": {"base/tenant.c", "base/tenant.h", "data/secrets.c"},
    r"\bsecret_block_\w+\(": {"base/secret_block.h", "base/secret_block.c", "data/secrets.c", "data/sealed_secrets.c",
                               "voice/worker/provider_keys.c"},
}


@pytest.mark.parametrize("pattern", MAKERS)
def test_tenants_are_made_where_they_may_be(pattern):
    src = ROOT / "src"
    found = {str(path.relative_to(src)) for path in src.rglob("*.[ch]") if re.search(pattern, path.read_text())}
    rooms = {name for name in found if name.startswith("conductor/calls") or name.startswith("conductor/webhook")}
    assert found - rooms <= MAKERS[pattern], f"{pattern} is not for {found - rooms - MAKERS[pattern]}"
    assert MAKERS[pattern] & found
