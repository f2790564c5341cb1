import { ScriptedCompanion } from '../client/companion.ts';
import { createCredentials } from '../client/credentials.ts';
import type { SandboxAccess } from '../client/link.ts';
import { pairByQr } from '../client/pairing.ts';
import type { ControlApi } from '../testing/control-api.ts';
import { inParallel } from './parallel.ts';

const PAIRING_AT_ONCE = 4;

/** Many scripted companions in this process, each linked to a phone of its own. */
export class ScriptedFleet {
  readonly #api: ControlApi;
  readonly #access: SandboxAccess;
  readonly #companions: ScriptedCompanion[] = [];
  readonly #numbers: string[] = [];
  unreadable = 0;

  constructor(api: ControlApi, access: SandboxAccess) {
    this.#api = api;
    this.#access = access;
  }

  get size(): number {
    return this.#companions.length;
  }

  /** @returns seconds it took */
  async grow(count: number): Promise<number> {
    const started = Date.now();
    await inParallel(count, PAIRING_AT_ONCE, async (index) => {
      const { number } = await this.#api.post<{ number: string }>('/phones');
      const credentials = createCredentials(`companion ${index}`);
      await pairByQr(this.#access, credentials, async (qr) => {
        await this.#api.post(`/phones/${number}/scan`, { qr });
      });
      const companion = new ScriptedCompanion({
        sandbox: this.#access,
        credentials,
        onUnreadable: () => {
          this.unreadable++;
        },
      });
      await companion.login();
      this.#companions.push(companion);
      this.#numbers.push(number);
    });
    return (Date.now() - started) / 1000;
  }

  /** Sends texts from each companion to the account of the next one, each after the acknowledgement of the last. */
  async send(texts: number): Promise<{ messages: number; seconds: number }> {
    const started = Date.now();
    await Promise.all(
      this.#companions.map(async (companion, index) => {
        const peer = `${this.#numbers[(index + 1) % this.#numbers.length]}@s.whatsapp.net`;
        for (let i = 0; i < texts; i++) await companion.sendText(peer, `text ${i}`);
      }),
    );
    return { messages: texts * this.#companions.length, seconds: (Date.now() - started) / 1000 };
  }

  close(): void {
    for (const companion of this.#companions) companion.close();
  }
}
