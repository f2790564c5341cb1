import { SEND_REQUESTS } from '@wa-gate/contracts';
import { expect, it } from 'vitest';
import { nameHere } from './foreign-names.ts';

const text = Object.keys(SEND_REQUESTS.text.properties);
const image = Object.keys(SEND_REQUESTS.image.properties);

it.each([
  ['number', 'to'],
  ['chatId', 'to'],
  ['Phone', 'to'],
  ['jid', 'to'],
  ['remoteJid', 'to'],
  ['Body', 'message'],
  ['body', 'message'],
  ['reply_to', 'replyTo'],
  ['quoted', 'replyTo'],
  ['ContextInfo', 'replyTo'],
  ['mentioned', 'mentions'],
  ['mentionsEveryOne', 'mentionAll'],
  ['delay', 'typing'],
  ['link_preview', 'linkPreview'],
  ['mediatype', 'type'],
  ['Id', 'waMessageId'],
  ['colour', undefined],
  // No file goes with a text.
  ['file', undefined],
  ['constructor', undefined],
  ['__proto__', undefined],
])('%s of a text is %s here', (name, here) => {
  expect(nameHere(name, text)).toBe(here);
});

it.each([
  ['file', 'media'],
  ['image', 'media'],
  ['filename', 'fileName'],
  ['Caption', 'caption'],
  ['text', 'caption'],
  ['message', 'caption'],
])('%s of a picture is %s here', (name, here) => {
  expect(nameHere(name, image)).toBe(here);
});

it('what is spelt otherwise counts before what others call so', () => {
  expect(nameHere('Status', ['status', 'about'])).toBe('status');
});
