/** `npm run dev`: each app runs from source and restarts when a source that it uses changes. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '../paths.mjs';
import { duration } from '../progress.mjs';
import { externalImports, isSource, sourceFolders } from './source-folders.mjs';
import { watchFolders } from './watch-folders.mjs';

const STANDBY = join(ROOT, 'scripts', 'lib', 'dev', 'standby.mjs');
/** The default port of Node. The services get one port each, in the order of their start. */
const FIRST_INSPECT_PORT = 9229;

/**
 * @typedef {object} Service that runs from source
 * @property {readonly string[]} folders of its sources
 * @property {import('../child.mjs').ChildSpec} spec
 * @property {number | undefined} inspectPort
 * @property {import('node:child_process').ChildProcess | undefined} standby the next process
 */

export class Reloader {
  /** @type {Map<string, Service>} by name */
  #services = new Map();
  /** @type {Set<string>} names of services whose process is older than their sources */
  #outdated = new Set();
  /** @type {(() => void) | undefined} */
  #stopWatching;
  #isReloading = false;
  #isStopped = false;

  /**
   * @param {object} options
   * @param {import('../supervisor.mjs').Supervisor} options.supervisor
   * @param {import('../progress.mjs').Progress} options.progress
   * @param {boolean} options.inspect each process listens for a debugger
   * @param {(app: string) => string[]} [options.foldersOf] where the sources of an app are
   */
  constructor({ supervisor, progress, inspect, foldersOf = sourceFolders }) {
    this.supervisor = supervisor;
    this.progress = progress;
    this.inspect = inspect;
    this.foldersOf = foldersOf;
  }

  /**
   * Returns the same service, started through a standby process.
   * @param {string} app
   * @param {import('../child.mjs').ChildSpec} spec
   * @returns {import('../child.mjs').ChildSpec}
   */
  adopt(app, spec) {
    const inspectPort = this.inspect ? FIRST_INSPECT_PORT + this.#services.size : undefined;
    /** @type {Service} */
    const service = { folders: this.foldersOf(app), spec, inspectPort, standby: undefined };
    this.#services.set(spec.name, service);
    if (inspectPort !== undefined) this.progress.say(`  ${spec.name} listens for a debugger at port ${inspectPort}`);
    return { ...spec, launch: () => release(service) };
  }

  /** Starts to watch the sources. */
  watch() {
    const folders = new Set([...this.#services.values()].flatMap((service) => service.folders));
    this.#stopWatching = watchFolders([...folders], (files) => this.#onChange(files.filter(isSource)));
    for (const service of this.#services.values()) service.standby = spawnStandby(service);
  }

  /** Ends the standby processes. The supervisor ends the services. */
  stop() {
    this.#isStopped = true;
    this.#stopWatching?.();
    for (const { standby } of this.#services.values()) standby?.kill('SIGKILL');
  }

  /** @param {string[]} files */
  #onChange(files) {
    const noticed = performance.now();
    /** @type {Set<string>} */
    const reasons = new Set();
    for (const [name, { folders }] of this.#services) {
      const file = files.find((path) => folders.some((folder) => path.startsWith(`${folder}/`)));
      if (file === undefined) continue;
      this.#outdated.add(name);
      reasons.add(relative(ROOT, file));
    }
    for (const file of reasons) this.progress.say(`${file} has changed.`);
    if (!this.#isReloading) void this.#reloadOutdated(noticed);
  }

  /**
   * Reloads one service after the other, so that of two workers one always runs.
   * @param {number} noticed when the change was noticed
   */
  async #reloadOutdated(noticed) {
    this.#isReloading = true;
    for (let name = this.#nextOutdated(); name !== undefined; name = this.#nextOutdated()) {
      const isReady = await this.supervisor.reload(name);
      if (this.#isStopped) return;
      if (isReady)
        this.progress.say(`${name} runs the new code, ${duration(performance.now() - noticed)} after the change.`);
      const service = this.#services.get(name);
      if (service && !service.standby) service.standby = spawnStandby(service);
    }
    this.#isReloading = false;
  }

  /** @returns {string | undefined} */
  #nextOutdated() {
    const [name] = this.#outdated;
    if (name !== undefined) this.#outdated.delete(name);
    return name;
  }
}

/**
 * Turns the standby process into the service.
 * @param {Service} service
 */
function release(service) {
  const { standby } = service;
  const isUsable = standby?.exitCode === null && standby.signalCode === null;
  const child = isUsable ? standby : spawnStandby(service);
  service.standby = undefined;
  child.stdin?.end(`${JSON.stringify({ inspectPort: service.inspectPort })}\n`);
  return child;
}

/** @param {Service} service */
function spawnStandby({ spec, folders }) {
  const log = openSync(spec.logFile, 'a', 0o600);
  const [entry = '', ...flags] = [...spec.args].reverse();
  const child = spawn(spec.command, [...flags.reverse(), STANDBY, entry, JSON.stringify(externalImports(folders))], {
    cwd: spec.cwd,
    env: spec.env,
    detached: true,
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  // Its exit is reported separately.
  child.stdin?.on('error', () => {});
  return child;
}
