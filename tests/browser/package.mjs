// SPDX-License-Identifier: GPL-3.0-or-later
// A new user of the package, in the bare system that build-aux/package-check
// has made.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

import { View, eventually, launchBrowser } from './lib/page.mjs';
import { Relay } from './lib/relay.mjs';
import { check, checkEqual, note, run, test } from './lib/tap.mjs';

const ID = 'io.github.almucantar.Almucantar';

const root = process.env.ALMU_PACKAGE_ROOT;
const user = process.env.ALMU_PACKAGE_USER;
const home = `/home/${user}`;
const browser = await launchBrowser();

const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };
const inside = (...command) => {
  const { status, stdout, stderr } = spawnSync('chroot', [root, ...command], { encoding: 'utf8', env: environment });
  return { status, stdout, stderr };
};
const asUser = (...command) => inside('runuser', '-u', user, '--', 'env', '-C', home, `HOME=${home}`,
  'XDG_RUNTIME_DIR=/run/user/4711', 'DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/4711/bus', ...command);
const journal = () => inside('journalctl', '-q', '-o', 'cat').stdout;

/** The processes of the service. */
const services = () => readdirSync('/proc').filter(name => /^\d+$/.test(name)).filter(pid => {
  try {
    return readlinkSync(`/proc/${pid}/exe`).endsWith('/usr/bin/almucantard') && readlinkSync(`/proc/${pid}/root`) === root;
  } catch {
    return false;
  }
}).map(Number);

let view, relay, session, before;

const look = () => view.get(() => ({
  file: app.activeFrame.frameInfo.fileInfo.name,
  channel: app.activeFrame.channel,
  regions: app.activeFrame.regionSet.regions.slice(1).map(({ regionId, controlPoints }) => [regionId, controlPoints.map(({ x, y }) => [x, y])]),
}));

test('an image is opened from the desktop, and nothing is said', async () => {
  checkEqual(services(), [], 'what runs before');
  const { status, stdout, stderr } = asUser('gio', 'open', `${home}/sample.fits`);
  checkEqual([status, stdout, stderr], [0, '', ''], 'what gio open says');
  await eventually(async () => check(existsSync(join(root, home, 'address')), 'no browser was asked for'));
  checkEqual(services().length, 1, 'services that run');
});

test('the page shows it', async () => {
  const url = new URL(readFileSync(join(root, home, 'address'), 'utf8').trim());
  relay = await Relay.start(Number(url.port));
  url.port = relay.port;
  view = await View.open(browser, url.href);
  await view.awaitPicture();
  await view.setChannel(7);
  await view.get(() => app.activeFrame.regionSet.addRectangularRegion({ x: 200, y: 220 }, 80, 60));
  await view.until(() => app.activeFrame.regionSet.regions.some(region => region.regionId === 1));
  session = await view.get(() => app.backendService.sessionId);
  before = await look();
  checkEqual(before.file, 'sample.fits', 'the file');
});

test('asleep and awake again, the same session', async () => {
  const [service] = services();
  process.kill(service, 'SIGSTOP');
  relay.cut();
  await view.awaitLoss();
  process.kill(service, 'SIGCONT');
  await view.retry();
  checkEqual(await view.get(() => app.backendService.sessionId), session, 'session');
  checkEqual(await look(), before, 'what is seen');
  await view.setChannel(3);
  await view.awaitPicture();
  await view.screenshot('package');
});

test('what happened is in the journal', async () => {
  const lines = journal();
  check(lines.includes(`Session ${session}`), `the journal knows nothing of session ${session}:\n${lines}`);
  const ofSession = inside('journalctl', '-q', '-o', 'json', `ALMU_SESSION=${session}`).stdout.trim().split('\n').map(line => JSON.parse(line));
  check(ofSession.some(line => line.ALMU_PEER === '127.0.0.1' && line.MESSAGE.includes('Connected')), 'the journal has no fields');
  const token = readFileSync(join(root, home, '.local/state/almucantar/token'), 'utf8').trim();
  check(!lines.includes(token), 'the journal has the token');
});

test('the manual says what --help leaves open', async () => {
  const man = asUser('man', 'almucantar');
  checkEqual([man.status, man.stderr], [0, ''], 'what man says');
  check(man.stdout.length > asUser('almucantar', '--help').stdout.length, 'there is no more in the manual than in --help');
  const { status, stdout } = asUser('almucantar', 'status');
  checkEqual(status, 0, 'status');
  check(stdout.includes('sample.fits') || /sessions?/i.test(stdout), `almucantar status says:\n${stdout}`);
});

test('what is wrong is said in the language of its user', async () => {
  const { status, stderr } = asUser('env', 'LANGUAGE=de', 'almucantard', '--state-dir', '/tmp/other', '--top_level_folder', '/nowhere');
  check(status !== 0, 'a folder that is not there is taken');
  check(stderr.includes('/nowhere') && /Ordner/.test(stderr), `it says: ${stderr}`);
  const choice = asUser('env', 'LANGUAGE=de', 'almucantard', '--restore', 'perhaps');
  check(/erwartet wird eine der .*ask, auto, never/.test(choice.stderr), `it says: ${choice.stderr}`);
});

test('removed, it leaves only what is the user\'s, and says where', async () => {
  await view.close();
  const { status, stdout, stderr } = inside('apt-get', '-q', '-y', 'purge', 'almucantar');
  checkEqual(status, 0, `apt-get, which says ${stderr}`);
  check(stdout.includes('~/.local/state/almucantar'), `where the sessions are is not said:\n${stdout}`);
  const left = inside('find', '/', '-xdev', '-iname', '*almucantar*', '-not', '-path', '/tmp/almucantar.deb',
    '-not', '-path', '/proc/*', '-not', '-path', '/var/cache/apt/*', '-not', '-path', '/var/log/*').stdout.split('\n').filter(Boolean);
  checkEqual(left.filter(path => !path.startsWith(`${home}/.local/state/`)), [], 'what is left');
  check(existsSync(join(root, home, '.local/state/almucantar/sessions.db')), 'the sessions are gone');
});

run(async name => {
  note(journal().slice(-4000));
  await view?.explain(name);
});
