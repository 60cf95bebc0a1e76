// SPDX-License-Identifier: GPL-3.0-or-later
// A catalog over an image: opened, filtered, plotted, and there again.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { makeSources, writeCatalog } from './lib/catalog.mjs';
import { Daemon } from './lib/daemon.mjs';
import { writeCube, writeQuarters } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

const sources = makeSources();

let view, bright;
const daemon = await Daemon.start({
  page,
  args: ['--restore', 'ask'],
  prepare: folder => {
    writeQuarters(join(folder, 'quarters.fits'));
    writeCube(join(folder, 'cube.fits'));
    mkdirSync(join(folder, 'cats'));
    writeCatalog(join(folder, 'cats', 'sources.vot'), sources);
  },
});
atEnd(() => daemon.end());

/** What the page's table shows. */
const table = () => view.get(() => {
  const profile = app.catalogStore.catalogProfileStores.get(1);
  const column = index => Array.from(profile.catalogData.get(index)?.data ?? []).slice(0, profile.numVisibleRows);
  return {
    n: profile.numVisibleRows, filtered: profile.filterDataSize, loading: profile.isLoadingData,
    ids: column(0), names: column(1), fluxes: column(4),
  };
});

const awaitTable = expected => eventually(async () => {
  const { loading, ids, names, fluxes } = await table();
  checkEqual(loading, false, 'whether rows are missing');
  checkEqual(ids, expected.map(({ id }) => id), 'the numbers in the table');
  checkEqual(names, expected.map(({ name }) => name), 'the names in the table');
  checkEqual(fluxes, expected.map(({ flux }) => flux), 'the fluxes in the table');
});

/** As the table's widget asks when a filter was typed and a head clicked. */
const ask = (text, sort) => view.get(([filter, column]) => {
  const profile = app.catalogStore.catalogProfileStores.get(1);
  profile.setColumnFilter(filter, 'flux');
  profile.setSortingInfo(column, 1);
  profile.resetFilterRequest();
  const request = profile.updateRequestDataSize;
  request.filterConfigs = profile.getUserFilters();
  request.columnIndices = profile.displayedColumnHeaders.map(header => header.columnIndex);
  request.sortColumn = column;
  request.sortingType = 1;
  app.sendCatalogFilter(request);
}, [text, sort]);

/** Plots the catalog over the image, as the widget's button does. */
const plot = async () => {
  await view.get(() => {
    const widget = app.widgetsStore.catalogWidgets.get(app.catalogStore.catalogWidgets.get(1));
    const profile = app.catalogStore.catalogProfileStores.get(1);
    widget.setxAxis('RA');
    widget.setyAxis('DEC');
    profile.setUpdateMode(1);
    const { wcsX, wcsY, xHeaderInfo, yHeaderInfo } = profile.get2DPlotData('RA', 'DEC', profile.catalogData);
    app.catalogStore.convertToImageCoordinate(1, wcsX, wcsY, app.activeFrame.wcsInfo, xHeaderInfo.units, yHeaderInfo.units,
      profile.catalogCoordinateSystem.system, profile.subsetEndIndex, profile.numVisibleRows);
  });
};

test('a catalog is opened over an image', async () => {
  view = await View.open(browser, daemon.address({ file: 'quarters.fits' }));
  await view.awaitPicture();
  checkEqual(await view.get(() => app.appendCatalog('cats', 'sources.vot', 50, 1)), 1, 'the number of the catalog');
  await awaitTable(sources.slice(0, 50));
});

test('its rows are filtered and sorted', async () => {
  bright = sources.filter(({ flux }) => flux > 80).sort((a, b) => b.flux - a.flux);
  await ask('> 80', 'flux');
  await awaitTable(bright);
  checkEqual((await table()).filtered, bright.length, 'how many are left');
});

test('what is left is plotted over the image', async () => {
  await plot();
  await eventually(async () => checkEqual(await view.get(() => app.catalogStore.catalogCounts.get(1)), bright.length, 'how many are plotted'));
  // the image's reference pixel is the middle of the grid
  const [x, y] = await view.get(() => {
    const { x: xs, y: ys } = app.catalogStore.catalogGLData.get(1);
    return [xs[0], ys[0]];
  });
  const { ra, dec } = bright[0];
  check(Math.abs(x - (149 - (ra - 187.25) * Math.cos(12.5 * Math.PI / 180) * 1800)) < 0.2, `x is ${x}`);
  check(Math.abs(y - (99 + (dec - 12.5) * 1800)) < 0.2, `y is ${y}`);
  await view.screenshot('catalog');
  // and without its table, which lies over it
  const hidden = await view.page.addStyleTag({ content: '.floating-widget { visibility: hidden !important }' });
  await view.screenshot('catalog-plotted');
  await hidden.evaluate(element => element.remove());
  view.checkNoErrors();
});

test('the service is killed, and asked again after Retry', async () => {
  await daemon.kill();
  await view.awaitLoss();
  await daemon.launch();
  await view.retry();
  await awaitTable(bright);
  bright = sources.filter(({ flux }) => flux > 100).sort((a, b) => b.flux - a.flux);
  await ask('> 100', 'flux');
  await awaitTable(bright);
  view.errors.length = 0;
});

test('a page that was started again gets the catalog back, filtered', async () => {
  await view.goto(daemon.address());
  await view.page.getByText('Resume your last session?').waitFor();
  await view.page.getByRole('button', { name: 'OK', exact: true }).last().click();
  await view.awaitPicture();
  await view.until(() => app.catalogStore.catalogProfileStores.size === 1);
  await awaitTable(bright);
  const filter = await view.get(() => app.catalogStore.catalogProfileStores.get(1).catalogControlHeader.get('flux').filter);
  checkEqual(filter, '>100', 'the filter that is shown');
  await view.screenshot('catalog-comeback');
  view.checkNoErrors();
});

test('one of an image that is not in front comes back to it', async () => {
  await view.get(async () => {
    await app.appendFile('', 'cube.fits', '', false, true);
    app.updateActiveImageByFrame(app.frames[1]);
  });
  await view.awaitImage(1);
  const id = await view.get(() => app.backendService.sessionId);
  const image = () => view.get(() => app.getFrame(app.catalogStore.getFrameIdByCatalogId(1))?.frameInfo.fileInfo.name);
  const front = () => view.get(() => app.activeFrame.frameInfo.fileInfo.name);
  checkEqual([await image(), await front()], ['quarters.fits', 'cube.fits'], 'image of the catalog and image in front');
  await view.setChannel(2);
  await eventually(async () => {
    const { workspace } = await (await daemon.fetch(`/api/database/workspace/Session%20${id}`)).json();
    checkEqual(workspace.selectedFile, 1, 'the file in front');
  });
  await view.goto(daemon.address());
  await view.page.getByText('Resume your last session?').waitFor();
  await view.page.getByRole('button', { name: 'OK', exact: true }).last().click();
  await view.until(() => app.frames.length === 2 && app.catalogStore.catalogProfileStores.size === 1);
  await awaitTable(bright);
  await eventually(async () => checkEqual([await image(), await front()], ['quarters.fits', 'cube.fits'], 'image of the catalog and image in front'));
  view.checkNoErrors();
});

test('and goes on from there', async () => {
  bright = sources.filter(({ flux }) => flux > 110).sort((a, b) => b.flux - a.flux);
  await ask('> 110', 'flux');
  await awaitTable(bright);
  await eventually(async () => {
    const kept = (await (await daemon.fetch('/api/database/list/workspaces')).json()).workspaces;
    checkEqual(kept.length, 0, 'number of kept sessions');
  });
});

await run(name => view?.explain(name));
