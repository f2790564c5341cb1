import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { describe, expect, test } from 'vitest';
import { node } from '../wire/node.ts';
import { wrongAnnouncement } from './announcement.ts';

const judged = (message: proto.IMessage, type: string, mediatype?: string, count?: string) =>
  wrongAnnouncement(
    node('message', { type }),
    node('enc', { ...(mediatype !== undefined && { mediatype }), ...(count !== undefined && { count }) }),
    message,
  );

describe('what a stanza says about its file', () => {
  test.each<[string, proto.IMessage, string]>([
    ['a picture', { imageMessage: {} }, 'image'],
    ['a GIF', { videoMessage: { gifPlayback: true } }, 'gif'],
    ['a voice note', { audioMessage: { ptt: true } }, 'ptt'],
    ['a video note', { ptvMessage: {} }, 'ptv'],
    ['a video note of an older client', { ptvMessage: {} }, 'video'],
    ['what is seen once', { viewOnceMessageV2: { message: { imageMessage: {} } } }, 'image'],
    ['a document with a caption', { documentWithCaptionMessage: { message: { documentMessage: {} } } }, 'document'],
  ])('%s is announced as such', (_, message, mediatype) => {
    expect(judged(message, 'media', mediatype)).toBeNull();
    expect(judged(message, 'text', mediatype)).toContain('as type "text"');
    expect(judged(message, 'media')).toContain('mediatype ""');
    expect(judged(message, 'media', 'vcard')).toContain('mediatype "vcard"');
  });

  test('nothing is expected of a text, or of what is sent again to one device', () => {
    expect(judged({ conversation: 'a' }, 'text')).toBeNull();
    expect(judged({ imageMessage: {} }, 'media', undefined, '1')).toBeNull();
  });
});
