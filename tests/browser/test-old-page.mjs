// SPDX-License-Identifier: GPL-3.0-or-later
// The page of two years ago, which speaks an older version of the interface.

import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { writeCube, writeQuarters } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkClose, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage('ALMU_PAGE_OLD');
const browser = await launchBrowser();

let cube, quarters, view, picture, session;
const daemon = await Daemon.start({
  page,
  args: ['--restore', 'ask'],
  prepare: folder => {
    quarters = writeQuarters(join(folder, 'quarters.fits'));
    cube = writeCube(join(folder, 'cube.fits'));
  },
});
atEnd(() => daemon.end());

const regions = () => view.get(() => app.activeFrame.regionSet.regions
  .map(({ regionId, controlPoints }) => [regionId, controlPoints.map(({ x, y }) => [x, y])]));

test('the page connects and opens an image, the right way up', async () => {
  view = await View.open(browser, daemon.address({ file: 'quarters.fits' }));
  await view.awaitPicture();
  await view.get(() => {
    app.activeFrame.renderConfig.setColorMap('gray');
  });
  await eventually(async () => {
    const now = await view.picture();
    const greys = [];
    for (const [x, y] of [[20, 15], [280, 10], [20, 150], [280, 150]])
      greys.push((await view.colour(x, y, now))[0]);
    check(greys[0] < 20 && greys[0] < greys[1] - 50 && greys[1] < greys[2] - 50 && greys[2] < greys[3] - 50,
      `the quarters are painted ${greys}`);
  });
  checkClose(await view.point(250, 20), quarters.at(250, 20), 'value of the cursor');
});

test('a cube replaces it', async () => {
  await view.get(() => app.openFile('', 'cube.fits', ''));
  await view.awaitPicture();
  await view.setChannel(3, 1);
  checkClose(await view.point(30, 20), cube.at(30, 20, 3, 1), 'value of the cursor');
});

test('a region', async () => {
  await view.get(() => {
    app.activeFrame.regionSet.addRectangularRegion({ x: 40, y: 30 }, 21, 11);
  });
  await view.until(() => app.activeFrame.regionSet.regions.some(region => region.regionId > 0));
  picture = await view.awaitPicture();
  session = await view.get(() => app.backendService.sessionId);
  view.checkNoErrors();
});

test('the service is killed and started again: resumed', async () => {
  const before = await regions();
  await daemon.kill();
  await view.awaitLoss();
  await daemon.launch();
  view.errors.length = 0;
  await view.retry();
  checkEqual(await view.get(() => app.backendService.sessionId), session, 'session');
  checkEqual(await regions(), before, 'regions');
  const n = (await view.awaitPicture()).countDifferences(picture, 2);
  checkEqual(n, 0, 'pixels of the picture that have changed');
});

test('and alive', async () => {
  await view.setChannel(6, 2);
  checkClose(await view.point(50, 40), cube.at(50, 40, 6, 2), 'value of the cursor');
  await view.screenshot('old-page');
  view.checkNoErrors();
});

test('opened again it is asked, and has it all back', async () => {
  await view.get(() => {
    app.activeFrame.setZoom(5);
    app.activeFrame.regionSet.regions[1].setName('core');
    app.activeFrame.regionSet.regions[1].setColor('#ff0000');
  });
  const look = () => view.get(() => {
    const { channel, stokes, zoomLevel, center, renderConfig, regionSet } = app.activeFrame;
    return [channel, stokes, zoomLevel, center.x, center.y, renderConfig.colorMap,
      regionSet.regions.slice(1).map(({ name, color, controlPoints }) => [name, color, controlPoints.map(({ x, y }) => [x, y])])];
  });
  const before = await look();
  await eventually(async () => {
    const { workspace } = await (await daemon.fetch(`/api/database/workspace/Session%20${session}`)).json();
    checkEqual([workspace.files[0].zoomLevel, workspace.files[0].regionsSet.regions[0].name], [5, 'core'], 'what is kept');
  });
  await view.goto(daemon.address());
  await view.page.getByText('Resume your last session?').waitFor();
  await view.page.getByRole('button', { name: 'OK', exact: true }).last().click();
  await view.awaitPicture();
  await eventually(async () => checkEqual(await look(), before, 'the view'));
  await view.screenshot('old-page-comeback');
});

await run(name => view.explain(name));
