"""The Autobahn cases (PyPI kosoku) against our WebSocket, as a server and as a client. Compression (12, 13) is not spoken here."""
import asyncio

import pytest
from httppeer import Peer, needed

kosoku = pytest.importorskip("kosoku")

COMPRESSION = ["12.*", "13.*"]
GOOD = {"OK", "NON-STRICT", "INFORMATIONAL"}


def judge(results, count):
    assert len(results) == count
    bad = [r for r in results if r.behavior.value not in GOOD or r.behavior_close.value not in GOOD]
    assert not bad, bad


async def outcome(running):
    try:
        return await running
    except kosoku.FailureError as failure:
        return failure.results


def test_server():
    async def run(port):
        return await outcome(kosoku.run_fuzzingclient(f"ws://127.0.0.1:{port}/socket", exclude_cases=COMPRESSION, concurrency=4))

    with Peer(message_max=64 << 20, send_max=64 << 20, send_age_ms=60000) as peer:
        judge(asyncio.run(run(peer.port)), 301)


def test_client():
    """A process a case, so that each ends with every handle closed; the large messages (9) are the server's."""
    async def ask(port, path, *more):
        process = await asyncio.create_subprocess_exec(needed(), "client", f"ws://127.0.0.1:{port}{path}", *more, stdout=asyncio.subprocess.PIPE)
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0 and out.endswith(b"closed\n"), out
        return out

    async def run():
        async with kosoku.run_fuzzingserver(exclude_cases=[*COMPRESSION, "9.*"], port=0) as server:
            lines = (await ask(server.port, "/getCaseCount", "", "print")).split(b"\n")
            count = next(int(line.split()[1]) for line in lines if line.startswith(b"text "))
            for case in range(1, count + 1):
                await ask(server.port, f"/runCase?case={case}&agent=callfunnel")
            await ask(server.port, "/updateReports?agent=callfunnel")
            return await asyncio.wait_for(outcome(server.get_result()), 30)

    judge(asyncio.run(run()), 247)
