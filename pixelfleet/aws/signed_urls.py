"""CloudFront: signed URLs, which admit any holder until they expire."""

from collections.abc import Callable

from botocore.signers import CloudFrontSigner


def cloudfront_url(url: str, policy: str, key_id: str, sign: Callable[[bytes], bytes]) -> str:
    """The URL signed for a policy (CloudFront developer guide, "Use signed URLs"); `sign` signs with the key."""
    return str(CloudFrontSigner(key_id, sign).generate_presigned_url(url, policy=policy))
