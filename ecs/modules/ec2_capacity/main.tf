data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_default_tags" "current" {}

locals {
  # AWS keeps these parameters at its newest ECS-optimised image, so that a new instance starts from that image.
  image_parameter = {
    arm64  = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"
    x86_64 = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
  }[var.architecture]

  # ECS places by the memory that an instance registers: its RAM without the kernel's and the agent's part. 0.93 is a
  # careful share. Each task has a network interface of its own, and the instance keeps one.
  tasks = {
    for name, kind in data.aws_ec2_instance_type.this : name => min(
      floor(0.93 * kind.memory_size / var.lane.memory),
      floor(kind.default_vcpus * 1024 / var.lane.cpu),
      kind.maximum_network_interfaces - 1,
    )
  }
  machine = { arm64 = "arm64", x86_64 = "x86_64" }[var.architecture]

  instance_arns = join(":", [
    "arn", data.aws_partition.current.partition, "ecs", data.aws_region.current.id,
    data.aws_caller_identity.current.account_id, "container-instance/${var.cluster_name}/*",
  ])
}

data "aws_ec2_instance_type" "this" {
  for_each = toset(var.lane.instance_types)

  instance_type = each.key

  lifecycle {
    postcondition {
      condition     = contains(self.supported_architectures, local.machine)
      error_message = "${self.instance_type} is not of the architecture ${var.architecture}: choose other instance_types, or another architecture."
    }
  }
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

# The calls of the ECS agent. AmazonEC2ContainerServiceforEC2Role is wider: it may act on every cluster.
data "aws_iam_policy_document" "instance" {
  statement {
    sid       = "Join"
    actions   = ["ecs:RegisterContainerInstance", "ecs:DeregisterContainerInstance"]
    resources = [var.cluster_arn]
  }

  statement {
    sid = "Serve"
    actions = [
      "ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState", "ecs:SubmitTaskStateChange",
      "ecs:SubmitContainerStateChange", "ecs:SubmitAttachmentStateChanges", "ecs:PutSystemLogEvents",
    ]
    resources = [var.cluster_arn, local.instance_arns]
  }

  # DiscoverPollEndpoint has no resource (service authorization reference, Amazon ECS).
  statement {
    sid       = "Discover"
    actions   = ["ecs:DiscoverPollEndpoint"]
    resources = ["*"]
  }
}

resource "aws_iam_role" "instance" {
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = "${var.name}-instance"
  assume_role_policy   = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "instance" {
  name   = "ecs-agent"
  role   = aws_iam_role.instance.id
  policy = data.aws_iam_policy_document.instance.json
}

resource "aws_iam_instance_profile" "instance" {
  path = var.roles.path
  name = "${var.name}-instance"
  role = aws_iam_role.instance.name
}

resource "aws_launch_template" "this" {
  name                   = var.name
  image_id               = "resolve:ssm:${local.image_parameter}"
  update_default_version = true
  vpc_security_group_ids = var.security_group_ids

  user_data = base64encode(<<-TEXT
    #!/bin/bash
    cat >> /etc/ecs/ecs.config <<'CONFIG'
    ECS_CLUSTER=${var.cluster_name}
    ECS_ENABLE_SPOT_INSTANCE_DRAINING=true
    ECS_CONTAINER_STOP_TIMEOUT=120s
    ECS_AWSVPC_BLOCK_IMDS=true
    ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION=10m
    ECS_IMAGE_CLEANUP_INTERVAL=30m
    ECS_IMAGE_MINIMUM_CLEANUP_AGE=1h
    CONFIG
  TEXT
  )

  iam_instance_profile {
    arn = aws_iam_instance_profile.instance.arn
  }

  # The provider's default tags are on the resources of Terraform, not on the instances of an Auto Scaling group. Budgets
  # and bills count by tag.
  dynamic "tag_specifications" {
    for_each = length(data.aws_default_tags.current.tags) == 0 ? [] : ["instance", "volume", "network-interface"]

    content {
      resource_type = tag_specifications.value
      tags          = data.aws_default_tags.current.tags
    }
  }

  # IMDSv2 only. With one hop, containers cannot reach it.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      # 30 GiB for the system and the images of two releases; the rest is the scratch of all tasks of an instance.
      volume_size           = 30 + max(values(local.tasks)...) * var.lane.scratch_gib
      volume_type           = "gp3"
      encrypted             = true
      kms_key_id            = var.kms_key_arn
      delete_on_termination = true
    }
  }
}

resource "aws_autoscaling_group" "this" {
  name                  = var.name
  min_size              = 0
  max_size              = var.lane.maximum
  vpc_zone_identifier   = var.subnet_ids
  protect_from_scale_in = true
  # Many instance types, and the pools with the fewest interruptions (EC2 user guide, "Best practices for Spot").
  capacity_rebalance = true

  mixed_instances_policy {
    instances_distribution {
      on_demand_base_capacity                  = var.lane.on_demand_tasks
      on_demand_percentage_above_base_capacity = 100 - var.lane.spot_percent
      spot_allocation_strategy                 = "price-capacity-optimized"
    }

    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.this.id
        version            = "$Latest"
      }

      dynamic "override" {
        for_each = var.lane.instance_types

        content {
          instance_type = override.value
        }
      }
    }
  }

  # An instance whose role has no rights does not join the cluster.
  depends_on = [aws_iam_role_policy.instance]

  # ECS adds this tag itself. Without this block, every plan would remove the tag.
  tag {
    key                 = "AmazonECSManaged"
    value               = "true"
    propagate_at_launch = true
  }

  lifecycle {
    # Managed scaling sets the number.
    ignore_changes = [desired_capacity]

    precondition {
      condition = alltrue([
        for name, kind in data.aws_ec2_instance_type.this :
        local.tasks[name] * var.lane.cpu >= 0.75 * kind.default_vcpus * 1024
      ])
      error_message = "The lane's tasks leave more than a quarter of the vCPUs idle on one of ${join(", ", var.lane.instance_types)} (tasks an instance: ${jsonencode(local.tasks)}). Lower the lane's memory, or choose types with more memory to a vCPU."
    }
  }
}

resource "aws_ecs_capacity_provider" "this" {
  name = var.name

  auto_scaling_group_provider {
    auto_scaling_group_arn         = aws_autoscaling_group.this.arn
    managed_termination_protection = "ENABLED"
    managed_draining               = "ENABLED"

    managed_scaling {
      status                    = "ENABLED"
      target_capacity           = 100
      minimum_scaling_step_size = 1
      maximum_scaling_step_size = 100
    }
  }
}
