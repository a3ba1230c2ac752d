"""The worker: Celery on SQS, one task, and the flow from lease to acknowledgement."""
