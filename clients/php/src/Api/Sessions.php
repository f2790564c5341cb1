<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Sessions extends OperationSet
{
    /** Create a session. `POST /api/sessions` */
    public function create(array $body): array
    {
        return $this->call('POST', '/api/sessions', body: $body);
    }

    /** Create a further webhook of a session. `POST /api/sessions/{id}/webhooks` */
    public function createWebhook(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/webhooks', path: ['id' => $id], body: $body);
    }

    /** Delete a session with all its messages. `DELETE /api/sessions/{id}` */
    public function delete(string $id): array
    {
        return $this->call('DELETE', '/api/sessions/{id}', path: ['id' => $id]);
    }

    /** One session. `GET /api/sessions/{id}` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/sessions/{id}', path: ['id' => $id]);
    }

    /** How far the history of the session has come. `GET /api/sessions/{id}/history` */
    public function getHistory(string $id): array
    {
        return $this->call('GET', '/api/sessions/{id}/history', path: ['id' => $id]);
    }

    /** How fast the session sends, and what the next paced message waits for. `GET /api/sessions/{id}/pacing` */
    public function getPacing(string $id): array
    {
        return $this->call('GET', '/api/sessions/{id}/pacing', path: ['id' => $id]);
    }

    /** By which proxy the session goes out, and how that went. `GET /api/sessions/{id}/proxy` */
    public function getProxy(string $id): array
    {
        return $this->call('GET', '/api/sessions/{id}/proxy', path: ['id' => $id]);
    }

    /** How likely WhatsApp is to restrict the account, why, and what to do. `GET /api/sessions/{id}/risk` */
    public function getRisk(string $id, ?int $limit = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/risk', path: ['id' => $id], query: ['limit' => $limit]);
    }

    /** Health of the connection. `GET /api/sessions/{id}/health` */
    public function health(string $id): array
    {
        return $this->call('GET', '/api/sessions/{id}/health', path: ['id' => $id]);
    }

    /** List sessions. `GET /api/sessions` */
    public function list(?int $page = null, ?int $limit = null, ?string $label = null, ?string $status = null): array
    {
        return $this->call('GET', '/api/sessions', query: ['page' => $page, 'limit' => $limit, 'label' => $label, 'status' => $status]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(?int $limit = null, ?string $label = null, ?string $status = null): \Generator
    {
        return $this->pages('sessions', 'page', 'GET', '/api/sessions', query: ['limit' => $limit, 'label' => $label, 'status' => $status]);
    }

    /** Unlink the device; the session stays, and asking for a QR code links it again. `POST /api/sessions/{id}/logout` */
    public function logout(string $id): array
    {
        return $this->call('POST', '/api/sessions/{id}/logout', path: ['id' => $id]);
    }

    /** A code to enter on the phone instead of scanning. `POST /api/sessions/{id}/pairing-code` */
    public function pairingCode(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/pairing-code', path: ['id' => $id], body: $body);
    }

    /** The QR code to scan. `GET /api/sessions/{id}/qr` */
    public function qr(string $id, ?string $format = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/qr', path: ['id' => $id], query: ['format' => $format]);
    }

    /** Link a logged-out session again, with all that it has. `POST /api/sessions/{id}/relink` */
    public function relink(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/relink', path: ['id' => $id], body: $body);
    }

    /** Take the session its own proxy. `DELETE /api/sessions/{id}/proxy` */
    public function removeProxy(string $id): array
    {
        return $this->call('DELETE', '/api/sessions/{id}/proxy', path: ['id' => $id]);
    }

    /** Remove the webhook of a session. `DELETE /api/sessions/{id}/webhook` */
    public function removeWebhook(string $id): array
    {
        return $this->call('DELETE', '/api/sessions/{id}/webhook', path: ['id' => $id]);
    }

    /** Close the connection and open it again; a logged-out session begins to pair anew. `POST /api/sessions/{id}/restart` */
    public function restart(string $id): array
    {
        return $this->call('POST', '/api/sessions/{id}/restart', path: ['id' => $id]);
    }

    /** Give the session a proxy of its own. `PUT /api/sessions/{id}/proxy` */
    public function setProxy(string $id, array $body): array
    {
        return $this->call('PUT', '/api/sessions/{id}/proxy', path: ['id' => $id], body: $body);
    }

    /** Set the webhook of a session. `PUT /api/sessions/{id}/webhook` */
    public function setWebhook(string $id, array $body): array
    {
        return $this->call('PUT', '/api/sessions/{id}/webhook', path: ['id' => $id], body: $body);
    }

    /** Status of a session. `GET /api/sessions/{id}/status` */
    public function status(string $id): array
    {
        return $this->call('GET', '/api/sessions/{id}/status', path: ['id' => $id]);
    }

    /** Try a proxy from the worker that hosts the session. `POST /api/sessions/{id}/proxy/test` */
    public function testProxy(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/proxy/test', path: ['id' => $id], body: $body);
    }

    /** Change name or settings of a session, or make it the default. `PATCH /api/sessions/{id}` */
    public function update(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/sessions/{id}', path: ['id' => $id], body: $body);
    }

    /** Change how fast the session sends. `PATCH /api/sessions/{id}/pacing` */
    public function updatePacing(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/sessions/{id}/pacing', path: ['id' => $id], body: $body);
    }

    /** The webhook of a session. `GET /api/sessions/{id}/webhook` */
    public function webhook(string $id): array
    {
        return $this->call('GET', '/api/sessions/{id}/webhook', path: ['id' => $id]);
    }

    /** The webhooks of a session. `GET /api/sessions/{id}/webhooks` */
    public function webhooks(string $id, ?int $page = null, ?int $limit = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/webhooks', path: ['id' => $id], query: ['page' => $page, 'limit' => $limit]);
    }

    /** The items of all pages of `webhooks`, one after the other. @return \Generator<int, array> */
    public function eachWebhooks(string $id, ?int $limit = null): \Generator
    {
        return $this->pages('webhooks', 'page', 'GET', '/api/sessions/{id}/webhooks', path: ['id' => $id], query: ['limit' => $limit]);
    }
}
