<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class DefaultSession extends OperationSet
{
    /** Unlink the device; asking for a QR code links it again. `POST /api/whatsapp/logout` */
    public function logout(array $body, ?string $sessionId = null): array
    {
        return $this->call('POST', '/api/whatsapp/logout', query: ['sessionId' => $sessionId], body: $body);
    }

    /** The QR code to scan. `GET /api/qr` */
    public function qr(?string $format = null, ?string $sessionId = null): array
    {
        return $this->call('GET', '/api/qr', query: ['format' => $format, 'sessionId' => $sessionId]);
    }

    /** When QR codes were shown, and what became of them. `GET /api/qr/history` */
    public function qrHistory(?string $cursor = null, ?int $limit = null, ?string $sessionId = null): array
    {
        return $this->call('GET', '/api/qr/history', query: ['cursor' => $cursor, 'limit' => $limit, 'sessionId' => $sessionId]);
    }

    /** The items of all pages of `qrHistory`, one after the other. @return \Generator<int, array> */
    public function eachQrHistory(?int $limit = null, ?string $sessionId = null): \Generator
    {
        return $this->pages('history', 'cursor', 'GET', '/api/qr/history', query: ['limit' => $limit, 'sessionId' => $sessionId]);
    }

    /** Close the connection to WhatsApp and open it again. `POST /api/whatsapp/restart` */
    public function restart(array $body, ?string $sessionId = null): array
    {
        return $this->call('POST', '/api/whatsapp/restart', query: ['sessionId' => $sessionId], body: $body);
    }

    /** Status of the connection to WhatsApp. `GET /api/whatsapp/status` */
    public function status(?string $sessionId = null): array
    {
        return $this->call('GET', '/api/whatsapp/status', query: ['sessionId' => $sessionId]);
    }
}
