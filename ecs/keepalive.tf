# CloudWatch receives no metrics of a queue that was idle for six hours, and needs up to 15 minutes to receive them again
# (SQS developer guide, "Available CloudWatch metrics": a queue is active while it holds messages, or when an action
# accesses it). The wake-up alarm of a lane would be late for the first uploads of a morning.
#
# Proven: EventBridge Scheduler refuses universal targets that read, GetQueueAttributes among them; removing a tag that
# is not there changes nothing and is no read. Believed, and never seen on a real account: UntagQueue counts as an action
# that accesses the queue. If it does not, the first upload after a quiet night waits for up to 15 minutes more.

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
    actions   = ["sqs:UntagQueue"]
    resources = local.lane_arns
  }
}

resource "aws_iam_role" "keepalive" {
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = "${var.prefix}-keepalive"
  assume_role_policy   = data.aws_iam_policy_document.scheduler_trust.json
}

resource "aws_iam_role_policy" "keepalive" {
  name   = "keepalive"
  role   = aws_iam_role.keepalive.id
  policy = data.aws_iam_policy_document.keepalive.json
}

# CloudWatch counts the failures of schedules by their group.
resource "aws_scheduler_schedule_group" "this" {
  name = var.prefix
}

resource "aws_scheduler_schedule" "keepalive" {
  for_each = var.lanes

  name                = "${var.prefix}-keepalive-${each.key}"
  group_name          = aws_scheduler_schedule_group.this.name
  description         = "Keeps the metrics of the ${each.key} queue flowing"
  schedule_expression = "rate(1 hour)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:${data.aws_partition.current.partition}:scheduler:::aws-sdk:sqs:untagQueue"
    role_arn = aws_iam_role.keepalive.arn
    input    = jsonencode({ QueueUrl = var.queues[each.key].url, TagKeys = ["pixelfleet-keepalive"] })
  }

  depends_on = [aws_iam_role_policy.keepalive]
}
