// SPDX-License-Identifier: GPL-3.0-or-later
// Images that are matched and annotations of every kind come back as they
// were, to a page that was started again.

import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { writeCube } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkEqual, note, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

let view, sessionId, before, picture;
const daemon = await Daemon.start({
  page,
  args: ['--restore', 'ask'],
  prepare: folder => {
    writeCube(join(folder, 'first.fits'));
    writeCube(join(folder, 'second.fits'), [64, 48, 8, 3]);
    writeCube(join(folder, 'third.fits'), [48, 48, 8, 3]);
  },
});
atEnd(() => daemon.end());

/** One of each kind of annotation that has a style of its own, and others. */
const annotations = [
  { type: 7, points: [{ x: 20, y: 20 }], styles: { pointShape: 4, pointWidth: 11 } },
  { type: 13, points: [{ x: 30, y: 10 }, { x: 50, y: 25 }], styles: { pointerWidth: 14, pointerLength: 18 } },
  { type: 15, points: [{ x: 60, y: 40 }, { x: 30, y: 12 }], styles: { textLabel0: 'a “core”\n& <jet>', fontSize: 26, fontStyle: 'Bold', font: 'Times', textPosition: 3 } },
  {
    type: 16, points: [{ x: 14, y: 44 }, { x: 70, y: 70 }], styles: {
      textLabel0: 'Nord', textLabel1: 'Ost', isNorthArrow: false, isEastArrow: true, fontSize: 18, fontStyle: 'Italic', font: 'Courier',
      northTextOffset: { x: 3, y: -2 }, eastTextOffset: { x: -4, y: 5 }, pointerWidth: 6, pointerLength: 9, length: 70,
    },
  },
  {
    type: 14, points: [{ x: 40, y: 50 }, { x: 70, y: 55 }], styles: {
      fontSize: 15, fontStyle: 'Bold', font: 'Courier', auxiliaryLineVisible: true, auxiliaryLineDashLength: 5, auxiliaryTextVisible: true,
      textOffset: { x: 2, y: 3 }, xTextOffset: { x: 1, y: -1 }, yTextOffset: { x: -3, y: 2 },
    },
  },
  { type: 10, points: [{ x: 75, y: 15 }, { x: 12, y: 8 }], rotation: 30 },
  { type: 3, points: [{ x: 48, y: 32 }, { x: 20, y: 12 }], rotation: 15 },
];

/** All that has to come back. */
const look = () => view.get(() => {
  const plain = value => JSON.parse(JSON.stringify(value ?? null));
  const nameOf = frame => frame?.frameInfo.fileInfo.name ?? null;
  return {
    active: nameOf(app.activeFrame),
    references: [app.spatialReference, app.spectralReference, app.rasterScalingReference].map(nameOf),
    frames: app.frames.map(frame => ({
      name: nameOf(frame),
      spatial: nameOf(frame.spatialReference),
      spectral: nameOf(frame.spectralReference),
      raster: nameOf(frame.rasterScalingReference),
      zoom: frame.spatialReference ? null : frame.zoomLevel,
      colorMap: frame.renderConfig.colorMap,
      scaling: frame.renderConfig.scaling,
    })),
    regions: (app.frames[0]?.regionSet.regions.slice(1) ?? []).map(region => plain({
      type: region.regionType, points: region.controlPoints, rotation: region.rotation, name: region.name, color: region.color,
      lineWidth: region.lineWidth, dash: region.dashLength, locked: region.isLocked ?? region.locked, styles: region.getAnnotationStyles?.(),
    })),
  };
});

const workspace = async id =>
  (await (await daemon.fetch(`/api/database/workspace/Session%20${id}`)).json()).workspace;

const answer = async name => {
  await view.page.getByText('Resume your last session?').waitFor();
  await view.page.getByRole('button', { name, exact: true }).last().click();
};

/** The page as it is painted, without what moves. */
const screen = async name => {
  await view.awaitPicture();
  await view.page.mouse.move(5, 5);
  await view.screenshot(`matched-${name}`);
  return view.picture();
};

test('three images are matched, and annotated', async () => {
  view = await View.open(browser, daemon.address({ file: 'first.fits' }));
  await view.awaitPicture();
  await view.get(async () => {
    await app.appendFile('', 'second.fits', '', false, true);
    await app.appendFile('', 'third.fits', '', false, true);
  });
  await view.awaitImage(1);
  await view.awaitImage(2);
  await view.get(list => {
    const [first, second, third] = app.frames;
    app.setSpatialReference(first);
    app.setSpectralReference(first);
    app.setRasterScalingReference(second);
    app.setSpatialMatchingEnabled(second, true);
    app.setSpectralMatchingEnabled(second, true);
    app.setRasterScalingMatchingEnabled(third, true);
    first.setZoom(5);
    second.renderConfig.setColorMap('magma');
    list.forEach(({ type, points, rotation, styles }, i) => {
      const region = first.regionSet.addExistingRegion(points, rotation ?? 0, type, first.regionSet.getTempRegionId(), `region ${i}`,
        `#${(0x3040a0 + i * 0x1a0b05).toString(16)}`, 1 + i, [i], false, styles);
      region?.setLocked(i === 1);
    });
  }, annotations);
  await view.until(n => app.frames[0].regionSet.regions.length === n + 1
    && app.frames[0].regionSet.regions.every(region => region.regionId >= 0), annotations.length);
  await view.get(() => { app.updateActiveImageByFrame(app.frames[1]); });
  await view.until(() => app.activeFrame.frameInfo.fileId === 1);
  before = await look();
  checkEqual(before.frames.map(({ spatial, spectral, raster }) => [spatial, spectral, raster]),
    [[null, null, null], ['first.fits', 'first.fits', null], [null, null, 'second.fits']], 'who follows whom');
  checkEqual(before.regions[2].styles.textLabel0, annotations[2].styles.textLabel0, 'the text of an annotation');
  sessionId = await view.get(() => app.backendService.sessionId);
});

test('the service learns all of it', async () => {
  await eventually(async () => {
    const kept = await workspace(sessionId);
    checkEqual(kept.references, { spatial: 0, spectral: 0, raster: 1 }, 'references');
    checkEqual(kept.files.map(file => file.references ?? null), [null, { spatial: 0, spectral: 0 }, { raster: 1 }], 'references of files');
    checkEqual(kept.selectedFile, 1, 'the file in front');
    const regions = kept.files[0].regionsSet.regions;
    checkEqual(regions.map(({ name, color }) => [name, color]), before.regions.map(({ name, color }) => [name, color]), 'names and colours');
    checkEqual(regions.map(({ annotationStyles }) => annotationStyles ?? null), before.regions.map(({ styles }) => styles ?? null), 'styles');
  });
  view.checkNoErrors();
});

/** What is acknowledged is written down before, and with it all the rest. */
const settle = async x => {
  await view.get(to => {
    app.frames[0].regionSet.regions.at(-1).setCenter({ x: to, y: 32 });
  }, x);
  await eventually(async () =>
    checkEqual((await workspace(sessionId)).files[0].regionsSet.regions.at(-1).points[0].x, x, 'the place that is kept'));
  before = await look();
  picture = await screen('before');
};

test('after a crash of everything it is on the screen again', async () => {
  await settle(47);
  await daemon.kill();
  await view.awaitLoss();
  await daemon.launch();
  await view.goto(daemon.address());
  await answer('OK');
  await eventually(async () => checkEqual(await look(), before, 'the view'));
  const after = await screen('after');
  await eventually(async () => {
    const n = (await view.picture()).countDifferences(picture, 8);
    check(n <= after.width * after.height / 1000, `${n} pixels of the picture have changed`);
  });
  view.errors.length = 0;
});

test('and once more from the list of sessions', async () => {
  sessionId = await view.get(() => app.backendService.sessionId);
  await eventually(async () => checkEqual((await workspace(sessionId)).references, { spatial: 0, spectral: 0, raster: 1 }, 'references'));
  await settle(46);
  await daemon.kill();
  await daemon.launch();
  const html = await (await daemon.fetch('/sessions')).text();
  check(html.includes('first.fits'), 'the file is not in the list');
  await view.goto(daemon.address({ workspace: `Session ${sessionId}` }));
  await eventually(async () => checkEqual(await look(), before, 'the view'));
  view.errors.length = 0;
});

const checkAgain = async (way, address) => {
  await view.goto(address.trim());
  await eventually(async () => checkEqual(await look(), before, `the view by ${way}`));
  await eventually(async () => {
    const after = await screen(way);
    const n = after.countDifferences(picture, 8);
    check(n <= after.width * after.height / 1000, `${n} pixels of the picture have changed`);
  });
  view.errors.length = 0;
  sessionId = await view.get(() => app.backendService.sessionId);
  await eventually(async () => checkEqual((await workspace(sessionId)).references, { spatial: 0, spectral: 0, raster: 1 }, 'references'));
};

test('and by the command line, and by the bus', async () => {
  sessionId = await view.get(() => app.backendService.sessionId);
  await eventually(async () => checkEqual((await workspace(sessionId)).references, { spatial: 0, spectral: 0, raster: 1 }, 'references'));
  if (await daemon.startBus() === null)
    return note('no dbus-daemon');
  await settle(45);
  await daemon.kill();
  await daemon.launch();
  await checkAgain('command', daemon.ask(process.env.ALMUCANTAR, 'resume', '--no-browser', String(sessionId)));

  await settle(44);
  await daemon.kill();
  await daemon.launch();
  const reply = daemon.ask('gdbus', 'call', '--session', '--dest', 'io.github.almucantar.Almucantar',
    '--object-path', '/io/github/almucantar/Almucantar',
    '--method', 'io.github.almucantar.Almucantar.Manager1.Resume', String(sessionId));
  await checkAgain('bus', /'(.*)'/.exec(reply)[1]);
});

await run(name => view?.explain(name));
