"""AWS calls that are made for every image, at under half a boto3 client's CPU time (docs/decisions/signed-calls.md).

A client builds each request anew from the service model; here that is done by hand for the few calls that count, and
botocore's own signer, HTTP session and exceptions do the rest. What comes back, and what is raised, is what the
client would return and raise.
"""
