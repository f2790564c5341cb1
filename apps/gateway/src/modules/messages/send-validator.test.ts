import { KIND_NAMES, kindOf, SEND_FROM_DEFAULT_REQUESTS, SEND_REQUESTS } from '@wa-gate/contracts';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { sendValidator } from './send-validator.ts';

const judgeBody = (requests = SEND_REQUESTS) =>
  sendValidator(requests)({ schema: Type.Any(), method: 'POST', url: '/', httpPart: 'body' });
const sentenceFor = (body: unknown): string | undefined => {
  const verdict = judgeBody()(body) as { error?: Error };
  return verdict.error?.message;
};
const to = '6281234567890';

it.each(KIND_NAMES)('takes the examples of %s, and names the kind’s own fields in its errors', (type) => {
  const [{ request }] = kindOf(type).examples;
  const verdict = judgeBody()({ to, type, ...request });
  expect(verdict).toHaveProperty('value');
  expect(sentenceFor({ to, type, ...request, colour: 'red' })).toBe(
    'The request is not valid: body does not know `colour`.',
  );
});

it('takes the name of the session where the route has none in its path', () => {
  const body = { to, message: 'a', sessionId: 's' };
  expect(judgeBody(SEND_FROM_DEFAULT_REQUESTS)(body)).toHaveProperty('value');
  expect(judgeBody()(body)).toHaveProperty('error');
});

describe('what is wrong is said in the same words as on other routes', () => {
  it.each([
    [{ message: 'a' }, 'The request is not valid: body needs `to`.'],
    [
      { to, message: '' },
      'The request is not valid: body.message must not be blank: write at least one character that is seen.',
    ],
    [
      { to, message: 'a', clientMessageId: '\n' },
      'body.clientMessageId must match the pattern ^[^\\u0000-\\u001f]*$, such as `order-4711-shipped`.',
    ],
    [{ to, message: 'a', type: 7 }, `body.type must be one of ${KIND_NAMES.map((name) => `\`${name}\``).join(', ')}`],
    [{ to, type: 'location', latitude: 1 }, 'The request is not valid: body needs `longitude`.'],
    [{ to, type: 'location', latitude: 91, longitude: 1 }, 'The request is not valid: body.latitude must be <= 90.'],
    [{ to, type: 'location', latitude: 1, longitude: 1, url: 'x' }, 'body.url must be a URL'],
    [null, 'The request is not valid: body must be object.'],
    [[], 'The request is not valid: body must be object.'],
  ])('%j', (body, sentence) => {
    expect(sentenceFor(body)).toContain(sentence);
  });
});

describe('bodies as other gateways take them are told what is called how here', () => {
  const file = 'https://example.com/invoice.pdf';
  it.each([
    [{ number: to, text: 'a' }, 'body needs `to`; body does not know `number` (here `to`)'],
    [{ session: 's', chatId: `${to}@c.us`, text: 'a' }, '`chatId` (here `to`)'],
    [{ Phone: to, Body: 'a' }, 'body does not know `Phone` (here `to`), `Body` (here `message`)'],
    [{ jid: `${to}@s.whatsapp.net`, messageContent: { text: 'a' } }, '`jid` (here `to`)'],
    [{ to, text: 'a', reply_to: 'x' }, 'body does not know `reply_to` (here `replyTo`)'],
    [
      { to, type: 'document', media: file },
      'body.media must be object, such as `{"url":"https://example.com/photo.jpg"}`',
    ],
    [{ to, type: 'document', file: { url: file } }, 'body does not know `file` (here `media`)'],
    [{ to, type: 'document', media: { url: file }, filename: 'a.pdf' }, '`filename` (here `fileName`)'],
    [{ to, type: 'audio', media: { url: file }, ptt: true }, 'body does not know `ptt` (here `voice`)'],
    [{ to, type: 'poll', name: 'Lunch?', values: ['Yes', 'No'] }, '`values` (here `options`)'],
  ])('%j', (body, sentence) => {
    expect(sentenceFor(body)).toContain(sentence);
  });
});
