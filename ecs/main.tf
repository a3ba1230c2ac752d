locals {
  # Lanes on EC2 bring instances of their own, so that a large machine for `heavy` never idles for `bulk`.
  ec2_lanes = { for name, lane in var.lanes : name => lane if lane.capacity == "ec2" }
}

resource "aws_ecs_cluster" "this" {
  name = var.prefix

  # RunningTaskCount, which scaling divides by, is one of Container Insights' metrics.
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

module "ec2_capacity" {
  source   = "./modules/ec2_capacity"
  for_each = local.ec2_lanes

  name               = "${var.prefix}-${each.key}"
  cluster_name       = var.prefix
  cluster_arn        = aws_ecs_cluster.this.arn
  lane               = each.value
  architecture       = var.architecture
  subnet_ids         = var.network.private_subnet_ids
  security_group_ids = [var.network.security_group_ids.workers]
  kms_key_arn        = var.kms_key_arn
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = concat(["FARGATE", "FARGATE_SPOT"], [for capacity in module.ec2_capacity : capacity.name])
}

module "lane" {
  source   = "./modules/lane"
  for_each = var.lanes

  name               = each.key
  prefix             = var.prefix
  lane               = each.value
  cluster            = { name = aws_ecs_cluster_capacity_providers.this.cluster_name, arn = aws_ecs_cluster.this.arn }
  ec2_provider       = try(module.ec2_capacity[each.key].name, null)
  image              = var.image
  architecture       = var.architecture
  execution_role_arn = aws_iam_role.execution.arn
  trust_policy       = data.aws_iam_policy_document.assume.json
  task_policy        = data.aws_iam_policy_document.worker[each.key].json
  environment        = var.environment
  queue_name         = var.queues[each.key].name
  subnet_ids         = var.network.private_subnet_ids
  security_group_ids = [var.network.security_group_ids.workers]
  log_retention_days = var.log_retention_days
  kms_key_arn        = var.kms_key_arn
}

module "reconcile" {
  source = "./modules/reconcile"

  prefix                 = var.prefix
  reconcile              = var.reconcile
  cluster                = { name = aws_ecs_cluster_capacity_providers.this.cluster_name, arn = aws_ecs_cluster.this.arn }
  task_arns              = local.task_arns
  image                  = var.image
  architecture           = var.architecture
  execution_role_arn     = aws_iam_role.execution.arn
  trust_policy           = data.aws_iam_policy_document.assume.json
  scheduler_trust_policy = data.aws_iam_policy_document.scheduler_trust.json
  task_policy            = data.aws_iam_policy_document.reconcile.json
  environment            = var.environment
  subnet_ids             = var.network.private_subnet_ids
  security_group_ids     = [var.network.security_group_ids.workers]
  log_retention_days     = var.log_retention_days
  kms_key_arn            = var.kms_key_arn
}

module "dashboard" {
  source = "./modules/dashboard"

  prefix             = var.prefix
  dashboard          = var.dashboard
  cluster            = { name = aws_ecs_cluster_capacity_providers.this.cluster_name, arn = aws_ecs_cluster.this.arn }
  image              = var.image
  architecture       = var.architecture
  execution_role_arn = aws_iam_role.execution.arn
  trust_policy       = data.aws_iam_policy_document.assume.json
  task_policy        = data.aws_iam_policy_document.dashboard.json
  environment        = var.environment
  subnet_ids         = var.network.private_subnet_ids
  security_group_ids = [var.network.security_group_ids.dashboard]
  log_retention_days = var.log_retention_days
  kms_key_arn        = var.kms_key_arn
}
