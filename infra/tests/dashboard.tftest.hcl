# The dashboard's service. The load balancer and ECS's health checks are nothing that an emulator acts on.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  prefix             = "p"
  cluster            = { name = "p", arn = "arn:aws:ecs:us-east-1:123456789012:cluster/p" }
  image              = "registry/pixelfleet:1"
  architecture       = "arm64"
  execution_role_arn = "arn:aws:iam::123456789012:role/execution"
  trust_policy       = "{}"
  task_policy        = "{}"
  environment        = { PIXELFLEET_PREFIX = "p" }
  subnet_ids         = ["subnet-private"]
  security_group_ids = ["sg-dashboard"]
  log_retention_days = 90
  kms_key_arn        = null
  roles              = { path = "/", boundary = null }
  ecs_exec           = false

  dashboard = {
    cpu              = 512
    memory           = 1024
    tasks            = 2
    port             = 8080
    health_path      = "/health"
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/mock/0"
    secret_arn       = "arn:aws:secretsmanager:us-east-1:123456789012:secret:dashboard-AbCdEf"
    signing_key_id   = "K1"
  }
}

run "the_service_is_private_and_its_task_is_locked_down" {
  module {
    source = "../ecs/modules/dashboard"
  }

  assert {
    condition     = !aws_ecs_service.this.network_configuration[0].assign_public_ip && aws_ecs_service.this.network_configuration[0].subnets == toset(["subnet-private"])
    error_message = "Private subnets without public addresses."
  }

  assert {
    condition     = [for part in aws_ecs_service.this.load_balancer : "${part.container_name}:${part.container_port}"] == ["dashboard:8080"]
    error_message = "The load balancer reaches the port that it listens on."
  }

  assert {
    condition     = aws_ecs_service.this.deployment_minimum_healthy_percent == 100 && aws_ecs_service.this.deployment_circuit_breaker[0].rollback
    error_message = "A deployment goes unseen, or back."
  }

  assert {
    condition     = [for part in aws_ecs_service.this.capacity_provider_strategy : part.capacity_provider] == ["FARGATE"]
    error_message = "Not on Spot: it is what people look at."
  }

  assert {
    condition = alltrue([
      for container in jsondecode(aws_ecs_task_definition.this.container_definitions) :
      container.readonlyRootFilesystem && container.user == "10001:10001" && container.linuxParameters.initProcessEnabled
      && contains(container.linuxParameters.capabilities.drop, "ALL") && length(container.healthCheck.command) > 1
    ])
    error_message = "Not root, read-only, no capabilities, an init that forwards SIGTERM, a health check."
  }

  assert {
    condition = { for secret in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].secrets : secret.name => secret.valueFrom } == {
      PIXELFLEET_SESSION_SECRET         = "arn:aws:secretsmanager:us-east-1:123456789012:secret:dashboard-AbCdEf:session_secret::"
      PIXELFLEET_CLOUDFRONT_PRIVATE_KEY = "arn:aws:secretsmanager:us-east-1:123456789012:secret:dashboard-AbCdEf:cloudfront_private_key::"
    }
    error_message = "ECS puts the secrets in; no task definition holds them."
  }

  assert {
    condition     = { for entry in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment : entry.name => entry.value }.PIXELFLEET_FORWARDED_HOPS == "2"
    error_message = "Lock-outs count people, not CloudFront and the load balancer."
  }
}

run "public_results_need_no_private_key" {
  variables {
    dashboard = {
      cpu              = 512
      memory           = 1024
      tasks            = 2
      port             = 8080
      health_path      = "/health"
      target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/mock/0"
      secret_arn       = "arn:aws:secretsmanager:us-east-1:123456789012:secret:dashboard-AbCdEf"
      signing_key_id   = null
    }
  }

  module {
    source = "../ecs/modules/dashboard"
  }

  assert {
    condition     = [for secret in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].secrets : secret.name] == ["PIXELFLEET_SESSION_SECRET"]
    error_message = "Without a signer there is nothing to sign with."
  }
}
