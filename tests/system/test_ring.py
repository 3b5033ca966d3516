"""What is opened while a phone rings: the vendors' connections of a call out, over TLS and a network that takes 40 ms each way, with and without it."""
import asyncio
import threading
import time

import pytest

from house import House, until
from sandboxkit import BOOK, Sandbox
from twiliophone import ACCOUNT, NUMBER, PUBLIC, SECRET, Phone
from twiliorest import Rest

CALLEE = "+14155550199"
WAY_S = 0.04
VENDORS = ("deepgram", "anthropic", "cartesia")
SOUND_BYTES = 400  # upwards behind the handshake: two frames of 20 ms; a WebSocket's ping has 8


class Way:
    """A network to one of the sandbox's ports: each way takes WAY_S, so a connection does twice that. Its connections, as [opened, bytes up by time]."""

    def __init__(self, port):
        self.port = port
        self.connections = []
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        assert ready.wait(10)

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.here = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    async def _serve(self, reader, writer):
        seen = []
        self.connections.append(seen)
        await asyncio.sleep(2 * WAY_S)
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.port)
        await asyncio.gather(self._pump(reader, there_writer, seen), self._pump(there_reader, writer, None))

    async def _pump(self, reader, writer, seen):
        queue = asyncio.Queue()

        async def deliver():
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0, due - time.monotonic()))
                if not data:
                    writer.close()
                    return
                writer.write(data)

        sends = asyncio.ensure_future(deliver())
        data = b"more"
        while data:
            try:
                data = await reader.read(65536)
            except OSError:
                data = b""
            if seen is not None and data:
                seen.append((time.monotonic(), len(data)))
            queue.put_nowait((time.monotonic() + WAY_S, data))
        await sends

    def _stop(self):
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.call_soon(self.loop.stop)

    def close(self):
        self.loop.call_soon_threadsafe(self._stop)


def settings_of(sandbox, ways):
    """What the sandbox says of itself, with the network between."""
    import yaml
    found = []

    def walk(node, name):
        if isinstance(node, dict):
            for key, value in node.items():
                walk(value, f"{name}.{key}" if name else key)
        else:
            value = ", ".join(node) if isinstance(node, list) else str(node).lower() if isinstance(node, bool) else node
            found.append(f"{name}={value}")

    text = sandbox.ask("GET", "/settings")[1]
    for way in ways.values():
        text = text.replace(f":{way.port}", f":{way.here}")
    walk(yaml.safe_load(text), "")
    return [one for one in found if one.startswith(("providers.", "stt.", "llm.", "tts.")) and "twilio" not in one]


@pytest.fixture
def sandbox(tmp_path):
    with Sandbox("--rulebook", BOOK, "--tls", tmp_path / "tls") as one:
        yield one


@pytest.fixture
def rest():
    r = Rest()
    yield r
    r.close()


class Slow(Phone):
    """As long as a carrier may take from our answer to its socket."""

    async def _stream(self, url, token):
        await asyncio.sleep(0.8)
        await super()._stream(url, token)


@pytest.fixture
def houses(tmp_path, model, sandbox, rest):
    """houses(20): one that may prepare so many calls, and the networks to its vendors."""
    made = []

    def start(ahead_max):
        ways = {name: Way(int(sandbox.urls[name].rsplit(":", 1)[1].split("/")[0])) for name in VENDORS}
        folder = tmp_path / str(ahead_max)
        folder.mkdir()
        house = House(folder, model, f"server.public_url={PUBLIC}", "calls.samples=true", f"providers.twilio.url={rest.url}", *settings_of(sandbox, ways),
                      f"voice.ahead_max={ahead_max}")
        made.append((house, ways))
        house.start()
        house.command("route", "add", NUMBER, "local", "appointment-reminder", "--account", ACCOUNT)
        house.command("secret", "set", "local", "twilio.auth_token", stdin=SECRET.encode())
        for name in VENDORS:
            house.command("secret", "set", "local", f"{name}.api_key", stdin=b"sk-made-up")
        house.sign_in()
        return house, ways

    yield start
    for house, ways in made:
        house.close()
        assert house.replayed == 1
        for way in ways.values():
            way.close()


def listen(phone):
    """Until it has been heard, and has sent sound of its own, for a while."""
    phone.leaves = lambda: phone.first_ms is not None and time.monotonic() > phone.started + 1
    asyncio.run(phone.hold())


def connections(ways, phone):
    return {name: sum(bool(seen) and seen[0][0] < phone.started for seen in way.connections) for name, way in ways.items()}


def sent(connection, phone):
    return sum(size for at, size in connection if at < phone.started)


def sound_ms(phone, connection, handshake):
    """When the recogniser was sent its first sound, from the media's start."""
    total = 0
    for at, size in connection:
        total += size
        if at > phone.started and total > handshake + SOUND_BYTES:
            return (at - phone.started) * 1000
    raise AssertionError("it was sent no sound")


def ring_out(house, rest):
    """A call out that rings for two seconds."""
    placed = len(rest.legs)
    assert house.ask("POST", "/v1/calls", {"to": CALLEE, "rulebook": "appointment-reminder"}).status == 202
    leg = until(lambda: len(rest.legs) > placed and rest.legs[-1], 20, "the carrier is asked")
    leg.tell(house.ready["url"], "ringing")
    time.sleep(2)
    phone = Phone(house.ready["url"], leg.sid)
    phone.path = leg.path("Url")
    phone.webhook.params |= {"CallSid": leg.sid, "Direction": "outbound-api", "From": NUMBER, "To": CALLEE, "CallStatus": "in-progress"}
    listen(phone)
    leg.tell(house.ready["url"], "completed")
    until(lambda: house.call(leg.attempt)["state"] == "ended", 20, "it has ended")
    return phone


def ring_in(house, number):
    phone = Slow(house.ready["url"], f"CA{number:032x}")
    listen(phone)
    until(lambda: house.calls()[0]["state"] == "ended", 20, "it has ended")
    return phone


def test_what_takes_time_is_opened_while_a_placed_call_rings(houses, rest):
    house, ways = houses(20)
    phone, heard = ring_out(house, rest), ways["deepgram"].connections
    assert all(connections(ways, phone).values()), connections(ways, phone)
    assert len(heard) == 1
    handshake = sent(heard[0], phone)
    ready = sound_ms(phone, heard[0], handshake)
    house, ways = houses(0)
    phone = ring_out(house, rest)
    assert not any(connections(ways, phone).values())
    late = sound_ms(phone, ways["deepgram"].connections[0], handshake)
    print(f"the recogniser's first sound: {ready:.0f} ms, without {late:.0f}")
    assert ready < late - 2 * WAY_S * 1000


def test_what_takes_time_is_opened_before_the_socket_of_a_call_in(houses):
    house, ways = houses(20)
    phone, heard = ring_in(house, 1), ways["deepgram"].connections
    assert all(connections(ways, phone).values()), connections(ways, phone)
    handshake = sent(heard[0], phone)
    ready = phone.first_ms, sound_ms(phone, heard[0], handshake)
    house, ways = houses(0)
    phone = ring_in(house, 2)
    assert not any(connections(ways, phone).values())
    late = phone.first_ms, sound_ms(phone, ways["deepgram"].connections[0], handshake)
    print(f"the greeting's first sound: {ready[0]:.0f} ms, without {late[0]:.0f}; the recogniser's: {ready[1]:.0f} ms, without {late[1]:.0f}")
    assert ready[0] < late[0] - 2 * WAY_S * 1000 and ready[1] < late[1] - 2 * WAY_S * 1000
