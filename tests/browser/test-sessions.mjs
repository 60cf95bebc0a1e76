// SPDX-License-Identifier: GPL-3.0-or-later
// Windows come and go: each has a session of its own, which ends with it.

import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { writeQuarters } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { Relay } from './lib/relay.mjs';
import { atEnd, check, checkClose, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

let quarters, first, second;
const daemon = await Daemon.start({
  page,
  prepare: folder => {
    quarters = writeQuarters(join(folder, 'quarters.fits'));
  },
});
atEnd(() => daemon.end());
const relay = await Relay.start(daemon.port);
atEnd(() => relay.end());

const awaitSessions = (attached, detached) => eventually(async () =>
  checkEqual(await daemon.sessions(), { attached, detached }, 'sessions'));

test('two windows have two sessions', async () => {
  [first, second] = await Promise.all([
    View.open(browser, daemon.address({ file: 'quarters.fits' })),
    View.open(browser, daemon.address({ file: 'quarters.fits' }, relay)),
  ]);
  const ids = [];
  for (const view of [first, second])
    ids.push(await view.get(() => app.backendService.sessionId));
  check(ids[0] !== ids[1], `both have session ${ids[0]}`);
  await awaitSessions(2, 0);
});

test('each has its own cursor', async () => {
  await first.awaitPicture();
  await second.awaitPicture();
  checkClose(await first.point(20, 150), quarters.at(20, 150), 'value in the first');
  checkClose(await second.point(280, 10), quarters.at(280, 10), 'value in the second');
  checkClose(await first.cursorValue(20, 150), quarters.at(20, 150), 'value in the first, still');
});

test('a window that is closed takes its session along', async () => {
  first.checkNoErrors();
  await first.close();
  await awaitSessions(1, 0);
  checkClose(await second.point(20, 10), quarters.at(20, 10), 'value in the other');
});

test('a window that is lost does not', async () => {
  relay.cut();
  await second.awaitLoss();
  await awaitSessions(0, 1);
  second.errors.length = 0;
  await second.retry();
  await awaitSessions(1, 0);
});

test('a reload ends one session and begins another', async () => {
  const before = await second.get(() => app.backendService.sessionId);
  await second.reload();
  await second.awaitImage();
  check(await second.get(() => app.backendService.sessionId) !== before, `it is session ${before} again`);
  await awaitSessions(1, 0);
  second.checkNoErrors();
});

test('the last one is closed: nothing is left', async () => {
  await second.close();
  await awaitSessions(0, 0);
  await eventually(async () => checkEqual(await daemon.metric('links'), 0, 'links'));
});

test('the service ends well', async () => {
  checkEqual(await daemon.end(), 0, 'exit status');
});

await run(async name => {
  for (const view of [first, second])
    await view?.explain(`${name} ${view === first ? 'first' : 'second'}`);
});
