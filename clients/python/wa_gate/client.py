"""The client, and what is built on the operations of the API."""
from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, Optional, Sequence, Tuple, TypeVar, Union

from ._operations import Api
from ._transport import Credential, Transport
from .errors import WaGateError

if TYPE_CHECKING:
    from . import types as t

_PROGRESS = ("queued", "sending", "sent", "delivered", "read", "played")
_LOOK_SECONDS = 20
T = TypeVar("T")


class WaGate(Api):
    """A client of a gateway: ``wa.sessions.create(...)`` and so on for every operation.

    :param url: where the gateway is, also below a path.
    :param api_key: a key, or what gives the present one.
    :param token: a token of a login, or what gives the present one.
    :param retries: how often a call is repeated that may be repeated.
    :param timeout: of one attempt, in seconds.
    :param max_pause: a longer ``Retry-After`` is not waited for: the error is raised. In seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: Optional[Credential] = None,
        token: Optional[Credential] = None,
        retries: int = 2,
        timeout: float = 60,
        max_pause: float = 30,
    ) -> None:
        self._transport = Transport(
            url, api_key=api_key, token=token, retries=retries, timeout=timeout, max_pause=max_pause
        )
        super().__init__(self._transport)

    def send_text(self, session_id: str, to: str, message: str, **fields: Any) -> t.SendResult:
        """Sends a text. ``wait``, ``timeout_ms`` and ``idempotency_key`` are of the call, all else is of the message."""
        options = {name: fields.pop(name) for name in ("wait", "timeout_ms", "idempotency_key") if name in fields}
        body: Any = {"to": to, "type": "text", "message": message, **fields}
        return self.messages.send(session_id, body, **options)

    def upload(self, data: bytes, file_name: str, *, session_id: Optional[str] = None) -> Dict[str, Any]:
        """Uploads a file, for ``media={"mediaId": …}`` of messages."""
        boundary = secrets.token_hex(16)
        fields = {"fileName": file_name, **({"sessionId": session_id} if session_id else {})}
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        quoted = file_name.replace("\\", "_").replace('"', "%22").replace("\r", "_").replace("\n", "_")
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n'
        parts += [f"{head}Content-Type: application/octet-stream\r\n\r\n".encode(), data, f"\r\n--{boundary}--\r\n".encode()]
        # The same bytes are stored once, so it may be repeated.
        with self._transport.call(
            "POST",
            "/api/media",
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
            body=b"".join(parts),
            is_repeatable=True,
        ) as response:
            return json.load(response)["data"]

    def stream(
        self,
        *,
        events: Optional[Sequence[str]] = None,
        session_id: Optional[str] = None,
        chat: Optional[str] = None,
        after: str = "now",
        on_cursor: Optional[Callable[[str], None]] = None,
    ) -> Iterator[Dict[str, Any]]:
        """Events as they come, each once, without an end. A call waits for them; a broken one is made again.

        :param after: a cursor of ``on_cursor``, ``begin`` or ``now``.
        :param on_cursor: told where the log goes on, after the events before it were taken.
        """
        names = ",".join(events) if events else None
        failures = 0
        while True:
            begin = time.monotonic()
            try:
                page = self.events.list(after=after, wait=_LOOK_SECONDS, session_id=session_id, events=names, chat=chat)
            except WaGateError as error:
                if not error.is_retryable:
                    raise
                failures += 1
                time.sleep(max(error.retry_after or 0.0, min(8.0, 0.5 * 2**failures)))
                continue
            failures = 0
            yield from page["events"]
            after = page["cursor"]
            if on_cursor:
                on_cursor(after)
            # A gateway that is restarting answers a wait at once.
            if not page["events"] and time.monotonic() - begin < 1:
                time.sleep(0.5)

    def wait_for_session(
        self, session_id: str, status: Union[str, Sequence[str]], *, timeout: float = 60
    ) -> t.SessionStatus:
        """Waits until a session has one of these statuses; at once when it has it already."""
        wanted = (status,) if isinstance(status, str) else tuple(status)

        def look() -> Tuple[Optional[Any], str]:
            now = self.sessions.status(session_id)
            return (now if now["status"] in wanted else None), now["state"]

        names = ("session.status", "connection.open", "connection.close", "session.loggedout")
        return self._wait_until(session_id, names, look, f"session {session_id} to be {' or '.join(wanted)}", timeout)

    def wait_for_message(self, message_id: str, progress: str, *, timeout: float = 60) -> t.Message:
        """Waits until a message that was sent has come as far as this: ``sent``, ``delivered``, ``read``, ``played``."""
        goal = _PROGRESS.index(progress)

        def look() -> Tuple[Optional[Any], str]:
            message = self.messages.get(message_id)
            if message["status"] == "failed":
                raise WaGateError(f"Message {message_id} has failed.", code="MESSAGE_FAILED", details={"message": message})
            state = message["state"]
            return (message if state in _PROGRESS and _PROGRESS.index(state) >= goal else None), state

        names = ("message.sent", "message.delivered", "message.read", "message.played", "message.failed")
        session_id = self.messages.get(message_id)["sessionId"]
        return self._wait_until(session_id, names, look, f"message {message_id} to be {progress}", timeout)

    def _wait_until(
        self,
        session_id: str,
        names: Sequence[str],
        look: Callable[[], Tuple[Optional[T], str]],
        what: str,
        timeout: float,
    ) -> T:
        """Looks, waits for an event that may have changed what it saw, and looks again."""
        end = time.monotonic() + timeout
        events = ",".join(names)
        # Before the first look, so that no change falls between.
        cursor = self.events.list_of_session(session_id, after="now", events=events)["cursor"]
        while True:
            found, seen = look()
            if found is not None:
                return found
            left = end - time.monotonic()
            if left <= 0:
                raise WaGateError(f"Waited {timeout:g} s for {what}; it is {seen}.", code="TIMEOUT")
            begin = time.monotonic()
            wait = max(1, min(_LOOK_SECONDS, int(left)))
            page = self.events.list_of_session(session_id, after=cursor, events=events, wait=wait)
            cursor = page["cursor"]
            if not page["events"] and time.monotonic() - begin < 0.9:
                time.sleep(min(0.5, max(0.0, left)))
