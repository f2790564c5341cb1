import type { Clock } from '@wa-gate/kit';
import { hasConnectionClosed } from '../whatsapp/errors.ts';
import { assertAlive, SessionRefusal } from './errors.ts';
import type { SessionConnection } from './session-connection.ts';
import type { StateKeeper } from './state-keeper.ts';
import { type ActorState, isParkedForGood, publicView } from './transition.ts';

/** The first QR code is valid for 60 s, five more for 20 s each. Then the series of WhatsApp ends. */
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
const SERIES_MS = FIRST_QR_MS + 5 * NEXT_QR_MS;
const PAIRING_CODE_WAIT_MS = 10_000;
/** States in which no QR code will follow. */
const QR_DECIDED: ReadonlySet<ActorState['name']> = new Set([
  'scanning',
  'code',
  'passkey',
  'pairing',
  'connected',
  'parked',
]);

export interface PairingDependencies {
  keeper: StateKeeper;
  connection: SessionConnection;
  clock: Clock;
  /** Connects a parked session. */
  begin: () => void;
  restart: () => Promise<void>;
}

/** Links a phone by QR codes or pairing codes. */
export class Pairing {
  readonly #deps: PairingDependencies;
  #seriesEndsAt = 0;

  constructor(deps: PairingDependencies) {
    this.#deps = deps;
  }

  /** Publishes the next code of the series. */
  show(qr: string): void {
    const { keeper, clock } = this.#deps;
    const first = keeper.state.name === 'connecting';
    if (first) this.#seriesEndsAt = clock.now() + SERIES_MS;
    keeper.move({ type: 'qr', qr, expiresAt: clock.now() + (first ? FIRST_QR_MS : NEXT_QR_MS) });
  }

  /**
   * Returns the QR code to scan. Starts pairing when the session is not linked. Waits up to `waitMs` for the first
   * code.
   */
  async qr(waitMs: number): Promise<{ qr: string; attempt: number; expiresAt: Date }> {
    const { keeper, begin } = this.#deps;
    this.#assertUnlinked();
    if (keeper.state.name === 'parked') begin();
    await keeper.until((state) => QR_DECIDED.has(state.name), waitMs);
    const { state } = keeper;
    if (state.name === 'scanning')
      return { qr: state.qr, attempt: state.attempt, expiresAt: new Date(state.expiresAt) };
    this.#assertUnlinked();
    throw new SessionRefusal('QR_NOT_READY', whyNoCode(state));
  }

  /** Requests a code to enter on the phone with this number. */
  async code(digits: string): Promise<{ code: string; expiresAt: Date }> {
    const { keeper, connection, begin, restart } = this.#deps;
    this.#assertUnlinked();
    // A pairing code is valid as long as the series of QR codes of its connection. An old series is replaced by a new
    // connection.
    if (keeper.state.name === 'parked') begin();
    else if (keeper.state.name === 'scanning' && keeper.state.attempt > 1) await restart();
    await keeper.until(({ name }) => QR_DECIDED.has(name), PAIRING_CODE_WAIT_MS);
    const { current } = connection;
    if (!current || !showsCode(keeper.state)) {
      this.#assertUnlinked();
      throw new SessionRefusal('QR_NOT_READY', whyNoCode(keeper.state));
    }
    const code = await current.requestPairingCode(digits).catch((error: unknown) => {
      if (!hasConnectionClosed(error)) throw error;
      throw new SessionRefusal('QR_NOT_READY', 'The connection to WhatsApp has just ended. Ask again in a second.');
    });
    keeper.move({ type: 'code', code, expiresAt: this.#seriesEndsAt });
    return { code, expiresAt: new Date(this.#seriesEndsAt) };
  }

  #assertUnlinked(): void {
    const { keeper, connection } = this.#deps;
    const { state } = keeper;
    assertAlive(state);
    const linked = connection.isPaired || state.name === 'connected' || state.name === 'pairing';
    if (linked) {
      throw new SessionRefusal(
        'SESSION_ALREADY_PAIRED',
        'The session is linked to a phone already. Log it out first to link another one.',
      );
    }
    if (state.name === 'parked' && isParkedForGood(state))
      throw new SessionRefusal('SESSION_ALREADY_PAIRED', state.verdict.reason);
  }
}

function whyNoCode(state: ActorState): string {
  if (state.name === 'code') return 'A pairing code waits to be entered. Restart the session to get a QR code instead.';
  const passkey = state.name === 'passkey' ? publicView(state)?.reason : null;
  return passkey ?? 'WhatsApp has not sent a QR code yet. Ask again in a second.';
}

const showsCode = (state: ActorState): boolean => state.name === 'scanning' || state.name === 'code';
