# The flow of DESIGN.md, top to bottom: storage -> uploads queue -> producer -> lanes -> workers -> catalog, results,
# notices; then what people reach, and what operators see.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id     = data.aws_caller_identity.current.account_id
  bucket_suffix  = coalesce(var.bucket_suffix, local.account_id)
  uploads_bucket = "${var.prefix}-uploads-${local.bucket_suffix}"
  results_bucket = "${var.prefix}-results-${local.bucket_suffix}"
  dashboard_url  = "https://${var.domain_name}"
  dashboard_port = 8080
  health_path    = "/health"

  # Lambda Developer Guide, "Configuring a queue to use with Lambda": at least six times the function's time-out.
  queues = {
    uploads = { visibility = 6 * var.producer.timeout, max_receives = 5, sender = "arn:${data.aws_partition.current.partition}:s3:::${local.uploads_bucket}" }
    bulk    = { visibility = var.bulk.visibility, max_receives = var.lane_max_receives, sender = null }
    heavy   = { visibility = var.heavy.visibility, max_receives = var.lane_max_receives, sender = null }
  }

  # What pixelfleet/settings.py reads: every name, URL and ARN said outright.
  environment = merge(var.settings, {
    PIXELFLEET_PREFIX            = var.prefix
    PIXELFLEET_ACCOUNT_ID        = local.account_id
    PIXELFLEET_UPLOADS_BUCKET    = module.storage.buckets.uploads.name
    PIXELFLEET_RESULTS_BUCKET    = module.storage.buckets.results.name
    PIXELFLEET_UPLOADS_QUEUE_URL = module.queue["uploads"].url
    PIXELFLEET_BULK_QUEUE_URL    = module.queue["bulk"].url
    PIXELFLEET_HEAVY_QUEUE_URL   = module.queue["heavy"].url
    PIXELFLEET_UPLOADS_DLQ_URL   = module.queue["uploads"].dead_letters.url
    PIXELFLEET_BULK_DLQ_URL      = module.queue["bulk"].dead_letters.url
    PIXELFLEET_HEAVY_DLQ_URL     = module.queue["heavy"].dead_letters.url
    PIXELFLEET_IMAGES_TABLE      = module.catalog.tables.images.name
    PIXELFLEET_BATCHES_TABLE     = module.catalog.tables.batches.name
    PIXELFLEET_USERS_TABLE       = module.catalog.tables.users.name
    PIXELFLEET_RECIPES_TABLE     = module.catalog.tables.recipes.name
    PIXELFLEET_ACTIVITY_TABLE    = module.catalog.tables.activity.name
    PIXELFLEET_NOTICES_TOPIC_ARN = module.topics.notices_arn
    PIXELFLEET_ALARMS_TOPIC_ARN  = module.topics.alarms_arn
    PIXELFLEET_DASHBOARD_URL     = local.dashboard_url
    PIXELFLEET_ECS_CLUSTER       = module.ecs.cluster_name
    # CloudFront's API has no endpoint in a VPC: a worker that cannot reach it must not fail for that.
    PIXELFLEET_CDN_DISTRIBUTION_ID = var.nat == "none" ? "" : module.cdn.distribution_id
  })
}

module "network" {
  source = "./modules/network"

  prefix              = var.prefix
  cidr                = var.vpc_cidr
  zones               = var.zones
  nat                 = var.nat
  interface_endpoints = var.interface_endpoints
  dashboard_port      = local.dashboard_port
}

module "queue" {
  source   = "./modules/queue"
  for_each = local.queues

  name              = "${var.prefix}-${each.key}"
  visibility        = each.value.visibility
  max_receives      = each.value.max_receives
  sender_bucket_arn = each.value.sender
}

module "storage" {
  source = "./modules/storage"

  uploads_name         = local.uploads_bucket
  results_name         = local.results_bucket
  force_destroy        = var.force_destroy_bucket
  kms_key_arn          = var.kms_key_arn
  abort_multipart_days = var.abort_multipart_days
  old_versions_days    = var.old_versions_days
  tagged_days          = var.tagged_originals_days
  upload_origins       = concat([local.dashboard_url], var.upload_origins)
  uploads_queue_arn    = module.queue["uploads"].arn
  distribution_arn     = module.cdn.distribution_arn
}

module "catalog" {
  source = "./modules/catalog"

  prefix              = var.prefix
  deletion_protection = var.deletion_protection
  kms_key_arn         = var.kms_key_arn
}

module "topics" {
  source = "./modules/topics"

  prefix        = var.prefix
  email         = var.email_subscription
  subscriptions = var.notice_subscriptions
  kms_key_arn   = var.kms_key_arn
}

module "producer" {
  source = "./modules/producer"

  name                = "${var.prefix}-producer"
  package             = coalesce(var.producer.package, "${path.module}/../build/producer-${var.producer.architecture}-python${var.producer.python}.zip")
  architecture        = var.producer.architecture
  python              = var.producer.python
  memory              = var.producer.memory
  timeout             = var.producer.timeout
  batch_size          = var.producer.batch_size
  batch_window        = var.producer.batch_window
  maximum_concurrency = var.producer.maximum_concurrency
  source_queue_arn    = module.queue["uploads"].arn
  lane_queue_arns     = [module.queue["bulk"].arn, module.queue["heavy"].arn]
  environment         = local.environment
  log_retention_days  = var.log_retention_days
  kms_key_arn         = var.kms_key_arn
}

module "registry" {
  source = "./modules/registry"

  name         = var.prefix
  force_delete = var.force_destroy_bucket
  kms_key_arn  = var.kms_key_arn
}

module "ecs" {
  source = "../ecs"

  prefix             = var.prefix
  image              = "${module.registry.url}:${var.image_tag}"
  repository_arn     = module.registry.arn
  architecture       = var.architecture
  lanes              = { bulk = var.bulk, heavy = var.heavy }
  reconcile          = var.reconcile
  network            = module.network
  environment        = local.environment
  queues             = module.queue
  buckets            = module.storage.buckets
  tables             = module.catalog.tables
  topics             = { notices = module.topics.notices_arn }
  distribution_arn   = module.cdn.distribution_arn
  log_retention_days = var.log_retention_days
  kms_key_arn        = var.kms_key_arn

  dashboard = merge(var.dashboard, {
    port             = local.dashboard_port
    health_path      = local.health_path
    target_group_arn = module.balancer.target_group_arn
    secret_arn       = var.dashboard_secret_arn
    signing_key_id   = module.cdn.signing_key_id
  })
}

module "balancer" {
  source = "./modules/balancer"

  prefix              = var.prefix
  vpc_id              = module.network.vpc_id
  public_subnet_ids   = module.network.public_subnet_ids
  security_group_id   = module.network.security_group_ids.balancer
  dashboard_port      = local.dashboard_port
  health_path         = local.health_path
  domain_name         = var.domain_name
  certificate_arn     = var.certificate_arn
  deletion_protection = var.deletion_protection
}

module "waf" {
  source = "./modules/waf"
  count  = var.waf ? 1 : 0

  name       = var.prefix
  rate_limit = var.waf_rate_limit

  providers = {
    aws = aws.us_east_1
  }
}

module "cdn" {
  source = "./modules/cdn"

  prefix                = var.prefix
  domain_name           = var.domain_name
  certificate_arn       = coalesce(var.cdn_certificate_arn, var.certificate_arn)
  results_bucket_domain = module.storage.buckets.results.domain
  balancer_dns_name     = module.balancer.dns_name
  public_results        = var.public_results
  signing_public_key    = var.signing_public_key
  price_class           = var.price_class
  web_acl_arn           = one(module.waf[*].web_acl_arn)
}

module "observability" {
  source = "./modules/observability"

  prefix                 = var.prefix
  namespace              = "pixelfleet"
  alarms_topic_arn       = module.topics.alarms_arn
  uploads_queue          = module.queue["uploads"]
  oldest_message_seconds = var.oldest_message_seconds
  failure_percent        = var.failure_percent
  failure_minimum        = var.failure_minimum
  producer_name          = module.producer.function_name
  cluster_name           = module.ecs.cluster_name
  table_names            = [for table in module.catalog.tables : table.name]
  hot_tables             = { for what in ["images", "batches"] : what => module.catalog.tables[what].name }

  # A heavy job may rightly take eleven hours.
  lanes = {
    bulk = {
      queue           = module.queue["bulk"]
      service_name    = module.ecs.lanes["bulk"].service_name
      stalled_period  = 300
      stalled_periods = 6
    }
    heavy = {
      queue           = module.queue["heavy"]
      service_name    = module.ecs.lanes["heavy"].service_name
      stalled_period  = 3600
      stalled_periods = 12
    }
  }
}
