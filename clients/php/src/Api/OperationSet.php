<?php

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Transport;

/** What the made classes call. */
abstract class OperationSet
{
    /** What is done twice is as if done once. */
    private const REPEATABLE = ['GET', 'HEAD', 'PUT', 'DELETE'];

    public function __construct(private readonly Transport $transport)
    {
    }

    /**
     * @param array<string, string> $path
     * @param array<string, mixed> $query
     */
    protected function call(
        string $method,
        string $template,
        array $path = [],
        array $query = [],
        array|string|null $body = null,
        string $contentType = 'application/json',
        bool $takesKey = false,
        ?string $idempotencyKey = null,
        string $answer = 'data',
    ): mixed {
        $headers = $answer === 'response' ? ['Accept' => '*/*'] : [];
        if ($takesKey) {
            $headers['Idempotency-Key'] = $idempotencyKey ?? 'sdk-' . bin2hex(random_bytes(16));
        }
        if ($body !== null) {
            $headers['Content-Type'] = $contentType;
            // An empty list of PHP is an object here: bodies have names.
            $body = is_string($body) ? $body : json_encode($body === [] ? new \stdClass() : $body, JSON_THROW_ON_ERROR);
        }
        $isRepeatable = $takesKey || in_array($method, self::REPEATABLE, true);
        $response = $this->transport->call($method, self::addressOf($template, $path, $query), $headers, $body, $isRepeatable);
        if ($answer === 'response') {
            return $response;
        }
        if ($answer === 'nothing') {
            return null;
        }
        $parsed = json_decode($response->body, true, 512, JSON_THROW_ON_ERROR);
        return $answer === 'json' ? $parsed : $parsed['data'];
    }

    /**
     * @param array<string, string> $path
     * @param array<string, mixed> $query
     * @return \Generator<int, array>
     */
    protected function pages(
        string $items,
        string $by,
        string $method,
        string $template,
        array $path = [],
        array $query = [],
    ): \Generator {
        $position = [];
        do {
            $page = $this->call($method, $template, path: $path, query: [...$query, ...$position]);
            foreach ($page[$items] as $item) {
                yield $item;
            }
            $position = self::positionAfter($by, $page);
        } while ($position !== null);
    }

    /** @return array<string, mixed>|null */
    private static function positionAfter(string $by, array $page): ?array
    {
        if ($by === 'after') {
            return $page['hasMore'] ? ['after' => $page['cursor']] : null;
        }
        $pagination = $page['pagination'];
        if ($by === 'cursor') {
            return $pagination['hasMore'] ? ['cursor' => $pagination['nextCursor']] : null;
        }
        return $pagination['page'] < $pagination['totalPages'] ? ['page' => $pagination['page'] + 1] : null;
    }

    /**
     * Path and query of a call.
     *
     * @param array<string, string> $path
     * @param array<string, mixed> $query
     */
    private static function addressOf(string $template, array $path, array $query): string
    {
        foreach ($path as $name => $value) {
            // A URL takes dots for steps in its path: the call would be another one.
            if (in_array($value, ['', '.', '..'], true)) {
                throw new \InvalidArgumentException("`$name` is missing, or cannot be \"$value\".");
            }
            $template = str_replace('{' . $name . '}', rawurlencode($value), $template);
        }
        $given = array_map(
            static fn (mixed $value) => match (true) {
                is_bool($value) => $value ? 'true' : 'false',
                is_array($value) => implode(',', $value),
                default => $value,
            },
            array_filter($query, static fn (mixed $value) => $value !== null),
        );
        return $given === [] ? $template : $template . '?' . http_build_query($given, '', '&', PHP_QUERY_RFC3986);
    }
}
