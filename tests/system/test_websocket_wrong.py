"""Peers that get WebSockets wrong, on real sockets, on both sides: the right close code, then the end; never a hang or a crash."""
import base64
import hashlib
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest
from httppeer import UPGRADE, Peer, Replies, frame, frames, needed, read_all, wait_for, websocket_open

BYE = frame(8, struct.pack(">H", 1000))

BROKEN = {
    "unmasked": (frame(1, b"hello", masked=False), 1002),
    "rsv1": (frame(1, b"hello", rsv=4), 1002),
    "rsv3": (frame(2, b"hello", rsv=1), 1002),
    "opcode-3": (frame(3, b"hello"), 1002),
    "opcode-11": (frame(11, b"hello"), 1002),
    "bad-utf8": (frame(1, b"hel\xfflo"), 1007),
    "surrogate": (frame(1, b"\xed\xa0\x80"), 1007),
    "utf8-cut": (frame(1, b"\xe2\x82"), 1007),
    "utf8-cut-in-fragments": (frame(1, b"\xe2", fin=0) + frame(0, b"\x82"), 1007),
    "utf8-bad-early": (frame(1, b"\xc0", fin=0), 1007),
    "ping-of-128": (frame(9, b"a" * 128), 1002),
    "ping-in-fragments": (frame(9, b"a", fin=0), 1002),
    "continues-nothing": (frame(0, b"a"), 1002),
    "message-in-message": (frame(1, b"a", fin=0) + frame(1, b"b"), 1002),
    "too-big": (frame(2, b"a" * 70000), 1009),
    "endless-fragments": (frame(2, b"a" * 9000, fin=0) + frame(0, b"a" * 9000, fin=0) * 20, 1009),
    "announced-too-big": (b"\x82\xff\x00\x00\x00\x7f\xff\xff\xff\xff\x11\x22\x33\x44aaaa", 1009),
    "length-not-minimal": (b"\x81\xfe\x00\x05\0\0\0\0hello", 1002),
    "length-negative": (b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x11\x22\x33\x44aaaa", 1002),
    "close-half-code": (frame(8, b"\x03"), 1002),
    "close-code-1005": (frame(8, struct.pack(">H", 1005)), 1002),
    "close-code-999": (frame(8, struct.pack(">H", 999)), 1002),
    "close-code-5000": (frame(8, struct.pack(">H", 5000)), 1002),
    "close-bad-utf8": (frame(8, struct.pack(">H", 1000) + b"\xff"), 1007),
}


@pytest.fixture(scope="module")
def sockets():
    with Peer(message_max=65536, per_address=400, close_ms=500) as p:
        yield p


@pytest.mark.parametrize("name", BROKEN)
def test_websocket_broken_rule(sockets, name):
    data, code = BROKEN[name]
    with sockets.open() as s:
        websocket_open(s)
        s.sendall(data + frame(1, b"not looked at"))
        said = frames(read_all(s))
    assert [opcode for opcode, _ in said] == [8]
    assert struct.unpack(">H", said[0][1][:2])[0] == code


def test_websocket_early_frames(sockets):
    """Frames in the same segment as the upgrade."""
    with sockets.open() as s:
        websocket_open(s, frame(1, b"early") + frame(2, b"x" * 15000) + frame(9, b"p") + BYE)
        assert frames(read_all(s)) == [(1, b"early"), (2, b"x" * 15000), (10, b"p"), (8, struct.pack(">H", 1000))]


def test_websocket_byte_by_byte(sockets):
    with sockets.open() as s:
        websocket_open(s)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in frame(1, "नमस्ते".encode(), fin=0) + frame(9, b"mid") + frame(0, b"!" * 200) + BYE:
            s.sendall(bytes([byte]))
        assert frames(read_all(s)) == [(10, b"mid"), (1, "नमस्ते".encode() + b"!" * 200), (8, struct.pack(">H", 1000))]


@pytest.mark.parametrize("change,status", [
    ((b"Version: 13", b"Version: 8"), 426), ((b"Upgrade: websocket", b"Upgrade: chat"), 426), ((b"keep-alive, Upgrade", b"keep-alive"), 426),
    ((b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhlIHNhbXBsZQ=="), 400), ((b"HTTP/1.1", b"HTTP/1.0"), 426), ((b"GET", b"POST"), 411),
    ((b"Host: a\r\n", b"Host: a\r\nContent-Length: 3\r\n"), 400),
])
def test_websocket_handshake_that_is_none(sockets, change, status):
    with sockets.open() as s:
        s.sendall(UPGRADE.replace(*change) + b"\r\nabc")
        s.shutdown(socket.SHUT_WR)
        replies = Replies(read_all(s))
    assert replies[0].status == status
    if status == 426:
        assert replies[0].headers["upgrade"] == "websocket" and replies[0].headers["sec-websocket-version"] == "13"


def test_websocket_subprotocol(sockets):
    with sockets.open() as s:
        head = b""
        s.sendall(UPGRADE + b"Sec-WebSocket-Protocol: echo\r\n\r\n")
        while not head.endswith(b"\r\n\r\n"):
            head += s.recv(1)
        assert b"\r\nSec-WebSocket-Protocol: echo\r\n" in head


def test_websocket_client_that_vanishes(sockets):
    s = sockets.open()
    websocket_open(s)
    wait_for(lambda: sockets.stats()["sockets"] == 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    wait_for(lambda: sockets.stats()["sockets"] == 0)


def test_websocket_reader_that_never_reads():
    with Peer(send_age_ms=500, send_max=100000) as peer, peer.open() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.sendall(UPGRADE.replace(b"/socket", b"/socket-flood") + b"\r\n")
        wait_for(lambda: peer.stats()["sockets"] == 1)
        wait_for(lambda: peer.stats()["sockets"] == 0)
        wait_for(lambda: peer.stats()["connections"] == 1)


def test_websocket_flood_of_pings_without_reading():
    with Peer(send_max=10000, close_ms=300) as peer, peer.open() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        websocket_open(s)
        pings = frame(9, b"a" * 125) * 1000
        with pytest.raises(OSError):
            end = time.monotonic() + 20
            while time.monotonic() < end:
                s.sendall(pings)
        wait_for(lambda: peer.stats()["sockets"] == 0)


def test_websocket_dead_peer():
    """Nothing arrives, not even pongs: found by alive_ms."""
    with Peer(ping_ms=100, alive_ms=600) as peer:
        with peer.open() as s:
            websocket_open(s)
            assert s.recv(100)[:2] == b"\x89\x00"
            began = time.monotonic()
            read_all(s)
            assert 0.2 < time.monotonic() - began < 5
        assert peer.stats()["sockets"] == 0


def test_websocket_never_closes():
    """Our close is not answered: the socket closes all the same."""
    with Peer(message_max=10, close_ms=300) as peer, peer.open() as s:
        websocket_open(s)
        s.sendall(frame(2, b"a" * 11))
        assert frames(read_all(s))[0][1][:2] == struct.pack(">H", 1009)
        wait_for(lambda: peer.stats()["connections"] == 1)


# ---- the client's side ----

def client(port, *more, scheme="ws", path="/socket", check=True):
    done = subprocess.run([needed(), "client", f"{scheme}://localhost:{port}{path}", *more], capture_output=True, timeout=30, check=check)
    return done.stdout.decode()


def serve_once(handle, context=None):
    """A thread that takes one connection and hands it to `handle`; returns its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        with listener:
            s, _ = listener.accept()
            s.settimeout(10)
            try:
                with context.wrap_socket(s, server_side=True) if context else s as stream:
                    handle(stream)
            except OSError:
                pass

    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def key_of(head):
    return next(line.split(b": ")[1] for line in head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key"))


def answer(s, change=lambda text: text):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += s.recv(1)
    proof = base64.b64encode(hashlib.sha1(key_of(head) + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    s.sendall(change(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + proof
                     + b"\r\n\r\n"))


def hello_and_bye(s):
    answer(s, lambda text: text + frame(1, b"hello", masked=False))
    data = b""
    while len(data) < 11:
        data += s.recv(100)
    assert data[0] == 0x81 and data[1] == 0x80 | 5, "masked"
    assert bytes(b ^ data[2 + i % 4] for i, b in enumerate(data[6:11])) == b"hello"
    s.sendall(frame(8, struct.pack(">H", 1001) + b"enough", masked=False))
    assert s.recv(100)[0] == 0x88


def test_client_talks():
    assert client(serve_once(hello_and_bye)) == "opened\nend fine 1001 0 enough\nclosed\n"


@pytest.mark.parametrize("change,end", [
    (lambda t: t.replace(b"Accept: ", b"Accept: x"), "end bad format 1006 101"),
    (lambda t: t.replace(b"Upgrade: websocket", b"Upgrade: chat"), "end bad format 1006 101"),
    (lambda t: t.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: x\r\n\r\n"), "end bad format 1006 101"),
    (lambda t: t.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Protocol: x\r\n\r\n"), "end bad format 1006 101"),
    (lambda t: b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "end not permitted 1006 403"),
    (lambda t: b"SSH-2.0-x\r\n\r\n", "end bad format 1006 0"),
    (lambda t: b"HTTP/1.1 101 " + b"x" * 20000, "end over a limit 1006 0"),
    (lambda t: b"", "end closed 1006 0"),
    (lambda t: t + frame(1, b"masked"), "opened\nend bad format 1002 0"),
])
def test_client_refuses(change, end):
    assert client(serve_once(lambda s: answer(s, change))).startswith(end)


def test_client_finds_nobody():
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    assert client(port).startswith("end unavailable 1006 0 no address")


def test_client_addresses_that_are_none():
    for url in ("http://a/", "ws://", "ws://a:99999999/", "ws://a b/", "ws://me@a/", "ws://[::1/", "ws://a/#x"):
        done = subprocess.run([needed(), "client", url], capture_output=True, timeout=30, check=False)
        assert (done.returncode, done.stdout.split(b":")[0]) == (1, b"error wrong usage"), url


def certificate(folder, name, host):
    key, pem = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={host}",
                    "-addext", f"subjectAltName=DNS:{host}", "-keyout", key, "-out", pem], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return context, pem


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl to make certificates with")
def test_client_over_tls(tmp_path):
    good, good_pem = certificate(tmp_path, "good", "localhost")
    other, other_pem = certificate(tmp_path, "other", "other.example")

    def end(context, pem):
        return client(serve_once(hello_and_bye, context), str(pem), scheme="wss")

    assert end(good, good_pem) == "opened\nend fine 1001 0 enough\nclosed\n"
    assert end(good, other_pem).startswith("end not permitted 1006 0 self-signed")
    assert end(other, other_pem).startswith("end not permitted 1006 0 hostname mismatch")
    assert client(serve_once(lambda s: s.sendall(b"220 mail\r\n")), str(good_pem), scheme="wss").startswith("end not permitted"), "no TLS there"
    assert "error unavailable" in client(1, str(tmp_path / "none.pem"), scheme="wss", check=False)
