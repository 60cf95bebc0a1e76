// SPDX-License-Identifier: GPL-3.0-or-later
// What a page of another origin can do in a browser whose user is logged in
// here: nothing, and it learns nothing.

import { createServer } from 'node:http';
import { join } from 'node:path';

import { Daemon } from './lib/daemon.mjs';
import { writeCube } from './lib/fits.mjs';
import { View, launchBrowser, needPage } from './lib/page.mjs';
import { atEnd, check, checkEqual, run, test } from './lib/tap.mjs';

const page = needPage();
const browser = await launchBrowser();

const daemon = await Daemon.start({
  page,
  args: ['--enable_scripting'],
  prepare: folder => writeCube(join(folder, 'cube.fits')),
});
atEnd(() => daemon.end());

const HTML = '<!doctype html><title>another</title><body>another';
const victim = new URL(daemon.url).origin;

// a neighbour on the same computer, whom cookies do not tell apart from us
const neighbour = createServer((request, answer) => {
  answer.setHeader('Content-Type', 'text/html');
  answer.end(HTML);
});
await new Promise(resolve => neighbour.listen(0, '127.0.0.1', resolve));
atEnd(() => neighbour.close());

const origins = [`http://127.0.0.1:${neighbour.address().port}`, 'http://evil.example'];

let view, preferences, other;

test('a user is logged in', async () => {
  view = await View.open(browser, daemon.address({ file: 'cube.fits' }));
  await view.awaitPicture();
  await daemon.api('PUT', 'layout', { layoutName: 'mine', layout: { layoutVersion: 2, a: 1 } });
  preferences = JSON.stringify(await daemon.api('GET', 'preferences', undefined));
  const cookies = await view.page.context().cookies(victim);
  check(cookies.some(cookie => cookie.httpOnly && cookie.sameSite === 'Strict'), 'the cookie is not HttpOnly and SameSite=Strict');
});

for (const origin of origins) {
  const name = new URL(origin).hostname;

  test(`${name}: a page of its own`, async () => {
    await view.page.context().route(asked => asked.hostname === 'evil.example',
      route => route.fulfill({ contentType: 'text/html', body: HTML }));
    other = await view.page.context().newPage();
    await other.goto(`${origin}/`);
    checkEqual(await other.title(), 'another', 'title');
  });

  test(`${name}: reads nothing`, async () => {
    const paths = ['/', '/config', '/api/database/preferences', '/api/database/list/layouts', '/sessions', '/metrics', '/healthz'];
    const found = await other.evaluate(async ([base, all]) => {
      const read = [];
      for (const path of all)
        for (const credentials of ['include', 'omit']) {
          try {
            const answer = await fetch(base + path, { credentials });
            read.push([path, credentials, answer.status, (await answer.text()).slice(0, 40)]);
          } catch {
            // as it should be
          }
          const blind = await fetch(base + path, { credentials, mode: 'no-cors' }).catch(() => null);
          if (blind !== null && blind.type !== 'opaque')
            read.push([path, credentials, blind.type]);
        }
      return read;
    }, [victim, paths]);
    checkEqual(found, [], 'what was read');
  });

  test(`${name}: changes nothing`, async () => {
    await other.evaluate(async base => {
      const calls = [
        ['PUT', '/api/database/preferences', '{"theme":"evil"}'],
        ['POST', '/api/database/preferences', '{"theme":"evil"}'],
        ['PUT', '/api/database/layout', '{"layoutName":"evil","layout":{}}'],
        ['DELETE', '/api/database/layout', '{"layoutName":"mine"}'],
        ['POST', '/api/scripting/action', '{"session_id":1,"path":"","action":"loadFile","parameters":["x"]}'],
        ['POST', '/sessions', 'forget=1'],
      ];
      for (const [method, path, body] of calls)
        for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded'])
          for (const mode of ['cors', 'no-cors'])
            await fetch(base + path, { method, body, mode, credentials: 'include', headers: { 'Content-Type': type } }).catch(() => {});
    }, victim);

    for (const path of ['/api/database/layout', '/api/scripting/action', '/sessions', '/'])
      await other.evaluate(async to => {
        const frame = Object.assign(document.createElement('iframe'), { name: 'target' });
        document.body.append(frame);
        const form = Object.assign(document.createElement('form'), { method: 'POST', action: to, target: 'target', enctype: 'text/plain' });
        form.append(Object.assign(document.createElement('input'), { name: '{"layoutName":"mine","x":"', value: '"}' }));
        document.body.append(form);
        const loaded = new Promise(resolve => frame.addEventListener('load', resolve));
        form.submit();
        await loaded;
        form.remove();
        frame.remove();
      }, victim + path);

    checkEqual(JSON.stringify(await daemon.api('GET', 'preferences', undefined)), preferences, 'preferences');
    const { layouts } = await (await daemon.fetch('/api/database/layouts')).json();
    checkEqual(Object.keys(layouts), ['mine'], 'layouts');
  });

  test(`${name}: gets no WebSocket`, async () => {
    const before = await daemon.metric('links');
    const outcomes = await other.evaluate(async base => {
      const all = [];
      for (const path of ['/', '/websocket', '/?session=1']) {
        const socket = new WebSocket(base.replace('http', 'ws') + path);
        all.push(await new Promise(resolve => {
          socket.onopen = () => resolve('open');
          socket.onerror = () => resolve('refused');
        }));
        socket.close();
      }
      return all;
    }, victim);
    checkEqual(outcomes, ['refused', 'refused', 'refused'], 'outcomes');
    checkEqual(await daemon.metric('links'), before, 'links');
  });

  test(`${name}: shows none of ours in a frame`, async () => {
    const shown = await other.evaluate(async base => {
      const frame = Object.assign(document.createElement('iframe'), { src: `${base}/` });
      document.body.append(frame);
      await new Promise(resolve => frame.addEventListener('load', resolve));
      try {
        return frame.contentDocument !== null;
      } catch {
        return false;
      }
    }, victim);
    checkEqual(shown, false, 'whether it can look inside');
    const ours = other.frames().filter(frame => frame !== other.mainFrame());
    for (const frame of ours)
      checkEqual(await frame.evaluate(() => document.querySelector('#root') !== null).catch(() => false), false, 'the page in a frame');
    await other.close();
  });
}

test('the user has noticed nothing', async () => {
  check(await view.get(() => app.backendService.connectionStatus === 2), 'the link is lost');
  await view.setChannel(1);
});

await run();
