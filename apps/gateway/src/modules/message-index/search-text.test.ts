import { describe, expect, it } from 'vitest';
import { textsOf } from './message-texts.ts';
import { documentOf, gramsOf, MAX_DOCUMENT, readSearch } from './search-text.ts';

/** As PostgreSQL compares: by the index first, and then by the document. */
function finds(query: string, text: string): boolean {
  const terms = readSearch(query);
  if (!terms) throw new Error('nothing to search');
  const document = documentOf([text]);
  const grams = gramsOf(document);
  const isThere = terms.patterns.every((pattern) => document.includes(pattern.slice(1, -1)));
  // What the index leaves out could never be found: it must not leave out what fits.
  if (isThere) expect(terms.grams.filter((gram) => !grams.has(gram))).toEqual([]);
  return isThere;
}

describe('a search (MR-035)', () => {
  it.each([
    ['pesan', 'Terima kasih, pesanan Anda dikirim'],
    ['PESAN', 'pesanan'],
    ['irim', 'pengiriman hari ini'],
    ['anda pesanan', 'Pesanan Anda'],
    ['"pesanan anda"', 'Pesanan  Anda!'],
    ['cafe', 'Un CAFÉ por favor'],
    ['café', 'cafe'],
    ['0012', 'Faktur INV/2026/0012 sudah lunas'],
    ['INV/2026/0012', 'Faktur INV/2026/0012 sudah lunas'],
    ['inv-2026', 'Faktur INV/2026/0012'],
    ['123', 'A-123'],
    ['A-123', 'no. A-123, please'],
    ['👍', 'ok👍🏽'],
    ['👍🏽', 'ok 👍'],
    ['🇮🇩', '🇮🇩🇲🇾'],
    ['ok', 'ok, thanks'],
    ['5', 'Room 5'],
    ['谢谢', '非常谢谢你'],
    ['ありがと', 'どうもありがとう'],
    ['привет', 'ПРИВЕТ, как дела'],
    ['дел', 'как дела'],
    ['مرحبا', 'قال مرحبا لكم'],
    ['สวัสดี', 'สวัสดีครับ'],
    ['ﬁne', 'fine'],
    ['100%', '100 percent, or 100%'],
    ['a_b', 'a b c'],
  ])('for %j finds %j', (query, text) => {
    expect(finds(query, text)).toBe(true);
  });

  it.each([
    ['pesan', 'pasien'],
    ['"anda pesanan"', 'pesanan anda'],
    ['pesan besok', 'pesanan hari ini'],
    ['ok', 'look at the book'],
    ['5', '15 or 52'],
    ['👍', '👎'],
    ['a_b', 'axb'],
    ['50%', '500'],
  ])('for %j does not find %j', (query, text) => {
    expect(finds(query, text)).toBe(false);
  });

  const SPELLINGS = [
    '+62 811-2345-678',
    '628112345678',
    '08112345678',
    '0811 2345 678',
    '(0811) 2345.678',
    '00628112345678',
  ];
  it.each(SPELLINGS)('finds a number in any spelling: %j', (query) => {
    for (const text of SPELLINGS) expect(finds(query, `Hubungi ${text} ya`), text).toBe(true);
    expect(finds(query, 'Hubungi 0811 2345 679')).toBe(false);
  });

  it.each([
    ['+52 1 55 1234 5678', '+52 55 1234 5678'],
    ['+5491123456789', '+54 11 2345 6789'],
    ['+5511987654321', '+55 11 8765 4321'],
    ['+22901 97 12 34 56', '+229 97 12 34 56'],
  ])('finds the spellings of a country: %j and %j', (one, other) => {
    expect(finds(one, other)).toBe(true);
    expect(finds(other, one)).toBe(true);
  });

  it('for a part of a number finds it, also across its gaps', () => {
    expect(finds('2345', '+62 811-2345-678')).toBe(true);
    expect(finds('1345678', '+62 811-2345-678')).toBe(false);
    expect(finds('2345678', '+62 811-2345-678')).toBe(true);
  });

  it.each(['!!!', ' ', '""', '\u0000', '\u200d', '%'])('for %j there is nothing to look for', (query) => {
    expect(readSearch(query)).toBeNull();
  });

  it('takes nothing for a pattern, and nothing that PostgreSQL cannot store', () => {
    const { patterns } = readSearch('50%_\\ \ud83d "x" \u0000abc')!;
    for (const pattern of patterns) expect(pattern).toMatch(/^%[^%_\\\u0000\ud800-\udfff]*%$/);
    expect(documentOf(['a\u0000b \ud83d c'])).toBe(' a b c ');
  });

  it('reads a bounded part of a long text', () => {
    const document = documentOf([`${'x'.repeat(MAX_DOCUMENT)} behind`]);
    expect(document.length).toBeLessThanOrEqual(MAX_DOCUMENT + 2);
    expect(documentOf(['1 '.repeat(100_000)]).length).toBeLessThan(MAX_DOCUMENT * 2);
  });
});

it('what people read of a message is searched, whatever its kind, and nothing of its machinery (MR-035)', () => {
  const texts = textsOf({
    senderName: 'Ann',
    text: 'the caption',
    content: {
      filename: 'invoice.pdf',
      mimetype: 'application/pdf',
      url: 'https://example.test/hidden',
      contacts: [{ displayName: 'Bob', phones: [{ number: '+62 811' }], vcard: 'BEGIN:VCARD' }],
      options: ['Yes', { name: 'No' }],
      size: 3,
    },
  });
  expect(texts).toEqual(['the caption', 'Ann', 'invoice.pdf', 'Bob', '+62 811', 'Yes', 'No']);
  expect(textsOf({ senderName: null, text: null, content: null })).toEqual([]);
});
