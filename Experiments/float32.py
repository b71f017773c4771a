"""Converts an MRC stack of 16-bit floats to 32-bit ones: float32.py IN.mrcs OUT.mrcs"""

import sys
from pathlib import Path

import numpy as np

raw = Path(sys.argv[1]).read_bytes()
header = bytearray(raw[:1024])
words = np.frombuffer(raw[:1024], "<i4")
if words[3] != 12:
    sys.exit(f"{sys.argv[1]}: found mode {words[3]}; expected 12, 16-bit floats")
pixels = np.frombuffer(raw[1024 + words[23]:], "<f2").astype("<f4")
header[12:16] = np.int32(2).tobytes()
header[92:96] = np.int32(0).tobytes()
Path(sys.argv[2]).write_bytes(bytes(header) + pixels.tobytes())
