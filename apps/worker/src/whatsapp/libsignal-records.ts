import { createRequire } from 'node:module';

/**
 * libsignal reads a session record from its stored form before each step, and makes that form anew after it. A record
 * that has just been stored belongs to nobody, so the next step gets the object itself. It is handed out once: a step
 * that fails has changed it, and the next one reads what is stored. Import this before Baileys.
 */
interface StoredRecord {
  _sessions?: Record<string, unknown>;
}
interface SessionRecord {
  serialize(): StoredRecord;
}
interface SessionRecords {
  prototype: SessionRecord;
  deserialize(stored: StoredRecord): SessionRecord;
}

const library = createRequire(import.meta.url);
const records = library('libsignal/src/session_record.js') as SessionRecords;

/** The functions of libsignal, unpatched. */
export const stockRecords = {
  serialize: records.prototype.serialize,
  deserialize: records.deserialize,
};

/** Some 5 kB each: for those who write now, not for all contacts of a worker. */
const MAX_KEPT = 500;
/** By their stored forms, the one that was stored longest ago first. */
const kept = new Map<StoredRecord, SessionRecord>();

records.prototype.serialize = function (this: SessionRecord): StoredRecord {
  const stored = stockRecords.serialize.call(this);
  kept.set(stored, this);
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!);
  return stored;
};

records.deserialize = (stored) => {
  const record = kept.get(stored);
  if (!record) return stockRecords.deserialize.call(records, stored);
  kept.delete(stored);
  return record;
};
