# SQS stops publishing a queue's metrics after six idle hours and takes minutes to begin again (SQS developer guide,
# "Monitoring queues"): the first uploads of a morning would wait for their wake-up. Any call keeps the metrics flowing.

data "aws_iam_policy_document" "scheduler_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

data "aws_iam_policy_document" "keepalive" {
  statement {
    sid       = "TouchQueues"
    actions   = ["sqs:GetQueueAttributes"]
    resources = local.lane_arns
  }
}

resource "aws_iam_role" "keepalive" {
  name               = "${var.prefix}-keepalive"
  assume_role_policy = data.aws_iam_policy_document.scheduler_trust.json
}

resource "aws_iam_role_policy" "keepalive" {
  name   = "keepalive"
  role   = aws_iam_role.keepalive.id
  policy = data.aws_iam_policy_document.keepalive.json
}

resource "aws_scheduler_schedule" "keepalive" {
  for_each = var.lanes

  name                = "${var.prefix}-keepalive-${each.key}"
  description         = "Keeps the metrics of the ${each.key} queue flowing"
  schedule_expression = "rate(1 hour)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:${data.aws_partition.current.partition}:scheduler:::aws-sdk:sqs:getQueueAttributes"
    role_arn = aws_iam_role.keepalive.arn
    input    = jsonencode({ QueueUrl = var.queues[each.key].url, AttributeNames = ["QueueArn"] })
  }
}
