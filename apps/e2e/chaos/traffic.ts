import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SendResult } from '@wa-gate/contracts';
import type { Envelope, GatewayClient } from '../harness/gateway-client.ts';
import { newNumber } from '../harness/numbers.ts';
import type { System } from '../harness/system.ts';
import type { Player } from './cast.ts';
import { createPrng, type Prng } from './prng.ts';

/** A message that a customer requested. */
export interface Sent {
  text: string;
  player: Player;
  /** Phones that must decrypt it. */
  readers: readonly string[];
  /** `null` until the API has accepted it. */
  accepted: { messageId: string; waMessageId: string } | null;
  /** The WhatsApp ids in the answers to repeated requests; more than one is a defect. */
  ids: Set<string>;
  /** Hex SHA-256 of its file, if it has one; its text is the caption. */
  file: string | null;
}

/** A message from a phone to a session. */
export interface Written {
  waMessageId: string;
  text: string;
  player: Player;
  /** A second copy came under another name, maybe before the two names were known to be one person's. */
  isCopied: boolean;
  /** Hex SHA-256 of its file, if it has one. */
  file: string | null;
}

/** Somebody who writes to a session for the first time. */
export interface Stranger {
  player: Player;
  jid: string;
  lid: string;
}

export interface TrafficOptions {
  seed: number;
  sendRate: number;
  receiveRate: number;
  /** The base URLs that customers use in turns. @default those of all gateways */
  through?: readonly string[];
  /** People whose names become known one by one; former versions keep two rows of their messages. @default true */
  strangers?: boolean;
}

const TICK_MS = 20;
/** The maximum of pending requests, so that a fleet without answers does not fill the memory of the harness. */
const MAX_IN_FLIGHT = 400;
const GIVE_UP_MS = 90_000;
const ANSWER_MS = 10_000;
const BACKOFF_MS = [50, 2_000] as const;
/** The share of group messages, for a player with a group. */
const TO_GROUP = 0.3;
/** The share of messages to sessions that a stranger writes, whose names WhatsApp tells one by one. */
const BY_STRANGER = 0.1;
/** How a stranger is named: hidden behind its LID, by its number alone, by both. */
const INTRODUCTION = [
  { addressing: 'lid', hidesOtherName: true },
  { addressing: 'pn', hidesOtherName: true },
  { addressing: 'lid' },
] as const;
/** Every so many strangers are known by their number alone until WhatsApp tells its LID, amid the conversation. */
const NEW_LID_EVERY = 2;
/** Every so many messages have a file, of customers and of phones, which has up to so many bytes. */
const FILE_EVERY = 10;
const MAX_FILE_BYTES = 300_000;

/** Sends messages of customers and of phones at a rate, each with a text of its own. */
export class Traffic {
  readonly sent: Sent[] = [];
  readonly written: Written[] = [];
  readonly strangers: Stranger[] = [];
  /** Answers other than an acceptance, by status or network code, since the last {@link takeFailures}. */
  private failures = new Map<string, number>();
  private readonly system: System;
  private readonly players: readonly Player[];
  private readonly clients: GatewayClient[][];
  private readonly options: TrafficOptions;
  private readonly random: Prng;
  private readonly running = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  /** Requests that were abandoned: never accepted as far as the customer can tell. */
  givenUp = 0;
  private trouble: Error | undefined;

  constructor(system: System, players: readonly Player[], options: TrafficOptions) {
    this.system = system;
    this.players = players;
    this.options = options;
    this.random = createPrng(options.seed);
    const urls = options.through ?? system.gateways.map(({ url }) => url);
    this.clients = players.map(({ apiKey }) => urls.map((url) => system.gatewayAt(url).as(apiKey)));
  }

  start(): void {
    const rates = [
      { rate: this.options.sendRate, act: () => this.send(), owed: 0 },
      { rate: this.options.receiveRate, act: () => this.write(), owed: 0 },
    ];
    let last = performance.now();
    this.timer = setInterval(() => {
      const now = performance.now();
      // A delayed harness does not catch up: a burst would be another test.
      const elapsed = Math.min(now - last, 5 * TICK_MS) / 1_000;
      last = now;
      for (const lane of rates) {
        lane.owed += lane.rate * elapsed;
        for (; lane.owed >= 1; lane.owed -= 1) if (this.running.size < MAX_IN_FLIGHT) this.begin(lane.act);
      }
    }, TICK_MS);
  }

  /** Starts no more requests and waits for the pending ones. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.running);
    if (this.trouble) throw this.trouble;
  }

  get acceptedCount(): number {
    return this.sent.reduce((count, { accepted }) => count + (accepted ? 1 : 0), 0);
  }

  /** Failed calls since the last time, by code. */
  takeFailures(): Record<string, number> {
    const taken = Object.fromEntries(this.failures);
    this.failures = new Map();
    return taken;
  }

  private begin(act: () => Promise<void>): void {
    const work = act()
      .catch((error: Error) => {
        this.trouble ??= error;
      })
      .finally(() => this.running.delete(work));
    this.running.add(work);
  }

  private async send(): Promise<void> {
    const player = this.random.pick(this.players);
    const group = this.random.next() < TO_GROUP ? player.group : null;
    if (group) await this.sendText(player, group.id, group.readers);
    else await this.sendText(player, this.random.pick(player.friendNames), [player.friend]);
  }

  /** Sends one message, and repeats the request under the same key until it is accepted, as a careful customer does. */
  private async sendText(player: Player, to: string, readers: readonly string[]): Promise<void> {
    const text = `out ${this.sent.length}`;
    const file = this.sent.length % FILE_EVERY === 0 ? this.randomFile() : null;
    const sent: Sent = { text, player, readers, accepted: null, ids: new Set(), file: file && hashOf(file) };
    this.sent.push(sent);
    const clients = this.clients[this.players.indexOf(player)]!;
    const media = file && { base64: file.toString('base64') };
    const json = media
      ? { to, type: 'document', media, fileName: 'chaos.bin', caption: text }
      : { to, type: 'text', message: text };
    const headers = { 'idempotency-key': `chaos-${text.replace(' ', '-')}` };
    const path = `/api/sessions/${player.sessionId}/send?wait=queued`;
    const deadline = performance.now() + GIVE_UP_MS;
    for (let attempt = 0; performance.now() < deadline; attempt++) {
      const client = clients[(this.sent.length + attempt) % clients.length]!;
      const outcome = await this.ask(client, path, json, headers);
      if (typeof outcome !== 'string') {
        sent.accepted = outcome;
        sent.ids.add(outcome.waMessageId);
        return;
      }
      this.failures.set(outcome, (this.failures.get(outcome) ?? 0) + 1);
      await sleep(Math.min(BACKOFF_MS[1], BACKOFF_MS[0] * 2 ** attempt) * (0.5 + Math.random() / 2));
    }
    this.givenUp++;
  }

  private async ask(
    client: GatewayClient,
    path: string,
    json: unknown,
    headers: Record<string, string>,
  ): Promise<{ messageId: string; waMessageId: string } | string> {
    try {
      const call = { method: 'POST', json, headers, timeoutMs: ANSWER_MS } as const;
      const { status, body } = await client.call<Envelope<SendResult> & { code?: string }>(path, call);
      if (status === 202 || status === 200) return body.data;
      return `${status} ${body?.code ?? ''}`.trim();
    } catch (error) {
      return codeOf(error);
    }
  }

  private randomFile(): Buffer {
    return randomBytes(this.random.between(1, MAX_FILE_BYTES));
  }

  private async write(): Promise<void> {
    const player = this.random.pick(this.players);
    if (this.random.next() < BY_STRANGER && this.options.strangers !== false) return this.introduce(player);
    const group = player.group && this.random.next() < TO_GROUP ? player.group : null;
    const naming = group ? {} : { addressing: this.random.pick(['pn', 'lid'] as const) };
    await this.writeText(player, player.friend, { to: group?.id ?? player.phone.number, ...naming });
  }

  /** A new person writes under its names, which make it one only with the last message; the first one comes twice. */
  private async introduce(player: Player): Promise<void> {
    const { number, jid, lid } = await this.system.sandbox.createPhone({ number: newNumber(), name: 'Stranger' });
    this.strangers.push({ player, jid, lid: `${lid}@lid` });
    if (this.strangers.length % NEW_LID_EVERY === 0) return this.moveToLid(player, number);
    for (const [n, naming] of INTRODUCTION.entries()) {
      const first = await this.writeText(player, number, { to: player.phone.number, ...naming });
      if (n > 0) continue;
      first.isCopied = true;
      const copy = { id: first.waMessageId, to: player.phone.number, type: 'text', text: first.text };
      await this.system.sandbox.send(number, { ...copy, ...INTRODUCTION[1] });
    }
  }

  /** A conversation by number. Its ratchet moves to the LID, as soon as that is told, while both sides write. */
  private async moveToLid(player: Player, number: string): Promise<void> {
    const { sandbox } = this.system;
    const write = (addressing: 'pn' | 'lid') => this.writeText(player, number, { to: player.phone.number, addressing });
    await sandbox.updatePhone(number, { hidesLid: true });
    await write('pn');
    await this.sendText(player, number, [number]);
    await sandbox.updatePhone(number, { hidesLid: false });
    const names = ['lid', 'pn'] as const;
    await Promise.all(names.flatMap((name) => [write(name), this.sendText(player, number, [number])]));
  }

  private async writeText(
    player: Player,
    from: string,
    to: { to: string; [field: string]: unknown },
  ): Promise<Written> {
    const text = `in ${this.written.length}`;
    const hasFile = from === player.friend && this.written.length % FILE_EVERY === 0;
    const file = hasFile ? this.randomFile() : null;
    const written: Written = { waMessageId: '', text, player, isCopied: false, file: file && hashOf(file) };
    this.written.push(written);
    const words = file ? { type: 'image', caption: text, data: file.toString('base64') } : { type: 'text', text };
    written.waMessageId = (await this.system.sandbox.send(from, { ...to, ...words })).id;
    return written;
  }
}

const hashOf = (file: Buffer): string => createHash('sha256').update(file).digest('hex');

function codeOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
    if (cause.name === 'TimeoutError') return 'time-out';
  }
  return error instanceof Error ? error.name : 'unknown';
}
