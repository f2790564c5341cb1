import { expect, test } from 'vitest';
import { proto } from '../whatsapp/baileys.ts';
import { readChunk } from './chunk-reader.ts';

const { PUSH_NAME } = proto.HistorySync.HistorySyncType;
const PART = proto.HistorySync.encode({
  syncType: PUSH_NAME,
  pushnames: [{ id: '1@s.whatsapp.net', pushname: 'Ann' }],
}).finish();

test('a reader that stops in the middle ends the source, so that its file is closed', async () => {
  let ends = 0;
  async function* source() {
    try {
      for (;;) yield Buffer.from(PART);
    } finally {
      ends += 1;
    }
  }
  for await (const item of readChunk(source(), { withMessages: false })) {
    expect(item).toEqual({ is: 'name', jid: '1@s.whatsapp.net', name: 'Ann' });
    break;
  }
  expect(ends).toBe(1);
});
