"""Read by Python as it starts in a process whose clock is moved.

libfaketime 0.9.10 answers EINVAL where Python 3.11 sleeps until an instant of the steady clock, so
such a process sleeps in another way.
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select((), (), (), seconds)


time.sleep = _sleep
