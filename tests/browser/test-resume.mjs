// SPDX-License-Identifier: GPL-3.0-or-later
// What the program is for: a service that dies, a network that drops, and the
// page's Retry. Nothing of what was to be seen may be lost.

import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { measure, writeCube, writeQuarters } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { Relay } from './lib/relay.mjs';
import { atEnd, check, checkClose, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

let cube, view, session, before;
const daemon = await Daemon.start({
  page,
  prepare: folder => {
    cube = writeCube(join(folder, 'cube.fits'), [96, 64, 24, 2]);
    writeQuarters(join(folder, 'quarters.fits'));
  },
});
atEnd(() => daemon.end());
const relay = await Relay.start(daemon.port);
atEnd(() => relay.end());

const CENTRE = { x: 40, y: 32 };
const SIZE = { x: 31, y: 21 };
const pixelsIn = z => cube.cut(CENTRE.x - SIZE.x / 2, CENTRE.x + SIZE.x / 2, CENTRE.y - SIZE.y / 2, CENTRE.y + SIZE.y / 2, z);

const regions = () => view.get(() => app.frames.map(({ regionSet }) => regionSet.regions
  .map(({ regionId, regionType, controlPoints }) => [regionId, regionType, controlPoints.map(({ x, y }) => [x, y])])));

async function checkStatistics(region, pixels) {
  const right = measure(pixels);
  await eventually(async () => {
    const found = await view.get(id => Object.fromEntries((app.regionStats.get(0)?.get(id)?.get(0)?.statistics ?? [])
      .map(({ statsType, value }) => [statsType, value])), region);
    checkClose(found[0], right.n, `pixels in region ${region}`);
    checkClose(found[4], right.mean, `mean of region ${region}`);
    checkClose(found[6], right.sigma, `deviation of region ${region}`);
  });
}

/** Forgets what the page has been told, so that it must be told again. */
const forgetStatistics = () => view.get(() => {
  app.regionStats.clear();
});

/** Everything is as it was before. */
async function checkSame() {
  checkEqual(await view.get(() => app.backendService.sessionId), session, 'session');
  checkEqual(await regions(), before.regions, 'regions');
  await eventually(async () => {
    const n = (await view.picture()).countDifferences(before.picture, 2);
    check(n === 0, `${n} pixels of the picture have changed`);
  });
  checkClose(await view.cursorValue(70, 20), cube.at(70, 20, 4), 'value of the cursor');
}

/** The service is alive: it tells what the page cannot know yet. */
async function checkAlive(z) {
  await view.setChannel(z);
  await checkStatistics(1, pixelsIn(z));
  checkClose(await view.point(50, 40), cube.at(50, 40, z), 'value of the cursor');
  await view.setChannel(4);
  checkClose(await view.point(70, 20), cube.at(70, 20, 4), 'value of the cursor');
  await view.awaitPicture();
  await checkStatistics(1, pixelsIn(4));
}

test('a view is set up', async () => {
  view = await View.open(browser, daemon.address({ file: 'cube.fits' }, relay));
  await view.awaitImage();
  await view.applyLayout('Cube Analysis');
  await view.get(([centre, size]) => {
    const { regionSet } = app.activeFrame;
    regionSet.addRectangularRegion(centre, size.x, size.y);
  }, [CENTRE, SIZE]);
  await view.until(() => app.activeFrame.regionSet.regions.some(region => region.regionId === 1));
  await view.get(() => {
    const { regionSet } = app.activeFrame;
    regionSet.selectSingleRegion(regionSet.regions.find(region => region.regionId === 1));
  });
  await view.setChannel(4);
  checkClose(await view.point(70, 20), cube.at(70, 20, 4), 'value of the cursor');
  await checkStatistics(1, pixelsIn(4));
  session = await view.get(() => app.backendService.sessionId);
  before = { picture: await view.awaitPicture(), regions: await regions() };
  view.checkNoErrors();
  await view.screenshot('resume-before');
});

test('the service is killed: the page asks', async () => {
  await daemon.kill();
  await view.awaitLoss();
  await view.screenshot('resume-lost');
});

test('Retry in vain: it asks again', async () => {
  await view.page.getByRole('button', { name: 'Retry' }).click();
  await view.until(() => app.backendService.connectionStatus !== 2);
  await view.awaitLoss();
});

test('started again, Retry: resumed', async () => {
  await forgetStatistics();
  await daemon.launch();
  view.errors.length = 0; // of the time when nobody was there
  await view.retry();
  await checkStatistics(1, pixelsIn(4));
  await checkSame();
  await view.screenshot('resume-after');
});

test('and alive', async () => {
  await checkAlive(9);
  view.checkNoErrors();
});

test('the network drops: the session waits', async () => {
  relay.cut();
  await view.awaitLoss();
  await eventually(async () => checkEqual(await daemon.sessions(), { attached: 0, detached: 1 }, 'sessions'));
});

test('Retry: resumed, and no pixel is read again', async () => {
  const nRead = await daemon.metric('image_read_bytes_total');
  check(nRead > 0, 'nothing has ever been read');
  await forgetStatistics();
  view.errors.length = 0;
  await view.retry();
  await checkStatistics(1, pixelsIn(4));
  await checkSame();
  checkEqual(await daemon.metric('image_read_bytes_total') - nRead, 0, 'bytes read');
  checkEqual(await daemon.sessions(), { attached: 1, detached: 0 }, 'sessions');
});

test('and alive still', async () => {
  await checkAlive(14);
  view.checkNoErrors();
});

test('two images: a new region gets a new number after a crash', async () => {
  await view.get(() => app.appendFile('', 'quarters.fits', ''));
  await view.awaitImage(1);
  await daemon.kill();
  await view.awaitLoss();
  await daemon.launch();
  view.errors.length = 0;
  await view.retry();
  await view.get(() => {
    app.frames[1].regionSet.addRectangularRegion({ x: 150, y: 100 }, 51, 41);
  });
  await view.until(() => app.frames[1].regionSet.regions.some(region => region.regionId > 0));
  const ids = (await regions()).map(each => each.map(([id]) => id));
  checkEqual(ids, [[0, 1], [0, 2]], 'numbers of the regions');
  checkEqual(await view.get(() => app.frames.map(({ filename }) => filename)), ['cube.fits', 'quarters.fits'], 'images');
  await view.screenshot('resume-two');
  view.checkNoErrors();
});

await run(name => view.explain(name));
