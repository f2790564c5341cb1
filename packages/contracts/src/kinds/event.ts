import { type Static, type TObject, Type } from 'typebox';
import { NOT_BLANK, timestamp } from '../schema.ts';
import { defineKind } from './kind.ts';

const place = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 256, examples: ['Café'] })),
    address: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
    longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
  },
  { additionalProperties: false },
);

const fields = {
  description: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
  location: Type.Optional(place),
  startTime: timestamp('When it begins. WhatsApp counts whole seconds.'),
  endTime: Type.Optional(timestamp()),
  callLink: Type.Optional(
    Type.String({
      pattern: '^https://call\\.whatsapp\\.com/(voice|video)/[A-Za-z0-9_-]{1,128}$',
      description: 'Makes it a call: the link of WhatsApp by which people join.',
      examples: ['https://call.whatsapp.com/video/abcDEF123'],
    }),
  ),
  extraGuests: Type.Optional(Type.Boolean({ description: 'true: people may bring guests.' })),
};

/** WhatsApp's time of a point in time: whole seconds since 1970. */
export const eventSeconds = (time: string): number => Math.floor(new Date(time).getTime() / 1000);
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

const content = { ...fields, canceled: Type.Optional(Type.Literal(true)) };

function contentOf({ startTime, endTime, extraGuests, ...rest }: Static<TObject<typeof fields>>) {
  return {
    ...rest,
    startTime: iso(eventSeconds(startTime)),
    ...(endTime !== undefined && { endTime: iso(eventSeconds(endTime)) }),
    ...(extraGuests && { extraGuests }),
  };
}

const DINNER = { name: 'Dinner', startTime: '2026-12-24T18:00:00Z' };

export const event = defineKind({
  summary: 'An event with a date. Answers are in GET /api/messages/{id}/answers, and come as `message.answer`.',
  request: {
    name: Type.String({ minLength: 1, maxLength: 256, pattern: NOT_BLANK, examples: ['Dinner'] }),
    ...fields,
  },
  content,
  stored: ({ name, ...rest }) => ({ text: name, content: contentOf(rest) }),
  refusal({ startTime, endTime, location }) {
    if (endTime !== undefined && eventSeconds(endTime) <= eventSeconds(startTime))
      return '`endTime` must be later than `startTime`.';
    const isHalf = (location?.latitude === undefined) !== (location?.longitude === undefined);
    return isHalf ? '`location` needs both `latitude` and `longitude`, or neither.' : undefined;
  },
  examples: [
    { request: DINNER },
    {
      request: {
        ...DINNER,
        description: 'With *everybody* 🎄\nand the dog',
        location: { name: 'Café', address: 'Main street 1', latitude: 52.5, longitude: -13.25 },
        startTime: '2026-12-24T19:00:00.250+01:00',
        endTime: '2026-12-24T23:00:00Z',
        extraGuests: true,
      },
    },
    { request: { ...DINNER, location: { name: 'At home' }, callLink: 'https://call.whatsapp.com/video/abcDEF123' } },
    { request: { name: 'Dinner' }, refused: 'VALIDATION' },
    { request: { ...DINNER, name: ' ' }, refused: 'VALIDATION' },
    { request: { ...DINNER, startTime: 'tomorrow' }, refused: 'VALIDATION' },
    { request: { ...DINNER, startTime: '2026-12-31T23:59:60Z' }, refused: 'VALIDATION' },
    { request: { ...DINNER, endTime: DINNER.startTime }, refused: 'VALIDATION' },
    { request: { ...DINNER, callLink: 'https://example.com/video/1' }, refused: 'VALIDATION' },
    { request: { ...DINNER, location: { latitude: 1 } }, refused: 'VALIDATION' },
  ],
});
