locals {
  full_name = "${var.prefix}-${var.name}"
  scratch   = "/scratch"

  # Bytes that one process may take to decode an image: its part of the task, less 400 MB for Celery and the pages of files.
  decode_memory = max(300000000, floor(var.lane.memory * 1048576 / var.lane.concurrency) - 400000000)
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
  name   = "worker"
  role   = aws_iam_role.task.id
  policy = var.task_policy
}

resource "aws_ecs_task_definition" "this" {
  family = local.full_name
  # Earlier revisions stay, so that a rollback finds them.
  skip_destroy             = true
  requires_compatibilities = [var.lane.capacity == "ec2" ? "EC2" : "FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.lane.cpu
  memory                   = var.lane.memory
  execution_role_arn       = var.execution_role_arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = { arm64 = "ARM64", x86_64 = "X86_64" }[var.architecture]
  }

  # Originals and variants during the work. The image gives the folder to the worker's user.
  volume {
    name = "scratch"
  }

  # On EC2 scratch lies on the instance's own volume, which ec2_capacity sizes.
  dynamic "ephemeral_storage" {
    for_each = var.lane.capacity == "ec2" ? [] : [var.lane.scratch_gib]

    content {
      size_in_gib = ephemeral_storage.value
    }
  }

  container_definitions = jsonencode([{
    name      = "worker"
    image     = var.image
    essential = true
    command   = ["celery", "-A", "worker.app", "worker", "-Q", var.name, "--concurrency", tostring(var.lane.concurrency)]
    user      = "10001:10001"

    # The agent of ECS Exec writes to the root file system (ECS developer guide, "Considerations for using ECS Exec").
    readonlyRootFilesystem = !var.ecs_exec
    mountPoints            = [{ sourceVolume = "scratch", containerPath = local.scratch, readOnly = false }]
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"], add = [] } }
    # The seconds between SIGTERM and SIGKILL: the most that ECS allows. The worker hands jobs back well before the end.
    stopTimeout = 120

    # The worker's main loop touches the file. If the loop hangs, the file grows old.
    healthCheck = {
      command     = ["CMD", "python", "-m", "worker.health"]
      interval    = 30
      timeout     = 10
      retries     = 3
      startPeriod = 60
    }

    environment = [
      for name, value in merge(var.environment, {
        AWS_REGION             = data.aws_region.current.id
        PIXELFLEET_SCRATCH_DIR = local.scratch
        HOME                   = local.scratch
        TMPDIR                 = local.scratch
        # heavy has at least as much as bulk, also in a worker of bulk; see docs/reference/limits.md.
        PIXELFLEET_HEAVY_MEMORY = tostring(var.name == "heavy" ? local.decode_memory : max(12000000000, local.decode_memory))
        PIXELFLEET_BULK_MEMORY  = tostring(var.name == "bulk" ? local.decode_memory : min(1500000000, local.decode_memory))
      }) : { name = name, value = value }
    ]

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = data.aws_region.current.id
        awslogs-stream-prefix = var.name
        # A stalled log service must not stall the worker.
        mode            = "non-blocking"
        max-buffer-size = "4m"
      }
    }
  }])
}

locals {
  # ECS honours a base on a provider with a weight only, and a provider of weight 0 takes no task.
  fargate_strategy = [
    for part in [
      { provider = "FARGATE", weight = 100 - var.lane.spot_percent, base = var.lane.on_demand_tasks },
      { provider = "FARGATE_SPOT", weight = var.lane.spot_percent, base = 0 },
    ] : part if part.weight > 0
  ]
  ec2_strategy = [{ provider = var.ec2_provider, weight = 100, base = 0 }]
}

resource "aws_ecs_service" "this" {
  name            = local.full_name
  cluster         = var.cluster.arn
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = var.lane.minimum
  # Tasks of two releases may run at once. Each takes the jobs that it can read.
  deployment_minimum_healthy_percent = 50
  deployment_maximum_percent         = 200
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"
  force_new_deployment               = true
  enable_execute_command             = var.ecs_exec

  dynamic "capacity_provider_strategy" {
    for_each = var.lane.capacity == "ec2" ? local.ec2_strategy : local.fargate_strategy

    content {
      capacity_provider = capacity_provider_strategy.value.provider
      weight            = capacity_provider_strategy.value.weight
      base              = capacity_provider_strategy.value.base
    }
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = var.security_group_ids
    assign_public_ip = false
  }

  lifecycle {
    # Only scaling sets the number.
    ignore_changes = [desired_count]
  }

  # A task that starts before its role has rights fails.
  depends_on = [aws_iam_role_policy.task]
}
