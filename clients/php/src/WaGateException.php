<?php

declare(strict_types=1);

namespace WaGate;

/**
 * A failure of a call. Decide by `$errorCode`; the sentence is for people.
 *
 * Codes are those of the API (`GET /api/errors`), and `CONNECTION_FAILED`, `UNEXPECTED_ANSWER`, `TIMEOUT` and
 * `MESSAGE_FAILED` for failures that no gateway has told about.
 */
final class WaGateException extends \RuntimeException
{
    /**
     * @param int|null $status the HTTP status; null when there was no answer
     * @param bool $isRetryable whether the same request may succeed later, unchanged
     * @param float|null $retryAfter seconds to wait before the next attempt, where the gateway has said so
     * @param string|null $requestId what the logs of the gateway have this request under
     * @param array<string, mixed> $details
     */
    public function __construct(
        string $message,
        public readonly string $errorCode,
        public readonly ?int $status = null,
        public readonly bool $isRetryable = false,
        public readonly ?float $retryAfter = null,
        public readonly ?string $requestId = null,
        public readonly array $details = [],
        ?\Throwable $previous = null,
    ) {
        parent::__construct($message, $status ?? 0, $previous);
    }
}
