# Reconcile compares the bucket with the catalog on a schedule. So it finds uploads whose event never came and jobs that a
# queue dropped, without a person who asks.
#
# Every run begins at the beginning: where an earlier one ended is noted on /scratch and goes with its task. What that
# one sent is in the catalog or on its way, so beginning anew costs a listing. Two runs at once, when one takes longer
# than the schedule's interval, cost jobs that find their work done.

locals {
  full_name = "${var.prefix}-reconcile"
  scratch   = "/scratch"
  command   = ["pixelfleet", "reconcile", "--json", "--rate", tostring(var.reconcile.rate)]
}

data "aws_region" "current" {}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/ecs/${local.full_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_iam_role" "task" {
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = local.full_name
  assume_role_policy   = var.trust_policy
}

resource "aws_iam_role_policy" "task" {
  name   = "reconcile"
  role   = aws_iam_role.task.id
  policy = var.task_policy
}

resource "aws_ecs_task_definition" "this" {
  family = local.full_name
  # Earlier revisions stay, so that a rollback finds them.
  skip_destroy             = true
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.reconcile.cpu
  memory                   = var.reconcile.memory
  execution_role_arn       = var.execution_role_arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = { arm64 = "ARM64", x86_64 = "X86_64" }[var.architecture]
  }

  volume {
    name = "scratch"
  }

  container_definitions = jsonencode([{
    name      = "reconcile"
    image     = var.image
    essential = true
    command   = local.command
    user      = "10001:10001"

    readonlyRootFilesystem = true
    mountPoints            = [{ sourceVolume = "scratch", containerPath = local.scratch, readOnly = false }]
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"], add = [] } }
    stopTimeout            = 30

    environment = [
      for name, value in merge(var.environment, {
        AWS_REGION = data.aws_region.current.id
        HOME       = local.scratch
        TMPDIR     = local.scratch
      }) : { name = name, value = value }
    ]

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = data.aws_region.current.id
        awslogs-stream-prefix = "reconcile"
        mode                  = "non-blocking"
        max-buffer-size       = "4m"
      }
    }
  }])
}
