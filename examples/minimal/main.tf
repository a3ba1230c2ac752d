# The least that works: one environment, everything by default, a certificate of your own in us-east-1.

module "pixelfleet" {
  source = "../../infra/modules/pixelfleet"

  prefix               = "trial"
  domain_name          = var.domain_name
  image_digest         = var.image_digest
  dashboard_secret_arn = var.dashboard_secret_arn
  signing_public_keys  = { first = var.signing_public_key }
  producer             = var.producer
  certificate_arn      = var.certificate_arn

  # A trial that is torn down again.
  force_destroy_bucket = true
  deletion_protection  = false

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }
}
