// SPDX-License-Identifier: GPL-3.0-or-later
// Debian's chromium and the unmodified page in it. What is awaited is the
// page's own state (window.app is its store of all others), never time.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { Picture } from './png.mjs';
import { Failure, atEnd, check, checkEqual, note, skipAll } from './tap.mjs';

const CHROMIUM = '/usr/bin/chromium';
const PATIENCE = 60000;

// Software rendering, and nothing but this computer can be reached.
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
];

/** The folder of the page, or the whole program is skipped. */
export function needPage(name = 'ALMU_PAGE') {
  const folder = process.env[name];
  if (!folder || !existsSync(join(folder, 'index.html')))
    skipAll(`no page: ${name} is not the folder of one; build-aux/check fetches it`);
  if (!process.env.ALMUCANTARD)
    skipAll('ALMUCANTARD does not name the program');
  return folder;
}

export async function launchBrowser() {
  if (!existsSync(CHROMIUM))
    skipAll(`no browser: ${CHROMIUM} is not there`);
  let chromium;
  try {
    ({ chromium } = await import('playwright-core'));
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND')
      throw error;
    skipAll('no browser driver: playwright-core is not installed; build-aux/check does it');
  }
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ARGUMENTS });
  atEnd(() => browser.close());
  return browser;
}

/** What a page asks of other hosts: a name for its reports, which it then does
 * not send, and what there is that is new: nothing. */
const standIn = context => context.route(asked => asked.hostname !== '127.0.0.1', route => {
  const token = ['{}', '{"uuid":"00000000-0000-4000-8000-000000000000"}', 'x'].map(part => Buffer.from(part).toString('base64url')).join('.');
  const isToken = new URL(route.request().url()).pathname === '/api/token';
  return route.fulfill({ contentType: 'application/json', body: isToken ? JSON.stringify({ token }) : '[]' });
});

/** A browser with a memory of its own on disk, which may be killed and started
 * again. Needs to have been asked by launchBrowser() whether there is one. */
export class OwnBrowser {
  static async start(folder) {
    const { chromium } = await import('playwright-core');
    const self = new OwnBrowser();
    self.folder = folder;
    self.process = spawn(CHROMIUM, [...ARGUMENTS, '--headless=new', '--remote-debugging-port=0', '--hide-scrollbars',
      '--force-device-scale-factor=1', `--user-data-dir=${folder}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const { process: child } = self;
    process.once('exit', () => child.kill('SIGKILL'));
    self.ended = new Promise(resolve => child.once('exit', resolve));
    const address = await new Promise((resolve, reject) => {
      createInterface(child.stderr).on('line', line => {
        const found = /DevTools listening on (ws:.*)/.exec(line);
        if (found)
          resolve(found[1]);
      });
      self.ended.then(() => reject(new Error('The browser ended')));
    });
    self.browser = await chromium.connectOverCDP(address);
    return self;
  }

  /** Its user's window, as View.open() has windows of nobody. */
  async open(url) {
    const [context] = this.browser.contexts();
    await standIn(context);
    const page = await context.newPage();
    await page.setViewportSize({ width: 1400, height: 900 });
    const view = new View(page);
    await view.goto(url);
    return view;
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.ended;
  }
}

/** Tries @body until it does not fail. For what is drawn: the page does not
 * say when it has. */
export async function eventually(body, patience = PATIENCE / 2) {
  const end = Date.now() + patience;
  for (;;) {
    try {
      return await body();
    } catch (error) {
      if (!(error instanceof Failure) || Date.now() > end)
        throw error;
    }
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

export class View {
  /** A browser window of its own, with nothing remembered, at @url. */
  static async open(browser, url) {
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    await standIn(context);
    const self = new View(await context.newPage());
    await self.goto(url);
    return self;
  }

  constructor(page) {
    this.page = page;
    this.errors = [];
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', error => this.errors.push(`uncaught: ${error.message}`));
    page.on('console', message => {
      if (message.type() === 'error')
        this.errors.push(`${message.text()} (${message.location().url})`);
    });
    page.on('response', answer => {
      if (answer.status() >= 400)
        this.errors.push(`${answer.status()} ${answer.url()}`);
    });
  }

  async goto(url) {
    await this.page.goto(url);
    await this.awaitConnected();
  }

  async reload() {
    await this.page.reload();
    await this.awaitConnected();
  }

  /** Closes the window as its user would: the page can say good-bye. */
  async close() {
    await this.page.close({ runBeforeUnload: true });
    await this.page.context().close();
  }

  /** The value of a function in the page. */
  get(body, argument) {
    return this.page.evaluate(body, argument);
  }

  /** Waits until a function in the page gives something true. */
  async until(body, argument) {
    const handle = await this.page.waitForFunction(body, argument);
    return handle.jsonValue();
  }

  /** Connected, registered, and through with its start. */
  async awaitConnected() {
    await this.until(() => window.app?.backendService?.connectionStatus === 2 && app.backendService.sessionId > 0
      && app.layoutStore.layouts !== undefined && !app.isSplashScreenVisible && !document.querySelector('.splash-screen')
      && app.appContainer !== undefined);
  }

  /** The connection is gone and the page asks whether to try again. */
  async awaitLoss() {
    await this.until(() => app.backendService.connectionStatus !== 2);
    await this.page.getByRole('button', { name: 'Retry' }).waitFor();
  }

  /** Presses Retry and waits until the page has resumed its session. */
  async retry() {
    await this.page.getByRole('button', { name: 'Retry' }).click();
    // each name as in 6.0.0 and as in 4.1.0
    await this.until(() => app.backendService.connectionStatus === 2 && !document.querySelector('.splash-screen')
      && !(app.isResumingSession ?? app.resumingSession)
      && !(app.backendService.hasConnectionDropped ?? app.backendService.connectionDropped)
      && !(app.alertStore.isAlertVisible ?? app.alertStore.alertVisible));
  }

  /** The file number @index is open, has its contrast, and no tile is missing.
   * An image that comes before the page has laid itself out is fitted to a view
   * of no size, and is too small to be seen: it is fitted again. */
  async awaitImage(index = 0) {
    await this.until(i => app.frames.length > i && app.frames[i].renderConfig.histogram?.bins?.length > 0
      && app.tileService.remainingTiles === 0 && app.frames[i].renderWidth > 0, index);
    await this.get(i => {
      const frame = app.frames[i];
      if (frame.zoomLevel < frame.zoomLevelForFit / 20)
        frame.fitZoom();
    }, index);
  }

  /** The picture as the page has painted it, without what lies over it. There is
   * none while the page lays itself out anew. */
  async picture() {
    const url = await this.until(() => document.querySelector('.raster-canvas')?.toDataURL('image/png'));
    return new Picture(Buffer.from(url.slice(url.indexOf(',') + 1), 'base64'));
  }

  /** Waits until no tile is missing and the picture has stopped changing. */
  async awaitPicture() {
    await this.awaitImage();
    let last = await this.picture();
    return eventually(async () => {
      await this.until(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(() => resolve(true)))));
      const next = await this.picture();
      const n = next.countDifferences(last, 0);
      last = next;
      check(n === 0 && await this.get(() => app.tileService.remainingTiles === 0), 'the picture keeps changing');
      return last;
    });
  }

  /** Where a pixel of the image is: in the canvas and in the window. */
  async place(x, y) {
    return this.until(([px, py]) => {
      const canvas = document.querySelector('.raster-canvas');
      if (!canvas)
        return false;
      const box = canvas.getBoundingClientRect();
      const { xMin, xMax, yMin, yMax } = app.activeFrame.requiredFrameView;
      const [right, down] = [(px - xMin) / (xMax - xMin), (yMax - py) / (yMax - yMin)];
      return {
        canvas: { x: Math.floor(right * canvas.width), y: Math.floor(down * canvas.height) },
        window: { x: box.x + right * box.width, y: box.y + down * box.height },
      };
    }, [x, y]);
  }

  /** The colour at a pixel of the image. */
  async colour(x, y, picture = null) {
    const { canvas } = await this.place(x, y);
    return (picture ?? await this.picture()).at(canvas.x, canvas.y);
  }

  /** Moves the mouse onto a pixel and waits for the value that the service
   * tells of it. The page takes no notice of a mouse while it is busy: it is
   * moved until the page has seen it, and the service has to answer that. */
  async point(x, y) {
    await eventually(async () => {
      const { window: at } = await this.place(x, y);
      await this.page.mouse.move(at.x + 3, at.y + 3);
      await this.page.mouse.move(at.x, at.y);
      const seen = await this.get(() => {
        const image = app.activeFrame.cursorInfo?.posImageSpace;
        return image && [Math.round(image.x), Math.round(image.y)];
      });
      checkEqual(seen, [x, y], 'the pixel that the page sees the mouse at');
    });
    return this.cursorValue(x, y);
  }

  /** The value at the cursor once it stands at a pixel and is up to date. */
  async cursorValue(x, y) {
    await this.until(([px, py]) => {
      const { cursorInfo, cursorValue } = app.activeFrame;
      const image = cursorInfo?.posImageSpace;
      return image && Math.round(image.x) === px && Math.round(image.y) === py
        && Math.round(cursorValue.position.x) === px && Math.round(cursorValue.position.y) === py
        && cursorValue.channel === app.activeFrame.channel;
    }, [x, y]);
    return this.get(() => app.activeFrame.cursorValue.value);
  }

  async setChannel(channel, stokes = 0) {
    await this.get(([z, s]) => app.activeFrame.setChannels(z, s, true), [channel, stokes]);
    await this.until(([z, s]) => app.activeFrame.channel === z && app.activeFrame.stokes === s
      && app.tileService.remainingTiles === 0, [channel, stokes]);
  }

  /** One of the page's own layouts, or of the user's. The page fits an image to
   * its place as soon as it has one: to no place at all while it moves. */
  async applyLayout(name) {
    await this.awaitPicture();
    await this.get(layout => app.layoutStore.applyLayout(layout), name);
    await this.until(layout => {
      const canvas = document.querySelector('.raster-canvas');
      return app.layoutStore.currentLayoutName === layout && canvas
        && Math.abs(canvas.getBoundingClientRect().width - app.activeFrame.renderWidth) < 2;
    }, name);
    await this.get(() => {
      app.activeFrame.fitZoom();
    });
    await this.awaitPicture();
  }

  /** The image with all that lies over it, as it is on the screen: the pictures
   * on canvases are there only while they are put together. */
  async seen(name = null) {
    await this.page.mouse.move(5, 5);
    const clip = await this.until(() => {
      const canvas = document.querySelector('.raster-canvas');
      if (!canvas)
        return false;
      const { x, y, width, height } = canvas.getBoundingClientRect();
      return { x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) };
    });
    if (name !== null)
      await this.screenshot(name);
    // a window of the page that floats over the image is not part of it
    return new Picture(await this.page.screenshot({ clip, scale: 'css', style: '.floating-widget { visibility: hidden !important; }' }));
  }

  /** What the page shows beside the picture, by name, for the documents of a run. */
  async screenshot(name) {
    const folder = process.env.ALMU_SCREENSHOTS;
    if (folder)
      await this.page.screenshot({ path: join(folder, `${name}.png`), scale: 'css' });
  }

  checkNoErrors(forgiven = /^$/) {
    const found = this.errors.filter(text => !forgiven.test(text));
    check(found.length === 0, `the page complains:\n${found.join('\n')}`);
  }

  /** For a test that has failed: what can be seen. */
  async explain(name) {
    for (const text of this.errors)
      note(`page: ${text}`);
    const alert = await this.get(() => window.app?.alertStore?.alertText);
    if (alert)
      note(`alert: ${alert}`);
    await this.screenshot(`failed-${name.replace(/\W+/g, '-')}`);
  }
}
