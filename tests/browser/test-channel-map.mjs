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

/** These are the channels of the map, and each panel has the bar where its
 * channel has it. */
async function checkPanels(channels) {
  await eventually(async () => {
    const bars = await findBars();
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

/** The page works on the first channel in sight, and has leafed nowhere. */
async function checkSettled(channels) {
  await view.until(first => app.activeFrame.channel === first && app.activeFrame.requiredChannel === first
    && app.activeFrame.renderConfig.histChannel === first, channels[0]);
  await checkPanels(channels);
  checkEqual(await view.get(() => window.starts), [channels[0]], 'first channels of the map');
}

/** Notes down from now on where the map begins. */
const watchStarts = () => view.get(() => {
  window.starts = [];
  clearInterval(window.startTimer);
  window.startTimer = setInterval(() => {
    const start = app.channelMapStore.startChannel;
    if (window.starts.at(-1) !== start)
      window.starts.push(start);
  }, 1);
});

test('the next page', async () => {
  await watch();
  await view.get(() => app.channelMapStore.setNextPage());
  await watchStarts();
  await checkSettled([14, 15, 16, 17, 18, 19]);
  checkEqual(await heard('histogram'), [14], 'channels whose histogram came');
  await view.screenshot('channel-map-next');
});

test('many pages in a hurry: what is not seen any more is left out', async () => {
  await view.get(async () => {
    for (const z of [2, 6, 12, 18, 22]) {
      app.channelMapStore.setStartChannel(z);
      await new Promise(resolve => setTimeout(resolve, 30));
    }
  });
  await watchStarts();
  await checkSettled([22, 23, 24, 25, 26, 27]);
});

test('page by page, each as soon as it is there', async () => {
  for (const z of [0, 6, 12, 18, 24]) {
    const channels = [0, 1, 2, 3, 4, 5].map(i => z + i);
    await view.get(start => app.channelMapStore.setStartChannel(start), z);
    await watchStarts();
    await checkPanels(channels);
    checkEqual(await view.get(() => window.starts), [z], 'first channels of the map');
  }
  await checkSettled([24, 25, 26, 27, 28, 29]);
});

test('a map of what plays fills panel by panel, and is whole when it has stopped', async () => {
  await view.get(() => {
    app.channelMapStore.setChannelMapEnabled(false);
    app.activeFrame.setChannel(3);
    app.animatorStore.setFrameRate(10);
    app.activeFrame.setAnimationRange([0, 29]);
  });
  await view.awaitPicture();
  await view.page.getByTestId('animator-play-stop-button').click();
  await view.until(() => app.activeFrame.channel >= 6);
  await view.get(() => app.channelMapStore.setChannelMapEnabled(true));
  const first = await view.get(() => app.channelMapStore.startChannel);
  await view.until(z => app.channelMapStore.startChannel > z, first);
  await view.screenshot('channel-map-playing');
  // the button is not to be had in a map; after some minutes the page does it itself
  await view.get(() => app.animatorStore.stopAnimation());
  await view.until(() => app.activeFrame.channel === app.activeFrame.requiredChannel);
  await checkPanels(await view.get(() => [...app.channelMapStore.channelArray]));
  await view.screenshot('channel-map-stopped');
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
