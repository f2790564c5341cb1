#!/usr/bin/env node
/**
 * The demonstration: a message through the gateway, real Baileys and the real protocol to a phone in the sandbox, and
 * the answer to a webhook. `npm start` runs it; `node scripts/demo.mjs` repeats it beside a running wa-gate.
 */
import { pathToFileURL } from 'node:url';
import { dataDirPath, openDataDir } from './lib/data-dir.mjs';
import { loadParticipants, saveParticipants } from './lib/demo/participants.mjs';
import { drawQr } from './lib/demo/qr.mjs';
import { startReceiver } from './lib/demo/receiver.mjs';
import { converse, introduce, reconnect, subscribe } from './lib/demo/steps.mjs';
import { formatError, LaunchError } from './lib/errors.mjs';
import { readJson } from './lib/files.mjs';
import { findFreePort } from './lib/ports.mjs';
import { createProgress, duration } from './lib/progress.mjs';
import { stopOnSignals } from './lib/stop-signals.mjs';

/**
 * @param {object} running
 * @param {string} running.gatewayUrl
 * @param {string} running.sandboxUrl
 * @param {string | undefined} running.sandboxToken
 * @param {string} running.demoFile file of the participants
 * @param {number} running.receiverPort
 * @param {AbortSignal} running.signal
 * @param {import('./lib/progress.mjs').Progress} progress
 * @returns {Promise<boolean>} whether everything worked
 */
export async function runDemo(running, progress) {
  const begun = performance.now();
  /** @type {import('./lib/demo/steps.mjs').Scene} */
  const scene = { ...running, drawQr, say: progress.say, step: (title, work) => timed(title, work, progress) };
  progress.say('\nDemonstration');
  /** @type {string | undefined} */
  let secret;
  const receiver = await startReceiver(running.receiverPort, () => secret);
  running.signal.addEventListener('abort', receiver.close, { once: true });

  const known = loadParticipants(running.demoFile, progress.warn);
  const participants = known && (await reconnect(scene, known)) ? known : await introduce(scene);
  saveParticipants(running.demoFile, participants);
  secret = await subscribe(scene, participants, receiver.url);
  await converse(scene, participants, receiver);

  progress.say(`Everything worked, in ${duration(performance.now() - begun)}.\n\n${whatNext(scene, participants)}`);
  receiver.onEvent(({ event, valid }) => {
    progress.say(
      `webhook: ${event.event}${valid ? '' : ' (BAD SIGNATURE)'} ${JSON.stringify(event.data ?? {}).slice(0, 200)}`,
    );
  });
  return true;
}

/**
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @param {import('./lib/progress.mjs').Progress} progress
 */
async function timed(title, work, progress) {
  const begun = performance.now();
  try {
    const result = await work();
    progress.say(`  ok      ${duration(performance.now() - begun).padStart(7)}  ${title}`);
    return result;
  } catch (error) {
    progress.say(`  FAILED  ${duration(performance.now() - begun).padStart(7)}  ${title}`);
    throw error;
  }
}

/**
 * @param {import('./lib/demo/steps.mjs').Scene} scene
 * @param {import('./lib/demo/participants.mjs').Participants} participants
 */
function whatNext({ gatewayUrl, sandboxUrl }, { email, password, sessionId, apiKey, customer }) {
  const body = JSON.stringify({ to: customer, type: 'text', message: 'hello from curl' });
  return [
    `Demo user      ${email} / ${password}`,
    `Session        ${sessionId}, key ${apiKey}`,
    'Try next:',
    `  curl -X POST ${gatewayUrl}/api/sessions/${sessionId}/send \\`,
    `    -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' \\`,
    `    -d '${body}'`,
    `  curl ${sandboxUrl}/phones/${customer}/messages`,
  ].join('\n');
}

/**
 * Runs the demonstration beside a wa-gate that runs already.
 * @param {NodeJS.ProcessEnv} env
 */
async function main(env) {
  const progress = createProgress();
  const signal = stopOnSignals();
  const dataDir = openDataDir(dataDirPath(env));
  const run = readJson(dataDir.run);
  if (run.state !== 'ok' || !run.value.processes?.length) {
    throw new LaunchError('wa-gate does not run here.', { hint: 'npm start starts it, and runs this demonstration.' });
  }
  await runDemo(
    {
      gatewayUrl: run.value.gateway,
      sandboxUrl: run.value.sandbox,
      sandboxToken: env.SANDBOX_TOKEN,
      demoFile: dataDir.demo,
      receiverPort: await findFreePort(),
      signal,
    },
    progress,
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await main(process.env);
  } catch (error) {
    process.stderr.write(`${formatError(error)}\n`);
    process.exitCode = 1;
  }
  process.exit();
}
