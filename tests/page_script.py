"""The explorer's script, run by a JavaScript engine without a browser."""

import json

from bntheory.explorer import contents
from bntheory.explorer.page import engine
from py_mini_racer import MiniRacer

#: Issue 9: numbers of the page agree with the commands to this.
AGREE = 1e-6


def solved(problem, time=20.0, change=lambda text: text):
    """What the page shows of a problem."""
    losses = [] if problem.squares else [problem.loss]
    held = contents.collect(
        [problem.activation], [problem.scheme], [problem.m], losses=losses, own=problem
    )
    js = MiniRacer()
    # The engine has no decoder of base64, which browsers have.
    tables = {name: contents.unpacked(text).tolist() for name, text in held.tables.items()}
    js.eval(change(engine(held)))
    js.eval(f"Object.assign(TABLE_CACHE, {json.dumps(tables)})")
    state = f"initialState({json.dumps(problem.to_dict())}, {time})"
    return json.loads(js.eval(f"JSON.stringify(solve({state}))"))
