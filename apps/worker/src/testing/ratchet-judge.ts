import type { DEFAULT_CONNECTION_CONFIG, SignalDataSet } from '../whatsapp/baileys.ts';

type MakeSignalRepository = typeof DEFAULT_CONNECTION_CONFIG.makeSignalRepository;

/** A message key: the chain it belongs to, and its number in it. */
interface MessageKey {
  chain: string;
  index: number;
}

interface StoredSession {
  _sessions: Record<string, { _chains?: Record<string, { chainKey: { counter: number } }> }>;
}
type StoredSenderKeys = { senderKeyId: number; senderChainKey: { iteration: number } }[];

/**
 * Checks every ciphertext at the moment in which its stanza leaves: its ratchet step must be stored (I4), and its
 * message key must not have been used before. It takes the stored steps from confirmed writes, and the keys from the
 * ciphertexts.
 */
export class RatchetJudge {
  /** The stored counter of each chain. */
  readonly #durable = new Map<string, number>();
  readonly #used = new Map<string, string>();
  #handedOut: { bytes: Uint8Array; kind: string }[] = [];
  sent = 0;
  notDurable = 0;
  reused = 0;

  /** Records a confirmed write of keys. */
  stored(data: SignalDataSet): void {
    for (const session of Object.values(data.session ?? {})) {
      for (const { _chains } of Object.values((session as unknown as StoredSession | null)?._sessions ?? {})) {
        for (const [chain, { chainKey }] of Object.entries(_chains ?? {})) this.#reach(chain, chainKey.counter);
      }
    }
    for (const bytes of Object.values(data['sender-key'] ?? {})) {
      const states = bytes ? (JSON.parse(Buffer.from(bytes).toString()) as StoredSenderKeys) : [];
      for (const { senderKeyId, senderChainKey } of states)
        this.#reach(`group ${senderKeyId}`, senderChainKey.iteration - 1);
    }
  }

  /** Wraps the repository to record its ciphertexts. */
  watch(make: MakeSignalRepository): MakeSignalRepository {
    return (auth, logger, pnToLid) => {
      const repository = make(auth, logger, pnToLid);
      return {
        ...repository,
        encryptMessage: async (options) => {
          const encrypted = await repository.encryptMessage(options);
          this.#handedOut.push({ bytes: encrypted.ciphertext, kind: encrypted.type });
          return encrypted;
        },
        encryptGroupMessage: async (options) => {
          const encrypted = await repository.encryptGroupMessage(options);
          this.#handedOut.push({ bytes: encrypted.ciphertext, kind: 'skmsg' });
          return encrypted;
        },
      };
    };
  }

  /** Checks everything encrypted so far: a message stanza leaves. */
  left(): void {
    for (const { bytes, kind } of this.#handedOut.splice(0)) {
      this.sent += 1;
      const { chain, index } = readMessageKey(Buffer.from(bytes), kind);
      if ((this.#durable.get(chain) ?? -1) < index) this.notDurable += 1;
      const key = `${chain}#${index}`;
      const fingerprint = Buffer.from(bytes).toString('base64');
      if ((this.#used.get(key) ?? fingerprint) !== fingerprint) this.reused += 1;
      this.#used.set(key, fingerprint);
    }
  }

  #reach(chain: string, index: number): void {
    this.#durable.set(chain, Math.max(index, this.#durable.get(chain) ?? -1));
  }
}

const VERSION = 1;
const MAC = 8;
const SIGNATURE = 64;

function readMessageKey(bytes: Buffer, kind: string): MessageKey {
  if (kind === 'skmsg') {
    const fields = readFields(bytes.subarray(VERSION, -SIGNATURE));
    return { chain: `group ${Number(fields.get(1))}`, index: Number(fields.get(2) ?? 0) };
  }
  const inner = kind === 'pkmsg' ? (readFields(bytes.subarray(VERSION)).get(4) as Buffer) : bytes;
  const fields = readFields(inner.subarray(VERSION, -MAC));
  return { chain: (fields.get(1) as Buffer).toString('base64'), index: Number(fields.get(2) ?? 0) };
}

/** The fields of a protobuf message that has only numbers and bytes. */
function readFields(bytes: Buffer): Map<number, number | Buffer> {
  const fields = new Map<number, number | Buffer>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    if ((tag & 7) !== 2) {
      fields.set(tag >> 3, value);
      continue;
    }
    fields.set(tag >> 3, bytes.subarray(at, at + value));
    at += value;
  }
  return fields;
}
