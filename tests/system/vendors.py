"""Vendors on loopback, scripted: models that speak the Messages stream or chat completions, recognisers that hear what they are told to, hosts that refuse
whoever comes.
"""
import base64
import contextlib
import http.server
import json
import threading

import websockets.exceptions
import websockets.sync.server

LOUD, VOICED = 0x40, 2000  # of a byte of µ-law, its exponent; samples


class Server:
    """A server of `handler` on a port of its own, in threads, until the end of the `with`."""

    def __init__(self, handler):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *failure):
        self.http.shutdown()
        self.http.server_close()


class Model(Server):
    """Each request's answer is what `mind(body)` says: texts, and (name, arguments) for a tool. `requests`: headers and body of each."""

    def __init__(self, mind):
        self.mind, self.requests = mind, []
        model = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                model.requests.append((self.path, dict(self.headers), body))
                data = model.stream(model.mind(body))
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # a call may think better of it
                    self.wfile.write(data)

            def log_message(self, *words):
                pass

        super().__init__(Handler)

    def stream(self, said):
        return stream(said)


class Chat(Model):
    """The same as a server that speaks as OpenAI does."""

    def stream(self, said):
        return chunks(said)


class Refusing(Server):
    """Every request is answered with that status and nothing else."""

    def __init__(self, status):
        self.requests = []
        refusing = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                refusing.requests.append((self.path, dict(self.headers)))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.send_header("Connection", "close")
                self.end_headers()

            do_GET = do_POST = answer

            def log_message(self, *words):
                pass

        super().__init__(Handler)


class Recogniser:
    """/v1/listen: a quarter of a second of voice is the next of `lines`, as a partial; Finalize makes it final. `requests`: path and headers of each stream."""

    def __init__(self, lines):
        self.lines, self.requests, self.heard = list(lines), [], 0

    def listen(self, socket):
        self.requests.append((socket.request.path, dict(socket.request.headers)))
        samples = told = loud = 0
        with contextlib.suppress(websockets.exceptions.ConnectionClosed):  # a call ends without waiting for the close
            for message in socket:
                if isinstance(message, bytes):
                    samples += len(message)
                    self.heard += len(message)
                    loud += sum(~byte & 0x70 >= LOUD for byte in message)
                    if loud > VOICED and self.lines:
                        socket.send(json.dumps(result(self.lines[0], told, samples, False)))
                elif json.loads(message)["type"] == "Finalize" and loud > VOICED and self.lines:
                    socket.send(json.dumps(result(self.lines.pop(0), told, samples, True)))
                    told, loud = samples, 0

    def __enter__(self):
        self.server = websockets.sync.server.serve(self.listen, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self.server.socket.getsockname()[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *failure):
        self.server.shutdown()


class IndianRecogniser(Recogniser):
    """The same as Sarvam's /speech-to-text-realtime/ws: an utterance begins with its voice, flush makes it final."""

    def listen(self, socket):
        self.requests.append((socket.request.path, dict(socket.request.headers)))
        loud = utterance = 0
        is_open = False
        with contextlib.suppress(websockets.exceptions.ConnectionClosed):
            socket.send(json.dumps({"event": "session.begin", "request_id": "r-1"}))
            for message in socket:
                said = json.loads(message)
                if said["event"] == "audio_input":
                    sound = base64.b64decode(said["audio"])
                    self.heard += len(sound)
                    loud += sum(~byte & 0x70 >= LOUD for byte in sound)
                    if loud > VOICED and self.lines and not is_open:
                        is_open = True
                        socket.send(json.dumps({"event": "vad.speech_start", "utterance_idx": utterance}))
                        socket.send(json.dumps({"event": "transcript.partial", "utterance_idx": utterance, "text": self.lines[0]}))
                elif said["event"] == "flush" and is_open:
                    socket.send(json.dumps({"event": "transcript.final", "utterance_idx": utterance, "text": self.lines.pop(0)}))
                    loud, utterance, is_open = 0, utterance + 1, False


def result(text, from_sample, to_sample, is_final):
    words = [{"word": word, "start": from_sample / 8000, "end": to_sample / 8000, "confidence": 0.9} for word in text.split()]
    return {"type": "Results", "channel_index": [0, 1], "start": from_sample / 8000, "duration": (to_sample - from_sample) / 8000, "is_final": is_final,
            "speech_final": False, "from_finalize": is_final, "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": words}]}}


def event(kind, **fields):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def block(index, start, delta):
    return (event("content_block_start", index=index, content_block=start) + event("content_block_delta", index=index, delta=delta)
            + event("content_block_stop", index=index))


def stream(said):
    """A whole message as the vendor streams it."""
    usage = {"input_tokens": 9, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1}
    data = event("message_start", message={"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-5-5", "content": [],
                                           "stop_reason": None, "stop_sequence": None, "usage": usage})
    for index, one in enumerate(said):
        if isinstance(one, str):
            data += block(index, {"type": "text", "text": ""}, {"type": "text_delta", "text": one})
        else:
            name, arguments = one
            data += block(index, {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}},
                          {"type": "input_json_delta", "partial_json": json.dumps(arguments)})
    reason = "tool_use" if any(not isinstance(one, str) for one in said) else "end_turn"
    return data + event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": 20}) + event("message_stop")


def chunk(*choices, **fields):
    return f"data: {json.dumps({'id': 'c1', 'object': 'chat.completion.chunk', 'choices': choices, **fields})}\n\n".encode()


def chunks(said):
    """A whole message as llama.cpp, vLLM and OpenAI stream it."""
    data, tools = b"", 0
    for one in said:
        delta = {"content": one}
        if not isinstance(one, str):
            name, arguments = one
            delta = {"tool_calls": [{"index": tools, "id": f"call_{tools}", "type": "function",
                                     "function": {"name": name, "arguments": json.dumps(arguments)}}]}
            tools += 1
        data += chunk({"index": 0, "delta": delta, "finish_reason": None})
    data += chunk({"index": 0, "delta": {}, "finish_reason": "tool_calls" if tools else "stop"})
    return data + chunk(usage={"prompt_tokens": 9, "completion_tokens": 20, "total_tokens": 29}) + b"data: [DONE]\n\n"
