import {
  EVENT_TYPES,
  type EventType,
  LIVE_EVENT_TYPES,
  type LiveEventType,
  type StreamedEvent,
  WORKER_EVENT_TYPES,
  type WorkerEvent,
} from '@wa-gate/contracts';
import { inTransaction } from '@wa-gate/db';
import { recoverInstallation } from '@wa-gate/messaging';
import { livePayloadProblems, payloadProblems, workerPayloadProblems } from '@wa-gate/testkit';
import { WebSocket } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addPhone, readQr, registerTenant, type Tenant, uniqueName, waitForStatus } from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { WebhookReceiver } from '../harness/webhook-receiver.ts';

/** A session that was created with its webhook, which also gets the events of the linking. */
interface Watched {
  sessionId: string;
  phone: Phone;
  webhook: WebhookReceiver;
}

const system = useSystem({ workers: 1, env: { gateway: { NOTICE_DELAY: '1s' } } });
const watched: Watched[] = [];
let tenant: Tenant;
let friend: Phone;
let main: Watched;

beforeAll(async () => {
  tenant = await registerTenant(system());
  friend = await addPhone(system(), 'Friend');
  await system().sandbox.updatePhone(friend.number, { receipts: { deliveredMs: 0, readMs: 0 } });
  main = await link(await watch({ engineEvents: true }));
});
afterAll(() => Promise.all(watched.map(({ webhook }) => webhook.close())));

async function watch(settings: object = {}): Promise<Watched> {
  const sessionId = uniqueName('session');
  const webhook = await new WebhookReceiver().start();
  const created = await tenant.api.createSession({ sessionId, webhook: { url: webhook.url }, settings });
  webhook.know(created.webhook!.secret);
  const made = { sessionId, phone: await addPhone(system(), 'Owner'), webhook };
  watched.push(made);
  return made;
}

const scan = async ({ sessionId, phone }: Watched) =>
  system().sandbox.scan(phone.number, await readQr(system(), tenant.api, sessionId));

async function link(session: Watched): Promise<Watched> {
  await scan(session);
  await waitForStatus(tenant.api, session.sessionId, 'connected');
  return session;
}

async function deviceOf({ phone }: Watched): Promise<string> {
  const [device] = await system().sandbox.devices(phone.number);
  return `${phone.number}:${device!.id}`;
}

type Sent = { type: string; [field: string]: unknown };
const say = (text: string) => system().sandbox.sendText(friend.number, main.phone.number, text);
/** A message of the friend, and what the friend does to it then. */
const onSaid = async (change: Sent) => {
  const { id: target } = await say('to be changed');
  return system().sandbox.send(friend.number, { to: main.phone.number, target, ...change });
};
const SOON = new Date(Date.now() + 86_400_000).toISOString();
/** A poll or an event of the friend, and what the friend says to it then. */
const onAsked = async (asked: Sent, said: Sent) => {
  const { id: target } = await system().sandbox.send(friend.number, { to: main.phone.number, ...asked });
  return system().sandbox.send(friend.number, { to: main.phone.number, target, ...said });
};
const sendFile = (spoiled?: string) =>
  system().sandbox.send(friend.number, {
    to: main.phone.number,
    type: 'image',
    data: Buffer.from('a picture').toString('base64'),
    ...(spoiled && { spoiled }),
  });
const send = async (message: string) => {
  const text = { to: friend.number, type: 'text', message };
  return (await tenant.api.send(main.sessionId, text, { wait: 'queued' })).body.data.messageId;
};
/** A group of the friend, with the account in it. */
const withGroup = async () => {
  const group = { owner: friend.number, subject: 'A group', participants: [main.phone.number] };
  return (await system().sandbox.createGroup(group)).id;
};
const channelOf = ({ number }: Phone) => system().sandbox.createChannel({ owner: number, name: 'Offers' });
const ring = async () => (await system().sandbox.call(friend.number, main.phone.number)).id;
const broadcast = async () => {
  const json = {
    message: 'Hello {{name|friend}}',
    sessionIds: [main.sessionId],
    recipients: [friend.number],
    start: true,
  };
  // The events before it have brought a lock, a cap and refusals over the account.
  const pacing = { method: 'PATCH' as const, json: { riskGuard: null } };
  await tenant.api.data(`/api/sessions/${main.sessionId}/pacing`, pacing);
  await tenant.api.data('/api/broadcast', { method: 'POST', json });
};
const faulting = async (fault: Record<string, unknown>, run?: () => Promise<unknown>) => {
  const id = await system().sandbox.addFault({ device: await deviceOf(main), ...fault });
  await run?.();
  return id;
};

/** What was so before the session has read the settings of the account for the first time makes no events. */
let settingsRead: Promise<unknown> | undefined;
const readSettings = () =>
  waitFor(
    async () => {
      const path = `/api/sessions/${main.sessionId}/chats/sync`;
      return (await tenant.api.call(path, { method: 'POST', json: {} })).status === 200;
    },
    { what: 'the settings of the account' },
  );
/** Something that the owner of the account does on the phone to the chat with the friend. */
const onPhone = async (setting: Record<string, unknown>) => {
  settingsRead ??= readSettings();
  await settingsRead;
  await system().sandbox.changeSetting(main.phone.number, { chat: friend.number, ...setting });
};
/** Labels of WhatsApp Business, each with a number of its own. */
let labels = 0;
const label = async (name: string) => {
  labels += 1;
  await onPhone({ action: 'label', label: String(labels), name });
  return String(labels);
};

/** Runs an action; returns the webhook of the main session. */
async function onMain(run?: () => Promise<unknown>): Promise<WebhookReceiver> {
  await run?.();
  return main.webhook;
}

/** The cause of each event. Returns the webhook at which it arrives. */
const CAUSES: { [K in EventType]: () => Promise<WebhookReceiver> } = {
  'message.received': () => onMain(() => say('hello')),
  'message.sent': () => onMain(() => send('hello')),
  'message.delivered': () => onMain(() => send('to be delivered')),
  'message.read': () => onMain(() => send('to be read')),
  'message.played': () =>
    onMain(async () => {
      const messageId = await send('to be played');
      const { data } = await main.webhook.waitForEvent('message.sent', (event) => event.data.messageId === messageId);
      await system().sandbox.sendReceipt(friend.number, [String(data.waMessageId)], 'played');
    }),
  'message.failed': () => onMain(() => faulting({ kind: 'nack', code: 479 }, () => send('to be refused'))),
  'message.undecryptable': () => onMain(() => faulting({ kind: 'corrupt' }, () => say('spoiled'))),
  'message.recovered': () => onMain(() => faulting({ kind: 'corrupt' }, () => say('spoiled, and sent again'))),
  'message.unsupported': () =>
    onMain(() => system().sandbox.send(friend.number, { to: main.phone.number, type: 'unknown' })),
  'message.edited': () => onMain(() => onSaid({ type: 'edit', text: 'as it is' })),
  'message.revoked': () => onMain(() => onSaid({ type: 'revoke' })),
  'message.deleted': () =>
    onMain(async () => {
      const { id: message } = await say('to be deleted for me');
      await main.webhook.waitForEvent('message.received', ({ data }) => data.waMessageId === message);
      await onPhone({ action: 'deleteForMe', message });
    }),
  'message.reaction': () => onMain(() => onSaid({ type: 'reaction', emoji: '👍' })),
  'poll.vote': () =>
    onMain(() => onAsked({ type: 'poll', name: 'Tea?', options: ['Yes', 'No'] }, { type: 'vote', options: ['Yes'] })),
  'message.answer': () =>
    onMain(() => onAsked({ type: 'event', name: 'Dinner', startTime: SOON }, { type: 'answer', response: 'maybe' })),
  'media.ready': () => onMain(() => sendFile()),
  'media.failed': () =>
    onMain(async () => {
      await faulting({ kind: 'media-retry' });
      await sendFile('absent');
    }),
  'history.progress': async () => {
    const session = await watch({ history: 'recent' });
    await system().sandbox.addPast(session.phone.number, { chats: [{ chat: friend.number, count: 5 }] });
    return (await link(session)).webhook;
  },
  'contact.merged': () =>
    onMain(async () => {
      const shy = await addPhone(system(), 'Shy');
      const write = (text: string, hidesOtherName: boolean) =>
        system().sandbox.send(shy.number, {
          to: main.phone.number,
          type: 'text',
          text,
          addressing: 'lid',
          hidesOtherName,
        });
      await write('by my LID alone', true);
      await main.webhook.waitForEvent('message.received', ({ data }) => data.text === 'by my LID alone');
      await write('and this is my number', false);
    }),
  'chat.updated': () => onMain(() => onPhone({ action: 'archive' })),
  'chat.read': () =>
    onMain(async () => {
      const { id } = await say('to be read on the phone');
      await system().sandbox.sendReceipt(main.phone.number, [id], 'read');
    }),
  'chat.cleared': () => onMain(() => onPhone({ action: 'clear' })),
  'chat.deleted': () => onMain(() => onPhone({ action: 'delete' })),
  'label.created': () => onMain(() => label('New customer')),
  'label.updated': () =>
    onMain(async () => onPhone({ action: 'label', label: await label('Paid'), name: 'Has paid', color: 4 })),
  'label.deleted': () => onMain(async () => onPhone({ action: 'label', label: await label('Old'), on: false })),
  'label.assigned': () => onMain(async () => onPhone({ action: 'labelChat', label: await label('VIP') })),
  'label.unassigned': () =>
    onMain(async () => {
      const id = await label('Seen');
      await onPhone({ action: 'labelChat', label: id });
      await onPhone({ action: 'labelChat', label: id, on: false });
    }),
  'group.joined': () => onMain(() => withGroup()),
  'group.left': () =>
    onMain(async () => {
      const group = await withGroup();
      await system().sandbox.changeParticipants(group, { action: 'remove', participants: [main.phone.number] });
    }),
  'group.updated': () =>
    onMain(async () => system().sandbox.changeGroup(await withGroup(), { subject: 'Another name' })),
  'group.participants': () =>
    onMain(async () => {
      const change = { action: 'promote' as const, participants: [main.phone.number] };
      await system().sandbox.changeParticipants(await withGroup(), change);
    }),
  'group.join_request': () =>
    onMain(async () => {
      const group = await withGroup();
      await system().sandbox.changeParticipants(group, { action: 'promote', participants: [main.phone.number] });
      await system().sandbox.changeGroup(group, { joinApproval: true });
      await system().sandbox.joinGroup(group, (await addPhone(system(), 'Somebody')).number);
    }),
  'group.invite_revoked': () => onMain(async () => system().sandbox.revokeGroupInvite(await withGroup())),
  'contact.updated': () =>
    onMain(async () => {
      await say('so that I am known');
      await send('and so that my devices are asked for');
      await main.webhook.waitForEvent('message.delivered');
      await system().sandbox.updatePhone(friend.number, { about: 'At sea' });
    }),
  'contact.blocked': () => onMain(() => system().sandbox.block(main.phone.number, friend.number)),
  'contact.unblocked': () => onMain(() => system().sandbox.block(main.phone.number, friend.number, false)),
  'contact.identity_changed': () =>
    onMain(async () => {
      const other = await addPhone(system(), 'Anew');
      await system().sandbox.sendText(other.number, main.phone.number, 'with my old phone');
      await main.webhook.waitForEvent('message.received', ({ data }) => data.text === 'with my old phone');
      await system().sandbox.addFault({ kind: 'identity-change', phone: other.number });
    }),
  'channel.followed': () => onMain(() => channelOf(main.phone)),
  'channel.unfollowed': () =>
    onMain(async () => {
      const { id } = await channelOf(friend);
      const path = `/api/sessions/${main.sessionId}/channels/${id}/follow`;
      for (const method of ['PUT', 'DELETE'] as const) await tenant.api.data(path, { method });
    }),
  'channel.updated': () =>
    onMain(async () => {
      const { id } = await channelOf(main.phone);
      const path = `/api/sessions/${main.sessionId}/channels/${id}`;
      await tenant.api.data(path, { method: 'PATCH', json: { name: 'Other offers' } });
    }),
  'channel.deleted': () =>
    onMain(async () => {
      const { id } = await channelOf(main.phone);
      await tenant.api.data(`/api/sessions/${main.sessionId}/channels/${id}`, { method: 'DELETE' });
    }),
  'call.received': () => onMain(() => ring()),
  'call.accepted': () => onMain(async () => system().sandbox.actOnCall(await ring(), 'accept')),
  'call.rejected': () => onMain(async () => system().sandbox.actOnCall(await ring(), 'reject')),
  'call.missed': () => onMain(async () => system().sandbox.actOnCall(await ring(), 'hang-up')),
  'call.ended': () =>
    onMain(async () => {
      const id = await ring();
      await system().sandbox.actOnCall(id, 'accept');
      await system().sandbox.actOnCall(id, 'hang-up');
    }),
  'broadcast.progress': () => onMain(() => broadcast()),
  'broadcast.completed': () => onMain(() => broadcast()),
  'keyword.matched': () =>
    onMain(async () => {
      const rule = { name: 'Rooms', match: 'contains', patterns: ['lihat ruang'], event: true };
      await tenant.api.data('/api/rules', { method: 'POST', json: rule });
      await say('Mau lihat ruang A');
    }),
  'connection.open': () => onMain(),
  'connection.close': () =>
    onMain(async () => {
      await faulting({ kind: 'cut' });
      await waitForStatus(tenant.api, main.sessionId, 'connected');
    }),
  'qr.generated': () => onMain(),
  'session.status': () => onMain(),
  'session.loggedout': async () => {
    const { phone, webhook } = await link(await watch());
    const [device] = await system().sandbox.devices(phone.number);
    await system().sandbox.removeDevice(phone.number, device!.id);
    return webhook;
  },
  'session.migrated': () =>
    onMain(async () => {
      await system().restart('worker-1', 'SIGKILL');
      await waitForStatus(tenant.api, main.sessionId, 'connected');
    }),
  'session.restricted': () => onMain(async () => system().sandbox.cancelFault(await faulting({ kind: 'time-lock' }))),
  'session.banned': async () => {
    const { phone, webhook } = await link(await watch());
    await system().sandbox.addFault({ kind: 'ban', phone: phone.number, code: 402, cause: 104, expire: 3_600 });
    return webhook;
  },
  'session.capped': () =>
    onMain(async () => {
      const capping = { status: 'FIRST_WARNING', used: 80, total: 100 };
      await system().sandbox.cancelFault(await faulting({ kind: 'capping', capping }));
    }),
  'session.risk': () =>
    onMain(async () => {
      const fault = await faulting({ kind: 'time-lock' });
      await main.webhook.waitForEvent('session.risk', ({ data }) => data.level === 'high');
      await system().sandbox.cancelFault(fault);
    }),
  'session.restored': () =>
    onMain(async () => {
      const recover = { kind: 'promoted', asOf: new Date() } as const;
      await inTransaction(system().services.pool, (tx) => recoverInstallation(tx, recover));
      // A recovery ends all logins.
      const { token } = await system().gateway.login(tenant.email, tenant.password);
      tenant = { ...tenant, api: system().gateway.as(token) };
      await waitForStatus(tenant.api, main.sessionId, 'connected');
    }),
  'session.passkey_required': async () => {
    const session = await watch();
    await system().sandbox.addFault({ kind: 'passkey', phone: session.phone.number });
    await expect(scan(session)).rejects.toThrow('PASSKEY_REQUIRED');
    return session.webhook;
  },
  'session.notice': () => CAUSES['session.loggedout'](),
};

test.each(EVENT_TYPES)('%s is brought about and arrives as the registry promises (MR-066, MR-068)', async (type) => {
  const webhook = await CAUSES[type]();
  expect(payloadProblems(await webhook.waitForEvent(type))).toEqual([]);
});

/** The events of a stream, by default of the main session. */
async function listen(query: string, path = `/api/sessions/${main.sessionId}/events/ws`): Promise<StreamedEvent[]> {
  const url = `${system().gateways[0]!.url.replace('http', 'ws')}${path}${query}`;
  const { token } = await system().gateway.login(tenant.email, tenant.password);
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
  const heard: StreamedEvent[] = [];
  return new Promise((resolve, reject) => {
    socket.addEventListener('message', ({ data }) => {
      const { event } = JSON.parse(data as string) as { event?: StreamedEvent };
      if (event) heard.push(event);
      else resolve(heard);
    });
    socket.addEventListener('error', () => reject(new Error(`The stream ${url} was refused`)));
  });
}

/** The cause of each event that is not kept. */
const LIVE_CAUSES: { [K in LiveEventType]: () => Promise<unknown> } = {
  'engine.event': () => sendFile(),
  'presence.update': async () => {
    const watched = { method: 'POST' as const, json: { contact: `+${friend.number}` } };
    await tenant.api.data(`/api/sessions/${main.sessionId}/presence/subscribe`, watched);
    await system().sandbox.setPresence(friend.number, 'composing', main.phone.number);
  },
};

test.each(LIVE_EVENT_TYPES)('%s is told to streams that name it, and to nobody else (MR-059)', async (type) => {
  const [named, others] = await Promise.all([listen(`?events=${type}`), listen('')]);
  await LIVE_CAUSES[type]();
  await waitFor(() => named.length > 0, { what: type });
  expect(named.flatMap((event) => livePayloadProblems(type, event))).toEqual([]);
  expect(named.at(-1)).toMatchObject({ event: type, sessionId: main.sessionId, seq: 0 });

  await say('what the log has');
  await waitFor(() => others.some(({ event }) => event === 'message.received'), { what: 'the message' });
  expect(others.filter(({ event }) => event === type)).toEqual([]);
  expect(named.filter(({ event }) => event !== type)).toEqual([]);
  expect(main.webhook.events.filter(({ event }) => event === (type as string))).toEqual([]);
});

test('engine.event is told of no session without the setting, and has no key of a file (MR-059, MR-163)', async () => {
  const plain = await link(await watch());
  const told = await listen('?events=engine.event', '/api/events/ws');
  await system().sandbox.sendText(friend.number, plain.phone.number, 'not passed on');
  await plain.webhook.waitForEvent('message.received', ({ data }) => data.text === 'not passed on');
  await sendFile();
  const isOfFile = ({ data }: StreamedEvent) =>
    data.name === 'messages.upsert' && /imageMessage/.test(JSON.stringify(data));
  await waitFor(() => told.some(isOfFile), { what: 'the file as Baileys tells it' });
  expect(new Set(told.map(({ sessionId }) => sessionId))).toEqual(new Set([main.sessionId]));
  expect(JSON.stringify(told)).not.toMatch(/mediaKey|Sha256|messageSecret|thumbnail/i);
});

test('each event of a worker is brought about, and administrators read it as the registry promises (MR-059)', async () => {
  const { email, password } = system().admin;
  const admin = system().gateway.as((await system().gateway.login(email, password)).token);
  const read = () => admin.data<{ events: WorkerEvent[] }>('/api/admin/events?limit=500');
  const json = { workerId: 'expected', endpoint: 'http://127.0.0.1:9' };
  await admin.data('/api/admin/workers', { method: 'POST', json });
  await admin.data('/api/admin/workers/expected/drain', { method: 'POST' });
  const isTold = async (type: string) => (await read()).events.some(({ event }) => event === type);
  await waitFor(() => isTold('worker.drained'), { what: 'worker.drained' });
  await admin.data('/api/admin/workers/expected', { method: 'DELETE' });
  await system().restart('worker-1', 'SIGTERM');
  await waitForStatus(tenant.api, main.sessionId, 'connected');
  const { events } = await read();
  expect(new Set(events.map(({ event }) => event))).toEqual(new Set(WORKER_EVENT_TYPES));
  expect(events.flatMap(workerPayloadProblems)).toEqual([]);
  // Also over the lives that were killed before.
  const ofWorker = events.filter(({ workerId }) => workerId !== 'expected').map(({ event }) => event);
  const presence = ofWorker.filter((event) => event === 'worker.online' || event === 'worker.offline');
  expect(presence).toEqual(presence.map((_, index) => (index % 2 === 0 ? 'worker.online' : 'worker.offline')));
  expect(presence.at(-1)).toBe('worker.online');
});

test('message.sent has one shape: what the phone sent, and what the API sent', async () => {
  const { id } = await system().sandbox.sendText(main.phone.number, friend.number, 'by hand');
  const messageId = await send('by the API');
  const [byHand, byApi] = await Promise.all([
    main.webhook.waitForEvent('message.sent', ({ data }) => data.waMessageId === id),
    main.webhook.waitForEvent('message.sent', ({ data }) => data.messageId === messageId),
  ]);
  for (const [{ data }, text] of [[byHand, 'by hand'] as const, [byApi, 'by the API'] as const]) {
    expect(data).toMatchObject({ fromMe: true, type: 'text', text, to: data.chat });
  }
});

test('every request that came is as the registry promises, and signed', async () => {
  await waitFor(async () => (await system().sandbox.waitingStanzas(main.phone.number)) === 0);
  for (const { webhook } of watched) {
    expect(webhook.requests.filter(({ problem }) => problem !== null)).toEqual([]);
    expect(webhook.events.flatMap(payloadProblems)).toEqual([]);
  }
});

expectSoundSystem(system);
