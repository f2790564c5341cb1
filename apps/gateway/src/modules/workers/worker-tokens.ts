import { createHash, timingSafeEqual } from 'node:crypto';
import type { Queryable } from '@wa-gate/db';
import { newToken, TOKEN_PREFIX, tokensEqual } from '@wa-gate/kit';
import { ApiError } from '../../http/api-error.ts';

/**
 * How long a worker's previous token is valid after a rotation: a heartbeat in flight is not refused, and a worker that
 * lost the answer can ask again.
 */
export const TOKEN_OVERLAP_SECONDS = 300;

/** A new token of a worker, and what is stored of it. */
export function newWorkerToken(): { token: string; hash: Buffer } {
  const { token } = newToken(TOKEN_PREFIX.workerToken);
  return { token, hash: hashOf(token) };
}

/**
 * Authenticates workers. The join token allows registration and nothing else; a worker's own token allows its metrics
 * and its rotation.
 */
export interface WorkerTokens {
  /** @throws {ApiError} UNAUTHENTICATED */
  assertJoin(token: string): void;
  /** @throws {ApiError} UNAUTHENTICATED */
  assertOwn(workerId: string, token: string): Promise<void>;
  /**
   * Replaces the given token. The previous one is valid for {@link TOKEN_OVERLAP_SECONDS}, from its first replacement.
   * @throws {ApiError} UNAUTHENTICATED
   */
  rotate(tx: Queryable, workerId: string, token: string): Promise<string>;
}

const HASHES = {
  name: 'worker-token-hashes',
  text: `SELECT token_hash AS present,
      CASE WHEN token_rotated_at > now() - ${TOKEN_OVERLAP_SECONDS} * interval '1 s' THEN previous_token_hash END AS previous
    FROM workers WHERE id = $1`,
};

/** An UPDATE decides once more: the token may have been revoked since it was looked at. */
const ROTATE = `UPDATE workers SET token_hash = $3, previous_token_hash = $2,
    token_rotated_at = CASE WHEN token_hash = $2 THEN now() ELSE token_rotated_at END
  WHERE id = $1 AND (token_hash = $2
    OR previous_token_hash = $2 AND token_rotated_at > now() - ${TOKEN_OVERLAP_SECONDS} * interval '1 s')`;

const NOBODY = Buffer.alloc(32);

export function createWorkerTokens({ db, joinToken }: { db: Queryable; joinToken: string }): WorkerTokens {
  const isOwnToken = (token: string): boolean => token.startsWith(TOKEN_PREFIX.workerToken);

  function notPresent(token: string): ApiError {
    return new ApiError('UNAUTHENTICATED', {
      message: tokensEqual(token, joinToken)
        ? 'The join token only joins. Use the token that this worker got when it registered.'
        : // Unknown worker and wrong token look the same, and the worker's remedy is the same.
          'This is not the present token of this worker: it was rotated, revoked or is of another one. Register again.',
    });
  }

  async function assertOwn(workerId: string, token: string, queryable = db): Promise<void> {
    const { rows } = await queryable.query<{ present: Buffer | null; previous: Buffer | null }>({
      ...HASHES,
      values: [workerId],
    });
    const given = hashOf(token);
    const known = [rows[0]?.present ?? NOBODY, rows[0]?.previous ?? NOBODY];
    // Both are compared, each in constant time.
    const matches = known.filter((hash) => timingSafeEqual(given, hash));
    if (!matches.length) throw notPresent(token);
  }

  return {
    assertJoin(token) {
      if (tokensEqual(token, joinToken)) return;
      throw new ApiError('UNAUTHENTICATED', {
        message: isOwnToken(token)
          ? 'This is the token of one worker. Joining needs the join token of this installation (WORKER_AUTH_TOKEN).'
          : 'This is not the join token of this installation (WORKER_AUTH_TOKEN).',
      });
    },
    assertOwn: (workerId, token) => assertOwn(workerId, token),
    async rotate(tx, workerId, token) {
      await assertOwn(workerId, token, tx);
      const fresh = newWorkerToken();
      const { rowCount } = await tx.query(ROTATE, [workerId, hashOf(token), fresh.hash]);
      if (!rowCount) throw notPresent(token);
      return fresh.token;
    },
  };
}

/** A token has 256 random bits, so that a plain SHA-256 protects it. */
function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
