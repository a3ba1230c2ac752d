"""Visitors that ask for lazy variants at any time, and the dashboards that make the variants.

The real `LazyRenders` runs, with the steps around it as `dashboard.pages.stable_addresses` takes them. Stand-ins are
the pixels, the event loop, which waits by a signal, and the pool, whose threads are tasks of the dashboard's process.
"""

import random
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TypeVar

from dashboard.auth.limits import RateLimit
from dashboard.lazy import LazyRenders, Progress
from dashboard.lazy_engine import SECONDS
from dashboard.problem import Problem
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Image
from pixelfleet.errors import Cause, TransientError, WrongLaneError
from pixelfleet.images.pipeline import Rendition
from pixelfleet.recipes import Recipe
from tests.simulation.environment import Environment
from tests.simulation.lazy_recipes import LAZY
from tests.simulation.pixels import Pixels, text_of
from tests.simulation.scheduler import Process
from tests.simulation.step import Step, short

#: Looks at the record of one request, as the page has them.
LOOKS: Final = 5
#: Seconds until a dashboard that died is replaced.
REPLACED_AFTER: Final = 5.0
HOUR: Final = 3_600.0
#: More than the images of a run.
NO_BUDGET: Final = 1_000

Answer = TypeVar("Answer")


class _Engine:
    """The child beside the dashboard: it has less time than a worker, and passes on what it has no room for."""

    def __init__(self, environment: Environment) -> None:
        self._network = environment.network
        self._pixels = Pixels(environment.network, Lane.BULK)

    def render(self, original: Path, recipe: Recipe, folder: Path) -> Rendition:
        if text_of(original.read_bytes()).startswith("slow"):
            self._network.work(SECONDS)
            raise WrongLaneError(f"it takes longer than {SECONDS:.0f} seconds")
        header = self._pixels.probe(original)
        try:
            return self._pixels.render(original, header, recipe, folder)
        except MemoryError as error:
            raise WrongLaneError(str(error)) from None
        except RuntimeError as error:
            raise TransientError(Cause.CRASHED, str(error)) from None

    def close(self) -> None: ...


class _Pool:
    """A pool of threads that are tasks of one process. `on_begin` gets the owner of each image that is submitted."""

    def __init__(
        self, environment: Environment, process: Process, threads: int, on_begin: Callable[[str], None]
    ) -> None:
        self._environment = environment
        self._process = process
        self._free = threads
        self._on_begin = on_begin
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()

    def submit(self, call: Callable[[Image, Any], Any], image: Image, lazy: Any) -> "Future[Any]":
        self._on_begin(image.owner)
        future: Future[Any] = Future()
        self._waiting.append((future, partial(call, image, lazy)))
        if self._free:
            self._free -= 1
            self._environment.scheduler.spawn(self._process, "render", self._work)
        return future

    def _work(self) -> None:
        while self._waiting:
            future, call = self._waiting.popleft()
            try:
                result = call()
            except Exception as error:
                future.set_exception(error)
            else:
                future.set_result(result)
            self._environment.rendered.set()
        self._free += 1


class SimulatedDashboard:
    """One process of the dashboard. A dashboard that dies is replaced."""

    def __init__(self, environment: Environment, name: str, *, has_budget: bool = True) -> None:
        self._environment = environment
        self._name = name
        self._lives = 0
        self._has_budget = has_budget
        self._live()

    @property
    def busy(self) -> bool:
        """Whether a request is under way, or a variant."""
        return bool(self.process.tasks)

    def ask(self, key: str) -> None:
        """A visitor asks for the lazy variant of an image, and does not wait for the answer."""
        if self.process.alive:
            self._environment.scheduler.spawn(self.process, "request", partial(self._request, key))

    def _live(self) -> None:
        self._lives += 1
        environment = self._environment
        self.process = environment.process(f"{self._name}.{self._lives}")
        self.process.on_death.append(lambda: environment.later(REPLACED_AFTER, self._live))
        deployment = environment.deployment(self.process)
        clock = lambda: environment.scheduler.now  # noqa: E731 - two objects take it
        self._renders = LazyRenders(deployment, clock, lambda: _Engine(environment))
        limit = environment.settings.lazy_renders_per_hour
        if not self._has_budget:
            self._renders._budget = RateLimit(NO_BUDGET, HOUR, clock)
            limit = NO_BUDGET
        began, begun = environment.scheduler.now, Counter[str]()

        def count(owner: str) -> None:
            begun[owner] += 1
            # A full bucket at first, filled again evenly.
            if begun[owner] > limit * (1 + (environment.scheduler.now - began) / HOUR):
                what = f"{begun[owner]} of {owner} by {self._name}"
                environment.violate("an owner's lazy variants stay within the budget", what)

        pool: Any = _Pool(environment, self.process, environment.settings.lazy_renders, count)
        self._renders._pool = pool

    def _request(self, key: str) -> None:
        try:
            answer = self._answer(key)
        except Problem as problem:
            answer = f"{problem.status} {str(problem)[:60]}"
        except Exception as error:
            self._environment.ended_by(error)
            answer = f"{type(error).__name__}: {str(error)[:60]}"
        self._environment.trace.note(f"answers {short(key)}/{LAZY}: {answer}")

    def _answer(self, key: str) -> str:
        settings, images = self._environment.settings, self._environment.scheduler.process.memory["deployment"].images
        made: Image | None = None
        for _ in range(LOOKS):
            image = made or images.get(image_id(settings.uploads_bucket, key))
            if image is not None and any(variant.name == LAZY for variant in image.variants):
                return "200"
            lazy = self._renders.recipes.find(image, LAZY) if image is not None else None
            if image is None or lazy is None:
                return "404"
            progress = _result_of(self._renders.make(image, lazy))
            if isinstance(progress, Progress) and progress is not Progress.CHANGED:
                return progress.name
            made = progress if isinstance(progress, Image) else None
        return "503 changes too often"


def _result_of(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine that waits for nothing but our own `wait_for`."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: Answer = end.value
        return result
    raise AssertionError("the coroutine waits for an event loop")


def event_loop(environment: Environment) -> SimpleNamespace:
    """The stand-in for the module `asyncio` in `dashboard.lazy`: a request waits as a task."""

    async def wait_for(future: "Future[Any]", seconds: float) -> Any:
        until = environment.scheduler.now + seconds
        while not future.done():
            if environment.scheduler.now >= until:
                raise TimeoutError
            environment.rendered.wait(until)
        return future.result()

    return SimpleNamespace(wait_for=wait_for, shield=lambda future: future, wrap_future=lambda future: future)


def visitor_steps(environment: Environment, rng: random.Random, keys: Sequence[str]) -> list[Step]:
    """Requests for lazy variants, some of them several at once, to one dashboard or to several."""
    return [_asks(environment, rng, rng.choice(keys)) for _ in range(rng.randint(3, 16))]


def _asks(environment: Environment, rng: random.Random, key: str) -> Step:
    number, first, spread = rng.choice((1, 1, 2, 3)), rng.randrange(2), rng.randrange(2)

    def ask(_: Any) -> None:
        dashboards = environment.dashboards
        for each in range(number):
            dashboards[(first + each * spread) % len(dashboards)].ask(key)

    return Step(f"{number} ask for {short(key)}/{LAZY}", ask, leaves_work=False)
