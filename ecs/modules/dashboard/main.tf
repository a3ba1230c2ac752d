locals {
  full_name = "${var.prefix}-dashboard"
  scratch   = "/scratch"
  signs     = var.dashboard.signing_key_id != null
  # Settings by the secret's JSON key. CloudFront's pair belongs together.
  secrets = merge(
    { PIXELFLEET_SESSION_SECRET = "session_secret" },
    local.signs ? { PIXELFLEET_CLOUDFRONT_PRIVATE_KEY = "cloudfront_private_key" } : {},
  )
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
  name   = "dashboard"
  role   = aws_iam_role.task.id
  policy = var.task_policy
}

resource "aws_ecs_task_definition" "this" {
  family = local.full_name
  # Earlier revisions stay, so that a rollback finds them.
  skip_destroy             = true
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.dashboard.cpu
  memory                   = var.dashboard.memory
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
    name         = "dashboard"
    image        = var.image
    essential    = true
    command      = ["pixelfleet", "dashboard", "--host", "0.0.0.0", "--port", tostring(var.dashboard.port)]
    user         = "10001:10001"
    portMappings = [{ containerPort = var.dashboard.port, hostPort = var.dashboard.port, protocol = "tcp" }]

    # The agent of ECS Exec writes to the root file system (ECS developer guide, "Considerations for using ECS Exec").
    readonlyRootFilesystem = !var.ecs_exec
    mountPoints            = [{ sourceVolume = "scratch", containerPath = local.scratch, readOnly = false }]
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"], add = [] } }
    stopTimeout            = 30

    healthCheck = {
      command = [
        "CMD", "python", "-c",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:${var.dashboard.port}${var.dashboard.health_path}', timeout=5)",
      ]
      interval    = 30
      timeout     = 10
      retries     = 3
      startPeriod = 30
    }

    environment = [
      for name, value in merge(
        var.environment,
        local.signs ? { PIXELFLEET_CLOUDFRONT_KEY_ID = var.dashboard.signing_key_id } : {},
        {
          AWS_REGION = data.aws_region.current.id
          # The proxies are CloudFront and the load balancer. Lock-outs count the addresses of people, not of proxies.
          PIXELFLEET_FORWARDED_HOPS = "2"
          HOME                      = local.scratch
          TMPDIR                    = local.scratch
        },
      ) : { name = name, value = value }
    ]

    secrets = [for name, key in local.secrets : { name = name, valueFrom = "${var.dashboard.secret_arn}:${key}::" }]

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = data.aws_region.current.id
        awslogs-stream-prefix = "dashboard"
        mode                  = "non-blocking"
        max-buffer-size       = "4m"
      }
    }
  }])
}

# On demand, not Spot, because people look at the dashboard.
resource "aws_ecs_service" "this" {
  name                               = local.full_name
  cluster                            = var.cluster.arn
  task_definition                    = aws_ecs_task_definition.this.arn
  desired_count                      = var.dashboard.tasks
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 60
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"
  force_new_deployment               = true
  enable_execute_command             = var.ecs_exec

  capacity_provider_strategy {
    capacity_provider = "FARGATE"
    weight            = 100
    base              = 0
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  load_balancer {
    target_group_arn = var.dashboard.target_group_arn
    container_name   = "dashboard"
    container_port   = var.dashboard.port
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = var.security_group_ids
    assign_public_ip = false
  }

  # A task that starts before its role has rights fails.
  depends_on = [aws_iam_role_policy.task]
}
