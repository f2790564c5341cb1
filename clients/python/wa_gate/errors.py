"""Failures, as exceptions."""
from __future__ import annotations

from typing import Any, Dict, Optional


class WaGateError(Exception):
    """A failure of a call. Decide by ``code``; the sentence is for people.

    Codes are those of the API (``GET /api/errors``), and ``CONNECTION_FAILED``, ``TIMEOUT``, ``UNEXPECTED_ANSWER`` and
    ``MESSAGE_FAILED`` for failures that no gateway has told about.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: Optional[int] = None,
        is_retryable: bool = False,
        retry_after: Optional[float] = None,
        request_id: Optional[str] = None,
        details: Optional[Dict[str, Any]] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        #: The HTTP status; ``None`` when there was no answer.
        self.status = status
        #: Whether the same request may succeed later, unchanged.
        self.is_retryable = is_retryable
        #: Seconds to wait before the next attempt, where the gateway has said so.
        self.retry_after = retry_after
        #: What the logs of the gateway have this request under.
        self.request_id = request_id
        self.details = details or {}


class WebhookVerificationError(Exception):
    """A delivery that is not to be trusted. Answer it with 400 or 401."""
