"""Calls that come a little later, and must come."""

import asyncio

from textual.app import App

from tutor.ui.terminal.timers import later


async def test_a_call_comes_also_where_its_time_has_passed_already() -> None:
    app: App[None] = App()
    async with app.run_test():
        called = asyncio.Event()
        # Textual's own timer drops this one: it is due before its task has begun.
        later(app, 1e-9, called.set)
        await asyncio.wait_for(called.wait(), 30)


async def test_calls_come_in_the_order_of_their_times() -> None:
    app: App[None] = App()
    async with app.run_test():
        order: list[int] = []
        done = asyncio.Event()
        later(app, 0.02, lambda: (order.append(2), done.set()))
        later(app, 0.001, lambda: order.append(1))
        await asyncio.wait_for(done.wait(), 30)
        assert order == [1, 2]
