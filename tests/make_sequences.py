"""Makes the sample sequences in `assets/sequences`: `python -m tests.make_sequences`.

The seed is fixed, so that every run makes the same file.
"""

from __future__ import annotations

import csv
from io import StringIO

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.files.paths import asset_dir

SEED = 7
SWINGS = 240
LENGTHS = {"short": 0.25, "medium": 0.5, "long": 1.0}  # metres
GRAVITY = 9.81  # m/s²
DAMPING = 0.2  # 1/s
RATE = 16  # measurements a second
FINE_STEPS = 64  # steps of the simulation from one measurement to the next
NOISE = 2.0  # degrees, standard deviation
STEPS = (24, 40)  # of the shortest and the longest swing

README = """\
# Sample sequences

`swings.csv` is a file to try `rnn-tui train sequences` on: {count} swings of three pendulums,
0.25 m, 0.5 m and 1 m long, a row a measurement. `swing` says which swing a row belongs to, `time`
is in seconds, `angle` in degrees, `pendulum` says which of the three swung. The swings are
simulated: damped, from a random angle at a random time, {rate} measurements a second, with errors
of 2°. `python -m tests.make_sequences` makes the file again. It may be used for anything.
"""


def swing(length: float, steps: int, random: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return the measured angles (steps,) of a damped pendulum, in degrees.

    θ″ = −(g/l)·sin θ − γ·θ′, by the semi-implicit Euler method.
    """
    skipped = int(random.integers(0, 2 * RATE))  # measurements before the first one that counts
    angle = np.radians(random.uniform(15, 50)) * random.choice((-1, 1))
    speed = 0.0
    interval = 1 / RATE / FINE_STEPS
    angles = np.empty(skipped + steps)
    for step in range(skipped + steps):
        angles[step] = angle
        for _ in range(FINE_STEPS):
            speed -= interval * (GRAVITY / length * np.sin(angle) + DAMPING * speed)
            angle += interval * speed
    measured: npt.NDArray[np.float64] = np.degrees(angles[skipped:])
    return measured + random.normal(0, NOISE, steps)


def swings() -> str:
    """Return the file: a row a measurement."""
    random = np.random.default_rng(SEED)
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["swing", "time", "angle", "pendulum"])
    names = random.permutation([*LENGTHS] * (SWINGS // len(LENGTHS)))
    for number, name in enumerate(names, start=1):
        steps = int(random.integers(STEPS[0], STEPS[1] + 1))
        for step, angle in enumerate(swing(LENGTHS[name], steps, random)):
            rows.writerow([number, f"{step / RATE:.4g}", f"{angle:.1f}", name])
    return text.getvalue()


def main() -> None:
    """Write the file and its README."""
    folder = asset_dir() / "sequences"
    folder.mkdir(exist_ok=True)
    (folder / "swings.csv").write_text(swings(), encoding="utf-8")
    readme = README.format(count=SWINGS, rate=RATE)
    (folder / "README.md").write_text(readme, encoding="utf-8")


if __name__ == "__main__":
    main()
