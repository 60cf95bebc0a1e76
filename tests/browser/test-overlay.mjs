// SPDX-License-Identifier: GPL-3.0-or-later
// Contours and vectors over an image, how they follow it, and how they are
// back after everything has crashed.

import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { cubeCards, skyCards, writeFits } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkClose, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

const WIDTH = 160, HEIGHT = 120;
// where the hill is, in each channel
const centre = z => [60 + 20 * z, 60];

let view;
const daemon = await Daemon.start({
  page,
  args: ['--restore', 'ask'],
  prepare: folder => {
    writeFits(join(folder, 'iqu.fits'), {
      shape: [WIDTH, HEIGHT, 3, 3],
      cards: [...skyCards(WIDTH, HEIGHT), ...cubeCards()],
      value: (x, y, z, s) => {
        const [dx, dy] = [x - centre(z)[0], y - centre(z)[1]];
        const i = (z + 1) * Math.exp(-(dx * dx + dy * dy) / 800);
        // vectors that run around the hill
        const angle = 2 * Math.atan2(dy, dx);
        return s === 0 ? i : i * (s === 1 ? Math.cos(angle) : Math.sin(angle)) / 5;
      },
    });
  },
});
atEnd(() => daemon.end());

const LEVELS = [0.1 + 0.2, 0.6, 0.9];

/** All lines of a level as the page has them; each vertex is there twice. */
const contours = () => view.get(() => {
  const { contourConfig, contourStores, contourProgress } = app.activeFrame;
  return {
    isEnabled: contourConfig.isEnabled, progress: contourProgress, color: contourConfig.color, thickness: contourConfig.thickness,
    levels: [...contourStores].map(([level, store]) => [level, store.vertexCount, store.progress]).sort(([a], [b]) => a - b),
  };
});

const vectors = () => view.get(() => {
  const { vectorOverlayConfig: config, vectorOverlayStore: store } = app.activeFrame;
  return {
    isEnabled: config.isEnabled, progress: store.progress, averaging: config.pixelAveraging, angle: config.angularSource,
    intensity: config.intensitySource, threshold: config.isThresholdEnabled && config.threshold, thickness: config.thickness,
    tiles: store.tiles.map(({ numVertices }) => numVertices), max: store.intensityMax,
  };
});

const awaitOverlays = () => view.until(() => app.activeFrame?.contourProgress === 1 && app.activeFrame.vectorOverlayStore.isComplete);

/** How many pixels of a canvas that lies over the picture are painted, and the box around them. */
const findPainted = selector => view.get(async name => {
  const source = document.querySelector(name);
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [source.width, source.height];
  await new Promise(resolve => requestAnimationFrame(resolve));
  const image = new Image();
  image.src = source.toDataURL();
  await image.decode();
  const context = copy.getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, copy.width, copy.height);
  const found = { n: 0, left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  for (let i = 0; i < data.length / 4; i++) {
    if (data[4 * i + 3] === 0)
      continue;
    const [x, y] = [i % copy.width, Math.floor(i / copy.width)];
    found.n++;
    found.left = Math.min(found.left, x);
    found.right = Math.max(found.right, x);
    found.top = Math.min(found.top, y);
    found.bottom = Math.max(found.bottom, y);
  }
  return found;
}, selector);

/** Vectors are on the screen, around the hill of the channel. */
const awaitVectorsPainted = () => eventually(async () => {
  const painted = await findPainted('.vector-overlay-canvas');
  check(painted.n > 1000, `${painted.n} pixels of vectors are painted`);
  const [x, y] = centre(await view.get(() => app.activeFrame.channel));
  const { canvas: middle } = await view.place(x, y);
  checkClose((painted.left + painted.right) / 2, middle.x, 'middle in x', 0, 20);
  checkClose((painted.top + painted.bottom) / 2, middle.y, 'middle in y', 0, 20);
});

let before;

test('contours are drawn where the values are', async () => {
  view = await View.open(browser, daemon.address({ file: 'iqu.fits' }));
  await view.awaitPicture();
  await view.get(levels => {
    const frame = app.activeFrame;
    frame.contourConfig.setContourConfiguration(levels, 2, 4);
    frame.contourConfig.setColor('#ff8000');
    frame.contourConfig.setThickness(2);
    frame.applyContours();
  }, LEVELS);
  await view.until(() => app.activeFrame.contourProgress === 1);
  const found = await contours();
  checkEqual(found.levels.map(([level]) => level), LEVELS, 'levels');
  check(found.levels.every(([, n]) => n > 10), `vertices of the levels: ${JSON.stringify(found.levels)}`);
  await eventually(async () => check((await findPainted('.contour-canvas')).n > 500, 'nothing is painted'));
});

test('they lie on the pixel, not beside it', async () => {
  const [x, y] = centre(0);
  const painted = await findPainted('.contour-canvas');
  const { canvas: middle } = await view.place(x, y);
  const pixel = (await view.place(x + 10, y)).canvas.x / 10 - middle.x / 10;
  check(pixel > 2, `a pixel of the image has ${pixel} on the screen`);
  checkClose((painted.left + painted.right) / 2, middle.x, 'middle in x', 0, 0.25 * pixel);
  checkClose((painted.top + painted.bottom) / 2, middle.y, 'middle in y', 0, 0.25 * pixel);
});

test('vectors are drawn beside them', async () => {
  await view.get(() => {
    const frame = app.activeFrame;
    frame.vectorOverlayConfig.setVectorOverlayConfiguration(1, 1, 4, false, true, 0.2, false, 0, 0, 1);
    frame.vectorOverlayConfig.setThickness(2);
    frame.applyVectorOverlay();
  });
  await awaitOverlays();
  const found = await vectors();
  check(found.tiles.length === 1 && found.tiles[0] > 50 && found.tiles[0] < WIDTH * HEIGHT / 16, `vectors: ${found.tiles}`);
  check(found.max > 0.15 && found.max <= 0.2, `the longest vector is ${found.max}`);
  await awaitVectorsPainted();
  await view.screenshot('overlay');
});

test('both follow the channel', async () => {
  const first = await contours();
  await view.setChannel(2);
  await awaitOverlays();
  const third = await contours();
  checkEqual(await view.get(() => app.activeFrame.channel), 2, 'channel');
  check(third.levels.every(([, n], i) => n > first.levels[i][1]), 'the higher hill has no longer lines');
  check((await vectors()).max > 0.45, 'the higher hill has no longer vectors');
  await awaitVectorsPainted();
  await view.screenshot('overlay-channel');
});

test('a level that nothing reaches any more shows nothing', async () => {
  await view.get(() => {
    app.activeFrame.contourConfig.setContourConfiguration([2], 2, 4);
    app.activeFrame.applyContours();
  });
  await view.until(() => app.activeFrame.contourProgress === 1 && app.activeFrame.contourStores.get(2)?.vertexCount > 0);
  await view.setChannel(0);
  await view.until(() => app.activeFrame.contourProgress === 1 && app.activeFrame.contourStores.get(2)?.vertexCount === 0);
  await view.get(levels => {
    app.activeFrame.contourConfig.setContourConfiguration(levels, 2, 4);
    app.activeFrame.applyContours();
  }, LEVELS);
  await awaitOverlays();
  view.checkNoErrors();
});

test('Retry after a crash brings both back, unasked', async () => {
  await view.setChannel(1);
  await awaitOverlays();
  before = { contours: await contours(), vectors: await vectors() };
  await daemon.kill();
  await view.awaitLoss();
  await view.get(() => {
    const { contourStores, vectorOverlayStore } = app.activeFrame;
    contourStores.forEach(store => store.clearData());
    contourStores.clear();
    vectorOverlayStore.clearData();
    vectorOverlayStore.progress = 0;
  });
  await daemon.launch();
  await view.retry();
  await awaitOverlays();
  checkEqual(await contours(), before.contours, 'contours');
  checkEqual(await vectors(), before.vectors, 'vectors');
  await awaitVectorsPainted();
  view.errors.length = 0;
});

test('a page that is started again has both, drawn as they were', async () => {
  const id = await view.get(() => app.backendService.sessionId);
  await view.get(() => app.activeFrame.setZoom(app.activeFrame.zoomLevel * 1.01));
  await eventually(async () => {
    const { workspace } = await (await daemon.fetch(`/api/database/workspace/Session%20${id}`)).json();
    checkEqual(workspace.files[0].contourConfig.color, before.contours.color, 'the colour that is kept');
    checkEqual(workspace.files[0].vectorOverlayConfig.thickness, 2, 'the thickness that is kept');
  });
  await view.goto(daemon.address());
  await view.page.getByText('Resume your last session?').waitFor();
  await view.page.getByRole('button', { name: 'OK', exact: true }).last().click();
  await view.awaitPicture();
  await awaitOverlays();
  await eventually(async () => {
    checkEqual(await contours(), before.contours, 'contours');
    checkEqual(await vectors(), before.vectors, 'vectors');
  });
  await awaitVectorsPainted();
  await view.screenshot('overlay-again');
  view.checkNoErrors();
});

test('cleared, they stay away', async () => {
  await view.get(() => {
    app.activeFrame.clearContours();
    app.activeFrame.clearVectorOverlay();
  });
  await view.setChannel(0);
  await view.awaitPicture();
  checkEqual((await contours()).levels, [], 'contours');
  checkEqual((await vectors()).tiles, [], 'vectors');
});

await run(name => view?.explain(name));
