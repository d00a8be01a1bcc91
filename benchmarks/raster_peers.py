"""numpy and scipy computing what boxlap's raster filters compute, the way programs in the field write it.

    python3 raster_peers.py [--side 5000] [--window 11] [--repetitions 3]

Prints the best and median time of
  - Enhanced Lee with scipy.ndimage.uniform_filter and boolean masks, float32, written to use few temporaries
  - dense Lucas-Kanade from summed-area tables, 480 x 854, windows of 5 x 5
Compare with benchmark_raster on the same machine (sizes and windows as printed there).
"""
import argparse
import time

import numpy as np
from scipy.ndimage import uniform_filter


def enhanced_lee(image, window, looks, damping):
    """Window statistics of the whole image at once; the exponential only where it is needed."""
    mean = uniform_filter(image, window)
    deviation = image - mean
    np.square(deviation, out=deviation)
    deviation = uniform_filter(deviation, window)
    np.sqrt(deviation, out=deviation)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.divide(deviation, mean, out=deviation)
    flat, target = np.sqrt(1 / looks), np.sqrt(1 + 2 / looks)
    out = np.where(ratio <= flat, mean, image)
    blend = (ratio > flat) & (ratio < target)
    c = ratio[blend]
    weight = np.exp(-damping * (c - flat) / (target - c))
    out[blend] = mean[blend] * weight + image[blend] * (1 - weight)
    return out


def window_sums(values, side):
    table = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    table[1:, 1:] = values.cumsum(0).cumsum(1)
    return table[side:, side:] - table[:-side, side:] - table[side:, :-side] + table[:-side, :-side]


def lucas_kanade(frame1, frame2, radius):
    a, b = frame1.astype(np.float64), frame2.astype(np.float64)
    gx = (a[1:-1, 2:] - a[1:-1, :-2]) / 2
    gy = (a[2:, 1:-1] - a[:-2, 1:-1]) / 2
    gt = (a - b)[1:-1, 1:-1]
    side = 2 * radius + 1
    xx, xy, yy, xt, yt = (window_sums(p, side) for p in (gx * gx, gx * gy, gy * gy, gx * gt, gy * gt))
    det = xx * yy - xy * xy
    by = np.where(det == 0, 1, det)
    x, y = np.zeros_like(a), np.zeros_like(a)
    inner = (slice(radius + 1, -radius - 1),) * 2
    x[inner] = np.where(det == 0, 0, (yy * xt - xy * yt) / by)
    y[inner] = np.where(det == 0, 0, (xx * yt - xy * xt) / by)
    return x, y


def timed(name, repetitions, program):
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        program()
        times.append(1e3 * (time.perf_counter() - start))
    print(f"{name}: best {min(times):.1f} ms, median {sorted(times)[len(times) // 2]:.1f} ms", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=5000)
    parser.add_argument("--window", type=int, default=11)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    frame1, frame2 = random.integers(0, 256, (2, 480, 854), dtype=np.uint8)
    timed("Lucas-Kanade 480 x 854, 5 x 5", 5 * arguments.repetitions, lambda: lucas_kanade(frame1, frame2, 2))
    side = arguments.side
    image = random.gamma(4, 25, (side, side)).astype(np.float32)
    timed(f"Enhanced Lee {side} x {side}, window {arguments.window}", arguments.repetitions,
          lambda: enhanced_lee(image, arguments.window, 4, 1.0))


if __name__ == "__main__":
    main()
