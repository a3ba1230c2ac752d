# No emulator acts on these: Spot, scaling, Container Insights, the isolation of containers.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name               = "bulk"
  prefix             = "p"
  cluster            = { name = "p", arn = "arn:aws:ecs:us-east-1:123456789012:cluster/p" }
  ec2_provider       = null
  image              = "registry/pixelfleet:1"
  architecture       = "arm64"
  execution_role_arn = "arn:aws:iam::123456789012:role/execution"
  trust_policy       = "{}"
  task_policy        = "{}"
  environment        = { PIXELFLEET_PREFIX = "p" }
  queue_name         = "p-bulk"
  subnet_ids         = ["subnet-private"]
  security_group_ids = ["sg-workers"]
  log_retention_days = 90
  kms_key_arn        = null
  roles              = { path = "/", boundary = null }
  ecs_exec           = false

  lane = {
    capacity           = "fargate"
    on_demand_tasks    = 1
    spot_percent       = 80
    cpu                = 2048
    memory             = 4096
    concurrency        = 2
    scratch_gib        = 30
    minimum            = 0
    maximum            = 50
    acceptable_wait    = 300
    seconds_per_image  = 1.5
    scale_out_cooldown = 60
    scale_in_cooldown  = 300
    wake_tasks         = 3
    scheduled_minimums = { morning = { schedule = "cron(0 7 * * ? *)", until = "cron(0 19 * * ? *)", timezone = "UTC", minimum = 2 } }
  }
}

run "a_task_is_locked_down_and_the_lane_follows_its_backlog" {
  module {
    source = "../ecs/modules/lane"
  }

  assert {
    condition = alltrue([
      for container in jsondecode(aws_ecs_task_definition.this.container_definitions) :
      container.readonlyRootFilesystem && container.user == "10001:10001" && container.stopTimeout == 120
      && container.linuxParameters.initProcessEnabled && contains(container.linuxParameters.capabilities.drop, "ALL")
      && length(container.healthCheck.command) > 1
    ])
    error_message = "Not root, read-only, no capabilities, an init that forwards SIGTERM, two minutes to end, a health check."
  }

  assert {
    condition     = aws_ecs_task_definition.this.ephemeral_storage[0].size_in_gib == 30
    error_message = "Scratch has the size that is asked for."
  }

  assert {
    condition     = !aws_ecs_service.this.network_configuration[0].assign_public_ip && aws_ecs_service.this.network_configuration[0].subnets == toset(["subnet-private"])
    error_message = "Workers run in private subnets without public addresses."
  }

  assert {
    condition     = aws_ecs_service.this.deployment_circuit_breaker[0].enable && aws_ecs_service.this.deployment_circuit_breaker[0].rollback
    error_message = "A deployment that does not come up is rolled back."
  }

  assert {
    condition     = { for part in aws_ecs_service.this.capacity_provider_strategy : part.capacity_provider => "${part.weight}/${part.base}" } == { FARGATE = "20/1", FARGATE_SPOT = "80/0" }
    error_message = "One task on demand, four fifths of the rest on Spot."
  }

  assert {
    condition     = aws_appautoscaling_target.this.min_capacity == 0 && aws_appautoscaling_target.this.max_capacity == 50
    error_message = "From zero to the maximum."
  }

  assert {
    condition     = aws_appautoscaling_policy.backlog.target_tracking_scaling_policy_configuration[0].target_value == 400
    error_message = "300 s of wait / 1.5 s an image x 2 processes = 400 messages a task."
  }

  assert {
    condition = toset([
      for metric in aws_appautoscaling_policy.backlog.target_tracking_scaling_policy_configuration[0].customized_metric_specification[0].metrics : metric.id if metric.return_data == false
    ]) == toset(["visible", "in_flight", "running"])
    error_message = "What is in flight counts, or scale-in starts while work runs."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.wake.alarm_actions == toset([aws_appautoscaling_policy.wake.arn]) && aws_appautoscaling_policy.wake.step_scaling_policy_configuration[0].adjustment_type == "ChangeInCapacity"
    error_message = "Target tracking never triggers from zero: an alarm wakes the lane."
  }

  assert {
    condition     = aws_appautoscaling_scheduled_action.minimum["morning"].scalable_target_action[0].min_capacity == "2"
    error_message = "A scheduled minimum is kept."
  }

  assert {
    condition     = aws_appautoscaling_scheduled_action.minimum["morning-end"].schedule == "cron(0 19 * * ? *)" && aws_appautoscaling_scheduled_action.minimum["morning-end"].scalable_target_action[0].min_capacity == "0"
    error_message = "A scheduled minimum ends."
  }
}

run "on_ec2_the_lane_takes_its_own_instances" {
  variables {
    ec2_provider = "p-bulk"
    lane = {
      capacity           = "ec2"
      on_demand_tasks    = 0
      spot_percent       = 100
      cpu                = 2048
      memory             = 4096
      concurrency        = 2
      scratch_gib        = 500
      minimum            = 0
      maximum            = 50
      acceptable_wait    = 300
      seconds_per_image  = 1
      scale_out_cooldown = 60
      scale_in_cooldown  = 300
      wake_tasks         = 1
      scheduled_minimums = {}
    }
  }

  module {
    source = "../ecs/modules/lane"
  }

  assert {
    condition     = [for part in aws_ecs_service.this.capacity_provider_strategy : part.capacity_provider] == ["p-bulk"]
    error_message = "The lane's own capacity provider."
  }

  assert {
    condition     = length(aws_ecs_task_definition.this.ephemeral_storage) == 0
    error_message = "ECS refuses ephemeral_storage on EC2."
  }
}

run "instances_drain_and_are_not_taken_from_under_a_task" {
  variables {
    cluster_name = "p"
    cluster_arn  = "arn:aws:ecs:us-east-1:123456789012:cluster/p"
    lane         = { maximum = 5, on_demand_tasks = 1, spot_percent = 100, cpu = 2048, memory = 3700, scratch_gib = 100, instance_types = ["c7g.xlarge", "c6g.xlarge"] }
  }

  module {
    source = "../ecs/modules/ec2_capacity"
  }

  assert {
    condition = (
      aws_ecs_capacity_provider.this.auto_scaling_group_provider[0].managed_draining == "ENABLED"
      && aws_ecs_capacity_provider.this.auto_scaling_group_provider[0].managed_termination_protection == "ENABLED"
      && aws_autoscaling_group.this.protect_from_scale_in
    )
    error_message = "Managed draining and termination protection, which wants the group's own protection."
  }

  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required" && aws_launch_template.this.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "Containers do not reach the instance's credentials."
  }

  assert {
    condition     = alltrue([for device in aws_launch_template.this.block_device_mappings : device.ebs[0].encrypted == "true" && device.ebs[0].volume_size == 230])
    error_message = "The volume is encrypted and holds the scratch of both tasks of an instance."
  }
}

run "tasks_that_leave_instances_idle_are_refused" {
  command = plan

  variables {
    cluster_name = "p"
    cluster_arn  = "arn:aws:ecs:us-east-1:123456789012:cluster/p"
    lane         = { maximum = 5, on_demand_tasks = 1, spot_percent = 100, cpu = 2048, memory = 20000, scratch_gib = 100, instance_types = ["r7g.xlarge"] }
  }

  module {
    source = "../ecs/modules/ec2_capacity"
  }

  expect_failures = [aws_autoscaling_group.this]
}

run "a_shell_by_variable_alone" {
  variables {
    ecs_exec = true
  }

  module {
    source = "../ecs/modules/lane"
  }

  assert {
    condition     = aws_ecs_service.this.enable_execute_command && !jsondecode(aws_ecs_task_definition.this.container_definitions)[0].readonlyRootFilesystem
    error_message = "ECS Exec needs a writable root file system."
  }
}
