# The module as a whole, and what its variables refuse. It reads the producer's zip: run make lambda before, or name
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
  image_digest         = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
  dashboard_secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:dashboard-AbCdEf"
  signing_public_keys  = { first = "-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----\n" }
}

run "defaults_are_safe" {
  command = plan

  module {
    source = "./modules/pixelfleet"
  }

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  assert {
    condition     = local.uploads_bucket != local.results_bucket
    error_message = "Results in the uploads bucket would set off jobs without end."
  }

  assert {
    condition     = output.dashboard_url == "https://images.example.com"
    error_message = "Notices must point at the domain."
  }

  assert {
    condition     = local.queues.uploads.visibility >= 6 * var.producer.timeout + var.producer.batch_window
    error_message = "Lambda asks for a visibility of six times the function's time-out and the window."
  }

  assert {
    condition     = alltrue([for lane in ["bulk", "heavy"] : local.queues[lane].max_receives > 5])
    error_message = "The redrive policy is the backstop behind five counted attempts."
  }
}

run "everything_turned_on_applies" {
  module {
    source = "./modules/pixelfleet"
  }

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  variables {
    zones               = 3
    nat                 = "per_zone"
    waf                 = true
    kms_key_arn         = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    email_subscription  = "a@example.com"
    github              = { repository = "o/r", environment = "production", state_bucket = "s", state_key = "k" }
    access_logs_days    = 30
    ecs_exec            = true
    source_buckets      = ["masters"]
    interface_endpoints = ["sqs"]
    bulk                = { capacity = "ec2" }
    heavy               = { capacity = "ec2", scratch_gib = 500 }
  }
}

run "without_nat_workers_do_not_call_what_they_cannot_reach" {
  command = plan

  module {
    source = "./modules/pixelfleet"
  }

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

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

  module {
    source = "./modules/pixelfleet"
  }

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  variables {
    public_results      = true
    signing_public_keys = {}
  }

  assert {
    condition     = output.cdn_signing_key_id == null
    error_message = "Public results have no signer."
  }
}

run "what_cannot_work_is_refused" {
  command = plan

  module {
    source = "./modules/pixelfleet"
  }

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  variables {
    # Load balancers and buckets take no such name.
    prefix = "Pixel_Fleet"
    # Private results need a key.
    signing_public_keys = {}
    # Without NAT tasks reach no registry and no logs.
    nat                 = "none"
    interface_endpoints = ["sqs"]
    # CloudFront takes certificates of us-east-1 only.
    certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
    # A load balancer takes no subnet of sixteen addresses.
    vpc_cidr = "10.0.0.0/20"
    # This is no setting of pixelfleet.
    settings = { LOG_LEVEL = "DEBUG" }
    # Fargate has 200 GiB at most.
    heavy = { scratch_gib = 500 }
    # Fargate has no such task, and nobody chose to run on Spot alone.
    bulk = { memory = 5000, spot_percent = 100 }
    # 256 CPU units take 2048 MiB at most.
    dashboard = { cpu = 256, memory = 4096 }
    # A schedule is cron(...) or rate(...).
    reconcile = { schedule = "daily" }
    # The AWS provider refuses this runtime.
    producer = { python = "3.14" }
    # A tag can move to another image.
    image_digest = "latest"
    # One mail for each image is too many.
    notice_subscriptions = { me = { protocol = "email", endpoint = "a@example.com", filter = { kind = ["image.failed"] } } }
  }

  expect_failures = [
    var.prefix,
    var.signing_public_keys,
    var.bulk,
    var.dashboard,
    var.producer,
    var.image_digest,
    var.notice_subscriptions,
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

  module {
    source = "./modules/pixelfleet"
  }

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  variables {
    settings = { PIXELFLEET_MAX_ATTEMPTS = "9" }
    # SQS would take a job away before its attempts are counted.
    lane_max_receives = 9
  }

  expect_failures = [var.lane_max_receives]
}
