// SPDX-License-Identifier: GPL-3.0-or-later
// The real program, with folders of its own.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ACCESSIBLE = 'CARTA is accessible at ';

async function findFreePort() {
  const server = createServer();
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

export class Daemon {
  /** @prepare gets the folder of images before the program is started. */
  static async start({ page, prepare = () => {}, args = [] }) {
    const self = new Daemon(page, args);
    prepare(self.images);
    self.port = await findFreePort();
    await self.launch();
    await self.api('PUT', 'preferences', {
      telemetryConsentShown: true,
      telemetryMode: 'none',
      checkNewRelease: false,
    });
    return self;
  }

  constructor(page, args) {
    this.page = page;
    this.args = args;
    this.top = mkdtempSync(join(tmpdir(), 'almu-browser-'));
    this.images = join(this.top, 'images');
    this.state = join(this.top, 'state');
    mkdirSync(this.images);
    this.lines = [];
  }

  /** Starts the program, for the first time or again on the same port. */
  async launch() {
    const env = { ...process.env, DBUS_SESSION_BUS_ADDRESS: this.bus ?? `unix:path=${this.top}/no-bus` };
    delete env.DISPLAY;
    delete env.WAYLAND_DISPLAY;
    delete env.CARTA_AUTH_TOKEN;
    this.process = spawn(process.env.ALMUCANTARD, [
      '--no_browser', '--no_user_config', '--no_system_config',
      '--state-dir', this.state, '--port', String(this.port),
      '--frontend_folder', this.page, '--restore', 'never',
      '--top_level_folder', this.images, ...this.args, this.images,
    ], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const { process: child } = this;
    process.once('exit', () => child.kill('SIGKILL'));
    this.ended = new Promise(resolve => this.process.once('exit', (status, signal) => resolve(signal ?? status)));

    this.url = await new Promise((resolve, reject) => {
      const read = line => {
        this.lines.push(line);
        const at = line.indexOf(ACCESSIBLE);
        if (at >= 0)
          resolve(line.slice(at + ACCESSIBLE.length));
      };
      createInterface(this.process.stdout).on('line', read);
      createInterface(this.process.stderr).on('line', read);
      this.ended.then(how => reject(new Error(`The service ended (${how}):\n${this.lines.join('\n')}`)));
    });
    this.token = new URL(this.url).searchParams.get('token');
  }

  /** The address as it is through @relay, which may be absent, with page parameters. */
  address(parameters = {}, relay = null) {
    const url = new URL(this.url);
    url.searchParams.set('skipTelemetry', '1');
    if (relay !== null)
      url.port = relay.port;
    for (const [name, value] of Object.entries(parameters))
      url.searchParams.set(name, value);
    return url.href;
  }

  /** As a crash would: nothing is said to anybody. */
  async kill() {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  /** A session bus, on which the program is found from its next start on; or
   * null where there is no such program. */
  async startBus() {
    const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address'], { stdio: ['ignore', 'pipe', 'ignore'] });
    process.once('exit', () => bus.kill('SIGKILL'));
    this.bus = await new Promise(resolve => {
      bus.once('error', () => resolve(null));
      createInterface(bus.stdout).once('line', resolve);
    });
    return this.bus;
  }

  /** What another program says that is on the same bus. */
  ask(command, ...args) {
    const env = { ...process.env, DBUS_SESSION_BUS_ADDRESS: this.bus };
    return execFileSync(command, args, { env, encoding: 'utf8' });
  }

  async end() {
    if (this.process.exitCode === null && this.process.signalCode === null)
      this.process.kill('SIGTERM');
    const how = await this.ended;
    rmSync(this.top, { recursive: true, force: true });
    return how;
  }

  async fetch(path, options = {}) {
    const headers = { Authorization: `Bearer ${this.token}`, ...options.headers };
    const answer = await fetch(new URL(path, this.url), { ...options, headers });
    if (!answer.ok)
      throw new Error(`${path}: ${answer.status} ${answer.statusText}`);
    return answer;
  }

  /** A call of the page's database. */
  async api(method, path, body) {
    const answer = await this.fetch(`/api/database/${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return answer.json();
  }

  /** One figure of /metrics, such as 'links' or 'sessions{state="attached"}'. */
  async metric(name) {
    const text = await (await this.fetch('/metrics')).text();
    const line = text.split('\n').find(each => each.startsWith(`almucantar_${name} `));
    if (line === undefined)
      throw new Error(`/metrics has no ${name}`);
    return Number(line.slice(line.lastIndexOf(' ')));
  }

  async sessions() {
    const found = {};
    for (const state of ['attached', 'detached'])
      found[state] = await this.metric(`sessions{state="${state}"}`);
    return found;
  }
}
