import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FileReference } from '@wa-gate/contracts';
import { newId } from '@wa-gate/kit';
import type { MediaStore } from '@wa-gate/media';
import { acceptMessage, newWaMessageId } from '@wa-gate/messaging';
import { addPhone, pairSession, registerTenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { makeInParallel } from '../measure/in-parallel.ts';

interface Sender {
  id: string;
  to: string;
}

const LOOK_EVERY_MS = 50;

/** Messages with files, accepted as the gateway accepts them; what is measured is the worker. */
export class GatewayFiles {
  private readonly system: System;
  private readonly store: MediaStore;
  private readonly senders: Sender[] = [];

  constructor(system: System, store: MediaStore) {
    this.system = system;
    this.store = store;
  }

  async pair(count: number): Promise<void> {
    const tenant = await registerTenant(this.system);
    await makeInParallel(0, count, async (index) => {
      const session = await pairSession(this.system, tenant);
      const friend = await addPhone(this.system, 'Friend');
      await session.api.send(session.sessionId, { to: friend.number, type: 'text', message: 'hello' });
      const { rows } = await this.system.services.pool.query<{ id: string }>(
        'SELECT id FROM sessions WHERE slug = $1',
        [session.sessionId],
      );
      this.senders[index] = { id: rows[0]!.id, to: friend.jid };
    });
  }

  /** Takes a file into the media store, as a new one each time: an upload is not used twice. */
  async take(path: string, sha256: string): Promise<FileReference> {
    const storageKey = `load/${newId()}`;
    const { size } = await this.store.put(storageKey, createReadStream(path));
    return { mediaId: newId(), storageKey, sha256, size, mimetype: 'application/octet-stream', fileName: 'load.bin' };
  }

  /** @returns seconds until WhatsApp's server has acknowledged all of them */
  async send(files: readonly FileReference[]): Promise<number> {
    const { pool } = this.system.services;
    const ids = files.map(() => newId());
    const begun = performance.now();
    await Promise.all(
      files.map(async (media, index) => {
        const { id: sessionId, to: chatJid } = this.senders[index % this.senders.length]!;
        const message = { messageId: ids[index]!, waMessageId: newWaMessageId(), sessionId, chatJid };
        await acceptMessage(pool, { ...message, request: { type: 'document', media } });
      }),
    );
    for (;;) {
      const { rows } = await pool.query<{ open: number; failed: number }>(
        `SELECT count(*) FILTER (WHERE state = 'QUEUED')::int AS open, count(*) FILTER (WHERE state IN ('FAILED', 'UNKNOWN'))::int AS failed
         FROM messages WHERE id = ANY($1)`,
        [ids],
      );
      const { open, failed } = rows[0]!;
      if (failed > 0) throw new Error(`${failed} of ${files.length} messages with files failed`);
      if (open === 0) return (performance.now() - begun) / 1_000;
      await sleep(LOOK_EVERY_MS);
    }
  }
}

export const sha256Of = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('base64');
};
