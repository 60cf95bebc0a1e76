// SPDX-License-Identifier: GPL-3.0-or-later
// From an empty page through the file browser to a picture: is it what the
// file says, the right way up, with the right contrast?

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { writeCube, writeQuarters } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkAllClose, checkClose, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

let quarters, large, view;
const daemon = await Daemon.start({
  page,
  prepare: folder => {
    quarters = writeQuarters(join(folder, 'quarters.fits'));
    large = writeQuarters(join(folder, 'large.fits'), 1500, 1000);
    mkdirSync(join(folder, 'deeper'));
    writeCube(join(folder, 'deeper', 'cube.fits'));
    writeFileSync(join(folder, 'notes.txt'), 'not an image\n');
  },
});
atEnd(() => daemon.end());

const NAN_COLOUR = [19, 124, 189];

/** The grey that a value gets between the page's clip limits. */
async function greyOf(value) {
  const [min, max] = await view.get(() => [app.activeFrame.renderConfig.scaleMinVal, app.activeFrame.renderConfig.scaleMaxVal]);
  return Math.min(1, Math.max(0, (value - min) / (max - min))) * 255;
}

/** Are these pixels as grey as their values? Tiles are compressed: a little off is right. */
async function checkGreys(image, places) {
  await eventually(async () => {
    const picture = await view.picture();
    for (const [x, y] of places) {
      const found = await view.colour(x, y, picture);
      const value = image.at(x, y);
      const right = Number.isNaN(value) ? NAN_COLOUR : Array(3).fill(await greyOf(value));
      check(found.every((part, i) => Math.abs(part - right[i]) <= 5),
        `pixel ${x}, ${y} is painted ${found}, but ${right.map(Math.round)} is right`);
    }
  });
}

async function chooseGrey() {
  await view.get(() => {
    app.activeFrame.renderConfig.setColorMap('gray');
  });
}

const namesInBrowser = () => view.page.locator('.filename-cell, .folder-cell')
  .evaluateAll(cells => [...new Set(cells.map(cell => cell.title))].sort());

test('the page connects and registers', async () => {
  view = await View.open(browser, daemon.address());
  checkEqual(await daemon.sessions(), { attached: 1, detached: 0 }, 'sessions');
});

test('the file browser lists images and folders', async () => {
  await view.until(() => app.fileBrowserStore.fileList?.files?.length > 0);
  const found = await view.get(() => {
    const { files, subdirectories } = app.fileBrowserStore.fileList;
    return [
      ...files.map(({ name, type, size }) => [name, type === 'FITS' || type === 3 ? 'FITS' : type, Number(size)]),
      ...subdirectories.map(({ name, itemCount }) => [name, 'folder', itemCount]),
    ].sort();
  });
  checkEqual(found, [
    ['deeper', 'folder', 1],
    ['large.fits', 'FITS', 2880 * (1 + Math.ceil(4 * 1500 * 1000 / 2880))],
    ['quarters.fits', 'FITS', 2880 * (1 + Math.ceil(4 * 300 * 200 / 2880))],
  ], 'the list');
  await eventually(async () => checkEqual(await namesInBrowser(), ['deeper', 'large.fits', 'quarters.fits'], 'what is shown'));
  await view.screenshot('file-browser');
});

test('a folder opens with a click, and the way back too', async () => {
  await view.page.locator('.folder-cell').first().click();
  await eventually(async () => checkEqual(await namesInBrowser(), ['cube.fits'], 'what is shown'));
  await view.page.locator('.folder-breadcrumb').first().click();
  await eventually(async () => checkEqual(await namesInBrowser(), ['deeper', 'large.fits', 'quarters.fits'], 'what is shown'));
});

test('a chosen file shows its header', async () => {
  await view.page.locator('.filename-cell[title="quarters.fits"]').first().click();
  await view.until(() => app.fileBrowserStore.fileInfoExtended?.width > 0);
  const found = await view.get(() => {
    const { width, height, headerEntries } = app.fileBrowserStore.fileInfoExtended;
    return [width, height, headerEntries.find(entry => entry.name === 'BUNIT')?.value];
  });
  checkEqual(found, [300, 200, 'Jy/beam'], 'width, height and unit');
});

test('the button loads it', async () => {
  await view.page.getByRole('button', { name: 'Load', exact: true }).click();
  await view.awaitImage();
  checkEqual(await view.get(() => app.activeFrame.filename), 'quarters.fits', 'the image');
});

test('the contrast follows the histogram', async () => {
  await view.awaitPicture();
  const [min, max, histogram] = await view.get(() => {
    const { scaleMinVal, scaleMaxVal, histogram: { numBins, binWidth, firstBinCenter, bins, mean, stdDev } } = app.activeFrame.renderConfig;
    return [scaleMinVal, scaleMaxVal, { numBins, binWidth, firstBinCenter, bins: [...bins], mean, stdDev }];
  });
  const pixels = quarters.plane().filter(value => !Number.isNaN(value)).sort((a, b) => a - b);
  const bin = (pixels.at(-1) - pixels[0]) / histogram.numBins;
  checkEqual(histogram.bins.reduce((a, b) => a + b, 0), pixels.length, 'pixels counted');
  checkClose(histogram.binWidth, bin, 'width of a bin');
  checkClose(histogram.firstBinCenter - histogram.binWidth / 2, pixels[0], 'first edge', 1e-6, 1e-6);
  // the page's 99.9 %: half of the rest is cut off on either side
  checkClose(min, pixels[Math.floor(pixels.length * 0.0005)], 'lower limit', 0, bin);
  checkClose(max, pixels[Math.floor(pixels.length * 0.9995)], 'upper limit', 0, bin);
});

test('the picture is the right way up', async () => {
  await chooseGrey();
  await checkGreys(quarters, [[20, 15], [280, 10], [20, 170], [280, 150], [100, 80], [160, 110], [140, 120]]);
});

test('blanks have the colour of blanks, and end where they end', async () => {
  await checkGreys(quarters, [[41, 31], [78, 58], [60, 45], [37, 45], [83, 45], [60, 27], [60, 63]]);
});

test('the cursor tells the value of its pixel', async () => {
  for (const [x, y] of [[10, 10], [250, 20], [251, 20], [149, 120], [150, 120], [60, 45]])
    checkClose(await view.point(x, y), quarters.at(x, y), `value at ${x}, ${y}`);
});

test('the profiles are the row and the column of the cursor', async () => {
  const [x, y] = [70, 50];
  await view.point(x, y);
  await view.until(([px, py]) => [...app.spatialProfiles.values()].some(each => each.x === px && each.y === py), [x, y]);
  const found = await view.get(() => {
    const { profiles } = app.spatialProfiles.get('0-0');
    return Object.fromEntries([...profiles].map(([name, { start, end, values }]) => [name.slice(-1), { start, end, values: [...values] }]));
  });
  checkEqual([found.x.start, found.x.end, found.y.start, found.y.end], [0, 300, 0, 200], 'ends');
  checkAllClose(found.x.values, quarters.row(y), 'x profile');
  checkAllClose(found.y.values, quarters.column(x), 'y profile');
});

test('seen close by, the hot pixel is one pixel', async () => {
  await view.get(() => {
    app.activeFrame.setZoom(16);
    app.activeFrame.setCenter(250, 20);
  });
  await checkGreys(quarters, [[250, 20], [249, 20], [251, 20], [250, 19], [250, 21]]);
  await view.screenshot('hot-pixel');
});

test('a large image is shrunk, the right way up too', async () => {
  await view.get(() => app.openFile('', 'large.fits', ''));
  await view.awaitPicture();
  checkEqual(await view.get(() => app.frames.map(frame => frame.filename)), ['large.fits'], 'what is open');
  check(await view.get(() => app.activeFrame.requiredFrameView.mip) > 1, 'the image is not shrunk');
  await chooseGrey();
  await checkGreys(large, [[100, 800], [1400, 800], [100, 200], [1400, 200], [60, 45], [300, 450]]);
  checkClose(await view.point(1401, 803), large.at(1401, 803), 'value of the cursor');
  await view.screenshot('large-image');
});

test('its upper right corner in full', async () => {
  await view.get(() => {
    app.activeFrame.setZoom(1);
    app.activeFrame.setCenter(1300, 850);
  });
  await checkGreys(large, [[1490, 990], [1310, 700], [1030, 800]]);
});

test('the page has nothing to complain about', async () => {
  view.checkNoErrors();
});

await run(name => view.explain(name));
