# Events of buckets that were there before. Where nobody may add a notification to such a bucket, its owner turns on
# EventBridge, and S3 sends the bucket's events to this rule (S3 user guide, "Using EventBridge"). A bucket that has both
# sends each event twice, which the workers bear.
resource "aws_cloudwatch_event_rule" "sources" {
  count = length(var.source_buckets) > 0 ? 1 : 0

  name        = "${var.prefix}-sources"
  description = "Objects that come, go or are restored in buckets that ${var.prefix} adopted"
  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created", "Object Deleted", "Object Restore Completed"]
    detail      = { bucket = { name = sort(var.source_buckets) } }
  })
}

resource "aws_cloudwatch_event_target" "sources" {
  count = length(aws_cloudwatch_event_rule.sources)

  rule      = aws_cloudwatch_event_rule.sources[0].name
  target_id = "uploads"
  arn       = module.queue["uploads"].arn
}
