import { expect, it } from 'vitest';
import { findJsonFault } from './json-fault.ts';

function faultOf(text: string) {
  expect(() => JSON.parse(text) as unknown).toThrow();
  return findJsonFault(text);
}

it.each([
  [
    '{"to": "1", "text": "two\nlines"}',
    1,
    25,
    /a raw line break \(line 1, column 25\)\. In JSON it is written as \\n\./,
  ],
  ['{\n  "text": "a\tb"\n}', 2, 13, /a raw tab \(line 2, column 13\).*\\t/],
  ['{"text": "a\u0001b"}', 1, 12, /a raw control character/],
  [String.raw`{"path": "C:\Users"}`, 1, 13, /a \\ that begins no escape.*written as \\\\/],
  ["{'text': 1}", 1, 2, /double quotes/],
  ['{"a": 1,}', 1, 9, /missing or too much before it/],
  ['{"a": 1 "b": 2}', 1, 9, /missing or too much/],
  ['{"a": secret}', 1, 7, /missing or too much/],
])('%j: the place and the remedy (MR-164)', (text, line, column, sentence) => {
  expect(faultOf(text)).toEqual({ sentence: expect.stringMatching(sentence), line, column });
});

it.each(['{"a": ', '{"a": "b', '', '{"a": [1, 2'])('%j ends in the middle', (text) => {
  expect(faultOf(text)).toEqual({ sentence: expect.stringContaining('ends in the middle') });
});

it('repeats nothing of the body', () => {
  expect(faultOf('{"a": "my secret\n"}').sentence).not.toContain('secret');
});
