// SPDX-License-Identifier: GPL-3.0-or-later
// What the page asks the service to keep: preferences, layouts, snippets and
// workspaces.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { writeCube } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkClose, checkEqual, run, test } from './lib/tap.mjs';

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

const isDark = () => view.get(() => [app.preferenceStore.theme, app.isDarkTheme]);

test('a preference that is changed in the dialog is kept', async () => {
  view = await View.open(browser, daemon.address({ file: 'cube.fits' }));
  await view.awaitImage();
  checkEqual(await isDark(), ['auto', false], 'theme');
  await view.page.getByTestId('preference-dialog-button').click();
  const choice = view.page.locator('.bp6-dialog select').filter({ hasText: 'Dark' }).first();
  await choice.selectOption({ label: 'Dark' });
  await view.until(() => app.isDarkTheme);
  await eventually(async () => {
    const { preferences } = await daemon.api('GET', 'preferences');
    checkEqual([preferences.theme, preferences.telemetryMode], ['dark', 'none'], 'what the service keeps');
  });
});

test('it is there again in another window', async () => {
  await view.close();
  view = await View.open(browser, daemon.address({ file: 'cube.fits' }));
  await view.awaitImage();
  checkEqual(await isDark(), ['dark', true], 'theme');
  await view.screenshot('dark');
});

test('and after a crash', async () => {
  await daemon.kill();
  await view.awaitLoss();
  await daemon.launch();
  view.errors.length = 0;
  await view.reload();
  await view.awaitImage();
  checkEqual(await isDark(), ['dark', true], 'theme');
});

test('the file is one that a person can read', async () => {
  const preferences = JSON.parse(readFileSync(join(daemon.state, 'config', 'preferences.json'), 'utf8'));
  checkEqual(preferences.theme, 'dark', 'theme in the file');
});

test('a layout is saved, listed and applied', async () => {
  await view.applyLayout('Cube Analysis');
  await view.get(async () => {
    app.layoutStore.setLayoutToBeSaved('My own');
    await app.layoutStore.saveLayout();
  });
  await eventually(async () => checkEqual(Object.keys((await daemon.api('GET', 'layouts')).layouts), ['My own'], 'layouts kept'));
  await view.reload();
  await view.awaitImage();
  await view.until(() => app.layoutStore.userLayoutNames.includes('My own'));
  await view.applyLayout('My own');
  checkEqual(await view.get(() => app.widgetsStore.statsWidgets.size), 1, 'statistics widgets');
});

test('and deleted', async () => {
  const deleted = view.get(() => app.layoutStore.deleteLayout('My own'));
  await view.page.getByRole('button', { name: 'OK' }).click();
  await deleted;
  await eventually(async () => checkEqual(Object.keys((await daemon.api('GET', 'layouts')).layouts), [], 'layouts kept'));
});

test('a workspace brings the view back in a new window', async () => {
  await view.setChannel(3, 1);
  await view.get(() => {
    app.activeFrame.regionSet.addRectangularRegion({ x: 40, y: 30 }, 21, 11);
  });
  await view.until(() => app.activeFrame.regionSet.regions.some(region => region.regionId > 0));
  await view.get(() => app.saveWorkspace('Tonight'));
  const names = (await daemon.api('GET', 'list/workspaces')).workspaces.map(({ name }) => name);
  check(names.includes('Tonight'), `the workspaces are ${names}`);
  view.checkNoErrors();
  await view.close();

  view = await View.open(browser, daemon.address({ workspace: 'Tonight' }));
  await view.awaitImage();
  await view.until(() => app.activeFrame.channel === 3 && app.activeFrame.stokes === 1
    && app.activeFrame.regionSet.regions.some(region => region.regionId > 0));
  await view.awaitPicture();
  const found = await view.get(() => app.activeFrame.regionSet.regions.filter(region => region.regionId > 0)
    .map(({ controlPoints }) => controlPoints.map(({ x, y }) => [x, y])));
  checkEqual(found, [[[40, 30], [21, 11]]], 'regions');
  checkClose(await view.point(50, 40), cube.at(50, 40, 3, 1), 'value of the cursor');
  await view.screenshot('workspace');
  view.checkNoErrors();
});

await run(name => view.explain(name));
