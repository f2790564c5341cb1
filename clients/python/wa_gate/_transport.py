"""Calls a gateway: credentials, time limits, repeats."""
from __future__ import annotations

import email.utils
import http.client
import json
import random
import re
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Union

from .errors import WaGateError

#: An answer that is read by the caller: a file, or an export. ``read()`` gives its bytes.
Response = http.client.HTTPResponse
Credential = Union[str, Callable[[], str]]

#: What is done twice is as if done once.
_REPEATABLE = {"GET", "HEAD", "PUT", "DELETE"}
#: Codes of refusals with 503 before anything was done.
_REFUSED_AT_ONCE = {"SESSION_MOVING", "NO_WORKER"}
_AGAIN_LATER = {None, 429, 500, 502, 503, 504}


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would turn a POST into a GET, and show the key to another host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Transport:
    def __init__(
        self,
        url: str,
        *,
        api_key: Optional[Credential],
        token: Optional[Credential],
        retries: int,
        timeout: float,
        max_pause: float,
    ) -> None:
        if api_key is not None and token is not None:
            raise ValueError("Give WaGate an `api_key` or a `token`, not both.")
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"`url` must be the address of a gateway, such as https://gateway.example.com; it is {url}.")
        path = re.sub(r"/api(/v1)?$", "", parts.path.rstrip("/"))
        self.url = f"{parts.scheme}://{parts.netloc}{path}"
        self._credential = api_key if api_key is not None else token
        self._retries = retries
        self._timeout = timeout
        self._max_pause = max_pause
        self._opener = urllib.request.build_opener(_NoRedirects)

    def call(
        self,
        method: str,
        path: str,
        *,
        headers: Optional[Mapping[str, str]] = None,
        body: Optional[bytes] = None,
        is_repeatable: bool,
        timeout: Optional[float] = None,
    ) -> Response:
        """Resolves with an answer that is 2xx. Repeats what may be repeated."""
        attempt = 1
        while True:
            try:
                return self._attempt(method, path, headers or {}, body, timeout or self._timeout)
            except WaGateError as error:
                if attempt > self._retries or not may_repeat(error, is_repeatable):
                    raise
                pause = pause_before(attempt, error.retry_after)
                if pause > self._max_pause:
                    raise
            time.sleep(pause)
            attempt += 1

    def _attempt(
        self, method: str, path: str, headers: Mapping[str, str], body: Optional[bytes], timeout: float
    ) -> Response:
        request = urllib.request.Request(self.url + path, data=body, method=method)
        for name, value in {"Accept": "application/json", "User-Agent": "wa-gate-python/0.1.0", **headers}.items():
            request.add_header(name, value)
        credential = self._credential() if callable(self._credential) else self._credential
        if credential is not None:
            request.add_header("Authorization", f"Bearer {credential}")
        try:
            return self._opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as refused:
            with refused:
                raise _error_of(refused) from None
        except (urllib.error.URLError, OSError, http.client.HTTPException) as failure:
            reason = getattr(failure, "reason", failure)
            code = "TIMEOUT" if isinstance(reason, TimeoutError) else "CONNECTION_FAILED"
            raise WaGateError(f"{self.url} could not be reached: {reason}", code=code, is_retryable=True) from failure


def may_repeat(error: WaGateError, is_repeatable: bool) -> bool:
    """Whether a failed call may be made again. A message without an Idempotency-Key would be sent twice."""
    if not error.is_retryable:
        return False
    if error.status == 429 or (error.status == 503 and error.code in _REFUSED_AT_ONCE):
        return True
    return is_repeatable and error.status in _AGAIN_LATER


def pause_before(attempt: int, retry_after: Optional[float]) -> float:
    """Seconds until the next attempt: what Retry-After says, else doubling, with a random part."""
    if retry_after is not None:
        return retry_after * (1 + random.random() / 10)
    return min(8.0, 0.25 * 2 ** (attempt - 1)) * (0.5 + random.random() / 2)


def _retry_after(value: Optional[str]) -> Optional[float]:
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _error_of(refused: urllib.error.HTTPError) -> WaGateError:
    try:
        text = refused.read()
    except (OSError, http.client.HTTPException):
        text = b""
    retry_after = _retry_after(refused.headers.get("Retry-After"))
    try:
        body = json.loads(text)
        return WaGateError(
            body["error"],
            code=body["code"],
            status=refused.code,
            is_retryable=body["retryable"],
            retry_after=body.get("retryAfter", retry_after),
            request_id=body.get("requestId"),
            details=body.get("details"),
        )
    except (ValueError, KeyError, TypeError):
        return WaGateError(
            f"The answer was {refused.code}, and not from a wa-gate gateway. Check the URL, and what is between.",
            code="UNEXPECTED_ANSWER",
            status=refused.code,
            is_retryable=refused.code >= 500,
            retry_after=retry_after,
            request_id=refused.headers.get("X-Request-Id"),
            details={"body": text[:500].decode("utf-8", "replace")},
        )


class Namespace:
    """What the made classes call."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _call(
        self,
        method: str,
        path_template: str,
        *,
        path: Optional[Mapping[str, str]] = None,
        query: Optional[Mapping[str, Any]] = None,
        body: Any = None,
        content_type: str = "application/json",
        takes_key: bool = False,
        idempotency_key: Optional[str] = None,
        answer: str = "data",
    ) -> Any:
        headers: Dict[str, str] = {}
        if answer == "response":
            headers["Accept"] = "*/*"
        if takes_key:
            headers["Idempotency-Key"] = idempotency_key or f"sdk-{secrets.token_hex(16)}"
        payload: Optional[bytes] = None
        if body is not None:
            headers["Content-Type"] = content_type
            payload = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        response = self._transport.call(
            method,
            address_of(path_template, path or {}, query or {}),
            headers=headers,
            body=payload,
            is_repeatable=takes_key or method in _REPEATABLE,
        )
        if answer == "response":
            return response
        with response:
            text = response.read()
        if answer == "nothing":
            return None
        parsed = json.loads(text)
        return parsed if answer == "json" else parsed["data"]

    def _pages(self, items: str, by: str, *given: Any, query: Optional[Mapping[str, Any]] = None, **named: Any) -> Iterator[Any]:
        position: Dict[str, Any] = {}
        while True:
            page = self._call(*given, query={**(query or {}), **position}, **named)
            yield from page[items]
            if by == "after":
                if not page["hasMore"]:
                    return
                position = {"after": page["cursor"]}
            elif by == "cursor":
                if not page["pagination"]["hasMore"]:
                    return
                position = {"cursor": page["pagination"]["nextCursor"]}
            else:
                if page["pagination"]["page"] >= page["pagination"]["totalPages"]:
                    return
                position = {"page": page["pagination"]["page"] + 1}


def address_of(template: str, path: Mapping[str, str], query: Mapping[str, Any]) -> str:
    """Path and query of a call."""
    address = template
    for name, value in path.items():
        # A URL takes dots for steps in its path: the call would be another one.
        if value in ("", ".", "..") or value is None:
            raise ValueError(f"`{name}` is missing, or cannot be {value!r}.")
        address = address.replace("{" + name + "}", urllib.parse.quote(str(value), safe=""))
    given = {name: _text_of(value) for name, value in query.items() if value is not None}
    return f"{address}?{urllib.parse.urlencode(given)}" if given else address


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
