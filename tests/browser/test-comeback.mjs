// SPDX-License-Identifier: GPL-3.0-or-later
// A page that was started again has lost its memory; the service asks whether
// it shall have it back.

import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { writeCube } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

let view, sessionId, before;
const daemon = await Daemon.start({
  page,
  args: ['--restore', 'ask'],
  prepare: folder => {
    writeCube(join(folder, 'cube.fits'));
  },
});
atEnd(() => daemon.end());

/** All that has to come back. */
const look = () => view.get(() => {
  const { channel, stokes, zoomLevel, center, renderConfig, regionSet, frameInfo } = app.activeFrame;
  return {
    file: frameInfo.fileInfo.name, channel, stokes, zoomLevel, center: { x: center.x, y: center.y },
    colorMap: renderConfig.colorMap, min: renderConfig.scaleMinVal, max: renderConfig.scaleMaxVal,
    regions: regionSet.regions.slice(1).map(({ name, color, regionType, controlPoints }) =>
      ({ name, color, regionType, points: controlPoints.map(({ x, y }) => [x, y]) })),
  };
});

const question = () => view.page.getByText('Resume your last session?');
const answer = async name => {
  await question().waitFor();
  await view.screenshot(`comeback-question-${name}`);
  await view.page.getByRole('button', { name, exact: true }).last().click();
};

/** The service has learned what only the page knows. */
const awaitKept = id => eventually(async () => {
  const { workspace } = await (await daemon.fetch(`/api/database/workspace/Session%20${id}`)).json();
  checkEqual(workspace.files[0].zoomLevel, before.zoomLevel, 'the zoom that is kept');
  checkEqual(workspace.files[0].regionsSet.regions.map(region => region.color), before.regions.map(region => region.color),
    'the colours that are kept');
});

const kept = async () => (await (await daemon.fetch('/api/database/list/workspaces')).json()).workspaces.length;

test('a page shows something in its own way', async () => {
  view = await View.open(browser, daemon.address({ file: 'cube.fits' }));
  await view.awaitPicture();
  await view.setChannel(3, 1);
  await view.get(() => {
    const frame = app.activeFrame;
    frame.setZoom(6);
    frame.renderConfig.setColorMap('viridis');
    const region = frame.regionSet.addRectangularRegion({ x: 40, y: 30 }, 20, 12);
    region.setName('core');
    region.setColor('#ff0000');
  });
  await view.until(() => app.activeFrame.regionSet.regions.every(region => region.regionId >= 0));
  await view.awaitPicture();
  before = await look();
  sessionId = await view.get(() => app.backendService.sessionId);
  await awaitKept(sessionId);
});

test('what the page says nothing of is learned as well', async () => {
  await view.get(() => {
    app.activeFrame.renderConfig.setColorMap('magma');
    app.activeFrame.renderConfig.setCustomScale(0.25, 0.75);
    app.activeFrame.regionSet.regions[1].setName('heart');
    app.activeFrame.regionSet.regions[1].setColor('#00ff00');
  });
  before = await look();
  await eventually(async () => {
    const { workspace } = await (await daemon.fetch(`/api/database/workspace/Session%20${sessionId}`)).json();
    const [file] = workspace.files;
    checkEqual([file.renderConfig.colorMap, file.renderConfig.scaleMin[1], file.renderConfig.scaleMax[1]], ['magma', 0.25, 0.75], 'the colours that are kept');
    checkEqual(file.regionsSet.regions.map(({ name, color }) => [name, color]), [['heart', '#00ff00']], 'the region that is kept');
  });
});

test('opened again it is asked, and Cancel leaves it fresh', async () => {
  await view.goto(daemon.address());
  await answer('Cancel');
  checkEqual(await view.get(() => app.frames.length), 0, 'number of images');
  checkEqual(await kept(), 1, 'number of kept sessions');
});

test('OK brings back what was there', async () => {
  await view.goto(daemon.address());
  await answer('OK');
  await view.awaitPicture();
  await eventually(async () => checkEqual(await look(), before, 'the view'));
  await view.screenshot('comeback-ok');
  check(await view.get(() => app.backendService.sessionId) !== sessionId, 'the session has its old number');
});

test('the rebuilt session takes the place of the kept one', async () => {
  await eventually(async () => checkEqual(await kept(), 0, 'number of kept sessions'));
  sessionId = await view.get(() => app.backendService.sessionId);
  await awaitKept(sessionId);
});

test('nothing is lost by a crash before the page has been looked at again', async () => {
  await view.goto(daemon.address());
  await answer('OK');
  await view.until(() => app.frames.length === 1);
  await eventually(async () => checkEqual(await kept(), 0, 'number of kept sessions'));
  await daemon.kill();
  await daemon.launch();
  view.errors.length = 0;
  await view.goto(daemon.address());
  await answer('OK');
  await view.awaitPicture();
  await eventually(async () => checkEqual(await look(), before, 'the view'));
  sessionId = await view.get(() => app.backendService.sessionId);
  await awaitKept(sessionId);
});

test('so it does after service and page have both crashed', async () => {
  view.checkNoErrors();
  // what is acknowledged is written down before, and with it all the rest
  await view.get(() => app.activeFrame.regionSet.regions[1].setCenter({ x: 44, y: 28 }));
  before = await look();
  await eventually(async () => {
    const { workspace } = await (await daemon.fetch(`/api/database/workspace/Session%20${sessionId}`)).json();
    const [{ x, y }] = workspace.files[0].regionsSet.regions[0].points;
    checkEqual([x, y], [44, 28], 'the place that is kept');
  });
  await daemon.kill();
  await view.awaitLoss();
  await daemon.launch();
  await view.goto(daemon.address());
  await answer('OK');
  await view.awaitPicture();
  await eventually(async () => checkEqual(await look(), before, 'the view'));
  view.errors.length = 0;
});

test('a page opened for a file is not asked', async () => {
  await awaitKept(await view.get(() => app.backendService.sessionId));
  await view.goto(daemon.address({ file: 'cube.fits' }));
  await view.awaitPicture();
  checkEqual(await question().count(), 0, 'number of questions');
  view.checkNoErrors();
});

test('the list of sessions shows the one before', async () => {
  const html = await (await daemon.fetch('/sessions')).text();
  check(html.includes('cube.fits'), 'the file is not in the list');
  await view.goto(daemon.address({ workspace: (await (await daemon.fetch('/api/database/list/workspaces')).json()).workspaces[0].name }));
  await view.awaitPicture();
  await eventually(async () => checkEqual(await look(), before, 'the view'));
});

test('and loaded again from there it is asked, like any page', async () => {
  await eventually(async () => checkEqual(await kept(), 1, 'number of kept sessions'));
  await view.reload();
  await answer('OK');
  await view.awaitPicture();
  await eventually(async () => checkEqual(await look(), before, 'the view'));
});

await run(name => view?.explain(name));
