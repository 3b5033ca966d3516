"""`callfunnel parse` over every committed corpus: outside bytes are taken or refused with words, and never kill the program."""
import random

import pytest

from conftest import ROOT

CORPUS = ROOT / "tests" / "fuzz" / "corpus"
KINDS = "brief config input journal onnx output rulebook snapshot tracks wav wire".split()


def answer(run, kind, path):
    """The exit status, after a look at what was said with it."""
    done = run("parse", kind, path, "--json")
    assert done.status in (0, 1), (kind, path, done.out)
    if done.status:
        error = done.error()
        assert error["code"] and error["message"] and error["where"], (kind, path)
    else:
        assert done.json()["kind"] == kind and done.json()["bytes"] == path.stat().st_size
    return done.status


@pytest.mark.parametrize("kind", [k for k in KINDS if (CORPUS / k).is_dir()])
def test_every_file_of_a_corpus_is_taken_or_refused(run, kind):
    answers = {path.name: answer(run, kind, path) for path in sorted((CORPUS / kind).iterdir())}
    assert len(answers) >= 5
    # Files of the other kinds are for a fuzzer that first reads what to do with them; a model is too big for a corpus.
    if kind in ("config", "rulebook", "snapshot", "tracks", "wav", "wire"):
        assert 0 in answers.values(), "something is taken"
    if kind != "snapshot":
        assert 1 in answers.values(), "something is refused"


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_answered(run, tmp_path, kind):
    rng = random.Random(kind)
    for size in (0, 1, 100, 5000):
        noise = tmp_path / f"noise{size}"
        noise.write_bytes(rng.randbytes(size))
        answer(run, kind, noise)


def test_kept_calls_are_journals_and_a_flipped_byte_is_damage(run, tmp_path):
    one = sorted((ROOT / "tests" / "calls").glob("*.cfj"))[0]
    assert answer(run, "journal", one) == 0
    data = bytearray(one.read_bytes())
    data[len(data) // 2] ^= 4
    (tmp_path / "flipped.cfj").write_bytes(data)
    assert answer(run, "journal", tmp_path / "flipped.cfj") == 1
    people = run("parse", "journal", tmp_path / "flipped.cfj")
    assert people.status == 1 and people.out == "" and "corrupt: 1" in people.err


@pytest.mark.parametrize("args, status", [([], 2), (["wav"], 2), (["sound", "x"], 2), (["wav", "a", "b"], 2), (["wav", "none.wav"], 3), (["wav", "."], 3)])
def test_mistakes(run, args, status):
    done = run("parse", *args, "--json")
    assert done.status == status and done.error()["message"]
    people = run("parse", *args)
    assert people.status == status and people.out == "" and done.error()["message"] in people.err
