// SPDX-License-Identifier: GPL-3.0-or-later
// Who is asked, and for what: browsers, windows and tabs beside each other,
// and pages that die in every way there is.

import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { writeCube } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

process.env.G_MESSAGES_DEBUG = 'almu-link';
const daemon = await Daemon.start({
  page,
  args: ['--restore', 'ask'],
  prepare: folder => {
    for (const name of ['red', 'green', 'blue'])
      writeCube(join(folder, `${name}.fits`));
  },
});
atEnd(() => daemon.end());

let red, green, view, hasBus;

const question = some => some.page.getByText('Resume your last session?');
const answer = async (some, name) => {
  await question(some).waitFor();
  await some.page.getByRole('button', { name, exact: true }).last().click();
};
const files = some => some.get(() => app.frames.map(frame => frame.frameInfo.fileInfo.name));
const kept = async () => (await (await daemon.fetch('/api/database/list/workspaces')).json()).workspaces;

/** The service says when a page has come to rest and it finds nothing to ask for. */
const checkNotAsked = async some => {
  const refusals = () => daemon.lines.filter(line => line.includes('nothing to ask for')).length;
  const before = refusals();
  await some.goto(daemon.address());
  await eventually(() => checkEqual(refusals(), before + 1, 'how many pages were not asked'));
  checkEqual(await question(some).count(), 0, 'number of questions');
};

/** A zoom and a colour map of its own; tells when they are kept. */
const mark = async (some, zoom, colour) => {
  await some.awaitPicture();
  await some.get(([z, c]) => {
    app.activeFrame.setZoom(z);
    app.activeFrame.renderConfig.setColorMap(c);
  }, [zoom, colour]);
  const id = await some.get(() => app.backendService.sessionId);
  await some.setChannel(2);
  await eventually(async () => {
    const { workspace } = await (await daemon.fetch(`/api/database/workspace/Session%20${id}`)).json();
    checkEqual([workspace.files[0].zoomLevel, workspace.files[0].renderConfig?.colorMap, workspace.files[0].channel],
      [zoom, colour, 2], 'what is kept');
  });
  // what is acknowledged is written down before, and with it all the rest
  await some.get(() => {
    app.activeFrame.regionSet.addPointRegion({ x: 10, y: 10 });
  });
  await some.until(() => app.activeFrame.regionSet.regions.length === 2 && app.activeFrame.regionSet.regions[1].regionId > 0);
};
const checkMark = async (some, name, zoom, colour) => {
  await eventually(async () => {
    checkEqual(await files(some), [name], 'files');
    checkEqual(await some.get(() => [app.activeFrame?.zoomLevel, app.activeFrame?.renderConfig.colorMap, app.activeFrame?.channel]),
      [zoom, colour, 2], 'the view');
  });
};

test('the service is on a bus', async () => {
  hasBus = await daemon.startBus() !== null;
  await daemon.kill();
  await daemon.launch();
});

test('two browsers have a session each', async () => {
  red = await View.open(browser, daemon.address({ file: 'red.fits' }));
  green = await View.open(browser, daemon.address({ file: 'green.fits' }));
  await mark(red, 6, 'viridis');
  await mark(green, 7, 'magma');
});

test('each is asked for its own', async () => {
  await red.goto(daemon.address());
  await green.goto(daemon.address());
  await answer(red, 'OK');
  await answer(green, 'OK');
  await checkMark(red, 'red.fits', 6, 'viridis');
  await checkMark(green, 'green.fits', 7, 'magma');
});

test('another tab is not offered what a tab is showing', async () => {
  const tab = new View(await red.page.context().newPage());
  await checkNotAsked(tab);
  checkEqual(await files(red), ['red.fits'], 'files of the first tab');
  await tab.page.close();
});

test('a page without cookies is not asked, and the list has its session', async () => {
  view = await View.open(browser, daemon.address({ file: 'blue.fits' }));
  await mark(view, 5, 'plasma');
  await view.page.context().clearCookies();
  await checkNotAsked(view);
  check((await kept()).some(({ description }) => description === 'blue.fits') || (await daemon.fetch('/sessions')).ok,
    'the session is not in the list');
  check((await (await daemon.fetch('/sessions')).text()).includes('blue.fits'), 'the session is not on the page of sessions');
  await view.close();
});

test('a tab that crashes is asked when it is loaded again', async () => {
  const crashed = red.page.waitForEvent('crash');
  const devtools = await red.page.context().newCDPSession(red.page);
  devtools.send('Page.crash').catch(() => {});
  await crashed;
  red = Object.assign(new View(await red.page.context().newPage()), {});
  await red.goto(daemon.address());
  await answer(red, 'OK');
  await checkMark(red, 'red.fits', 6, 'viridis');
});

test('Cancel leaves a fresh page, and the session in the list', async () => {
  await red.goto(daemon.address());
  await answer(red, 'Cancel');
  checkEqual(await files(red), [], 'files');
  check((await (await daemon.fetch('/sessions')).text()).includes('red.fits'), 'the session is not on the page of sessions');
});

test('two windows on one session: the later has it, and the other is told', async () => {
  const id = await green.get(() => app.backendService.sessionId);
  const second = new View(await green.page.context().newPage());
  await second.goto(daemon.address({ workspace: `Session ${id}` }));
  await checkMark(second, 'green.fits', 7, 'magma');
  await green.awaitLoss();
  await green.page.close();
  green = second;
  green.errors.length = 0;
});

test('a session that a window shows can be resumed in another browser', async () => {
  if (!hasBus)
    return;
  const id = await green.get(() => app.backendService.sessionId);
  view = await View.open(browser, daemon.ask(process.env.ALMUCANTAR, 'resume', '--no-browser', String(id)).trim());
  await checkMark(view, 'green.fits', 7, 'magma');
  await green.awaitLoss();
  const sessions = JSON.parse(daemon.ask(process.env.ALMUCANTAR, 'sessions', '--json'));
  checkEqual(sessions.filter(({ title }) => title === 'green.fits').map(session => session.id),
    [await view.get(() => app.backendService.sessionId)], 'sessions with that image');
});

test('a page that the command line opened is asked when it is loaded again', async () => {
  if (!hasBus)
    return;
  view = await View.open(browser, daemon.ask(process.env.ALMUCANTAR, 'open', '--no-browser', join(daemon.images, 'blue.fits')).trim());
  await mark(view, 5.5, 'viridis');
  for (let i = 0; i < 2; i++) {
    await view.reload();
    await answer(view, 'OK');
    await checkMark(view, 'blue.fits', 5.5, 'viridis');
    await eventually(async () => {
      const sessions = JSON.parse(daemon.ask(process.env.ALMUCANTAR, 'sessions', '--json'));
      const id = await view.get(() => app.backendService.sessionId);
      const mine = sessions.find(session => session.id === id);
      checkEqual([mine?.title, mine?.['n-regions']], ['blue.fits', 1], 'the session of the page');
    });
  }
});

await run(name => view?.explain(name));
