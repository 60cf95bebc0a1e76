// SPDX-License-Identifier: GPL-3.0-or-later
// Regions go out to files and come in again through the page, and a line has
// its profile.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { writeCube } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkAllClose, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

let cube, view;
const daemon = await Daemon.start({
  page,
  prepare: folder => {
    cube = writeCube(join(folder, 'first.fits'));
  },
});
atEnd(() => daemon.end());

const drawn = [
  { type: 1, points: [{ x: 10, y: 32 }, { x: 30, y: 32 }] },
  { type: 3, points: [{ x: 48, y: 32 }, { x: 20, y: 12 }], rotation: 15 },
  { type: 4, points: [{ x: 70, y: 20 }, { x: 6, y: 12 }], rotation: 40 },
  { type: 6, points: [{ x: 60, y: 45 }, { x: 80, y: 48 }, { x: 66, y: 60 }] },
  { type: 0, points: [{ x: 20, y: 50 }] },
  { type: 15, points: [{ x: 24, y: 10 }, { x: 30, y: 12 }], styles: { textLabel0: 'the “core”', fontSize: 18, fontStyle: 'Bold' } },
  { type: 16, points: [{ x: 84, y: 12 }, { x: 30, y: 30 }], styles: { textLabel0: 'N', textLabel1: 'E', length: 30 } },
];

/** All regions but the cursor: what is drawn, rounded to a hundredth. */
const regions = () => view.get(() => app.frames[0].regionSet.regions.slice(1).map(region => ({
  id: region.regionId,
  type: region.regionType,
  points: region.controlPoints.map(({ x, y }) => [x, y]),
  rotation: region.rotation,
  name: region.name,
  color: region.color.toUpperCase(),
  width: region.lineWidth,
  dash: region.dashLength ?? 0,
})));

function checkAlike(found, right) {
  checkEqual(found.map(({ type, name, color, width, dash }) => [type, name, color, width, dash]),
    right.map(({ type, name, color, width, dash }) => [type, name, color, width, dash]), 'kinds and styles');
  found.forEach((region, i) => {
    checkAllClose(region.points.flat(), right[i].points.flat(), `points of ${region.name}`, 1e-3);
    check(Math.abs(region.rotation - right[i].rotation) < 0.01, `rotation of ${region.name}: ${region.rotation}, not ${right[i].rotation}`);
  });
}

let before;

test('regions are drawn', async () => {
  view = await View.open(browser, daemon.address({ file: 'first.fits' }));
  await view.awaitPicture();
  await view.get(list => {
    const set = app.frames[0].regionSet;
    list.forEach(({ type, points, rotation, styles }, i) => set.addExistingRegion(points, rotation ?? 0, type,
      set.getTempRegionId(), `region ${i}`, `#${(0x3040a0 + i * 0x1a0b05).toString(16)}`, 1 + i, i % 2 ? [2] : [], false, styles));
  }, drawn);
  await view.until(n => app.frames[0].regionSet.regions.length === n + 1
    && app.frames[0].regionSet.regions.every(region => region.regionId >= 0), drawn.length);
  before = await regions();
  checkEqual(before.map(({ dash }) => dash), drawn.map((_, i) => (i % 2 ? 2 : 0)), 'dashes');
});

for (const [kind, type] of [['crtf', 1], ['reg', 2]])
  for (const [coordinates, code] of [['pixel', 0], ['world', 1]]) {
    const name = `${coordinates}.${kind}`;
    test(`they go out as ${name} and come in again`, async () => {
      await view.get(([file, fileType, coordType, n]) => app.exportRegions('', file, coordType, fileType,
        [...Array(n).keys()].map(i => i + 1)), [name, type, code, drawn.length]);
      const text = readFileSync(join(daemon.images, name), 'utf8');
      check(text.split('\n').length > drawn.length, `too few lines:\n${text}`);
      await view.get(([file, fileType]) => app.importRegion('', file, fileType), [name, type]);
      await view.until(n => app.frames[0].regionSet.regions.length === n + 1, 2 * drawn.length);
      const all = await regions();
      checkAlike(all.slice(drawn.length), before);
      await view.screenshot(`regions-${coordinates}-${kind}`);
      await view.get(n => {
        const set = app.frames[0].regionSet;
        set.regions.slice(n + 1).forEach(region => set.deleteRegion(region));
      }, drawn.length);
      await view.until(n => app.frames[0].regionSet.regions.length === n + 1, drawn.length);
    });
  }

test('an existing file is replaced only when the user agrees', async () => {
  const text = readFileSync(join(daemon.images, 'pixel.reg'), 'utf8');
  await view.get(async () => {
    try {
      await app.exportRegions('', 'pixel.reg', 0, 2, [1]);
    } catch {
      // the page asks
    }
  });
  checkEqual(readFileSync(join(daemon.images, 'pixel.reg'), 'utf8'), text, 'the file');
  await view.get(() => app.exportRegions('', 'pixel.reg', 0, 2, [1], true));
  check(readFileSync(join(daemon.images, 'pixel.reg'), 'utf8').length < text.length, 'the file is still the old one');
});

test('a line has a profile', async () => {
  const id = before[0].id;
  await view.get(region => {
    app.widgetsStore.createFloatingSpatialProfilerWidget();
    const widget = [...app.widgetsStore.spatialProfileWidgets.values()].at(-1);
    widget.setFileId(app.frames[0].frameInfo.fileId);
    widget.setRegionId(app.frames[0].frameInfo.fileId, region);
  }, id);
  const width = await view.get(() => [...app.widgetsStore.spatialProfileWidgets.values()].at(-1).lineRegionSettings?.width ?? 3);
  const right = [];
  for (let x = 30; x >= 10; x--) {
    const pixels = [];
    for (let y = 32 - (width - 1) / 2; y <= 32 + (width - 1) / 2; y++)
      pixels.push(cube.at(x, y));
    right.push(pixels.reduce((a, b) => a + b) / pixels.length);
  }
  await eventually(async () => {
    const found = await view.get(region => {
      const profile = [...app.spatialProfiles.get(`0-${region}`)?.profiles ?? []][0]?.[1];
      return profile ? { values: [...profile.values], unit: profile.lineAxis?.unit } : null;
    }, id);
    check(found, 'there is no profile');
    checkAllClose(found.values, right, 'profile', 1e-4);
    checkEqual(found.unit, 'arcsec', 'unit');
  });
  await view.screenshot('regions-line');
});

test('the page has nothing to complain about', async () => {
  view.checkNoErrors();
});

await run(name => view.explain(name));
