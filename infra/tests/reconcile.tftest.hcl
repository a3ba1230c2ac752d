# The scheduled reconcile. No emulator starts the task; what it may do is shown by running it under its role.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  prefix                 = "p"
  cluster                = { name = "p", arn = "arn:aws:ecs:us-east-1:123456789012:cluster/p" }
  task_arns              = "arn:aws:ecs:us-east-1:123456789012:task/p/*"
  image                  = "registry/pixelfleet:1"
  architecture           = "arm64"
  execution_role_arn     = "arn:aws:iam::123456789012:role/execution"
  trust_policy           = "{}"
  scheduler_trust_policy = "{}"
  task_policy            = "{}"
  environment            = { PIXELFLEET_PREFIX = "p" }
  subnet_ids             = ["subnet-private"]
  security_group_ids     = ["sg-workers"]
  log_retention_days     = 90
  kms_key_arn            = null
  roles                  = { path = "/", boundary = null }
  schedule_group         = "p"

  reconcile = {
    enabled         = true
    schedule        = "cron(0 3 * * ? *)"
    sweep_schedule  = "cron(0 5 ? * SUN *)"
    digest_schedule = "rate(1 hour)"
    timezone        = "Europe/Berlin"
    rate            = 20
    cpu             = 512
    memory          = 1024
  }
}

run "the_schedule_starts_a_task_that_is_locked_down_by_a_role_of_its_own" {
  module {
    source = "../ecs/modules/reconcile"
  }

  assert {
    condition     = aws_scheduler_schedule.this["reconcile"].state == "ENABLED" && aws_scheduler_schedule.this["reconcile"].schedule_expression == "cron(0 3 * * ? *)" && aws_scheduler_schedule.this["reconcile"].schedule_expression_timezone == "Europe/Berlin"
    error_message = "It runs when it is asked to."
  }

  assert {
    condition = { for what, schedule in aws_scheduler_schedule.this : what => "${schedule.schedule_expression} ${join(" ", jsondecode(schedule.target[0].input).containerOverrides[0].command)}" } == {
      reconcile = "cron(0 3 * * ? *) pixelfleet reconcile --json --rate 20"
      sweep     = "cron(0 5 ? * SUN *) pixelfleet reconcile --json --rate 20 --sweep"
      digest    = "rate(1 hour) pixelfleet digest --json"
    }
    error_message = "The sweep comes at times of its own, by the same task."
  }

  assert {
    condition     = aws_scheduler_schedule.this["reconcile"].target[0].arn == var.cluster.arn && aws_scheduler_schedule.this["reconcile"].target[0].role_arn == aws_iam_role.schedule.arn
    error_message = "On the cluster, by the schedule's own role."
  }

  assert {
    condition = (
      aws_scheduler_schedule.this["reconcile"].target[0].ecs_parameters[0].task_definition_arn == aws_ecs_task_definition.this.arn
      && aws_scheduler_schedule.this["reconcile"].target[0].ecs_parameters[0].task_count == 1
      && [for part in aws_scheduler_schedule.this["reconcile"].target[0].ecs_parameters[0].capacity_provider_strategy : part.capacity_provider] == ["FARGATE"]
    )
    error_message = "One task of this definition, not on Spot: an interruption throws a long pass away."
  }

  assert {
    condition = (
      !aws_scheduler_schedule.this["reconcile"].target[0].ecs_parameters[0].network_configuration[0].assign_public_ip
      && aws_scheduler_schedule.this["reconcile"].target[0].ecs_parameters[0].network_configuration[0].subnets == toset(["subnet-private"])
      && aws_scheduler_schedule.this["reconcile"].target[0].ecs_parameters[0].network_configuration[0].security_groups == toset(["sg-workers"])
    )
    error_message = "Private subnets without public addresses, with the workers' security group."
  }

  assert {
    condition = alltrue([
      for container in jsondecode(aws_ecs_task_definition.this.container_definitions) :
      container.readonlyRootFilesystem && container.user == "10001:10001" && container.linuxParameters.initProcessEnabled
      && contains(container.linuxParameters.capabilities.drop, "ALL")
      && [for mount in container.mountPoints : mount.containerPath] == ["/scratch"]
    ])
    error_message = "Not root, read-only but for /scratch, no capabilities, an init that forwards SIGTERM."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].command == ["pixelfleet", "reconcile", "--json", "--rate", "20"]
    error_message = "The rate is kept."
  }

  assert {
    condition     = { for entry in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment : entry.name => entry.value }.HOME == "/scratch"
    error_message = "What it notes of its progress it can write on /scratch alone."
  }

  assert {
    condition     = { for statement in data.aws_iam_policy_document.schedule.statement : join(",", statement.actions) => statement.resources }["ecs:RunTask"] == toset(["arn:aws:ecs:us-east-1:123456789012:task-definition/${aws_ecs_task_definition.this.family}:*"])
    error_message = "RunTask on this task definition alone."
  }

  assert {
    condition     = { for statement in data.aws_iam_policy_document.schedule.statement : join(",", statement.actions) => statement.resources }["iam:PassRole"] == toset([aws_iam_role.task.arn, var.execution_role_arn])
    error_message = "It passes the task's two roles alone."
  }

  assert {
    condition = { for statement in data.aws_iam_policy_document.schedule.statement : join(",", statement.actions) => one(statement.condition).variable } == {
      "ecs:RunTask"     = "ecs:cluster"
      "ecs:TagResource" = "ecs:CreateAction"
      "iam:PassRole"    = "iam:PassedToService"
    }
    error_message = "Each on its condition: this cluster, what RunTask makes, to ECS."
  }
}

run "it_can_be_turned_off_and_never_sweep" {
  variables {
    reconcile = {
      enabled         = false
      schedule        = "rate(6 hours)"
      sweep_schedule  = null
      digest_schedule = null
      timezone        = "UTC"
      rate            = 0.5
      cpu             = 512
      memory          = 1024
    }
  }

  module {
    source = "../ecs/modules/reconcile"
  }

  assert {
    condition     = aws_scheduler_schedule.this["reconcile"].state == "DISABLED"
    error_message = "A schedule that is not enabled does not run."
  }

  assert {
    condition     = keys(aws_scheduler_schedule.this) == ["reconcile"]
    error_message = "Nothing is deleted that was not asked for."
  }
}
