import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proto } from './baileys.ts';
import { readEngineEvents } from './engine-events.ts';

const bodyOf = (name: string, body: unknown) => readEngineEvents({ [name]: body })[0]?.body;

describe('events of the engine that are passed on (MR-163)', () => {
  it.each(['creds.update', 'connection.update', 'messaging-history.set', 'messages.media-update', 'whatever'])(
    '%s is none of them',
    (name) => expect(readEngineEvents({ [name]: { me: { id: '1' } } })).toEqual([]),
  );

  it('have no bytes and no secrets: not of a file, a group, a poll, nor of the settings of the account', () => {
    const key = Buffer.from('a key of thirty-two bytes, in all');
    const message = proto.Message.fromObject({
      imageMessage: { caption: 'Hello', mediaKey: key, fileEncSha256: key, fileLength: 7, directPath: '/v/t62' },
      senderKeyDistributionMessage: { groupId: '1@g.us', axolotlSenderKeyDistributionMessage: key },
      protocolMessage: {
        type: 6,
        appStateSyncKeyShare: { keys: [{ keyId: { keyId: key }, keyData: { keyData: key } }] },
      },
      messageContextInfo: { messageSecret: key },
    });
    const body = bodyOf('messages.upsert', {
      type: 'notify',
      messages: [
        {
          key: { remoteJid: '1@s.whatsapp.net', id: 'A1', fromMe: false },
          message,
          mediaKey: key.toString('base64'),
          tcToken: { type: 'Buffer', data: key.toString('base64') },
        },
      ],
    });
    expect(body).toMatchObject({
      type: 'notify',
      messages: [
        {
          key: { remoteJid: '1@s.whatsapp.net', id: 'A1', fromMe: false },
          message: {
            imageMessage: { caption: 'Hello', fileLength: 7, directPath: '/v/t62' },
            protocolMessage: { type: 6 },
          },
        },
      ],
    });
    const text = JSON.stringify(body);
    expect(text).not.toMatch(/mediaKey|Sha256|axolotl|appStateSyncKeyShare|messageSecret|tcToken/);
    expect(text).not.toContain(key.toString('base64'));
    expect(text).not.toContain([...key].slice(0, 4).join(','));
  });

  it('show no bytes of whatever shape they come in, and are JSON', () => {
    const bytes = fc.uint8Array({ minLength: 8, maxLength: 40 });
    const hidden = fc.oneof(
      bytes,
      bytes.map((given) => Buffer.from(given)),
      bytes.map((given) => Buffer.from(given).toJSON()),
      bytes.map((given) => ({ mediaKey: Buffer.from(given).toString('base64') })),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        hidden.map((value) => ({ value, isHidden: true })),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'mediaKey', 'messageSecret'), tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(tree, (given) => {
        const text = JSON.stringify(bodyOf('chats.update', given));
        expect(text).not.toMatch(/mediaKey|messageSecret|"Buffer"|"value":\{"0"|"value":"/);
      }),
      { numRuns: 200 },
    );
  });

  it('that are too large say so by having no body, in a bounded time', () => {
    const many = Array.from({ length: 1_000_000 }, (_, index) => ({ id: `${index}@s.whatsapp.net` }));
    const begun = performance.now();
    expect(bodyOf('contacts.upsert', many)).toBeNull();
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(bodyOf('messages.upsert', { text: 'x'.repeat(40_000) })).toBeNull();
    let deep: object = {};
    for (let level = 0; level < 100; level += 1) deep = { deep };
    expect(bodyOf('chats.update', deep)).toBeNull();
  });
});
