import { newNumber, SPELLINGS } from '../harness/numbers.ts';
import { type PairedSession, pairSession, registerTenant } from '../harness/pair-session.ts';
import type { System } from '../harness/system.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { EventLedger } from './event-ledger.ts';

/** One session with the phones of its contacts. */
export interface Player extends PairedSession {
  /** The number of the contact that writes to the session and receives its messages. */
  friend: string;
  /** Names under which the friend can be written to: its number, its LID, another spelling of its number. */
  friendNames: readonly string[];
  /** A group of the owner of the session, the friend and another friend; `null` for most sessions. */
  group: { id: string; readers: string[] } | null;
  /** The companions of the phone as JSON: they must be the same at the end. */
  devices: string;
  /** `<number>:<device>`, its name in the recorder. */
  device: string;
}

/** Every third session has a group. */
const GROUP_EVERY = 3;
const AT_ONCE = 6;
const RECEIPTS = { deliveredMs: 150 };

/**
 * Pairs the sessions, subscribes their webhooks, and exchanges a first message in each pair, so that there are ratchets
 * that a fault could lose.
 */
export async function gatherCast(system: System, count: number, ledger: EventLedger): Promise<Player[]> {
  const tenant = await registerTenant(system);
  const players: Player[] = [];
  const addFriend = async (number = newNumber(), aliases: string[] = []) => {
    const phone = await system.sandbox.createPhone({ number, name: 'Friend', aliases });
    await system.sandbox.updatePhone(number, { receipts: RECEIPTS });
    return phone;
  };

  async function add(index: number): Promise<void> {
    const session = await pairSession(system, tenant, { sessionId: `chaos-${index}` });
    const { secret } = await tenant.api.setWebhook(session.sessionId, { url: ledger.urlOf(session.sessionId) });
    ledger.expect(session.sessionId, secret);
    const [registered, other] = SPELLINGS['Brazil, registered without the ninth digit']!();
    const { number: friend, lid } = await addFriend(registered, [other]);
    const group = index % GROUP_EVERY === 0 ? await makeGroup(session.phone.number, friend) : null;
    await system.sandbox.sendText(friend, session.phone.number, 'hello');
    await waitFor(async () => (await session.api.messages(session.sessionId)).some(({ text }) => text === 'hello'), {
      what: `the first message at ${session.sessionId}`,
    });
    const devices = await system.sandbox.devices(session.phone.number);
    players.push({
      ...session,
      friend,
      friendNames: [friend, `${lid}@lid`, `+${other}`],
      group,
      devices: JSON.stringify(devices),
      device: `${session.phone.number}:${devices[0]!.id}`,
    });
  }

  async function makeGroup(owner: string, friend: string): Promise<Player['group']> {
    const { number: other } = await addFriend();
    const { id } = await system.sandbox.createGroup({
      owner: friend,
      subject: 'Three of us',
      participants: [owner, other],
    });
    return { id, readers: [friend, other] };
  }

  let next = 0;
  const pairNext = async (): Promise<void> => {
    while (next < count) await add(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, pairNext));
  return players;
}
