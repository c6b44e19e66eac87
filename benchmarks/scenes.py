"""A segmenter and a detector on scenes of all ten digits, longer than in the lesson: `python -m benchmarks.scenes`."""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import models, nn, optim, train
from tinygrad_edu.data import DataLoader, Scenes


def learn(model: Any, dataset: Any, loss: Any, epochs: int) -> float:
    """Train, with a rate that rises and falls; gives the seconds of CPU time."""
    loader = DataLoader(dataset, batch_size=8, shuffle=True)
    optimizer = optim.Adam(model.parameters())
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, 0.01, epochs=epochs, steps_per_epoch=len(loader))

    class EachStep(train.Callback):
        def on_step_end(self, run: Any) -> None:
            schedule.step()

    began = time.process_time()
    train.fit(model, loader, loss, optimizer, epochs, callbacks=[EachStep()])
    return time.process_time() - began


def main() -> None:
    """Train both, and print what they reach on scenes of other seeds and of other digits."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scenes", description=__doc__)
    parser.add_argument("--scenes", type=int, default=2000, help="to train with (default: 2000)")
    parser.add_argument("--epochs", type=int, default=8, help="passes over them (default: 8)")
    given = parser.parse_args()
    seen = Scenes(given.scenes, most=4, seed=1)
    unseen = [Scenes(300, most=4, train=False, seed=seed) for seed in (2, 3, 4)]

    tg.manual_seed(0)
    segmenter = models.fcn(widths=(8, 16, 32, 96))
    seconds = learn(segmenter, seen, nn.CrossEntropyLoss(), given.epochs)
    segmenter.eval()
    figures = []
    for scenes in unseen:
        with tg.no_grad():
            scores = segmenter(scenes.images)
        figures.append((train.accuracy(scores, scenes.masks), train.iou(scores, scenes.masks)))
    print(f"fcn, {seconds:.0f} s: pixel accuracy and mIoU of three seeds {np.round(figures, 3).tolist()}")

    tg.manual_seed(0)
    detector = models.ssd()
    seconds = learn(detector, seen.with_boxes(), detector.loss, given.epochs)
    figures = []
    for scenes in unseen:
        found = detector.detect(scenes.images)
        ways: Any = ("voc", "coco")
        figures.append(tuple(train.mean_average_precision(found, scenes.boxes, way) for way in ways))
    print(f"ssd, {seconds:.0f} s: mAP@0.5 and mAP of COCO of three seeds {np.round(figures, 3).tolist()}")


if __name__ == "__main__":
    main()
