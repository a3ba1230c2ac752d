mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name         = "q"
  visibility   = 120
  max_receives = 10
}

run "messages_end_in_a_dlq_that_outlives_them" {
  module {
    source = "./modules/queue"
  }

  assert {
    condition     = aws_sqs_queue.dead_letters.message_retention_seconds > aws_sqs_queue.this.message_retention_seconds
    error_message = "A dead letter keeps its age: the DLQ must keep longer."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.this.redrive_policy).maxReceiveCount == 10
    error_message = "Without a redrive policy poison circles for a week."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_allow_policy.dead_letters.redrive_allow_policy).redrivePermission == "byQueue"
    error_message = "The DLQ takes from its own queue alone."
  }

  assert {
    condition     = aws_sqs_queue.this.sqs_managed_sse_enabled && aws_sqs_queue.dead_letters.sqs_managed_sse_enabled
    error_message = "Both are encrypted; SSE-SQS, since S3 cannot notify through aws/sqs."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.this.statement : statement.sid] == ["OnlyTls"]
    error_message = "Nobody is let in who is not named."
  }

  assert {
    condition     = data.aws_iam_policy_document.dead_letters.statement[0].effect == "Deny"
    error_message = "The DLQ refuses plain HTTP too."
  }
}

run "a_named_bucket_of_this_account_may_send" {
  variables {
    sender_bucket_arns = ["arn:aws:s3:::u"]
  }

  module {
    source = "./modules/queue"
  }

  assert {
    condition     = toset(flatten([for condition in data.aws_iam_policy_document.this.statement[1].condition : condition.values])) == toset(["arn:aws:s3:::u", "123456789012"])
    error_message = "S3 may send for that bucket of this account, not for anybody's."
  }
}

run "a_dlq_that_forgets_first_is_refused" {
  command = plan

  variables {
    retention             = 1209600
    dead_letter_retention = 604800
  }

  module {
    source = "./modules/queue"
  }

  expect_failures = [aws_sqs_queue.this]
}
