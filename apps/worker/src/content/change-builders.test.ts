import type { ChangeRequest } from '@wa-gate/contracts';
import type { ChangeTarget } from '@wa-gate/messaging';
import { expect, it } from 'vitest';
import { buildChange } from './change-builders.ts';

const ANN = '15550001@s.whatsapp.net';
const GROUP = '120363@g.us';
const facts = { own: '1@lid', nameOf: (jid: string) => (jid === ANN ? '91@lid' : jid) };
const secrets = { target: null, own: new Uint8Array(32) };
const target = (more: Partial<ChangeTarget> = {}): ChangeTarget => ({
  waMessageId: 'M1',
  chatJid: ANN,
  fromMe: true,
  fromJid: null,
  type: 'text',
  state: 'SENT',
  isDeleted: false,
  at: null,
  payload: null,
  request: null,
  secret: null,
  ...more,
});
const edit = (text: string, mentions?: string[]): ChangeRequest => ({
  type: 'change',
  change: 'edit',
  data: { type: 'text', text, ...(mentions && { mentions }) },
});

it('a caption is edited with the reference of its file, without what surrounded it (MR-130)', () => {
  const reference = { url: 'https://mmg.whatsapp.net/x', mediaKey: new Uint8Array([1]), mimetype: 'image/png' };
  const sent = { imageMessage: { ...reference, caption: 'first', contextInfo: { stanzaId: 'Q', expiration: 60 } } };
  const built = buildChange(edit('second'), target({ type: 'image' }), ANN, { facts, sent, at: 7, secrets });
  expect(built.protocolMessage).toMatchObject({
    key: { id: 'M1', fromMe: true, remoteJid: ANN },
    editedMessage: { imageMessage: { ...reference, caption: 'second' } },
    timestampMs: 7,
  });
  expect(built.protocolMessage?.editedMessage?.imageMessage?.contextInfo).toBeUndefined();
});

it('a caption whose file is not known cannot be edited, and says why (MR-130)', () => {
  const build = () =>
    buildChange(edit('second'), target({ type: 'video' }), ANN, { facts, sent: null, at: 7, secrets });
  expect(build).toThrow('the reference of its file is not known');
});

it('a mention and the author of a message are named as the chat names people (MR-130)', () => {
  const built = buildChange(edit('hi @15550001', [ANN]), target(), GROUP, { facts, sent: null, at: 7, secrets });
  expect(built.protocolMessage?.editedMessage).toEqual({
    extendedTextMessage: { text: 'hi @91', contextInfo: { mentionedJid: ['91@lid'] } },
  });
  const reaction: ChangeRequest = { type: 'change', change: 'reaction', data: { emoji: '👍' } };
  const theirs = target({ fromMe: false, fromJid: ANN });
  expect(buildChange(reaction, theirs, GROUP, { facts, sent: null, at: 7, secrets }).reactionMessage).toEqual({
    key: { id: 'M1', fromMe: false, remoteJid: GROUP, participant: '91@lid' },
    text: '👍',
    senderTimestampMs: 7,
  });
  expect(
    buildChange(reaction, theirs, ANN, { facts, sent: null, at: 7, secrets }).reactionMessage?.key?.participant,
  ).toBeUndefined();
});
