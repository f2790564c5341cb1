import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PHONE_LABELS, readVcard, writeVcard } from './vcard.ts';

describe('a vCard', () => {
  const word = fc
    .string({ minLength: 1, unit: 'grapheme' })
    .map((text) => text.replace(/[\r\u0085\u2028\u2029]/g, '').trim());
  const text = word.filter((value) => value !== '');
  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

  it('is read as it was written, whatever signs its fields have', () => {
    const phone = fc.record({ waId: fc.stringMatching(/^[1-9]\d{5,14}$/), label: fc.constantFrom(...PHONE_LABELS) });
    const card = fc.record({
      name: text,
      organization: optional(text),
      title: optional(text),
      phones: fc.array(phone, { minLength: 1, maxLength: 3 }),
    });
    fc.assert(
      fc.property(card, ({ phones, ...rest }) => {
        const given = { ...rest, phones: phones.map((each) => ({ number: `+${each.waId}`, ...each })) };
        const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        expect(readVcard(writeVcard(known))).toEqual(known);
      }),
    );
  });

  it('of other programs: folded lines, groups, quoted parameters, other names of properties', () => {
    const vcard = [
      'BEGIN:VCARD',
      'VERSION:3.0',
      'N:Example;Ann;Maria;Dr.;',
      'item1.TEL;waid=6281234567890;X-NOTE="a:b;c":+62 812-3456',
      ' -7890',
      'item1.X-ABLabel:Ponsel',
      'TEL;TYPE=WORK,VOICE:+1 555 123',
      'org:Example\\, Ltd;Sales',
      'EMAIL;type=INTERNET:ann@example.com',
      'PHOTO;ENCODING=b:AAAA',
      'END:VCARD',
      'BEGIN:VCARD',
      'FN:Somebody else',
    ].join('\r\n');
    expect(readVcard(vcard)).toEqual({
      name: 'Maria Ann Example',
      phones: [
        { number: '+62 812-3456-7890', waId: '6281234567890' },
        { number: '+1 555 123', label: 'work' },
      ],
      organization: 'Example, Ltd, Sales',
      emails: ['ann@example.com'],
    });
  });

  it('that is none gives no fields, and takes no time', () => {
    expect(readVcard('')).toEqual({});
    const begun = performance.now();
    for (const long of [`TEL;${'"a'.repeat(50_000)}`, `${'a-'.repeat(50_000)}`, `N:${'\\'.repeat(60_001)}`])
      readVcard(long);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});
