"""SQS: sending jobs by tens, and how many messages wait."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from pixelfleet.aws.errors import translated
from pixelfleet.domain.jobs import Job, Lane, Origin, encode_message, message_group
from pixelfleet.errors import Cause, TransientError
from pixelfleet.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef, SendMessageBatchRequestEntryTypeDef

#: SendMessageBatch takes ten entries (SQS API reference).
SEND_BATCH: Final = 10


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages a queue holds, as SQS estimates: waiting, in flight, and delayed."""

    waiting: int
    in_flight: int
    delayed: int = 0


def queue_name(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


class Queues:
    """The lanes' queues and their dead letters."""

    def __init__(self, client: "SQSClient", settings: Settings) -> None:
        self._client = client
        self._settings = settings

    def send(self, lane: Lane, jobs: Iterable[Job], group: str | None = None) -> list[Job]:
        """Send jobs to a lane, ten a call; returns those that SQS did not take.

        Each job goes into its owner's message group, or all jobs into `group`: SQS serves groups in turn.
        SQS can refuse some entries of a call and take the others.

        Raises:
            TransientError: a whole call failed; jobs of earlier calls are sent.
        """
        waiting = iter(jobs)
        refused: list[Job] = []
        while ten := list(islice(waiting, SEND_BATCH)):
            refused += self._send_ten(lane, ten, group)
        return refused

    def send_one(self, lane: Lane, job: Job) -> None:
        """Raises TransientError when the job was not taken."""
        if self.send(lane, [job]):
            raise TransientError(Cause.UNAVAILABLE, f"the {lane} queue did not take the job of {job.key!r}")

    def bury(self, lane: Lane, job: Job, cause: Cause) -> None:
        """Put a job whose attempts are used up on the lane's DLQ, with cause, image, owner and batch as attributes.

        Its origin there is a redrive, so that the image is attempted again when any tool moves the message back.
        """
        place = job.place
        texts = {"cause": cause.value, "image_id": job.image_id, "owner": place.owner, "batch": place.batch or "-"}
        attributes: dict[str, MessageAttributeValueTypeDef] = {
            name: {"DataType": "String", "StringValue": value} for name, value in texts.items()
        }
        with translated(f"send a job to the DLQ of {lane}"):
            self._client.send_message(
                QueueUrl=self._settings.dlq_url(lane),
                MessageBody=encode_message(job.asked_by(Origin.REDRIVE), lane),
                MessageAttributes=attributes,
                MessageGroupId=message_group(place.owner),
            )

    def depth(self, url: str) -> Depth:
        with translated(f"read the depth of {queue_name(url)}"):
            answer = self._client.get_queue_attributes(
                QueueUrl=url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )
        counts = {name: int(value) for name, value in answer["Attributes"].items()}
        return Depth(
            waiting=counts["ApproximateNumberOfMessages"],
            in_flight=counts["ApproximateNumberOfMessagesNotVisible"],
            delayed=counts.get("ApproximateNumberOfMessagesDelayed", 0),
        )

    def _send_ten(self, lane: Lane, jobs: Sequence[Job], group: str | None) -> list[Job]:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {
                "Id": str(number),
                "MessageBody": encode_message(job, lane),
                "MessageGroupId": group or message_group(job.place.owner),
            }
            for number, job in enumerate(jobs)
        ]
        with translated(f"send jobs to the {lane} queue"):
            answer = self._client.send_message_batch(QueueUrl=self._settings.queue_url(lane), Entries=entries)
        return [jobs[int(failure["Id"])] for failure in answer.get("Failed", [])]
