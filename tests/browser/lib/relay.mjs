// SPDX-License-Identifier: GPL-3.0-or-later
// A network that can fail: passes TCP connections on until it is told not to.

import { connect, createServer } from 'node:net';

export class Relay {
  static async start(port) {
    const self = new Relay(port);
    await new Promise((resolve, reject) => {
      self.server.once('error', reject);
      self.server.listen(0, '127.0.0.1', resolve);
    });
    return self;
  }

  constructor(port) {
    this.ends = new Set();
    this.server = createServer(near => this.#pass(near, connect(port, '127.0.0.1')));
  }

  get port() { return this.server.address().port; }

  #pass(near, far) {
    for (const [one, other] of [[near, far], [far, near]]) {
      this.ends.add(one);
      one.pipe(other);
      one.on('error', () => other.resetAndDestroy());
      one.on('close', () => this.ends.delete(one));
    }
  }

  /** Every connection is gone, both ways, without a word: TCP resets. */
  cut() {
    for (const end of this.ends)
      end.resetAndDestroy();
  }

  end() {
    this.cut();
    this.server.close();
  }
}
