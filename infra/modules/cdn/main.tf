locals {
  # Policies that AWS manages; their ids are the same in every account (CloudFront developer guide, "Use managed
  # cache policies", "... origin request policies", "... response headers policies").
  caching_disabled  = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  caching_optimized = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  all_viewer        = "216adef6-5c7f-47e4-b989-5492eafa07d3"
  security_headers  = "67f7725c-6f97-4210-82d7-5512b31e9d03"
}

resource "aws_cloudfront_origin_access_control" "results" {
  name                              = "${var.prefix}-results"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# Results are private unless public_results says otherwise: their URLs and cookies are signed by this key's owner.
resource "aws_cloudfront_public_key" "signer" {
  count = var.public_results ? 0 : 1

  name        = "${var.prefix}-signer"
  encoded_key = var.signing_public_key
}

resource "aws_cloudfront_key_group" "signers" {
  count = var.public_results ? 0 : 1

  name  = "${var.prefix}-signers"
  items = [aws_cloudfront_public_key.signer[0].id]
}

# /i/<owner>/<image_id>/... is <owner>/<image_id>/... in the bucket.
resource "aws_cloudfront_function" "strip_prefix" {
  name    = "${var.prefix}-strip-prefix"
  runtime = "cloudfront-js-2.0"
  publish = true
  code    = file("${path.module}/strip_prefix.js")
}

resource "aws_cloudfront_distribution" "this" {
  comment         = var.prefix
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = var.price_class
  aliases         = [var.domain_name]
  web_acl_id      = var.web_acl_arn

  origin {
    origin_id                = "results"
    domain_name              = var.results_bucket_domain
    origin_access_control_id = aws_cloudfront_origin_access_control.results.id
  }

  origin {
    origin_id   = "dashboard"
    domain_name = var.balancer_dns_name

    # The viewer's Host goes along, so the load balancer's certificate is that of domain_name, and CloudFront checks it.
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
      origin_read_timeout    = 60
    }
  }

  default_cache_behavior {
    target_origin_id           = "dashboard"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = local.caching_disabled
    origin_request_policy_id   = local.all_viewer
    response_headers_policy_id = local.security_headers
    compress                   = true
  }

  ordered_cache_behavior {
    path_pattern               = "/i/*"
    target_origin_id           = "results"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = local.caching_optimized
    response_headers_policy_id = local.security_headers
    trusted_key_groups         = aws_cloudfront_key_group.signers[*].id
    compress                   = true

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.strip_prefix.arn
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
}
