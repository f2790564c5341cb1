import type { HeldWebhook } from './held-webhook.ts';

const NONE: ReadonlySet<HeldWebhook> = new Set();

/** The webhooks that this process holds, by id, by session and by endpoint. */
export class Holds {
  readonly #byId = new Map<string, HeldWebhook>();
  readonly #bySession = new Map<string, Set<HeldWebhook>>();
  readonly #byEndpoint = new Map<string, Set<HeldWebhook>>();

  get size(): number {
    return this.#byId.size;
  }

  get(webhookId: string): HeldWebhook | undefined {
    return this.#byId.get(webhookId);
  }

  all(): IterableIterator<HeldWebhook> {
    return this.#byId.values();
  }

  endpoints(): string[] {
    return [...this.#byEndpoint.keys()];
  }

  ofSession(sessionId: string): ReadonlySet<HeldWebhook> {
    return this.#bySession.get(sessionId) ?? NONE;
  }

  ofEndpoint(endpointId: string): ReadonlySet<HeldWebhook> {
    return this.#byEndpoint.get(endpointId) ?? NONE;
  }

  /** It takes the place of what was held under its id. */
  add(held: HeldWebhook): void {
    const { webhookId, sessionId, endpointId } = held;
    this.forget(this.#byId.get(webhookId));
    this.#byId.set(webhookId, held);
    insert(this.#bySession, sessionId, held);
    insert(this.#byEndpoint, endpointId, held);
  }

  /** It is not held any more: its timers and its channel end. */
  forget(held: HeldWebhook | undefined): void {
    if (!held) return;
    const { webhookId, sessionId, endpointId } = held;
    held.isLost = true;
    clearTimeout(held.retryTimer);
    clearTimeout(held.probeTimer);
    held.channel.close?.();
    if (this.#byId.get(webhookId) === held) this.#byId.delete(webhookId);
    remove(this.#bySession, sessionId, held);
    remove(this.#byEndpoint, endpointId, held);
  }
}

function insert(sets: Map<string, Set<HeldWebhook>>, name: string, held: HeldWebhook): void {
  sets.set(name, (sets.get(name) ?? new Set()).add(held));
}

function remove(sets: Map<string, Set<HeldWebhook>>, name: string, held: HeldWebhook): void {
  const its = sets.get(name);
  its?.delete(held);
  if (its?.size === 0) sets.delete(name);
}
