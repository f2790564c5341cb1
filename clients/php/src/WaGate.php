<?php

declare(strict_types=1);

namespace WaGate;

use WaGate\Api\OperationSets;

/** A client of a gateway: `$wa->sessions->create([…])` and so on for every operation, and what is built on them. */
final class WaGate extends OperationSets
{
    private const PROGRESS = ['queued', 'sending', 'sent', 'delivered', 'read', 'played'];
    private const LOOK_SECONDS = 20;

    private readonly Transport $transport;

    /**
     * @param string $url where the gateway is, also below a path
     * @param string|\Closure|null $apiKey a key, or what gives the present one
     * @param string|\Closure|null $token a token of a login, or what gives the present one
     * @param int $retries how often a call is repeated that may be repeated
     * @param float $timeout of one attempt, in seconds
     * @param float $maxPause a longer `Retry-After` is not waited for: the exception is thrown. In seconds
     */
    public function __construct(
        string $url,
        string|\Closure|null $apiKey = null,
        string|\Closure|null $token = null,
        int $retries = 2,
        float $timeout = 60,
        float $maxPause = 30,
    ) {
        if ($apiKey !== null && $token !== null) {
            throw new \InvalidArgumentException('Give WaGate an `apiKey` or a `token`, not both.');
        }
        $this->transport = new Transport($url, $apiKey ?? $token, $retries, $timeout, $maxPause);
        parent::__construct($this->transport);
    }

    /**
     * Sends a text.
     *
     * @param array<string, mixed> $fields more of the message, such as `replyTo`
     * @return array<string, mixed>
     */
    public function sendText(
        string $sessionId,
        string $to,
        string $message,
        array $fields = [],
        ?string $wait = null,
        ?string $idempotencyKey = null,
    ): array {
        $body = ['to' => $to, 'type' => 'text', 'message' => $message, ...$fields];
        return $this->messages->send($sessionId, $body, wait: $wait, idempotencyKey: $idempotencyKey);
    }

    /**
     * Uploads a file, for `'media' => ['mediaId' => …]` of messages.
     *
     * @return array<string, mixed>
     */
    public function upload(string $bytes, string $fileName, ?string $sessionId = null): array
    {
        $boundary = bin2hex(random_bytes(16));
        $parts = '';
        foreach (array_filter(['fileName' => $fileName, 'sessionId' => $sessionId]) as $name => $value) {
            $parts .= "--$boundary\r\nContent-Disposition: form-data; name=\"$name\"\r\n\r\n$value\r\n";
        }
        $quoted = str_replace(['\\', '"', "\r", "\n"], ['_', '%22', '_', '_'], $fileName);
        $parts .= "--$boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"$quoted\"\r\n"
            . "Content-Type: application/octet-stream\r\n\r\n$bytes\r\n--$boundary--\r\n";
        $headers = ['Content-Type' => "multipart/form-data; boundary=$boundary"];
        // The same bytes are stored once, so it may be repeated.
        $response = $this->transport->call('POST', '/api/media', $headers, $parts, true);
        return json_decode($response->body, true, 512, JSON_THROW_ON_ERROR)['data'];
    }

    /**
     * Events as they come, each once, without an end. A call waits for them; a broken one is made again.
     *
     * @param list<string>|null $events
     * @param string $after a cursor of `$onCursor`, `begin` or `now`
     * @param \Closure(string): void|null $onCursor told where the log goes on, after the events before it were taken
     * @return \Generator<int, array<string, mixed>>
     */
    public function stream(
        ?array $events = null,
        ?string $sessionId = null,
        ?string $chat = null,
        string $after = 'now',
        ?\Closure $onCursor = null,
    ): \Generator {
        $names = $events === null ? null : implode(',', $events);
        for ($failures = 0; ;) {
            $begin = microtime(true);
            try {
                $page = $this->events->list(
                    after: $after,
                    wait: self::LOOK_SECONDS,
                    sessionId: $sessionId,
                    events: $names,
                    chat: $chat,
                );
            } catch (WaGateException $error) {
                if (!$error->isRetryable) {
                    throw $error;
                }
                $failures++;
                usleep((int) (max($error->retryAfter ?? 0.0, min(8.0, 0.5 * 2 ** $failures)) * 1_000_000));
                continue;
            }
            $failures = 0;
            foreach ($page['events'] as $event) {
                yield $event;
            }
            $after = $page['cursor'];
            if ($onCursor !== null) {
                $onCursor($after);
            }
            // A gateway that is restarting answers a wait at once.
            if ($page['events'] === [] && microtime(true) - $begin < 1) {
                usleep(500_000);
            }
        }
    }

    /**
     * Waits until a session has one of these statuses; at once when it has it already.
     *
     * @param string|list<string> $status
     * @return array<string, mixed>
     */
    public function waitForSession(string $sessionId, string|array $status, float $timeout = 60): array
    {
        $wanted = (array) $status;
        $look = function () use ($sessionId, $wanted): array {
            $now = $this->sessions->status($sessionId);
            return [in_array($now['status'], $wanted, true) ? $now : null, $now['state']];
        };
        $names = 'session.status,connection.open,connection.close,session.loggedout';
        return $this->waitUntil($sessionId, $names, $look, "session $sessionId to be " . implode(' or ', $wanted), $timeout);
    }

    /**
     * Waits until a message that was sent has come as far as this: `sent`, `delivered`, `read` or `played`.
     *
     * @return array<string, mixed>
     */
    public function waitForMessage(string $messageId, string $progress, float $timeout = 60): array
    {
        $goal = array_search($progress, self::PROGRESS, true);
        if ($goal === false) {
            throw new \InvalidArgumentException("\"$progress\" is not one of " . implode(', ', self::PROGRESS) . '.');
        }
        $look = function () use ($messageId, $goal): array {
            $message = $this->messages->get($messageId);
            if ($message['status'] === 'failed') {
                throw new WaGateException(
                    "Message $messageId has failed.",
                    'MESSAGE_FAILED',
                    details: ['message' => $message],
                );
            }
            $at = array_search($message['state'], self::PROGRESS, true);
            return [$at !== false && $at >= $goal ? $message : null, $message['state']];
        };
        $names = 'message.sent,message.delivered,message.read,message.played,message.failed';
        $sessionId = $this->messages->get($messageId)['sessionId'];
        return $this->waitUntil($sessionId, $names, $look, "message $messageId to be $progress", $timeout);
    }

    /**
     * Looks, waits for an event that may have changed what it saw, and looks again.
     *
     * @param \Closure(): array{array<string, mixed>|null, string} $look
     * @return array<string, mixed>
     */
    private function waitUntil(string $sessionId, string $names, \Closure $look, string $what, float $timeout): array
    {
        $end = microtime(true) + $timeout;
        // Before the first look, so that no change falls between.
        $cursor = $this->events->listOfSession($sessionId, after: 'now', events: $names)['cursor'];
        while (true) {
            [$found, $seen] = $look();
            if ($found !== null) {
                return $found;
            }
            $begin = microtime(true);
            if ($begin >= $end) {
                throw new WaGateException("Waited $timeout s for $what; it is $seen.", 'TIMEOUT');
            }
            $wait = max(1, min(self::LOOK_SECONDS, (int) ($end - $begin)));
            $page = $this->events->listOfSession($sessionId, after: $cursor, events: $names, wait: $wait);
            $cursor = $page['cursor'];
            if ($page['events'] === [] && microtime(true) - $begin < 0.9) {
                usleep(500_000);
            }
        }
    }
}
