import { Type } from 'typebox';
import { defineKind } from './kind.ts';

const degrees = (most: number, description: string, example: number) =>
  Type.Number({ minimum: -most, maximum: most, description, examples: [example] });

const place = {
  latitude: degrees(90, 'Degrees north of the equator.', -6.1754),
  longitude: degrees(180, 'Degrees east of Greenwich.', 106.8272),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 256, examples: ['Monas'] })),
  address: Type.Optional(Type.String({ minLength: 1, maxLength: 1024, examples: ['Gambir, Central Jakarta'] })),
  url: Type.Optional(
    Type.String({
      format: 'uri',
      pattern: '^https?://',
      maxLength: 2048,
      description: 'A page about the place.',
      examples: ['https://example.com/monas'],
    }),
  ),
};

const monas = {
  latitude: -6.1754,
  longitude: 106.8272,
  name: 'Monas',
  address: 'Gambir, Central Jakarta',
  url: 'https://example.com/monas',
};

const NO_LIVE_LOCATION =
  'A live location cannot be sent: phones take its movements on a channel of their own, with keys that the engine (Baileys 7) does not make, and would show a place that never moves. Leave out `live` and send the place itself.';

export const location = defineKind({
  summary: 'A place on the map.',
  request: {
    ...place,
    live: Type.Optional(Type.Boolean({ description: 'true is refused with 501: see the errors of this call.' })),
  },
  content: {
    ...place,
    live: Type.Optional(Type.Literal(true, { description: 'Where somebody was, and moves on.' })),
    accuracyMeters: Type.Optional(Type.Number()),
    speedMetersPerSecond: Type.Optional(Type.Number()),
    headingDegrees: Type.Optional(Type.Number({ description: 'Clockwise from north.' })),
  },
  stored: ({ live: _, ...request }) => ({ content: request }),
  unsupported: ({ live }) => (live ? NO_LIVE_LOCATION : undefined),
  forwarded({ content }) {
    const { latitude, longitude, live, ...more } = content ?? {};
    if (typeof latitude !== 'number' || typeof longitude !== 'number' || live) return undefined;
    return { ...more, latitude, longitude };
  },
  examples: [
    { request: monas },
    { request: { latitude: 0, longitude: 0 } },
    { request: { latitude: -90, longitude: 180, address: 'the last line\nof the map 🧭' } },
    { request: { latitude: 90.0001, longitude: 0 }, refused: 'VALIDATION' },
    { request: { latitude: 0, longitude: -180.5 }, refused: 'VALIDATION' },
    { request: { latitude: 1 }, refused: 'VALIDATION' },
    { request: { latitude: '1', longitude: '2' }, refused: 'VALIDATION' },
    { request: { ...monas, name: '' }, refused: 'VALIDATION' },
    { request: { ...monas, url: 'javascript:alert(1)' }, refused: 'VALIDATION' },
    { request: { ...monas, live: true }, refused: 'ENGINE_UNSUPPORTED' },
    { request: { ...monas, message: 'a caption' }, refused: 'VALIDATION' },
  ],
});
