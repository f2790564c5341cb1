import { describe, expect, it } from 'vitest';
import { readContactsCsv } from './contact-csv.ts';

const ANN = { line: 2, phoneNumber: '+6281234567890', name: 'Ann' };

describe('contacts from CSV (MR-052)', () => {
  it.each([
    ['commas', 'phoneNumber,name\n+6281234567890,Ann\n'],
    ['semicolons, as spreadsheets of many countries write it', 'phoneNumber;name\r\n+6281234567890;Ann\r\n'],
    ['tabs', 'phoneNumber\tname\n+6281234567890\tAnn'],
    ['other names, in another order', 'Full Name,Mobile Phone\nAnn,+6281234567890\n'],
    ['a byte order mark', '\uFEFFphoneNumber,name\n+6281234567890,Ann\n'],
    ['lines that end in different ways', 'phoneNumber,name\r\n+6281234567890,Ann\n'],
    ['more fields than columns', 'phoneNumber,name\n+6281234567890,Ann,and more\n'],
    ['an export of ours', 'phoneNumber,name,contactId,savedName\n+6281234567890,Push,x,Ann\n'],
  ])('%s', (_, text) => {
    expect(readContactsCsv(text)).toEqual([ANN]);
  });

  it('a stray character behind a quote spoils no other line', () => {
    const rows = readContactsCsv('phoneNumber,name\n+1555,"Ann"x\n+6281234567890,Ben\n');
    expect(rows).toHaveLength(2);
    expect(rows[1]).toEqual({ line: 3, phoneNumber: '+6281234567890', name: 'Ben' });
  });

  it("the line that names Excel's delimiter is no header, and lines are counted from it", () => {
    expect(readContactsCsv('sep=;\nphoneNumber;name\n+6281234567890;Ann\n')).toEqual([{ ...ANN, line: 3 }]);
  });

  it('a name may have a line break; the next row knows its line', () => {
    const rows = readContactsCsv('phoneNumber,name\n+1555,"two\nlines"\n+6281234567890,Ann\n');
    expect(rows[1]).toEqual({ ...ANN, line: 4 });
  });

  it.each([
    ['', 'must name the columns'],
    ['a,b\n1,2\n', 'must name the columns'],
    [`phoneNumber,name\n${'1,2\n'.repeat(20_001)}`, 'at most 20000'],
  ])('what is no table of contacts is refused with a sentence', (text, sentence) => {
    expect(() => readContactsCsv(text)).toThrow(sentence);
  });
});
