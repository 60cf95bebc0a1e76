// SPDX-License-Identifier: GPL-3.0-or-later
// The little of TAP that the tests in the browser need: tests run in the order
// they are written, each may build on what the one before left.

const tests = [];
const endings = [];

export class Failure extends Error {}

export function test(name, body) {
  tests.push({ name, body });
}

/** Called when all is over, whatever the outcome, last added first. */
export function atEnd(body) {
  endings.unshift(body);
}

export function skipAll(reason) {
  process.stdout.write(`1..0 # SKIP ${reason}\n`);
  process.exit(0);
}

export function note(text) {
  for (const line of String(text).split('\n'))
    process.stdout.write(`# ${line}\n`);
}

export function check(condition, complaint) {
  if (!condition)
    throw new Failure(complaint);
}

export function checkEqual(found, right, what = 'value') {
  const [a, b] = [found, right].map(value => JSON.stringify(value));
  check(a === b, `${what} is ${a}, but ${b} is right`);
}

/** Equal but for rounding: @tolerance is relative, with @least as its floor. */
export function checkClose(found, right, what, tolerance = 1e-6, least = 1e-9) {
  const both = Number.isNaN(found) && Number.isNaN(right);
  const near = Math.abs(found - right) <= Math.max(tolerance * Math.abs(right), least);
  check(both || near, `${what} is ${found}, but ${right} is right`);
}

export function checkAllClose(found, right, what, tolerance, least) {
  checkEqual(found.length, right.length, `length of ${what}`);
  for (let i = 0; i < right.length; i++)
    checkClose(found[i], right[i], `${what}[${i}]`, tolerance, least);
}

/** Runs all tests. @onFailure may look around and note what it sees. What is
 * not a Failure, such as something awaited in vain, ends the run: what comes
 * after it would wait in vain too, and the plan tells how much is missing. */
export async function run(onFailure = async () => {}) {
  process.stdout.write(`1..${tests.length}\n`);
  let nFailed = 0;
  for (const [i, { name, body }] of tests.entries()) {
    try {
      await body();
      process.stdout.write(`ok ${i + 1} ${name}\n`);
    } catch (error) {
      nFailed++;
      process.stdout.write(`not ok ${i + 1} ${name}\n`);
      note(error instanceof Failure ? error.message : error.stack);
      await onFailure(name).catch(another => note(another));
      if (!(error instanceof Failure))
        break;
    }
  }
  for (const ending of endings)
    await ending();
  process.exit(nFailed > 0 ? 1 : 0);
}
