"""Makes the *_halved_8k.csv files: onnxruntime's probabilities for recordings that are halved in rate by integer arithmetic.

usage: make_halved.py silero_vad.onnx [OUT_DIR]      needs onnxruntime, numpy and Debian's pocketsphinx-testdata

The rule, which tests/unit/test_silero.c has too: y[k] = (x[2k-1] + 2 x[2k] + x[2k+1] + 2) >> 2, with zeros beyond both ends.
"""
import os
import sys

import numpy as np
import onnxruntime

DATA = "/usr/share/pocketsphinx/test/data/"
BOOK = DATA + "librivox/sense_and_sensibility_01_austen_64kb-%s.wav"
RECORDINGS = [
    ("goforward", DATA + "goforward.raw", 0),
    ("librivox0870", BOOK % "0870", 44),
    ("librivox0930", BOOK % "0930", 44),
]
CHUNK, CONTEXT = 256, 32


def halve(x):
    padded = np.concatenate([[0], x, [0, 0]]).astype(np.int64)
    count = len(x) // 2
    left, middle, right = (padded[i : i + 2 * count : 2] for i in range(3))
    return ((left + 2 * middle + right + 2) >> 2).astype(np.int16)


def probabilities(session, samples):
    context = np.zeros((1, CONTEXT), np.float32)
    state = np.zeros((2, 1, 128), np.float32)
    rate = np.array(8000, np.int64)
    for start in range(0, len(samples) - CHUNK + 1, CHUNK):
        chunk = (samples[start : start + CHUNK] / 32768).astype(np.float32)[None]
        given = np.concatenate([context, chunk], axis=1)
        prob, state = session.run(None, {"input": given, "state": state, "sr": rate})
        context = given[:, -CONTEXT:]
        yield start, float(prob[0, 0])


def main():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
    folder = sys.argv[2] if len(sys.argv) > 2 else os.path.dirname(os.path.abspath(__file__))
    for name, path, header in RECORDINGS:
        samples = halve(np.fromfile(path, "<i2", offset=header))
        with open(os.path.join(folder, name + "_halved_8k.csv"), "w") as out:
            out.write("chunk,start_sample,prob\n")
            for start, prob in probabilities(session, samples):
                out.write("%d,%d,%.9g\n" % (start // CHUNK, start, prob))


main()
