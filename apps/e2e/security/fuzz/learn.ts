import type { ResourceKind } from '../world/resource-kinds.ts';
import type { FuzzCase } from './cases.ts';

/** The member with the new id in the answer of an operation that makes a resource. */
const MADE: Record<string, readonly [ResourceKind, string]> = {
  'POST /api/sessions': ['session', 'sessionId'],
  'POST /api/keys': ['key', 'key.id'],
  'POST /api/sessions/{id}/keys': ['key', 'key.id'],
  'POST /api/keys/{id}/rotate': ['key', 'key.id'],
  'POST /api/webhooks': ['webhook', 'webhook.id'],
  'POST /api/sessions/{id}/webhooks': ['webhook', 'webhook.id'],
  'POST /api/workspaces': ['workspace', 'workspace.id'],
  'POST /api/workspaces/{id}/invitations': ['invitation', 'invitation.id'],
  'POST /api/sessions/{id}/labels': ['label', 'labelId'],
  'POST /api/sessions/{id}/send': ['message', 'messageId'],
  'POST /api/messages/send': ['message', 'messageId'],
  'POST /api/broadcast': ['broadcast', 'broadcastId'],
  'POST /api/rules': ['rule', 'ruleId'],
  'POST /api/media': ['file', 'mediaId'],
  'POST /api/media/uploads': ['upload', 'uploadId'],
  'POST /api/admin/users': ['user', 'user.id'],
  'POST /api/admin/workers': ['worker', 'workerId'],
};

/** The ids of the resources that an answer reports as made. */
export function learnedFrom({ operation, method }: FuzzCase, body: unknown): [ResourceKind, string][] {
  const made = method === operation.method ? MADE[operation.id] : undefined;
  if (!made) return [];
  const [kind, place] = made;
  const id = place
    .split('.')
    .reduce<unknown>(
      (at, step) => (at as Record<string, unknown> | undefined)?.[step],
      (body as { data?: unknown }).data,
    );
  return typeof id === 'string' ? [[kind, id]] : [];
}
