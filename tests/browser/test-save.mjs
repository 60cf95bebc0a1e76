// SPDX-License-Identifier: GPL-3.0-or-later
// A part of an image is saved in the page's own dialog, and opened beside it;
// an HDF5 image is opened, too.

import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { writeCube } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkClose, checkEqual, note, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();
const hdf5 = join(process.env.ALMU_SHARED_DATA ?? '', 'hdf5', 'M17_SWex_unit.hdf5');

let cube, view;
const daemon = await Daemon.start({
  page,
  prepare: folder => {
    cube = writeCube(join(folder, 'cube.fits'));
    if (existsSync(hdf5))
      copyFileSync(hdf5, join(folder, 'idia.hdf5'));
  },
});
atEnd(() => daemon.end());

const SAVE_FILE_MODE = 1;
const FITS = 3;

/** Fills in the dialog and presses its button. */
async function save(name, region) {
  await view.get(mode => app.fileBrowserStore.showFileBrowser(mode), SAVE_FILE_MODE);
  await view.until(() => app.fileBrowserStore.fileList?.directory !== undefined && !app.fileBrowserStore.isLoading);
  await view.get(([filename, id, type]) => {
    const store = app.fileBrowserStore;
    store.setSaveFilename(filename);
    store.setSaveFileType(type);
    store.setSaveRegionId(id);
  }, [name, region, FITS]);
  await view.page.getByRole('button', { name: 'Save', exact: true }).click();
}

test('a region of a cube is saved', async () => {
  view = await View.open(browser, daemon.address({ file: 'cube.fits' }));
  await view.awaitPicture();
  await view.get(() => {
    app.activeFrame.regionSet.addRectangularRegion({ x: 40, y: 30 }, 21, 11);
  });
  await view.until(() => app.activeFrame.regionSet.regions.some(region => region.regionId > 0));
  await save('part.fits', 1);
  await eventually(() => check(readdirSync(daemon.images).includes('part.fits'), 'there is no file part.fits'));
  await view.screenshot('save-dialog');
});

test('it is opened beside the cube', async () => {
  await view.get(() => app.fileBrowserStore.hideFileBrowser());
  await view.get(() => app.appendFile('', 'part.fits', ''));
  await view.awaitImage(1);
  const found = await view.get(() => {
    const { width, height, depth, stokes } = app.frames[1].frameInfo.fileInfoExtended;
    return [width, height, depth, stokes];
  });
  checkEqual(found, [21, 11, 8, 3], 'shape');
  // the same place has the same coordinates
  const places = await view.get(() => {
    const coordinates = (frame, x, y) => {
      const { infoWCS } = frame.getCursorInfo({ x, y });
      return [infoWCS.x, infoWCS.y];
    };
    return [coordinates(app.frames[0], 35, 29), coordinates(app.frames[1], 5, 4)];
  });
  checkEqual(places[1], places[0], 'coordinates');
  await view.screenshot('save-part');
});

test('its pixels are where they were', async () => {
  const other = await View.open(browser, daemon.address({ file: 'part.fits' }));
  await other.awaitPicture();
  checkClose(await other.point(5, 4), cube.at(35, 29), 'value in the part');
  await other.setChannel(3);
  checkClose(await other.cursorValue(5, 4), cube.at(35, 29, 3), 'value in another channel');
  await other.screenshot('save-part-alone');
  await other.close();
});

test('the page asks before a file is replaced', async () => {
  await view.get(() => app.setActiveImageByIndex(0));
  await save('part.fits', 0);
  await view.page.getByText(/overwrite/i).first().waitFor();
  await view.screenshot('save-overwrite');
  await view.page.keyboard.press('Escape');
  await view.get(() => app.fileBrowserStore.hideFileBrowser());
});

test('an HDF5 image is shown', async () => {
  if (!existsSync(hdf5)) {
    note('no shared data');
    return;
  }
  view = await View.open(browser, daemon.address({ file: 'idia.hdf5' }));
  await view.awaitPicture();
  await view.applyLayout('Cube View');
  const found = await view.get(() => {
    const { width, height, depth, stokes } = app.activeFrame.frameInfo.fileInfoExtended;
    return [width, height, depth, stokes, app.activeFrame.frameInfo.fileFeatureFlags];
  });
  checkEqual(found, [6, 6, 5, 1, 1 + 2 + 4], 'shape and features');
  // as in the FITS file it was made from
  checkClose(await view.point(2, 3), 0.012838898226618767, 'value of the cursor');
  await view.screenshot('hdf5');
});

await run(name => view.explain(name));
