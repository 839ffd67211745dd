"""Show the app with the fake engine: `python tests/ui/demo.py [steps] [--menu --slow --fault]`.

With --fault the loss pane fails as soon as there is a loss.
"""

import sys
import tempfile
import threading
import time
from pathlib import Path

from tutor.ui import start
from tutor.ui.panels import loss

sys.path.insert(0, str(Path(__file__).parents[1]))

from fake_engine import DESCENT, FakeEngine


def main() -> int:
    steps = next((int(word) for word in sys.argv[1:] if word.isdecimal()), 0)
    folder = Path(tempfile.mkdtemp())
    path = folder / "10_descend.py"
    path.write_text(DESCENT)
    engine = FakeEngine(device=None)

    def find_device() -> None:
        # As long as importing torch takes.
        time.sleep(2 if "--slow" in sys.argv else 0)
        engine.device = "cpu · 2 cores · AVX2 · torch 2.13.0"
        if engine.on_change:
            engine.on_change()
        if steps:
            time.sleep(0.2)
            engine.runs[0].go(steps)

    if "--fault" in sys.argv:
        loss.LossPanel.draw = lambda self, moment, *_: [[]][len(moment.timeline.losses(9)[0])]
    threading.Thread(target=find_device, daemon=True).start()
    target = None if "--menu" in sys.argv else str(path)
    return start.show(engine, target)


if __name__ == "__main__":
    sys.exit(main())
