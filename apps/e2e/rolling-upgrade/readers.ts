import { setTimeout as sleep } from 'node:timers/promises';
import type { Player } from '../chaos/cast.ts';
import type { System } from '../harness/system.ts';

const EVERY_MS = 150;
const ANSWER_MS = 10_000;
/** An owner waits for a code for up to 5 s, and there may be two of them while the session moves. */
const QR_ANSWER_MS = 20_000;

/**
 * Customers that read lists, messages and timelines through every gateway, on lasting connections. They also request QR
 * codes from the owners of connected sessions, whose workers refuse them in either version.
 */
export class Readers {
  /** The counts of answers and network codes since the last {@link take}. */
  private answers: Record<string, number> = {};
  private readonly system: System;
  private readonly players: readonly Player[];
  private readonly through: readonly string[];
  private isOver = false;
  private loops: Promise<void>[] = [];

  /** @param through the base URLs that are read through. @default those of all gateways */
  constructor(system: System, players: readonly Player[], through = system.gateways.map(({ url }) => url)) {
    this.system = system;
    this.players = players;
    this.through = through;
  }

  start(): void {
    this.loops = this.through.map((url) => this.run(url));
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.loops);
  }

  take(): Record<string, number> {
    const taken = this.answers;
    this.answers = {};
    return taken;
  }

  private async run(url: string): Promise<void> {
    for (let turn = 0; !this.isOver; turn++) {
      const { sessionId, apiKey } = this.players[turn % this.players.length]!;
      const api = this.system.gatewayAt(url).as(apiKey);
      const list = await this.read<{ data: { messages: { id: string }[] } }>(
        api,
        `/api/sessions/${sessionId}/messages?limit=10`,
      );
      const id = list?.data?.messages[0]?.id;
      if (id) {
        await this.read(api, `/api/messages/${id}`);
        await this.read(api, `/api/messages/${id}/timeline`);
      }
      await this.read(api, `/api/sessions/${sessionId}/qr`, QR_ANSWER_MS);
      await sleep(EVERY_MS);
    }
  }

  private async read<T>(api: ReturnType<System['gatewayAt']>, path: string, timeoutMs = ANSWER_MS): Promise<T | null> {
    try {
      const { status, body } = await api.call<T & { code?: string }>(path, { timeoutMs });
      this.note(status < 300 ? String(status) : `${status} ${body?.code ?? ''}`.trim());
      return status < 300 ? body : null;
    } catch (error) {
      const { code, name } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
      // A timeout is a DOMException, whose code is a number.
      this.note(typeof code === 'string' ? code : name);
      return null;
    }
  }

  private note(what: string): void {
    this.answers[what] = (this.answers[what] ?? 0) + 1;
  }
}
