import { createCipheriv, createHash, hkdfSync } from 'node:crypto';
import { placeSession, readSessionKeys, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { createLogger, newId, systemClock } from '@wa-gate/kit';
import { type Appended, type AppendedEvent, acceptMessage, findJournalled } from '@wa-gate/messaging';
import {
  createTestDatabase,
  type SeededSession,
  seedSession,
  type TestDatabase,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ChatTimers } from '../chats/chat-timers.ts';
import { ContactFeed } from '../contacts/contact-feed.ts';
import { messageSecret } from '../content/outbound.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { proto, type WAMessage } from '../whatsapp/baileys.ts';
import { createKeyWriter, type KeyWriter } from '../whatsapp/key-writer.ts';
import type { WithheldStep } from '../whatsapp/withheld-step.ts';
import { createProjector, type Projector } from './projector.ts';

const OWN = { jid: '1000@s.whatsapp.net', lid: '77@lid' };
const ANN = { pn: '15550001@s.whatsapp.net', lid: '91@lid' };
const MESSAGE_KEY = Buffer.alloc(32, 7);
const SECRET = Buffer.alloc(32, 3);
const { Type: ProtocolType } = proto.Message.ProtocolMessage;
const { MESSAGE_EDIT } = proto.Message.SecretEncryptedMessage.SecretEncType;

let database: TestDatabase;
let session: SeededSession;
let owner: { sessionId: string; epoch: number };
let projector: Projector;
let told: AppendedEvent[];
let counter = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());
beforeEach(async () => {
  session = await seedSession(database.pool, { state: 'CONNECTED' });
  const placed = await placeSession(database.pool, session.sessionId);
  owner = { sessionId: session.sessionId, epoch: placed!.epoch };
  told = [];
  const shared = {
    pool: database.pool,
    writeLock: new KeyedLock(),
    clock: systemClock,
    logger: createLogger({ service: 'test', level: 'silent' }),
    announce: ({ events }: Appended) => void told.push(...events),
    onStale: () => undefined,
  };
  projector = createProjector({
    ...shared,
    contacts: new ContactFeed({ ...shared, owners: () => [owner] }),
    messageKey: MESSAGE_KEY,
    timers: new ChatTimers(database.pool),
    onStored: () => undefined,
  });
});

function arrive(
  id: string,
  message: proto.IMessage,
  key: Partial<WAMessage['key']> = {},
  brought: { journal: readonly Buffer[]; step?: WithheldStep } = { journal: [] },
): void {
  const received = {
    key: { remoteJid: ANN.pn, remoteJidAlt: ANN.lid, fromMe: false, id, ...key },
    messageTimestamp: 1_700_000_000,
    message: proto.Message.fromObject(message),
  } as WAMessage;
  projector.accept(owner, { message: received, ...brought }, OWN);
}
const text = (conversation: string): proto.IMessage => ({
  conversation,
  messageContextInfo: { messageSecret: SECRET },
});
const edit = (id: string, conversation: string): proto.IMessage => ({
  protocolMessage: { type: ProtocolType.MESSAGE_EDIT, key: { id, fromMe: true }, editedMessage: { conversation } },
});

/** Encrypts as a phone does. */
function seal(secret: Uint8Array, id: string, author: string, changer: string, purpose: string, plain: Uint8Array) {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `${id}${author}${changer}${purpose}`, 32));
  const encIv = Buffer.alloc(12, ++counter);
  const cipher = createCipheriv('aes-256-gcm', key, encIv);
  const encPayload = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { encIv, encPayload, targetMessageKey: { id } };
}
const sealedEdit = (id: string, inner: proto.IMessage, secret: Uint8Array = SECRET): proto.IMessage => ({
  secretEncryptedMessage: {
    ...seal(secret, id, ANN.lid, ANN.lid, 'Message Edit', proto.Message.encode(inner).finish()),
    secretEncType: MESSAGE_EDIT,
  },
});

/** What was told since the last call, in order. */
async function events() {
  await projector.flush();
  return told
    .splice(0)
    .map(({ type, data }) => [type, data.text ?? data.emoji ?? (data.content as { kind?: string })?.kind]);
}

it('tells messages and changes of a batch in the order in which they came', async () => {
  arrive('M1', text('first'));
  arrive('C1', edit('M1', 'second'));
  arrive('C2', edit('M1', 'third'));
  arrive('M2', text('another'));
  arrive('R1', { reactionMessage: { key: { id: 'M2' }, text: '👍' } });
  expect(await events()).toEqual([
    ['message.received', 'first'],
    ['message.edited', 'second'],
    ['message.edited', 'third'],
    ['message.received', 'another'],
    ['message.reaction', '👍'],
  ]);
});

it('tells nothing twice when everything comes again', async () => {
  const all = () => {
    arrive('M1', text('first'));
    arrive('C1', edit('M1', 'second'));
  };
  all();
  expect(await events()).toHaveLength(2);
  all();
  expect(await events()).toEqual([]);
});

describe('an encrypted change', () => {
  it.each([
    ['as a protocol message', { ...edit('M1', 'second') }],
    ['as the new content itself', { conversation: 'second' }],
  ])('is read with the secret of its message: an edit %s', async (_, inner) => {
    arrive('M1', text('first'));
    arrive('C1', sealedEdit('M1', inner));
    expect(await events()).toEqual([
      ['message.received', 'first'],
      ['message.edited', 'second'],
    ]);
  });

  it('that comes first waits, sealed, for its message', async () => {
    arrive('C1', sealedEdit('M1', edit('M1', 'second')));
    expect(await events()).toEqual([]);
    arrive('M1', text('first'));
    expect(await events()).toEqual([
      ['message.received', 'first'],
      ['message.edited', 'second'],
    ]);
  });

  it('of a message from here is read with the derived secret: a reaction', async () => {
    const ids = { messageId: newId(), waMessageId: 'OUT1', sessionId: owner.sessionId };
    await acceptMessage(database.pool, { ...ids, chatJid: ANN.pn, request: { type: 'text', text: 'hi' } });
    const plain = proto.Message.ReactionMessage.encode({ key: { id: 'OUT1' }, text: '🎉' }).finish();
    const secret = messageSecret(MESSAGE_KEY, owner.sessionId, 'OUT1');
    arrive('R1', { encReactionMessage: seal(secret, 'OUT1', OWN.jid, ANN.pn, 'Enc Reaction', plain) });
    expect(await events()).toEqual([['message.reaction', '🎉']]);
  });

  it('that no secret opens is shown as an unknown form, also when it has waited', async () => {
    arrive('M1', text('first'));
    arrive('C1', sealedEdit('M1', edit('M1', 'x'), Buffer.alloc(32, 9)));
    arrive('C2', sealedEdit('M2', edit('M2', 'x'), Buffer.alloc(32, 9)));
    expect(await events()).toEqual([
      ['message.received', 'first'],
      ['message.unsupported', 'secretEncryptedMessage'],
    ]);
    arrive('M2', text('second'));
    expect(await events()).toEqual([
      ['message.received', 'second'],
      ['message.unsupported', 'secretEncryptedMessage'],
    ]);
  });
});

it('learns the timer of a chat under both names, and a later owner reads it', async () => {
  const setting = { type: ProtocolType.EPHEMERAL_SETTING, ephemeralExpiration: 60 };
  arrive('T1', { protocolMessage: setting });
  expect(await events()).toEqual([]);
  const timers = new ChatTimers(database.pool);
  expect(await Promise.all([ANN.pn, ANN.lid].map((jid) => timers.secondsOf(owner, jid)))).toEqual([60, 60]);
  arrive('M1', { extendedTextMessage: { text: 'x', contextInfo: { expiration: 90 } } });
  expect(await events()).toHaveLength(1);
  expect(await new ChatTimers(database.pool).secondsOf(owner, ANN.pn)).toBe(60);
});

describe('a message whose ratchet step is withheld (I4, I5)', () => {
  let keys: KeyWriter;
  beforeEach(() => {
    keys = createKeyWriter({ pool: database.pool, clock: systemClock });
  });

  const hashOf = (id: string) => createHash('sha256').update(id).digest();
  /** Comes with a step that makes the key of Ann `id`. */
  function arriveWithStep(id: string, message: proto.IMessage): WithheldStep {
    const hash = hashOf(id);
    const read = { hash, stanzaId: id, encIndex: 0, encCount: 1 };
    const upserts = [{ kind: 'session', keyId: 'ann.0', value: Buffer.from(id) }];
    const content = { stanza: Buffer.from('stanza'), plaintext: Buffer.from(`text of ${id}`) };
    const whole = () => ({ owner, upserts, deletes: [], journal: [{ ...read, content }] });
    const step = keys.withhold({ owner, upserts, read }, whole)!;
    arrive(id, message, {}, { journal: [hash], step });
    return step;
  }
  const key = async () =>
    (await readSessionKeys(database.pool, owner.sessionId, 'session', ['ann.0'])).get('ann.0')?.toString();
  const journalled = (id: string) => findJournalled(database.pool, owner.sessionId, hashOf(id));

  it('is stored together with it', async () => {
    const steps = ['M1', 'M2'].map((id) => arriveWithStep(id, text(id)));
    expect(await events()).toHaveLength(2);
    await Promise.all(steps.map(({ settled }) => settled));
    expect([await key(), await journalled('M1'), await journalled('M2')]).toEqual(['M2', 'done', 'done']);
  });

  it('is stored after it where the batch has a change, or one that has waited for the message', async () => {
    arriveWithStep('M1', text('first'));
    const changed = arriveWithStep('C1', edit('M1', 'second'));
    const other = arriveWithStep('C2', edit('M3', 'before its message'));
    expect(await events()).toHaveLength(2);
    await Promise.all([changed, other].map(({ settled }) => settled));
    expect([await key(), await journalled('C1'), await journalled('C2')]).toEqual(['C2', 'done', 'done']);
    const late = arriveWithStep('M3', text('third'));
    expect(await events()).toEqual([
      ['message.received', 'third'],
      ['message.edited', 'before its message'],
    ]);
    await late.settled;
    expect([await key(), await journalled('M3')]).toEqual(['M3', 'done']);
  });

  it('that cannot be stored leaves what was read in the journal, and the others are stored', async () => {
    // A key of an index cannot be as long.
    const tooLong = Array.from({ length: 400 }, () => newId()).join('');
    const steps = ['M1', tooLong, 'M2'].map((id) => arriveWithStep(id, text('hello')));
    expect(await events()).toHaveLength(2);
    await Promise.all(steps.map(({ settled }) => settled));
    expect([await key(), await journalled('M1'), await journalled('M2')]).toEqual(['M2', 'done', 'done']);
    expect(await journalled(tooLong)).toEqual(Buffer.from(`text of ${tooLong}`));
  });

  it('of an owner that was replaced is refused, and nothing of it is stored (I2)', async () => {
    owner = { ...owner, epoch: owner.epoch - 1 };
    const step = arriveWithStep('M1', text('hello'));
    expect(await events()).toEqual([]);
    await expect(step.settled).rejects.toThrow('moved on');
    expect([await key(), await journalled('M1')]).toEqual([undefined, null]);
  });
});

it('somebody who writes again costs no statement for contacts (MR-136)', async () => {
  const statements: string[] = [];
  const counted = new Proxy(database.pool, {
    get(pool, name) {
      if (name !== 'query') return Reflect.get(pool, name, pool);
      return (query: { name: string }) => {
        statements.push(query.name);
        return pool.query(query as never);
      };
    },
  });
  const shared = {
    pool: counted,
    writeLock: new KeyedLock(),
    clock: systemClock,
    logger: createLogger({ service: 'test', level: 'silent' }),
    announce: ({ events }: Appended) => void told.push(...events),
    onStale: () => undefined,
  };
  projector = createProjector({
    ...shared,
    contacts: new ContactFeed({ ...shared, owners: () => [owner] }),
    messageKey: MESSAGE_KEY,
    timers: new ChatTimers(counted),
    onStored: () => undefined,
  });
  arrive('FIRST', text('who is this'));
  await projector.flush();
  expect(statements).toContain('news-of-contacts');
  statements.length = 0;
  arrive('AGAIN', text('it is me'));
  await projector.flush();
  expect(statements).toEqual(['store-inbound']);
  const contactIds = told.map(({ data }) => (data.identities as { from: { contactId: string } }).from.contactId);
  expect(contactIds).toEqual([expect.any(String), contactIds[0]]);
});
