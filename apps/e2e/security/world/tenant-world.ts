import type { GatewayClient } from '../../harness/gateway-client.ts';
import { addPhone, pairSession, registerTenant, type Tenant, uniqueName } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { waitFor } from '../../harness/wait-for.ts';
import type { ResourceKind } from './resource-kinds.ts';

/** The credentials of the members and keys of a tenant. */
export interface Credentials {
  owner: string;
  operator: string;
  viewer: string;
  ownerKey: string;
  operatorKey: string;
  viewerKey: string;
  sessionKey: string;
}

/** A tenant with one resource of every kind. */
export interface TenantWorld {
  owner: Tenant;
  /** The members with a password, which can log in again. */
  people: Readonly<Record<'owner' | 'operator' | 'viewer', Tenant>>;
  credentials: Credentials;
  /** Existing ids by kind; the first of each belongs to this tenant alone. */
  ids: ReadonlyMap<ResourceKind, string[]>;
  /** Texts that only this tenant has, to recognise its data in any answer. */
  marks: string[];
}

interface Me {
  user: { id: string };
  workspaceId: string;
}

type CreatedKey = { key: { id: string }; apiKey: string };

/**
 * Makes one resource of every kind through the API. `slug` is the id of a session that other tenants may use, too; the
 * second session has a unique one.
 */
export async function makeTenantWorld(
  system: System,
  administrator: GatewayClient,
  { slug }: { slug: string },
): Promise<TenantWorld> {
  const mark = uniqueName('mark');
  const owner = await registerTenant(system);
  const { api } = owner;
  const me = await api.data<Me>('/api/auth/me');
  const paired = await pairSession(system, owner, { sessionId: slug, phoneName: mark });
  const own = `own-${mark}`;
  await api.createSession({ sessionId: own, name: mark });
  const webhook = { url: `http://127.0.0.1:9/${mark}` };
  for (const sessionId of [own, slug]) await api.setWebhook(sessionId, webhook);
  const further = await api.data<{ webhook: { id: string; secret: string } }>('/api/webhooks', {
    method: 'POST',
    json: { ...webhook, sessionId: own, name: mark },
  });
  system.secrets.add(further.webhook.secret);
  const [delivery] = await waitFor(
    async () => {
      const path = `/api/webhooks/${further.webhook.id}/deliveries`;
      const { deliveries } = await api.data<{ deliveries: { id: string }[] }>(path);
      return deliveries.length > 0 ? deliveries : undefined;
    },
    { what: 'an event for the webhook' },
  );

  const friend = await addPhone(system);
  const sent = await paired.api.send(slug, { to: friend.number, type: 'text', message: mark }, { wait: 'sent' });
  if (sent.status !== 200) throw new Error(`The message was not sent: ${JSON.stringify(sent.body)}`);
  const { chat: contact } = sent.body.data.identities ?? {};
  if (!contact?.contactId || !contact.lid) throw new Error(`No contact was made: ${JSON.stringify(sent.body)}`);

  const file = { base64: Buffer.from(mark).toString('base64'), fileName: `${mark}.txt` };
  const channel = await api.data<{ id: string }>(`/api/sessions/${slug}/channels`, {
    method: 'POST',
    json: { name: 'Offers' },
  });
  const post = await system.sandbox.postToChannel(channel.id, { text: 'Two for one.' });
  const call = await system.sandbox.call(friend.number, paired.phone.number, { ringMs: 3_600_000 });
  await waitFor(async () => (await api.data<{ calls: unknown[] }>(`/api/sessions/${slug}/calls`)).calls.length > 0, {
    what: 'the call to ring',
  });
  const { mediaId } = await api.data<{ mediaId: string }>('/api/media', { method: 'POST', json: file });
  const { uploadId } = await api.data<{ uploadId: string }>('/api/media/uploads', {
    method: 'POST',
    headers: { 'tus-resumable': '1.0.0', 'upload-length': '9' },
  });

  const made = await api.data<{ broadcastId: string }>('/api/broadcast', {
    method: 'POST',
    json: { name: mark, message: mark, sessionIds: [slug], recipients: [friend.number] },
  });
  const rule = { name: mark, match: 'exact', patterns: [mark], event: true };
  const { ruleId } = await api.data<{ ruleId: string }>('/api/rules', { method: 'POST', json: rule });
  const stranger = await addPhone(system);
  await api.data('/api/opt-outs', { method: 'POST', json: { to: stranger.number, note: mark } });
  const former = `former-${mark}`;
  await api.createSession({ sessionId: former });
  const { deletionId } = await api.data<{ deletionId: string }>(`/api/sessions/${former}`, { method: 'DELETE' });

  const keys = new Map<string, CreatedKey>();
  for (const role of ['owner', 'operator', 'viewer']) {
    const json = { name: `${role} ${mark}`, role };
    keys.set(role, remembered(system, await api.data<CreatedKey>('/api/keys', { method: 'POST', json })));
  }
  const operator = await addMember(system, owner, me.workspaceId, 'operator');
  const viewer = await addMember(system, owner, me.workspaceId, 'viewer');
  const invited = await invite(api, me.workspaceId, `${mark}@example.test`, 'viewer');
  // A second workspace with a member, which may be destroyed while the first one stays.
  const second = await api.data<{ workspace: { id: string } }>('/api/workspaces', {
    method: 'POST',
    json: { name: mark },
  });
  const guest = await addMember(system, owner, second.workspace.id, 'operator');
  await system.gateway.login(owner.email, owner.password);
  const { logins } = await api.data<{ logins: { id: string; isCurrent: boolean }[] }>('/api/auth/logins');

  const { sessions } = await administrator.data<{ sessions: { id: string; sessionId: string }[] }>(
    `/api/admin/sessions?limit=200&user=${me.user.id}`,
  );

  return {
    owner,
    people: { owner, operator: operator.person, viewer: viewer.person },
    marks: [mark, me.user.id, me.workspaceId, sent.body.data.messageId],
    credentials: {
      owner: await logInTo(system, owner, me.workspaceId),
      operator: operator.token,
      viewer: viewer.token,
      ownerKey: keys.get('owner')!.apiKey,
      operatorKey: keys.get('operator')!.apiKey,
      viewerKey: keys.get('viewer')!.apiKey,
      sessionKey: paired.apiKey,
    },
    ids: new Map<ResourceKind, string[]>([
      ['session', [own, slug]],
      ['internal session', sessions.map(({ id }) => id)],
      ['message', [sent.body.data.messageId]],
      ['file', [mediaId]],
      ['upload', [uploadId]],
      ['deletion', [deletionId]],
      ['contact', [contact.contactId]],
      ['broadcast', [made.broadcastId]],
      ['opt-out', [stranger.number]],
      ['rule', [ruleId]],
      ['label', ['1']],
      ['lid', [contact.lid.replace('@lid', '')]],
      ['call', [call.id]],
      ['channel', [channel.id]],
      ['post', [String(post.serverId)]],
      ['post id', [post.id]],
      ['group', ['120363025246125486']],
      ['group invitation', ['GZ3kq0bW9sH2mXy7TnVdLa']],
      ['webhook', [further.webhook.id]],
      ['delivery', [delivery!.id]],
      ['key', [...keys.values()].map(({ key }) => key.id)],
      ['login', logins.filter(({ isCurrent }) => !isCurrent).map(({ id }) => id)],
      ['workspace', [me.workspaceId, second.workspace.id]],
      ['member', [viewer.userId, operator.userId, guest.userId]],
      ['invitation', [invited.invitation.id]],
      ['invitation token', [invited.token]],
      ['user', [me.user.id]],
    ]),
  };
}

/** Logs a member in to the workspace; returns the token. */
export async function logInTo(system: System, { email, password }: Tenant, workspaceId: string): Promise<string> {
  const { token } = await system.gateway.login(email, password);
  const json = { workspaceId };
  const switched = await system.gateway.as(token).data<{ token: string }>('/api/auth/switch', { method: 'POST', json });
  system.secrets.add(switched.token);
  return switched.token;
}

const invite = (api: GatewayClient, workspaceId: string, email: string, role: string) =>
  api.data<{ invitation: { id: string }; token: string }>(`/api/workspaces/${workspaceId}/invitations`, {
    method: 'POST',
    json: { email, role },
  });

/** Adds a member to the workspace; returns its token. */
async function addMember(system: System, owner: Tenant, workspaceId: string, role: string) {
  const member = await registerTenant(system);
  const { token } = await invite(owner.api, workspaceId, member.email, role);
  system.secrets.add(token);
  await member.api.data(`/api/invitations/${token}/accept`, { method: 'POST' });
  const memberToken = await logInTo(system, member, workspaceId);
  const { user } = await member.api.data<Me>('/api/auth/me');
  return { userId: user.id, token: memberToken, person: member };
}

function remembered(system: System, created: CreatedKey): CreatedKey {
  system.secrets.add(created.apiKey);
  return created;
}
