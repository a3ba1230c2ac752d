# The whole stack is one module, so that a team can call the module from a configuration of its own (examples/).

module "pixelfleet" {
  source = "./modules/pixelfleet"

  prefix                   = var.prefix
  bucket_suffix            = var.bucket_suffix
  vpc_cidr                 = var.vpc_cidr
  zones                    = var.zones
  nat                      = var.nat
  interface_endpoints      = var.interface_endpoints
  existing_network         = var.existing_network
  existing_cluster_name    = var.existing_cluster_name
  existing_balancer        = var.existing_balancer
  source_buckets           = var.source_buckets
  aliases                  = var.aliases
  role_path                = var.role_path
  permissions_boundary_arn = var.permissions_boundary_arn
  force_destroy_bucket     = var.force_destroy_bucket
  deletion_protection      = var.deletion_protection
  kms_key_arn              = var.kms_key_arn
  abort_multipart_days     = var.abort_multipart_days
  old_versions_days        = var.old_versions_days
  tagged_originals_days    = var.tagged_originals_days
  github                   = var.github
  domain_name              = var.domain_name
  route53_zone_id          = var.route53_zone_id
  certificate_arn          = var.certificate_arn
  cdn_certificate_arn      = var.cdn_certificate_arn
  public_results           = var.public_results
  signing_public_keys      = var.signing_public_keys
  signing_key              = var.signing_key
  dashboard_secret_arn     = var.dashboard_secret_arn
  edge_ttl_seconds         = var.edge_ttl_seconds
  stable_ttl_seconds       = var.stable_ttl_seconds
  price_class              = var.price_class
  waf                      = var.waf
  waf_rate_limit           = var.waf_rate_limit
  upload_origins           = var.upload_origins
  dashboard                = var.dashboard
  lazy_variants            = var.lazy_variants
  email_subscription       = var.email_subscription
  notice_subscriptions     = var.notice_subscriptions
  oldest_message_seconds   = var.oldest_message_seconds
  failure_percent          = var.failure_percent
  failure_minimum          = var.failure_minimum
  balancer_errors          = var.balancer_errors
  log_retention_days       = var.log_retention_days
  access_logs_days         = var.access_logs_days
  monthly_budget_usd       = var.monthly_budget_usd
  reconcile                = var.reconcile
  producer                 = var.producer
  image_digest             = var.image_digest
  architecture             = var.architecture
  settings                 = var.settings
  ecs_exec                 = var.ecs_exec
  lane_max_receives        = var.lane_max_receives
  bulk                     = var.bulk
  heavy                    = var.heavy

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }
}
