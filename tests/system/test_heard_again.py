"""What a recogniser that takes another one's place is given, as it went over its socket: all of the caller's words that had no final, in order, once, no long
silence between them, and no faster than the vendor follows."""
import itertools
import wave

import pytest

from conftest import ROOT
from sandboxkit import Sandbox
from twiliophone import read_wav
from wireproxy import Proxy

BOOK = ROOT / "rulebooks" / "payment-reminder.yaml"
SILENT = bytes(byte for byte in range(256) if ~byte & 0x7f <= 0x18)  # of µ-law: up to 1 % of the loudest
# The vendor takes a pause for an utterance's end, and no natural gap; that it owes a final is no reason to replace it.
SETTINGS = ("stt.providers=deepgram", "providers.deepgram.endpointing_ms=1000", "stt.stall_ms=20000")
PAUSE_S = 1.5
KEPT_S = 0.224 + 2 * 0.032 + 0.04  # PAUSE_KEPT_SAMPLES, a chunk of the VAD's at each end, and what is silent in a word itself
PACE, BURST_S = 1.25, 0.3          # providers.deepgram.pace_percent, and what it may have at once


@pytest.fixture
def sandbox():
    with Sandbox() as one:
        yield one


def strip(sound):
    """Without the silence at both ends."""
    return sound.strip(SILENT)


def loud(sound):
    """Without any silence."""
    return sound.translate(None, SILENT)


def longest_silence_s(sound):
    return max((len(list(group)) for silent, group in itertools.groupby(sound, lambda byte: byte in SILENT) if silent), default=0) / 8000


def fastest_s(pieces):
    """By how much what went out was ahead of the pace, at most."""
    began, sent, ahead = pieces[0][0], 0, 0.0
    for when, size in pieces:
        sent += size
        ahead = max(ahead, sent / 8000 - PACE * (when - began))
    return ahead


@pytest.fixture
def slow_number(run, tmp_path):
    """Recordings: "definitely", and a number with a long pause in its middle; the number's two halves."""
    halves = []
    for index, text in enumerate(("definitely", "four zero", "two one")):
        assert run("say", text, "-o", tmp_path / f"{index}.wav").status == 0
    with wave.open(str(tmp_path / "number.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        for index, between_s in ((1, PAUSE_S), (2, 0)):
            with wave.open(str(tmp_path / f"{index}.wav")) as part:
                out.writeframes(part.readframes(part.getnframes()) + b"\0\0" * int(8000 * between_s))
            halves.append(loud(read_wav(tmp_path / f"{index}.wav")))
    return tmp_path / "0.wav", tmp_path / "number.wav", halves


def test_P11_a_slow_number_is_heard_again_without_its_pause(run, model, tmp_path, sandbox, slow_number):
    """P11: its first half is understood and never final, its socket breaks in the second one: the next recogniser has both, and the caller says it once."""
    first, number, halves = slow_number
    book = tmp_path / "book.yaml"
    book.write_text(BOOK.read_text().replace("{after_ms: 7000, prompts: 2}", "{after_ms: 2000, prompts: 1}"))  # he says no more then
    known = len(loud(read_wav(first)))
    data = tmp_path / "store"

    def in_number(wire):
        return len(loud(wire.sound)) - known if wire.number == 0 else 0

    def lets(wire, text):
        return in_number(wire) < 400 or (in_number(wire) < len(halves[0]) and '"is_final":true' not in text.replace(" ", ""))

    with Proxy(sandbox.urls["deepgram"], breaks=lambda wire: in_number(wire) > len(halves[0]) + len(halves[1]) // 2, lets=lets) as proxy:
        run("tenant", "add", "local", "--data", data)
        assert run("secret", "set", "local", "deepgram.api_key", "--data", data, stdin=b"sk-made-up").status == 0
        sandbox.script(deepgram=["definitely", "four zero", "two one", "four zero two one", "no", "no", "no"])
        done = run("call", "--rulebook", book, "--json", "--data", data, "--speak", first, "--speak", number, "--set", f"vad.model_file={model}",
                   *(word for one in (*SETTINGS, f"providers.deepgram.url={proxy.url}") for word in ("--set", one)))
        assert done.status in (0, 1), done.err + done.out  # he says no more: it comes to no result
    document = done.json()
    assert [turn["said"] for turn in document["turns"] if "said" in turn] == ["definitely", "four zero two one"], document
    again = proxy.wires[1]
    words = strip(again.sound)
    assert loud(words) == halves[0] + halves[1]  # all, in order, once
    assert longest_silence_s(words) <= KEPT_S, longest_silence_s(words)
    assert fastest_s(again.pieces) <= BURST_S + 0.1, fastest_s(again.pieces)
