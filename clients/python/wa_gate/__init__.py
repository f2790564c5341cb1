"""Client of a wa-gate gateway. It needs nothing but the standard library."""
from .client import WaGate
from .errors import WaGateError, WebhookVerificationError
from .webhook import verify_webhook

__all__ = ["WaGate", "WaGateError", "WebhookVerificationError", "verify_webhook"]
