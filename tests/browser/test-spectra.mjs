// SPDX-License-Identifier: GPL-3.0-or-later
// The spectral profiler with a region: what the page draws, what follows the
// region, and that a service that was killed brings it back.

import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { measure, writeCube } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkAllClose, checkClose, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

const DEPTH = 40;
let cube, view;
const daemon = await Daemon.start({
  page,
  prepare: folder => {
    cube = writeCube(join(folder, 'cube.fits'), [96, 64, DEPTH, 3]);
  },
});
atEnd(() => daemon.end());

// The page's numbers of statistics.
const MEAN = 4;
const SIGMA = 6;
const NAMES = { [MEAN]: 'mean', [SIGMA]: 'sigma' };

const pixelsIn = ([x, y, w, h], z, s) => cube.cut(x - w / 2, x + w / 2, y - h / 2, y + h / 2, z, s);

const spectrumIn = (box, type, s = 0) =>
  Array.from({ length: DEPTH }, (_, z) => measure(pixelsIn(box, z, s))[NAMES[type]]);

/** What the page has of the region's spectrum in the polarisation on display. */
async function checkSpectrum(box, type, s = 0) {
  await eventually(async () => {
    const found = await view.get(kind => {
      const profile = app.spectralProfiles.get(0)?.get(1)?.profiles.get('z')?.get(kind);
      return profile && { progress: profile.progress, values: [...profile.values ?? []] };
    }, type);
    check(found, `no spectrum of statistic ${type}`);
    checkEqual(found.progress, 1, 'progress');
    checkAllClose(found.values, spectrumIn(box, type, s), 'spectrum', 1e-9);
  });
}

test('a region in the spectral profiler', async () => {
  view = await View.open(browser, daemon.address({ file: 'cube.fits' }));
  await view.awaitPicture();
  await view.applyLayout('Cube Analysis');
  await view.get(() => {
    app.activeFrame.regionSet.addRectangularRegion({ x: 40, y: 32 }, 30, 20);
  });
  await view.until(() => app.activeFrame.regionSet.regions.some(region => region.regionId === 1));
  await view.get(() => {
    const { regionSet } = app.activeFrame;
    regionSet.selectSingleRegion(regionSet.regions.find(region => region.regionId === 1));
  });
  await checkSpectrum([40, 32, 30, 20], MEAN);
  await view.screenshot('spectra-region');
});

test('another statistic', async () => {
  await view.get(() => {
    for (const store of app.widgetsStore.spectralProfileWidgets.values())
      store.profileSelectionStore.selectStatSingleMode(6);
  });
  await checkSpectrum([40, 32, 30, 20], SIGMA);
});

test('it follows the region', async () => {
  await view.get(() => {
    const region = app.activeFrame.regionSet.regions.find(each => each.regionId === 1);
    region.setControlPoints([{ x: 60, y: 40 }, { x: 17, y: 11 }]);
  });
  await checkSpectrum([60, 40, 17, 11], SIGMA);
});

test('it follows the polarisation', async () => {
  await view.setChannel(3, 1);
  await checkSpectrum([60, 40, 17, 11], SIGMA, 1);
  await view.setChannel(3, 0);
  await checkSpectrum([60, 40, 17, 11], SIGMA, 0);
});

test('the contrast from all channels', async () => {
  await view.get(() => {
    app.requestCubeHistogram();
    app.activeFrame.renderConfig.setUseCubeHistogram(true);
  });
  const good = Array.from({ length: DEPTH }, (_, z) => cube.plane(z)).flat().filter(value => !Number.isNaN(value));
  const { min, max, mean, sigma } = measure(good);
  await eventually(async () => {
    const found = await view.get(() => {
      const { cubeHistogram, cubeHistogramProgress } = app.activeFrame.renderConfig;
      const { numBins, binWidth, firstBinCenter, bins, mean: m, stdDev } = cubeHistogram ?? { bins: [] };
      return { progress: cubeHistogramProgress, numBins, binWidth, firstBinCenter, bins: [...bins ?? []], m, stdDev };
    });
    checkEqual(found.progress, 1, 'progress');
    checkEqual(found.numBins, Math.floor(Math.sqrt(96 * 64)), 'number of bins');
    for (const [bound, right] of [[-0.5, min], [found.numBins - 0.5, max]])
      check(Math.abs(found.firstBinCenter + bound * found.binWidth - right) < 1e-4 * found.binWidth, `the bound ${right} is missed`);
    checkClose(found.m, mean, 'mean');
    checkClose(found.stdDev, sigma, 'deviation');
    checkEqual(found.bins.reduce((a, b) => a + b, 0), good.length, 'values in all bins');
  });
  view.checkNoErrors();
  await view.screenshot('spectra-cube-histogram');
});

test('killed, started again, Retry: the spectrum is back', async () => {
  await daemon.kill();
  await view.awaitLoss();
  await view.get(() => {
    app.spectralProfiles.clear();
  });
  await daemon.launch();
  view.errors.length = 0; // of the time when nobody was there
  await view.retry();
  await checkSpectrum([60, 40, 17, 11], SIGMA);
  await view.screenshot('spectra-resumed');
});

test('and it follows the region still', async () => {
  await view.get(() => {
    const region = app.activeFrame.regionSet.regions.find(each => each.regionId === 1);
    region.setControlPoints([{ x: 30, y: 30 }, { x: 21, y: 31 }]);
  });
  await checkSpectrum([30, 30, 21, 31], SIGMA);
  view.checkNoErrors();
  await view.screenshot('spectra-after');
});

await run(name => view.explain(name));
