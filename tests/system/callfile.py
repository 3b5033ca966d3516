"""Exported call files, read from outside: records, their wire structs, the steps of the call (src/voice/steps.h)."""
import struct

FILE_HEADER, RECORD_HEADER = 128, 100
START, STEPS, SNAPSHOT, GAP, ATTACH = 1, 2, 8, 10, 12
TRANSCRIPT = 4  # inputs; below, outputs
SPEAK, NOTE = 3, 14


class Record:
    """One record of an exported call file: where it and its payload lie."""

    def __init__(self, data, at):
        assert data[at:at + 4] == b"CFr\xb5"
        self.at, self.kind = at, data[at + 5]
        self.length = struct.unpack_from("<I", data, at + 8)[0]
        self.payload = at + RECORD_HEADER
        self.end = self.payload + self.length


def records(data):
    at, out = FILE_HEADER, []
    while at < len(data):
        out.append(Record(data, at))
        at = out[-1].end
    return out


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def fields(data, at, end):
    """(number, value or (from, to)) of a wire struct."""
    while at < end:
        key, at = varint(data, at)
        value, at = varint(data, at)
        if key & 7 == 2:
            yield key >> 3, (at, at + value)
            at += value
        else:
            yield key >> 3, value


def steps(data):
    """(record, "input" or "output", its fields) of everything in the call."""
    for record in records(data):
        if record.kind == STEPS:
            for number, (start, end) in fields(data, record.payload, record.end):
                yield record, "input" if number == 1 else "output", dict(fields(data, start, end))
