locals {
  cluster_name = coalesce(var.existing_cluster, var.prefix)
  cluster_arn  = try(aws_ecs_cluster.this[0].arn, data.aws_ecs_cluster.existing[0].arn)
  # The cluster's name, which is known after the cluster has its capacity providers.
  ready_cluster = { name = try(aws_ecs_cluster_capacity_providers.this[0].cluster_name, var.existing_cluster), arn = local.cluster_arn }

  # Each lane on EC2 has its own instances, so that `bulk` does not occupy a large instance of `heavy`.
  ec2_lanes = { for name, lane in var.lanes : name => lane if lane.capacity == "ec2" }
}

resource "aws_ecs_cluster" "this" {
  count = var.existing_cluster == null ? 1 : 0

  name = var.prefix

  # RunningTaskCount, which scaling divides by, is a metric of Container Insights.
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

data "aws_ecs_cluster" "existing" {
  count = var.existing_cluster == null ? 0 : 1

  cluster_name = var.existing_cluster

  lifecycle {
    postcondition {
      condition     = anytrue([for setting in self.setting : setting.name == "containerInsights" && setting.value != "disabled"])
      error_message = "The cluster ${self.cluster_name} has no Container Insights, and scaling needs its RunningTaskCount: aws ecs update-cluster-settings --cluster ${self.cluster_name} --settings name=containerInsights,value=enabled"
    }
  }
}

module "ec2_capacity" {
  source   = "./modules/ec2_capacity"
  for_each = local.ec2_lanes

  name               = "${var.prefix}-${each.key}"
  cluster_name       = local.cluster_name
  cluster_arn        = local.cluster_arn
  lane               = each.value
  architecture       = var.architecture
  subnet_ids         = var.network.private_subnet_ids
  security_group_ids = [var.network.security_group_ids.workers]
  kms_key_arn        = var.kms_key_arn
  roles              = var.roles
}

# An existing cluster keeps its providers.
resource "aws_ecs_cluster_capacity_providers" "this" {
  count = var.existing_cluster == null ? 1 : 0

  cluster_name       = aws_ecs_cluster.this[0].name
  capacity_providers = concat(["FARGATE", "FARGATE_SPOT"], [for capacity in module.ec2_capacity : capacity.name])
}

module "lane" {
  source   = "./modules/lane"
  for_each = var.lanes

  name               = each.key
  prefix             = var.prefix
  lane               = each.value
  cluster            = local.ready_cluster
  ec2_provider       = try(module.ec2_capacity[each.key].name, null)
  image              = var.image
  architecture       = var.architecture
  execution_role_arn = local.execution_role_arn
  trust_policy       = data.aws_iam_policy_document.assume.json
  task_policy        = data.aws_iam_policy_document.worker[each.key].json
  environment        = var.environment
  queue_name         = var.queues[each.key].name
  subnet_ids         = var.network.private_subnet_ids
  security_group_ids = [var.network.security_group_ids.workers]
  log_retention_days = var.log_retention_days
  kms_key_arn        = var.kms_key_arn
  ecs_exec           = var.ecs_exec
  roles              = var.roles
}

module "reconcile" {
  source = "./modules/reconcile"

  prefix                 = var.prefix
  reconcile              = var.reconcile
  cluster                = local.ready_cluster
  task_arns              = local.task_arns
  image                  = var.image
  architecture           = var.architecture
  execution_role_arn     = local.execution_role_arn
  trust_policy           = data.aws_iam_policy_document.assume.json
  schedule_group         = aws_scheduler_schedule_group.this.name
  scheduler_trust_policy = data.aws_iam_policy_document.scheduler_trust.json
  task_policy            = data.aws_iam_policy_document.reconcile.json
  environment            = var.environment
  subnet_ids             = var.network.private_subnet_ids
  security_group_ids     = [var.network.security_group_ids.workers]
  log_retention_days     = var.log_retention_days
  kms_key_arn            = var.kms_key_arn
  roles                  = var.roles
}

module "dashboard" {
  source = "./modules/dashboard"

  prefix             = var.prefix
  dashboard          = var.dashboard
  cluster            = local.ready_cluster
  image              = var.image
  architecture       = var.architecture
  execution_role_arn = local.execution_role_arn
  trust_policy       = data.aws_iam_policy_document.assume.json
  task_policy        = data.aws_iam_policy_document.dashboard.json
  environment        = var.environment
  subnet_ids         = var.network.private_subnet_ids
  security_group_ids = [var.network.security_group_ids.dashboard]
  log_retention_days = var.log_retention_days
  kms_key_arn        = var.kms_key_arn
  ecs_exec           = var.ecs_exec
  roles              = var.roles
}
