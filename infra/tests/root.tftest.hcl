# The root as a whole, and what its variables refuse. It reads the producer's zip: run make lambda before, or name
# another by -var 'producer={package="..."}'.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "us_east_1"
  source = "./tests/mocks"
}

variables {
  domain_name          = "images.example.com"
  certificate_arn      = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
  image_tag            = "1"
  dashboard_secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:dashboard-AbCdEf"
  signing_public_key   = "-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----\n"
}

run "defaults_are_safe" {
  command = plan

  assert {
    condition     = local.uploads_bucket != local.results_bucket
    error_message = "Results in the uploads bucket would set off jobs without end."
  }

  assert {
    condition     = output.dashboard_url == "https://images.example.com"
    error_message = "Notices must point at the domain."
  }

  assert {
    condition     = local.queues.uploads.visibility >= 6 * var.producer.timeout
    error_message = "Lambda asks for a visibility of six times the function's time-out."
  }

  assert {
    condition     = alltrue([for lane in ["bulk", "heavy"] : local.queues[lane].max_receives > 5])
    error_message = "The redrive policy is the backstop behind five counted attempts."
  }
}

run "everything_turned_on_applies" {
  variables {
    zones               = 3
    nat                 = "per_zone"
    waf                 = true
    kms_key_arn         = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    email_subscription  = "a@example.com"
    interface_endpoints = ["sqs"]
    bulk                = { capacity = "ec2" }
    heavy               = { capacity = "ec2", scratch_gib = 500 }
  }
}

run "without_nat_workers_do_not_call_what_they_cannot_reach" {
  command = plan

  variables {
    nat                 = "none"
    interface_endpoints = ["ecr.api", "ecr.dkr", "ecs", "logs", "monitoring", "secretsmanager", "sqs", "sns"]
  }

  assert {
    condition     = local.environment.PIXELFLEET_CDN_DISTRIBUTION_ID == ""
    error_message = "CloudFront's API has no endpoint in a VPC."
  }
}

run "public_results_need_no_key" {
  command = plan

  variables {
    public_results     = true
    signing_public_key = null
  }

  assert {
    condition     = output.cdn_signing_key_id == null
    error_message = "Public results have no signer."
  }
}

run "what_cannot_work_is_refused" {
  command = plan

  variables {
    # Load balancers and buckets take no such name.
    prefix = "Pixel_Fleet"
    # Private results want a key.
    signing_public_key = null
    # Without NAT tasks reach no registry and no logs.
    nat                 = "none"
    interface_endpoints = ["sqs"]
    # CloudFront takes certificates of us-east-1 alone.
    certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
    # A load balancer takes no subnet of sixteen addresses.
    vpc_cidr = "10.0.0.0/20"
    # No setting of ours.
    settings = { LOG_LEVEL = "DEBUG" }
    # Fargate has 200 GiB at most.
    heavy = { scratch_gib = 500 }
    # A schedule says when, not how often a day.
    reconcile = { schedule = "daily" }
  }

  expect_failures = [
    var.prefix,
    var.signing_public_key,
    var.vpc_cidr,
    var.interface_endpoints,
    var.cdn_certificate_arn,
    var.settings,
    var.heavy,
    var.reconcile,
  ]
}

run "fewer_receives_than_attempts_are_refused" {
  command = plan

  variables {
    settings = { PIXELFLEET_MAX_ATTEMPTS = "9" }
    # SQS would take a job away before its attempts are counted.
    lane_max_receives = 9
  }

  expect_failures = [var.lane_max_receives]
}
