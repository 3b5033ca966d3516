"""The layer rule itself: it sees what it must see and lets pass what it must let pass."""
import subprocess
import sys

import pytest

from conftest import ROOT

FILES = {
    "base/err.h": "", "audio/wav.h": "", "voice/call.h": "", "voice/journal/journal.h": "", "conductor/calls.h": "", "cli/cli.h": "", "data/ledger.h": "",
    "voice/spoken/spoken.h": "",
    "providers/stt.h": "", "providers/deepgram.h": "", "providers/deepgram.c": '#include "providers/deepgram.h"\n',
    "providers/twilio/media.h": "", "simulate/world.h": "",
}


def check(tmp_path, path, line):
    for name, text in {**FILES, path: line + "\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    done = subprocess.run([sys.executable, ROOT / "lint" / "layers.py", tmp_path], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("path, included", [
    ("base/x.c", "base/err.h"), ("audio/x.c", "base/err.h"), ("voice/x.c", "providers/stt.h"), ("voice/x.c", "audio/wav.h"),
    ("providers/deepgram.c", "providers/deepgram.h"), ("providers/registry.c", "providers/deepgram.h"),
    ("providers/deepgram.c", "providers/stt.h"), ("providers/twilio/carrier.c", "providers/twilio/media.h"),
    ("simulate/x.c", "voice/call.h"), ("voice/session/x.c", "voice/call.h"), ("voice/session/x.c", "voice/journal/journal.h"), ("cli/x.c", "conductor/calls.h"), ("conductor/x.c", "data/ledger.h"), ("main.c", "cli/cli.h"),
    ("voice/spoken/x.c", "voice/spoken/spoken.h"), ("voice/spoken/x.c", "base/err.h"), ("voice/session/x.c", "voice/spoken/spoken.h"),
])
def test_allowed(tmp_path, path, included):
    status, out = check(tmp_path, path, f'#include "{included}"')
    assert status == 0, out


@pytest.mark.parametrize("path, included", [
    ("base/x.c", "voice/call.h"), ("base/x.c", "audio/wav.h"), ("base/x.c", "cli/cli.h"), ("audio/x.c", "voice/call.h"),
    ("audio/x.c", "providers/stt.h"), ("voice/x.c", "conductor/calls.h"), ("voice/x.c", "providers/deepgram.h"), ("voice/x.c", "data/ledger.h"),
    ("conductor/x.c", "voice/call.h"), ("providers/cartesia.c", "providers/deepgram.h"), ("providers/deepgram.c", "voice/call.h"),
    ("providers/deepgram.c", "providers/twilio/media.h"), ("voice/x.c", "simulate/world.h"), ("voice/x.c", "cli/cli.h"),
    ("voice/x.c", "voice/journal/journal.h"), ("voice/x.c", "call.h"), ("voice/x.c", "voice/none.h"), ("attic/x.c", "base/err.h"),
    ("voice/x.c", "voice/spoken/spoken.h"), ("voice/spoken/x.c", "voice/call.h"), ("voice/spoken/x.c", "providers/stt.h"),
])
def test_refused(tmp_path, path, included):
    status, out = check(tmp_path, path, f'  #  include "{included}"')
    assert status == 1 and included in out or "attic" in out
    assert status == 1


def test_our_own_tree_keeps_it():
    done = subprocess.run([sys.executable, ROOT / "lint" / "layers.py"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_an_empty_tree_is_no_success(tmp_path):
    done = subprocess.run([sys.executable, ROOT / "lint" / "layers.py", tmp_path], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
