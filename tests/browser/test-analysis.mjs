// SPDX-License-Identifier: GPL-3.0-or-later
// The desk of an astronomer at work: two images that are matched, a region with
// its statistics, histogram and spectrum, contours, vectors and a catalog. All
// of it is there again after a crash of the service, and for a page that was
// started again. Also draws the picture of the README.

import { join } from 'node:path';

import { writeCatalog } from './lib/catalog.mjs';
import { Daemon } from './lib/daemon.mjs';
import { measure } from './lib/fits.mjs';
import { writeContinuum, writeGalaxy } from './lib/galaxy.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkAllClose, checkClose, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

const SIZE = 240, DEPTH = 40;
// around the middle, as the galaxy lies; the first axis is along y before it is turned
const ELLIPSE = { centre: { x: 120, y: 120 }, axes: { x: 50, y: 28 }, rotation: -55 };
const sources = Array.from({ length: 60 }, (_, i) => ({
  id: i + 1,
  name: `HII ${i + 1}`,
  ra: 187.25 + 0.022 * Math.cos(2.4 * i) * Math.sqrt((i + 1) / 60),
  dec: 12.5 + 0.022 * Math.sin(2.4 * i) * Math.sqrt((i + 1) / 60),
  flux: (i * 37) % 60 + 1,
}));
const BRIGHT = 40;
const nBright = sources.filter(({ flux }) => flux > BRIGHT).length;

const component = (id, more = {}) => ({ type: 'component', id, ...more });
const stack = (...ids) => ({ type: 'stack', content: ids.map(id => component(id)) });
const LAYOUT = {
  layoutVersion: 2,
  docked: {
    type: 'row',
    content: [
      { type: 'column', width: 60, content: [component('image-view', { height: 74 }), { ...stack('animator', 'region-list', 'layer-list'), height: 26 }] },
      { type: 'column', width: 40, content: [component('spectral-profiler', { height: 38 }), component('stats', { height: 32 }), component('histogram', { height: 30 })] },
    ],
  },
  floating: [],
};

let cube, continuum, view, before, screen;
const daemon = await Daemon.start({
  page,
  args: ['--restore', 'ask'],
  prepare: folder => {
    cube = writeGalaxy(join(folder, 'galaxy.fits'), SIZE, DEPTH);
    continuum = writeContinuum(join(folder, 'continuum.fits'));
    writeCatalog(join(folder, 'regions.vot'), sources);
  },
});
atEnd(() => daemon.end());
check(await daemon.startBus() !== null, 'no dbus-daemon');
await daemon.kill();
await daemon.launch();
await daemon.api('PUT', 'preferences', { cursorInfoVisible: 'never' });
await daemon.api('PUT', 'layout', { layoutName: 'Analysis', layout: LAYOUT });

/** The pixels of the cube whose centres lie in the ellipse. */
function pixelsIn({ centre, axes, rotation }, z) {
  const angle = rotation * Math.PI / 180;
  const found = [];
  for (let y = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++) {
      const [dx, dy] = [x - centre.x, y - centre.y];
      const [u, v] = [dx * Math.cos(angle) + dy * Math.sin(angle), dy * Math.cos(angle) - dx * Math.sin(angle)];
      if ((u / axes.y) ** 2 + (v / axes.x) ** 2 <= 1)
        found.push(cube.at(x, y, z));
    }
  return found;
}

/** What the page has been told of the region, in the channel on display. */
const figures = () => view.get(() => {
  const frame = app.frames[0];
  const [fileId, channel] = [frame.frameInfo.fileId, frame.channel];
  const { regionId } = frame.regionSet.regions[1] ?? {};
  const statistics = app.regionStats.get(fileId)?.get(regionId)?.get(0);
  const histogram = app.regionHistograms.get(fileId)?.get(regionId)?.get(0);
  const spectrum = app.spectralProfiles.get(fileId)?.get(regionId)?.profiles.get('z')?.get(4);
  return {
    channel,
    statistics: statistics && Object.fromEntries(statistics.statistics.map(({ statsType, value }) => [statsType, value])),
    histogram: histogram?.histograms && { bins: [...histogram.histograms.bins], mean: histogram.histograms.mean, deviation: histogram.histograms.stdDev },
    spectrum: spectrum && { progress: spectrum.progress, values: [...spectrum.values ?? []] },
  };
});

/** Statistics, histogram and spectrum are those of the file's pixels. */
const checkFigures = region => eventually(async () => {
  const { channel, statistics, histogram, spectrum } = await figures();
  check(statistics && histogram && spectrum, 'the page knows nothing of the region');
  checkEqual(spectrum.progress, 1, 'progress of the spectrum');
  const right = measure(pixelsIn(region, channel));
  checkClose(statistics[0], right.n, 'number of pixels');
  checkClose(statistics[4], right.mean, 'mean', 1e-6);
  checkClose(statistics[6], right.sigma, 'deviation', 1e-6);
  checkEqual(histogram.bins.reduce((a, b) => a + b, 0), right.n, 'values in the histogram');
  checkClose(histogram.mean, right.mean, 'mean of the histogram', 1e-6);
  checkAllClose(spectrum.values, Array.from({ length: DEPTH }, (_, z) => measure(pixelsIn(region, z)).mean), 'spectrum', 1e-6, 1e-9);
});

const look = () => view.get(() => {
  const plain = value => JSON.parse(JSON.stringify(value ?? null));
  const nameOf = frame => frame?.frameInfo.fileInfo.name ?? null;
  const number = value => (typeof value === 'number' ? Number(value.toPrecision(9)) : value ?? null);
  return {
    layout: app.layoutStore.currentLayoutName,
    active: nameOf(app.activeFrame),
    frames: app.frames.map(frame => ({
      name: nameOf(frame),
      references: [nameOf(frame.spatialReference), nameOf(frame.spectralReference)],
      place: [frame.channel, frame.stokes],
      view: frame.spatialReference ? null : [frame.zoomLevel, frame.center.x, frame.center.y].map(number),
      render: [frame.renderConfig.colorMap, frame.renderConfig.scaling, number(frame.renderConfig.scaleMinVal), number(frame.renderConfig.scaleMaxVal)],
      contours: [frame.contourConfig.color, frame.contourConfig.thickness, frame.contourProgress,
        [...frame.contourStores].map(([level, { vertexCount }]) => [level, vertexCount])],
      vectors: [frame.vectorOverlayConfig.color, frame.vectorOverlayConfig.thickness, frame.vectorOverlayStore.tiles.map(({ numVertices }) => numVertices)],
    })),
    regions: (app.frames[0]?.regionSet.regions.slice(1) ?? []).map(region => plain({
      type: region.regionType, points: region.controlPoints, rotation: region.rotation, name: region.name, color: region.color, lineWidth: region.lineWidth,
    })),
    selected: app.frames[0]?.regionSet.focusedRegion?.name ?? null,
    catalogs: [...app.catalogStore.catalogProfileStores].map(([id, store]) => {
      const { xAxis, yAxis, catalogColor, catalogSize } = app.catalogStore.getCatalogWidgetStore(id);
      return [store.catalogInfo.fileInfo.name, app.catalogStore.catalogCounts.get(id), store.catalogControlHeader.get('flux')?.filter.replace(' ', ''),
        nameOf(app.getFrame(app.catalogStore.getFrameIdByCatalogId(id))), xAxis, yAxis, catalogColor, catalogSize];
    }),
  };
});

const awaitOverlays = () => view.until(() => app.frames.length === 2 && app.frames[1].contourProgress === 1 && app.frames[1].vectorOverlayStore.isComplete);

/** All of the window, when it has come to rest. */
const seen = async name => {
  await view.awaitPicture();
  const picture = await view.seen(name);
  return picture;
};

async function checkSame(way) {
  await awaitOverlays();
  await eventually(async () => checkEqual(await look(), before, `the view after ${way}`));
  await checkFigures(ELLIPSE);
  await eventually(async () => {
    const n = (await seen(`analysis-${way}`)).countDifferences(screen, 24);
    check(n <= screen.width * screen.height / 500, `${n} pixels on the screen have changed`);
  });
}

test('two images are matched', async () => {
  view = await View.open(browser, daemon.address());
  await view.get(() => app.appendFile('', 'galaxy.fits', '', false, true));
  await view.awaitPicture();
  await view.applyLayout('Analysis');
  await view.get(async () => {
    await app.appendFile('', 'continuum.fits', '', false, true);
  });
  await view.awaitImage(1);
  await view.get(() => {
    const [line, continuum] = app.frames;
    app.setSpatialReference(line);
    app.setSpatialMatchingEnabled(continuum, true);
    app.updateActiveImageByFrame(line);
    line.setZoom(3.1);
    line.renderConfig.setColorMap('inferno');
    line.renderConfig.setCustomScale(-0.0004, 0.006);
  });
  // a page that changes both at once waits for tiles that it has not asked for
  await view.awaitPicture();
  await view.setChannel(14);
});

test('a region, its statistics, histogram and spectrum', async () => {
  await view.get(({ centre, axes, rotation }) => {
    const set = app.frames[0].regionSet;
    const region = set.addExistingRegion([centre, axes], rotation, 4, set.getTempRegionId(), 'disc', '#2EE6D6', 2, [], false);
    set.selectSingleRegion(region);
  }, ELLIPSE);
  await view.until(() => app.frames[0].regionSet.regions[1]?.regionId > 0);
  await checkFigures(ELLIPSE);
});

test('contours and vectors of one over the other', async () => {
  await view.get(() => {
    const [, continuum] = app.frames;
    continuum.contourConfig.setContourConfiguration([0.0003, 0.0008, 0.0014, 0.002], 2, 4);
    continuum.contourConfig.setColor('#ffffff');
    continuum.contourConfig.setThickness(1);
    continuum.applyContours();
    continuum.vectorOverlayConfig.setVectorOverlayConfiguration(1, 1, 6, false, true, 0.0003, false, 0, 0, 1);
    continuum.vectorOverlayConfig.setColor('#54d17a');
    continuum.vectorOverlayConfig.setThickness(1.5);
    continuum.applyVectorOverlay();
  });
  await awaitOverlays();
  const { frames: [, { contours, vectors }] } = await look();
  check(contours[3].length === 4 && contours[3].every(([, n]) => n > 10), `vertices of the levels: ${JSON.stringify(contours)}`);
  check(vectors[2].length === 1 && vectors[2][0] > 50, `vectors: ${vectors[2]}`);
});

test('and that is the picture of the README', async () => {
  await seen('screenshot');
});

test('a catalog over them, filtered and plotted', async () => {
  await view.get(() => app.appendCatalog('', 'regions.vot', 50, 1));
  await view.get(least => {
    const store = app.catalogStore.catalogProfileStores.get(1);
    store.setColumnFilter(`> ${least}`, 'flux');
    store.resetFilterRequest();
    const request = store.updateRequestDataSize;
    request.filterConfigs = store.getUserFilters();
    request.columnIndices = store.displayedColumnHeaders.map(header => header.columnIndex);
    app.sendCatalogFilter(request);
    const widget = app.catalogStore.getCatalogWidgetStore(1);
    widget.setxAxis('RA');
    widget.setyAxis('DEC');
    widget.setCatalogColor('#ffd24d');
    widget.setCatalogSize(9);
  }, BRIGHT);
  await view.until(n => !app.catalogStore.catalogProfileStores.get(1).isLoadingData && app.catalogStore.catalogProfileStores.get(1).filterDataSize === n, nBright);
  await view.page.getByRole('button', { name: 'Plot', exact: true }).click();
  await view.until(n => app.catalogStore.catalogCounts.get(1) === n, nBright);
});

test('so it looks', async () => {
  before = await look();
  screen = await seen('analysis');
  view.checkNoErrors();
});

test('killed, started again, Retry: all of it is back', async () => {
  await daemon.kill();
  await view.awaitLoss();
  await view.get(() => {
    app.regionStats.clear();
    app.regionHistograms.clear();
    app.spectralProfiles.clear();
    const [, { contourStores, vectorOverlayStore }] = app.frames;
    contourStores.forEach(store => store.clearData());
    contourStores.clear();
    vectorOverlayStore.clearData();
    vectorOverlayStore.progress = 0;
  });
  await daemon.launch();
  view.errors.length = 0; // of the time when nobody was there
  await view.retry();
  await checkSame('retry');
  view.checkNoErrors();
});

test('a page that is started again has it all back, too', async () => {
  const id = await view.get(() => app.backendService.sessionId);
  await view.get(() => app.activeFrame.setZoom(app.activeFrame.zoomLevel * 1.02));
  await view.awaitPicture();
  await view.setChannel(26);
  await awaitOverlays();
  before = await look();
  screen = await seen('analysis-zoomed');
  // what only the page knows is read from it file by file
  await eventually(async () => {
    const { workspace: { files } } = await (await daemon.fetch(`/api/database/workspace/Session%20${id}`)).json();
    const { catalogs } = JSON.parse(daemon.ask(process.env.ALMUCANTAR, 'show', '--json', String(id)));
    checkEqual(files[0].zoomLevel, await view.get(() => app.frames[0].zoomLevel), 'the zoom that is kept');
    checkEqual(files[1].references?.spatial, 0, 'what the second image is matched to');
    checkEqual(files[1].vectorOverlayConfig.thickness, 1.5, 'the vectors that are kept');
    checkEqual(catalogs?.[0]?.look?.catalogSize, 9, 'the catalog that is kept');
  });
  await view.reload();
  await view.page.getByText('Resume your last session?').waitFor();
  await view.page.getByRole('button', { name: 'OK', exact: true }).last().click();
  await view.awaitPicture();
  await checkSame('reload');
  view.checkNoErrors();
});

await run(name => view?.explain(name));
