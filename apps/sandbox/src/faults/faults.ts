import { randomUUID } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { parseDeviceKey } from '../accounts/device-key.ts';
import { unixSeconds } from '../clock.ts';
import { SandboxError } from '../errors.ts';

/** The kinds of faults. The table in `README.md` has the meaning of each field for each kind. */
const FAULT_KINDS = [
  // the next stanza(s)
  'delay',
  'drop',
  'duplicate',
  'redeliver',
  // the connection
  'freeze',
  'cut',
  'replace',
  'stream-error',
  'end-stream',
  'login-failure',
  'ban',
  // answers to messages
  'nack',
  'time-lock',
  'rate-overlimit',
  'capping',
  // encryption
  'prekeys-low',
  'prekeys-exhausted',
  'identity-change',
  'unreadable',
  'corrupt',
  // uploads of files
  'upload-refused',
  'upload-cut',
  'upload-stalled',
  // the rest
  'passkey',
  'clock-skew',
  'iq-silence',
  'iq-refused',
  'answer-lost',
  // files
  'media-slow',
  'media-expired',
  'media-truncated',
  'media-cut',
  'media-flipped',
  'media-wrong',
  'media-stalled',
  'media-retry',
] as const;

type FaultKind = (typeof FAULT_KINDS)[number];

export const FaultRequest = Type.Object({
  kind: Type.Enum([...FAULT_KINDS]),
  device: Type.Optional(
    Type.String({ pattern: '^\\d{5,20}:\\d{1,3}$', description: 'One companion: `<number>:<device id>`' }),
  ),
  phone: Type.Optional(Type.String({ pattern: '^\\d{5,20}$', description: 'A phone, and all its companions' })),
  count: Type.Optional(
    Type.Integer({ minimum: 1, description: 'How often it strikes; the default depends on the kind' }),
  ),
  ms: Type.Optional(Type.Integer({ description: 'A duration, or for clock-skew the offset' })),
  direction: Type.Optional(
    Type.Enum(['to', 'from'], {
      description: 'Stanzas to the companion (default) or from it; media-slow: downloads or uploads alone',
    }),
  ),
  stanza: Type.Optional(
    Type.String({
      description: 'Tag of the stanzas meant, such as message, receipt, ack, notification; default message; `any`',
    }),
  ),
  code: Type.Optional(
    Type.Integer({
      minimum: 100,
      maximum: 999,
      description: 'Code for nack, iq-refused, login-failure, ban, stream-error, media-expired, upload-refused',
    }),
  ),
  answer: Type.Optional(
    Type.Enum(['refused', 'unreadable', 'silent'], {
      description: 'media-retry: what the phone does instead of an upload; default refused',
    }),
  ),
  xmlns: Type.Optional(
    Type.String({ description: 'iq-silence, iq-refused, answer-lost and rate-overlimit: only iqs of this namespace' }),
  ),
  cause: Type.Optional(
    Type.Integer({
      description: 'login-failure and ban: code of the cause beside `code`, such as 101 of a temporary ban (402)',
    }),
  ),
  expire: Type.Optional(
    Type.Integer({ minimum: 1, description: 'ban: seconds after which it is over; default: when it is cancelled' }),
  ),
  stage: Type.Optional(
    Type.Enum(['request', 'continuation'], { description: 'passkey: how far linking gets; default request' }),
  ),
  capping: Type.Optional(
    Type.Object(
      {
        status: Type.Enum(['NONE', 'FIRST_WARNING', 'SECOND_WARNING', 'CAPPED']),
        total: Type.Integer(),
        used: Type.Integer(),
        cycleEnds: Type.Optional(Type.Integer({ description: 'Unix seconds; default in a day' })),
      },
      { additionalProperties: false, description: 'capping: what the account is told' },
    ),
  ),
  timeEnforcementEnds: Type.Optional(Type.Integer({ description: 'time-lock: unix seconds; default in an hour' })),
});
export type FaultRequest = Static<typeof FaultRequest>;

export interface Fault extends FaultRequest {
  id: string;
  createdAt: number;
  /** How often it was applied. */
  hits: number;
  /** How often it will still be applied; null: until it is cancelled. */
  remaining: number | null;
}

/** Kinds that last until they are cancelled unless a count is given. */
const LASTING: ReadonlySet<FaultKind> = new Set([
  'ban',
  'time-lock',
  'capping',
  'prekeys-exhausted',
  'clock-skew',
  'iq-silence',
  'media-slow',
]);
const AN_HOUR = 3600;
/** Kinds that are applied at once and not stored. */
const IMMEDIATE: ReadonlySet<FaultKind> = new Set([
  'freeze',
  'cut',
  'replace',
  'stream-error',
  'end-stream',
  'prekeys-low',
  'identity-change',
]);

/** The pending faults. */
export class Faults {
  private readonly waiting = new Map<string, Fault>();

  /** True without pending faults: the usual case, checked for every stanza. */
  get idle(): boolean {
    return this.waiting.size === 0;
  }

  add(request: FaultRequest): Fault {
    const fault: Fault = {
      ...request,
      id: randomUUID(),
      createdAt: Date.now(),
      hits: 0,
      remaining: request.count ?? (LASTING.has(request.kind) ? null : 1),
    };
    if (fault.kind === 'time-lock') fault.timeEnforcementEnds ??= unixSeconds() + AN_HOUR;
    if (IMMEDIATE.has(fault.kind)) fault.remaining = 0;
    else this.waiting.set(fault.id, fault);
    return fault;
  }

  list(): Fault[] {
    return [...this.waiting.values()];
  }

  cancel(id: string): Fault {
    const fault = this.waiting.get(id);
    if (!fault) throw new SandboxError(404, 'FAULT_NOT_FOUND', `There is no fault ${id} waiting; see GET /faults.`);
    this.waiting.delete(id);
    return fault;
  }

  clear(): void {
    this.waiting.clear();
  }

  /** The ban of this device, if it has one that is not over. */
  banOf(device: string): Fault | null {
    return this.take('ban', device, (fault) => (secondsOfBan(fault) ?? 1) > 0);
  }

  /** Finds a pending fault of this kind for this device; does not use it up. */
  find(kind: FaultKind, device: string, matches: (fault: Fault) => boolean = () => true): Fault | null {
    if (this.waiting.size === 0) return null;
    for (const fault of this.waiting.values()) {
      if (fault.kind === kind && concerns(fault, device) && matches(fault)) return fault;
    }
    return null;
  }

  /** Uses up a pending fault of this kind for this device, if there is one. */
  take(kind: FaultKind, device: string, matches?: (fault: Fault) => boolean): Fault | null {
    return this.use(this.find(kind, device, matches));
  }

  /** Uses up a pending fault of this kind for any device. */
  takeAny(kind: FaultKind, matches: (fault: Fault) => boolean = () => true): Fault | null {
    return this.use(this.list().find((fault) => fault.kind === kind && matches(fault)) ?? null);
  }

  private use(fault: Fault | null): Fault | null {
    if (!fault) return null;
    fault.hits++;
    if (fault.remaining !== null && --fault.remaining === 0) this.waiting.delete(fault.id);
    return fault;
  }
}

const A_SECOND_MS = 1000;

/** Seconds for which a ban goes on; `null`: nobody says. */
export const secondsOfBan = ({ expire, createdAt }: Fault): number | null =>
  expire === undefined ? null : Math.ceil(createdAt / A_SECOND_MS + expire - Date.now() / A_SECOND_MS);

/** Whether a fault applies to a device; one without a target applies to all. */
function concerns(fault: Fault, device: string): boolean {
  if (fault.device !== undefined) return fault.device === device;
  if (fault.phone !== undefined) return parseDeviceKey(device)?.number === fault.phone;
  return true;
}

/** Whether a stanza-level fault applies to a stanza. */
export function meansStanza(fault: Fault, direction: 'to' | 'from', tag: string): boolean {
  if ((fault.direction ?? 'to') !== direction) return false;
  const wanted = fault.stanza ?? 'message';
  return wanted === 'any' || wanted === tag;
}
