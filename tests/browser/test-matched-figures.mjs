// SPDX-License-Identifier: GPL-3.0-or-later
// A region that is drawn on one image tells of the other that is matched to it:
// its figures there are those of the pixels that lie at the same places of the
// sky.

import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { measure, writeCube } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkAllClose, checkClose, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

const DEPTH = 8;
// the middle of the sky is in the middle of both
const [WIDTH, HEIGHT] = [96, 64];
const [OTHER_WIDTH, OTHER_HEIGHT] = [64, 48];
const SHIFT = { x: (OTHER_WIDTH - WIDTH) / 2, y: (OTHER_HEIGHT - HEIGHT) / 2 };

let view, other;
const daemon = await Daemon.start({
  page,
  prepare: folder => {
    writeCube(join(folder, 'first.fits'), [WIDTH, HEIGHT, DEPTH, 1]);
    other = writeCube(join(folder, 'other.fits'), [OTHER_WIDTH, OTHER_HEIGHT, DEPTH, 1]);
  },
});
atEnd(() => daemon.end());

/** The pixels of the other image in a rectangle of the first, which has no
 * outline on a pixel. */
const pixelsIn = ({ centre, size }, z) => other.cut(centre.x + SHIFT.x - size.x / 2, centre.x + SHIFT.x + size.x / 2,
  centre.y + SHIFT.y - size.y / 2, centre.y + SHIFT.y + size.y / 2, z);

const checkFigures = box => eventually(async () => {
  const { channel, statistics, spectrum } = await view.get(() => {
    const frame = app.frames[1];
    const { fileId } = frame.frameInfo;
    const profile = app.spectralProfiles.get(fileId)?.get(1)?.profiles.get('z')?.get(4);
    return {
      channel: frame.channel,
      statistics: Object.fromEntries((app.regionStats.get(fileId)?.get(1)?.get(0)?.statistics ?? []).map(({ statsType, value }) => [statsType, value])),
      spectrum: profile && { progress: profile.progress, values: [...profile.values ?? []] },
    };
  });
  const right = measure(pixelsIn(box, channel));
  check(right.n > 50, `the box has ${right.n} pixels there`);
  checkClose(statistics[0], right.n, 'number of pixels');
  checkClose(statistics[4], right.mean, 'mean');
  checkClose(statistics[6], right.sigma, 'deviation');
  checkClose(statistics[8], right.min, 'least');
  checkClose(statistics[9], right.max, 'most');
  check(spectrum, 'no spectrum');
  checkEqual(spectrum.progress, 1, 'progress');
  checkAllClose(spectrum.values, Array.from({ length: DEPTH }, (_, z) => measure(pixelsIn(box, z)).mean), 'spectrum');
});

const BOX = { centre: { x: 50.25, y: 33.25 }, size: { x: 21, y: 13 } };
const MOVED = { centre: { x: 58.25, y: 39.75 }, size: { x: 15, y: 9 } };

test('a box on the first, and its figures in the other', async () => {
  view = await View.open(browser, daemon.address());
  await view.get(() => app.appendFile('', 'first.fits', '', false, true));
  await view.awaitPicture();
  await view.applyLayout('Cube Analysis');
  await view.get(() => app.appendFile('', 'other.fits', '', false, true));
  await view.awaitImage(1);
  await view.get(({ centre, size }) => {
    const [first, second] = app.frames;
    app.setSpatialReference(first);
    app.setSpectralReference(first);
    app.setSpatialMatchingEnabled(second, true);
    app.setSpectralMatchingEnabled(second, true);
    const set = first.regionSet;
    set.selectSingleRegion(set.addExistingRegion([centre, size], 0, 3, set.getTempRegionId(), 'box', '#2EE6D6', 2, [], false));
    app.updateActiveImageByFrame(second);
  }, BOX);
  await view.until(() => app.frames[0].regionSet.regions[1]?.regionId === 1);
  await checkFigures(BOX);
  await view.screenshot('matched-figures');
});

test('they follow the region and the channel', async () => {
  await view.get(({ centre, size }) => app.frames[0].regionSet.regions[1].setControlPoints([centre, size]), MOVED);
  await checkFigures(MOVED);
  await view.setChannel(5);
  await checkFigures(MOVED);
});

test('killed, started again, Retry: they are back', async () => {
  await daemon.kill();
  await view.awaitLoss();
  await view.get(() => {
    app.regionStats.clear();
    app.spectralProfiles.clear();
  });
  await daemon.launch();
  view.errors.length = 0; // of the time when nobody was there
  await view.retry();
  await checkFigures(MOVED);
  await view.get(({ centre, size }) => app.frames[0].regionSet.regions[1].setControlPoints([centre, size]), BOX);
  await checkFigures(BOX);
  view.checkNoErrors();
});

await run(name => view?.explain(name));
