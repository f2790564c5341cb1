import type { GatewayClient } from '../../harness/gateway-client.ts';
import type { HttpCall } from '../../harness/http.ts';
import type { System } from '../../harness/system.ts';
import type { ApiDocument, Operation } from '../openapi/document.ts';
import {
  type IdParameter,
  idParametersOf,
  idsInBody,
  PLATFORM_KINDS,
  type ResourceKind,
} from '../world/resource-kinds.ts';
import type { TenantWorld } from '../world/tenant-world.ts';
import { requestFor, type WalkRequest } from './requests.ts';

/** The compared part of an answer: everything that is the same in equal answers. */
export interface ComparedAnswer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

export interface StrangerAnswer {
  what: string;
  toTheirs: ComparedAnswer;
  toNothing: ComparedAnswer;
}

/** The placeholder for ids in the compared answers. */
const PLACEHOLDER = '<id>';
/** Headers that differ for each request. */
const DIFFERENT_HEADERS =
  /^(?:date|x-request-id|ratelimit-.*|x-ratelimit-.*|retry-after|connection|keep-alive|content-length)$/;

/**
 * Routes about polls, events, chats and files of messages that the worlds have none of, and about messages of the
 * session that the walk names: the message of a world is of another one. Their owner gets a 404 as well, and so does a
 * URL without the right signature.
 */
const ABOUT_OTHERS = new Set([
  'GET /api/media/{id}/file',
  'POST /api/messages/{id}/media/retry',
  'GET /api/messages/{id}/votes',
  'GET /api/messages/{id}/answers',
  ...['read', 'played', 'star', 'delete-for-me'].map((path) => `POST /api/sessions/{id}/messages/${path}`),
  'POST /api/sessions/{id}/chats/read',
  'POST /api/sessions/{id}/chats/unread',
  'POST /api/sessions/{id}/calls/{call}/reject',
  'POST /api/sessions/{id}/chats/{chat}/clear',
  'POST /api/sessions/{id}/chats/{chat}/history',
  'DELETE /api/sessions/{id}/chats/{chat}',
  ...['PUT', 'DELETE'].map((method) => `${method} /api/sessions/{id}/labels/{label}/messages/{messageId}`),
]);
/** The value of a member of the body: some take several ids. */
const memberOf = (name: string, id: string | undefined) => (id !== undefined && name.endsWith('Ids') ? [id] : id);

/** The token of an invitation is the permission to read it. */
const FOR_HOLDERS = new Set(['GET /api/invitations/{token}']);
/** Only the invited person accepts an invitation, not the owner of the workspace. */
const NOT_FOR_OWNERS = new Set(['POST /api/invitations/{token}/accept']);

export async function askAs(api: GatewayClient, method: string, path: string, json?: unknown, headers = {}) {
  const isBytes = 'content-type' in headers;
  const call: HttpCall = {
    method: method as 'GET',
    headers,
    ...(json !== undefined && { json }),
    ...(isBytes && { raw: Buffer.from('x') }),
  };
  const answer = await api.call(path, call);
  const text = Buffer.isBuffer(answer.body) ? answer.body.toString('utf8') : JSON.stringify(answer.body ?? '');
  return { status: answer.status, headers: answer.headers, text };
}

/** Calls every route with an id twice: with a resource of the other tenant and with an unknown one. */
export async function strangerAnswers(
  stranger: GatewayClient,
  document: ApiDocument,
  theirs: TenantWorld,
  own: TenantWorld,
): Promise<StrangerAnswer[]> {
  const answers: StrangerAnswer[] = [];
  for (const operation of document.operations) {
    const parameters = idParametersOf(operation);
    for (const asked of [...parameters, ...idsInBody(operation)].filter(({ kind }) => !PLATFORM_KINDS.has(kind))) {
      if (FOR_HOLDERS.has(operation.id)) continue;
      for (const known of namesOf(theirs, asked.kind)) {
        const request = (id: string) => requestAbout(operation, parameters, asked, id, own);
        const nothing = unlike(known);
        const toTheirs = await compared(stranger, request(known), known);
        const toNothing = await compared(stranger, request(nothing), nothing);
        answers.push({ what: `${operation.id} with the ${asked.in} ${asked.name} ${known}`, toTheirs, toNothing });
      }
    }
  }
  return answers;
}

/** All ids of a resource; for a session also its internal id. */
function namesOf({ ids }: TenantWorld, kind: ResourceKind): string[] {
  const names = [ids.get(kind)?.[0], kind === 'session' ? ids.get('internal session')?.[0] : undefined];
  if (!names[0]) throw new Error(`A route asks for a ${kind}, and the world has none`);
  return names.filter((name) => name !== undefined);
}

/** A request with one foreign id; all others belong to the caller. */
function requestAbout(
  operation: Operation,
  parameters: readonly IdParameter[],
  asked: IdParameter,
  id: string,
  own: TenantWorld,
): WalkRequest {
  const isAsked = (other: IdParameter) => other.in === asked.in && other.name === asked.name;
  const idOf = (parameter: IdParameter) => (isAsked(parameter) ? id : (own.ids.get(parameter.kind)?.[0] ?? id));
  // Of the optional ids only the tested one is used.
  const used = parameters.filter((parameter) => parameter.in === 'path' || isAsked(parameter));
  // The session of a request is the caller's, unless it is the tested one: without any, the answer would be about that.
  const inBody = (member: IdParameter) =>
    isAsked(member) ? id : member.kind === 'session' && asked.in === 'body' ? own.ids.get('session')?.[0] : undefined;
  const bodyIds = idsInBody(operation)
    .map((member) => [member.name, memberOf(member.name, inBody(member))] as const)
    .filter(([name, value]) => value !== undefined || !name.endsWith('Ids'));
  return requestFor(operation, used, idOf, Object.fromEntries(bodyIds));
}

/** Another id of the same form. */
function unlike(id: string): string {
  const last = id.at(-1)!;
  const other = last === '0' ? '1' : '0';
  return id.slice(0, -1) + other;
}

async function compared(api: GatewayClient, request: WalkRequest, id: string): Promise<ComparedAnswer> {
  const { status, headers, text } = await askAs(api, request.method, request.path, request.json, request.headers);
  const kept = Object.entries(headers).filter(([name]) => !DIFFERENT_HEADERS.test(name));
  const body = text
    .replaceAll(id, PLACEHOLDER)
    .replaceAll(/req_\w+/g, 'req_')
    .replaceAll(/"retryAfter":\d+/g, '');
  return { status, headers: Object.fromEntries(kept), body };
}

const ORDER = ['GET', 'PUT', 'PATCH', 'POST', 'DELETE'];

/**
 * Calls every route with an id as a permitted caller, for existing resources. Requests that end resources come last,
 * the innermost first.
 */
export async function ownAnswers(system: System, administrator: string, document: ApiDocument, world: TenantWorld) {
  const depth = ({ path }: Operation) => path.split('/').length;
  const operations = document.operations
    .filter((operation) => idParametersOf(operation).some(({ in: place }) => place === 'path') && !operation.streams)
    .sort((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method) || depth(b) - depth(a));
  const answers: { what: string; status: number; text: string }[] = [];
  for (const operation of operations) {
    const parameters = idParametersOf(operation).filter(({ in: place }) => place === 'path');
    if (parameters.some(({ kind }) => PLATFORM_KINDS.has(kind))) continue;
    if (NOT_FOR_OWNERS.has(operation.id) || ABOUT_OTHERS.has(operation.id)) continue;
    const idOf = ({ kind }: IdParameter) => world.ids.get(kind as ResourceKind)![0]!;
    const { method, path, json, headers } = requestFor(operation, parameters, idOf);
    const token = operation.path.startsWith('/api/admin') ? administrator : world.credentials.owner;
    const { status, text } = await askAs(system.gateway.as(token), method, path, json, headers);
    answers.push({ what: operation.id, status, text });
  }
  return answers;
}
