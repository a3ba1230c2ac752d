# The flow from top to bottom: storage -> uploads queue -> producer -> lanes -> workers -> catalog, results, notices. Then
# the addresses for people, and the monitoring for operators.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

# A warning, since ARNs and endpoints are right in every partition, and AWS may add to what is missing there (GovCloud user
# guide, "Tips for setting up CloudFront"; "Getting Started with AWS in China", Amazon CloudFront).
check "partition" {
  assert {
    condition     = data.aws_partition.current.partition == "aws"
    error_message = "${data.aws_region.current.id} is in the partition ${data.aws_partition.current.partition}. GovCloud has no CloudFront, and CloudFront in China has no VPC origins and takes no certificate of ACM: an apply will fail there. Choose a region of the partition aws."
  }
}

locals {
  account_id     = data.aws_caller_identity.current.account_id
  bucket_suffix  = coalesce(var.bucket_suffix, local.account_id)
  uploads_bucket = "${var.prefix}-uploads-${local.bucket_suffix}"
  results_bucket = "${var.prefix}-results-${local.bucket_suffix}"
  dashboard_url  = "https://${var.domain_name}"
  dashboard_port = 8080
  health_path    = "/health"
  roles          = { path = var.role_path, boundary = var.permissions_boundary_arn }

  source_bucket_arns = [for name in var.source_buckets : "arn:${data.aws_partition.current.partition}:s3:::${name}"]
  alias_bucket       = try(var.aliases.bucket, null) == null ? local.results_bucket : var.aliases.bucket
  alias_prefix       = try(var.aliases.prefix, null) == null ? (local.alias_bucket == local.results_bucket ? "_alias/" : "") : var.aliases.prefix
  alias_settings = var.aliases == null ? {} : { for name, value in {
    PIXELFLEET_ALIAS        = var.aliases.template
    PIXELFLEET_ALIAS_BUCKET = local.alias_bucket
    PIXELFLEET_ALIAS_PREFIX = local.alias_prefix
  } : name => value if value != "" }
  lazy_settings = { for name, value in {
    PIXELFLEET_LAZY_RENDERS          = var.lazy_variants.renders
    PIXELFLEET_LAZY_RENDERS_PER_HOUR = var.lazy_variants.renders_per_hour
  } : name => tostring(value) if value != null }
  uploads_arn = "arn:${data.aws_partition.current.partition}:s3:::${local.uploads_bucket}"

  vpc_id = try(module.network[0].vpc_id, var.existing_network.vpc_id)
  network = {
    private_subnet_ids = try(module.network[0].task_subnet_ids, module.existing_network[0].private_subnet_ids)
    security_group_ids = module.firewall.ids
  }

  certificate_arn     = try(module.certificates[0].regional_arn, var.certificate_arn)
  cdn_certificate_arn = try(module.certificates[0].edge_arn, coalesce(var.cdn_certificate_arn, var.certificate_arn))

  # Lambda developer guide, "Creating and configuring an Amazon SQS event source mapping": at least six times the
  # function's time-out and the batch's window.
  queues = {
    uploads = { visibility = 6 * var.producer.timeout + var.producer.batch_window, max_receives = 5, senders = concat([local.uploads_arn], local.source_bucket_arns), rules = aws_cloudwatch_event_rule.sources[*].arn }
    bulk    = { visibility = var.bulk.visibility, max_receives = var.lane_max_receives, senders = [], rules = [] }
    heavy   = { visibility = var.heavy.visibility, max_receives = var.lane_max_receives, senders = [], rules = [] }
  }

  # The settings for pixelfleet/settings.py, with every name, URL and ARN in full.
  environment = merge(var.settings, local.alias_settings, local.lazy_settings, {
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
    PIXELFLEET_PUBLIC_RESULTS    = tostring(var.public_results)
    PIXELFLEET_STABLE_MAX_AGE    = tostring(var.stable_ttl_seconds)
    # CloudFront's API has no endpoint in a VPC. Without NAT, a worker cannot reach the API, and must not fail because of
    # that.
    PIXELFLEET_CDN_DISTRIBUTION_ID = var.nat == "none" ? "" : module.cdn.distribution_id
  })
}

module "network" {
  source = "../network"
  count  = var.existing_network == null ? 1 : 0

  prefix              = var.prefix
  cidr                = var.vpc_cidr
  zones               = var.zones
  nat                 = var.nat
  interface_endpoints = var.interface_endpoints
  excluded_zone_ids   = local.zones_without_vpc_origins
}

module "existing_network" {
  source = "../existing_network"
  count  = var.existing_network == null ? 0 : 1

  vpc_id             = var.existing_network.vpc_id
  private_subnet_ids = var.existing_network.private_subnet_ids
  # Of the zones only the load balancer's count, and that one may be the team's.
  excluded_zone_ids = var.existing_balancer == null ? local.zones_without_vpc_origins : []
}

module "firewall" {
  source = "../firewall"

  prefix                  = var.prefix
  vpc_id                  = local.vpc_id
  existing_balancer       = var.existing_balancer
  gateway_prefix_list_ids = { for service in(var.existing_network == null ? ["s3", "dynamodb"] : []) : service => module.network[0].gateway_prefix_list_ids[service] }
  # Without NAT, tasks reach only the addresses of the interface endpoints.
  api_cidr       = var.existing_network == null && var.nat == "none" ? var.vpc_cidr : "0.0.0.0/0"
  dashboard_port = local.dashboard_port
}

module "queue" {
  source   = "../queue"
  for_each = local.queues

  name               = "${var.prefix}-${each.key}"
  visibility         = each.value.visibility
  max_receives       = each.value.max_receives
  sender_bucket_arns = each.value.senders
  sender_rule_arns   = each.value.rules
}

module "storage" {
  source = "../storage"

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
  source = "../catalog"

  prefix              = var.prefix
  deletion_protection = var.deletion_protection
  kms_key_arn         = var.kms_key_arn
}

module "topics" {
  source = "../topics"

  prefix        = var.prefix
  email         = var.email_subscription
  subscriptions = var.notice_subscriptions
  kms_key_arn   = var.kms_key_arn
}

module "producer" {
  source = "../producer"

  name                = "${var.prefix}-producer"
  package             = coalesce(var.producer.package, "${path.module}/../../../build/producer-${var.producer.architecture}-python${var.producer.python}.zip")
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
  roles               = local.roles
}

module "registry" {
  source = "../registry"

  name         = var.prefix
  force_delete = var.force_destroy_bucket
  kms_key_arn  = var.kms_key_arn
}

module "ecs" {
  source = "../../../ecs"

  prefix             = var.prefix
  image              = "${module.registry.url}@${var.image_digest}"
  repository_arn     = module.registry.arn
  architecture       = var.architecture
  lanes              = local.lanes
  reconcile          = var.reconcile
  network            = local.network
  environment        = local.environment
  queues             = module.queue
  buckets            = module.storage.buckets
  tables             = module.catalog.tables
  topics             = { notices = module.topics.notices_arn }
  distribution_arn   = module.cdn.distribution_arn
  log_retention_days = var.log_retention_days
  kms_key_arn        = var.kms_key_arn
  existing_cluster   = var.existing_cluster_name
  source_bucket_arns = local.source_bucket_arns
  aliases = {
    bucket_arn = "arn:${data.aws_partition.current.partition}:s3:::${local.alias_bucket}"
    prefix     = local.alias_prefix
  }
  ecs_exec = var.ecs_exec
  roles    = local.roles

  dashboard = merge(var.dashboard, {
    port             = local.dashboard_port
    health_path      = local.health_path
    target_group_arn = module.balancer.target_group_arn
    secret_arn       = var.dashboard_secret_arn
    signing_key_id   = module.cdn.signing_key_id
  })
}

module "balancer" {
  source = "../balancer"

  prefix              = var.prefix
  vpc_id              = local.vpc_id
  subnet_ids          = try(module.network[0].private_subnet_ids, module.existing_network[0].private_subnet_ids)
  security_group_id   = module.firewall.ids.balancer
  dashboard_port      = local.dashboard_port
  health_path         = local.health_path
  domain_name         = var.domain_name
  certificate_arn     = local.certificate_arn
  deletion_protection = var.deletion_protection
  existing            = var.existing_balancer
  log_bucket          = try(module.logs[0].bucket, null)
}

module "certificates" {
  source = "../certificates"
  count  = var.route53_zone_id == null ? 0 : 1

  domain_name = var.domain_name
  zone_id     = var.route53_zone_id
  regional    = data.aws_region.current.id != "us-east-1" && var.existing_balancer == null

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }
}

# The domain's addresses: IPv4 and IPv6 of CloudFront.
resource "aws_route53_record" "domain" {
  for_each = toset(var.route53_zone_id == null ? [] : ["A", "AAAA"])

  zone_id = var.route53_zone_id
  name    = var.domain_name
  type    = each.key

  alias {
    name                   = module.cdn.domain_name
    zone_id                = module.cdn.hosted_zone_id
    evaluate_target_health = false
  }
}

module "logs" {
  source = "../logs"
  count  = var.access_logs_days == null ? 0 : 1

  prefix           = var.prefix
  bucket_name      = "${var.prefix}-logs-${local.bucket_suffix}"
  days             = var.access_logs_days
  force_destroy    = var.force_destroy_bucket
  vpc_id           = local.vpc_id
  flow_logs        = var.existing_network == null
  distribution_arn = module.cdn.distribution_arn
  logged_buckets   = { for part, bucket in module.storage.buckets : part => bucket.name }

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }
}

module "waf" {
  source = "../waf"
  count  = var.waf ? 1 : 0

  name       = var.prefix
  rate_limit = var.waf_rate_limit

  providers = {
    aws = aws.us_east_1
  }
}

module "cdn" {
  source = "../cdn"

  prefix                = var.prefix
  domain_name           = var.domain_name
  certificate_arn       = local.cdn_certificate_arn
  results_bucket_domain = module.storage.buckets.results.domain
  balancer_dns_name     = module.balancer.dns_name
  public_results        = var.public_results
  vpc_origin_id         = module.balancer.vpc_origin_id
  signing_public_keys   = var.signing_public_keys
  signing_key           = var.signing_key
  edge_ttl_seconds      = var.edge_ttl_seconds
  stable_ttl_seconds    = var.stable_ttl_seconds
  price_class           = var.price_class
  web_acl_arn           = one(module.waf[*].web_acl_arn)
}

module "observability" {
  source = "../observability"

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
  schedule_group         = module.ecs.schedule_group
  balancer               = module.balancer.arn_suffixes
  balancer_errors        = var.balancer_errors
  monthly_budget_usd     = var.monthly_budget_usd
  hot_tables             = { for what in ["images", "batches"] : what => module.catalog.tables[what] }

  # A heavy job may take up to eleven hours.
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

module "delivery" {
  source = "../delivery"
  count  = var.github == null ? 0 : 1

  prefix               = var.prefix
  github               = var.github
  repository_arn       = module.registry.arn
  service_arns         = module.ecs.service_arns
  cluster_arn          = "arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.id}:${local.account_id}:cluster/${module.ecs.cluster_name}"
  looks_up             = { cluster = var.existing_cluster_name != null, balancer = var.existing_balancer != null, network = var.existing_network != null }
  task_arn_pattern     = "arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.id}:${local.account_id}:task/${module.ecs.cluster_name}/*"
  families             = [for part in ["bulk", "heavy", "dashboard", "reconcile"] : "arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.id}:${local.account_id}:task-definition/${var.prefix}-${part}:*"]
  passed_role_arns     = module.ecs.role_arns
  function_arn         = module.producer.function_arn
  schedule_arn_pattern = "arn:${data.aws_partition.current.partition}:scheduler:${data.aws_region.current.id}:${local.account_id}:schedule/${module.ecs.schedule_group}/*"
  roles                = local.roles
}
