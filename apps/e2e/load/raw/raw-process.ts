// The process of the raw Baileys side. The measuring script drives it over IPC, so that its CPU time is its own.
import { newNumber } from '../../harness/numbers.ts';
import { SandboxClient } from '../../harness/sandbox-client.ts';
import { runClosedLoop } from '../measure/closed-loop.ts';
import { makeInParallel } from '../measure/in-parallel.ts';
import { runMix } from '../measure/mix.ts';
import { RECEIPTS } from '../measure/receipts.ts';
import { RawCompanion } from './raw-companion.ts';
import { RawMix } from './raw-mix.ts';
import type { RawCount, RawOrder, RawReport } from './raw-protocol.ts';

// libsignal writes keys to the console whenever it replaces a session.
console.info = console.warn = () => undefined;

const sandbox = new SandboxClient(process.argv[2]!);
const server = await sandbox.info();
const pairs: { companion: RawCompanion; owner: string; friend: string }[] = [];

const jidOf = (number: string): string => `${number}@s.whatsapp.net`;

async function addPair(): Promise<void> {
  const owner = await sandbox.createPhone({ number: newNumber(), name: 'Raw owner' });
  const friend = await sandbox.createPhone({ number: newNumber(), name: 'Raw friend' });
  await sandbox.updatePhone(friend.number, { receipts: RECEIPTS });
  const companion = new RawCompanion(server);
  await companion.pair(sandbox, owner.number);
  // The friend writes first: a session that has been answered sends short messages, as most do.
  const greeted = companion.received('hi');
  await sandbox.sendText(friend.number, owner.number, 'hi');
  await greeted;
  pairs.push({ companion, owner: owner.number, friend: friend.number });
}

const receivers: { companion: RawCompanion; from: string; to: string }[] = [];
const arrived: number[] = [];
let telling: NodeJS.Timeout | undefined;
/** Milliseconds between two counts to the measuring script: short enough that its window never runs dry. */
const TELL_EVERY_MS = 5;

async function addReceiver(): Promise<void> {
  const owner = await sandbox.createPhone({ number: newNumber(), name: 'Raw owner' });
  const friend = await sandbox.createPhone({ number: newNumber(), name: 'Raw friend' });
  const companion = new RawCompanion(server);
  await companion.pair(sandbox, owner.number);
  const index = receivers.push({ companion, from: friend.number, to: owner.number }) - 1;
  arrived[index] = 0;
  companion.onText(() => {
    arrived[index]!++;
  });
}

async function obey(order: RawOrder): Promise<RawReport> {
  switch (order.do) {
    case 'pair':
      await makeInParallel(pairs.length, order.count, addPair);
      return { done: 'pair' };
    case 'receive': {
      await makeInParallel(receivers.length, order.count, addReceiver);
      telling ??= setInterval(() => process.send!({ arrived } satisfies RawCount), TELL_EVERY_MS);
      return { done: 'receive', lines: receivers.map(({ from, to }) => ({ from, to })) };
    }
    case 'run': {
      const work = (client: number) => {
        const { companion, friend } = pairs[client]!;
        return companion.send(jidOf(friend), 'A message of ordinary length, as people write them.');
      };
      return { done: 'run', result: await runClosedLoop(order.loop, work) };
    }
    case 'mix':
      return { done: 'mix', result: await runMix(order.mix, new RawMix(pairs, sandbox, jidOf)) };
    case 'stop':
      clearInterval(telling);
      await Promise.all([...pairs, ...receivers].map(({ companion }) => companion.close()));
      await sandbox.close();
      return { done: 'stop' };
  }
}

process.on('message', (order: RawOrder) => {
  obey(order).then(
    (report) => process.send!(report),
    (error: Error) => process.send!({ done: 'failed', reason: error.stack ?? error.message } satisfies RawReport),
  );
});
process.on('disconnect', () => process.exit(0));
// The measuring script may end between two counts.
process.on('error', () => process.exit(0));
process.send!({ done: 'start' } satisfies RawReport);
