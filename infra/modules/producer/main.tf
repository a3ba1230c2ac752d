resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

# No S3 and no DynamoDB: the producer reads the event alone.
data "aws_iam_policy_document" "producer" {
  statement {
    sid       = "ReceiveEvents"
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]
    resources = [var.source_queue_arn]
  }

  statement {
    sid       = "SendJobs"
    actions   = ["sqs:SendMessage"]
    resources = var.lane_queue_arns
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }
}

resource "aws_iam_role" "this" {
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = var.name
  assume_role_policy   = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "this" {
  name   = "producer"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.producer.json
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  description   = "S3 events to jobs on lanes"
  role          = aws_iam_role.this.arn
  filename      = var.package
  # A fresh clone has no zip, and a destroy must work without the zip.
  source_code_hash = fileexists(var.package) ? filebase64sha256(var.package) : null
  handler          = "producer_lambda.handler.handler"
  runtime          = "python${var.python}"
  architectures    = [var.architecture]
  memory_size      = var.memory
  timeout          = var.timeout

  environment {
    variables = var.environment
  }

  logging_config {
    log_format = "Text" # the handler's own lines are JSON already
    log_group  = aws_cloudwatch_log_group.this.name
  }

  # At creation, Lambda tests whether the role may log and receive.
  depends_on = [aws_iam_role_policy.this]

  lifecycle {
    precondition {
      condition     = fileexists(var.package)
      error_message = "The producer's zip ${var.package} is not there: make lambda builds it for the architecture and Python of the variable producer."
    }
  }
}

resource "aws_lambda_event_source_mapping" "uploads" {
  event_source_arn                   = var.source_queue_arn
  function_name                      = aws_lambda_function.this.arn
  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = var.batch_window
  function_response_types            = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.maximum_concurrency
  }
}
