import { messageKeySeed, nextChainKey } from './kdf.ts';
import { DuplicateMessageError, FutureMessageError } from './session-errors.ts';

/**
 * The maximum of positions that a message may skip, and of skipped keys that a chain keeps. The figures of real
 * clients.
 */
const MAX_JUMP = 2000;
const MAX_SKIPPED = 2000;

/** A chain of message keys at the receiver: its next position, and the keys of skipped positions. */
export interface KeyChain {
  chainKey: Buffer;
  next: number;
  skipped: Map<number, Buffer>;
}

/** Finds the key at a position without moving the chain. `commit` moves it, once the message is authentic. */
export function seek(chain: KeyChain, position: number): { seed: Buffer; commit: () => void } {
  if (position < chain.next) {
    const seed = chain.skipped.get(position);
    if (!seed) throw new DuplicateMessageError(`message key ${position} was used before`);
    return { seed, commit: () => chain.skipped.delete(position) };
  }
  if (position - chain.next > MAX_JUMP) throw new FutureMessageError(`message key ${position} is too far ahead`);
  const jumped: [number, Buffer][] = [];
  let { chainKey } = chain;
  for (let at = chain.next; at < position; at++) {
    jumped.push([at, messageKeySeed(chainKey)]);
    chainKey = nextChainKey(chainKey);
  }
  const commit = (): void => {
    for (const [at, seed] of jumped) chain.skipped.set(at, seed);
    for (const oldest of chain.skipped.keys()) {
      if (chain.skipped.size <= MAX_SKIPPED) break;
      chain.skipped.delete(oldest);
    }
    chain.chainKey = nextChainKey(chainKey);
    chain.next = position + 1;
  };
  return { seed: messageKeySeed(chainKey), commit };
}
