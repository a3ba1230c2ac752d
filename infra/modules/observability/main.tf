# Alarms for operators. Every alarm goes to the alarms topic, and an OK follows at its end.

locals {
  queues = { uploads = var.uploads_queue, bulk = var.lanes.bulk.queue, heavy = var.lanes.heavy.queue }

  # Half of the seven days for which SQS keeps a message: enough time to act before a message is lost.
  half_retention = 302400
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = local.queues

  alarm_name          = "${each.value.dead_letters.name}-not-empty"
  alarm_description   = "The system failed on these messages. An image's own faults never go here. See docs/reliability.md."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = each.value.dead_letters.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms_topic_arn]
  ok_actions          = [var.alarms_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "too_old" {
  for_each = local.queues

  alarm_name          = "${each.value.name}-too-old"
  alarm_description   = "The oldest message has waited too long: there are too few tasks, or none works."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = each.value.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.oldest_message_seconds[each.key]
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms_topic_arn]
  ok_actions          = [var.alarms_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "half_retention" {
  for_each = local.queues

  alarm_name          = "${each.value.name}-half-retention"
  alarm_description   = "A message has used up half of its seven days. After seven SQS drops it, and only reconcile finds its image."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = each.value.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.half_retention
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms_topic_arn]
  ok_actions          = [var.alarms_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "failure_rate" {
  for_each = var.lanes

  alarm_name          = "${each.value.queue.name}-failure-rate"
  alarm_description   = "More than ${var.failure_percent} % of the images of the ${each.key} lane fail."
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.failure_percent
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms_topic_arn]
  ok_actions          = [var.alarms_topic_arn]

  metric_query {
    id = "ready"

    metric {
      namespace   = var.namespace
      metric_name = "ImagesReady"
      dimensions  = { lane = each.key }
      period      = 300
      stat        = "Sum"
    }
  }

  metric_query {
    id = "failed"

    metric {
      namespace   = var.namespace
      metric_name = "ImagesFailed"
      dimensions  = { lane = each.key }
      period      = 300
      stat        = "Sum"
    }
  }

  # A few bad files on a quiet day raise no alarm.
  metric_query {
    id          = "percent"
    label       = "Failed, % of images"
    expression  = "IF(failed >= ${var.failure_minimum}, 100 * failed / (failed + FILL(ready, 0)), 0)"
    return_data = true
  }
}

resource "aws_cloudwatch_metric_alarm" "no_progress" {
  for_each = var.lanes

  alarm_name          = "${each.value.queue.name}-no-progress"
  alarm_description   = "Messages wait on the ${each.key} lane and no image was finished."
  evaluation_periods  = each.value.stalled_periods
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms_topic_arn]
  ok_actions          = [var.alarms_topic_arn]

  metric_query {
    id = "visible"

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = each.value.queue.name }
      period      = each.value.stalled_period
      stat        = "Minimum"
    }
  }

  metric_query {
    id = "ready"

    metric {
      namespace   = var.namespace
      metric_name = "ImagesReady"
      dimensions  = { lane = each.key }
      period      = each.value.stalled_period
      stat        = "Sum"
    }
  }

  metric_query {
    id = "failed"

    metric {
      namespace   = var.namespace
      metric_name = "ImagesFailed"
      dimensions  = { lane = each.key }
      period      = each.value.stalled_period
      stat        = "Sum"
    }
  }

  metric_query {
    id          = "stalled"
    label       = "Waiting and nothing done"
    expression  = "IF(visible > 0 AND FILL(ready, 0) + FILL(failed, 0) < 1, 1, 0)"
    return_data = true
  }
}

# An on-demand table takes twice its former peak at once. Above that, and at a hot key, DynamoDB refuses writes, and
# workers try again.
resource "aws_cloudwatch_metric_alarm" "throttled" {
  for_each = var.hot_tables

  alarm_name          = "${each.value.name}-throttled"
  alarm_description   = "DynamoDB refuses calls to ${each.value.name} or an index of it: work goes on, slower. See docs/deploy.md, How to size."
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms_topic_arn]
  ok_actions          = [var.alarms_topic_arn]

  dynamic "metric_query" {
    for_each = { read = "ReadThrottleEvents", write = "WriteThrottleEvents" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = metric_query.value
        dimensions  = { TableName = each.value.name }
        period      = 300
        stat        = "Sum"
      }
    }
  }

  # A table's metric leaves out its indexes, and an index that refuses a write makes the table refuse it (DynamoDB developer
  # guide, "DynamoDB metrics and dimensions", WriteThrottleEvents).
  dynamic "metric_query" {
    for_each = each.value.indexes

    content {
      id = metric_query.value

      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = "WriteThrottleEvents"
        dimensions  = { TableName = each.value.name, GlobalSecondaryIndexName = metric_query.value }
        period      = 300
        stat        = "Sum"
      }
    }
  }

  metric_query {
    id          = "throttled"
    label       = "Refused calls"
    expression  = join(" + ", [for id in concat(["read", "write"], each.value.indexes) : "FILL(${id}, 0)"])
    return_data = true
  }
}

resource "aws_cloudwatch_metric_alarm" "producer" {
  for_each = { Errors = "fails: its messages come back, and go to the DLQ after five times", Throttles = "is throttled: uploads wait" }

  alarm_name          = "${var.producer_name}-${lower(each.key)}"
  alarm_description   = "The producer ${each.value}."
  namespace           = "AWS/Lambda"
  metric_name         = each.key
  dimensions          = { FunctionName = var.producer_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms_topic_arn]
  ok_actions          = [var.alarms_topic_arn]
}
