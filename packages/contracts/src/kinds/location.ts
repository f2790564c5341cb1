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

export const location = defineKind({
  summary: 'A place on the map.',
  request: place,
  content: { ...place, live: Type.Optional(Type.Literal(true, { description: 'Where somebody was, and moves on.' })) },
  stored: (request) => ({ content: request }),
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
    { request: { ...monas, message: 'a caption' }, refused: 'VALIDATION' },
  ],
});
