"""The producer: the real pump with the real handler. Lambda starts another when one dies."""

from pixelfleet.aws.queues import Queues
from producer_lambda.handler import handler
from producer_lambda.pump import Pump
from tests.simulation.environment import Environment

#: Seconds until Lambda starts another invocation.
RESTART: float = 5.0


def start_producer(environment: Environment, name: str) -> None:
    """Start a producer that is replaced whenever it dies."""
    number = 0

    def start() -> None:
        nonlocal number
        number += 1
        process = environment.process(f"{name}.{number}")
        deployment = environment.deployment(process, sqs_attempts=3)
        process.memory["producer"] = (deployment.settings, Queues(deployment.sqs, deployment.settings))
        pump = Pump(deployment.sqs, deployment.settings, handler)
        process.on_death.append(lambda: environment.later(RESTART, start))
        environment.scheduler.spawn(process, "pump", lambda: _run(environment, pump))

    start()


def _run(environment: Environment, pump: Pump) -> None:
    """An exception that ends the pump ends its process, as the Lambda runtime does."""
    process = environment.scheduler.process
    try:
        pump.run()
    except Exception as error:
        environment.trace.note(f"the producer ends: {type(error).__name__}: {error}")
    process.kill()
