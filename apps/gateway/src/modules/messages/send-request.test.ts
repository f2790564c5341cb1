import { describe, expect, it } from 'vitest';
import { outboundOf, refuseForMany, refuseUnsupportedType, requestHashOf } from './send-request.ts';

const to = '6281234567890@s.whatsapp.net';
const text = 'Hello from API!';

describe('what is sent for a request', () => {
  it('is a text unless the request says otherwise, under whichever name it came', () => {
    const sent = { type: 'text', text };
    expect(outboundOf({ to, message: text })).toEqual(sent);
    expect(outboundOf({ to, type: 'text', text })).toEqual(sent);
    expect(outboundOf({ to, text, message: text })).toEqual(sent);
  });

  it('leaves out the fields of all kinds', () => {
    const request = { to, text, clientMessageId: 'a', onUncertain: 'fail', metadata: {}, sessionId: 's' } as const;
    expect(Object.keys(outboundOf(request))).toEqual(['type', 'text']);
  });

  it('keeps the fields of its own kind', () => {
    const place = { type: 'location', latitude: 0, longitude: -180, name: 'Here' } as const;
    expect(outboundOf({ to, ...place, metadata: {} })).toEqual(place);
  });

  it('takes a file under each of its names, and says which fields do not go together (MR-011)', () => {
    const media = { url: 'https://example.com/a.mp4' };
    expect(outboundOf({ to, type: 'video', mediaUrl: media.url })).toEqual({ type: 'video', media });
    expect(outboundOf({ to, type: 'video', media, gif: true })).toEqual({ type: 'video', media, gif: true });
    expect(() => outboundOf({ to, type: 'video', media, mediaUrl: media.url })).toThrow(
      '`media` or `mediaUrl`, not both',
    );
    expect(() => outboundOf({ to, type: 'video' })).toThrow('body needs `media` or `mediaUrl`');
    expect(() => outboundOf({ to, type: 'video', media, gif: true, videoNote: true })).toThrow(
      'The request is not valid. Give `gif` or `videoNote`, not both.',
    );
  });

  it('needs one of two names, and no two values', () => {
    expect(() => outboundOf({ to })).toThrow('The request is not valid: body needs `message`.');
    expect(() => outboundOf({ to, message: 'a', text: 'b' })).toThrow(
      'Give `message` or `text`, not two different ones.',
    );
  });
});

it('a text has the hash that it has always had: keys of older versions live for 30 days (MR-011)', () => {
  const plain = { to, message: text };
  expect(requestHashOf(plain, to, outboundOf(plain)).toString('hex')).toBe(
    '5ab1eca800c1f30fed72e4de482908f93f1ca987f3a81b05426a4c4f15b2ecb9',
  );
  const full = {
    ...plain,
    metadata: { order: 7, a: [1] },
    onUncertain: 'fail',
    clientMessageId: 'order-4711',
  } as const;
  expect(requestHashOf(full, to, outboundOf(full)).toString('hex')).toBe(
    'f26c5b84fe90b749f7a8366041c5ad9d33372174d9ad9fea86bb02ab5a128152',
  );
});

it('what the schema lets pass and phones would not show is refused (MR-154)', () => {
  const poll = { to, type: 'poll', question: 'Lunch?', options: ['Yes', 'No'] } as const;
  expect(outboundOf(poll)).toEqual({ type: 'poll', name: 'Lunch?', options: ['Yes', 'No'] });
  expect(() => outboundOf({ ...poll, selectableCount: 3 })).toThrow(expect.objectContaining({ code: 'VALIDATION' }));
  const live = { to, type: 'location', latitude: 1, longitude: 2, live: true } as const;
  expect(() => outboundOf(live)).toThrow(expect.objectContaining({ code: 'ENGINE_UNSUPPORTED' }));
});

it('what is for one person goes to no group, channel or status (MR-154)', () => {
  for (const chat of ['120363025246125486@g.us', '120363401234567890@newsletter', 'status@broadcast']) {
    expect(() => refuseForMany(chat, { type: 'groupInvite' })).toThrow(
      expect.objectContaining({ code: 'INVALID_RECIPIENT' }),
    );
    refuseForMany(chat, {});
  }
  for (const person of [to, '212345678901234@lid']) refuseForMany(person, { type: 'groupInvite' });
});

describe('a type that cannot be sent', () => {
  it.each(['reaction', 'toString', 'TEXT', 'x'.repeat(100)])('%s is refused with those that can', (type) => {
    expect(() => refuseUnsupportedType({ type })).toThrow(
      expect.objectContaining({
        code: 'MESSAGE_TYPE_UNSUPPORTED',
        details: { supported: expect.arrayContaining(['text']) },
      }),
    );
  });

  it('is left to the schema when it is no word', () => {
    for (const body of [{ type: 7 }, {}, null, 'text', undefined])
      expect(() => refuseUnsupportedType(body)).not.toThrow();
  });
});
