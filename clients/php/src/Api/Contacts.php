<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Contacts extends OperationSet
{
    /** The about text of a contact. `GET /api/sessions/{id}/contacts/about` */
    public function about(string $id, string $contact): array
    {
        return $this->call('GET', '/api/sessions/{id}/contacts/about', path: ['id' => $id], query: ['contact' => $contact]);
    }

    /** Whether numbers are on WhatsApp. `GET /api/sessions/{id}/contacts/check` */
    public function check(string $id, string $numbers, ?int $maxAgeSeconds = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/contacts/check', path: ['id' => $id], query: ['numbers' => $numbers, 'maxAgeSeconds' => $maxAgeSeconds]);
    }

    /** Delete a contact, or everything of a person. `DELETE /api/contacts/{id}` */
    public function delete(string $id, ?bool $erase = null): array
    {
        return $this->call('DELETE', '/api/contacts/{id}', path: ['id' => $id], query: ['erase' => $erase]);
    }

    /** All contacts as CSV. `GET /api/contacts/export` */
    public function export(): Response
    {
        return $this->call('GET', '/api/contacts/export', answer: 'response');
    }

    /** One contact. `GET /api/contacts/{id}` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/contacts/{id}', path: ['id' => $id]);
    }

    /** Save contacts from CSV. `POST /api/contacts/import` */
    public function import(string $body): array
    {
        return $this->call('POST', '/api/contacts/import', body: $body, contentType: 'text/csv');
    }

    /** Label a contact. `PUT /api/contacts/{id}/labels` */
    public function label(string $id, array $body): array
    {
        return $this->call('PUT', '/api/contacts/{id}/labels', path: ['id' => $id], body: $body);
    }

    /** The LID of a phone number. `GET /api/sessions/{id}/lids` */
    public function lid(string $id, string $phoneNumber): array
    {
        return $this->call('GET', '/api/sessions/{id}/lids', path: ['id' => $id], query: ['phoneNumber' => $phoneNumber]);
    }

    /** Contacts, by name. `GET /api/contacts` */
    public function list(?int $page = null, ?int $limit = null, ?string $search = null, ?string $sessionId = null): array
    {
        return $this->call('GET', '/api/contacts', query: ['page' => $page, 'limit' => $limit, 'search' => $search, 'sessionId' => $sessionId]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(?int $limit = null, ?string $search = null, ?string $sessionId = null): \Generator
    {
        return $this->pages('contacts', 'page', 'GET', '/api/contacts', query: ['limit' => $limit, 'search' => $search, 'sessionId' => $sessionId]);
    }

    /** The phone number of a LID. `GET /api/sessions/{id}/lids/{lid}` */
    public function ofLid(string $id, string $lid): array
    {
        return $this->call('GET', '/api/sessions/{id}/lids/{lid}', path: ['id' => $id, 'lid' => $lid]);
    }

    /** The address of the picture of a contact. `GET /api/sessions/{id}/contacts/picture` */
    public function picture(string $id, string $contact, ?string $size = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/contacts/picture', path: ['id' => $id], query: ['contact' => $contact, 'size' => $size]);
    }

    /** Picture and business profile of a contact. `GET /api/sessions/{id}/contacts/profile` */
    public function profile(string $id, string $contact, ?int $maxAgeSeconds = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/contacts/profile', path: ['id' => $id], query: ['contact' => $contact, 'maxAgeSeconds' => $maxAgeSeconds]);
    }

    /** Save a contact. `POST /api/contacts` */
    public function save(array $body): array
    {
        return $this->call('POST', '/api/contacts', body: $body);
    }

    /** Save a contact in the address book of the account. `PUT /api/sessions/{id}/contacts/name` */
    public function saveName(string $id, array $body): array
    {
        return $this->call('PUT', '/api/sessions/{id}/contacts/name', path: ['id' => $id], body: $body);
    }

    /** Change the saved name of a contact. `PATCH /api/contacts/{id}` */
    public function update(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/contacts/{id}', path: ['id' => $id], body: $body);
    }
}
