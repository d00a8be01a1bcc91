"""Times torchvision's and OpenCV's nms on a file of detections: the peer of benchmark_nms.

    benchmark_nms --peer "python3 benchmarks/nms_peers.py"

The file: int64 n, then n rows of float32 x1 y1 x2 y2 score label. One thread, best of three, milliseconds.
"""
import sys
import time

import numpy as np


def best_of_three(call):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - start)
        if times[0] > 5:
            break
    return 1e3 * min(times), result


def main():
    with open(sys.argv[1], "rb") as file:
        n = int(np.fromfile(file, np.int64, 1)[0])
        rows = np.fromfile(file, np.float32, 6 * n).reshape(n, 6)
    if n > 100_000:
        print("  (left out: quadratic)")
        return
    try:
        import torch
        import torchvision

        torch.set_num_threads(1)
        boxes = torch.from_numpy(rows[:, :4].copy())
        scores = torch.from_numpy(rows[:, 4].copy())
        labels = torch.from_numpy(rows[:, 5].astype(np.int64))
        for name, call in (
            ("nms", lambda: torchvision.ops.nms(boxes, scores, 0.5)),
            ("batched_nms", lambda: torchvision.ops.batched_nms(boxes, scores, labels, 0.5)),
        ):
            ms, keep = best_of_three(call)
            print(f"  torchvision {name} {ms:.3f} ms, kept {len(keep)}")
    except ImportError:
        print("  (torchvision is not installed)")
    try:
        import cv2

        cv2.setNumThreads(1)
        if n <= 20_000:
            xywh = np.concatenate([rows[:, :2], rows[:, 2:4] - rows[:, :2]], 1).astype(np.float64)
            ms, keep = best_of_three(lambda: cv2.dnn.NMSBoxes(xywh, rows[:, 4], 0.0, 0.5))
            print(f"  OpenCV NMSBoxes {ms:.3f} ms, kept {len(keep)}")
    except ImportError:
        print("  (OpenCV is not installed)")


main()
