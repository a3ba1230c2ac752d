mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  prefix                 = "p"
  namespace              = "pixelfleet"
  alarms_topic_arn       = "arn:aws:sns:us-east-1:123456789012:alarms"
  uploads_queue          = { name = "uploads", dead_letters = { name = "uploads-dlq" } }
  oldest_message_seconds = { uploads = 900, bulk = 3600, heavy = 43200 }
  failure_percent        = 20
  failure_minimum        = 10
  producer_name          = "producer"
  cluster_name           = "p"
  table_names            = ["images", "users"]
  hot_tables             = { images = { name = "images", indexes = ["by_owner"] } }
  schedule_group         = "p"
  balancer               = { balancer = "app/p/0", target_group = "targetgroup/p/0" }
  balancer_errors        = 10
  monthly_budget_usd     = 500

  lanes = {
    bulk  = { queue = { name = "bulk", dead_letters = { name = "bulk-dlq" } }, service_name = "p-bulk", stalled_period = 300, stalled_periods = 6 }
    heavy = { queue = { name = "heavy", dead_letters = { name = "heavy-dlq" } }, service_name = "p-heavy", stalled_period = 3600, stalled_periods = 12 }
  }
}

run "every_alarm_reaches_somebody" {
  module {
    source = "./modules/observability"
  }

  assert {
    condition = alltrue([
      for alarm in concat(
        values(aws_cloudwatch_metric_alarm.dead_letters), values(aws_cloudwatch_metric_alarm.too_old),
        values(aws_cloudwatch_metric_alarm.half_retention), values(aws_cloudwatch_metric_alarm.failure_rate),
        values(aws_cloudwatch_metric_alarm.no_progress), values(aws_cloudwatch_metric_alarm.producer),
        values(aws_cloudwatch_metric_alarm.throttled), values(aws_cloudwatch_metric_alarm.schedules),
        values(aws_cloudwatch_metric_alarm.balancer),
      ) : alarm.alarm_actions == toset([var.alarms_topic_arn])
    ])
    error_message = "An alarm without an action is a chart."
  }

  assert {
    condition     = toset([for alarm in aws_cloudwatch_metric_alarm.dead_letters : alarm.dimensions.QueueName]) == toset(["uploads-dlq", "bulk-dlq", "heavy-dlq"])
    error_message = "Every DLQ is watched."
  }

  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.this : target.arn == var.alarms_topic_arn]) && toset(keys(aws_cloudwatch_event_target.this)) == toset(["placement", "deployment", "reconcile"])
    error_message = "Failed placements, deployments and scheduled commands are mailed."
  }

  assert {
    condition     = one(aws_budgets_budget.this[0].cost_filter).values == tolist(["user:Application$p"])
    error_message = "The budget counts this stack's tag."
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 12
    error_message = "The dashboard shows what it should."
  }
}
