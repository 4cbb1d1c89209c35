"""Waiting for something to become true, with a deadline instead of luck."""

import time


def until(condition, what, seconds=10.0, step=0.01):
    """The first true value of condition(); TimeoutError says what was awaited."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(step)
