// SPDX-License-Identifier: GPL-3.0-or-later
// The animator: fifty channels that follow each other, there and back, a second
// image beside them, and what is left when the connection goes in the middle.

import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { cubeCards, skyCards, writeFits } from './lib/fits.mjs';
import { Relay } from './lib/relay.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkClose, checkEqual, note, run, test } from './lib/tap.mjs';

const DEPTH = 50;
const RATE = 15;

const page = needPage();
const browser = await launchBrowser();

/** A bar that moves to the right, two pixels from channel to channel. */
const writeBar = (path, scale = 1) => writeFits(path, {
  shape: [160, 100, DEPTH, 2],
  cards: [...skyCards(160, 100), ...cubeCards()],
  value: (x, y, z, s) => scale * ((Math.abs(x - 20 - 2 * z) <= 3 ? 10 : 0) + y / 100 + s),
});

let cube, view;
const daemon = await Daemon.start({
  page,
  prepare: folder => {
    cube = writeBar(join(folder, 'bar.fits'));
    writeBar(join(folder, 'other.fits'), 2);
  },
});
atEnd(() => daemon.end());
const relay = await Relay.start(daemon.port);
atEnd(() => relay.end());

/** Notes down from now on which frames come, and which the page shows. */
const watch = () => view.get(() => {
  window.come = [];
  window.shown = [];
  window.listening?.unsubscribe();
  window.listening = app.backendService.rasterTileStream.subscribe(({ fileId, channel, stokes }) => {
    window.come.push({ fileId, channel, stokes });
  });
  window.watching?.unsubscribe();
  window.watching = app.tileService.tileStream.subscribe(({ fileId, channel, stokes, flush }) => {
    if (flush)
      window.shown.push({ fileId, channel, stokes, at: performance.now() });
  });
});

/** In the order in which they came: the page unpacks several at once, so that
 * a later one may overtake. */
const come = (n, fileId = 0) => view.get(([count, id]) => window.come.filter(frame => frame.fileId === id).slice(0, count), [n, fileId]);

const shown = (fileId = 0) => view.get(id => window.shown.filter(frame => frame.fileId === id), fileId);

const awaitShown = (n, fileId = 0) => view.until(([count, id]) => window.shown.filter(frame => frame.fileId === id).length >= count,
  [n, fileId]);

const press = () => view.page.getByTestId('animator-play-stop-button').click();

/** Where the bar is painted: what is white in a row. */
async function checkBarAt(z) {
  await eventually(async () => {
    const picture = await view.picture();
    const white = [];
    for (let x = 5; x < 155; x++)
      if ((await view.colour(x, 50, picture))[0] > 200)
        white.push(x);
    check(white.length >= 5, 'no bar is painted');
    const middle = (white[0] + white.at(-1)) / 2;
    check(Math.abs(middle - 20 - 2 * z) <= 1, `the bar is painted at ${middle}, but ${20 + 2 * z} is right`);
  });
}

test('a cube opens', async () => {
  view = await View.open(browser, daemon.address({ file: 'bar.fits' }, relay));
  await view.applyLayout('Cube View');
  await view.get(rate => {
    app.activeFrame.renderConfig.setColorMap('gray');
    app.animatorStore.setFrameRate(rate);
  }, RATE);
  await checkBarAt(0);
});

test('fifty channels follow each other', async () => {
  await watch();
  await press();
  await awaitShown(DEPTH + 10);
  checkEqual((await come(DEPTH)).map(({ channel }) => channel), Array.from({ length: DEPTH }, (_, i) => i), 'channels that came');
  const frames = await shown();
  checkEqual(new Set(frames.map(({ channel }) => channel)).size, DEPTH, 'channels that were shown');
  const seconds = (frames[DEPTH - 1].at - frames[0].at) / 1000;
  note(`${DEPTH} frames in ${seconds.toFixed(2)} s: ${((DEPTH - 1) / seconds).toFixed(1)} in a second, ${RATE} were asked for`);
  await view.screenshot('animation-running');
});

test('it stops at the channel that the page shows', async () => {
  await press();
  const channel = await view.until(() => app.tileService.remainingTiles === 0 && !app.animatorStore.isAnimationActive
    && app.activeFrame.channel === app.activeFrame.requiredChannel && { channel: app.activeFrame.channel });
  await view.awaitPicture();
  await checkBarAt(channel.channel);
  checkClose(await view.point(30, 20), cube.at(30, 20, channel.channel), 'value of the cursor');
  await view.screenshot('animation-stopped');
});

test('the view that is moved meanwhile is that of the frames that follow', async () => {
  await watch();
  await press();
  await awaitShown(5);
  await view.get(() => app.activeFrame.setZoom(app.activeFrame.zoomLevel / 2));
  const n = (await shown()).length;
  await awaitShown(n + 10);
  await press();
  await view.awaitPicture();
  await checkBarAt(await view.get(() => app.activeFrame.channel));
});

test('there and back', async () => {
  await view.setChannel(0);
  await view.get(() => {
    app.activeFrame.setAnimationRange([3, 7]);
    app.animatorStore.playMode = 2;
  });
  await watch();
  await press();
  await awaitShown(12);
  await press();
  await view.awaitPicture();
  checkEqual((await come(12)).map(({ channel }) => channel), [3, 4, 5, 6, 7, 6, 5, 4, 3, 4, 5, 6], 'channels that came');
  checkEqual([...new Set((await shown()).map(({ channel }) => channel))].sort(), [3, 4, 5, 6, 7], 'channels that were shown');
});

test('polarisations follow each other', async () => {
  await view.setChannel(9);
  await view.get(() => {
    app.animatorStore.setAnimationMode(1);
    app.animatorStore.playMode = 0;
  });
  await watch();
  await press();
  await awaitShown(4);
  await press();
  await view.awaitPicture();
  checkEqual((await come(2)).map(({ channel, stokes }) => [channel, stokes]), [[9, 0], [9, 1]], 'channels and polarisations');
});

test('another image moves along', async () => {
  await view.get(() => app.appendFile('', 'other.fits', ''));
  await view.awaitImage(1);
  await view.get(() => {
    app.setSpectralMatchingEnabled(app.frames[1], true);
    app.setActiveImageByIndex(0);
    app.animatorStore.setAnimationMode(0);
    app.activeFrame.setAnimationRange([0, 49]);
  });
  await watch();
  const active = await view.get(() => app.activeFrame.frameInfo.fileId);
  await press();
  await awaitShown(20, active);
  await view.screenshot('animation-matched');
  await press();
  await view.awaitImage(0);
  await view.awaitImage(1);
  await view.until(() => app.frames[0].channel === app.frames[1].channel);
});

test('the connection goes in the middle, and all is well after it', async () => {
  await watch();
  const active = await view.get(() => app.activeFrame.frameInfo.fileId);
  await press();
  await awaitShown(8, active);
  relay.cut();
  await view.awaitLoss();
  await view.retry();
  await view.awaitImage(0);
  const [channel, stokes] = await view.get(() => [app.activeFrame.channel, app.activeFrame.stokes]);
  checkClose(await view.point(40, 30), cube.at(40, 30, channel, stokes), 'value of the cursor');
  await watch();
  await press();
  await awaitShown(8, active);
  await press();
  await view.screenshot('animation-resumed');
});

/** As a program on the same bus does. */
const chooseChannel = (z, fileId) => view.get(() => app.backendService.sessionId)
  .then(id => daemon.ask('gdbus', 'call', '--session', '--dest', 'io.github.almucantar.Almucantar',
    '--object-path', `/io/github/almucantar/Almucantar/sessions/${id}/files/${fileId}`,
    '--method', 'io.github.almucantar.Almucantar.File1.SetChannel', String(z), '0'));

test('somebody else chooses a channel: it no longer plays, and shows that one', async () => {
  if (await daemon.startBus() === null)
    return note('no dbus-daemon');
  await daemon.kill();
  await view.awaitLoss();
  await daemon.launch();
  await view.retry();
  const active = await view.get(() => app.activeFrame.frameInfo.fileId);
  await watch();
  await press();
  await awaitShown(8, active);
  await chooseChannel(33, active);
  await view.until(() => !app.animatorStore.isAnimationActive && app.activeFrame.channel === 33 && app.activeFrame.requiredChannel === 33
    && app.tileService.remainingTiles === 0);
  await view.awaitPicture();
  await checkBarAt(33);
  checkClose(await view.point(40, 30), cube.at(40, 30, 33), 'value of the cursor');
  // the image that moves along is there, too
  await view.until(() => app.frames[1].channel === 33);
  await view.screenshot('animation-overruled');

  // and where nothing plays
  await chooseChannel(5, active);
  await view.until(() => app.activeFrame.channel === 5 && app.tileService.remainingTiles === 0);
  await view.awaitPicture();
  await checkBarAt(5);
});

test('the page has nothing to complain about', async () => {
  view.checkNoErrors(/ERR_CONNECTION|WebSocket|net::/);
});

await run(name => view.explain(name));
