<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class OptOuts extends OperationSet
{
    /** Send somebody no more broadcasts. `POST /api/opt-outs` */
    public function add(array $body): array
    {
        return $this->call('POST', '/api/opt-outs', body: $body);
    }

    /** Change the keywords. `PATCH /api/opt-outs/settings` */
    public function changeSettings(array $body): array
    {
        return $this->call('PATCH', '/api/opt-outs/settings', body: $body);
    }

    /** Import a list of people who want no broadcasts. `POST /api/opt-outs/import` */
    public function import(string $body): array
    {
        return $this->call('POST', '/api/opt-outs/import', body: $body, contentType: 'text/csv');
    }

    /** Who wants no broadcasts. `GET /api/opt-outs` */
    public function list(?string $cursor = null, ?int $limit = null, ?string $search = null): array
    {
        return $this->call('GET', '/api/opt-outs', query: ['cursor' => $cursor, 'limit' => $limit, 'search' => $search]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(?int $limit = null, ?string $search = null): \Generator
    {
        return $this->pages('optOuts', 'cursor', 'GET', '/api/opt-outs', query: ['limit' => $limit, 'search' => $search]);
    }

    /** The ledger of consent: who left and came back, when, and by which message. `GET /api/opt-outs/log` */
    public function log(?string $cursor = null, ?int $limit = null, ?string $to = null): array
    {
        return $this->call('GET', '/api/opt-outs/log', query: ['cursor' => $cursor, 'limit' => $limit, 'to' => $to]);
    }

    /** The items of all pages of `log`, one after the other. @return \Generator<int, array> */
    public function eachLog(?int $limit = null, ?string $to = null): \Generator
    {
        return $this->pages('entries', 'cursor', 'GET', '/api/opt-outs/log', query: ['limit' => $limit, 'to' => $to]);
    }

    /** Somebody wants broadcasts again. `DELETE /api/opt-outs/{recipient}` */
    public function remove(string $recipient): array
    {
        return $this->call('DELETE', '/api/opt-outs/{recipient}', path: ['recipient' => $recipient]);
    }

    /** The keywords by which people leave and come back. `GET /api/opt-outs/settings` */
    public function settings(): array
    {
        return $this->call('GET', '/api/opt-outs/settings');
    }
}
