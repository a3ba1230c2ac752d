# The module as a whole, with what the tests of tests/infra/ apply to no emulator. The web ACL is planned there: to mock its
# schema takes ten seconds. Run make lambda before, or name another zip by -var 'producer={package="..."}'.

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
    kms_key_arn         = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    email_subscription  = "a@example.com"
    github              = { repository = "o/r", environment = "production", state_bucket = "states", state_key = "k" }
    access_logs_days    = 30
    ecs_exec            = true
    source_buckets      = ["masters"]
    interface_endpoints = ["sqs"]
    bulk                = { capacity = "ec2" }
    heavy               = { capacity = "ec2", scratch_gib = 500 }
  }
}
