// SPDX-License-Identifier: GPL-3.0-or-later
// A cube of RA, DEC, FREQ and STOKES: channels, stokes, spectra, a region
// and what is computed in it.

import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { measure, writeCube } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkAllClose, checkClose, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

let cube, view;
const daemon = await Daemon.start({
  page,
  prepare: folder => {
    cube = writeCube(join(folder, 'cube.fits'));
  },
});
atEnd(() => daemon.end());

// The page's numbers of statistics.
const STATISTICS = { 0: 'n', 1: 'nanCount', 2: 'sum', 4: 'mean', 5: 'rms', 6: 'sigma', 7: 'sumSq', 8: 'min', 9: 'max' };

/** The source is the brightest of its channel: is it where the file has it? */
async function checkSourceAt(z, s) {
  const brightest = Math.max(...cube.plane(z, s).filter(value => !Number.isNaN(value)));
  const x = cube.width - 1;
  await eventually(async () => {
    const picture = await view.picture();
    const grey = async (px, py) => (await view.colour(px, py, picture))[0];
    const [min, max] = await view.get(() => [app.activeFrame.renderConfig.scaleMinVal, app.activeFrame.renderConfig.scaleMaxVal]);
    check(max <= brightest + 1e-3, `the limits are still those of another channel: ${min} to ${max}`);
    for (const [px, py] of [[16 + 9 * z, 32], [16 + 9 * z, 45], [3, 3], [x - 3, 60], [x - 3, 32]]) {
      const right = Math.min(1, Math.max(0, (cube.at(px, py, z, s) - min) / (max - min))) * 255;
      const found = await grey(px, py);
      check(Math.abs(found - right) <= 6, `pixel ${px}, ${py} is painted ${found}, but ${Math.round(right)} is right`);
    }
  });
}

/** The spectrum that the page has of a region; 0 is the cursor. */
async function checkSpectrum(region, right) {
  await eventually(async () => {
    const found = await view.get(id => {
      const profiles = app.spectralProfiles.get(0)?.get(id)?.profiles;
      return [...profiles?.values() ?? []].flatMap(kinds => [...kinds.values()])
        .map(({ values, progress }) => ({ progress, values: [...values] }));
    }, region);
    checkEqual(found.length, 1, `spectra of region ${region}`);
    checkEqual(found[0].progress, 1, 'progress');
    checkAllClose(found[0].values, right, 'spectrum', 1e-5);
  });
}

async function checkStatistics(region, pixels, stokes = 0) {
  const right = measure(pixels);
  await eventually(async () => {
    const found = await view.get(([id, s]) => app.regionStats.get(0)?.get(id)?.get(s)?.statistics
      .map(({ statsType, value }) => [statsType, value]), [region, stokes]);
    check(found, `no statistics of region ${region}`);
    let n = 0;
    for (const [type, value] of found) {
      const name = STATISTICS[type];
      if (name === undefined)
        continue;
      n++;
      checkClose(value, right[name], `${name} of region ${region}`);
    }
    check(n >= 8, `only ${n} statistics of region ${region}`);
  });
}

/** The pixels in the rectangle that the page has. */
const pixelsIn = ([centre, size], z, s) => cube.cut(centre.x - size.x / 2, centre.x + size.x / 2,
  centre.y - size.y / 2, centre.y + size.y / 2, z, s);

const rectangle = () => view.get(() => app.activeFrame.regionSet.regions
  .find(region => region.regionId > 0).controlPoints.map(({ x, y }) => ({ x, y })));

test('a cube opens', async () => {
  view = await View.open(browser, daemon.address({ file: 'cube.fits' }));
  await view.awaitPicture();
  const found = await view.get(() => {
    const { width, height, depth, stokes } = app.activeFrame.frameInfo.fileInfoExtended;
    return [width, height, depth, stokes, app.activeFrame.polarizations.slice(0, 3), app.activeFrame.spectralAxis.type.code];
  });
  checkEqual(found, [96, 64, 8, 3, [1, 2, 3], 'FREQ'], 'shape, stokes and spectral axis');
  await view.get(() => {
    app.activeFrame.renderConfig.setColorMap('gray');
  });
  await checkSourceAt(0, 0);
});

test('the spectrum of the cursor', async () => {
  await view.applyLayout('Cube View');
  checkClose(await view.point(60, 20), cube.at(60, 20), 'value of the cursor');
  await checkSpectrum(0, cube.spectrum(60, 20));
  await view.point(25, 50);
  await checkSpectrum(0, cube.spectrum(25, 50));
});

test('another channel: picture, cursor and profiles', async () => {
  await view.setChannel(5);
  await checkSourceAt(5, 0);
  checkClose(await view.cursorValue(25, 50), cube.at(25, 50, 5), 'value of the cursor');
  await eventually(async () => {
    const found = await view.get(() => [...app.spatialProfiles.get('0-0').profiles]
      .map(([name, { values }]) => [name.slice(-1), [...values]]));
    for (const [name, values] of found)
      checkAllClose(values, name === 'x' ? cube.row(50, 5) : cube.column(25, 5), `${name} profile`);
  });
  await view.screenshot('cube-channel');
});

test('one channel after the other, as the animator steps', async () => {
  for (const z of [6, 7, 0, 1, 2, 3])
    await view.setChannel(z);
  await checkSourceAt(3, 0);
  checkClose(await view.cursorValue(25, 50), cube.at(25, 50, 3), 'value of the cursor');
});

test('another stokes: picture, cursor and spectrum', async () => {
  await view.setChannel(3, 1);
  await checkSourceAt(3, 1);
  checkClose(await view.cursorValue(25, 50), cube.at(25, 50, 3, 1), 'value of the cursor');
  await checkSpectrum(0, cube.spectrum(25, 50, 1));
  await view.setChannel(3, 0);
  await checkSourceAt(3, 0);
});

test('a rectangle drawn with the mouse becomes a region', async () => {
  await view.applyLayout('Cube Analysis');
  await view.page.getByTestId('rectangle-region-shortcut-button').click();
  const [from, to] = [await view.place(40, 30), await view.place(46, 35)];
  await view.page.mouse.move(from.window.x, from.window.y);
  await view.page.mouse.down();
  await view.page.mouse.move(to.window.x - 5, to.window.y - 5, { steps: 3 });
  await view.page.mouse.move(to.window.x, to.window.y);
  await view.page.mouse.up();
  await view.until(() => app.activeFrame.regionSet.regions.some(region => region.regionId > 0));
  const [centre, size] = await rectangle();
  check(Math.abs(centre.x - 40) < 0.7 && Math.abs(centre.y - 30) < 0.7, `the centre is ${centre.x}, ${centre.y}`);
  check(Math.abs(size.x - 12) < 1.5 && Math.abs(size.y - 10) < 1.5, `the size is ${size.x}, ${size.y}`);
});

test('its statistics', async () => {
  const pixels = pixelsIn(await rectangle(), 3, 0);
  check(pixels.some(Number.isNaN), 'the region has no blanks: it should');
  await checkStatistics(1, pixels);
});

test('they follow the channel', async () => {
  await view.setChannel(2);
  await checkStatistics(1, pixelsIn(await rectangle(), 2, 0));
});

test('they follow the region', async () => {
  await view.get(() => {
    const region = app.activeFrame.regionSet.regions.find(each => each.regionId > 0);
    region.setControlPoints([{ x: 34, y: 32 }, { x: 17, y: 11 }]);
  });
  const pixels = pixelsIn(await rectangle(), 2, 0);
  checkEqual(pixels.length, 17 * 11, 'pixels in the rectangle');
  await checkStatistics(1, pixels);
});

test('its histogram', async () => {
  await view.get(() => {
    app.widgetsStore.createFloatingHistogramWidget();
  });
  const good = pixelsIn(await rectangle(), 2, 0).filter(value => !Number.isNaN(value));
  const { min, max, mean, sigma } = measure(good);
  await eventually(async () => {
    const found = await view.get(() => {
      const { numBins, binWidth, firstBinCenter, bins, mean: m, stdDev } = app.regionHistograms.get(0)?.get(1)?.get(0)?.histograms ?? { bins: [] };
      return { numBins, binWidth, firstBinCenter, bins: [...bins], m, stdDev };
    });
    checkEqual(found.numBins, Math.floor(Math.sqrt(17 * 11)), 'number of bins');
    const width = (max - min) / found.numBins;
    checkClose(found.binWidth, width, 'width of a bin');
    checkClose(found.firstBinCenter, min + width / 2, 'centre of the first bin');
    checkClose(found.m, mean, 'mean');
    checkClose(found.stdDev, sigma, 'deviation');
    const right = Array(found.numBins).fill(0);
    for (const value of good)
      right[Math.min(found.numBins - 1, Math.floor((value - min) / width))]++;
    checkEqual(found.bins, right, 'bins');
  });
  await view.screenshot('cube-region');
});

test('the page has nothing to complain about', async () => {
  view.checkNoErrors();
});

await run(name => view.explain(name));
