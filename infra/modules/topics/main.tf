data "aws_caller_identity" "current" {}

locals {
  # SNS suspends an address above ten messages a second, so no mail is sent for a single image (SNS developer guide,
  # "Email notifications"): mails are finished batches and an hourly digest of failures.
  email_filter = { kind = ["batch.completed", "failures.digest"] }

  email_subscription = var.email == null ? {} : {
    email = { protocol = "email", endpoint = var.email, filter = local.email_filter, raw = false }
  }
}

resource "aws_sns_topic" "notices" {
  name              = "${var.prefix}-notices"
  kms_master_key_id = var.kms_key_arn
}

# Encrypted only by your own KMS key, if there is one: CloudWatch cannot publish through alias/aws/sns.
resource "aws_sns_topic" "alarms" {
  name              = "${var.prefix}-alarms"
  kms_master_key_id = var.kms_key_arn
}

data "aws_iam_policy_document" "notices" {
  statement {
    sid       = "OnlyTls"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.notices.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

data "aws_iam_policy_document" "alarms" {
  statement {
    sid       = "AlarmsPublish"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }

  # Without a condition: AWS documents none for rules of EventBridge that publish to a topic (EventBridge user guide,
  # "Amazon SNS permissions").
  statement {
    sid       = "EventsPublish"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }

  statement {
    sid       = "BudgetPublishes"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms.arn]

    principals {
      type        = "Service"
      identifiers = ["budgets.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_sns_topic_policy" "notices" {
  arn    = aws_sns_topic.notices.arn
  policy = data.aws_iam_policy_document.notices.json
}

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = data.aws_iam_policy_document.alarms.json
}

resource "aws_sns_topic_subscription" "notices" {
  for_each = merge(local.email_subscription, var.subscriptions)

  topic_arn            = aws_sns_topic.notices.arn
  protocol             = each.value.protocol
  endpoint             = each.value.endpoint
  filter_policy        = each.value.filter == null ? null : jsonencode(each.value.filter)
  raw_message_delivery = each.value.raw
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each = toset(var.email[*])

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}
