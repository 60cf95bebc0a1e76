// SPDX-License-Identifier: GPL-3.0-or-later
// Channels beside each other, as pages from 6.0 show them.

import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { cubeCards, skyCards, writeFits } from './lib/fits.mjs';
import { View, eventually, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkClose, checkEqual, run, test } from './lib/tap.mjs';

const DEPTH = 30;
const WIDTH = 160;

const page = needPage();
const browser = await launchBrowser();

let cube, view;
const daemon = await Daemon.start({
  page,
  prepare: folder => {
    // a bar that moves to the right, five pixels from channel to channel
    cube = writeFits(join(folder, 'bar.fits'), {
      shape: [WIDTH, 100, DEPTH, 1],
      cards: [...skyCards(WIDTH, 100), ...cubeCards()],
      value: (x, y, z) => (Math.abs(x - 5 - 5 * z) <= 4 ? 10 + z : 0) + y / 100,
    });
  },
});
atEnd(() => daemon.end());

/** Notes down from now on what comes of which channel. */
const watch = () => view.get(() => {
  window.log = [];
  window.watching?.forEach(each => each.unsubscribe());
  const { backendService } = app;
  window.watching = [
    backendService.histogramStream.subscribe(e => window.log.push(['histogram', e.channel])),
    backendService.rasterSyncStream.subscribe(e => window.log.push([e.endSync ? 'end' : 'begin', e.channel])),
    backendService.rasterTileStream.subscribe(e => window.log.push(['tile', e.channel])),
  ];
});

const heard = kind => view.get(what => window.log.filter(([each]) => each === what).map(([, channel]) => channel), kind);

/** Where the bar is painted in each panel, in pixels of the image. */
async function findBars() {
  const picture = await view.picture();
  const map = await view.get(() => {
    const { channelMapStore: { numColumns, numRows, channelArray }, activeFrame, pixelRatio } = app;
    const { xMin, xMax, yMin, yMax } = activeFrame.requiredFrameView;
    return {
      numColumns, numRows, channels: [...channelArray], xMin, xMax, yMin, yMax,
      width: activeFrame.renderWidth * pixelRatio, height: activeFrame.renderHeight * pixelRatio,
    };
  });
  const step = (whole, part, n) => (n > 1 ? (whole - part) / (n - 1) : 0);
  const [right, down] = [step(picture.width, map.width, map.numColumns), step(picture.height, map.height, map.numRows)];
  const y = (map.yMax - 50) / (map.yMax - map.yMin) * map.height;
  return map.channels.map((channel, i) => {
    const [left, top] = [i % map.numColumns * right, Math.floor(i / map.numColumns) * down];
    const white = [];
    for (let x = 1; x < WIDTH - 1; x++) {
      const at = (x - map.xMin) / (map.xMax - map.xMin) * map.width;
      if (at >= 2 && at < map.width - 2 && picture.at(Math.floor(left + at), Math.floor(top + y))[0] > 150)
        white.push(x);
    }
    return { channel, from: white[0], to: white.at(-1) };
  });
}

/** Each panel has the bar where its channel has it; @channels may be null. */
async function checkPanels(channels) {
  await eventually(async () => {
    const bars = await findBars();
    if (channels !== null)
      checkEqual(bars.map(({ channel }) => channel), channels, 'channels in the map');
    for (const { channel, from, to } of bars) {
      check(from !== undefined, `no bar is painted in the panel of channel ${channel}`);
      const middle = (from + to) / 2;
      check(Math.abs(middle - 5 - 5 * channel) <= 2, `the bar of channel ${channel} is painted at ${middle}, but ${5 + 5 * channel} is right`);
    }
    checkEqual(await view.get(() => app.tileService.remainingTiles), 0, 'tiles that are missing');
  });
}

test('a cube opens', async () => {
  view = await View.open(browser, daemon.address({ file: 'bar.fits' }));
  await view.applyLayout('Cube View');
  await view.setChannel(9);
  await view.get(() => {
    app.activeFrame.renderConfig.setColorMap('gray');
  });
});

test('six channels beside each other', async () => {
  await watch();
  await view.get(() => {
    app.channelMapStore.setNumColumns(3);
    app.channelMapStore.setNumRows(2);
    app.channelMapStore.setStartChannel(8);
    app.channelMapStore.setChannelMapEnabled(true);
    app.activeFrame.fitZoom();
  });
  await checkPanels([8, 9, 10, 11, 12, 13]);
  const ends = await heard('end');
  for (const z of [8, 10, 11, 12, 13])
    check(ends.includes(z), `channel ${z} has not come: ${ends}`);
  await view.screenshot('channel-map');
});

test('the contrast is that of the channel that is worked on', async () => {
  const brightest = Math.max(...cube.plane(9).filter(value => !Number.isNaN(value)));
  await eventually(async () => {
    const found = await view.get(() => [app.activeFrame.channel, app.activeFrame.renderConfig.histChannel, app.activeFrame.renderConfig.scaleMaxVal]);
    checkEqual(found.slice(0, 2), [9, 9], 'channel and channel of the histogram');
    checkClose(found[2], brightest, 'upper limit', 0.05);
  });
});

test('another channel is worked on', async () => {
  await watch();
  await view.get(() => app.activeFrame.setChannel(12));
  await view.until(() => app.activeFrame.channel === 12 && app.activeFrame.renderConfig.histChannel === 12);
  checkEqual(await heard('tile'), [], 'tiles that came again');
});

test('the next page', async () => {
  await view.get(() => app.channelMapStore.setNextPage());
  // on a busy machine the page leafs on by itself, see below
  await checkPanels(null);
  await view.screenshot('channel-map-next');
});

test('many pages in a hurry: what is not seen any more is left out', async () => {
  await view.get(async () => {
    for (const z of [2, 6, 12, 18, 22]) {
      app.channelMapStore.setStartChannel(z);
      await new Promise(resolve => setTimeout(resolve, 30));
    }
  });
  // the page leafs to the channel whose histogram comes last, be it out of sight
  await checkPanels(null);
  await view.get(() => app.channelMapStore.setStartChannel(20));
  await checkPanels([20, 21, 22, 23, 24, 25]);
  // a little later the page works on a channel that is in sight
  await view.until(() => app.activeFrame.channel === app.activeFrame.requiredChannel
    && app.channelMapStore.channelArray.includes(app.activeFrame.channel));
});

test('one channel again', async () => {
  await view.get(() => {
    app.channelMapStore.setChannelMapEnabled(false);
  });
  await view.setChannel(5);
  await view.awaitPicture();
  checkClose(await view.point(30, 40), cube.at(30, 40, 5), 'value of the cursor');
});

test('the page has nothing to complain about', async () => {
  view.checkNoErrors();
});

await run(name => view.explain(name));
