import { membersOf, type Operation, type Parameter } from '../openapi/document.ts';

/** The kinds of resources with ids in the API. */
export const RESOURCE_KINDS = [
  'session',
  'internal session',
  'message',
  'file',
  'upload',
  'deletion',
  'contact',
  'broadcast',
  'opt-out',
  'rule',
  'lid',
  'call',
  'channel',
  'post',
  'post id',
  'label',
  'group',
  'group invitation',
  'webhook',
  'delivery',
  'key',
  'login',
  'workspace',
  'member',
  'invitation',
  'invitation token',
  'user',
  'worker',
  'bucket',
  'login lock',
  'tier',
  'error code',
] as const;
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/** The kind of a path parameter, by the path up to and with it. */
const BY_PATH: Record<string, ResourceKind> = {
  '/api/sessions/{id}': 'session',
  '/api/admin/sessions/{id}': 'internal session',
  '/api/messages/{id}': 'message',
  '/api/media/{id}': 'file',
  '/api/media/uploads/{id}': 'upload',
  '/api/deletions/{id}': 'deletion',
  '/api/contacts/{id}': 'contact',
  '/api/broadcast/{id}': 'broadcast',
  '/api/opt-outs/{recipient}': 'opt-out',
  '/api/rules/{id}': 'rule',
  '/api/chats/{chat}': 'contact',
  '/api/sessions/{id}/chats/{chat}': 'contact',
  '/api/sessions/{id}/labels/{label}': 'label',
  '/api/sessions/{id}/labels/{label}/chats/{chat}': 'contact',
  '/api/sessions/{id}/labels/{label}/messages/{messageId}': 'message',
  '/api/sessions/{id}/lids/{lid}': 'lid',
  '/api/sessions/{id}/calls/{call}': 'call',
  '/api/sessions/{id}/channels/{channel}': 'channel',
  '/api/sessions/{id}/channels/{channel}/posts/{serverId}': 'post',
  '/api/sessions/{id}/channels/{channel}/posts/{waMessageId}': 'post id',
  '/api/sessions/{id}/groups/{group}': 'group',
  '/api/sessions/{id}/group-invites/{code}': 'group invitation',
  '/api/sessions/{id}/communities/{community}': 'group',
  '/api/sessions/{id}/communities/{community}/groups/{group}': 'group',
  '/api/webhooks/{id}': 'webhook',
  '/api/webhooks/{id}/deliveries/{deliveryId}': 'delivery',
  '/api/keys/{id}': 'key',
  '/api/auth/logins/{id}': 'login',
  '/api/workspaces/{id}': 'workspace',
  '/api/workspaces/{id}/members/{userId}': 'member',
  '/api/workspaces/{id}/invitations/{invitationId}': 'invitation',
  '/api/invitations/{token}': 'invitation token',
  '/api/admin/users/{id}': 'user',
  '/api/admin/workers/{id}': 'worker',
  '/api/admin/rate-limits/{bucket}': 'bucket',
  '/api/admin/login-locks/{id}': 'login lock',
  '/api/admin/tiers/{tier}': 'tier',
  '/api/errors/{code}': 'error code',
};

/** The kind of a query parameter, a header or a body member, in any route. */
const BY_NAME: Record<string, ResourceKind> = {
  sessionId: 'session',
  sessionIds: 'session',
  'x-session-id': 'session',
  keyId: 'key',
  userId: 'user',
  user: 'user',
  workspaceId: 'workspace',
  workspace: 'workspace',
  workerId: 'worker',
  replyTo: 'message',
  messageIds: 'message',
  mediaId: 'file',
  groupId: 'group',
};

/** Parameters and body members that are no resource ids: those that the caller chooses, WhatsApp's, a broker's. */
const NO_IDS = new Set(['idempotency-key', 'cursor', 'clientmessageid', 'wamessageid', 'accesskeyid']);
/** Body members with the id of a resource that the request makes. */
const IN_BODY: Record<string, ResourceKind | 'new'> = {
  'POST /api/sessions sessionId': 'new',
  'POST /api/admin/workers workerId': 'new',
  'POST /api/admin/workers/register workerId': 'new',
};

/**
 * Kinds of the platform, channels, which are public at WhatsApp, and labels, which each account numbers from 1: such an
 * id names nothing of another tenant.
 */
export const PLATFORM_KINDS: ReadonlySet<ResourceKind> = new Set([
  'worker',
  'bucket',
  'login lock',
  'tier',
  'error code',
  'channel',
  'post',
  'post id',
  'label',
  'group',
  'group invitation',
]);

/** A parameter that names a resource of a tenant, or of the platform. */
export interface IdParameter {
  name: string;
  in: Parameter['in'] | 'body';
  kind: ResourceKind;
}

/** The parameters of an operation with resource ids. Throws for a parameter that is missing in the tables above. */
export function idParametersOf(operation: Operation): IdParameter[] {
  return operation.parameters.flatMap((parameter) => {
    const kind = kindOf(operation, parameter);
    if (kind) return [{ name: parameter.name, in: parameter.in, kind }];
    if (parameter.in === 'path' || looksLikeId(parameter)) {
      throw new Error(
        `${operation.id} has the parameter ${parameter.name} (${parameter.in}), which security/world/resource-kinds.ts does not know: say what it names, and let the world make one.`,
      );
    }
    return [];
  });
}

/** The body members of an operation with resource ids. */
export function idsInBody({ id, body }: Operation): IdParameter[] {
  return Object.entries(membersOf(body)).flatMap(([name, schema]): IdParameter[] => {
    const kind = IN_BODY[`${id} ${name}`] ?? BY_NAME[name];
    if (kind) return kind === 'new' ? [] : [{ name, in: 'body', kind }];
    if (!looksLikeId({ name, schema })) return [];
    throw new Error(
      `${id} has the member ${name}, which security/world/resource-kinds.ts does not know: say what it names.`,
    );
  });
}

function kindOf({ path }: Operation, { in: place, name }: Parameter): ResourceKind | undefined {
  if (place !== 'path') return BY_NAME[name] ?? BY_NAME[name.toLowerCase()];
  const end = path.indexOf(`{${name}}`) + name.length + 2;
  return BY_PATH[path.slice(0, end)];
}

const looksLikeId = ({ name, schema }: Pick<Parameter, 'name' | 'schema'>): boolean =>
  !NO_IDS.has(name.toLowerCase()) && (/(?:^id|Id|_id|-id|Ids)$/.test(name) || schema.format === 'uuid');
