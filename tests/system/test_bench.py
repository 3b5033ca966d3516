"""That each bench starts; and what `./dev bench vad` makes of its figures: the goal, and the exit status. The figures themselves are the bench's business."""
import importlib.util
import os
import subprocess
import sys
import types

import pytest

from conftest import ROOT


@pytest.fixture
def vad(monkeypatch):
    """bench/vad.py without what only its measuring needs (and only the bench's own environment has)."""
    for name in ("numpy", "onnxruntime"):
        if importlib.util.find_spec(name) is None:
            monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    spec = importlib.util.spec_from_file_location("bench_vad", ROOT / "bench" / "vad.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def figures(alone, batch):
    """As compare() gives them; onnxruntime with bound inputs is not what the goal is about."""
    return {"alone_ratio": alone, "alone_ratio_bound": 1.0, "batch_ratio": batch}


@pytest.mark.parametrize("alone, batch, met", [(8.0, 4.0, True), (12.5, 4.7, True), (7.99, 9.0, False), (20.0, 3.99, False), (1.0, 1.0, False)])
@pytest.mark.parametrize("isa", ["avx2", "avx512"])
def test_the_goal(vad, capsys, isa, alone, batch, met):
    goal = vad.judge(isa, figures(alone, batch))
    assert goal == {"alone": 8, "batch": 4, "met": met}
    assert vad.status(goal) == (0 if met else 1)
    vad.say(goal, figures(alone, batch))
    assert ("NOT met" in capsys.readouterr().out) is not met


def test_other_processors_are_not_judged(vad, capsys):
    goal = vad.judge("generic", figures(1.0, 1.0))
    assert goal["met"] is None and "generic" in goal["why"] and vad.status(goal) == 0
    vad.say(goal, figures(1.0, 1.0))
    assert "not judged" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "bench").glob("*.py")))
def test_every_bench_starts(tmp_path, name):
    """As ./dev starts it: its folder comes before Python's own modules, whose names are taken."""
    assert name not in sys.stdlib_module_names
    for module in ("numpy", "onnxruntime"):  # only the bench's own environment has them
        (tmp_path / f"{module}.py").write_text("")
    env = {key: value for key, value in os.environ.items() if not key.startswith("CALLFUNNEL_")} | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, ROOT / "bench" / f"{name}.py", "--help"], env=env, capture_output=True, text=True)
    assert "usage: " in done.stdout or f"run ./dev bench {name}" in done.stderr, done.stderr
