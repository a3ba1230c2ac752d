# A role for GitHub's workflows. A deployment pushes an image and applies a plan that changes the image and the zip:
# new task definitions, services, the schedules that name them, and the function's code. Other changes of the stack are
# made with an administrator's rights (docs/howto/deploy-from-ci.md).

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  issuer       = "token.actions.githubusercontent.com"
  provider_arn = coalesce(var.github.provider_arn, one(aws_iam_openid_connect_provider.github[*].arn))
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.github.provider_arn == null ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    # The environment's protection rules in GitHub decide who may deploy.
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = ["repo:${var.github.repository}:environment:${var.github.environment}"]
    }
  }
}

data "aws_iam_policy_document" "deploy" {
  # The look-ups of a plan. None of these actions has a resource (service authorization reference). All of them only read,
  # except RegisterTaskDefinition.
  statement {
    sid = "LookUp"
    actions = concat([
      "ecr:GetAuthorizationToken", "ecs:RegisterTaskDefinition", "ecs:DescribeTaskDefinition",
      "ec2:DescribeAvailabilityZones", "ec2:DescribeManagedPrefixLists", "ec2:DescribeInstanceTypes",
      ], var.looks_up.balancer ? [
      "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancerAttributes",
      "elasticloadbalancing:DescribeTags",
    ] : [], var.looks_up.network ? ["ec2:DescribeSubnets"] : [])
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = var.looks_up.cluster ? [var.cluster_arn] : []

    content {
      sid       = "LookUpCluster"
      actions   = ["ecs:DescribeClusters"]
      resources = [statement.value]
    }
  }

  # The list of CloudFront's addresses belongs to AWS. Its ARN has "aws" in the place of the account.
  statement {
    sid       = "LookUpAddresses"
    actions   = ["ec2:GetManagedPrefixListEntries"]
    resources = ["arn:${data.aws_partition.current.partition}:ec2:${data.aws_region.current.id}:aws:prefix-list/*"]
  }

  statement {
    sid = "Push"
    actions = [
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
    ]
    resources = [var.repository_arn]
  }

  statement {
    sid       = "State"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["arn:${data.aws_partition.current.partition}:s3:::${var.github.state_bucket}/${var.github.state_key}", "arn:${data.aws_partition.current.partition}:s3:::${var.github.state_bucket}/${var.github.state_key}.tflock"]
  }

  dynamic "statement" {
    for_each = var.github.state_kms_key_arn[*]

    content {
      sid       = "StateKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }

  statement {
    sid       = "ListState"
    actions   = ["s3:ListBucket"]
    resources = ["arn:${data.aws_partition.current.partition}:s3:::${var.github.state_bucket}"]
  }

  statement {
    sid       = "Services"
    actions   = ["ecs:UpdateService", "ecs:DescribeServices"]
    resources = var.service_arns
  }

  # The start and the end of a deployment's smoke task.
  statement {
    sid       = "Smoke"
    actions   = ["ecs:RunTask"]
    resources = var.families

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster_arn]
    }
  }

  statement {
    sid       = "WatchSmoke"
    actions   = ["ecs:DescribeTasks", "ecs:StopTask"]
    resources = [var.task_arn_pattern]
  }

  statement {
    sid       = "TagTasks"
    actions   = ["ecs:TagResource"]
    resources = concat(var.families, [var.task_arn_pattern])

    condition {
      test     = "StringEquals"
      variable = "ecs:CreateAction"
      values   = ["RegisterTaskDefinition", "RunTask"]
    }
  }

  statement {
    sid       = "PassRoles"
    actions   = ["iam:PassRole"]
    resources = var.passed_role_arns

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com", "scheduler.amazonaws.com"]
    }
  }

  statement {
    sid       = "Producer"
    actions   = ["lambda:UpdateFunctionCode", "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:ListVersionsByFunction"]
    resources = [var.function_arn]
  }

  statement {
    sid       = "Schedules"
    actions   = ["scheduler:GetSchedule", "scheduler:UpdateSchedule"]
    resources = [var.schedule_arn_pattern]
  }
}

resource "aws_iam_role" "github" {
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = "${var.prefix}-deploy"
  description          = "Deployments from ${var.github.repository}, environment ${var.github.environment}"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "deploy" {
  name   = "deploy"
  role   = aws_iam_role.github.id
  policy = data.aws_iam_policy_document.deploy.json
}
