"""A queue that receives a deployment's notices, for tests and benchmarks that count notices."""

import json

from pixelfleet.deployment import Deployment


def listen(deployment: Deployment) -> str:
    """Subscribe a new queue to the notices. Returns the queue's URL."""
    topic = deployment.settings.notices_topic_arn
    url = deployment.sqs.create_queue(QueueName=f"{deployment.settings.prefix}-listener")["QueueUrl"]
    arn = deployment.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    # As on AWS, a queue accepts notices only from a topic that the queue's policy names.
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    deployment.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    deployment.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url
