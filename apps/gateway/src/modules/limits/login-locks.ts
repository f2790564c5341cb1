import { isIP } from 'node:net';
import type { LOGIN_LOCK_KINDS, LoginLock } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { accountNameOf, addressNameOf, type FallbackCounters, keyOf } from '../../plugins/rate-limit/index.ts';
import type { LimitSettings } from '../../plugins/rate-limit/limit-settings.ts';
import type { Actor, AuditLog } from '../audit/index.ts';

export interface LoginLockFilter {
  email?: string | undefined;
  address?: string | undefined;
}

/** The locks that wrong passwords have set, as administrators see and lift them. */
export interface LoginLocks {
  list(filter: LoginLockFilter): Promise<LoginLock[]>;
  /** @throws {ApiError} LOGIN_LOCK_NOT_FOUND */
  lift(actor: Actor, id: string): Promise<void>;
}

export interface LoginLocksDependencies {
  db: Queryable;
  counters: Pick<FallbackCounters, 'list' | 'look' | 'forget'>;
  settings: Pick<LimitSettings, 'bucket'>;
  audit: Pick<AuditLog, 'record'>;
}

type Kind = (typeof LOGIN_LOCK_KINDS)[number];
type Held = NonNullable<Awaited<ReturnType<FallbackCounters['look']>>>;

const KINDS = ['account', 'address'] as const satisfies readonly Kind[];
const BUCKETS = { account: 'login_account', address: 'login_ip' } as const satisfies Record<Kind, string>;
const MOST = 200;

/**
 * Buckets hold the hash of an e-mail address, in base64url, and no address. Of all users those are found whose hash is
 * asked for: this reads the table, which a rare question of an administrator may.
 */
const USERS = `SELECT email, hash FROM (
    SELECT email, translate(rtrim(encode(sha256(convert_to(lower(email), 'UTF8')), 'base64'), '='), '+/', '-_') AS hash FROM users
  ) AS named WHERE hash = ANY($1::text[])`;

/** A subject as part of a path. An account is a hash, which needs nothing. */
const wordOf = (kind: Kind, subject: string): string =>
  kind === 'account' ? subject : Buffer.from(subject).toString('base64url');
const subjectOf = (kind: Kind, word: string): string =>
  kind === 'account' ? word : Buffer.from(word, 'base64url').toString();

/** A bucket that holds as many as it may. */
interface Full {
  kind: Kind;
  subject: string;
  held: Held;
}

export function createLoginLocks({ db, counters, settings, audit }: LoginLocksDependencies): LoginLocks {
  const maxOf = ({ kind, held }: Full): number =>
    Math.max(1, Math.floor(settings.bucket(BUCKETS[kind]).max / held.share));
  const isFull = (lock: Full): boolean => lock.held.count >= maxOf(lock);
  const prefixOf = (kind: Kind): string => keyOf(BUCKETS[kind], '');

  async function one(kind: Kind, subject: string): Promise<Full[]> {
    const held = await counters.look(keyOf(BUCKETS[kind], subject));
    return held ? [{ kind, subject, held }] : [];
  }

  async function all(): Promise<Full[]> {
    const found = await counters.list(KINDS.map(prefixOf));
    return [...found].map(([key, held]) => {
      const kind = KINDS.find((each) => key.startsWith(prefixOf(each)))!;
      return { kind, subject: key.slice(prefixOf(kind).length), held };
    });
  }

  async function find({ email, address }: LoginLockFilter): Promise<Full[]> {
    const found =
      email === undefined && address === undefined
        ? await all()
        : [
            ...(email === undefined ? [] : await one('account', accountNameOf(email))),
            ...(address === undefined ? [] : await one('address', addressOf(address))),
          ];
    return found.filter(isFull);
  }

  async function present(locks: readonly Full[]): Promise<LoginLock[]> {
    const hashesOf = ({ kind, subject, held }: Full) => (kind === 'account' ? [subject] : held.accounts);
    const { rows } = await db.query<{ email: string; hash: string }>(USERS, [locks.flatMap(hashesOf)]);
    const emails = new Map(rows.map(({ email, hash }) => [hash, email]));
    return locks.map((lock) => {
      const { kind, subject, held } = lock;
      return {
        id: `${kind}_${wordOf(kind, subject)}`,
        kind,
        bucket: BUCKETS[kind],
        address: kind === 'address' ? subject : null,
        emails: hashesOf(lock)
          .flatMap((hash) => emails.get(hash) ?? [])
          .sort(),
        counted: held.count,
        max: maxOf(lock),
        lockedUntil: new Date(Date.now() + held.resetMs).toISOString(),
      };
    });
  }

  return {
    async list(filter) {
      const locks = (await find(filter)).sort((a, b) => b.held.resetMs - a.held.resetMs).slice(0, MOST);
      return locks.length === 0 ? [] : await present(locks);
    },
    async lift(actor, id) {
      const kind = KINDS.find((each) => id.startsWith(`${each}_`))!;
      const subject = subjectOf(kind, id.slice(kind.length + 1));
      const found = (await one(kind, subject)).filter(isFull);
      const [lock] = await present(found);
      if (!lock) throw new ApiError('LOGIN_LOCK_NOT_FOUND');
      const { address, emails, counted, lockedUntil } = lock;
      // Counters are no rows: the entry comes first, so that no lock is lifted without one.
      await audit.record(actor, {
        action: 'login_lock.lifted',
        resourceType: 'login_lock',
        resourceId: id,
        workspaceId: null,
        before: { kind, address, emails, counted, lockedUntil },
      });
      await counters.forget(keyOf(BUCKETS[kind], subject));
    },
  };
}

/** @throws {ApiError} VALIDATION */
function addressOf(given: string): string {
  if (isIP(given)) return addressNameOf(given);
  throw new ApiError('VALIDATION', { message: '`address` is not a network address such as 198.51.100.7.' });
}
