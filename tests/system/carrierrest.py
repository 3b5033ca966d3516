"""A carrier's REST on loopback, as far as each has it: JSON over HTTP, basic authorization. What it does is its own: get(url) and post(path, form)
give a status code and a body.
"""
import base64
import http.client
import http.server
import json
import threading
import urllib.parse


class CarrierRest:
    def __init__(self, user, password, unauthorized):
        self.legs = []
        self.on_place = lambda leg: None  # before the answer
        self.refuse = None                # (status, body) instead of a leg
        self.requests = 0                 # to place
        outer = self
        wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, body):
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def is_us(self):
                if self.headers["Authorization"] == wanted:
                    return True
                self.answer(401, unauthorized)
                return False

            def do_GET(self):
                if self.is_us():
                    self.answer(*outer.get(urllib.parse.urlsplit(self.path)))

            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode(), strict_parsing=True)
                if self.is_us():
                    self.answer(*outer.post(self.path, form))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # whoever asked was killed
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def told(url, path, body, headers):
    """A callback to the house at `url`; its status code."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    try:
        connection.request("POST", path, body, headers)
        reply = connection.getresponse()
        reply.read()
        return reply.status
    finally:
        connection.close()
