// SPDX-License-Identifier: GPL-3.0-or-later
// All that an astronomer may have on the screen at once, and every way in which
// it can go: it comes back, to the eye.

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeSources, writeCatalog } from './lib/catalog.mjs';
import { Daemon } from './lib/daemon.mjs';
import { cubeCards, skyCards, writeFits } from './lib/fits.mjs';
import { OwnBrowser, View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkEqual, note, run, test } from './lib/tap.mjs';

const page = needPage();
await launchBrowser(); // or all is skipped

const [WIDTH, HEIGHT, DEPTH] = [160, 120, 4];
const sources = makeSources(0.004);

/** A hill with vectors that run around it, which moves from channel to channel. */
const write = (path, width, height) => writeFits(path, {
  shape: [width, height, DEPTH, 3],
  cards: [...skyCards(width, height), ...cubeCards()],
  value: (x, y, z, s) => {
    const [dx, dy] = [x - width / 2 - 8 * z, y - height / 2];
    const i = (z + 1) * Math.exp(-(dx * dx + dy * dy) / 800);
    const angle = 2 * Math.atan2(dy, dx);
    return s === 0 ? i : i * (s === 1 ? Math.cos(angle) : Math.sin(angle)) / 5;
  },
});

let view, sessionId, before, picture;
const daemon = await Daemon.start({
  page,
  args: ['--restore', 'ask'],
  prepare: folder => {
    write(join(folder, 'first.fits'), WIDTH, HEIGHT);
    write(join(folder, 'second.fits'), 120, 120);
    writeCatalog(join(folder, 'sources.vot'), sources);
  },
});
atEnd(() => daemon.end());

const profile = join(daemon.top, 'browser');
mkdirSync(profile);
let browser = await OwnBrowser.start(profile);
atEnd(() => browser.kill());

const look = () => view.get(() => {
  const plain = value => JSON.parse(JSON.stringify(value ?? null));
  const nameOf = frame => frame?.frameInfo.fileInfo.name ?? null;
  const number = value => (typeof value === 'number' ? Number(value.toPrecision(9)) : value ?? null);
  const styles = ({ color, thickness, isVisible, isEnabled }) => plain({ color, thickness, isVisible, isEnabled });
  return {
    active: nameOf(app.activeFrame),
    frames: app.frames.map(frame => ({
      name: nameOf(frame),
      spatial: nameOf(frame.spatialReference),
      spectral: nameOf(frame.spectralReference),
      place: [frame.channel, frame.stokes],
      view: frame.spatialReference ? null : [frame.zoomLevel, frame.center.x, frame.center.y].map(number),
      render: [frame.renderConfig.colorMap, frame.renderConfig.scaling, number(frame.renderConfig.scaleMinVal), number(frame.renderConfig.scaleMaxVal)],
      contours: { ...styles(frame.contourConfig), levels: [...frame.contourStores].map(([level, { vertexCount }]) => [level, vertexCount]) },
      vectors: { ...styles(frame.vectorOverlayConfig), n: frame.vectorOverlayStore.tiles.map(({ numVertices }) => numVertices) },
    })),
    regions: (app.frames[0]?.regionSet.regions.slice(1) ?? []).map(region => plain({
      type: region.regionType, points: region.controlPoints, rotation: region.rotation, name: region.name, color: region.color,
      lineWidth: region.lineWidth, styles: region.getAnnotationStyles?.(),
    })),
    catalogs: [...app.catalogStore.catalogProfileStores].map(([id, store]) => {
      const { xAxis, yAxis, catalogColor, catalogSize, catalogShape } = app.catalogStore.getCatalogWidgetStore(id);
      return [store.catalogInfo.fileInfo.name, app.catalogStore.catalogCounts.get(id), store.catalogControlHeader.get('flux')?.filter.replace(' ', ''),
        xAxis, yAxis, catalogColor, catalogSize, catalogShape];
    }),
  };
});

const workspace = async id => (await (await daemon.fetch(`/api/database/workspace/Session%20${id}`)).json()).workspace;
const record = id => JSON.parse(daemon.ask(process.env.ALMUCANTAR, 'show', '--json', String(id)));

const question = () => view.page.getByText('Resume your last session?');
const answer = async name => {
  await question().waitFor();
  await view.page.getByRole('button', { name, exact: true }).last().click();
};

/** The service has learned what only the page knows. */
const movePoint = x => view.get(to => {
  app.frames[0].regionSet.regions.at(-1).setCenter({ x: to, y: 100 });
}, x);
const checkPoint = ({ files }, x) =>
  checkEqual(files[0].regionsSet.regions.at(-1).points[0].x, x, 'the place that is kept');

const settle = async () => {
  sessionId = await view.get(() => app.backendService.sessionId);
  await movePoint(132);
  before = await look();
  await eventually(async () => {
    const kept = await workspace(sessionId);
    const { files, references } = kept;
    checkEqual(references.spatial, 0, 'the reference that is kept');
    checkEqual(files[0].regionsSet.regions.map(({ name, color }) => [name, color]), before.regions.map(({ name, color }) => [name, color]), 'regions that are kept');
    checkPoint(kept, 132);
    checkEqual(files[1].references, { spatial: 0, spectral: 0 }, 'what the second image is matched to');
    checkEqual([files[0].zoomLevel, files[0].contourConfig.thickness, files[0].vectorOverlayConfig.thickness, files[0].renderConfig.colorMap],
      [4, 2, 2, 'viridis'], 'the look that is kept');
    checkEqual(record(sessionId).catalogs?.[0]?.look?.catalogSize, 13, 'the catalog that is kept');
  });
  // what is acknowledged is written down before, and with it all the rest
  await movePoint(131);
  before = await look();
  await eventually(async () => checkPoint(await workspace(sessionId), 131));
};

const checkBack = async way => {
  const began = Date.now();
  await view.until(() => app.frames.length === 2);
  await view.awaitPicture();
  await eventually(async () => checkEqual(await look(), before, `the view after ${way}`));
  await eventually(async () => {
    const n = (await view.seen(`return-${way.replace(/\W+/g, '-')}`)).countDifferences(picture, 24);
    check(n <= picture.width * picture.height / 500, `${n} pixels on the screen have changed`);
  });
  note(`${way}: as it was after ${Date.now() - began} ms`);
  view.checkNoErrors();
};

test('everything at once', async () => {
  check(await daemon.startBus() !== null, 'no dbus-daemon');
  await daemon.kill();
  await daemon.launch();
  view = await browser.open(daemon.address());
  await view.get(async () => {
    await app.appendFile('', 'first.fits', '', false, true);
    await app.appendFile('', 'second.fits', '', false, true);
  });
  await view.awaitImage(0);
  await view.awaitImage(1);
  await view.get(async () => {
    const [first, second] = app.frames;
    app.setSpatialReference(first);
    app.setSpectralReference(first);
    app.setSpatialMatchingEnabled(second, true);
    app.setSpectralMatchingEnabled(second, true);
    app.updateActiveImageByFrame(first);
  });
  await view.setChannel(1);
  await view.get(async () => {
    const [first] = app.frames;
    first.setZoom(4);
    first.setCenter(78, 63);
    first.renderConfig.setColorMap('viridis');
    first.renderConfig.setCustomScale(0.05, 1.7);
    const set = first.regionSet;
    const add = (type, points, rotation, name, color, width, styles) =>
      set.addExistingRegion(points, rotation, type, set.getTempRegionId(), name, color, width, [], false, styles);
    add(3, [{ x: 60, y: 50 }, { x: 30, y: 20 }], 20, 'core', '#ff0000', 2);
    add(4, [{ x: 110, y: 80 }, { x: 12, y: 7 }], 0, 'knot', '#00ffff', 3);
    add(15, [{ x: 40, y: 95 }, { x: 60, y: 12 }], 0, 'note', '#ffff00', 2, { textLabel0: 'a “jet”', fontSize: 20, fontStyle: 'Bold', font: 'Times', textPosition: 3 });
    add(13, [{ x: 20, y: 20 }, { x: 50, y: 30 }], 0, 'arrow', '#ff8800', 2, { pointerWidth: 12, pointerLength: 15 });
    add(0, [{ x: 130, y: 100 }], 0, 'point', '#ffffff', 2);
    first.contourConfig.setContourConfiguration([0.4, 0.8, 1.4], 2, 4);
    first.contourConfig.setColor('#ff00ff');
    first.contourConfig.setThickness(2);
    first.applyContours();
    first.vectorOverlayConfig.setVectorOverlayConfiguration(1, 1, 8, false, true, 0.3, false, 0, 0, 1);
    first.vectorOverlayConfig.setThickness(2);
    first.applyVectorOverlay();
  });
  await view.until(() => app.frames[0].regionSet.regions.length === 6 && app.frames[0].regionSet.regions.every(region => region.regionId >= 0)
    && app.activeFrame.contourProgress === 1 && app.activeFrame.vectorOverlayStore.isComplete);
  await view.get(() => app.appendCatalog('', 'sources.vot', 50, 1));
  await view.get(() => {
    const store = app.catalogStore.catalogProfileStores.get(1);
    store.setColumnFilter('> 60', 'flux');
    store.resetFilterRequest();
    const request = store.updateRequestDataSize;
    request.filterConfigs = store.getUserFilters();
    request.columnIndices = store.displayedColumnHeaders.map(header => header.columnIndex);
    app.sendCatalogFilter(request);
    const widget = app.catalogStore.getCatalogWidgetStore(1);
    widget.setxAxis('RA');
    widget.setyAxis('DEC');
    widget.setCatalogColor('#00ff00');
    widget.setCatalogSize(13);
  });
  await view.until(() => !app.catalogStore.catalogProfileStores.get(1).isLoadingData && app.catalogStore.catalogProfileStores.get(1).filterDataSize === 60);
  await view.page.getByRole('button', { name: 'Plot', exact: true }).click();
  await view.until(() => app.catalogStore.catalogCounts.get(1) >= 50);
  await settle();
  await view.awaitPicture();
  picture = await view.seen('return-before');
  const points = await view.get(() => app.catalogStore.catalogCounts.get(1));
  checkEqual(points, 60, 'how many sources are plotted');
  view.checkNoErrors();
});

const resume = async way => {
  await answer('OK');
  await checkBack(way);
};

test('the page is loaded again', async () => {
  await view.reload();
  await resume('a reload');
  await settle();
});

test('its tab is killed', async () => {
  const crashed = view.page.waitForEvent('crash');
  const devtools = await view.page.context().newCDPSession(view.page);
  devtools.send('Page.crash').catch(() => {});
  await crashed;
  view = await browser.open(daemon.address());
  await resume('a crash of the tab');
  await settle();
});

/** Browsers write cookies down every half a minute. */
const awaitCookie = () => eventually(async () => {
  const names = ['Default/Cookies', 'Default/Cookies-wal', 'Default/Network/Cookies', 'Default/Network/Cookies-wal'];
  check(names.some(name => {
    try {
      return readFileSync(join(profile, name)).includes('127.0.0.1');
    } catch {
      return false;
    }
  }), 'the browser has no cookie on disk');
}, 60000);

test('the browser is killed', async () => {
  await awaitCookie();
  await browser.kill();
  browser = await OwnBrowser.start(profile);
  view = await browser.open(daemon.address());
  await resume('a crash of the browser');
  await settle();
});

test('browser and service are both killed', async () => {
  await daemon.kill();
  await browser.kill();
  await daemon.launch();
  browser = await OwnBrowser.start(profile);
  view = await browser.open(daemon.address());
  await resume('a crash of both');
  await settle();
});

test('Cancel leaves a fresh page, and the session in the list', async () => {
  await view.goto(daemon.address());
  await answer('Cancel');
  checkEqual(await view.get(() => app.frames.length), 0, 'number of images');
  await view.page.goto(new URL(`sessions?token=${daemon.token}`, daemon.url).href);
  await view.screenshot('return-sessions');
  await view.page.getByRole('row').filter({ hasText: 'first.fits' }).getByRole('link', { name: 'Resume' }).click();
  await view.awaitConnected();
  await checkBack('Resume in the list');
  await settle();
});

test('the command line brings it back', async () => {
  await daemon.kill();
  await daemon.launch();
  view.errors.length = 0;
  await view.goto(daemon.ask(process.env.ALMUCANTAR, 'resume', '--no-browser', String(sessionId)).trim());
  await checkBack('the command line');
});

await run(name => view?.explain(name));
