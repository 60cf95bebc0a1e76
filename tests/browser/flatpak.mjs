// SPDX-License-Identifier: GPL-3.0-or-later
// The service in its sandbox, as build-aux/flatpak-check has installed it:
// started by the bus, killed, and back; given a file by the document portal.

import { execFileSync, spawn } from 'node:child_process';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';

import { View, eventually, launchBrowser } from './lib/page.mjs';
import { check, checkEqual, note, run, test } from './lib/tap.mjs';

const ID = 'io.github.almucantar.Almucantar';
const PATH = '/io/github/almucantar/Almucantar';

const image = process.env.ALMU_FLATPAK_IMAGE;
const outside = process.env.ALMU_FLATPAK_OUTSIDE;
const browser = await launchBrowser();

const sh = (...command) => execFileSync(command[0], command.slice(1), { encoding: 'utf8' });
const call = (method, ...args) => sh('gdbus', 'call', '--session', '--dest', ID, '--object-path', PATH,
  '--method', `${ID}.Manager1.${method}`, ...args);
const isRunning = () => sh('flatpak', 'ps', '--columns=application').includes(ID);

let view, session, before;

const look = () => view.get(() => ({
  file: app.activeFrame.frameInfo.fileInfo.name,
  channel: app.activeFrame.channel,
  regions: app.activeFrame.regionSet.regions.slice(1).map(({ regionId, controlPoints }) => [regionId, controlPoints.map(({ x, y }) => [x, y])]),
}));

test('nothing runs before it is asked for', async () => {
  check(!isRunning(), `${ID} runs`);
});

test('the bus starts it, and it shows an image', async () => {
  const begin = performance.now();
  const [, url] = /'(http[^']*)'/.exec(call('Open', `['${image}']`, '{}'));
  note(`first answer after ${(performance.now() - begin).toFixed(0)} ms`);
  check(isRunning(), `${ID} does not run in a sandbox`);
  view = await View.open(browser, url);
  await view.awaitPicture();
  await view.setChannel(7);
  await view.get(() => app.activeFrame.regionSet.addRectangularRegion({ x: 200, y: 220 }, 80, 60));
  await view.until(() => app.activeFrame.regionSet.regions.some(region => region.regionId === 1));
  session = await view.get(() => app.backendService.sessionId);
  before = await look();
  checkEqual(before.file, basename(image), 'the file');
});

test('killed, started again by the bus, Retry: the same session', async () => {
  await eventually(async () => check(call('ListSessions', '{}').includes('attached'), 'nobody is attached'));
  sh('flatpak', 'kill', ID);
  await view.awaitLoss();
  check(call('ListSessions', '{}').includes(`uint32 ${session}`), 'the session is not kept');
  await view.retry();
  checkEqual(await view.get(() => app.backendService.sessionId), session, 'session');
  checkEqual(await look(), before, 'what is seen');
  await view.setChannel(3);
  await view.awaitPicture();
  await view.screenshot('flatpak');
});

/** What the desktop is asked to show, from now on; there is none here. */
const awaitAddress = () => new Promise((resolve, reject) => {
  const monitor = spawn('stdbuf', ['-oL', 'dbus-monitor', '--session', "interface='org.freedesktop.portal.OpenURI'"]);
  const lines = createInterface(monitor.stdout);
  monitor.once('exit', () => reject(new Error('Nobody asked for a page to be shown')));
  lines.on('line', line => {
    // it has said so once it listens
    if (line.includes('NameLost'))
      sh('gio', 'open', outside);
    const found = /string "(http:[^"]*)"/.exec(line);
    if (found) {
      resolve(found[1]);
      monitor.kill();
    }
  });
});

test('a file that the sandbox cannot see is handed to it by the document portal', async () => {
  let refusal = '';
  try {
    call('Open', `['${outside}']`, '{}');
  } catch (error) {
    refusal = error.stderr;
  }
  check(refusal.includes('NotFound'), `${outside}, by its name: ${refusal}`);

  const handed = await View.open(browser, await awaitAddress());
  await handed.awaitPicture();
  checkEqual(await handed.get(() => app.activeFrame.frameInfo.fileInfo.name), basename(outside), 'the file');
  check(call('ListSessions', '{}').includes(`/doc/`), 'it did not come through the portal');
  await handed.close();
});

test('told to, it ends', async () => {
  call('Quit');
  await eventually(async () => check(!isRunning(), `${ID} still runs`));
});

run(async name => view?.explain(name));
