#!/usr/bin/env python3
"""Makes relion_projections.f32: four images by relion_project of a map of Gaussian blobs.

Run in an empty folder; needs numpy and relion_project on the PATH.  RelionFixture.swift holds the same numbers.
"""
import subprocess

import numpy as np

BOX, PIXEL = 32, 4.0
# x, y, z in Å and weight; every blob has the standard deviation of 6 Å.
BLOBS = [(0, 0, 0, 1.0), (22, 6, -10, 1.5), (-14, 20, 8, 0.8), (5, -24, 16, 1.2), (-18, -9, -20, 0.6)]
SIGMA = 6.0
# rot, tilt, psi in degrees, origin x and y in Å, defocus U and V in Å, defocus angle in degrees.
POSES = [
    (0, 0, 0, 0, 0, 15000, 15000, 0),
    (30, 50, 70, 8, -4, 12000, 11000, 25),
    (-110, 95, 160, -5.3, 6.9, 20000, 18500, -60),
    (200, 150, -35, 3.1, 10.2, 9000, 8800, 80),
]
VOLTAGE, CS, AMPLITUDE = 200, 1.4, 0.1

axis = (np.arange(BOX) - BOX // 2) * PIXEL
volume = np.zeros((BOX, BOX, BOX))
for x, y, z, weight in BLOBS:
    parts = [np.exp(-((axis - c) ** 2) / (2 * SIGMA**2)) for c in (z, y, x)]
    parts = [p / p.sum() for p in parts]
    volume += weight * parts[0][:, None, None] * parts[1][None, :, None] * parts[2][None, None, :]

header = np.zeros(256, "<i4")
floats = header.view("<f4")
header[0:3] = header[7:10] = BOX
header[3], header[22] = 2, 1
floats[10:13], floats[13:16] = BOX * PIXEL, 90
header[16:19] = 1, 2, 3
raw = bytearray(header.tobytes())
raw[208:216] = b"MAP \x44\x44\x00\x00"
with open("map.mrc", "wb") as file:
    file.write(bytes(raw) + volume.astype("<f4").tobytes())

with open("poses.star", "w") as file:
    file.write("# version 30001\n\ndata_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnOpticsGroupName #2\n")
    file.write("_rlnVoltage #3\n_rlnSphericalAberration #4\n_rlnAmplitudeContrast #5\n")
    file.write("_rlnImagePixelSize #6\n_rlnImageSize #7\n_rlnImageDimensionality #8\n")
    file.write(f"1 opticsGroup1 {VOLTAGE} {CS} {AMPLITUDE} {PIXEL} {BOX} 2\n\n")
    file.write("# version 30001\n\ndata_particles\n\nloop_\n_rlnImageName #1\n_rlnOpticsGroup #2\n")
    names = "AngleRot AngleTilt AnglePsi OriginXAngst OriginYAngst DefocusU DefocusV DefocusAngle"
    for number, name in enumerate(names.split(), 3):
        file.write(f"_rln{name} #{number}\n")
    for index, pose in enumerate(POSES, 1):
        file.write(f"{index:06d}@none.mrcs 1 " + " ".join(str(v) for v in pose) + "\n")
    file.write("\n")

subprocess.run(
    ["relion_project", "--i", "map.mrc", "--o", "out", "--ang", "poses.star", "--ctf", "--angpix", str(PIXEL)],
    check=True,
)
with open("out.mrcs", "rb") as file:
    images = np.frombuffer(file.read()[1024:], "<f4").reshape(len(POSES), BOX, BOX)
images.astype("<f4").tofile("relion_projections.f32")
print(images.std(axis=(1, 2)))
