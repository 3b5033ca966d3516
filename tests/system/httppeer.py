"""tests/peers/http_peer.c as a server beside the test, and a socket that says exactly what it is told to."""
import json
import os
import pathlib
import socket
import struct
import subprocess
import time

import pytest
from conftest import BINARY

PEER = pathlib.Path(os.environ.get("CALLFUNNEL_PEERS", pathlib.Path(BINARY).parent)).resolve() / "http_peer"


def needed():
    if not PEER.is_file():
        pytest.skip(f"{PEER.name} is not built: ninja peers")
    return PEER


class Peer:
    """Settings as in http_peer.c: Peer(request_ms=300)."""

    def __init__(self, **settings):
        words = [f"{name}={value}" for name, value in settings.items()]
        self.process = subprocess.Popen([needed(), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline().split()[1])
        self.local = str(settings.get("listen", "")).removeprefix("unix:") if "unix:" in str(settings.get("listen")) else None

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        """Ends it, and every handle was closed; a crash of its shows here too."""
        try:
            out, _ = self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        if failure[0] is None:
            assert self.process.returncode == 0, self.process.returncode
            assert out.split() == [b"closed"]

    def open(self, timeout=10):
        if self.local:
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(timeout)
            s.connect(self.local)
            return s
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def ask(self, data, timeout=10):
        """Says `data`, reads until the server closes: everything it answered."""
        with self.open(timeout) as s:
            s.sendall(data)
            return read_all(s)

    def stats(self):
        reply = Replies(self.ask(b"GET /stats HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
        return json.loads(reply[0].body)


def read_all(s):
    data = b""
    while part := s.recv(65536):
        data += part
    return data


class Reply:
    def __init__(self, data, head_only):
        head, found, rest = data.partition(b"\r\n\r\n")
        assert found, data
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status, _ = first.split(" ", 2)
        assert version == "HTTP/1.1"
        self.status = int(status)
        self.headers = {}
        for line in lines:
            name, value = line.split(": ", 1)
            assert name.lower() not in self.headers, line
            self.headers[name.lower()] = value
        self.body = b""
        self.rest = rest
        if self.status >= 200 and self.status not in (204, 304) and not head_only:
            self._body()

    def _body(self):
        if self.headers.get("transfer-encoding") == "chunked":
            while True:
                size, _, rest = self.rest.partition(b"\r\n")
                count = int(size, 16)
                assert rest[count:count + 2] == b"\r\n"
                self.body += rest[:count]
                self.rest = rest[count + 2:]
                if not count:
                    return
        count = int(self.headers["content-length"])
        assert len(self.rest) >= count
        self.body, self.rest = self.rest[:count], self.rest[count:]

    def error(self):
        document = json.loads(self.body)
        assert list(document) == ["error"]
        assert list(document["error"]) == ["code", "message", "where", "hint"]
        return document["error"]


class Replies(list):
    """All replies that stand in `data`; what is no reply fails."""

    def __init__(self, data, head_only=False):
        super().__init__()
        while data:
            self.append(Reply(data, head_only))
            data = self[-1].rest

    def statuses(self):
        return [reply.status for reply in self]


def wait_for(check, seconds=10):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.02)


# ---- WebSockets ----

UPGRADE = (b"GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")


def frame(opcode, data, fin=1, masked=True, rsv=0):
    head = bytes([fin << 7 | rsv << 4 | opcode])
    mark = 0x80 if masked else 0
    if len(data) < 126:
        head += bytes([mark | len(data)])
    elif len(data) < 65536:
        head += bytes([mark | 126]) + struct.pack(">H", len(data))
    else:
        head += bytes([mark | 127]) + struct.pack(">Q", len(data))
    mask = b"\x11\x22\x33\x44" if masked else b""
    return head + mask + (bytes(b ^ mask[i % 4] for i, b in enumerate(data)) if masked else data)


def frames(data):
    """(opcode, data) of each unmasked frame."""
    found = []
    while data:
        size, at = data[1] & 0x7F, 2
        if size == 126:
            size, at = struct.unpack(">H", data[2:4])[0], 4
        elif size == 127:
            size, at = struct.unpack(">Q", data[2:10])[0], 10
        assert not data[1] & 0x80 and len(data) >= at + size
        found.append((data[0] & 15, data[at:at + size]))
        data = data[at + size:]
    return found


def websocket_open(s, more=b""):
    s.sendall(UPGRADE + b"\r\n" + more)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += s.recv(1)
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head
    return head
