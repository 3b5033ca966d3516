"""The page in a real browser: headless Chromium against the real `callfunnel serve`, with a voice in a file as its microphone.

The voice is flite's, made by `callfunnel say` and joined with pauses: a labelled stand-in for a recorded person.
"""
import array
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import wave

import pytest

from callers import Caller, settled, voice  # noqa: F401
from conftest import BINARY, ROOT
from house import House, until
from test_unfinished import patient_books, records  # noqa: F401
from twiliophone import NUMBER, PUBLIC, SECRET

playwright = pytest.importorskip("playwright.sync_api", reason="the Python package playwright is not there")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium: ./dev test installs it where it can be had")

GREETING = "This call may be recorded. Hello, this is Maya, the automated assistant of Lakeside Clinic. Am I speaking with Alex Morgan?"
QUESTION = "You have an appointment with Doctor Adams on Wednesday, 25 November at 10:30 AM. Would you like to keep it, move it, or cancel it?"
CALL_S = 90
# A machine that is busy hears late; these tests are not about how soon.
PATIENT = ("turn.final_wait_ms=5000", "stt.stall_ms=20000", "turn.noise_ms=1400")
PAUSE_MS = 2500  # the caller thinks before he answers: a slow machine is late by less, and the agent asks again only after seven seconds
VIEWS = ("#/calls", "#/phone", "#/books", "#/books/appointment-reminder")
TURNED = "Left \u202eright\u2066 over\u200f"  # in it: an override, an isolate, and a mark that turns nothing but itself
MARKUP = "<img src=x onerror=document.title='broken'>"


# ---- the microphone ----


def run(*args):
    done = subprocess.run([BINARY, *map(str, args)], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def say(folder, words):
    """As loud as a person: the browser makes what comes first much louder."""
    path = folder / (re.sub(r"\W+", "-", words)[:40] + ".wav")
    run("say", words, "-o", path)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        return array.array("h", (sample * 2 // 5 for sample in array.array("h", file.readframes(file.getnframes())))).tobytes()


def silence(ms):
    return bytes(16 * ms)


def microphone(folder):
    """Answers the greeting by "yes, speaking" and the question by "keep it"; that again, should the agent ask again."""
    parts = [silence(300), bytes(len(say(folder, GREETING))), silence(PAUSE_MS), say(folder, "yes, speaking"),
             silence(1000), bytes(len(say(folder, QUESTION))), silence(PAUSE_MS), *(2 * [say(folder, "keep it"), silence(12000)])]
    path = folder / "microphone.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"".join(parts))
    return path


# ---- house and browser ----


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """The shipped rule-books, and one whose title is markup."""
    folder = tmp_path_factory.mktemp("books")
    for path in (ROOT / "rulebooks").glob("*.yaml"):
        shutil.copy(path, folder)
    text = (folder / "appointment-reminder.yaml").read_text()
    text = text.replace("id: appointment-reminder", "id: markup").replace("title: Appointment reminder", f'title: "{MARKUP}"')
    (folder / "markup.yaml").write_text(text)
    return folder


@pytest.fixture(scope="module")
def house(tmp_path_factory, books):
    model = ROOT / "build" / "models" / "silero_vad.onnx"
    model = os.path.join(os.environ["CALLFUNNEL_MODELS"], model.name) if "CALLFUNNEL_MODELS" in os.environ else model
    if not os.path.isfile(model):
        pytest.skip("silero_vad.onnx is not there: ./dev build fetches it")
    h = House(tmp_path_factory.mktemp("house"), model, f"rulebooks.dir={books}", *PATIENT)
    h.start()
    h.sign_in(link_of(h))
    yield h
    calls = sum(call["epoch"] > 0 for call in h.calls())
    h.close()
    assert h.replayed == calls


def link_of(house):
    """A fresh one: each works once."""
    return json.loads(house.command("sign-in", "--json"))["link"]


class Browser:
    """One Chromium with its own microphone, and what it complained about."""

    def __init__(self, house, play, mic):
        self.house = house
        args = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", f"--use-file-for-fake-audio-capture={mic}%noloop",
                "--autoplay-policy=no-user-gesture-required", "--disable-dev-shm-usage"]
        self.chromium = play.chromium.launch(executable_path=CHROMIUM, args=args)
        self.context = self.chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
        self.context.set_default_timeout(20000)
        self.complaints = []
        self.asked = []

    def page(self):
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        return page

    def signed_in(self):
        page = self.page()
        page.goto(f"{self.house.ready['url']}/sign-in#{link_of(self.house)}")
        page.wait_for_selector("#nav:not([hidden])")
        return page

    def broken(self):
        """What is not only a request that was refused or cut: the browser complains of those too."""
        return [text for text in self.complaints if not text.startswith("Failed to load resource")]

    def judge(self):
        """Nothing broke, and nobody else was asked for anything."""
        assert not self.broken()
        workers = {p["url"].removeprefix("http://") for p in self.house.ready["processes"]}
        own = (self.house.ready["url"] + "/", "data:", "blob:", *(f"ws://{worker}/media/browser?" for worker in workers))
        assert all(url.startswith(own) for url in self.asked), self.asked

    def close(self):
        self.context.close()
        self.chromium.close()


@pytest.fixture(scope="module")
def play():
    with playwright.sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(house, play, tmp_path_factory):
    b = Browser(house, play, microphone(tmp_path_factory.mktemp("voice")))
    yield b
    b.close()


def start_call(page, book="appointment-reminder"):
    page.goto(page.url.partition("#")[0] + "#/phone")
    page.wait_for_selector(f"#book option[value={book}]", state="attached")
    page.select_option("#book", book)
    page.get_by_role("button", name="Start the call").click()
    page.wait_for_selector(".status.live")
    return page.evaluate("sessionStorage.getItem('callfunnel.line')")


def rows(page):
    """The transcript as it is seen: [kind, time and words]."""
    return page.eval_on_selector_all(".transcript > li", "all => all.map(row => [row.className.split(' ')[1], row.innerText])")


def wait(page, check, arg=None, seconds=20):
    """Until this function holds in the page. Not wait_for_function: that one evaluates strings, which the page's policy forbids."""
    until(lambda: page.evaluate(check, arg), seconds, check)


def words(page, kind):
    return page.eval_on_selector_all(f".transcript > li.{kind} .words", "all => all.map(one => one.innerText.trim())")


# ---- a call ----


@pytest.fixture(scope="module")
def held(house, browser):
    """One whole call by the appointment rule-book: looked at from a second tab, which is loaded anew in the middle of it."""
    page = browser.signed_in()
    call = start_call(page)
    other = browser.page()  # gets the session of the first tab
    other.goto(f"{house.ready['url']}/#/calls/{call}")
    other.wait_for_selector(".transcript li.tool .chip.good", timeout=CALL_S * 1000)
    before = rows(other)
    other.reload()
    wait(other, "n => document.querySelectorAll('.transcript > li').length >= n", len(before))
    after = rows(other)
    live = other.locator(".chips .state").inner_text()
    page.wait_for_selector(".status.over", state="attached", timeout=CALL_S * 1000)
    other.wait_for_selector("canvas.wave")
    yield {"id": call, "page": page, "other": other, "before": before, "after": after, "live": live}


def test_a_whole_call_with_a_voice(house, browser, held):
    call = house.call(held["id"])
    assert (call["state"], call["outcome"], call["reason"], call["kind"]) == ("ended", "confirmed", "agent", "browser"), house.errors()
    page = held["other"]
    assert page.locator(".chip.outcome.good").inner_text() == "Confirmed"
    agent, caller = words(page, "agent"), words(page, "caller")
    assert agent[0] == GREETING and "keep it, move it, or cancel it?" in agent[1] and "it is confirmed" in agent[-1]
    assert caller[0].startswith("ye") and caller[-1].endswith("keep it")
    assert page.locator(".transcript li.tool code").all_inner_texts() == ["find_appointment", "confirm_appointment"]
    browser.judge()


def test_the_page_shows_what_the_journal_carries(house, held):
    """The words of the events, in their order, and a latency that is the sum of its parts."""
    events = house.events(held["id"])
    finals = [event["text"] for event in events if event["type"] == "final" and event["text"]]
    assert words(held["other"], "caller") == finals
    heard = " ".join(event["text"] for event in events if event["type"] == "heard")
    assert " ".join(words(held["other"], "agent")) == heard
    turns = [event for event in events if event["type"] == "turn"]
    shown = held["other"].locator(".latency .turns li")
    assert shown.count() == len(turns) >= 2
    for i, turn in enumerate(turns):
        assert sum(turn["parts_ms"].values()) == pytest.approx(turn["total_ms"], abs=0.01)
        assert f"Turn {turn['turn']}" in shown.nth(i).inner_text()
        assert shown.nth(i).locator(".bar-parts .part").count() == sum(ms > 0 for ms in turn["parts_ms"].values())


def test_the_page_shows_what_the_call_cost(house, held):
    """By vendor and model, the sum of the events; here all engines are this machine's own, and their price is known to be zero."""
    lines = [event for event in house.events(held["id"]) if event["type"] == "usage"]
    assert {line["vendor"] for line in lines} == {"local"} and {line["what"] for line in lines} == {"answer", "utterance", "stream"}
    assert all(line["picos"] == 0 and line["prices"] for line in lines)
    shown = held["other"].locator(".costs .turns li")
    assert shown.count() == len({line["model"] for line in lines}) == 3
    characters = sum(line["units"]["characters"] for line in lines if line["model"] == "flite" and not line["wasted"])
    voice = shown.filter(has_text="local flite").inner_text()
    assert f"{characters} characters" in voice and "$0.000000" in voice and "price unknown" not in voice
    assert "$0.000000, $0.000000 of it for nothing" in held["other"].locator(".costs .muted").first.inner_text()


def test_a_reload_in_mid_call_shows_the_same(held):
    assert held["live"] == "Live"
    settled = len(held["before"]) - 1  # the last row may have gone on meanwhile
    assert settled >= 4 and held["after"][:settled] == held["before"][:settled]


def test_the_recording_plays(held):
    page = held["other"]
    place = "() => document.querySelector('audio').currentTime"
    page.evaluate("""() => { // which lines were lit: they go by while the sound plays
        window.lit = [];
        new MutationObserver(changes => changes.forEach(({ target }) => target.ariaCurrent && window.lit.push(target.className))).observe(
            document.querySelector('.transcript'), { subtree: true, attributeFilter: ['aria-current'] });
    }""")
    lit = "kind => window.lit.some(name => name.includes(kind))"
    page.get_by_role("button", name="Play", exact=True).click()
    wait(page, f"() => ({place})() > 0.5")
    wait(page, lit, "agent")
    page.get_by_role("button", name="Pause", exact=True).click()
    length = page.evaluate("document.querySelector('audio').duration")
    assert length == pytest.approx(int(page.locator(".wave").get_attribute("aria-valuemax")), abs=1)

    line = page.locator(".transcript li.caller .words").nth(1)
    line.click()
    from_s = float(line.get_attribute("data-from")) / 1000
    wait(page, f"t => ({place})() >= t - 0.5", from_s)
    wait(page, lit, "caller")
    page.keyboard.press("Space")
    wait(page, "() => document.querySelector('audio').paused")

    wave_box = page.locator("canvas.wave")
    wave_box.click(position={"x": wave_box.bounding_box()["width"] / 2, "y": 20})
    wait(page, f"t => Math.abs(({place})() - t) < 0.5", length / 2)


def test_the_waveform_is_painted(held):
    """Both tracks have sound in their own colour."""
    count = """side => {
        const canvas = document.querySelector('canvas.wave'), c = canvas.getContext('2d');
        const wanted = getComputedStyle(canvas).getPropertyValue('--' + side).match(/\\w\\w/g).map(hex => parseInt(hex, 16));
        const {data} = c.getImageData(0, 0, canvas.width, canvas.height);
        let n = 0;
        for (let i = 0; i < data.length; i += 4) n += data[i + 3] > 0 && wanted.every((v, k) => Math.abs(data[i + k] - v) < 12);
        return n;
    }"""
    assert held["other"].evaluate(count, "caller") > 100
    assert held["other"].evaluate(count, "agent") > 500


def test_download_and_replay(house, held):
    page = held["other"]
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == held["id"] + ".flac"
    with open(download.value.path(), "rb") as file:
        assert file.read(4) == b"fLaC"
    command = page.locator(".command code").inner_text()
    assert held["id"] in command
    pasted = subprocess.run(["sh", "-c", command], cwd="/", capture_output=True, timeout=60, check=False, env={"PATH": "/usr/bin:/bin"})
    assert pasted.returncode == 0 and b"identical" in pasted.stdout, pasted.stderr  # in any folder, as it stands there


def test_who_may_not_hear_is_told_so(house, browser, held):
    """The conductor gives the recording to nobody without the role "reveal": the page offers a viewer neither download nor play."""
    context = browser.chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    try:
        page = context.new_page()
        link = json.loads(house.command("sign-in", "--json", "--role", "viewer"))["link"]
        page.goto(f"{house.ready['url']}/sign-in#{link}")
        page.wait_for_selector("#nav:not([hidden])")
        page.goto(f"{house.ready['url']}/#/calls/{held['id']}")
        page.wait_for_selector("canvas.wave")
        assert page.get_by_role("button", name="Download").count() == 0
        assert page.get_by_role("button", name="Play").is_disabled()
        assert "needs the role “reveal”" in page.locator(".player").inner_text()
        page.locator(".transcript li .words").first.click()
        assert page.locator(".notice.bad").count() == 0
    finally:
        context.close()


def test_memory_with_the_page_open(play, tmp_path, model):
    """Nobody has called yet: all processes together, while a page reads every list and one follows the calls."""
    house = House(tmp_path, model)
    house.start()
    try:
        b = Browser(house, play, microphone(tmp_path))
        try:
            page = b.signed_in()
            for view in VIEWS:
                page.goto(house.ready["url"] + "/" + view)
                page.wait_for_selector("main h1")
            page.goto(house.ready["url"] + "/#/calls")
            page.wait_for_selector("main h1")
            if os.geteuid() == 0:
                print("memory with the page open:", kb := house.memory_kb(), "kB")
                assert kb <= 45 * 1024
            b.judge()
        finally:
            b.close()
    finally:
        house.close()


def test_processes_die_and_the_page_comes_back(house, play, tmp_path):
    """kill -9 of the conductor, then of the worker, in mid-call, on a sound device that does not take the line's rate: the page goes on behind its
    last line, the worklet resamples, the next worker hears."""
    b = Browser(house, play, microphone(tmp_path))
    b.context.add_init_script("AudioContext = class extends AudioContext { constructor() { super({ sampleRate: 44100 }); } };")
    try:
        page = b.signed_in()
        call = start_call(page)
        page.wait_for_selector(".transcript li.agent")
        dead = house.kill("conductor")
        page.wait_for_selector(".notice:has-text('cut off')")
        house.back("conductor", dead)
        page.wait_for_selector(".notice:has-text('cut off')", state="detached")
        dead = house.kill("w1")
        page.wait_for_selector(".status.away")
        page.wait_for_selector(".status.live")
        page.wait_for_selector(".transcript li.attach")
        page.wait_for_selector(".transcript li.tool .chip.good", timeout=CALL_S * 1000)
        assert words(page, "caller")[0].startswith("ye")
        page.get_by_role("button", name="Hang up").click()
        page.wait_for_selector(".transcript li.end")
        assert "The line came back after" in page.locator(".transcript li.attach").inner_text()
        done = until(lambda: house.call(call)["state"] == "ended" and house.call(call), 20, "the call has ended")
        assert (done["epoch"], done["reason"], done["outcome"], done["result"]) == (2, "caller", "no_result", "failure")
        house.back("w1", dead)
        assert not b.broken(), b.complaints
    finally:
        b.close()


# ---- the softphone, loaded anew in the middle of a call ----


class Asks(Browser):
    """One whose user is asked for the microphone each time, or (granted) who has allowed it for good."""

    def __init__(self, house, play, mic, granted):
        super().__init__(house, play, mic)
        state = "granted" if granted else "prompt"
        self.context.add_init_script(f"Permissions.prototype.query = async () => ({{ state: '{state}' }});")


@pytest.fixture
def left(house, play, tmp_path):
    """left(granted): a call whose softphone was loaded anew once the agent spoke. [page, call, the first row before]"""
    browsers = []

    def leave(granted):
        b = Asks(house, play, microphone(tmp_path), granted)
        browsers.append(b)
        page = b.signed_in()
        call = start_call(page)
        page.wait_for_selector(".transcript li.agent .chip:has-text('saying')")
        page.on("dialog", lambda dialog: dialog.accept())
        before = words(page, "agent")
        page.reload()
        page.wait_for_selector(".transcript li.agent")
        assert words(page, "agent")[0].startswith(before[0][:20])
        return page, call

    yield leave
    for b in browsers:
        broken = b.broken()
        b.close()
        assert not broken, broken


def starts(page):
    """The button that starts a call is seen, and the first to be pressed."""
    return page.locator("button.primary:has-text('Start the call')").is_visible()


def test_a_softphone_that_is_loaded_anew_goes_on_by_itself(house, left):
    page, call = left(granted=True)
    page.wait_for_selector(".status.live", timeout=10000)
    page.wait_for_selector(".transcript li.attach")
    assert page.evaluate("sessionStorage.getItem('callfunnel.line')") == call and page.locator(f"a[href='#/calls/{call}']").count() == 1
    assert house.call(call)["epoch"] == 2 and house.call(call)["state"] == "live"
    page.get_by_role("button", name="Hang up").click()
    page.wait_for_selector(".transcript li.end")
    assert starts(page) and page.locator(".status").inner_text() == "The call is over"


def test_a_softphone_that_is_loaded_anew_offers_to_come_back(house, left):
    """Where the microphone needs a click: one button, and the seconds that are left."""
    page, call = left(granted=False)
    back = page.locator("button.primary:has-text('Come back to your call')")
    back.wait_for()
    assert re.search(r"\((?:\d|1[0-5]) s\)$", back.inner_text()) and not starts(page)
    assert page.locator(".chips .state").first.inner_text() == "Live"
    back.click()
    page.wait_for_selector(".status.live")
    assert house.call(call)["epoch"] == 2
    page.get_by_role("button", name="Hang up").click()
    page.wait_for_selector(".transcript li.end")


def test_a_softphone_that_nobody_comes_back_to_shows_the_end(house, left):
    """As soon as the conductor says so, which is some seconds behind the last moment to come back."""
    assert re.search(r"CALLS_REATTACH_MS = (\d+)", (ROOT / "src/conductor/calls.h").read_text())[1] == \
        re.search(r"BACK_MS = (\d+)", (ROOT / "console/phone.js").read_text())[1]
    page, call = left(granted=False)
    back = page.get_by_role("button", name="Come back to your call")
    back.wait_for()
    back.wait_for(state="hidden")
    assert starts(page)
    page.wait_for_selector(".status.over", state="attached", timeout=20000)
    assert (house.call(call)["state"], house.call(call)["reason"]) == ("ended", "lost")
    wait(page, "() => document.querySelector('.chips .state').innerText === 'Ended'")
    assert starts(page) and back.is_hidden() and page.locator(".notice").count() == 0
    assert page.evaluate("sessionStorage.getItem('callfunnel.line')") is None
    page.wait_for_selector(".transcript li.end:has-text('the line was lost')", timeout=60000)  # the conductor waits for a late worker's
    assert "sent, not known to have been heard" in words(page, "agent")[0]
    page.reload()
    page.wait_for_selector(".empty:has-text('Talk to the agent')")


def test_a_person_ends_a_call(house, browser):
    """From the call's own view, while the softphone goes on unseen."""
    page = browser.signed_in()
    call = start_call(page)
    page.get_by_role("link", name="Open this call").click()
    page.wait_for_selector(".transcript li.agent")
    assert page.locator("#busy").is_visible() and page.locator(".chips .state").inner_text() == "Live"
    page.keyboard.press("e")
    page.get_by_role("dialog").get_by_role("button", name="End the call").click()
    page.wait_for_selector(".transcript li.end:has-text('ended by a person')")
    page.wait_for_selector("#busy", state="hidden")
    assert until(lambda: house.call(call)["state"] == "ended" and house.call(call), 20, "the call has ended")["reason"] == "order"
    page.keyboard.press("p")
    page.wait_for_selector(".status.over")
    page.close()


def test_an_outcome_that_waits_for_its_tool_comes_by_itself(play, tmp_path, model, voice, records):  # noqa: F811
    """The caller hung up while it was being written down: the page shows what it came to once that is known, without being loaded anew."""
    folder = tmp_path / "it's here"  # a name that a shell would not leave alone
    folder.mkdir()
    house = House(folder, model, f"server.public_url={PUBLIC}", "calls.samples=true", f"services.records={records.url}",
                  f"rulebooks.dir={patient_books(tmp_path, 120000)}")
    house.start()
    try:
        house.command("route", "add", NUMBER, "local", "appointment-reminder")
        house.command("secret", "set", "local", "twilio.auth_token", stdin=SECRET.encode())
        house.command("secret", "set", "local", "records.token", stdin=b"a token")
        house.sign_in(link_of(house))
        caller = Caller(house, 1, voice)
        caller.phone.leaves = records.asked.is_set
        # A browser's own loop is in the way of the caller's.
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pool.submit(caller.hold).result()
        call = settled(caller)
        assert (call["state"], call["outcome"], call["settling"]) == ("ended", "", True), house.errors()
        b = Browser(house, play, microphone(tmp_path))
        try:
            page = b.signed_in()
            page.goto(f"{house.ready['url']}/#/calls/{call['call']}")
            page.wait_for_selector(".transcript li.end")
            assert page.locator(".chip.outcome").count() == 0
            records.answer(200)
            page.wait_for_selector(".chip.outcome.good:has-text('Confirmed')")
            command = page.locator(".command code").inner_text()
            pasted = subprocess.run(["sh", "-c", command], cwd="/", capture_output=True, timeout=60, check=False)
            assert pasted.returncode == 0 and b"identical" in pasted.stdout, pasted.stderr
            assert not b.broken(), b.complaints
        finally:
            b.close()
    finally:
        house.close()


# ---- what is made of events ----


def story(page, batches):
    """The entries that story.js makes of lines that come in these batches."""
    return page.evaluate("""async batches => {
        const { Story, split } = await import('/console/story.js');
        const story = new Story();
        batches.forEach(lines => story.take(lines));
        for (const entry of story.entries) for (const piece of entry.pieces ?? []) piece.split = split(piece);
        return { entries: story.entries.map(entry => ({ ...entry, change: 0 })), floor: story.floor, turns: story.turns };
    }""", batches)


def lines(*events):
    """(at_ms, type, members) as the server sends them."""
    return [{"epoch": 1, "sequence": i, "part": 0, "at_ms": at_ms, "type": kind, **members} for i, (at_ms, kind, members) in enumerate(events)]


def pieces(told):
    return [(piece["state"], *piece["split"]) for entry in told["entries"] for piece in entry.get("pieces", [])]


def test_words_that_were_not_heard_are_struck(held):
    told = story(held["other"], [lines(
        (0, "speak", {"utterance": 1, "text": "One two three."}), (1, "speak", {"utterance": 2, "text": "Four."}), (2, "floor", {"who": "agent"}),
        (900, "hold", {"utterance": 1, "voice_ms": 96}), (1000, "heard", {"utterance": 1, "cut": True, "text": "One two"}), (1000, "yield", {"why": "words"}),
        (1500, "speak", {"utterance": 3, "text": "Call [PHONE_2] now."}), (1600, "floor", {"who": "agent"}),
        (2000, "heard", {"utterance": 3, "cut": True, "text": "Call [PHONE_1]"}), (2000, "floor", {"who": "nobody"}), (2100, "speak", {"utterance": 4, "text": "Five."}))])
    assert pieces(told) == [("cut", "One two", " three."), ("unsaid", "", "Four."), ("cut", "Call [PHONE_1]", " now."), ("queued", "Five.", "")]


def test_words_of_a_line_that_was_lost_for_good(held):
    """No worker wrote the end: what sounded then may have been heard, or not; what was still to come was not."""
    events = lines((0, "speak", {"utterance": 1, "text": "One."}), (1, "speak", {"utterance": 2, "text": "Two."}), (2, "floor", {"who": "agent"}),
                   (900, "floor", {"who": "nobody"}))
    for members, first in (({"unwritten": True}, ("unknown", "One.", "")), ({}, ("unsaid", "", "One."))):
        end = {"epoch": 1, "sequence": 0, "part": 0, "at_ms": 5000, "type": "end", "reason": "lost", **members}
        assert pieces(story(held["other"], [events, [end]])) == [first, ("unsaid", "", "Two.")]


def test_an_answer_that_was_thrown_away_was_not_said(held):
    events = lines((0, "partial", {"text": "yes"}), (1, "speak", {"utterance": 1, "text": "Good."}), (2, "note", {"code": "discard"}),
                   (3, "final", {"text": "yes but", "from_ms": 0, "to_ms": 2}), (4, "speak", {"utterance": 2, "text": "But what?"}), (5, "floor", {"who": "agent"}),
                   (6, "heard", {"utterance": 2, "cut": False, "text": "But what?"}))
    assert pieces(story(held["other"], [events])) == [("unsaid", "", "Good."), ("said", "But what?", "")]


def test_words_stand_where_they_were_said(held):
    """Also behind words that the recogniser took back, or never said in the first place."""
    for first in ("", "the"):
        events = lines((0, "partial", {"text": "yes"}), (1, "final", {"text": "yes", "from_ms": 0, "to_ms": 1}), (2, "partial", {"text": first}), (3, "partial", {"text": ""}),
                       (4, "speak", {"utterance": 1, "text": "Good."}), (5, "partial", {"text": "keep"}), (6, "final", {"text": "keep it", "from_ms": 5, "to_ms": 6}))
        entries = story(held["other"], [events])["entries"]
        assert [(entry["kind"], entry.get("text")) for entry in entries if entry["kind"] == "caller"] == [("caller", "yes"), ("caller", "keep it")]
        assert [entry["kind"] for entry in entries] == ["caller", "agent", "caller"]


def test_words_that_went_with_their_worker(held):
    """No final came of them: the next worker hears them again, and they stand there once."""
    events = lines((0, "partial", {"text": "yes"}), (1, "final", {"text": "yes", "from_ms": 0, "to_ms": 1}), (2, "partial", {"text": "speaking"}))
    events += [{**line, "epoch": 2} for line in lines((3, "attach", {"gap_ms": 1}), (4, "partial", {"text": "speaking"}), (5, "final", {"text": "speaking", "from_ms": 2, "to_ms": 5}))]
    entries = story(held["other"], [events])["entries"]
    assert [(entry["kind"], entry.get("text")) for entry in entries] == [("caller", "yes"), ("attach", None), ("caller", "speaking")]


def test_lines_in_any_order_tell_the_same(house, held):
    """Late ones, ones that came twice, one at a time: the story of a whole call is the same."""
    events = house.events(held["id"])
    page, whole = held["other"], story(held["other"], [events])
    assert len(whole["entries"]) > 10 and len(whole["turns"]) >= 2
    assert story(page, [[event] for event in events]) == whole
    assert story(page, [events[5:], events[:8], events]) == whole
    swapped = [events[i ^ 1] for i in range(len(events) & ~1)] + events[len(events) & ~1:]
    assert story(page, [[event] for event in swapped]) == whole


# ---- the page itself ----


def served(house, path, **headers):
    return house.ask("GET", path, headers=headers, token=False)


def test_its_files(house):
    """Every file of console/ as it is, with its type and a tag that is good for not asking again; nothing inside a document, nothing from elsewhere."""
    types = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
    for file in sorted((ROOT / "console").iterdir()):
        for path in ("/", "/sign-in") if file.name == "index.html" else (f"/console/{file.name}",):
            answer = served(house, path)
            assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, types[file.suffix], file.read_bytes()), path
            assert "script-src 'self'; style-src 'self';" in answer.headers["Content-Security-Policy"]
            assert served(house, path, **{"If-None-Match": answer.headers["ETag"]}).status == 304
        text = file.read_text()
        assert not re.search(r"""(?:href|src|url|import)\W{1,3}https?://|//cdn|@import""", text), file
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text), file
        for name in re.findall(r'(?:from|import\()\s*"\./([\w.-]+)"|"/console/([\w.-]+)"', text):
            assert (ROOT / "console" / (name[0] or name[1])).is_file(), (file, name)
    page = (ROOT / "console" / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", page)


def test_nothing_without_a_token(house):
    for path in ("/v1/calls", "/v1/rulebooks", "/console/../etc/passwd", "/console/none.js"):
        assert served(house, path).status in (401, 404)


def test_signing_in(house, browser):
    """A link that was used is explained; a good one that is pasted works; the secret leaves the address."""
    context = browser.chromium.new_context()
    try:
        page = context.new_page()
        page.goto(f"{house.ready['url']}/sign-in#{'x' * 43}")
        assert "not good any more" in page.get_by_role("alert").inner_text()
        assert page.url == house.ready["url"] + "/#/calls"
        page.fill("#link", f"{house.ready['url']}/sign-in#{link_of(house)}")
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:text('Calls')")
        assert not page.locator(".notice").count()
        page.evaluate("import('/console/dom.js').then(dom => dom.announce('Caller: yes, I am Alex'))")
        wait(page, "document.getElementById('announcer').textContent.includes('Alex')")
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_selector("#link")
        assert page.evaluate("sessionStorage.length") == 0
        assert page.evaluate("document.getElementById('announcer').childElementCount") == 0  # also for who listens to the page
        assert "Alex" not in page.content()
    finally:
        context.close()


def test_a_session_is_renewed(browser):
    page = browser.page()
    page.clock.install()
    page.goto(f"{browser.house.ready['url']}/sign-in#{link_of(browser.house)}")
    page.wait_for_selector("h1:text('Calls')")
    token = "() => JSON.parse(sessionStorage.getItem('callfunnel.session')).token"
    before = page.evaluate(token)
    with page.expect_response("**/v1/token/renew") as answer:
        page.clock.fast_forward("11:00")
    assert answer.value.status == 200
    wait(page, f"before => ({token})() !== before", before)
    page.close()


def test_the_list_of_calls(house, browser, held):
    page = browser.signed_in()
    row = page.locator(f".call-row[href='#/calls/{held['id']}']")
    assert "Appointment reminder" in row.inner_text() and "Confirmed" in row.inner_text()
    page.keyboard.press("/")
    page.keyboard.type("nothing like it")
    page.wait_for_selector(".empty:not([hidden])")
    page.fill("#filter", held["id"][:12])
    assert page.locator(".call-row").count() == 1
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector(".transcript li")
    assert page.url.endswith("#/calls/" + held["id"])
    page.close()


def test_a_rule_book_is_checked(house, browser):
    page = browser.signed_in()
    page.keyboard.press("b")
    page.locator(".books a", has_text="Appointment reminder").first.click()
    wait(page, "() => document.querySelector('textarea').value.startsWith('# Reminds')")
    page.get_by_role("button", name="Check").click()
    assert "No mistakes" in page.locator(".verdict p").inner_text()
    text = (ROOT / "rulebooks" / "appointment-reminder.yaml").read_text()
    broken = text.replace("outcome: moved\n", "outcome: gone\n", 1)
    line = broken.split("\n").index("    outcome: gone") + 1
    page.fill("textarea", broken)
    page.keyboard.press("Control+Enter")
    mistake = page.locator(".mistakes li").first
    assert f"Line {line}" in mistake.inner_text() and "gone" in mistake.inner_text()
    mistake.get_by_role("button").click()
    assert page.evaluate("(() => { const t = document.querySelector('textarea'); return t.value.slice(t.selectionStart, t.selectionEnd); })()") == "    outcome: gone"
    page.close()


def test_what_comes_from_elsewhere_is_text(browser):
    page = browser.signed_in()
    page.goto(page.url.partition("#")[0] + "#/books/markup")
    page.wait_for_selector(f".books a[href='#/books/markup']")
    assert MARKUP in page.locator(".books").inner_text() and page.locator("#book-title").inner_text() == MARKUP
    assert page.locator("main img").count() == 0 and page.title() != "broken"
    page.close()


def test_a_call_is_headed_by_its_books_title(house, browser, held):
    """The title, and not a name made from the id; its marks that turn the direction are shown and not obeyed."""
    shown = "Left ⟨U+202E⟩right⟨U+2066⟩ over\u200f"
    page = browser.signed_in()
    address = page.url.partition("#")[0]
    page.route("**/v1/rulebooks", lambda route: route.fulfill(json={"rulebooks": [{"name": "appointment-reminder", "title": TURNED}]}))
    page.route(re.compile(r"/v1/calls/\w+/events"), lambda route: route.fulfill(body="".join(json.dumps(
        {"epoch": 1, "sequence": n, "part": 0, "at_ms": n, **line}) + "\n" for n, line in enumerate((
            {"type": "start", "rulebook": "appointment-reminder", "wall_ms": 1}, {"type": "final", "text": TURNED, "from_ms": 0, "to_ms": 1},
            {"type": "end", "reason": "caller"}), 1)), content_type="application/x-ndjson"))
    page.goto(f"{address}#/calls/{held['id']}")
    wait(page, "(text) => document.querySelector('h1')?.innerText === text", arg=shown)
    page.wait_for_selector(".transcript .words")
    assert page.locator(".transcript .words").first.inner_text() == shown and page.title().startswith(shown)
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).unicodeBidi") == "isolate"
    assert page.evaluate("getComputedStyle(document.querySelector('.words')).unicodeBidi") == "plaintext"
    page.unroute_all()
    page.reload()
    wait(page, "() => document.querySelector('h1')?.innerText === 'Appointment reminder'")
    page.close()


def test_keys(browser):
    page = browser.signed_in()
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keyboard shortcuts").is_visible()
    page.keyboard.press("Escape")
    for key, title in (("p", "Softphone"), ("b", "Rule-books"), ("c", "Calls")):
        page.keyboard.press(key)
        page.wait_for_selector(f"h1:text('{title}')")
    page.close()


def test_dark_and_light(browser):
    page = browser.signed_in()
    brightness = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0)"
    page.emulate_media(color_scheme="light")
    assert page.evaluate(brightness) > 600
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(brightness) < 150
    page.close()


@pytest.mark.parametrize("width", [320, 360, 768])
def test_narrow(browser, held, width):
    """No view is wider than the screen."""
    page = browser.signed_in()
    page.set_viewport_size({"width": width, "height": 700})
    for view in (*VIEWS, "#/calls/" + held["id"]):
        page.goto(page.url.partition("#")[0] + view)
        page.wait_for_selector("main h1")
        page.wait_for_load_state("networkidle") if view != "#/calls" else page.wait_for_selector(".call-row")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, view
    page.close()
    browser.judge()
