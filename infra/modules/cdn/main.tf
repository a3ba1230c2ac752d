locals {
  # Policies that AWS manages; their ids are the same in every account (CloudFront developer guide, "Use managed
  # cache policies", "... origin request policies", "... response headers policies").
  caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  all_viewer       = "216adef6-5c7f-47e4-b989-5492eafa07d3"
  host_header_only = "bf0718e1-ba1e-49d1-88b1-f726733018ae"
  security_headers = "67f7725c-6f97-4210-82d7-5512b31e9d03"
}

resource "aws_cloudfront_origin_access_control" "results" {
  name                              = "${var.prefix}-results"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# Results are private unless public_results is true. The owner of a key signs the URLs and cookies of results.
#
# CloudFront refuses to change a key, and to delete a key that a group names. So a changed key is a new key with another
# name: Terraform makes the new key, then changes the group, then deletes the old key. PEM texts are normalised, because
# CloudFront returns them with a line break at the end. Another form would be a change in every plan.
resource "aws_cloudfront_public_key" "signer" {
  for_each = var.public_results ? {} : var.signing_public_keys

  name_prefix = "${var.prefix}-${each.key}-"
  encoded_key = "${trimspace(replace(each.value, "\r\n", "\n"))}\n"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudfront_key_group" "signers" {
  count = var.public_results ? 0 : 1

  name  = "${var.prefix}-signers"
  items = [for key in aws_cloudfront_public_key.signer : key.id]
}

# Edge caches keep a result for a bounded time, whatever its Cache-Control says to browsers. So a removed image leaves the
# edge caches too.
resource "aws_cloudfront_cache_policy" "results" {
  name        = "${var.prefix}-results"
  comment     = "By path alone, for ${var.edge_ttl_seconds} s at most"
  min_ttl     = 1
  default_ttl = var.edge_ttl_seconds
  max_ttl     = var.edge_ttl_seconds

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_gzip   = true
    enable_accept_encoding_brotli = true

    cookies_config {
      cookie_behavior = "none"
    }

    headers_config {
      header_behavior = "none"
    }

    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

# /i/<owner>/<image_id>/... is <owner>/<image_id>/... in the bucket. CloudFront keeps answers under the second address, so
# an invalidation names both (pixelfleet/aws/cdn.py).
resource "aws_cloudfront_function" "strip_prefix" {
  name    = "${var.prefix}-strip-prefix"
  runtime = "cloudfront-js-2.0"
  publish = true
  code    = file("${path.module}/strip_prefix.js")
}

# /v/<image>/<variant> leads to the present revision: the dashboard says which, and checks the rights. All that an answer
# depends on is in the key, the caller's credentials too: what one caller may see is never another's. CloudFront's own
# signed cookies cannot do this, because a policy has one resource, and an address by id does not name its owner.
#
# Where results are private, all three times are equal: edges keep an answer with `Cache-Control: private` for the least
# time alone (CloudFront developer guide, "Managing how long content stays in the cache"), and a 202, for a lazy variant in
# the making, as long. Where results are public, the least time is 0: answers say how long they may be kept, and the
# `no-store` of a 202 keeps it out of the edges.
resource "aws_cloudfront_cache_policy" "stable" {
  name        = "${var.prefix}-stable"
  comment     = "By path, format and credentials, for ${var.stable_ttl_seconds} s"
  min_ttl     = var.public_results ? 0 : var.stable_ttl_seconds
  default_ttl = var.stable_ttl_seconds
  max_ttl     = var.stable_ttl_seconds

  parameters_in_cache_key_and_forwarded_to_origin {
    # Pictures are compressed already.
    enable_accept_encoding_gzip   = false
    enable_accept_encoding_brotli = false

    # The dashboard's session (dashboard/auth/sessions.py).
    cookies_config {
      cookie_behavior = var.public_results ? "none" : "whitelist"

      dynamic "cookies" {
        for_each = var.public_results ? [] : [["__Host-pixelfleet"]]

        content {
          items = cookies.value
        }
      }
    }

    headers_config {
      header_behavior = "whitelist"

      headers {
        items = var.public_results ? ["Accept"] : ["Accept", "Authorization"]
      }
    }

    # The dashboard's signed links (dashboard/auth/stable_links.py).
    query_strings_config {
      query_string_behavior = var.public_results ? "none" : "whitelist"

      dynamic "query_strings" {
        for_each = var.public_results ? [] : [["signed"]]

        content {
          items = query_strings.value
        }
      }
    }
  }
}

resource "aws_cloudfront_function" "fold_accept" {
  name    = "${var.prefix}-fold-accept"
  runtime = "cloudfront-js-2.0"
  publish = true
  code    = file("${path.module}/fold_accept.js")
}

# A result is never a page. An SVG that a person opens on the dashboard's origin runs no script.
resource "aws_cloudfront_response_headers_policy" "results" {
  name = "${var.prefix}-results"

  security_headers_config {
    content_security_policy {
      content_security_policy = "default-src 'none'; sandbox"
      override                = true
    }

    content_type_options {
      override = true
    }

    frame_options {
      frame_option = "DENY"
      override     = true
    }

    referrer_policy {
      referrer_policy = "same-origin"
      override        = true
    }

    strict_transport_security {
      access_control_max_age_sec = 63072000
      include_subdomains         = true
      override                   = true
    }
  }
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

    # The viewer's Host is forwarded, so CloudFront checks that the load balancer's certificate is that of domain_name.
    vpc_origin_config {
      vpc_origin_id            = var.vpc_origin_id
      origin_read_timeout      = 60
      origin_keepalive_timeout = 5
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
    cache_policy_id            = aws_cloudfront_cache_policy.results.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.results.id
    trusted_key_groups         = aws_cloudfront_key_group.signers[*].id
    compress                   = true

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.strip_prefix.arn
    }
  }

  ordered_cache_behavior {
    path_pattern               = "/v/*"
    target_origin_id           = "dashboard"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = aws_cloudfront_cache_policy.stable.id
    origin_request_policy_id   = local.host_header_only
    response_headers_policy_id = aws_cloudfront_response_headers_policy.results.id
    compress                   = false

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.fold_accept.arn
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
