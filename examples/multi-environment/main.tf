# Staging and production from one configuration: terraform workspace or one state key each, and
# `terraform apply -var-file=staging.tfvars` or `-var-file=production.tfvars`.

module "pixelfleet" {
  source = "../../infra/modules/pixelfleet"

  prefix               = var.environment
  domain_name          = var.domain_name
  image_digest         = var.image_digest
  dashboard_secret_arn = var.dashboard_secret_arn
  signing_public_keys  = { first = var.signing_public_key }
  producer             = var.producer

  route53_zone_id    = var.route53_zone_id
  bulk               = var.bulk
  nat                = var.nat
  email_subscription = var.email

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }
}
