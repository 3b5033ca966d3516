"""Requests that servers get wrong, on a real socket: each is answered once, as the standards say, and the connection closes."""
import http.client
import json
import os
import socket
import struct
import threading
import time

import pytest
from httppeer import Peer, Replies, frames, read_all, wait_for, websocket_open

POST = b"POST /echo HTTP/1.1\r\nHost: a\r\n"
GET = b"GET /show HTTP/1.1\r\nHost: a\r\n"
LAST = b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.fixture(scope="module")
def peer():
    with Peer(per_address=400) as p:
        yield p


WRONG = {
    "no-length": (POST + b"\r\nhello", 411),
    "length-minus": (POST + b"Content-Length: -1\r\n\r\nhello", 400),
    "length-plus": (POST + b"Content-Length: +5\r\n\r\nhello", 400),
    "length-empty": (POST + b"Content-Length: \r\n\r\nhello", 400),
    "length-hex": (POST + b"Content-Length: 0x5\r\n\r\nhello", 400),
    "length-list": (POST + b"Content-Length: 5, 5\r\n\r\nhello", 400),
    "length-huge": (POST + b"Content-Length: 99999999999999999999\r\n\r\nhello", 400),
    "two-lengths": (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400),
    "two-lengths-alike": (POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
    "length-and-coding": (POST + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n0\r\n\r\n", 400),
    "coding-and-length": (POST + CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n", 400),
    "coding-unknown": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
    "coding-hidden": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    "coding-tab": (POST + b"Transfer-Encoding: chunked\x0b\r\n\r\n0\r\n\r\n", 400),
    "coding-twice": (POST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n", 400),
    "coding-in-1.0": (b"POST /echo HTTP/1.0\r\n" + CHUNKED + b"\r\n0\r\n\r\n", 400),
    "chunk-not-hex": (POST + CHUNKED + b"\r\nzz\r\nab\r\n0\r\n\r\n", 400),
    "chunk-minus": (POST + CHUNKED + b"\r\n-1\r\nab\r\n0\r\n\r\n", 400),
    "chunk-huge": (POST + CHUNKED + b"\r\nffffffffffffffffffff\r\nab\r\n0\r\n\r\n", 400),
    "chunk-longer": (POST + CHUNKED + b"\r\n2\r\nabc\r\n0\r\n\r\n", 400),
    "chunk-bare-feed": (POST + CHUNKED + b"\r\n2\nab\n0\n\n", 400),
    "no-host": (b"GET /show HTTP/1.1\r\n\r\n", 400),
    "two-hosts": (GET + b"Host: b\r\n\r\n", 400),
    "host-bad": (b"GET /show HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    "host-space": (b"GET /show HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    "name-space": (GET + b"X-Test : a\r\n\r\n", 400),
    "name-empty": (GET + b": a\r\n\r\n", 400),
    "no-colon": (GET + b"X-Test\r\n\r\n", 400),
    "folded": (GET + b"X-Test: a\r\n b\r\n\r\n", 400),
    "leading-space": (b"GET /show HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    "nul-in-value": (GET + b"X-Test: a\0b\r\n\r\n", 400),
    "nul-in-name": (GET + b"X-T\0st: a\r\n\r\n", 400),
    "return-in-value": (GET + b"X-Test: a\rb\r\n\r\n", 400),
    "bare-feeds": (b"GET /show HTTP/1.1\nHost: a\n\n", 400),
    "big-head": (GET + b"X-Test: " + b"a" * 17000 + b"\r\n\r\n", 431),
    "ten-thousand-headers": (GET + b"A: b\r\n" * 10000 + b"\r\n", 431),
    "hundred-and-one-headers": (GET + b"A: b\r\n" * 100 + b"\r\n", 431),
    "long-target": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "endless-target": (b"GET /" + b"a" * 40000, 414),
    "two-spaces": (b"GET  /show HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "no-version": (b"GET /show\r\n\r\n", 400),
    "old-version": (b"GET /show HTTP/0.9\r\n\r\n", 505),
    "new-version": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "version-spelled": (b"GET /show http/1.1\r\nHost: a\r\n\r\n", 400),
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "unknown-method": (b"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    "relative-target": (b"GET show HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "target-control": (b"GET /sh\x01ow HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "escape-bad": (b"GET /show/%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "escape-short": (b"GET /show/%a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "escape-nul": (b"GET /show/a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "query-nul": (b"GET /show?x=%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "expects-more": (POST + b"Expect: miracles\r\nContent-Length: 5\r\n\r\nhello", 417),
    "body-over": (b"POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n" + b"a" * 17, 413),
    "chunks-over": (b"POST /small HTTP/1.1\r\nHost: a\r\n" + CHUNKED + b"\r\n9\r\n123456789\r\n9\r\n123456789\r\n0\r\n\r\n", 413),
    "chunk-over-announced": (b"POST /small HTTP/1.1\r\nHost: a\r\n" + CHUNKED + b"\r\nffff\r\n", 413),
}


@pytest.mark.parametrize("name", WRONG)
def test_refused_once(peer, name):
    """What follows a refused request is not looked at: no second answer, whatever it looks like."""
    data, status = WRONG[name]
    replies = Replies(peer.ask(data + LAST))
    assert replies.statuses() == [status]
    assert replies[0].headers["connection"] == "close"
    assert replies[0].headers["content-type"] == "application/json"
    assert replies[0].error()["code"]


@pytest.mark.parametrize("name", ["two-lengths", "chunk-longer", "host-space", "chunks-over", "nul-in-value"])
def test_refused_byte_by_byte(peer, name):
    data, status = WRONG[name]
    with peer.open() as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for byte in data:
                s.sendall(bytes([byte]))
        except OSError:  # refused before it was said whole
            pass
        assert Replies(read_all(s)).statuses() == [status]


def test_chunked_body(peer):
    body = b"\r\n5;x=y\r\nhello\r\n00006\r\n world\r\n0\r\nTrailer: x\r\n\r\n"
    replies = Replies(peer.ask(POST + CHUNKED + body + LAST))
    assert replies.statuses() == [200, 200]
    assert replies[0].body == b"hello world"


NEEDS_NONE = b"POST /needs-none HTTP/1.1\r\nHost: a\r\n"


def test_post_without_length_where_no_body_is_needed(peer):
    """It has none (RFC 9112, 6.3): what follows is the next request. One that has a body is judged as everywhere."""
    replies = Replies(peer.ask(NEEDS_NONE + b"\r\n" + NEEDS_NONE + b"Content-Length: 5\r\n\r\nhello" + LAST))
    assert [(r.status, r.body) for r in replies] == [(200, b""), (200, b"hello"), (200, b"")]
    assert Replies(peer.ask(NEEDS_NONE + b"\r\nhello" + LAST)).statuses() == [200, 501]
    assert Replies(peer.ask(NEEDS_NONE + b"Content-Length: 17\r\n\r\n" + b"a" * 17 + LAST)).statuses() == [413]
    assert Replies(peer.ask(NEEDS_NONE + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n0\r\n\r\n" + LAST)).statuses() == [400]


def test_get_with_a_body(peer):
    replies = Replies(peer.ask(b"GET /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + LAST))
    assert [(r.status, r.body) for r in replies] == [(200, b"hello"), (200, b"")]


def test_pipelined_in_one_segment(peer):
    later = b"GET /later?ms=60 HTTP/1.1\r\nHost: a\r\n\r\n"
    replies = Replies(peer.ask(POST + b"Content-Length: 5\r\n\r\nhello" + later + b"GET /show/7 HTTP/1.1\r\nHost: a\r\n\r\n" + LAST))
    assert replies.statuses() == [200] * 4
    assert [replies[0].body, replies[1].body] == [b"hello", b"later"]
    assert json.loads(replies[2].body)["id"] == "7"


def test_a_request_hidden_in_a_body_is_none(peer):
    before = peer.stats()["requests"]
    hidden = b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"
    replies = Replies(peer.ask(POST + b"Content-Length: %d\r\n\r\n" % len(hidden) + hidden + LAST))
    assert [r.body for r in replies] == [hidden, b""]
    assert peer.stats()["requests"] == before + 2


def test_empty_lines_before_a_request(peer):
    assert Replies(peer.ask(b"\r\n\r\n" + LAST)).statuses() == [200]


def test_head_has_no_body(peer):
    data = peer.ask(b"HEAD /show HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    replies = Replies(data, head_only=True)
    assert replies.statuses() == [200]
    assert int(replies[0].headers["content-length"]) > 0 and data.endswith(b"\r\n\r\n")


def test_old_clients(peer):
    assert Replies(peer.ask(b"GET /echo HTTP/1.0\r\n\r\n")).statuses() == [200]
    replies = Replies(peer.ask(b"GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + LAST))
    assert replies.statuses() == [200, 200]
    assert replies[0].headers["connection"] == "keep-alive"


def test_absolute_target(peer):
    replies = Replies(peer.ask(b"GET http://a.example/show/9?x=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
    assert json.loads(replies[0].body)["target"] == "/show/9?x=1"


def test_expect_continue(peer):
    with peer.open() as s:
        s.sendall(POST + b"Expect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n")
        assert s.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        s.sendall(b"hello")
        assert Replies(read_all(s))[0].body == b"hello"


def test_expect_continue_refused_before_the_body(peer):
    assert Replies(peer.ask(b"POST /small HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 500\r\n\r\n")).statuses() == [413]


def test_a_large_body_that_is_refused_still_hears_why(peer):
    """The client goes on sending; the answer must not be destroyed by a reset."""
    with peer.open() as s:
        s.sendall(b"POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n")
        s.sendall(b"a" * 3000000)
        assert Replies(read_all(s)).statuses() == [413]


def test_security_headers_and_routes(peer):
    def get(path, method=b"GET", more=b""):
        return Replies(peer.ask(b"%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n" % (method, path, more)))[0]

    for path in (b"/show", b"/nothing", b"/app.js"):
        headers = get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'none'")
    assert get(b"/nothing").error()["code"] == "not_found"
    wrong = get(b"/form")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    assert get(b"/app.js", b"DELETE").status == 405
    shown = json.loads(get(b"/show/a%2Fb/files/x/y%20z?q=1&q=2&w=a+b%26c", more=b"X-Test:  v w \r\n").body)
    assert (shown["id"], shown["rest"], shown["header"]) == ("a/b", "x/y z", "v w")
    assert shown["query"]["w"] == "a b&c"
    assert get(b"/show//files/x").status == 404
    assert get(b"/" + b"a/" * 100).status == 404


def test_who_may(peer):
    def private(more):
        return Replies(peer.ask(b"GET /private HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n" % more))[0]

    assert private(b"").status == 403
    assert private(b"Authorization: Bearer no\r\n").error()["hint"] == "say yes"
    assert private(b"Authorization: Bearer yes\r\n").status == 200


def test_files(peer):
    ask = b"GET /app.js HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    whole = Replies(peer.ask(ask + b"\r\n"))[0]
    assert (whole.status, whole.body, whole.headers["content-type"]) == (200, b"let a = 1;\n", "text/javascript")
    assert whole.headers["cache-control"] == "no-cache"
    known = Replies(peer.ask(ask + b"If-None-Match: %s\r\n\r\n" % whole.headers["etag"].encode()))[0]
    assert (known.status, known.rest) == (304, b"")


def test_forms(peer):
    def form(body, kind=b"application/x-www-form-urlencoded; charset=utf-8"):
        ask = b"POST /form HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
        return Replies(peer.ask(ask % (kind, len(body), body)))[0]

    assert form(b"a=b&&name=%2B91+00000%26&x").body == b"+91 00000&"
    assert form(b"name=%f").status == 400
    assert form(b"name=%00").status == 400
    assert form(b"&".join([b"a=b"] * 500)).status == 400
    assert form(b"name=x", b"text/plain").status == 400


def test_server_sent_events(peer):
    reply = Replies(peer.ask(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n" + LAST))
    assert reply.statuses() == [200, 200]
    assert reply[0].body == b"data: 1\n\ndata: 2\n\ndata: 3\n\n"
    old = peer.ask(b"GET /events HTTP/1.0\r\n\r\n")
    assert old.endswith(b"\r\n\r\ndata: 1\n\ndata: 2\n\ndata: 3\n\n")


def test_a_stream_that_is_cut_shows_it(peer):
    data = peer.ask(b"GET /cut HTTP/1.1\r\nHost: a\r\n\r\n")
    assert data.endswith(b"4\r\npart\r\n")


def test_who_waits_is_told_that_the_client_went(peer):
    before = peer.stats()["gone"]
    with peer.open() as s:
        s.sendall(b"GET /later?gone=1&ms=100000 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: peer.stats()["waiting"] == 1)
    wait_for(lambda: peer.stats()["gone"] == before + 1)


def test_a_late_reply_to_a_client_that_went_is_thrown_away(peer):
    before = peer.stats()["requests"]
    with peer.open() as s:
        s.sendall(b"GET /later?ms=300 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: peer.stats()["waiting"] == 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_for(lambda: peer.stats()["requests"] == before + 1)


def test_a_reader_that_reads_slowly_gets_all_of_it(peer):
    with peer.open(30) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        s.sendall(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n" + LAST)
        data = b""
        while part := s.recv(30000):
            data += part
    replies = Replies(data)
    assert replies.statuses() == [200, 200] and len(replies[0].body) == 4 << 20


@pytest.mark.parametrize("path", [b"/big", b"/flood"])
def test_a_reader_that_never_reads_is_let_go(path):
    with Peer(send_ms=400) as peer, peer.open() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path)
        wait_for(lambda: peer.stats()["connections"] == 1)
        assert peer.stats()["streams_gone"] == (path == b"/flood")


def test_a_reader_of_a_unix_socket_that_never_reads(tmp_path):
    """Such a socket is not writable long before it is full: nothing of ours may be waiting, and still it must end."""
    with Peer(listen=f"unix:{tmp_path}/s", send_ms=300, stream_max=60000) as peer, peer.open() as s:
        s.sendall(b"GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: peer.stats()["streams_gone"] == 1)


def test_slow_drip_after_a_reply():
    with Peer(request_ms=300) as peer:
        assert Replies(peer.ask(GET + b"\r\n" + b"GET /sh")).statuses() == [200, 408]


def test_slow_drip_of_a_head():
    with Peer(request_ms=500) as peer, peer.open() as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stop = threading.Event()

        def drip():
            for byte in GET + b"X-Test: " + b"a" * 1000:
                try:
                    s.sendall(bytes([byte]))
                except OSError:
                    return
                if stop.wait(0.02):
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        began = time.monotonic()
        try:
            assert Replies(read_all(s)).statuses() == [408]
        finally:
            stop.set()
            dripping.join()
        assert 0.4 < time.monotonic() - began < 5


def test_slow_body_and_silence():
    with Peer(request_ms=300, idle_ms=300, linger_ms=300) as peer:
        assert Replies(peer.ask(POST + b"Content-Length: 5\r\n\r\nhel")).statuses() == [408]
        assert Replies(peer.ask(POST + CHUNKED + b"\r\n5\r\nhel")).statuses() == [408]
        assert peer.ask(b"") == b"", "nothing was asked: nothing is said"
        assert Replies(peer.ask(GET + b"\r\n")).statuses() == [200], "idle after a reply: closed without a word"
        assert Replies(peer.ask(GET + b"\r\n" + b"GET /sh")).statuses() == [200, 408]


def test_too_many_connections():
    with Peer(per_address=3) as peer:
        held = [peer.open() for _ in range(3)]
        replies = Replies(peer.ask(b""))
        assert replies.statuses() == [503]
        assert replies[0].error()["code"] == "too_many_connections"
        held.pop().close()
        wait_for(lambda: Replies(peer.ask(LAST)).statuses() == [200])
        for s in held:
            s.close()
    with Peer(connections=2) as peer:
        held = [peer.open() for _ in range(2)]
        assert Replies(peer.ask(b"")).statuses() == [503]
        for s in held:
            s.close()


def test_unix_socket(tmp_path):
    path = tmp_path / "http.sock"
    with Peer(listen=f"unix:{path}") as peer:
        assert (os.stat(path).st_mode & 0o777) == 0o600
        reply = Replies(peer.ask(b"GET /show HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))[0]
        assert json.loads(reply.body)["remote"] == ""
    with Peer(listen=f"unix:{path}") as peer:  # the file of the first is still there
        assert Replies(peer.ask(LAST)).statuses() == [200]


def test_closing_with_everything_open():
    with Peer(close_ms=300) as peer:
        idle, waiting, stream, sock = (peer.open() for _ in range(4))
        waiting.sendall(b"GET /later?gone=1&ms=100000 HTTP/1.1\r\nHost: a\r\n\r\n")
        stream.sendall(b"GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
        assert stream.recv(10)
        websocket_open(sock)
        peer.process.stdin.close()
        assert peer.process.stdout.read() == b"closed\n"
        peer.process.stdin = None
        assert idle.recv(10) == b"" and waiting.recv(10) == b""
        assert frames(read_all(sock))[-1][1] == struct.pack(">H", 1001) + b"the server is closing"
        for s in (idle, waiting, stream, sock):
            s.close()
        peer.process.stdout = open(os.devnull, "rb")
        peer.process.communicate = lambda timeout: (b"closed", peer.process.wait(timeout))


def test_two_answers_never(peer):
    """Python's own client over one connection, many times."""
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=10)
    for i in range(200):
        connection.request("POST", "/echo", body=b"%d" % i)
        reply = connection.getresponse()
        assert (reply.status, reply.read()) == (200, b"%d" % i)
    connection.close()
