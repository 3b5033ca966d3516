"""`callfunnel audio` and `vad` from outside, on sounds made here and on recorded speech where the machine has it."""
import array
import csv
import json
import math
import pathlib
import struct
import wave

import pytest

from conftest import ROOT

SPEECH = pathlib.Path("/usr/share/pocketsphinx/test/data/goforward.raw")
TONES = {c: (low, high) for low, row in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D")) for c, high in zip(row, (1209, 1336, 1477, 1633))}


def write_wav(path, samples, rate=8000, channels=1):
    with wave.open(str(path), "wb") as w:
        w.setnchannels(channels)
        w.setsampwidth(2)
        w.setframerate(rate)
        w.writeframes(array.array("h", samples).tobytes())
    return path


def read_wav(path):
    with wave.open(str(path)) as w:
        return w.getframerate(), w.getnchannels(), array.array("h", w.readframes(w.getnframes()))


def tone(hertz, seconds=1.0, rate=8000, peak=12000):
    return [round(peak * math.sin(2 * math.pi * hertz * i / rate)) for i in range(int(seconds * rate))]


def keys(digits, rate=8000):
    """Each 80 ms on, 120 ms off, behind half a second of silence."""
    samples = [0] * (rate // 2)
    for digit in digits:
        low, high = TONES[digit]
        samples += [round(6000 * (math.sin(2 * math.pi * low * i / rate) + math.sin(2 * math.pi * high * i / rate))) for i in range(rate * 80 // 1000)]
        samples += [0] * (rate * 120 // 1000)
    return samples


# ---- g711 ----

@pytest.mark.parametrize("law", ["mu", "a"])
def test_g711_there_and_back(run, tmp_path, law):
    write_wav(tmp_path / "in.wav", tone(440))
    done = run("audio", "g711", "in.wav", "--law", law, "-o", "out.wav", "--json")
    assert done.status == 0
    document = done.json()
    assert document["law"] == law and document["samples"] == 8000 and document["rate_hz"] == 8000 and document["out"] == "out.wav"
    assert 36 <= document["snr_db"] <= 42 and 0 < document["peak_error"] <= 512, "what G.711 costs a loud tone"
    _, _, before = read_wav(tmp_path / "in.wav")
    _, _, after = read_wav(tmp_path / "out.wav")
    assert max(abs(a - b) for a, b in zip(before, after)) == document["peak_error"]
    assert len(after) == len(before)


def test_g711_known_codes(run, tmp_path):
    """The corners of ITU-T G.711's µ-law: zero and full scale of both signs."""
    write_wav(tmp_path / "in.wav", [0, 32767, -32768, 1000, -1000])
    assert run("audio", "g711", "in.wav", "--encode", "-o", "codes").status == 0
    codes = (tmp_path / "codes").read_bytes()
    assert codes[0] in (0xff, 0x7f) and codes[1] == 0x80 and codes[2] == 0x00
    assert codes[3] ^ codes[4] == 0x80, "the sign is one bit"


@pytest.mark.parametrize("law", ["mu", "a"])
def test_g711_codes_out_and_in_again(run, tmp_path, law):
    codes = bytes(range(256))
    (tmp_path / "codes").write_bytes(codes)
    assert run("audio", "g711", "codes", "--decode", "--law", law, "-o", "sound.wav").status == 0
    rate, channels, samples = read_wav(tmp_path / "sound.wav")
    assert (rate, channels, len(samples)) == (8000, 1, 256)
    assert run("audio", "g711", "sound.wav", "--encode", "--law", law, "-o", "again").status == 0
    again = (tmp_path / "again").read_bytes()
    assert sum(a != b for a, b in zip(codes, again)) <= 1, "each code stands for itself; µ-law has two zeros"


def test_g711_for_people(run, tmp_path):
    write_wav(tmp_path / "in.wav", tone(440))
    done = run("audio", "g711", "in.wav")
    assert done.status == 0 and "8000" in done.out and "in.wav" in done.out


# ---- resample ----

@pytest.mark.parametrize("from_hz, to_hz", [(8000, 16000), (16000, 8000), (24000, 8000), (48000, 8000), (44100, 8000)])
def test_resample(run, tmp_path, from_hz, to_hz):
    write_wav(tmp_path / "in.wav", tone(1000, rate=from_hz), from_hz)
    done = run("audio", "resample", "in.wav", "--rate", to_hz, "-o", "out.wav", "--json")
    document = done.json()
    assert done.status == 0 and document["from_hz"] == from_hz and document["rate_hz"] == to_hz
    rate, _, samples = read_wav(tmp_path / "out.wav")
    assert rate == to_hz and len(samples) == document["samples"] == math.ceil(from_hz * to_hz / from_hz)
    crossings = sum((a < 0) != (b < 0) for a, b in zip(samples, samples[1:]))
    assert abs(crossings - 2000) <= 4, "it is the same tone"
    middle = samples[len(samples) // 4:len(samples) * 3 // 4]
    expected = tone(1000, rate=to_hz)[len(samples) // 4:len(samples) * 3 // 4]
    assert max(abs(a - b) for a, b in zip(middle, expected)) < 300, "at its place"


def test_resample_keeps_two_channels_apart(run, tmp_path):
    left, right = tone(500, rate=16000), [0] * 16000
    write_wav(tmp_path / "in.wav", [s for pair in zip(left, right) for s in pair], 16000, 2)
    assert run("audio", "resample", "in.wav", "--rate", 8000, "-o", "out.wav").status == 0
    rate, channels, samples = read_wav(tmp_path / "out.wav")
    assert (rate, channels) == (8000, 2) and max(samples[0::2]) > 11000 and not any(samples[1::2])


# ---- dtmf ----

@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_dtmf_finds_every_key(run, tmp_path, rate):
    digits = "147*2580369#ABCD11"
    write_wav(tmp_path / "keys.wav", keys(digits, rate), rate)
    done = run("audio", "dtmf", "keys.wav", "--json")
    found = done.lines()
    assert done.status == 0 and "".join(f["digit"] for f in found) == digits
    for i, key in enumerate(found):
        assert abs(key["at_ms"] - (500 + 200 * i)) <= 15 and abs(key["duration_ms"] - 80) <= 26 and key["channel"] == 0
        assert abs(key["at_sample"] / rate * 1000 - key["at_ms"]) < 2
    people = run("audio", "dtmf", "keys.wav").out.splitlines()
    assert "".join(line[0] for line in people) == digits


def test_dtmf_finds_nothing_in_other_sounds(run, tmp_path):
    write_wav(tmp_path / "tone.wav", tone(697) + tone(1209) + tone(440) + [0] * 8000)
    done = run("audio", "dtmf", "tone.wav", "--json")
    assert done.status == 0 and done.out == ""


# ---- mistakes ----

@pytest.mark.parametrize("args, hint", [
    (["audio"], "callfunnel audio"), (["audio", "sing", "x.wav"], "callfunnel audio"), (["audio", "g711", "x.wav", "--law", "z"], "mu, a"),
    (["audio", "g711", "x.wav", "--encode", "--decode"], "one of them"), (["audio", "resample", "x.wav"], "--rate"),
    (["audio", "resample", "x.wav", "--rate", "5", "-o", "y.wav"], "1000"), (["vad"], "callfunnel vad"), (["vad", "x.wav", "--isa", "mmx"], "avx2"),
    (["vad", "x.wav", "--batch", "0"], "1024"),
])
def test_wrong_usage(run, tmp_path, args, hint):
    write_wav(tmp_path / "x.wav", tone(440))
    done = run(*args, "--json")
    assert done.status == 2 and done.error()["code"] == "wrong_usage" and hint in done.error()["hint"]
    people = run(*args)
    assert people.status == 2 and people.out == "" and hint in people.err
    assert not (tmp_path / "y.wav").exists()


@pytest.mark.parametrize("action", [["g711"], ["resample", "--rate", "8000", "-o", "y.wav"], ["dtmf"]])
def test_files_that_are_not_there_or_not_sound(run, tmp_path, action):
    done = run("audio", action[0], "none.wav", *action[1:], "--json")
    assert done.status == 3 and done.error()["code"] == "not_found" and done.error()["where"] == "none.wav"
    (tmp_path / "text.wav").write_text("no sound at all")
    done = run("audio", action[0], "text.wav", *action[1:], "--json")
    assert done.status == 1 and done.error()["code"] == "bad_format" and done.error()["where"].startswith("text.wav")
    people = run("audio", action[0], "text.wav", *action[1:])
    assert people.status == 1 and people.out == "" and "text.wav" in people.err


@pytest.mark.parametrize("args", [["g711", "x.wav"], ["g711", "x.wav", "--encode"], ["g711", "x.wav", "--decode"], ["resample", "x.wav", "--rate", "16000"]])
def test_a_file_that_cannot_be_written(run, tmp_path, args):
    write_wav(tmp_path / "x.wav", tone(440))
    done = run("audio", *args, "-o", "none/out", "--json")
    assert done.status == 3 and done.error()["where"] == "none/out" and "cannot write" in done.error()["message"]


def riff(*chunks, size=None, kind=b"RIFF"):
    """A WAV of these (id, claimed size or None, bytes) behind its 8 kHz mono PCM16 format."""
    body = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    for name, claimed, data in chunks:
        body += name + struct.pack("<I", len(data) if claimed is None else claimed) + data
    return kind + struct.pack("<I", len(body) if size is None else size) + body


SOUND = struct.pack("<800h", *tone(440, 0.1))


@pytest.mark.parametrize("action", [["g711"], ["g711", "--decode"], ["resample", "--rate", "16000", "-o", "y.wav"], ["dtmf"]])
def test_samples_that_are_missing_are_told(run, tmp_path, action):
    (tmp_path / "cut.wav").write_bytes(riff((b"data", 16000, SOUND)))
    done = run("audio", action[0], "cut.wav", *action[1:], "--json")
    assert done.status == 0 and "warning: cut.wav: the file ends inside its samples" in done.err
    assert all(line["truncated"] for line in done.lines())
    (tmp_path / "two.wav").write_bytes(riff((b"data", None, SOUND), (b"data", None, SOUND)))
    done = run("audio", action[0], "two.wav", *action[1:], "--json")
    assert done.status == 0 and "warning: two.wav: a second chunk of samples is not read" in done.err
    assert not any(line["truncated"] for line in done.lines())


def test_a_streamed_file_is_no_silent_one(run, tmp_path):
    (tmp_path / "streamed.wav").write_bytes(riff((b"data", 0, SOUND), size=36))
    done = run("audio", "g711", "streamed.wav", "--json")
    assert done.json()["samples"] == 800 and not done.json()["truncated"] and done.err == ""
    (tmp_path / "empty.wav").write_bytes(riff((b"data", 0, b""), (b"LIST", None, b"INFOabcd")))
    assert run("audio", "g711", "empty.wav", "--json").json()["samples"] == 0


@pytest.mark.parametrize("kind", [b"RIFX", b"RF64"])
def test_other_kinds_of_riff_are_no_codes(run, tmp_path, kind):
    (tmp_path / "other.wav").write_bytes(riff((b"data", None, SOUND), kind=kind))
    for action in (["g711", "other.wav"], ["g711", "other.wav", "--decode"], ["dtmf", "other.wav"]):
        done = run("audio", *action, "--json")
        assert done.status == 1 and done.error()["code"] == "bad_format" and done.error()["where"] == "other.wav, byte 0"


@pytest.mark.parametrize("sample", [math.nan, math.inf])
def test_floats_that_are_no_numbers_are_refused_with_their_place(run, tmp_path, sample):
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 3, 1, 8000, 32000, 4, 32) + b"data" + struct.pack("<I4f", 16, 0, 0.5, sample, 0)
    (tmp_path / "f.wav").write_bytes(b"RIFF" + struct.pack("<I", len(head)) + head)
    done = run("audio", "g711", "f.wav", "--json")
    assert done.status == 1 and "sample 2 " in done.error()["message"] and done.error()["where"] == "f.wav, byte 52"


# ---- vad ----

@pytest.mark.parametrize("rate", ["0", "-1", "12000", "4294975296"])
def test_vad_hears_two_rates(run, model, tmp_path, rate):
    write_wav(tmp_path / "x.wav", tone(440))
    done = run("vad", "x.wav", f"--rate={rate}", "--json", "--set", f"vad.model_file={model}")
    assert done.status == 2 and done.error()["hint"] == "allowed: 8000, 16000" and rate in done.error()["message"]


def test_vad_tells_of_samples_that_are_missing(run, model, tmp_path):
    (tmp_path / "cut.wav").write_bytes(riff((b"data", 16000, SOUND)))
    done = run("vad", "cut.wav", "--json", "--set", f"vad.model_file={model}")
    assert done.status == 0 and "ends inside its samples" in done.err and all(line["truncated"] for line in done.lines()) and done.lines()


def chunks(run, model, *args, status=0):
    done = run("vad", *args, "--json", "--set", f"vad.model_file={model}")
    assert done.status == status, done.out
    return done.lines()


def halved(samples):
    x = [0, *samples, 0, 0]
    return [(x[2 * k] + 2 * x[2 * k + 1] + x[2 * k + 2] + 2) >> 2 for k in range(len(samples) // 2)]


@pytest.fixture(params=["16k", "halved_8k"])
def vector(request, tmp_path):
    """(a WAV of recorded speech, its reference probabilities)"""
    if not SPEECH.is_file():
        pytest.skip("pocketsphinx-testdata is not installed")
    samples = array.array("h", SPEECH.read_bytes())
    at_16 = request.param == "16k"
    write_wav(tmp_path / "speech.wav", samples if at_16 else halved(samples), 16000 if at_16 else 8000)
    with open(ROOT / "tests" / "vectors" / "silero" / f"goforward_{request.param}.csv", encoding="ascii") as f:
        return "speech.wav", [float(row["prob"]) for row in csv.DictReader(f)], 512 if at_16 else 256


@pytest.mark.parametrize("isa", ["generic", "avx2", "avx512", "best"])
def test_vad_matches_the_reference_on_each_instruction_set(run, model, vector, isa):
    file, reference, samples = vector
    done = run("vad", file, "--isa", isa, "--json", "--set", f"vad.model_file={model}")
    if done.status == 3 and isa.startswith("avx"):
        assert done.error()["message"] == "this processor lacks the instruction set"
        pytest.skip(f"this processor has no {isa}")
    assert done.status == 0
    found = done.lines()
    assert [f["chunk"] for f in found] == list(range(len(reference)))
    assert [f["start_sample"] for f in found] == [i * samples for i in range(len(reference))]
    assert max(abs(f["prob"] - r) for f, r in zip(found, reference)) <= 1e-4
    assert max(reference) > 0.9 and min(reference) < 0.1


@pytest.mark.parametrize("batch", [1, 3, 16, 17])
def test_vad_in_batches_is_the_same(run, model, vector, batch):
    file, _, _ = vector
    assert chunks(run, model, file, "--batch", batch) == chunks(run, model, file)


def test_vad_for_people_prints_the_lines_of_the_vectors(run, model, vector):
    file, reference, _ = vector
    done = run("vad", file, "--set", f"vad.model_file={model}")
    lines = done.out.splitlines()
    assert done.status == 0 and lines[0] == "chunk,start_sample,prob" and len(lines) == len(reference) + 1
    for line, chunk in zip(lines[1:], chunks(run, model, file)):
        number, start, prob = line.split(",")
        assert (int(number), int(start)) == (chunk["chunk"], chunk["start_sample"]) and abs(float(prob) - chunk["prob"]) < 1e-9


def test_vad_converts_when_asked_only(run, model, tmp_path):
    write_wav(tmp_path / "cd.wav", tone(440, rate=44100), 44100)
    done = run("vad", "cd.wav", "--json", "--set", f"vad.model_file={model}")
    assert done.status == 2 and "--rate 8000" in done.error()["hint"]
    assert len(chunks(run, model, "cd.wav", "--rate", 8000)) == 8000 // 256
    assert len(chunks(run, model, "cd.wav", "--rate", 16000)) == 16000 // 512
    done = run("vad", "cd.wav", "--rate", 44100, "--json", "--set", f"vad.model_file={model}")
    assert done.status == 2 and done.error()["hint"] == "allowed: 8000, 16000"


def test_vad_quiet_resets_a_live_call(run, model, tmp_path):
    """Three seconds of silence, then a tone: with --live the state is new again, without it it is not."""
    write_wav(tmp_path / "x.wav", tone(300, 0.5) + [0] * 24000 + tone(300, 0.5))
    plain, live = chunks(run, model, "x.wav"), chunks(run, model, "x.wav", "--live")
    assert plain[:60] == live[:60] and plain[100:] != live[100:]


def test_vad_bench_prints_a_number(run, model, tmp_path):
    write_wav(tmp_path / "x.wav", tone(300))
    document, = chunks(run, model, "x.wav", "--bench", 2, "--batch", 4)
    assert document["ns_per_chunk"] > 100 and document["batch"] == 4 and document["steps"] == 2 * (8000 // 256) and document["rate_hz"] == 8000


def test_vad_without_its_model_says_how_to_get_it(run, tmp_path):
    write_wav(tmp_path / "x.wav", tone(300))
    for name, code in (("none.onnx", "not_found"), ("x.wav", "corrupt")):
        done = run("vad", "x.wav", "--json", "--set", f"vad.model_file={name}")
        assert done.status == 3 and done.error()["code"] == code and done.error()["where"] == name and "./dev build" in done.error()["hint"]
        people = run("vad", "x.wav", "--set", f"vad.model_file={name}")
        assert people.status == 3 and people.out == "" and "./dev build" in people.err


def test_vad_of_what_is_no_sound(run, model, tmp_path):
    (tmp_path / "text.wav").write_text(json.dumps("no sound at all"))
    done = run("vad", "text.wav", "--json", "--set", f"vad.model_file={model}")
    assert done.status == 1 and done.error()["code"] == "bad_format"
    done = run("vad", "none.wav", "--json", "--set", f"vad.model_file={model}")
    assert done.status == 3 and done.error()["where"] == "none.wav"
    write_wav(tmp_path / "short.wav", [0] * 100)
    assert chunks(run, model, "short.wav") == []
