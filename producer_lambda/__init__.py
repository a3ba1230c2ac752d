"""The producer: S3 event notifications from SQS in, jobs on the lanes out. A Lambda, or the pump on a laptop."""
