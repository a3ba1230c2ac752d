# Gigapixel scans: the heavy lane on instances with much memory and a large disk, half of them on Spot.

module "pixelfleet" {
  source = "../../infra/modules/pixelfleet"

  prefix               = "scans"
  domain_name          = var.domain_name
  image_digest         = var.image_digest
  dashboard_secret_arn = var.dashboard_secret_arn
  signing_public_keys  = { first = var.signing_public_key }
  producer             = var.producer
  certificate_arn      = var.certificate_arn

  heavy = {
    capacity        = "ec2"
    on_demand_tasks = 1
    spot_percent    = 50
    memory          = 30000
    cpu             = 4096
    scratch_gib     = 500
    maximum         = 20
    instance_types  = ["r7g.xlarge", "r6g.xlarge"]
  }

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }
}
