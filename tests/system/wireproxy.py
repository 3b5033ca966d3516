"""A line between the product and a vendor's socket: keeps what was sent and when, and breaks as a test says."""
import socket
import threading
import time


class Frames:
    """The messages of one direction of a WebSocket, behind its handshake, as bytes come in any pieces."""

    def __init__(self):
        self.data, self.is_open = b"", False

    def take(self, data):
        """(kind, payload, the frame as it came) of each that is whole now; kind -1: the handshake."""
        self.data += data
        while True:
            whole = self._next()
            if not whole:
                return
            kind, payload, size = whole
            frame, self.data = self.data[:size], self.data[size:]
            yield kind, payload, frame

    def _next(self):
        if not self.is_open:
            end = self.data.find(b"\r\n\r\n")
            self.is_open = end >= 0
            return (-1, b"", end + 4) if self.is_open else None
        if len(self.data) < 2:
            return None
        masked, size, at = self.data[1] & 0x80, self.data[1] & 0x7f, 2
        if size >= 126:
            at = 4 if size == 126 else 10
            size = int.from_bytes(self.data[2:at], "big")
        key = self.data[at:at + 4] if masked else b""
        at += len(key)
        if len(self.data) < at + size:
            return None
        payload = self.data[at:at + size]
        if masked:
            payload = bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))
        return self.data[0] & 0x0f, payload, at + size


class Wire:
    """One connection."""

    def __init__(self, proxy, client, number):
        self.proxy, self.client, self.number = proxy, client, number
        self.sound, self.pieces = b"", []  # what was sent; (when, how much) of each piece
        self.server = socket.create_connection(proxy.target)
        for pump in (self._up, self._down):
            threading.Thread(target=pump, daemon=True).start()

    def cut(self):
        for one in (self.client, self.server):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _up(self):
        frames = Frames()
        for data in self._each(self.client):
            for kind, payload, frame in frames.take(data):
                if kind == 2:
                    self.sound += payload
                    self.pieces.append((time.monotonic(), len(payload)))
                self._send(self.server, frame)
            if self.proxy.breaks(self):
                break
        self.cut()

    def _down(self):
        frames = Frames()
        for data in self._each(self.server):
            for kind, payload, frame in frames.take(data):
                if kind != 1 or self.proxy.lets(self, payload.decode()):
                    self._send(self.client, frame)
        self.cut()

    @staticmethod
    def _send(one, data):
        try:
            one.sendall(data)
        except OSError:
            pass  # it is over; who reads from it learns it

    @staticmethod
    def _each(one):
        try:
            while data := one.recv(65536):
                yield data
        except OSError:
            pass


class Proxy:
    """In front of a ws:// address. `breaks(wire)`: it breaks now; `lets(wire, text)`: the vendor's message goes on."""

    def __init__(self, url, breaks=lambda wire: False, lets=lambda wire, text: True):
        host, port = url.removeprefix("ws://").split(":")
        self.target, self.breaks, self.lets = (host, int(port)), breaks, lets
        self.wires = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        try:
            while True:
                client = self.listener.accept()[0]
                self.wires.append(Wire(self, client, len(self.wires)))
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for wire in self.wires:
            wire.cut()
