import { describe, expect, it } from 'vitest';
import { type BinaryNode, decodeBinaryNode, type WAMessage } from './baileys.ts';
import { InboundJournal } from './journal.ts';

const bytes = (text: string): Buffer => Buffer.from(text);
const enc = (content: Uint8Array): BinaryNode => ({ tag: 'enc', attrs: { v: '2', type: 'msg' }, content });
const stanza = (id: string, content: BinaryNode[], attrs = {}): BinaryNode => ({
  tag: 'message',
  attrs: { id, from: '15550001@s.whatsapp.net', t: '1700000000', ...attrs },
  content,
});
const message = (id: string): WAMessage => ({ key: { id } });
const journalThatKnows = (known: Buffer | 'done' | null) =>
  new InboundJournal({ find: async () => known }, () => undefined);

describe('the journal of a connection (I5)', () => {
  it('keeps hashes in place of ciphertexts, and knows the parts of a stanza', async () => {
    const journal = journalThatKnows(null);
    const [first, second] = [bytes('first ciphertext'), bytes('second ciphertext')];
    journal.notice(stanza('A', [enc(first), { tag: 'device-identity', attrs: {}, content: bytes('x') }, enc(second)]));
    const part = journal.begin(second)!;
    const record = part.record(bytes('plain'));
    expect(record).toMatchObject({ stanzaId: 'A', encIndex: 1, encCount: 2 });
    const stored = Buffer.from(record.content!.stanza);
    expect(stored.includes(first) || stored.includes(second)).toBe(false);
    const decoded = await decodeBinaryNode(stored);
    expect((decoded.content as BinaryNode[]).map(({ tag }) => tag)).toEqual(['enc', 'device-identity', 'enc']);
    expect(Buffer.from((decoded.content as BinaryNode[])[2]!.content as Uint8Array)).toEqual(part.hash);
  });

  it('knows a ciphertext by identity: bytes from elsewhere are not journalled', () => {
    const journal = journalThatKnows(null);
    journal.notice(stanza('A', [enc(bytes('same'))]));
    expect(journal.begin(bytes('same'))).toBeUndefined();
  });

  it('says which rows are done with a message: those of the stanza that Baileys is at', () => {
    const journal = journalThatKnows(null);
    const [a, b] = [bytes('a'), bytes('b')];
    journal.notice(stanza('A', [enc(a)], { edit: '8' }));
    journal.notice(stanza('B', [enc(b)]));
    const part = journal.begin(a)!;
    expect(journal.stanzaOf(message('A'))).toMatchObject({ hashes: [part.hash], edit: '8' });
    expect(journal.stanzaOf(message('group notice'))).toMatchObject({ hashes: [], edit: undefined });
    journal.begin(b);
    expect(journal.stanzaOf(message('A')).hashes).toEqual([]);
  });

  it('answers a copy with what was read, or with nothing to show when that is a message already', async () => {
    const ciphertext = bytes('again');
    const answerOf = async (known: Buffer | 'done' | null) => {
      const journal = journalThatKnows(known);
      journal.notice(stanza('A', [enc(ciphertext)]));
      return journal.answer(journal.begin(ciphertext)!);
    };
    expect(await answerOf(Buffer.from('plain'))).toEqual(Buffer.from('plain'));
    expect(await answerOf('done')).toEqual(Buffer.of(1));
    expect(await answerOf(null)).toBeNull();
  });

  const MIB = 1_048_576;
  it.each([
    { mib: 4, who: 'the own phone', attrs: { category: 'peer' }, kept: true },
    { mib: 5, who: 'the own phone', attrs: { category: 'peer' }, kept: false },
    { mib: 5, who: 'somebody', attrs: {}, kept: true },
  ])('$mib MiB from $who are kept: $kept', ({ mib, attrs, kept }) => {
    const journal = journalThatKnows(null);
    const ciphertext = bytes('large');
    journal.notice(stanza('A', [enc(ciphertext)], attrs));
    expect(journal.begin(ciphertext)!.record(Buffer.alloc(mib * MIB)).content !== null).toBe(kept);
  });
});
