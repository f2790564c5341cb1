import { createCipheriv, hkdfSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { proto } from '../whatsapp/baileys.ts';
import { openSealed, type SealedKind, sealedData, seal as sealForPhone } from './sealed.ts';

const secret = Buffer.alloc(32, 3);
const iv = Buffer.alloc(12, 5);
const ANN = { pn: '1555@s.whatsapp.net', lid: '99@lid' };
const US = { pn: '1000@s.whatsapp.net', lid: '77@lid' };

const PURPOSES = { edit: 'Message Edit', reaction: 'Enc Reaction', vote: 'Poll Vote', answer: 'Event Response' };

/** Encrypts as a phone does. */
function seal(kind: SealedKind, plain: Uint8Array, author: string, changer: string) {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `T1${author}${changer}${PURPOSES[kind]}`, 32));
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  if (kind === 'vote' || kind === 'answer') cipher.setAAD(Buffer.from(`T1\u0000${changer}`));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return sealedData(kind, sealed, iv);
}
const edit = proto.Message.encode({ conversation: 'new' }).finish();
const annsNames = { authors: [ANN.pn, ANN.lid], changers: [ANN.pn, ANN.lid] };

it.each([
  [ANN.pn, ANN.pn],
  [ANN.lid, ANN.lid],
  [ANN.pn, ANN.lid],
])('opens an edit that was encrypted for the names %s and %s', (author, changer) => {
  expect(openSealed(seal('edit', edit, author, changer), 'T1', secret, annsNames)).toEqual(Buffer.from(edit));
});

it('opens a reaction to a message of ours', () => {
  const plain = proto.Message.ReactionMessage.encode({ key: { id: 'T1' }, text: '👍' }).finish();
  const names = { authors: [US.pn, US.lid], changers: [ANN.pn, ANN.lid] };
  expect(openSealed(seal('reaction', plain, US.lid, ANN.pn), 'T1', secret, names)).toEqual(Buffer.from(plain));
});

it.each(['vote', 'answer'] as const)('opens a sealed %s, which is bound to its message and its author', (kind) => {
  const names = { authors: [US.pn, US.lid], changers: [ANN.pn, ANN.lid] };
  const plain = Buffer.from('ballot');
  expect(openSealed(seal(kind, plain, US.lid, ANN.lid), 'T1', secret, names)).toEqual(plain);
  expect(openSealed(seal(kind, plain, US.pn, ANN.lid), 'T1', secret, names)).toEqual(plain);
  expect(openSealed(seal(kind, plain, US.pn, US.pn), 'T1', secret, names)).toBeNull();
});

it.each(['edit', 'reaction', 'vote', 'answer'] as const)('seals a %s so that the other side can open it', (kind) => {
  const plain = Buffer.from('content');
  const pair = { author: ANN.lid, changer: US.lid };
  const own = Buffer.alloc(32, 9);
  const { encPayload, encIv } = sealForPhone(kind, plain, 'T1', secret, pair, own);
  const names = { authors: [ANN.pn, ANN.lid], changers: [US.lid] };
  expect(openSealed(sealedData(kind, encPayload, encIv), 'T1', secret, names)).toEqual(plain);
  expect(sealForPhone(kind, plain, 'T1', secret, pair, own)).toEqual({ encPayload, encIv });
  expect(sealForPhone(kind, plain, 'T1', secret, pair, Buffer.alloc(32, 8)).encIv).not.toEqual(encIv);
});

it('does not open what is for other names, another message, another secret or another purpose, or is damaged', () => {
  const sealed = seal('edit', edit, ANN.pn, ANN.pn);
  expect(openSealed(sealed, 'T1', secret, { authors: [US.pn], changers: [US.lid] })).toBeNull();
  expect(openSealed(sealed, 'T2', secret, annsNames)).toBeNull();
  expect(openSealed(sealed, 'T1', Buffer.alloc(32, 4), annsNames)).toBeNull();
  expect(openSealed({ ...sealed, sealed: 'reaction' }, 'T1', secret, annsNames)).toBeNull();
  const damaged = Buffer.from(sealed.payload, 'base64').map((byte, at) => (at === 0 ? byte ^ 1 : byte));
  expect(
    openSealed({ ...sealed, payload: Buffer.from(damaged).toString('base64') }, 'T1', secret, annsNames),
  ).toBeNull();
  expect(openSealed({ ...sealed, payload: '' }, 'T1', secret, annsNames)).toBeNull();
});
