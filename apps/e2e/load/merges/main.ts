// Many people become known by their number and by their LID at sessions of two workers, and turn out to be one each.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contact } from '@wa-gate/contracts';
import { findViolations } from '@wa-gate/messaging';
import { addPhone, pairSession, registerTenant } from '../../harness/pair-session.ts';
import { startSystem } from '../../harness/system.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { readFlags, within } from '../measure/flags.ts';
import { readOutcome, watchIds } from './judge.ts';

const LANES = 16;
/** People that are looked at over the API at the end. */
const SAMPLE = 100;
const SAY_EVERY_MS = 15_000;

const values = readFlags(process.argv.slice(2), {
  people: { type: 'string', default: '10000' },
  sessions: { type: 'string', default: '8' },
  minutes: { type: 'string', default: '30' },
});
const people = within('people', values.people, 10, 100_000);
const count = within('sessions', values.sessions, 3, 100);
/** So many people are strangers at once: the LID of each is told when these have come after it. */
const strangers = Math.ceil(people / 4);
const limitMs = within('minutes', values.minutes, 1, 600) * 60_000;

const services = await provideDurableServices();
const system = await startSystem({ services, workers: 2, maxSessions: count, logLevel: 'warn' });
const { pool } = services;
const { sandbox } = system;

try {
  const tenant = await registerTenant(system);
  const sessions = await Promise.all(Array.from({ length: count }, () => pairSession(system, tenant)));
  const { rows: placed } = await pool.query('SELECT worker_id, count(*) FROM session_placements GROUP BY 1 ORDER BY 1');
  console.log(`Node ${process.version}, ${services.description}; sessions by worker: ${JSON.stringify(placed)}`);

  const ids = watchIds(pool);
  const numbers: string[] = [];
  const hidden: { index: number; number: string }[] = [];
  let next = 0;
  let trouble: unknown;
  const began = performance.now();
  const passed = () => performance.now() - began;

  const say = ({ index, number }: { index: number; number: string }, session: number, naming: object) =>
    sandbox.send(number, {
      to: sessions[(index + session) % count]!.phone.number,
      type: 'text',
      text: `person ${index}`,
      ...naming,
    });
  /** One session hears of the LID alone, another one of the number alone. */
  async function introduce(index: number): Promise<void> {
    const { number } = await addPhone(system, `Person ${index}`);
    await sandbox.updatePhone(number, { hidesLid: true });
    const person = { index, number };
    await say(person, 0, { addressing: 'lid', hidesOtherName: true });
    await say(person, 1, { addressing: 'pn' });
    numbers.push(number);
    hidden.push(person);
  }
  /** A third session hears both names. */
  async function reveal(): Promise<void> {
    const person = hidden.shift();
    if (!person) return;
    await sandbox.updatePhone(person.number, { hidesLid: false });
    await say(person, 2, { addressing: 'lid' });
  }
  const lane = async () => {
    while (next < people && trouble === undefined && passed() < limitMs) {
      await introduce(next++);
      if (hidden.length > strangers) await reveal();
    }
    while (hidden.length > 0 && trouble === undefined) await reveal();
  };
  const progress = setInterval(
    () => console.log(`${numbers.length} people after ${(passed() / 1_000).toFixed(0)} s`),
    SAY_EVERY_MS,
  );
  await Promise.all(
    Array.from({ length: LANES }, () =>
      lane().catch((error: unknown) => {
        trouble ??= error;
      }),
    ),
  );
  if (trouble !== undefined) throw trouble;
  const written = passed();
  await waitFor(async () => (await readOutcome(pool)).missing === 0, {
    timeoutMs: limitMs,
    everyMs: 1_000,
    what: 'all that was written, and all merges to be told',
  }).catch((error: Error) => console.log(error.message));
  clearInterval(progress);
  const settled = passed();
  await sleep(1_000);

  const outcome = await readOutcome(pool);
  const lost = await ids.lost();
  const violations = await findViolations(pool);
  const misnamed: string[] = [];
  // The key of the workspace does not expire, as the token of the tenant does in a long run.
  const customer = system.gateway.as(tenant.apiKey);
  for (const number of numbers.slice(0, SAMPLE)) {
    const contact = await customer.data<Contact>(`/api/contacts/${number}`);
    if (contact.lid === null || contact.phoneNumber !== `+${number}`) misnamed.push(number);
  }
  console.log(`
${numbers.length} people at ${count} sessions of two workers; all written after ${(written / 1_000).toFixed(1)} s, all known after ${(settled / 1_000).toFixed(1)} s
contacts ${outcome.contacts}, of which had been two ${outcome.merged}
contact.merged ${outcome.events}, expected at least one where a message told the LID without its number
messages ${outcome.messages} of ${3 * numbers.length}, told ${outcome.told}
must be 0: people who are not one contact ${outcome.split}, sessions not told ${outcome.untold}, told twice ${outcome.toldTwice}, messages in two rows ${outcome.twice},
  changes that wait ${outcome.waiting}, ids that mean nobody ${lost.length}, deadlocks ${outcome.deadlocks}, SQL invariants ${violations.length}, misnamed over the API ${misnamed.length}
the sandbox: ${JSON.stringify(await sandbox.misdeeds())}`);
  const bad = [
    outcome.split,
    outcome.untold,
    outcome.toldTwice,
    outcome.twice,
    outcome.waiting,
    lost.length,
    outcome.deadlocks,
  ];
  const isWhole = outcome.contacts >= numbers.length && outcome.missing === 0;
  if (!isWhole || [...bad, violations.length, misnamed.length].some((it) => it > 0)) process.exitCode = 1;
} finally {
  await system.stop();
}
