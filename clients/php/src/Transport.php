<?php

declare(strict_types=1);

namespace WaGate;

/** Calls a gateway: credentials, time limits, repeats. With ext-curl connections stay open, without it streams do. */
final class Transport
{
    /** Codes of refusals with 503 before anything was done. */
    private const REFUSED_AT_ONCE = ['SESSION_MOVING', 'NO_WORKER'];
    private const AGAIN_LATER = [null, 429, 500, 502, 503, 504];
    private const USER_AGENT = 'wa-gate-php/0.1.0';

    public readonly string $url;
    private ?\CurlHandle $curl = null;

    public function __construct(
        string $url,
        private readonly string|\Closure|null $credential,
        private readonly int $retries,
        private readonly float $timeout,
        private readonly float $maxPause,
    ) {
        if (preg_match('~^https?://[^/]+~', $url) !== 1) {
            throw new \InvalidArgumentException(
                "`url` must be the address of a gateway, such as https://gateway.example.com; it is $url."
            );
        }
        $this->url = preg_replace('~/api(/v1)?$~', '', rtrim($url, '/'));
    }

    /** @param array<string, string> $headers */
    public function call(
        string $method,
        string $path,
        array $headers = [],
        ?string $body = null,
        bool $isRepeatable = false,
    ): Response {
        for ($attempt = 1; ; $attempt++) {
            try {
                return $this->attempt($method, $path, $headers, $body);
            } catch (WaGateException $error) {
                if ($attempt > $this->retries || !self::mayRepeat($error, $isRepeatable)) {
                    throw $error;
                }
                $pause = self::pauseBefore($attempt, $error->retryAfter);
                if ($pause > $this->maxPause) {
                    throw $error;
                }
                usleep((int) ($pause * 1_000_000));
            }
        }
    }

    /** Whether a failed call may be made again. A message without an Idempotency-Key would be sent twice. */
    public static function mayRepeat(WaGateException $error, bool $isRepeatable): bool
    {
        if (!$error->isRetryable) {
            return false;
        }
        if ($error->status === 429) {
            return true;
        }
        if ($error->status === 503 && in_array($error->errorCode, self::REFUSED_AT_ONCE, true)) {
            return true;
        }
        return $isRepeatable && in_array($error->status, self::AGAIN_LATER, true);
    }

    /** Seconds until the next attempt: what Retry-After says, else doubling, with a random part. */
    private static function pauseBefore(int $attempt, ?float $retryAfter): float
    {
        $random = mt_rand() / mt_getrandmax();
        if ($retryAfter !== null) {
            return $retryAfter * (1 + $random / 10);
        }
        return min(8.0, 0.25 * 2 ** ($attempt - 1)) * (0.5 + $random / 2);
    }

    /** @param array<string, string> $headers */
    private function attempt(string $method, string $path, array $headers, ?string $body): Response
    {
        $all = ['Accept' => 'application/json', 'User-Agent' => self::USER_AGENT, ...$headers];
        $credential = $this->credential instanceof \Closure ? ($this->credential)() : $this->credential;
        if ($credential !== null) {
            $all['Authorization'] = "Bearer $credential";
        }
        $lines = array_map(static fn ($name, $value) => "$name: $value", array_keys($all), $all);
        $response = \extension_loaded('curl')
            ? $this->byCurl($method, $this->url . $path, $lines, $body)
            : $this->byStream($method, $this->url . $path, $lines, $body);
        if ($response->status >= 200 && $response->status < 300) {
            return $response;
        }
        throw self::errorOf($response);
    }

    /** @param list<string> $lines */
    private function byCurl(string $method, string $url, array $lines, ?string $body): Response
    {
        $this->curl ??= curl_init();
        $headers = [];
        curl_reset($this->curl);
        curl_setopt_array($this->curl, [
            CURLOPT_URL => $url,
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => [...$lines, 'Expect:'],
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_TIMEOUT_MS => (int) ($this->timeout * 1_000),
            CURLOPT_HEADERFUNCTION => static function ($_, string $line) use (&$headers): int {
                [$name, $value] = [...explode(':', $line, 2), ''];
                if ($value !== '') {
                    $headers[strtolower(trim($name))] = trim($value);
                }
                return strlen($line);
            },
        ]);
        if ($body !== null) {
            curl_setopt($this->curl, CURLOPT_POSTFIELDS, $body);
        }
        $text = curl_exec($this->curl);
        if ($text === false) {
            throw $this->unreachable(curl_error($this->curl));
        }
        return new Response(curl_getinfo($this->curl, CURLINFO_RESPONSE_CODE), $headers, (string) $text);
    }

    /** @param list<string> $lines */
    private function byStream(string $method, string $url, array $lines, ?string $body): Response
    {
        $context = stream_context_create(['http' => [
            'method' => $method,
            'header' => $lines,
            'content' => $body ?? '',
            'timeout' => $this->timeout,
            'ignore_errors' => true,
            'follow_location' => 0,
            'protocol_version' => 1.1,
        ]]);
        // Frameworks make exceptions of warnings, and then `error_get_last` has those of something else.
        $warning = 'no connection';
        set_error_handler(static function (int $level, string $message) use (&$warning): bool {
            $warning = $message;
            return true;
        });
        try {
            $stream = fopen($url, 'r', false, $context);
            if ($stream === false) {
                throw $this->unreachable($warning);
            }
            $text = stream_get_contents($stream);
            $meta = stream_get_meta_data($stream);
            fclose($stream);
        } finally {
            restore_error_handler();
        }
        if ($text === false || $meta['timed_out']) {
            throw $this->unreachable("no answer within {$this->timeout} s");
        }
        [$status, $headers] = self::readHead($meta['wrapper_data'] ?? []);
        $length = $headers['content-length'] ?? null;
        if ($length !== null && $method !== 'HEAD' && strlen($text) < (int) $length) {
            throw $this->unreachable('the answer was cut off');
        }
        return new Response($status, $headers, $text);
    }

    /**
     * @param list<string> $lines
     * @return array{int, array<string, string>}
     */
    private static function readHead(array $lines): array
    {
        $status = 0;
        $headers = [];
        foreach ($lines as $line) {
            if (preg_match('~^HTTP/\S+ (\d{3})~', $line, $found) === 1) {
                [$status, $headers] = [(int) $found[1], []];
                continue;
            }
            [$name, $value] = [...explode(':', $line, 2), ''];
            $headers[strtolower(trim($name))] = trim($value);
        }
        return [$status, $headers];
    }

    private function unreachable(string $reason): WaGateException
    {
        return new WaGateException("{$this->url} could not be reached: $reason", 'CONNECTION_FAILED', isRetryable: true);
    }

    private static function errorOf(Response $response): WaGateException
    {
        $retryAfter = self::retryAfter($response->headers['retry-after'] ?? null);
        $body = json_decode($response->body, true);
        if (!is_array($body) || !isset($body['code'], $body['error'], $body['retryable'])) {
            return new WaGateException(
                "The answer was {$response->status}, and not from a wa-gate gateway. Check the URL, and what is between.",
                'UNEXPECTED_ANSWER',
                $response->status,
                $response->status >= 500,
                $retryAfter,
                $response->headers['x-request-id'] ?? null,
                ['body' => substr($response->body, 0, 500)],
            );
        }
        return new WaGateException(
            $body['error'],
            $body['code'],
            $response->status,
            $body['retryable'],
            isset($body['retryAfter']) ? (float) $body['retryAfter'] : $retryAfter,
            $body['requestId'] ?? null,
            $body['details'] ?? [],
        );
    }

    private static function retryAfter(?string $value): ?float
    {
        if ($value === null || $value === '') {
            return null;
        }
        if (is_numeric($value)) {
            return max(0.0, (float) $value);
        }
        $at = strtotime($value);
        return $at === false ? null : max(0.0, (float) ($at - time()));
    }
}
