"""What real images have besides noise: neighbours, ice, gradients, gains and hot pixels."""

import shutil
import struct

import numpy


def soil(source, folder, seed=7):
    """Copies a simulated set with dirt on its images.

    A third have a neighbour that reaches into the box, a twentieth a blob of ice or gold at the edge, one in fifty a hot pixel; all a gradient, a
    mean of about a thousand and a standard deviation of 25 to 100.
    """
    stack = (source / "particles.mrcs").read_bytes()
    width, height, count, mode = struct.unpack("4i", stack[:16])
    start = 1024 + struct.unpack("i", stack[92:96])[0]
    assert mode == 2, f"mode {mode} instead of 2"
    clean = numpy.frombuffer(stack, numpy.float32, offset=start).reshape(count, height, width)
    images, random = clean.copy(), numpy.random.default_rng(seed)
    y, x = numpy.mgrid[:height, :width] - width // 2

    def place(least, most):
        angle, distance = random.uniform(0, 2 * numpy.pi), width * random.uniform(least, most)
        return distance * numpy.sin(angle), distance * numpy.cos(angle)

    def disc(centre, radius, softness):
        return 1 / (1 + numpy.exp((numpy.hypot(y - centre[0], x - centre[1]) - radius) / softness))

    for image in images:
        if random.random() < 0.33:
            dy, dx = (round(step) for step in place(0.8, 0.95))
            neighbour = numpy.zeros_like(image)
            target = [slice(max(0, step), min(width, width + step)) for step in (dy, dx)]
            origin = [slice(max(0, -step), min(width, width - step)) for step in (dy, dx)]
            neighbour[*target] = clean[random.integers(count)][*origin]
            share = disc((dy, dx), 0.42 * width, 1.5)
            image += share * (neighbour - image)
        if random.random() < 0.05:
            image += random.choice([-1, 1]) * random.uniform(2, 6) * disc(place(0.4, 0.6), width * random.uniform(0.08, 0.2), 1)
        slope = random.normal(0, 1, 2)
        image += (slope[0] * y + slope[1] * x) / width
        image *= 50 * random.uniform(0.5, 2)
        image += 1000 * random.uniform(0.8, 1.2)
        if random.random() < 0.02:
            image[random.integers(height), random.integers(width)] += random.choice([-1, 1]) * random.uniform(1_000, 10_000)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "particles.mrcs").write_bytes(stack[:start] + images.tobytes())
    for name in ("particles.star", "truth.star", "truth.mrc"):
        shutil.copy(source / name, folder)
