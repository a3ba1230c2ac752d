mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                = "producer"
  package             = "./tests/producer.tftest.hcl" # any file: nothing is deployed
  architecture        = "arm64"
  python              = "3.13"
  memory              = 512
  timeout             = 60
  batch_size          = 100
  batch_window        = 1
  maximum_concurrency = 10
  source_queue_arn    = "arn:aws:sqs:us-east-1:123456789012:uploads"
  lane_queue_arns     = ["arn:aws:sqs:us-east-1:123456789012:bulk"]
  environment         = {}
  log_retention_days  = 90
  kms_key_arn         = null
  roles               = { path = "/", boundary = null }
}

run "failures_come_back_alone" {
  module {
    source = "./modules/producer"
  }

  assert {
    condition     = contains(aws_lambda_event_source_mapping.uploads.function_response_types, "ReportBatchItemFailures")
    error_message = "Without it one bad event brings its whole batch back."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.uploads.scaling_config[0].maximum_concurrency == 10
    error_message = "The producer's concurrency is bounded."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.producer.statement : alltrue([for action in statement.actions : !startswith(action, "s3:") && !startswith(action, "dynamodb:") && !strcontains(action, "*")])])
    error_message = "The producer judges by the event: no S3, no DynamoDB, no wildcard."
  }

  assert {
    condition     = !contains(flatten([for statement in data.aws_iam_policy_document.producer.statement : statement.resources]), "*")
    error_message = "Every resource is named."
  }
}
