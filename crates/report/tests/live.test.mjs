// What the page's script decides without a page: which tick comes next, and which parts are other ones.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';

const { position, judge, differing } = createRequire(import.meta.url)('../templates/live.js');

test('the name of a tick is its generation and its number', () => {
  assert.deepEqual(position('k3x9-12'), { generation: 'k3x9', sequence: 12 });
  assert.deepEqual(position('a-b_c.1-0'), { generation: 'a-b_c.1', sequence: 0 });
});

test('a tick comes next, is known, leaves a gap, or is of another generation', () => {
  assert.equal(judge('g-4', 'g-5'), 'next');
  assert.equal(judge('g-4', 'g-4'), 'known');
  assert.equal(judge('g-4', 'g-1'), 'known');
  assert.equal(judge('g-4', 'g-6'), 'gap');
  assert.equal(judge('g-4', 'g.1-1'), 'reset');
  assert.equal(judge('g-9', 'g-10'), 'next', 'numbers are compared as numbers');
});

test('ticks in any order and any number of times are taken once and in order', () => {
  let own = 'g-0';
  const taken = [];
  for (const id of ['g-1', 'g-1', 'g-3', 'g-2', 'g-2', 'g-3', 'g-1', 'g-4']) {
    if (judge(own, id) === 'next') { own = id; taken.push(id); }
  }
  assert.deepEqual(taken, ['g-1', 'g-2', 'g-3', 'g-4']);
});

test('of a snapshot only what differs is placed', () => {
  const versions = new Map([['a', '1'], ['b', '2']]);
  const part = (id, version) => ({ id, version, html: '' });
  const parts = [part('a', '1'), part('b', '3'), part('c', '1')];
  assert.deepEqual(differing(versions, parts).map(({ id }) => id), ['b', 'c']);
});
