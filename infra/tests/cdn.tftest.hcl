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
  signing_public_key    = "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----"
  price_class           = "PriceClass_100"
  web_acl_arn           = null
}

run "results_are_signed_and_everything_is_https" {
  module {
    source = "./modules/cdn"
  }

  assert {
    condition     = aws_cloudfront_distribution.this.ordered_cache_behavior[0].path_pattern == "/i/*" && length(aws_cloudfront_distribution.this.ordered_cache_behavior[0].trusted_key_groups) == 1
    error_message = "Results want a signature."
  }

  assert {
    condition = alltrue([
      for behaviour in concat(aws_cloudfront_distribution.this.default_cache_behavior, aws_cloudfront_distribution.this.ordered_cache_behavior) :
      behaviour.viewer_protocol_policy == "redirect-to-https"
    ])
    error_message = "No plain HTTP."
  }

  assert {
    condition     = alltrue([for origin in aws_cloudfront_distribution.this.origin : alltrue([for custom in origin.custom_origin_config : custom.origin_protocol_policy == "https-only"])])
    error_message = "Session cookies do not cross the internet in the clear on the way to the load balancer."
  }

  assert {
    condition     = aws_cloudfront_origin_access_control.results.signing_behavior == "always"
    error_message = "CloudFront signs its reads; the bucket answers nobody else."
  }
}

run "public_by_variable" {
  variables {
    public_results     = true
    signing_public_key = null
  }

  module {
    source = "./modules/cdn"
  }

  assert {
    condition     = length(aws_cloudfront_distribution.this.ordered_cache_behavior[0].trusted_key_groups) == 0
    error_message = "Public results want no signature."
  }
}
