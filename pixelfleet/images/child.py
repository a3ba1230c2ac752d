"""The process that decodes: `python -m pixelfleet.images.child MEMORY_BYTES`, started by `supervisor.py`.

Orders come on standard input, answers go to standard output. When its input closes, because the parent wants it or
is gone, it ends at once, also from within a codec that hangs.
"""

import os
import queue
import resource
import signal
import sys
import threading
from typing import BinaryIO

from pixelfleet.errors import Cause, PermanentError, ProcessingError, RecipeError, TransientError
from pixelfleet.images.child_protocol import Answer, Order, decode_order
from pixelfleet.images.pipeline import render
from pixelfleet.images.probe import probe
from pixelfleet.recipes import parse


def main() -> None:
    # Ctrl-C is the parent's to handle: it closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _bound_memory(int(sys.argv[1]))
    answers = _private_output()
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    while True:
        _carry_out(decode_order(orders.get()), answers)


def _listen(orders: queue.SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
        orders.put(line)
    os._exit(0)


def _bound_memory(limit: int) -> None:
    """Beyond this, allocations fail: data and anonymous mappings count, a mapped source file does not."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))
    # A crash is counted, not collected.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _private_output() -> BinaryIO:
    """Standard output for answers alone: what a codec prints must not come between them."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return answers


def _carry_out(order: Order, answers: BinaryIO) -> None:
    try:
        recipe = parse(order.recipe, "recipe")
        found = probe(order.source, order.limits, with_gps=recipe.keep_gps, allow_svg=recipe.allow_svg)
        answers.write(Answer(probe=found).encoded())
        answer = Answer(rendition=render(order.source, found, recipe, order.folder))
    except ProcessingError as error:
        answer = Answer(error=error)
    except RecipeError as error:
        answer = Answer(error=PermanentError(Cause.RECIPE_UNFIT, str(error)))
    except MemoryError:
        answer = Answer(error=TransientError(Cause.OUT_OF_MEMORY, "memory ran out while this image was processed"))
    except OSError as error:
        answer = Answer(error=TransientError(Cause.UNAVAILABLE, f"the file cannot be read: {error.strerror}"))
    answers.write(answer.encoded())


if __name__ == "__main__":
    main()
