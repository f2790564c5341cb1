import { readFileSync } from 'node:fs';
import { ERROR_CODES, EVENT_TYPES, NAMED_SCHEMAS, OPERATION_NAMES } from '@wa-gate/contracts';
import { payloadProblems } from '@wa-gate/testkit';
import { Value } from 'typebox/value';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildOpenapiDocument } from './openapi-document.ts';
import { RATE_LIMIT_HEADERS } from './plugins/rate-limit/index.ts';
import { routesOf } from './testing/operation-routes.ts';

// biome-ignore lint/suspicious/noExplicitAny: a document of many shapes
type Json = any;
let text: string;
let document: Json;
beforeAll(async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  text = await buildOpenapiDocument(version);
  document = JSON.parse(text);
});

const operations = (): { id: string; operation: Json }[] =>
  Object.entries(document.paths as Record<string, Record<string, Json>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ id: `${method.toUpperCase()} ${path}`, operation })),
  );

/** What a reference of the document stands for. */
const lookUp = (reference: string): Json =>
  reference
    .slice(2)
    .split('/')
    .reduce((node: Json, key) => node?.[key], document);

/** A copy with everything in its place that it refers to. */
function resolved(node: Json): Json {
  if (Array.isArray(node)) return node.map(resolved);
  if (node === null || typeof node !== 'object') return node;
  if (typeof node.$ref === 'string') return resolved(lookUp(node.$ref));
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolved(value)]));
}

/** All values under a key, anywhere in the document. */
function collect(node: Json, key: string, found: Json[] = []): Json[] {
  if (node === null || typeof node !== 'object') return found;
  for (const [name, value] of Object.entries(node)) {
    if (name === key && typeof value === 'string') found.push(value);
    else collect(value, key, found);
  }
  return found;
}

const ENDS = ['maxLength', 'enum', 'const', 'pattern', 'format'];

/** Where a schema takes texts or lists without an end. Objects with any members are bounded by the size of a body. */
function endlessIn(schema: Json, where: string): string[] {
  if (!schema) return [];
  const types = [schema.type].flat();
  const isEndless =
    (types.includes('string') && !ENDS.some((end) => end in schema)) ||
    (types.includes('array') && !('maxItems' in schema));
  return [
    ...(isEndless ? [where] : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => endlessIn(inner, `${where}.${name}`)),
    ...[schema.anyOf, schema.oneOf, schema.items].flat().flatMap((inner) => endlessIn(inner, where)),
  ];
}

describe('the description of the API (MR-055, MR-056)', () => {
  it('is the file in the repository (write it with: npx pnpm --filter @wa-gate/gateway openapi)', () => {
    expect(text).toBe(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'));
  });

  it('is OpenAPI 3.1 and names every route once', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(
      operations()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(
      [
        ...OPERATION_NAMES.flatMap(routesOf),
        'DELETE /api/admin/login-locks/{id}',
        'DELETE /api/admin/rate-limits/{bucket}',
        'DELETE /api/admin/users/{id}',
        'GET /api/admin/notices',
        'PUT /api/admin/notices/subscription',
        'GET /api/workspaces/{id}/notices',
        'GET /api/workspaces/{id}/notices/settings',
        'PATCH /api/workspaces/{id}/notices/settings',
        'PUT /api/workspaces/{id}/notices/subscription',
        'DELETE /api/admin/users/{id}/logins',
        'DELETE /api/admin/workers/{id}',
        'GET /api/deletions/{id}',
        'DELETE /api/contacts/{id}',
        'GET /api/chats',
        'GET /api/chats/{chat}/messages',
        'GET /api/sessions/{id}/chats',
        'GET /api/sessions/{id}/labels',
        'GET /api/sessions/{id}/messages/starred',
        'GET /api/sessions/{id}/chats/{chat}/messages',
        'GET /api/messages/export',
        'GET /api/sessions/{id}/messages/export',
        'DELETE /api/media/uploads/{id}',
        'DELETE /api/media/{id}',
        'GET /api/media',
        'GET /api/media/uploads/{id}',
        'GET /api/media/usage',
        'GET /api/media/{id}',
        'GET /api/media/{id}/content',
        'GET /api/media/{id}/file',
        'GET /api/messages/{id}/media',
        'PATCH /api/media/uploads/{id}',
        'POST /api/media',
        'POST /api/media/uploads',
        'POST /api/media/{id}/url',
        'DELETE /api/broadcast/{id}',
        'DELETE /api/opt-outs/{recipient}',
        'DELETE /api/rules/{id}',
        'GET /api/broadcast',
        'GET /api/broadcast/{id}',
        'GET /api/broadcast/{id}/report',
        'GET /api/opt-outs',
        'GET /api/opt-outs/log',
        'GET /api/opt-outs/settings',
        'GET /api/rules',
        'GET /api/rules/{id}',
        'PATCH /api/broadcast/{id}',
        'PATCH /api/opt-outs/settings',
        'PATCH /api/rules/{id}',
        'POST /api/broadcast',
        'POST /api/broadcast/{id}/cancel',
        'POST /api/broadcast/{id}/pause',
        'POST /api/broadcast/{id}/preview',
        'POST /api/broadcast/{id}/recipients',
        'POST /api/broadcast/{id}/recipients/import',
        'POST /api/broadcast/{id}/resume',
        'POST /api/broadcast/{id}/start',
        'POST /api/opt-outs',
        'POST /api/opt-outs/import',
        'POST /api/rules',
        'POST /api/rules/test',
        'PUT /api/contacts/{id}/labels',
        'GET /api/contacts',
        'GET /api/contacts/export',
        'GET /api/contacts/{id}',
        'GET /api/sessions/{id}/groups/{group}/participants/export',
        'GET /api/sessions/{id}/lids/{lid}',
        'GET /api/sessions/{id}/calls',
        'PATCH /api/contacts/{id}',
        'POST /api/contacts',
        'POST /api/contacts/import',
        'DELETE /api/admin/workers/{id}/maintenance',
        'DELETE /api/admin/workers/{id}/token',
        'DELETE /api/auth/logins/{id}',
        'DELETE /api/keys/{id}',
        'DELETE /api/sessions/{id}/proxy',
        'DELETE /api/sessions/{id}/webhook',
        'DELETE /api/workspaces/{id}',
        'DELETE /api/workspaces/{id}/invitations/{invitationId}',
        'DELETE /api/workspaces/{id}/members/{userId}',
        'GET /api/admin/analytics',
        'GET /api/admin/analytics/messages',
        'GET /api/admin/analytics/sessions',
        'GET /api/admin/analytics/users',
        'GET /api/admin/analytics/workers',
        'GET /api/admin/audit-logs',
        'GET /api/admin/autoscaling',
        'GET /api/admin/events',
        'GET /api/admin/events/stream',
        'GET /api/admin/login-locks',
        'GET /api/admin/logs',
        'GET /api/admin/rate-limits',
        'GET /api/admin/sessions',
        'GET /api/admin/sessions/{id}',
        'GET /api/admin/usage',
        'GET /api/admin/users',
        'GET /api/admin/users/{id}',
        'GET /api/admin/whatsapp-version',
        'GET /api/admin/workers',
        'GET /api/admin/workers/metrics',
        'GET /api/admin/workers/{id}',
        'GET /api/admin/workers/{id}/metrics',
        'GET /api/audit-logs',
        'GET /api/auth/csrf',
        'GET /api/auth/logins',
        'GET /api/auth/me',
        'GET /api/dashboard/history',
        'GET /api/dashboard/metrics',
        'GET /api/errors',
        'GET /api/errors/{code}',
        'GET /api/health',
        'GET /api/invitations/{token}',
        'GET /api/keys',
        'GET /api/keys/{id}',
        'GET /api/limits',
        'DELETE /api/messages/{id}',
        'DELETE /api/messages/{id}/keep',
        'DELETE /api/messages/{id}/pin',
        'DELETE /api/messages/{id}/reaction',
        'DELETE /api/messages/{id}/star',
        'GET /api/messages',
        'GET /api/messages/{id}',
        'GET /api/messages/{id}/changes',
        'GET /api/messages/{id}/receipts',
        'GET /api/messages/{id}/votes',
        'GET /api/messages/{id}/answers',
        'POST /api/messages/{id}/votes',
        'POST /api/messages/{id}/answer',
        'GET /api/messages/{id}/timeline',
        'GET /api/messages/scheduled',
        'GET /api/queues',
        'GET /api/sessions/{id}/history',
        'GET /api/sessions/{id}/pacing',
        'GET /api/sessions/{id}/risk',
        'PATCH /api/messages/{id}/schedule',
        'PATCH /api/sessions/{id}/pacing',
        'POST /api/messages/bulk',
        'POST /api/messages/schedule',
        'POST /api/messages/{id}/cancel',
        'GET /api/qr/history',
        'GET /api/sessions',
        'GET /api/sessions/{id}',
        'GET /api/sessions/{id}/keys',
        'GET /api/sessions/{id}/messages',
        'GET /api/events',
        'GET /api/events/stream',
        'GET /api/events/ws',
        'GET /api/sessions/{id}/events',
        'GET /api/sessions/{id}/events/stream',
        'GET /api/sessions/{id}/events/ws',
        'POST /api/events/tickets',
        'GET /api/sessions/{id}/proxy',
        'GET /api/sessions/{id}/qr/stream',
        'GET /api/sessions/{id}/webhook',
        'GET /api/sessions/{id}/webhooks',
        'POST /api/sessions/{id}/webhooks',
        'DELETE /api/webhooks/{id}',
        'GET /api/webhooks',
        'GET /api/webhooks/{id}',
        'PATCH /api/webhooks/{id}',
        'POST /api/webhooks',
        'POST /api/webhooks/{id}/rotate-secret',
        'GET /api/webhooks/{id}/deliveries',
        'GET /api/webhooks/{id}/deliveries/{deliveryId}',
        'POST /api/webhooks/{id}/deliveries/{deliveryId}/replay',
        'POST /api/webhooks/{id}/replay',
        'POST /api/webhooks/{id}/test',
        'GET /api/tiers',
        'GET /api/usage',
        'GET /api/workspaces',
        'GET /api/workspaces/{id}',
        'GET /api/workspaces/{id}/invitations',
        'GET /api/workspaces/{id}/members',
        'GET /health',
        'GET /livez',
        'GET /readyz',
        'PATCH /api/admin/users/{id}',
        'PATCH /api/admin/workers/{id}',
        'PATCH /api/auth/me',
        'PATCH /api/keys/{id}',
        'PATCH /api/messages/{id}',
        'PATCH /api/sessions/{id}',
        'PATCH /api/workspaces/{id}',
        'PATCH /api/workspaces/{id}/members/{userId}',
        ...['forward', 'keep', 'pin', 'played', 'reaction', 'read', 'star'].map(
          (path) => `POST /api/messages/{id}/${path}`,
        ),
        'POST /api/admin/users',
        'POST /api/admin/workers',
        'POST /api/admin/workers/broadcast',
        'POST /api/admin/workers/rebalance',
        'POST /api/admin/workers/register',
        'POST /api/admin/workers/{id}/cordon',
        'POST /api/admin/workers/{id}/drain',
        'POST /api/admin/workers/{id}/maintenance',
        'POST /api/admin/workers/{id}/token',
        'POST /api/admin/workers/{id}/uncordon',
        'POST /api/auth/forgot-password',
        'POST /api/auth/login',
        'POST /api/auth/login-link',
        'POST /api/auth/logout',
        'POST /api/auth/password',
        'POST /api/auth/refresh',
        'POST /api/auth/register',
        'POST /api/auth/reset-password',
        'POST /api/auth/switch',
        'POST /api/auth/verify-email',
        'POST /api/auth/verify-email/resend',
        'POST /api/invitations/{token}/accept',
        'POST /api/keys',
        'POST /api/keys/{id}/rotate',
        'POST /api/messages/send',
        'POST /api/messages/{id}/media/retry',
        'POST /api/sessions',
        'POST /api/sessions/{id}/keys',
        'POST /api/sessions/{id}/relink',
        'POST /api/sessions/{id}/send',
        'POST /api/workspaces',
        'POST /api/workspaces/{id}/invitations',
        'POST /api/workspaces/{id}/leave',
        'PUT /api/admin/rate-limits/{bucket}',
        'PUT /api/admin/tiers/{tier}',
        'PUT /api/admin/whatsapp-version',
        'PUT /api/admin/workers/{id}/heartbeat',
        'PUT /api/sessions/{id}/proxy',
        'PUT /api/sessions/{id}/webhook',
      ].sort(),
    );
  });

  it('says of every operation what it does, what comes back, and what can go wrong', () => {
    for (const { id, operation } of operations()) {
      expect(operation.summary, id).toBeTruthy();
      expect(operation.tags, id).toHaveLength(1);
      const statuses = Object.keys(operation.responses);
      expect(
        // A WebSocket begins with 101.
        statuses.some((status) => status.startsWith('2') || status === '101'),
        id,
      ).toBe(true);
      if (id.includes('/api/') && !id.endsWith('/health')) expect(statuses, id).toContain('503');
    }
  });

  it('has a schema with an end for every input: no text of any length, no list of any size (MR-154)', () => {
    const endless = operations().flatMap(({ id, operation }) => [
      ...(operation.parameters ?? []).flatMap(({ name, schema }: Json) => endlessIn(schema, `${id} ${name}`)),
      ...Object.values<Json>(operation.requestBody?.content ?? {}).flatMap(({ schema }) =>
        endlessIn(resolved(schema), `${id} body`),
      ),
    ]);
    expect(endless).toEqual([]);
  });

  it('takes a POST without a body where nothing in it is needed', () => {
    // Their schemas name no member that all need, and their routes refuse a body without any.
    const needsSomething = /\/(send|schedule|media|broadcast|recipients|preview|refresh|webhooks|replay)$/;
    const wanting = operations().filter(({ id, operation }) => {
      const schema = resolved(operation.requestBody?.content?.['application/json']?.schema);
      if (!id.startsWith('POST ') || schema?.type === undefined || needsSomething.test(id)) return false;
      return !(schema.required?.length > 0 || schema.minProperties > 0 || schema.type.includes('null'));
    });
    expect(wanting.map(({ id }) => id)).toEqual([]);
  });

  it('has no dangling reference', () => {
    for (const reference of collect(document, '$ref') as string[]) {
      expect(lookUp(reference), reference).toBeDefined();
    }
  });

  it('names the headers of limits, of what to try again and of answers that are repeated', () => {
    const limits = RATE_LIMIT_HEADERS.filter((name) => !name.startsWith('X-')).sort();
    const headersOf = (path: string, method: string, status: number) =>
      Object.keys(resolved(document.paths[path][method].responses[status]).headers ?? {}).sort();
    expect(headersOf('/api/sessions', 'get', 200)).toEqual(limits);
    expect(headersOf('/api/sessions', 'get', 429)).toEqual([...limits, 'Retry-After'].sort());
    expect(headersOf('/api/sessions', 'get', 503)).toEqual(['Retry-After']);
    expect(headersOf('/api/sessions', 'get', 401)).toEqual([]);
    expect(headersOf('/api/messages/send', 'post', 202)).toEqual(['Idempotent-Replayed', ...limits]);
  });

  it('has an example of every request body, which is valid', () => {
    for (const { id, operation } of operations()) {
      const body = operation.requestBody?.content['application/json'];
      if (body) expect(Value.Check(resolved(body.schema), body.example), id).toBe(true);
    }
  });

  it('has an example of every event, which is as its schema promises (MR-066)', () => {
    for (const [name, { post }] of Object.entries<Json>(document.webhooks)) {
      const { schema, example } = post.requestBody.content['application/json'];
      expect(example.event, name).toBe(name);
      expect(payloadProblems(example), name).toEqual([]);
      expect(lookUp(schema.$ref), name).toBeDefined();
    }
  });

  it('gives every operation an id that a generated client can use, and no two the same', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$/);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('shows every schema that has a name once, and refers to it', () => {
    const { schemas } = document.components;
    expect(Object.keys(schemas).sort()).toEqual(Object.keys(NAMED_SCHEMAS).sort());
    const used = new Set(collect(document, '$ref'));
    const names = Object.keys(NAMED_SCHEMAS).map((name) => `#/components/schemas/${name}`);
    expect(names.filter((name) => !used.has(name))).toEqual([]);
    expect(document.paths['/api/sessions/{id}'].get.responses['200'].content['application/json'].schema).toMatchObject({
      properties: { data: { $ref: '#/components/schemas/Session' } },
    });
  });

  it('shares refusals: the same codes are one response, which names each of them', () => {
    const answers = operations().flatMap(({ operation }) =>
      Object.entries(operation.responses as Record<string, Json>),
    );
    const own = answers.filter(([status, { $ref }]) => Number(status) >= 400 && $ref === undefined);
    expect(own.filter(([, { content }]) => content?.['application/json'].schema.$ref?.endsWith('/Error'))).toEqual([]);
    expect(document.paths['/api/sessions/{id}'].get.responses['404']).toEqual({
      $ref: '#/components/responses/SessionNotFound',
    });
    expect(document.components.responses.SessionNotFound.description).toContain('`SESSION_NOT_FOUND`: ');
  });

  it('lists the error codes and the events', () => {
    expect(document.components.schemas.Error.properties.code.enum).toEqual(ERROR_CODES);
    expect(Object.keys(document.webhooks)).toEqual([...EVENT_TYPES]);
  });
});
