"""How `./dev test` shares these files out (conftest.py): every name in it is a file's, and each file's tests go where they should."""
import re

import pytest

from conftest import APART, ROOT, WORKING, Plan

HERE = "tests/system/test_{}.py::test_{}"


def named():
    """What `./dev test` begins with."""
    [words] = re.findall(r"for name in (simulate [^;]+); do", (ROOT / "dev").read_text())
    return words.replace("\\\n", " ").split()


@pytest.mark.parametrize("names", [APART, sum(WORKING, ()), named()], ids=["apart", "working", "first"])
def test_every_name_is_a_files(names):
    assert [name for name in names if not (ROOT / "tests" / "system" / f"test_{name}.py").is_file()] == []
    assert len(set(names)) == len(names)


def test_what_takes_long_begins_first():
    assert set(named()) >= {*APART, *sum(WORKING, ())} and not set(APART) & set(sum(WORKING, ()))


def test_who_is_together():
    scope = Plan._split_scope
    assert scope(None, HERE.format("transfer", "a[x::y]")) != scope(None, HERE.format("transfer", "b"))
    assert scope(None, HERE.format("page", "a")) == scope(None, HERE.format("page", "b")) != scope(None, HERE.format("serve", "a"))
    for names in WORKING:
        assert len({scope(None, HERE.format(name, "a")) for name in names}) == 1
    assert len({scope(None, HERE.format(names[0], "a")) for names in WORKING}) == len(WORKING)
