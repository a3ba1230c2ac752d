# The lane follows the backlog per running task. An alarm wakes the lane from zero, since target tracking never does.
#
# Container Insights sends no RunningTaskCount while no task runs, and may send the count late. Target tracking repeats
# the last count (FILL REPEAT), so that a late value does not read as "no task". The wake-up must read a missing value as
# zero, so its alarm asks for three periods in a row, and its policy adds tasks: ExactCapacity would cut 50 running tasks
# to 1 after a delay of the metric (CloudWatch user guide, "Using metric math", FILL and delayed metrics).

locals {
  # A task works on `concurrency` images at a time. This many images may wait for a task and still end in time.
  backlog_per_task = var.lane.acceptable_wait / var.lane.seconds_per_image * var.lane.concurrency

  queue_dimensions = { QueueName = var.queue_name }
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster.name}/${aws_ecs_service.this.name}"
  min_capacity       = var.lane.minimum
  max_capacity       = var.lane.maximum

  lifecycle {
    # A scheduled action changes both on AWS, and an apply must not undo the action. A change of the variables replaces
    # the target, and with it its policies and scheduled actions, since AWS deletes them with the target (Application Auto
    # Scaling API reference, "DeregisterScalableTarget").
    ignore_changes       = [min_capacity, max_capacity]
    replace_triggered_by = [terraform_data.bounds]
  }
}

resource "terraform_data" "bounds" {
  input = { minimum = var.lane.minimum, maximum = var.lane.maximum }
}

resource "aws_appautoscaling_policy" "backlog" {
  name               = "${local.full_name}-backlog"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = local.backlog_per_task
    scale_out_cooldown = var.lane.scale_out_cooldown
    scale_in_cooldown  = var.lane.scale_in_cooldown

    customized_metric_specification {
      metrics {
        id          = "visible"
        return_data = false

        metric_stat {
          stat = "Average"

          metric {
            namespace   = "AWS/SQS"
            metric_name = "ApproximateNumberOfMessagesVisible"

            dimensions {
              name  = "QueueName"
              value = var.queue_name
            }
          }
        }
      }

      # Counted too, or the fleet shrinks while its last jobs run.
      metrics {
        id          = "in_flight"
        return_data = false

        metric_stat {
          stat = "Average"

          metric {
            namespace   = "AWS/SQS"
            metric_name = "ApproximateNumberOfMessagesNotVisible"

            dimensions {
              name  = "QueueName"
              value = var.queue_name
            }
          }
        }
      }

      metrics {
        id          = "running"
        return_data = false

        metric_stat {
          stat = "Average"

          metric {
            namespace   = "ECS/ContainerInsights"
            metric_name = "RunningTaskCount"

            dimensions {
              name  = "ClusterName"
              value = var.cluster.name
            }

            dimensions {
              name  = "ServiceName"
              value = aws_ecs_service.this.name
            }
          }
        }
      }

      metrics {
        id          = "backlog_per_task"
        label       = "Backlog per running task"
        expression  = "(visible + in_flight) / IF(FILL(running, REPEAT) > 1, FILL(running, REPEAT), 1)"
        return_data = true
      }
    }
  }

  lifecycle {
    # AWS deletes it with its target.
    replace_triggered_by = [terraform_data.bounds]
  }
}

resource "aws_appautoscaling_policy" "wake" {
  name               = "${local.full_name}-wake"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    metric_aggregation_type = "Maximum"
    # While the alarm lasts, the policy acts again after each cooldown. A task needs two to three minutes to start.
    cooldown = max(300, var.lane.scale_out_cooldown)

    step_adjustment {
      metric_interval_lower_bound = 0
      scaling_adjustment          = var.lane.wake_tasks
    }
  }

  lifecycle {
    # AWS deletes it with its target.
    replace_triggered_by = [terraform_data.bounds]
  }
}

resource "aws_cloudwatch_metric_alarm" "wake" {
  alarm_name          = "${local.full_name}-wake"
  alarm_description   = "Messages wait on ${var.queue_name} and no task runs. For scaling only: the alarm sends no mail."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_appautoscaling_policy.wake.arn]

  metric_query {
    id = "visible"

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesVisible"
      dimensions  = local.queue_dimensions
      period      = 60
      stat        = "Maximum"
    }
  }

  metric_query {
    id = "running"

    metric {
      namespace   = "ECS/ContainerInsights"
      metric_name = "RunningTaskCount"
      dimensions  = { ClusterName = var.cluster.name, ServiceName = aws_ecs_service.this.name }
      period      = 60
      stat        = "Maximum"
    }
  }

  metric_query {
    id          = "asleep"
    label       = "Messages wait and no task runs"
    expression  = "IF(visible >= 1 AND FILL(running, 0) < 1, 1, 0)"
    return_data = true
  }
}

# A scheduled minimum stays until another action changes it, so every raise has its end.
locals {
  scheduled_minimums = merge(
    { for name, raise in var.lane.scheduled_minimums : name => { schedule = raise.schedule, timezone = raise.timezone, minimum = raise.minimum } },
    { for name, raise in var.lane.scheduled_minimums : "${name}-end" => { schedule = raise.until, timezone = raise.timezone, minimum = var.lane.minimum } },
  )
}

resource "aws_appautoscaling_scheduled_action" "minimum" {
  for_each = local.scheduled_minimums

  name               = "${local.full_name}-${each.key}"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  schedule           = each.value.schedule
  timezone           = each.value.timezone

  scalable_target_action {
    min_capacity = each.value.minimum
    max_capacity = var.lane.maximum
  }

  lifecycle {
    # AWS deletes it with its target.
    replace_triggered_by = [terraform_data.bounds]
  }
}
