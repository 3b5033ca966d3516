"""What the program says of calls on standard error: nothing unless asked, then lines that are whole, named and without a word of what was said."""
import json
import re

import pytest

from deaths import Life, Facts, ask
from test_disk import CALL, kilobytes, small_disk  # noqa: F401, a fixture

FIRST = ["time", "level", "plane", "call", "doing", "message"]
ALL = ["--set", "log.format=json", "--set", "log.level=debug"]


def lines(done):
    """Every line is one document, its context first."""
    assert done.err.endswith("\n") or not done.err
    found = []
    for line in done.err.splitlines():
        document = json.loads(line)
        assert list(document)[:6] == FIRST, line
        assert document["plane"] == "voice" and document["level"] in ("debug", "info", "warn", "error")
        assert document["doing"] and document["message"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", document["time"]), line
        assert len(line) < 4096
        found.append(document)
    return found


def of(found, **wanted):
    return [line for line in found if all(line.get(key) == value for key, value in wanted.items())]


def test_simulate_says_nothing_unless_it_is_asked(run):
    done = run("simulate", "--calls", 60, "--seed", 1)
    assert done.status == 0 and done.err == ""
    asked = run("simulate", "--calls", 60, "--seed", 1, "--set", "log.level=info")
    assert asked.out.splitlines()[:20] == done.out.splitlines()[:20] and asked.err


def test_every_line_has_time_level_plane_call_doing_and_message(run):
    found = lines(run("simulate", "--calls", 60, "--seed", 1, *ALL, "--json"))
    for call in range(60):
        own = of(found, call=f"1/{call}")
        ended = of(own, message="the call has ended")
        assert len(of(own, message="the call has begun")) == 1 and len(ended) == 1, call
        assert ended[0]["reason"] and ended[0]["turns"] >= 0 and ended[0]["steps"] > 100
        # The world's own time, in order; nobody's wall clock.
        times = [line["time"] for line in own]
        assert times == sorted(times) and times[0] == "2023-11-14T22:13:21.000000Z"
    assert {line["call"] for line in found} == {f"1/{call}" for call in range(60)}
    # Faults had their lines, at the level that is theirs.
    for message, level in {"a provider failed": "warn", "a provider is well again": "info", "the media is lost": "warn",
                           "the call is taken over": "info", "the conductor takes the journal again": "info"}.items():
        assert of(found, message=message, level=level), message


def test_a_failed_provider_is_told_once_until_it_is_well(run):
    found = lines(run("simulate", "--calls", 60, "--seed", 1, *ALL, "--json"))
    assert len(of(found, message="another attempt is made", level="debug")) > 10
    for call in range(60):
        failing = set()
        for line in of(found, call=f"1/{call}"):
            if line["message"] == "the call is taken over":
                failing = set()  # another worker
            elif line["message"] == "a provider is well again":
                failing.remove(line["what"])
            elif line["message"] in ("a provider failed", "another attempt is made"):
                assert (line["level"] == "debug") == (line["what"] in failing), line
                failing.add(line["what"])


def test_the_same_calls_say_the_same(run):
    one = run("simulate", "--calls", 24, "--seed", 3, *ALL, "--json")
    two = run("simulate", "--calls", 24, "--seed", 3, "--jobs", 2, *ALL, "--json")
    alone = run("simulate", "--call", 7, "--seed", 3, *ALL, "--json")
    assert one.err != "" and sorted(one.err.splitlines()) == sorted(two.err.splitlines())
    assert lines(alone) == of(lines(one), call="3/7")


def test_the_level_is_what_is_said_at_least(run):
    said = {level: lines(run("simulate", "--calls", 60, "--seed", 1, "--set", f"log.level={level}", "--set", "log.format=json"))
            for level in ("debug", "info", "warn", "error")}
    everything = said["debug"]
    for level, below in (("info", {"debug"}), ("warn", {"debug", "info"}), ("error", {"debug", "info", "warn"})):
        assert said[level] == [line for line in everything if line["level"] not in below]
        assert said[level]


def test_lines_for_people(run):
    done = run("simulate", "--call", 7, "--seed", 1, "--set", "log.level=info")
    pattern = r"\d{4}-\d\d-\d\dT[\d:.]+Z (info |warn |error) voice \[1/7\] [^()]+ \([a-z' ]+\)( [a-z_]+=\S+|( [a-z_]+=\"[^\"]*\"))*"
    assert done.err.splitlines()
    for line in done.err.splitlines():
        assert re.fullmatch(pattern, line), line


def texts(value, key=None):
    """What was said, heard, looked up and answered, wherever it stands in a trace."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from texts(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part, key)
    elif isinstance(value, str) and key in ("text", "name", "words", "args"):
        yield value


@pytest.mark.parametrize("call", [0, 7, 11, 40])
def test_no_word_of_the_call_is_in_a_line(run, call):
    done = run("simulate", "--call", call, "--seed", 1, "--trace", "--json", *ALL)
    spoken = {text for line in done.out.splitlines()[:-1] for text in texts(json.loads(line))}
    assert len(spoken) > 40 and lines(done)
    # The sentences, and each word that our own lines do not need.
    ours = set(re.findall(r"[a-z]+", " ".join(f"{line['message']} {line['doing']} {' '.join(line)}" for line in lines(done)).lower()))
    values = " ".join(str(value) for line in lines(done) for key, value in line.items() if key not in ("message", "doing", "time", "call")).lower()
    for text in spoken:
        assert len(text) < 12 or text not in done.err, text
        for word in re.findall(r"[^\W\d_]{5,}|\d{6,}", text.lower()):
            assert word in ours or not re.search(rf"\b{word}\b", values), word


# ---- the alerts of F06 to F08 ----

def life(run, folder, *args):
    """A recorded call on a real disk: its lines, and its call's name in them."""
    done = run("simulate", *CALL, "--disk", folder, "--faults", "none", "--json", *args, *ALL)
    found = lines(done)
    assert {line["call"] for line in found} == {"5/0"}
    return found


def test_a_call_on_a_good_disk_has_no_alert(run, tmp_path):
    found = life(run, tmp_path / "journal")
    assert [line["message"] for line in found if "what" not in line] == ["the journal is open", "the call is open", "the call has begun", "the call has ended"]
    assert of(found, message="the call is open")[0]["audio"] is True


def test_F06_a_full_disk_is_an_alert(run, small_disk, tmp_path):  # noqa: F811
    whole = tmp_path / "whole"
    life(run, whole)
    found = life(run, small_disk(kilobytes(whole) - 280) / "journal")
    alerts = of(found, level="error")
    assert [line["health"] for line in alerts if "health" in line] == ["audio_ring"]
    assert alerts[0]["message"] == "the disk is full: events go to the reserve, audio to the ring"
    assert alerts[0]["doing"] == "writing a batch" and alerts[0]["plane"] == "voice"
    assert of(found, message="the call has ended", reason="agent"), "the call goes on"


def test_F07_a_disk_without_room_for_events_is_one_more(run, small_disk, tmp_path):  # noqa: F811
    whole = tmp_path / "whole"
    life(run, whole)
    found = life(run, small_disk(kilobytes(whole) - 800) / "journal")
    assert [line["health"] for line in of(found, level="error") if "health" in line] == ["audio_ring", "stopped"]


@pytest.mark.parametrize("n", [60, 400, 700])
def test_F06_full_for_a_moment_is_an_alert_and_its_end(run, tmp_path, n):
    found = life(run, tmp_path / "journal", "--inject", f"write:{n}=ENOSPC")
    assert [line["health"] for line in of(found, level="error")] == ["audio_ring"]
    well = of(found, message="the journal is well again")
    assert len(well) == 1 and well[0]["was"] == "audio_ring" and well[0]["level"] == "info"


@pytest.mark.parametrize("n", [100, 333, 600])
def test_F08_a_failed_sync_is_a_warning(run, tmp_path, n):
    found = life(run, tmp_path / "journal", "--inject", f"fsync:{n}=EIO")
    assert of(found, level="error") == []
    failed = [line for line in of(found, level="warn") if "what" not in line]
    assert [line["error"] for line in failed] == ["input/output failed"], failed
    assert failed[0]["message"].startswith("a file of the journal failed")


@pytest.mark.parametrize("fail", ["fsync:400+=EIO", "write:400+=EROFS"])
def test_F08_a_disk_that_fails_for_good_is_one_alert(run, tmp_path, fail):
    found = life(run, tmp_path / "journal", "--inject", fail)
    stopped = of(found, health="stopped")
    assert len(stopped) == 1 and stopped[0]["level"] == "error" and stopped[0]["message"].startswith("the journal has stopped")
    assert len(of(found, message="the call has ended")) == 1
    assert len(found) < 20, "a retry is no news"


# ---- a command that tells of its work itself ----

def test_recording_logs_when_it_is_asked(run, tmp_path):
    folder, facts = tmp_path / "journal", Facts()
    assert Life(folder, facts, *CALL, faults="none").status == 0
    call = facts.calls()[0]
    cut = ["recording", call, "--dir", folder, "-o", tmp_path / "out.flac"]
    assert run(*cut).err == ""
    found = lines(run(*cut, "--set", "log.format=json"))
    assert [line["message"] for line in found] == ["the recording is cut"]
    assert found[0]["call"] == call and found[0]["ms"] > 60000 and found[0]["ended"] is True
    assert ask("show", call, "--dir", folder)[0] == 0, "the id is the one that other commands take"
    found = lines(run("recording", call, "--dir", folder, "-o", tmp_path / "no" / "out.flac", "--json", "--set", "log.format=json"))
    assert [(line["level"], line["message"]) for line in found] == [("error", "the recording could not be written")]
