// SPDX-License-Identifier: GPL-3.0-or-later
// Files of one polarisation each put together by the page, what is computed of
// them, and their way back; and an image whose axes stand in another order.

import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { measure, skyCards, writeFits } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkAllClose, checkClose, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

const [WIDTH, HEIGHT, DEPTH] = [96, 64, 4];
const [PTOTAL, PLINEAR, PFLINEAR, PANGLE] = [13, 14, 16, 17];

/** A ring of vectors around the middle, as of a jet's field; fainter in each next channel. */
const PARTS = {
  I: (x, y, z) => 2 + 8 * Math.exp(-((x - 48) ** 2 + (y - 32) ** 2) / 300) / (z + 1),
  Q: (x, y, z) => (x === 20 && y === 10 ? NaN : (x - 48) / 40 / (z + 1)),
  U: (x, y, z) => (y - 32) / 30 / (z + 1),
  V: (x, y) => (x + y) / 1000,
};
const NUMBERS = { I: 1, Q: 2, U: 3, V: 4 };
const FREQUENCIES = [['CTYPE3', 'FREQ'], ['CRPIX3', 1], ['CRVAL3', 1.42e9], ['CDELT3', 1e5], ['CUNIT3', 'Hz']];

const parts = {};
let view, session, before, swapped;
const daemon = await Daemon.start({
  page,
  prepare: folder => {
    for (const [name, value] of Object.entries(PARTS))
      parts[name] = writeFits(join(folder, `jet_${name}.fits`), {
        shape: [WIDTH, HEIGHT, DEPTH],
        cards: [...skyCards(WIDTH, HEIGHT), ...FREQUENCIES],
        value,
      });
    swapped = writeFits(join(folder, 'swapped.fits'), {
      shape: [36, 4, 17, 30],
      cards: [
        ['CTYPE1', 'DEC--NCP'], ['CRPIX1', 18], ['CRVAL1', 60.1], ['CDELT1', 0.007], ['CUNIT1', 'DEGREE'],
        ['CTYPE2', 'POL'], ['CRPIX2', 1], ['CRVAL2', 1000], ['CDELT2', 10],
        ['CTYPE3', 'FREQ'], ['CRPIX3', 1], ['CRVAL3', 1.41e9], ['CDELT3', 1e5], ['CUNIT3', 'Hz'],
        ['CTYPE4', 'RA---NCP'], ['CRPIX4', 15], ['CRVAL4', 45.3], ['CDELT4', -0.007], ['CUNIT4', 'DEGREE'],
        ['BUNIT', 'W.U.'],
      ],
      value: (dec, ra, freq, pol) => dec + 40 * pol + 200 * freq + 4000 * ra,
    });
  },
});
atEnd(() => daemon.end());

function valueAt(x, y, z, stokes) {
  const [i, q, u, v] = ['I', 'Q', 'U', 'V'].map(name => parts[name].at(x, y, z));
  switch (stokes) {
  case PTOTAL: return Math.sqrt(q * q + u * u + v * v);
  case PLINEAR: return Math.sqrt(q * q + u * u);
  case PFLINEAR: return 100 * Math.sqrt(q * q + u * u) / i;
  case PANGLE: return Number.isNaN(q) || Number.isNaN(u) ? NaN : Math.atan2(u, q) * 90 / Math.PI;
  default: return [i, q, u, v][stokes];
  }
}

const pixels = (z, stokes) => Array.from({ length: WIDTH * HEIGHT }, (_, k) => valueAt(k % WIDTH, Math.floor(k / WIDTH), z, stokes));

async function checkStatistics(stokes, z) {
  const right = measure(pixels(z, stokes));
  await eventually(async () => {
    const found = await view.get(s => Object.fromEntries((app.regionStats.get(0)?.get(-1)?.get(s)?.statistics ?? [])
      .map(({ statsType, value }) => [statsType, value])), stokes);
    checkClose(found[0], right.n, 'pixels');
    checkClose(found[4], right.mean, 'mean', 1e-4);
    checkClose(found[8], right.min, 'minimum', 1e-4);
    checkClose(found[9], right.max, 'maximum', 1e-4);
  });
}

async function checkSpectrum(x, y, stokes) {
  const right = Array.from({ length: DEPTH }, (_, z) => valueAt(x, y, z, stokes));
  await eventually(async () => {
    const found = await view.get(() => [...app.spectralProfiles.get(0)?.get(0)?.profiles?.values() ?? []]
      .flatMap(kinds => [...kinds.values()]).map(({ values }) => [...values]));
    checkEqual(found.length, 1, 'spectra of the cursor');
    checkAllClose(found[0], right, 'spectrum', 1e-4);
  });
}

test('four files become one image', async () => {
  view = await View.open(browser, daemon.address());
  await view.get(async files => {
    // what the page's dialog does when its button is pressed
    await app.openConcatFile(files, '', files[0].hdu);
    app.activeFrame.setStokesFiles(files);
  }, ['Q', 'I', 'V', 'U'].map(name => ({ directory: '', file: `jet_${name}.fits`, hdu: '0', polarizationType: NUMBERS[name] })));
  await view.awaitPicture();
  const found = await view.get(() => {
    const { frameInfo, polarizations, polarizationInfo, filename } = app.activeFrame;
    const { width, height, depth, stokes } = frameInfo.fileInfoExtended;
    return [filename, [width, height, depth, stokes], polarizations, polarizationInfo.slice(0, 4)];
  });
  checkEqual(found, ['jet_hypercube_IQUV.fits', [WIDTH, HEIGHT, DEPTH, 4], [1, 2, 3, 4, 13, 14, 15, 16, 17],
    ['Stokes I', 'Stokes Q', 'Stokes U', 'Stokes V']], 'the image');
  await view.applyLayout('Cube Analysis');
});

test('each polarisation is that of its file', async () => {
  for (let stokes = 0; stokes < 4; stokes++) {
    await view.setChannel(1, stokes);
    checkClose(await view.point(30 + stokes, 40), valueAt(30 + stokes, 40, 1, stokes), `value of ${stokes}`);
  }
});

test('linearly polarised intensity', async () => {
  await view.setChannel(2, PLINEAR);
  checkClose(await view.point(70, 20), valueAt(70, 20, 2, PLINEAR), 'value of the cursor', 1e-5);
  await checkStatistics(PLINEAR, 2);
  await checkSpectrum(70, 20, PLINEAR);
  checkEqual(await view.get(() => app.activeFrame.requiredUnit), 'Jy/beam', 'unit');
  await view.awaitPicture();
  await view.screenshot('polarisation-plinear');
});

test('a fraction, in percent', async () => {
  await view.setChannel(2, PFLINEAR);
  checkClose(await view.point(60, 30), valueAt(60, 30, 2, PFLINEAR), 'value of the cursor', 1e-5);
  await checkStatistics(PFLINEAR, 2);
  checkEqual(await view.get(() => app.activeFrame.requiredUnit), '%', 'unit');
});

test('the angle, in degrees', async () => {
  await view.setChannel(1, PANGLE);
  checkClose(await view.point(70, 50), valueAt(70, 50, 1, PANGLE), 'value of the cursor', 1e-5);
  await checkStatistics(PANGLE, 1);
  await checkSpectrum(70, 50, PANGLE);
  checkEqual(await view.get(() => app.activeFrame.requiredUnit), 'degree', 'unit');
  session = await view.get(() => app.backendService.sessionId);
  before = await view.awaitPicture();
  await view.screenshot('polarisation-pangle');
  view.checkNoErrors();
});

test('killed and started again, Retry: the same is there', async () => {
  await daemon.kill();
  await view.awaitLoss();
  await daemon.launch();
  view.errors.length = 0;
  await view.get(() => {
    app.regionStats.clear();
  });
  await view.retry();
  checkEqual(await view.get(() => app.backendService.sessionId), session, 'session');
  await checkStatistics(PANGLE, 1);
  await eventually(async () => {
    const n = (await view.picture()).countDifferences(before, 2);
    check(n === 0, `${n} pixels of the picture have changed`);
  });
});

test('and alive', async () => {
  await view.setChannel(3, PTOTAL);
  checkClose(await view.point(25, 45), valueAt(25, 45, 3, PTOTAL), 'value of the cursor', 1e-5);
  await view.setChannel(3, 1);
  checkClose(await view.point(26, 45), valueAt(26, 45, 3, 1), 'value of the cursor', 1e-5);
  await view.screenshot('polarisation-after');
  view.checkNoErrors();
});

test('axes in another order: the plane that the page draws is the one that is sent', async () => {
  await view.close();
  view = await View.open(browser, daemon.address({ file: 'swapped.fits' }));
  await view.awaitPicture();
  const found = await view.get(() => {
    const { frameInfo, renderWidth } = app.activeFrame;
    const { width, height, depth, stokes, axesNumbers } = frameInfo.fileInfoExtended;
    return [[width, height, depth, stokes], axesNumbers.spatialX, axesNumbers.spatialY, axesNumbers.spectral, renderWidth > 0];
  });
  checkEqual(found, [[36, 17, 30, 4], 4, 1, 3, true], 'shape and axes');
  checkClose(await view.point(20, 9), 20 + 200 * 9, 'value of the cursor');
  await view.setChannel(29);
  checkClose(await view.point(14, 12), swapped.at(14, 0, 12, 29), 'value of the cursor');
  await view.awaitPicture();
  await view.screenshot('polarisation-swapped');
  view.checkNoErrors();
});

await run(name => view.explain(name));
