<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Media extends OperationSet
{
    /** The bytes of a file. `GET /api/media/{id}/content` */
    public function content(string $id, ?bool $download = null): Response
    {
        return $this->call('GET', '/api/media/{id}/content', path: ['id' => $id], query: ['download' => $download], answer: 'response');
    }

    /** Upload a file. `POST /api/media` */
    public function create(array $body): array
    {
        return $this->call('POST', '/api/media', body: $body);
    }

    /** Delete a file. `DELETE /api/media/{id}` */
    public function delete(string $id): array
    {
        return $this->call('DELETE', '/api/media/{id}', path: ['id' => $id]);
    }

    /** One file, without its bytes. `GET /api/media/{id}` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/media/{id}', path: ['id' => $id]);
    }

    /** Files, newest first. `GET /api/media` */
    public function list(?string $cursor = null, ?int $limit = null, ?string $sessionId = null, ?string $direction = null, ?string $status = null): array
    {
        return $this->call('GET', '/api/media', query: ['cursor' => $cursor, 'limit' => $limit, 'sessionId' => $sessionId, 'direction' => $direction, 'status' => $status]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(?int $limit = null, ?string $sessionId = null, ?string $direction = null, ?string $status = null): \Generator
    {
        return $this->pages('media', 'cursor', 'GET', '/api/media', query: ['limit' => $limit, 'sessionId' => $sessionId, 'direction' => $direction, 'status' => $status]);
    }

    /** A URL of a file that works without a key. `POST /api/media/{id}/url` */
    public function sign(string $id, array $body): array
    {
        return $this->call('POST', '/api/media/{id}/url', path: ['id' => $id], body: $body);
    }

    /** The bytes of a file, by a signed URL. `GET /api/media/{id}/file` */
    public function signedContent(string $id, string $expires, string $signature, ?bool $download = null): Response
    {
        return $this->call('GET', '/api/media/{id}/file', path: ['id' => $id], query: ['expires' => $expires, 'signature' => $signature, 'download' => $download], answer: 'response');
    }

    /** What the account stores, and what its tier allows. `GET /api/media/usage` */
    public function usage(): array
    {
        return $this->call('GET', '/api/media/usage');
    }
}
