mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  prefix                = "p"
  domain_name           = "images.example.com"
  certificate_arn       = "arn:aws:acm:us-east-1:123456789012:certificate/0"
  results_bucket_domain = "r.s3.us-east-1.amazonaws.com"
  balancer_dns_name     = "lb.example.com"
  public_results        = false
  vpc_origin_id         = "vo_1"
  signing_public_keys   = { first = "-----BEGIN PUBLIC KEY-----\r\nMII\r\n-----END PUBLIC KEY-----" }
  signing_key           = null
  edge_ttl_seconds      = 86400
  stable_ttl_seconds    = 60
  price_class           = "PriceClass_100"
  web_acl_arn           = null
}

run "results_are_signed_and_everything_is_https" {
  module {
    source = "./modules/cdn"
  }

  assert {
    condition     = aws_cloudfront_distribution.this.ordered_cache_behavior[0].path_pattern == "/i/*" && length(aws_cloudfront_distribution.this.ordered_cache_behavior[0].trusted_key_groups) == 1
    error_message = "Results need a signature."
  }

  assert {
    condition = alltrue([
      for behaviour in concat(aws_cloudfront_distribution.this.default_cache_behavior, aws_cloudfront_distribution.this.ordered_cache_behavior) :
      behaviour.viewer_protocol_policy == "redirect-to-https"
    ])
    error_message = "No plain HTTP."
  }

  assert {
    condition     = one([for origin in aws_cloudfront_distribution.this.origin : one(origin.vpc_origin_config).vpc_origin_id if origin.origin_id == "dashboard"]) == "vo_1"
    error_message = "The load balancer is reached through the VPC origin alone."
  }

  assert {
    condition     = aws_cloudfront_public_key.signer["first"].encoded_key == "-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----\n"
    error_message = "A PEM text has the form that CloudFront returns."
  }

  assert {
    condition     = aws_cloudfront_cache_policy.results.max_ttl == 86400
    error_message = "Edges forget a removed image after a day."
  }

  assert {
    condition     = aws_cloudfront_origin_access_control.results.signing_behavior == "always"
    error_message = "CloudFront signs its reads; the bucket answers nobody else."
  }

  assert {
    condition = alltrue([
      for policy in aws_cloudfront_response_headers_policy.results.security_headers_config :
      policy.content_security_policy[0].content_security_policy == "default-src 'none'; sandbox" && policy.content_security_policy[0].override && policy.content_type_options[0].override
    ])
    error_message = "An SVG among the results runs no script on the dashboard's origin."
  }
}

run "stable_addresses_are_the_dashboards" {
  module {
    source = "./modules/cdn"
  }

  assert {
    condition     = one([for one in aws_cloudfront_distribution.this.ordered_cache_behavior : one.target_origin_id if one.path_pattern == "/v/*"]) == "dashboard"
    error_message = "The dashboard says which revision an address leads to."
  }

  assert {
    condition     = aws_cloudfront_cache_policy.stable.min_ttl == 60 && aws_cloudfront_cache_policy.stable.max_ttl == 60
    error_message = "Edges keep private answers too, for the time of the variable."
  }

  assert {
    condition = alltrue([
      for key in aws_cloudfront_cache_policy.stable.parameters_in_cache_key_and_forwarded_to_origin :
      toset(key.headers_config[0].headers[0].items) == toset(["Accept", "Authorization"]) && toset(key.cookies_config[0].cookies[0].items) == toset(["__Host-pixelfleet"]) && toset(key.query_strings_config[0].query_strings[0].items) == toset(["signed"])
    ])
    error_message = "What one caller may see is not kept for another."
  }
}

run "public_by_variable" {
  variables {
    public_results      = true
    signing_public_keys = {}
  }

  module {
    source = "./modules/cdn"
  }

  assert {
    condition     = length(aws_cloudfront_distribution.this.ordered_cache_behavior[0].trusted_key_groups) == 0
    error_message = "Public results need no signature."
  }

  assert {
    condition = alltrue([
      for key in aws_cloudfront_cache_policy.stable.parameters_in_cache_key_and_forwarded_to_origin :
      key.cookies_config[0].cookie_behavior == "none" && key.query_strings_config[0].query_string_behavior == "none" && toset(key.headers_config[0].headers[0].items) == toset(["Accept"])
    ])
    error_message = "All callers share the copies of what is public."
  }

  assert {
    condition     = aws_cloudfront_cache_policy.stable.min_ttl == 0 && aws_cloudfront_cache_policy.stable.max_ttl == 60
    error_message = "Edges keep public answers as long as these say, and a 202 with no-store not at all."
  }
}
