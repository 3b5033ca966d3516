"""What a process has in its memory: texts looked for in everything that is written to and backed by no file. Locked memory, where keys may be, is
left out. Takes root, as whoever holds keys shows its memory to nobody else."""
import pathlib
import re

PIECE = 1 << 20


def regions(pid):
    """(from, to) of each; libsodium's is locked, and marked not to be dumped where locking was refused."""
    found = []
    at = None
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if head := re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+)", line):
            at = (int(head[1], 16), int(head[2], 16)) if head[3].startswith("rw") and head[4] == "0" else None
        elif line.startswith("VmFlags:") and at and not {"lo", "dd"} & set(line.split()[1:]):
            found.append(at)
    return found


def holds(pid, *texts):
    """Those of `texts` that are there, with how often."""
    count = {}
    overlap = max(map(len, texts)) - 1
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for begin, end in regions(pid):
            tail = b""
            while begin < end:
                try:
                    memory.seek(begin)
                    data = memory.read(min(PIECE, end - begin))
                except OSError:
                    break  # it was given back meanwhile
                for text in texts:
                    if times := (tail + data).count(text) - tail.count(text):
                        count[text] = count.get(text, 0) + times
                tail = (tail + data)[-overlap:] if overlap else b""
                begin += len(data)
    return count
