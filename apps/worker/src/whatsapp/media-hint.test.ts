import type { OutboundRequest } from '@wa-gate/contracts';
import { describe, expect, it } from 'vitest';
import { buildMessage, encodeMessage } from '../content/outbound.ts';
import { FILE, UPLOADED } from '../testing/files.ts';
import { normalizeMessageContent, type proto } from './baileys.ts';
import { withMediaHint } from './media-hint.ts';

/** Where rc14 looks for the kind of file: at the members of the message, wherever they come from. */
const announced = (message: proto.IMessage): string[] =>
  (['imageMessage', 'videoMessage', 'audioMessage', 'documentMessage', 'stickerMessage'] as const).filter(
    (member) => message[member],
  );

const media = FILE;
const build = (request: OutboundRequest) => buildMessage(request, Buffer.alloc(32, 1), UPLOADED);

describe('what Baileys announces a file as (MR-011)', () => {
  it.each<[string, OutboundRequest, string]>([
    ['a picture that is seen once', { type: 'image', media, viewOnce: true }, 'imageMessage'],
    ['a video that is seen once', { type: 'video', media, viewOnce: true }, 'videoMessage'],
    ['a voice note that is heard once', { type: 'audio', media, voice: true, viewOnce: true }, 'audioMessage'],
    ['a document with a caption', { type: 'document', media, caption: 'c' }, 'documentMessage'],
    ['a video note', { type: 'video', media, videoNote: true }, 'videoMessage'],
  ])('%s', (_, request, member) => {
    const message = build(request);
    expect(announced(message)).toEqual([]);
    const hinted = withMediaHint(message);
    expect(announced(hinted)).toEqual([member]);
    expect(Object.keys(hinted)).toEqual(Object.keys(message));
    expect(encodeMessage(hinted)).toEqual(encodeMessage(message));
    // As the copy for the own phone, and without the members that are inherited.
    const copy = { deviceSentMessage: { destinationJid: 'a@s.whatsapp.net', message: hinted } };
    expect(encodeMessage(copy)).toEqual(
      encodeMessage({ deviceSentMessage: { destinationJid: 'a@s.whatsapp.net', message } }),
    );
    expect(normalizeMessageContent(hinted)).toBeDefined();
  });

  it('leaves alone what needs no hint', () => {
    for (const request of [
      { type: 'image', media },
      { type: 'sticker', media },
      { type: 'text', text: 'a' },
    ] as OutboundRequest[]) {
      const message = build(request);
      expect(withMediaHint(message)).toBe(message);
    }
  });
});
