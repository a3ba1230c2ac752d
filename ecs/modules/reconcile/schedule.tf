# EventBridge Scheduler's own role: it starts this one task with its two roles, and nothing else.

locals {
  # The sweep asks S3 about the original of every result, so it runs less often.
  schedules = merge(
    {
      reconcile = {
        name        = local.full_name
        expression  = var.reconcile.schedule
        command     = local.command
        description = "Compares the uploads bucket with the catalog and queues what is missing or stuck"
      }
    },
    var.reconcile.sweep_schedule == null ? {} : {
      sweep = {
        name        = "${local.full_name}-sweep"
        expression  = var.reconcile.sweep_schedule
        command     = concat(local.command, ["--sweep"])
        description = "Reconciles, and deletes results that no record names"
      }
    },
    var.reconcile.digest_schedule == null ? {} : {
      digest = {
        name        = "${var.prefix}-digest"
        expression  = var.reconcile.digest_schedule
        command     = ["pixelfleet", "digest", "--json"]
        description = "Publishes the failures of the last hour by cause, one mail an hour at most"
      }
    },
  )

  # Of every revision, so that a new image is not refused in the moment between this policy's update and the schedule's.
  # Not read from the task definition: the policy would be unknown in every plan of a release, which may not change roles.
  revisions = replace(var.task_arns, "/:task/.*$/", ":task-definition/${local.full_name}:*")
}

data "aws_iam_policy_document" "schedule" {
  statement {
    sid       = "RunReconcile"
    actions   = ["ecs:RunTask"]
    resources = [local.revisions]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster.arn]
    }
  }

  # Tags that a task takes over are set by RunTask itself, in the caller's name. Its id is not known before.
  statement {
    sid       = "TagWhatItRuns"
    actions   = ["ecs:TagResource"]
    resources = [var.task_arns]

    condition {
      test     = "StringEquals"
      variable = "ecs:CreateAction"
      values   = ["RunTask"]
    }
  }

  statement {
    sid       = "PassItsRoles"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.task.arn, var.execution_role_arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "schedule" {
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = "${local.full_name}-schedule"
  assume_role_policy   = var.scheduler_trust_policy
}

resource "aws_iam_role_policy" "schedule" {
  name   = "schedule"
  role   = aws_iam_role.schedule.id
  policy = data.aws_iam_policy_document.schedule.json
}

resource "aws_scheduler_schedule" "this" {
  for_each = local.schedules

  name                         = each.value.name
  group_name                   = var.schedule_group
  description                  = each.value.description
  schedule_expression          = each.value.expression
  schedule_expression_timezone = var.reconcile.timezone
  state                        = var.reconcile.enabled ? "ENABLED" : "DISABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.cluster.arn
    role_arn = aws_iam_role.schedule.arn
    input    = jsonencode({ containerOverrides = [{ name = "reconcile", command = each.value.command }] })

    ecs_parameters {
      task_definition_arn     = aws_ecs_task_definition.this.arn
      task_count              = 1
      enable_ecs_managed_tags = true
      propagate_tags          = "TASK_DEFINITION"

      # On demand: minutes a day, and an interruption would throw a long pass away.
      capacity_provider_strategy {
        capacity_provider = "FARGATE"
        weight            = 100
        base              = 0
      }

      network_configuration {
        subnets          = var.subnet_ids
        security_groups  = var.security_group_ids
        assign_public_ip = false
      }
    }

    # A start that found no capacity is tried again within the hour. After that, the next run does the work.
    retry_policy {
      maximum_retry_attempts       = 10
      maximum_event_age_in_seconds = 3600
    }
  }

  depends_on = [aws_iam_role_policy.task, aws_iam_role_policy.schedule]
}
