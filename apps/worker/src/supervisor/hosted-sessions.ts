import type { SessionActor } from '../session/session-actor.ts';

/** The actors of this process, by session. Only the supervisor adds and removes them. */
export class HostedSessions {
  readonly #actors = new Map<string, SessionActor>();

  get actors(): readonly SessionActor[] {
    return [...this.#actors.values()];
  }

  get count(): number {
    return this.#actors.size;
  }

  has(sessionId: string): boolean {
    return this.#actors.has(sessionId);
  }

  find(sessionId: string): SessionActor | undefined {
    return this.#actors.get(sessionId);
  }

  add(actor: SessionActor): void {
    this.#actors.set(actor.owner.sessionId, actor);
  }

  remove(sessionId: string): void {
    this.#actors.delete(sessionId);
  }
}
