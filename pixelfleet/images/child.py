"""The process that decodes, started by `supervisor.py`: `python -m pixelfleet.images.child MEMORY_BYTES FILE_BYTES`.

Orders come on standard input, answers go to standard output. The process ends at once when the input closes, because
the parent closed the input or ended. The process ends then even if a codec hangs.
"""

import ctypes
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import BinaryIO, Final

from pixelfleet.errors import Cause, PermanentError, ProcessingError, RecipeError, TransientError
from pixelfleet.images.child_protocol import Answer, Order, decode_order
from pixelfleet.images.pipeline import render
from pixelfleet.images.probe import probe
from pixelfleet.images.process_limits import bound
from pixelfleet.images.progress import report_to
from pixelfleet.images.score import score
from pixelfleet.images.stage import stages_to
from pixelfleet.recipes import parse_stored

#: Linux's prctl(2): the signal that this process gets when the thread that started this process ends.
_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    # The parent handles Ctrl-C and closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_the_parent()
    bound(memory=int(sys.argv[1]), file_bytes=int(sys.argv[2]))
    output = _private_output()
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()

    def answer(message: Answer) -> None:
        output.write(message.encoded())

    report_to(lambda text: answer(Answer(progress=text)))
    stages_to(lambda name: answer(Answer(stage=name)))
    while True:
        carry_out(decode_order(orders.get()), answer)


def carry_out(order: Order, answer: Callable[[Answer], None]) -> None:
    """Probe and render one file. The last answer is the ending; every exception becomes an ending."""
    try:
        answer(_ending(order, answer))
    except ProcessingError as error:
        answer(Answer(error=error))
    except RecipeError as error:
        answer(Answer(error=PermanentError(Cause.RECIPE_UNFIT, str(error))))
    except MemoryError:
        answer(Answer(error=TransientError(Cause.OUT_OF_MEMORY, "memory ran out while this image was processed")))
    except OSError as error:
        text = f"a file could not be read or written: {error.strerror}"
        answer(Answer(error=TransientError(Cause.UNAVAILABLE, text)))
    except Exception as error:  # noqa: BLE001 - an unexpected error of one image must be an answer
        answer(Answer(error=TransientError(Cause.CRASHED, f"the engine failed on this image: {error!r:.300}")))


def _ending(order: Order, answer: Callable[[Answer], None]) -> Answer:
    recipe = parse_stored(order.recipe, "recipe")
    header = probe(order.source, order.limits, with_gps=recipe.keep_gps, allow_svg=recipe.allow_svg, dpi=recipe.dpi)
    answer(Answer(probe=header))
    if order.share and (reason := order.share.exceeded_by(header.pixels, header.memory)):
        return Answer(too_large=reason)
    if order.compared is not None:
        return Answer(score=score(order.source, header, order.compared, order.limits))
    began = time.process_time()
    rendition = render(order.source, header, recipe, order.folder)
    return Answer(rendition=rendition, cpu_ms=round((time.process_time() - began) * 1000))


def _listen(orders: queue.SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
        orders.put(line)
    os._exit(0)


def _die_with_the_parent() -> None:
    """The thread that reads standard input needs Python's lock; the kernel's signal needs no lock."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _private_output() -> BinaryIO:
    """Standard output for answers only. Text that a codec prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    main()
