"""Write the README's screenshot with the real engine: python tests/ui/picture.py FILE.svg"""

import asyncio
import sys
from pathlib import Path

from tutor.course.catalog import resolve
from tutor.engine.client import Engine
from tutor.ui.app import TutorApp
from tutor.ui.panels.plot import PlotPanel
from tutor.ui.screens.lesson import LessonScreen

STEP = 52
"""A backward pass of three_points, with enough of a curve before it."""


async def main(path: Path) -> None:
    app = TutorApp(Engine(), str(resolve("three_points")))
    async with app.run_test(size=(132, 44)) as pilot:
        try:
            while not (isinstance(app.screen, LessonScreen) and app.screen.controller):
                await pilot.pause(0.1)
            await pilot.press("g", *str(STEP), "enter")
            while app.screen.controller.session.cursor < STEP:
                await pilot.pause(0.1)
            # The second plot is the map with the trajectory; a replay computes it.
            panel = app.screen.query_one(PlotPanel)
            await pilot.press("0", "j", "1")
            while (
                panel.view.plot_note or panel.view.plot is None or panel.view.plot.surface is None
            ):
                await pilot.pause(0.1)
            path.write_text(app.export_screenshot(title="tutor open three_points"))
        finally:
            app.engine.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
