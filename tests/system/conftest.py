"""The program from outside: the binary named by CALLFUNNEL_BIN, run as a user would run it."""
import json
import os
import pathlib
import signal
import subprocess

import pytest

try:
    from xdist.scheduler import LoadScopeScheduling
except ImportError:  # one test after the other needs no plan
    LoadScopeScheduling = object

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("CALLFUNNEL_BIN", str(ROOT / "build" / "release" / "callfunnel"))

# Whoever runs the tests in the background has Ctrl-C ignored, and so would everything that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


# How `./dev test` shares the tests out. Whole calls in real time wait more than they work: each for itself. What works all the time stays together, so that
# calls have no more than two such beside them, and what it starts gives way to them. Of any other file all tests stay together, with what they have in common.
APART = ("twilio_calls", "twilio_breaks", "twilio_moves", "exotel_calls", "unfinished", "transfer", "dial", "dial_exotel", "sandbox_calls", "sandbox_exotel")
GIVE_WAY = ("simulate", "extremes", "scenarios", "replay", "replay_rest", "deaths", "recogniser", "rulebook_kinds", "journal")
WORKING = (("simulate", "extremes", "scenarios", "replay", "replay_rest", "deaths"), ("spoken", "recogniser", "rulebook_kinds"))


class Plan(LoadScopeScheduling):
    """Whoever is free takes what is next, in the order in which the files were named."""

    def _split_scope(self, nodeid):
        name = pathlib.PurePath(nodeid.partition("::")[0]).stem.removeprefix("test_")
        if name in APART:
            return nodeid
        return next((str(names) for names in WORKING if name in names), name)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Plan(config, log) if config.getoption("dist") == "loadfile" else None


class Finished:
    """A run that ended: exit status, both outputs as text, and standard output as JSON when asked."""

    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout.decode("utf-8")
        self.err = done.stderr.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.out)

    def lines(self):
        """One JSON document a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    def error(self):
        """The error that --json prints: exactly one document with exactly these parts."""
        document = self.json()
        assert list(document) == ["error"]
        assert list(document["error"]) == ["code", "message", "where", "hint"]
        return document["error"]


def aside(*words):
    """A command that works and has time: it gives way to the calls in real time beside it."""
    return ["nice", "-n", "10", *map(str, words)]


@pytest.fixture
def run(request, tmp_path):
    """run("config", "--json") in an empty folder; every run ends within a minute."""
    gives_way = request.path.stem.removeprefix("test_") in GIVE_WAY

    def start(*args, cwd=tmp_path, timeout=60, stdin=b"", **env):
        words = aside(BINARY, *args) if gives_way else [BINARY, *map(str, args)]
        done = subprocess.run(words, cwd=cwd, input=stdin, capture_output=True, timeout=timeout * (5 if gives_way else 1), check=False,
                              env={**os.environ, **env})
        assert done.returncode >= 0, f"killed by signal {-done.returncode}: {done.stderr.decode('utf-8', 'replace')}"
        return Finished(done)

    return start


@pytest.fixture(scope="session")
def model():
    """The voice detection model; a test that needs it is skipped where it could not be fetched."""
    folder = os.environ.get("CALLFUNNEL_MODELS", str(ROOT / "build" / "models"))
    path = pathlib.Path(folder) / "silero_vad.onnx"
    if not path.is_file():
        pytest.skip("silero_vad.onnx is not there: ./dev build fetches it")
    return path
