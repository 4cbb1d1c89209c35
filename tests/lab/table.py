"""How tests/bench prints what it measured: a line a figure, the bound beside it."""


def line(what, value, unit, remark=""):
    print(f"  {what:<55}{value:>9} {unit:<7}{remark}", flush=True)


def row(what, value, unit, bound, goal):
    """bound: what it was measured against in the same run, as text; goal likewise."""
    line(what, value, unit, f"{bound}; goal {goal}" if bound else f"goal {goal}")
