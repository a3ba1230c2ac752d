# The events of ECS about services and tasks. EventBridge sends each event to the alarms topic as one readable line.

locals {
  service_arns = "arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:service/${var.cluster_name}/${var.prefix}-"

  events = {
    # No capacity: Spot is gone, a quota of vCPUs is used up, or subnets have no addresses left.
    placement = {
      description = "ECS could not start a task of ${var.prefix}"
      pattern = {
        source      = ["aws.ecs"]
        detail-type = ["ECS Service Action"]
        resources   = [{ prefix = local.service_arns }]
        detail      = { eventName = ["SERVICE_TASK_PLACEMENT_FAILURE", "SERVICE_TASK_START_IMPAIRED", "SERVICE_TASK_CONFIGURATION_FAILURE"] }
      }
      paths = { service = "$.resources[0]", event = "$.detail.eventName", reason = "$.detail.reason" }
      text  = "\"<service>: <event> (<reason>). See docs/deploy.md, When Spot is gone.\""
    }
    deployment = {
      description = "A deployment of ${var.prefix} failed and was rolled back"
      pattern = {
        source      = ["aws.ecs"]
        detail-type = ["ECS Deployment State Change"]
        resources   = [{ prefix = local.service_arns }]
        detail      = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] }
      }
      paths = { service = "$.resources[0]", reason = "$.detail.reason" }
      text  = "\"<service>: the deployment failed and is rolled back: <reason>\""
    }
    reconcile = {
      description = "A scheduled command of ${var.prefix} failed"
      pattern = {
        source      = ["aws.ecs"]
        detail-type = ["ECS Task State Change"]
        detail = {
          group      = ["family:${var.prefix}-reconcile"]
          lastStatus = ["STOPPED"]
          "$or" = [
            { containers = { exitCode = [{ anything-but = [0] }] } },
            { stopCode = ["TaskFailedToStart", "SpotInterruption"] },
          ]
        }
      }
      paths = { task = "$.detail.taskArn", reason = "$.detail.stoppedReason" }
      text  = "\"<task>: a reconcile or digest failed: <reason>. Its log is /ecs/${var.prefix}-reconcile.\""
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.events

  name          = "${var.prefix}-${each.key}-failed"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.events

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "alarms"
  arn       = var.alarms_topic_arn

  input_transformer {
    input_paths    = each.value.paths
    input_template = each.value.text
  }
}

# EventBridge Scheduler counts the starts that AWS refused, and the starts that the scheduler no longer tries.
resource "aws_cloudwatch_metric_alarm" "schedules" {
  for_each = { TargetErrorCount = "were refused by their target", InvocationDroppedCount = "were given up after all retries" }

  alarm_name          = "${var.prefix}-schedules-${lower(each.key)}"
  alarm_description   = "Schedules of ${var.schedule_group} ${each.value}: reconcile, digest or keepalive did not run."
  namespace           = "AWS/Scheduler"
  metric_name         = each.key
  dimensions          = { ScheduleGroup = var.schedule_group }
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms_topic_arn]
  ok_actions          = [var.alarms_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "balancer" {
  for_each = { HTTPCode_ELB_5XX_Count = {}, HTTPCode_Target_5XX_Count = { TargetGroup = var.balancer.target_group } }

  alarm_name          = "${var.prefix}-dashboard-${lower(replace(each.key, "HTTPCode_", ""))}"
  alarm_description   = "The dashboard or its load balancer answers with errors of its own (5xx)."
  namespace           = "AWS/ApplicationELB"
  metric_name         = each.key
  dimensions          = merge({ LoadBalancer = var.balancer.balancer }, each.value)
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.balancer_errors
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms_topic_arn]
  ok_actions          = [var.alarms_topic_arn]
}

data "aws_default_tags" "current" {}

resource "aws_budgets_budget" "this" {
  count = var.monthly_budget_usd == null ? 0 : 1

  name         = var.prefix
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:Application$%s", var.prefix)]
  }

  notification {
    comparison_operator       = "GREATER_THAN"
    threshold                 = 80
    threshold_type            = "PERCENTAGE"
    notification_type         = "ACTUAL"
    subscriber_sns_topic_arns = [var.alarms_topic_arn]
  }

  notification {
    comparison_operator       = "GREATER_THAN"
    threshold                 = 100
    threshold_type            = "PERCENTAGE"
    notification_type         = "FORECASTED"
    subscriber_sns_topic_arns = [var.alarms_topic_arn]
  }

  lifecycle {
    precondition {
      condition     = lookup(data.aws_default_tags.current.tags, "Application", null) == var.prefix
      error_message = "The budget counts what carries the tag Application = ${var.prefix}. Add default_tags { tags = { Application = \"${var.prefix}\" } } to the provider aws, or leave monthly_budget_usd null."
    }
  }
}
