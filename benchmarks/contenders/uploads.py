"""boto3's ways to put a folder into a bucket: `python uploads.py (put_object|upload_file|crt) FOLDER BUCKET PREFIX`.

Run by the interpreter that has the library: it imports nothing of ours.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig, create_transfer_manager
from botocore.config import Config

THREADS = 8


def main() -> None:
    mode, folder, bucket, prefix = sys.argv[1:]
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    client: Any = boto3.client("s3", config=Config(signature_version="s3v4", max_pool_connections=2 * THREADS))

    def put_object(path: Path) -> None:
        with path.open("rb") as body:
            client.put_object(Bucket=bucket, Key=prefix + path.name, Body=body)

    if mode == "put_object":
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(put_object, files))
        return
    config = TransferConfig(max_concurrency=THREADS, preferred_transfer_client="crt" if mode == "crt" else "classic")
    with create_transfer_manager(client, config) as manager:
        for future in [manager.upload(str(path), bucket, prefix + path.name) for path in files]:
            future.result()


if __name__ == "__main__":
    main()
