"""One signed S3 question (AWS Signature Version 4), to know that objects can be stored."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

from taxlien.run.stack.probes import connected

EMPTY = hashlib.sha256(b"").hexdigest()
REGION = "us-east-1"
SIGNED = "host;x-amz-content-sha256;x-amz-date"


async def list_buckets(port: int, access_key: str, secret_key: str) -> str:
    """List the buckets; return the server's version. Raises ValueError on any other answer."""
    host, now = f"127.0.0.1:{port}", datetime.now(UTC)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": host, "x-amz-content-sha256": EMPTY, "x-amz-date": stamp}
    canonical = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = "\n".join(("GET", "/", "", canonical, SIGNED, EMPTY))
    scope = f"{stamp[:8]}/{REGION}/s3/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, _digest(request)))
    key = f"AWS4{secret_key}".encode()
    for step in (stamp[:8], REGION, "s3", "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={SIGNED}, "
        f"Signature={hmac.digest(key, text.encode(), 'sha256').hex()}"
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    async with connected(port) as (reader, writer):
        writer.write(f"GET / HTTP/1.1\r\n{lines}connection: close\r\n\r\n".encode())
        head, _, body = (await reader.read()).decode(errors="replace").partition("\r\n\r\n")
    status, _, rest = head.partition("\r\n")
    if " 200" not in status or "ListAllMyBucketsResult" not in body:
        raise ValueError(f"{status}: {body[:200]}")
    answered = dict(line.lower().partition(": ")[::2] for line in rest.splitlines())
    return answered.get("server", "").removeprefix("seaweedfs ").split(" ")[-1]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
