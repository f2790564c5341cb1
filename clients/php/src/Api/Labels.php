<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Labels extends OperationSet
{
    /** Give a chat a label. `PUT /api/sessions/{id}/labels/{label}/chats/{chat}` */
    public function assignChat(string $id, string $label, string $chat): array
    {
        return $this->call('PUT', '/api/sessions/{id}/labels/{label}/chats/{chat}', path: ['id' => $id, 'label' => $label, 'chat' => $chat]);
    }

    /** Give a message a label. `PUT /api/sessions/{id}/labels/{label}/messages/{messageId}` */
    public function assignMessage(string $id, string $label, string $messageId): array
    {
        return $this->call('PUT', '/api/sessions/{id}/labels/{label}/messages/{messageId}', path: ['id' => $id, 'label' => $label, 'messageId' => $messageId]);
    }

    /** Create a label. `POST /api/sessions/{id}/labels` */
    public function create(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/labels', path: ['id' => $id], body: $body);
    }

    /** Delete a label. `DELETE /api/sessions/{id}/labels/{label}` */
    public function delete(string $id, string $label): array
    {
        return $this->call('DELETE', '/api/sessions/{id}/labels/{label}', path: ['id' => $id, 'label' => $label]);
    }

    /** Labels of WhatsApp Business of a session. `GET /api/sessions/{id}/labels` */
    public function list(string $id): array
    {
        return $this->call('GET', '/api/sessions/{id}/labels', path: ['id' => $id]);
    }

    /** Take a label from a chat. `DELETE /api/sessions/{id}/labels/{label}/chats/{chat}` */
    public function unassignChat(string $id, string $label, string $chat): array
    {
        return $this->call('DELETE', '/api/sessions/{id}/labels/{label}/chats/{chat}', path: ['id' => $id, 'label' => $label, 'chat' => $chat]);
    }

    /** Take a label from a message. `DELETE /api/sessions/{id}/labels/{label}/messages/{messageId}` */
    public function unassignMessage(string $id, string $label, string $messageId): array
    {
        return $this->call('DELETE', '/api/sessions/{id}/labels/{label}/messages/{messageId}', path: ['id' => $id, 'label' => $label, 'messageId' => $messageId]);
    }

    /** Rename or recolour a label. `PATCH /api/sessions/{id}/labels/{label}` */
    public function update(string $id, string $label, array $body): array
    {
        return $this->call('PATCH', '/api/sessions/{id}/labels/{label}', path: ['id' => $id, 'label' => $label], body: $body);
    }
}
