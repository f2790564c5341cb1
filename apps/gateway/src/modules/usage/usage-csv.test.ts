import { describe, expect, it } from 'vitest';
import { usageCsv, wantsCsv } from './usage-csv.ts';

describe('usage as CSV (MR-057)', () => {
  it('quotes what needs it', () => {
    expect(usageCsv([{ name: 'a,b "c"\nd', hits: 3 }], ['name', 'hits'])).toBe('name,hits\n"a,b ""c""\nd",3\n');
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '＝1'])('makes the formula %j a text', (name) => {
    const [, line] = usageCsv([{ name }], ['name']).split(/\n(?=.)/);
    expect(line).toMatch(/^"?'/);
  });

  it.each([
    [undefined, undefined, false],
    [undefined, 'text/csv', true],
    [undefined, 'application/json, text/csv;q=0.5', true],
    [undefined, '*/*', false],
    ['json', 'text/csv', false],
    ['csv', 'application/json', true],
  ])('is what format %s and Accept %s ask for: %s', (format, accept, expected) => {
    expect(wantsCsv(format, accept)).toBe(expected);
  });
});
