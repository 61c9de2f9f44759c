"""Kill one training by SIGKILL at random moments, resume it each time, and compare it with an unbroken one.

    python benchmarks/kill.py              # 100 kills, ten minutes
    python benchmarks/kill.py --kills 6

One line per kill: the newest whole checkpoint by then, and what was going on. The last lines are the digests of the
weights; the exit code is 0 where they are equal. Every process is `python -m tunesmith train recipe.yaml --resume`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STEPS_PER_LIFE = 30  # on average fewer: no process may reach the end before the last kill
ROWS, BATCH = 120, 16
STARTING = 0.2  # of the kills fall into a process's start
RECIPE = """\
data: rows.csv
target: churn
base: {{kind: tabular_net, width: 16, dropout: 0.2}}
train: {{epochs: {epochs}, batch_size: {batch}, micro_batch: 6, patience: 1000000, checkpoint_seconds: 0,
  engine: {{precision: fp32, threads: 1}}}}
"""


def prepare(folder: Path, kills: int) -> None:
    draw = random.Random(1)
    lines = ["age,city,minutes,churn"]
    for _ in range(ROWS):
        age, minutes = draw.randint(18, 80), round(draw.random() * 100, 2)
        lines.append(f"{age},{draw.choice(['Bern', 'Chur'])},{minutes},{'yes' if age + minutes > 95 else 'no'}")
    (folder / "rows.csv").write_text("\n".join(lines) + "\n", "utf-8")
    epochs = max(2, kills * STEPS_PER_LIFE * BATCH // (ROWS // 2))
    (folder / "recipe.yaml").write_text(RECIPE.format(epochs=epochs, batch=BATCH), "utf-8")


def begin(folder: Path, home: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tunesmith", "train", "recipe.yaml", "--json", "--resume", "--home", home]
    with (folder / f"{home}.out").open("wb") as out, (folder / f"{home}.err").open("ab") as err:
        return subprocess.Popen(command, cwd=folder, stdout=out, stderr=err, env=os.environ | {"OMP_NUM_THREADS": "1"})


def newest(folder: Path) -> int:
    """Return the step of the newest checkpoint, 0 where there is none."""
    names = (path.name for path in (folder / "killed" / "runs").glob("*/seed-*/step-*"))
    return max((int(name[5:13]) for name in names), default=0)


def finished(process: subprocess.Popen[bytes], folder: Path, home: str) -> str:
    if process.wait() != 0:
        sys.exit((folder / f"{home}.err").read_text("utf-8"))
    return json.loads((folder / f"{home}.out").read_text("utf-8"))["weights"]


def kill_one(process: subprocess.Popen[bytes], folder: Path, draw: random.Random) -> str | None:
    """Kill a process at a random moment; return what it was doing, None where it ended by itself before."""
    first, what = newest(folder), "start"
    if draw.random() < STARTING:
        time.sleep(draw.random() * 5)
    else:
        what, aim = "training", first + draw.randint(1, STEPS_PER_LIFE)
        while newest(folder) < aim and process.poll() is None:
            time.sleep(0.002)
        time.sleep(draw.random() * 0.05)
    if process.poll() is not None:
        return None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return f"{what}, from step {first} to step {newest(folder)}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=100, metavar="N")
    options.add_argument("--seed", type=int, default=0, metavar="N")
    given = options.parse_args()
    draw = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, given.kills)
        unbroken = finished(begin(folder, "unbroken"), folder, "unbroken")
        for number in range(1, given.kills + 1):
            process = begin(folder, "killed")
            done = kill_one(process, folder, draw)
            if done is None:
                print(f"the training ended after {number - 1} kills")
                break
            print(f"kill {number:3d}: {done}", flush=True)
        else:
            process = begin(folder, "killed")
        killed = finished(process, folder, "killed")
    print(f"unbroken {unbroken}\nkilled   {killed}\n{'equal' if killed == unbroken else 'DIFFERENT'}")
    return int(killed != unbroken)


if __name__ == "__main__":
    sys.exit(main())
