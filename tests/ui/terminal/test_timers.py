"""Delayed calls: none is dropped."""

import asyncio

from textual.app import App

from tutor.ui.terminal.timers import call_after


async def test_a_call_whose_time_has_already_passed_is_made() -> None:
    app: App[None] = App()
    async with app.run_test():
        called = asyncio.Event()
        # Textual's own timer drops this call: it is due before the timer's task has started.
        call_after(app, 1e-9, called.set)
        await asyncio.wait_for(called.wait(), 30)


async def test_calls_are_made_in_the_order_of_their_times() -> None:
    app: App[None] = App()
    async with app.run_test():
        order: list[int] = []
        done = asyncio.Event()
        call_after(app, 0.02, lambda: (order.append(2), done.set()))
        call_after(app, 0.001, lambda: order.append(1))
        await asyncio.wait_for(done.wait(), 30)
        assert order == [1, 2]
