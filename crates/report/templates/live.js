// Brings what changed of a study into its open page. It fetches parts that were made elsewhere and puts them in their places; it computes,
// formats and words nothing of the study. One tab of a browser holds the stream and hands on what it says to the others.
(() => {
'use strict';

// --- What needs no page ---

/** `k3x9-12` → { generation: 'k3x9', sequence: 12 } */
function position(id) {
  const at = id.lastIndexOf('-');
  return { generation: id.slice(0, at), sequence: Number(id.slice(at + 1)) };
}

/** What to do with a tick: it comes next, it is known, or something between is missing. */
function judge(own, id) {
  const [mine, its] = [position(own), position(id)];
  if (mine.generation !== its.generation) return 'reset';
  if (its.sequence <= mine.sequence) return 'known';
  return its.sequence === mine.sequence + 1 ? 'next' : 'gap';
}

/** The parts of a snapshot that differ from those at hand. */
const differing = (versions, parts) => parts.filter((part) => versions.get(part.id) !== part.version);

if (typeof module !== 'undefined') { module.exports = { position, judge, differing }; return; }

// --- The page ---

const begin = JSON.parse(document.querySelector('meta[name="toile-live"]').content);
const versions = new Map(Object.entries(begin.versions));
const root = document.documentElement, main = document.querySelector('main'), strip = document.getElementById('live');
const shown = (name) => document.getElementById('live-' + name);
const POLL = 2000, SILENT = 20000, HIDDEN = 60000, SAID = 10000;
let id = begin.id, paused = false, busy = false, more = null;

/** What an element is known by in the part that takes the place of its own: kind, words, and which of those it is. */
function key(element) {
  const label = element.getAttribute('aria-label') ?? element.getAttribute('href') ?? '';
  const words = ['BUTTON', 'SUMMARY'].includes(element.nodeName) ? element.textContent
    : element.nodeName === 'DETAILS' ? element.querySelector('summary')?.textContent : '';
  return [element.nodeName, element.className, element.id, label, words].join('|');
}

function keyed(part, selector) {
  const counts = new Map();
  return [part, ...part.querySelectorAll(selector)].filter((element) => element.matches(selector)).map((element) => {
    const name = key(element), at = counts.get(name) ?? 0;
    counts.set(name, at + 1);
    return [name + '#' + at, element];
  });
}

const FOCUSABLE = 'a, button, input, select, textarea, summary, [tabindex]', SCROLLED = '.scroll, pre';

/** What a reader has done in a part: where the focus is, what is open, what is scrolled. Gives what does it again. */
function remembered(part) {
  const active = document.activeElement, isHere = part.contains(active);
  const focus = isHere && keyed(part, FOCUSABLE).find(([, element]) => element === active)?.[0];
  const selection = isHere && active.nodeName === 'INPUT' ? [active.selectionStart, active.selectionEnd] : null;
  const open = new Map(keyed(part, 'details').map(([name, details]) => [name, details.open]));
  const scrolled = new Map(keyed(part, SCROLLED).map(([name, box]) => [name, [box.scrollLeft, box.scrollTop]]));
  return (renewed) => {
    // What another script makes when a fold is opened, may hold what was open too.
    keyed(renewed, '.whole').forEach(([name, fold]) => { if (open.get(name)) { fold.open = true; fold.dispatchEvent(new Event('toggle')); } });
    keyed(renewed, 'details').forEach(([name, details]) => { if (open.has(name)) details.open = open.get(name); });
    keyed(renewed, SCROLLED).forEach(([name, box]) => { [box.scrollLeft, box.scrollTop] = scrolled.get(name) ?? [0, 0]; });
    const element = focus ? keyed(renewed, FOCUSABLE).find(([name]) => name === focus)?.[1] : null;
    element?.focus({ preventScroll: true });
    if (element && selection) element.setSelectionRange(...selection);
  };
}

const parsed = (html) => new DOMParser().parseFromString('<body>' + html, 'text/html').body.firstElementChild;

/** What is out of sight is not laid out: it has the size that it had here before, until it is. What is near is laid out at once. */
function sized(element, size) {
  if (size && size.bottom > -2 * innerHeight && size.top < 3 * innerHeight) element.style.contentVisibility = 'visible';
  else if (size) element.style.containIntrinsicBlockSize = 'auto ' + size.height + 'px';
  return element;
}

/** A part, with those inside it: new ones, or the page's, which forget their sizes when they are moved. */
function made(part, fresh, sizes) {
  const element = document.adoptNode(parsed(part.html));
  for (const place of element.querySelectorAll('[data-part]')) {
    const name = place.dataset.part, inner = fresh.get(name);
    fresh.delete(name);
    const kept = inner ? parsed(inner.html) : document.getElementById(name);
    if (kept) place.replaceWith(sized(kept, sizes.get(name))); else place.remove();
  }
  return sized(element, sizes.get(part.id));
}

/** What is to stay where it is, best first: what begins in the window, then what fills it, the innermost first. Each with its top. */
function seen() {
  const top = Math.max(strip.getBoundingClientRect().bottom, 0);
  const places = [...main.querySelectorAll(':scope > [id], article[id], [id$="-title"]')].slice(1)
    .map((element) => [element.id, element.getBoundingClientRect()]).filter(([, box]) => box.height);
  const begins = places.filter(([, box]) => box.top >= top && box.top < innerHeight);
  const fills = places.filter(([, box]) => box.top < top && box.bottom > top).reverse();
  return [...begins, ...fills].map(([name, box]) => [name, box.top]);
}

const FRAMES = 3;
let held = null, frames = 0, put = 0;

/** Whether somebody has scrolled since the page was put in its place: what else moves it is a page that became too short. */
const isMoved = () => Math.abs(scrollY - put) > 1 && scrollY + innerHeight < root.scrollHeight - 1;

/** Brings what was seen back to its place. */
function keep() {
  const place = held.find(([name]) => document.getElementById(name)?.getClientRects().length);
  if (place) scrollBy({ top: document.getElementById(place[0]).getBoundingClientRect().top - place[1], behavior: 'instant' });
  put = scrollY;
}

/** Again in the frames in which what came near is laid out. */
function hold() {
  frames -= 1;
  if (isMoved()) frames = 0; else keep();
  if (frames > 0) return requestAnimationFrame(hold);
  held = null;
  root.style.overflowAnchor = '';
}

function renew(order, parts) {
  const fresh = new Map(parts.map((part) => [part.id, part]));
  // Where the last renewal is not yet laid out, what was seen before it.
  const isHolding = held !== null;
  if (!isHolding || isMoved()) held = scrollY > 0 ? seen() : [];
  // The browser keeps another element in its place.
  root.style.overflowAnchor = 'none';
  const known = [...new Set([...versions.keys(), ...fresh.keys()])];
  const renewed = [], sizes = new Map(known.map((name) => [name, document.getElementById(name)?.getBoundingClientRect()]));
  for (const part of parts) {
    if (!fresh.has(part.id)) continue;
    const old = document.getElementById(part.id), again = old && remembered(old), element = made(part, fresh, sizes);
    if (old) old.replaceWith(element); else (document.getElementById(order[order.indexOf(part.id) - 1]) ?? strip).after(element);
    renewed.push([element, again]);
  }
  // What is no part, the other script has put there.
  for (const element of [...main.children]) if (versions.has(element.id) && !order.includes(element.id)) element.remove();
  for (const [element, again] of renewed) {
    document.dispatchEvent(new CustomEvent('toile-renewed', { detail: element }));
    again?.(element);
  }
  parts.forEach((part) => versions.set(part.id, part.version));
  frames = FRAMES;
  keep();
  if (!isHolding) requestAnimationFrame(hold);
}

let saidAt = -SAID, toSay = 0;
/** Politely, and not more often than somebody can listen. */
function say(words) {
  clearTimeout(toSay);
  toSay = setTimeout(() => { saidAt = performance.now(); shown('said').textContent = words; }, Math.max(0, saidAt + SAID - performance.now()));
}

function tell(next) {
  const words = [next.text, next.progress, next.trouble].filter(Boolean).join(' ');
  if (next.state !== strip.dataset.state || next.progress !== shown('progress').textContent || next.trouble) say(words);
  strip.dataset.state = next.state;
  for (const name of ['text', 'progress', 'running', 'trouble']) {
    if (shown(name).textContent !== (next[name] ?? '')) shown(name).textContent = next[name] ?? '';
  }
  shown('trouble').hidden = !next.trouble;
  shown('part').hidden = next.part === null;
  if (next.part !== null) shown('part').value = next.part;
  asOf(next.as_of);
}

function asOf(time) { if (time) shown('as-of').textContent = time; }

function link(isThere) {
  const line = shown('link');
  if (isThere !== line.hidden) {
    const words = strip.dataset.state === 'finished'
      ? 'The study has finished, and the program that showed it has ended. This page stays as it is.'
      : 'The link is gone: this is as of ' + shown('as-of').textContent + ', trying again.';
    line.textContent = isThere ? '' : words;
    line.hidden = isThere;
    root.classList.toggle('gone', !isThere);
    say(isThere ? 'The link is back.' : words);
  }
}

// --- The transport ---

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('toile' + location.pathname);
let heard = performance.now(), source = null, giveUp = null, asking = 0, again = 0, hiding = 0, wait = 1000;

function hear() { heard = performance.now(); wait = 1000; link(true); }

function take(name, tick) {
  if (paused) return;
  const what = judge(id, name);
  if (what === 'reset') return load();
  if (what === 'gap') return ask();
  if (what === 'known') return;
  renew(tick.order, tick.parts);
  tell(tick.strip);
  id = name;
}

async function get(address, headers = {}) {
  const answer = await fetch(address, { headers, cache: 'no-store', signal: AbortSignal.timeout?.(SILENT) });
  if (answer.status === 304) return null;
  if (!answer.ok) throw new Error(address + ': ' + answer.status);
  return answer.json();
}

/** One question at a time; one more where another was wanted meanwhile. */
async function alone(work) {
  if (busy) { more = work; return; }
  busy = true;
  try { await work(); hear(); } catch { link(false); }
  busy = false;
  const next = more;
  more = null;
  if (next) alone(next);
}

async function whole() {
  const all = await get('snapshot', { 'If-None-Match': '"' + id + '"' });
  if (!all || paused) return;
  renew(all.order, differing(versions, all.parts));
  tell(all.strip);
  id = all.id;
}

const load = () => alone(whole);
const ask = () => alone(async () => {
  const found = await get('delta?since=' + encodeURIComponent(id));
  if (found.reset) return whole();
  found.ticks.forEach(({ id: name, tick }) => take(name, tick));
  asOf(found.as_of);
});

function hand(message) { channel?.postMessage(message); }

function open() {
  source = new EventSource('events?since=' + encodeURIComponent(id));
  source.onopen = hear;
  source.onmessage = (event) => {
    hear();
    const tick = JSON.parse(event.data);
    take(event.lastEventId, tick);
    hand({ id: event.lastEventId, tick });
  };
  source.addEventListener('beat', (event) => { hear(); if (!paused) asOf(event.data); hand({ beat: event.data }); });
  source.addEventListener('reset', () => { hear(); load(); hand({ reset: true }); });
  source.onerror = () => {
    link(false);
    if (source?.readyState !== EventSource.CLOSED) return;
    clearTimeout(again);
    again = setTimeout(() => { if (source) { source.close(); open(); } }, wait);
    wait = Math.min(2 * wait, 15000);
  };
}

if (channel) channel.onmessage = ({ data }) => {
  hear();
  if (data.reset) load();
  else if (data.beat !== undefined) { if (!paused) asOf(data.beat); } else take(data.id, data.tick);
};

function start() {
  if (giveUp || asking) return;
  heard = performance.now();
  const lock = channel && navigator.locks;
  if (lock) {
    const control = new AbortController();
    giveUp = () => { control.abort(); giveUp = null; };
    lock.request('toile' + location.pathname, { signal: control.signal }, () => new Promise((done) => {
      open();
      giveUp = () => { clearTimeout(again); source.close(); source = null; giveUp = null; done(); };
    })).catch(() => {});
  }
  // Without a lock by questions alone; with it where the stream is silent, as behind a proxy that holds back.
  asking = setInterval(() => { if (!paused && (!lock || performance.now() - heard > SILENT)) ask(); }, POLL);
  if (!paused) ask();
}

function stop() {
  clearInterval(asking);
  asking = 0;
  giveUp?.();
}

document.addEventListener('visibilitychange', () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(stop, HIDDEN); else start();
});
addEventListener('pagehide', stop);
addEventListener('pageshow', (event) => { if (event.persisted) start(); });

const button = shown('pause');
button.hidden = false;
button.addEventListener('click', () => {
  paused = !paused;
  button.textContent = paused ? 'Go on' : 'Pause';
  button.setAttribute('aria-pressed', String(paused));
  if (!paused) ask();
});
start();
})();
