"""Verification of webhooks after Standard Webhooks (https://www.standardwebhooks.com)."""
from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Any, Dict, Mapping, Optional, Sequence, Union

from .errors import WebhookVerificationError


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str],
    secret: Union[str, Sequence[str]],
    *,
    tolerance_seconds: float = 300,
    now: Optional[float] = None,
) -> Dict[str, Any]:
    """Verifies a delivery and gives its event.

    :param body: as it came, not parsed: parsed and written again it may be another one.
    :param secret: of the webhook; while it is being changed, the new one and the old one.
    :param now: seconds since 1970, for tests.
    :raises WebhookVerificationError: when it does not come from the gateway, or was recorded earlier.
    """
    found = {name.lower(): value for name, value in headers.items()}
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        if not found.get(name):
            raise WebhookVerificationError(f"The delivery has no header {name}.")
    sent_at = found["webhook-timestamp"]
    age = abs((time.time() if now is None else now) - float(sent_at)) if sent_at.isdigit() else float("inf")
    if age > tolerance_seconds:
        raise WebhookVerificationError(
            f"The delivery is of {sent_at}, more than {tolerance_seconds:g} s away from this clock: recorded, or a clock is wrong."
        )
    signed = f"{found['webhook-id']}.{sent_at}.".encode() + body
    for one in [secret] if isinstance(secret, str) else secret:
        expected = b"v1," + base64.b64encode(hmac.new(_key_of(one), signed, hashlib.sha256).digest())
        for given in found["webhook-signature"].split(" "):
            if hmac.compare_digest(given.encode(), expected):
                return json.loads(body)
    raise WebhookVerificationError(
        "No signature fits: another secret, a body that was changed on its way (give it as it came), or not from the gateway."
    )


def _key_of(secret: str) -> bytes:
    """The key behind a secret: the bytes after ``whsec_``; another secret as it is."""
    if not secret.startswith("whsec_"):
        key = secret.encode()
    else:
        try:
            key = base64.b64decode(secret[6:], validate=True)
        except binascii.Error:
            key = b""
    if not key:
        raise ValueError("The secret of the webhook is empty, or not what was shown.")
    return key
