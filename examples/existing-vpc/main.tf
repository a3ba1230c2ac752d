# Into a platform that is there: the team's VPC, cluster, load balancer, buckets and key, its path and boundary for roles.

module "pixelfleet" {
  source = "../../infra/modules/pixelfleet"

  prefix               = "images"
  domain_name          = var.domain_name
  image_digest         = var.image_digest
  dashboard_secret_arn = var.dashboard_secret_arn
  signing_public_keys  = { first = var.signing_public_key }
  producer             = var.producer
  certificate_arn      = var.certificate_arn

  existing_network         = { vpc_id = var.vpc_id, private_subnet_ids = var.private_subnet_ids }
  existing_cluster_name    = var.cluster_name
  existing_balancer        = var.existing_balancer
  source_buckets           = var.source_buckets
  kms_key_arn              = var.kms_key_arn
  role_path                = "/teams/images/"
  permissions_boundary_arn = var.permissions_boundary_arn
  log_retention_days       = 30

  # A trial that is torn down again.
  force_destroy_bucket = true
  deletion_protection  = false

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }
}
