"""Exported call files, read from outside: records, their wire structs, the steps of the call (src/voice/journal/steps.h)."""
import struct

FILE_HEADER, RECORD_HEADER = 128, 100
LEVELS = 3  # a field of steps
START, STEPS, SNAPSHOT, GAP, ATTACH = 1, 2, 8, 10, 12
VOICE, TRANSCRIPT = 3, 4  # inputs; below, outputs
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


def signed(value):
    return value >> 1 ^ -(value & 1)


def numbers(data, at, end):
    while at < end:
        value, at = varint(data, at)
        yield value


def levels(data, at, end, base):
    """Levels of voice as they lie packed (steps.h): (time, position, level), each a difference to the one before."""
    packed = numbers(data, at, end)
    for position, time, level in zip(packed, packed, packed):
        samples = signed(position) + 256
        base = (base[0] + signed(time) + samples * 125, base[1] + samples, level)
        yield base


def steps(data):
    """(record, "input" or "output", its fields) of everything in the call."""
    for record in records(data):
        if record.kind == STEPS:
            base = (0, 0, 0)
            for number, (start, end) in fields(data, record.payload, record.end):
                if number == LEVELS:
                    for base in levels(data, start, end, base):
                        yield record, "input", {1: VOICE, 2: base[0], 10: base[2], 11: base[1]}
                else:
                    yield record, "input" if number == 1 else "output", dict(fields(data, start, end))
