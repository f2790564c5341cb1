import { describe, expect, it } from 'vitest';
import { newNonce, PROOF_HEADERS, proofHeaders, provenIncarnation } from './internal-auth.ts';

const KEY = Buffer.alloc(32, 1);
const OLDER_KEY = Buffer.alloc(32, 2);
const claim = { workerId: 'worker-1', incarnation: 4 };

describe('the proof of a worker', () => {
  it('tells which incarnation answers, under any of the master keys', () => {
    const nonce = newNonce();
    expect(provenIncarnation([KEY], 'worker-1', nonce, proofHeaders(KEY, claim, nonce))).toBe(4);
    expect(provenIncarnation([KEY, OLDER_KEY], 'worker-1', nonce, proofHeaders(OLDER_KEY, claim, nonce))).toBe(4);
  });

  it.each([
    ['of another key', proofHeaders(OLDER_KEY, claim, 'n')],
    ['of another worker', proofHeaders(KEY, { ...claim, workerId: 'worker-2' }, 'n')],
    ['of another question', proofHeaders(KEY, claim, 'm')],
    ['with the incarnation changed', { ...proofHeaders(KEY, claim, 'n'), [PROOF_HEADERS.incarnation]: '5' }],
    ['without an incarnation', { [PROOF_HEADERS.proof]: proofHeaders(KEY, claim, 'n')[PROOF_HEADERS.proof] }],
    ['that is not there', {}],
  ])('%s proves nothing', (_what, headers) => {
    expect(provenIncarnation([KEY], 'worker-1', 'n', headers)).toBeUndefined();
  });

  it.each([[undefined], [''], ['x'.repeat(65)], [['a', 'b']]])('is not given for %j', (nonce) => {
    expect(proofHeaders(KEY, claim, nonce)).toEqual({});
  });

  it('is asked for with another nonce each time', () => {
    expect(newNonce()).not.toBe(newNonce());
  });
});
