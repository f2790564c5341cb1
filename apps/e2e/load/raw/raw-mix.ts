import type { SandboxClient } from '../../harness/sandbox-client.ts';
import { Awaited } from '../measure/awaited.ts';
import { type MixSide, RECEIVED, SEND } from '../measure/mix.ts';
import type { RawCompanion } from './raw-companion.ts';

const COMES_WITHIN_MS = 60_000;

interface Pair {
  companion: RawCompanion;
  owner: string;
  friend: string;
}

/** Baileys alone: sends are finished with the server's ack, messages that come when Baileys tells of them. */
export class RawMix implements MixSide {
  readonly latencies: Record<string, number[]> = { [SEND]: [], [RECEIVED]: [] };
  private readonly pairs: readonly Pair[];
  private readonly sandbox: SandboxClient;
  private readonly jidOf: (number: string) => string;
  private readonly texts = new Awaited();
  /** Texts of an earlier run must not be taken for those of this one. */
  private readonly run = Date.now().toString(36);

  constructor(pairs: readonly Pair[], sandbox: SandboxClient, jidOf: (number: string) => string) {
    this.pairs = pairs;
    this.sandbox = sandbox;
    this.jidOf = jidOf;
    for (const { companion } of pairs) {
      companion.onText((text) => {
        if (text.includes(this.run)) this.texts.came(text, performance.now());
      });
    }
  }

  async send(index: number, plannedAt: number): Promise<void> {
    const { companion, friend } = this.pairs[index % this.pairs.length]!;
    await companion.send(this.jidOf(friend), `A message of ordinary length, as people write them. ${index}`);
    this.latencies[SEND]!.push(performance.now() - plannedAt);
  }

  async receive(index: number, plannedAt: number): Promise<void> {
    const { owner, friend } = this.pairs[index % this.pairs.length]!;
    const text = `A message of ordinary length, as people write them. ${this.run} ${index}`;
    await this.sandbox.sendText(friend, owner, text);
    this.latencies[RECEIVED]!.push((await this.texts.for(text, COMES_WITHIN_MS)) - plannedAt);
  }
}
