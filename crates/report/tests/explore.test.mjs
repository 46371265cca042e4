// The part of explore.js that needs no page: `node --test crates/report/tests/explore.test.mjs`.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { deflateRawSync, constants } from 'node:zlib';

const { inflated, number, parse, place, kept, natural, order, axis, stretches, nearest, moved, threads, within, differing, written, read } = createRequire(import.meta.url)('../templates/explore.js');

const TITLES = ['', 'Run', 'Val accuracy', 'Batch size', 'Epochs'];
const row = (name, accuracy, batch, epochs) => ({
  text: `${name} ${accuracy ?? '–'} ${batch} ${epochs}`.toLowerCase(),
  cells: [
    { value: null, text: '' },
    { value: null, text: name },
    { value: accuracy, text: accuracy === null ? '–' : String(accuracy) },
    { value: batch, text: String(batch) },
    { value: epochs, text: String(epochs) },
  ],
});
const ROWS = [row('Adam 10', 0.88, 128, 5), row('Adam 2', 0.91, 256, 50), row('SGD', null, 128, 5), row('Nadam', 0.91, 1024, 10)];
const names = (filter) => {
  const found = kept(ROWS, filter, TITLES);
  return found.unknown ?? ROWS.filter((_, at) => found.rows[at]).map((one) => one.cells[1].text);
};
const sorted = (column, direction) => order(ROWS, column, direction).map((at) => ROWS[at].cells[1].text);

test('words, phrases and their opposites', () => {
  assert.deepEqual(names(''), ['Adam 10', 'Adam 2', 'SGD', 'Nadam']);
  assert.deepEqual(names('adam'), ['Adam 10', 'Adam 2', 'Nadam']);
  assert.deepEqual(names('adam -nadam'), ['Adam 10', 'Adam 2']);
  assert.deepEqual(names('"adam 2"'), ['Adam 2']);
  assert.deepEqual(names('"adam 2'), ['Adam 2'], 'still being typed');
  assert.deepEqual(names('-'), []);
  assert.deepEqual(names('nothing'), []);
});

test('bounds on columns, named as they are or as settings are spelled', () => {
  assert.deepEqual(names('val_accuracy>.9'), ['Adam 2', 'Nadam']);
  assert.deepEqual(names('ValAccuracy>=0.91 batch_size>256'), ['Nadam']);
  assert.deepEqual(names('batch=128'), ['Adam 10', 'SGD']);
  assert.deepEqual(names('batch!=128'), ['Adam 2', 'Nadam']);
  assert.deepEqual(names('-batch=128'), ['Adam 2', 'Nadam']);
  assert.deepEqual(names('batch<1,024'), ['Adam 10', 'Adam 2', 'SGD']);
  assert.deepEqual(names('run=nad'), ['Nadam']);
  assert.deepEqual(names('val<1'), ['Adam 10', 'Adam 2', 'Nadam'], 'a dash is no number');
});

test('a column that is not there is named', () => {
  assert.equal(names('learning_rate>.1'), 'learning_rate');
  assert.equal(place(TITLES, 'epochs'), 4);
  assert.equal(place(TITLES, '_'), 0, 'the empty title, if anything');
});

test('columns sort by their numbers, rows without one come last both ways, equal ones keep their order', () => {
  assert.deepEqual(sorted(2, 'descending'), ['Adam 2', 'Nadam', 'Adam 10', 'SGD']);
  assert.deepEqual(sorted(2, 'ascending'), ['Adam 10', 'Adam 2', 'Nadam', 'SGD']);
  assert.deepEqual(sorted(3, 'ascending'), ['Adam 10', 'SGD', 'Adam 2', 'Nadam']);
  assert.deepEqual(sorted(1, 'ascending'), ['Adam 2', 'Adam 10', 'Nadam', 'SGD']);
});

test('numbers as reports and people write them', () => {
  assert.deepEqual(['.5', '1,000', '−3', '1e-4', '0'].map(number), [0.5, 1000, -3, 1e-4, 0]);
  assert.deepEqual(['', 'a', '1:30', '1,00', '--1'].map(number), [null, null, null, null, null]);
});

test('names are ordered as people order them', () => {
  const order = ['run 10', 'Run 2', 'run 2b', 'a', ''].sort(natural);
  assert.deepEqual(order, ['', 'a', 'Run 2', 'run 2b', 'run 10']);
});

test('the view comes back from its address', () => {
  const state = new Map([['ranking.0.sort', '2d'], ['ranking.0.filter', 'a~b=c & "ü" #1']]);
  const address = written('ranking', state);
  assert.deepEqual(read(address), { section: 'ranking', state });
  assert.deepEqual(read('#ranking'), { section: 'ranking', state: new Map() });
  assert.deepEqual(read('#a~b~=c~%~d=%E0%A4%A'), { section: 'a', state: new Map() }, 'what is not ours is left alone');
});

test('a filter of any text ends', () => {
  for (const text of ['"', '""', '-"', '>', 'a>', '>1', '=', '-'.repeat(5000), '"'.repeat(5000), 'a'.repeat(5000) + '>1']) {
    assert.ok(Array.isArray(parse(text)));
    kept(ROWS, text, TITLES);
  }
});

test('an axis places numbers and reads places, linear and logarithmic', () => {
  const linear = axis('linear 0 10 100 200'), log = axis('log 1 100 0 50');
  assert.equal(linear.at(2.5), 125);
  assert.equal(linear.back(125), 2.5);
  assert.ok(Math.abs(log.at(10) - 25) < 1e-9 && Math.abs(log.back(25) - 10) < 1e-9);
  assert.equal(axis('linear 0 1 200 0').at(0.25), 150, 'upwards');
});

test('epochs that follow each other are written by their ends', () => {
  assert.deepEqual(stretches('1-3 5 7-8'), [1, 2, 3, 5, 7, 8]);
  assert.deepEqual(stretches('4'), [4]);
  assert.deepEqual(stretches(''), []);
});

test('the pointer takes the nearest epoch', () => {
  const epochs = [1, 2, 5, 10];
  assert.deepEqual([-3, 1.4, 1.6, 3.4, 3.6, 99].map((value) => epochs[nearest(epochs, value)]), [1, 1, 2, 2, 5, 10]);
  assert.equal(nearest([7], 3), 0);
});

test('a path is moved place by place, and stays a path', () => {
  assert.equal(moved('M1 2L3 4.5Z', (x, y) => [2 * x, y - 1]), 'M2 1L6 3.5Z');
  assert.equal(moved('M0.125 -2', (x, y) => [x, y]), 'M0.13 -2');
});

test('of pinned runs the settings that differ', () => {
  const run = (...settings) => ({ settings });
  assert.deepEqual(differing([run('adam', '128', '5'), run('sgd', '128', '5'), run('adam', '128', '6')]), [0, 2]);
  assert.deepEqual(differing([run('adam', '128')]), []);
});

test('a stretch of an axis chooses the lines through it', () => {
  const lines = threads('M0 10L50 20M0 30L50 40Z');
  assert.deepEqual(lines.map((line) => line.d), ['M0 10L50 20', 'M0 30L50 40Z']);
  const chosen = (...ranges) => lines.filter((line) => within(line, new Map(ranges))).map((line) => line.places[0][1]);
  assert.deepEqual(chosen(), [10, 30]);
  assert.deepEqual(chosen([0, [5, 15]]), [10]);
  assert.deepEqual(chosen([0, [5, 35]], [1, [35, 45]]), [30]);
  assert.deepEqual(chosen([0, [5, 15]], [1, [35, 45]]), []);
});

test('what is packed comes out as it went in, however it was packed', () => {
  const text = Buffer.from('<svg><path d="M46 214L49.2 180.33"/></svg> Größe ≤ 3 '.repeat(900));
  let state = 7;
  const noise = Buffer.from(Array.from({ length: 70000 }, () => (state = (state * 1103515245 + 12345) % 2147483648) >> 16 & 255));
  const few = Buffer.from('a');
  for (const bytes of [text, noise, few, Buffer.alloc(0), Buffer.alloc(5000)]) {
    for (const options of [{ level: 9 }, { level: 1 }, { level: 0 }, { strategy: constants.Z_FIXED }, { strategy: constants.Z_HUFFMAN_ONLY }]) {
      assert.deepEqual(Buffer.from(inflated(deflateRawSync(bytes, options))), bytes);
    }
  }
});
