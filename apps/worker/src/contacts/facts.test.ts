import { describe, expect, it } from 'vitest';
import type { WAMessage } from '../whatsapp/baileys.ts';
import { factsOfContact, factsOfMapping, factsOfMessage } from './facts.ts';

const OWN = { jid: '1555@s.whatsapp.net', lid: '99@lid' };
const NUMBER = '15550001@s.whatsapp.net';
const LID = '200001@lid';
const GROUP = '120363@g.us';
const AT = new Date(1_700_000_000_000);
const message = (key: WAMessage['key'], more: Partial<WAMessage> = {}): WAMessage => ({ key, ...more }) as WAMessage;

describe('what a message tells about a person (MR-136)', () => {
  it.each([
    ['the number and the LID of a chat', { remoteJid: NUMBER, remoteJidAlt: LID }, { jid: NUMBER, altJid: LID }],
    [
      'without devices',
      { remoteJid: '200001:7@lid', remoteJidAlt: '15550001:7@s.whatsapp.net' },
      { jid: LID, altJid: NUMBER },
    ],
    [
      'of a group its participant',
      { remoteJid: GROUP, participant: LID, participantAlt: NUMBER },
      { jid: LID, altJid: NUMBER },
    ],
    ['one name alone', { remoteJid: LID }, { jid: LID }],
  ])('%s', (_, key, told) => {
    expect(factsOfMessage(message(key, { pushName: 'Ann' }), OWN, AT)).toEqual([
      { ...told, names: { push: 'Ann' }, at: AT },
    ]);
  });

  it('the verified name of a business', () => {
    const [fact] = factsOfMessage(message({ remoteJid: NUMBER }, { verifiedBizName: 'Shop' }), OWN, AT);
    expect(fact).toMatchObject({ names: { verified: 'Shop' }, isBusiness: true });
  });

  it('of one that the account has sent, the chat, and not the name of the account', () => {
    const sent = message({ remoteJid: NUMBER, remoteJidAlt: LID, fromMe: true }, { pushName: 'Me' });
    expect(factsOfMessage(sent, OWN, AT)).toEqual([{ jid: NUMBER, altJid: LID, at: AT }]);
  });

  it('never that the account is somebody else: Baileys takes the other name from the sender', () => {
    const sent = message({ remoteJid: LID, remoteJidAlt: OWN.jid, fromMe: true });
    expect(factsOfMessage(sent, OWN, AT)).toEqual([{ jid: LID, at: AT }]);
    const note = message({ remoteJid: OWN.jid, remoteJidAlt: OWN.lid, fromMe: true });
    expect(factsOfMessage(note, OWN, AT)).toEqual([{ jid: OWN.jid, altJid: OWN.lid, at: AT }]);
  });

  it('nothing of channels and broadcasts', () => {
    expect(factsOfMessage(message({ remoteJid: '1@newsletter' }), OWN, AT)).toEqual([]);
  });
});

describe('what the phone tells about people (MR-136)', () => {
  it('its address book: both names of the person, and how it is saved', () => {
    expect(factsOfContact({ id: LID, phoneNumber: NUMBER, name: 'Ann of the shop' }, OWN, AT)).toEqual([
      { jid: LID, altJid: NUMBER, names: { book: 'Ann of the shop' }, at: AT },
    ]);
  });

  it('a push name alone is nothing new: its message has told it', () => {
    expect(factsOfContact({ id: NUMBER, notify: 'Ann' }, OWN, AT)).toEqual([]);
  });

  it('a mapping makes nobody a contact', () => {
    expect(factsOfMapping({ pn: NUMBER, lid: LID }, OWN, AT)).toEqual([
      { jid: NUMBER, altJid: LID, ofKnownOnly: true, at: AT },
    ]);
  });
});
