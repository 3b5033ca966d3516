"""The offline recogniser over every recording of the measuring half: a minute of work that is done once, by the release build. Each of its paths is walked
under the sanitizers by tests/unit/test_pocketsphinx.c."""
import os
import pathlib
import re
import subprocess

from conftest import BINARY, ROOT, aside

JUDGE = pathlib.Path(os.environ.get("CALLFUNNEL_PEERS", pathlib.Path(BINARY).parent)).resolve() / "test_pocketsphinx_recorded"
TABLE = ROOT / "tests" / "vectors" / "recogniser.tsv"


def test_recordings_inside_are_accepted_and_outside_refused():
    """tests/unit/test_pocketsphinx_recorded.c has the goals; here: it was all of them that it judged."""
    done = subprocess.run(aside(JUDGE), capture_output=True, text=True, timeout=900, check=False, env={**os.environ, "CALLFUNNEL_TESTS": str(ROOT / "tests")})
    assert done.returncode == 0, done.stdout + done.stderr
    judged = [int(count) for count in re.findall(r": \d+ of (\d+) accepted$", done.stdout + done.stderr, re.M)]
    assert len(judged) == 5 and sum(judged) == sum(line.startswith("B\t") for line in TABLE.read_text().splitlines()), done.stdout
