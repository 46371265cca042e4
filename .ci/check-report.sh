#!/usr/bin/env bash
# Opens a report in headless Chromium and fails with a clear message unless it is whole: nothing on the console (so no
# script error, no blocked resource, no NaN in a chart), every figure drawn, every image decoded, every link inside the page
# leading somewhere, and no sideways scrolling, on a wide and on a narrow screen.
set -euo pipefail

[ $# = 1 ] || { echo "usage: $0 REPORT.html" >&2; exit 2; }
report=$(realpath -e -- "$1") || { echo "$0: there is no $1" >&2; exit 2; }
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
    { echo "$0: no Chromium found; install it with: apt-get install chromium" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "$report: $*" >&2; exit 1; }

# An empty profile each time, and no traffic of the browser's own.
open_page() { # WIDTH FILE
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage \
        --hide-scrollbars --user-data-dir="$work/profile-$RANDOM" --window-size="$1,900" \
        --virtual-time-budget=10000 --enable-logging=stderr --v=0 --dump-dom "file://$2" 2>"$work/log" ||
        { cat "$work/log" >&2; fail "Chromium could not open it"; }
}

# 1. The report as it is. Its content security policy forbids the network and all scripts but its own, and a breach is a console
# message.
open_page 1280 "$report" >"$work/dom"
grep -q '</html>' "$work/dom" || fail "Chromium gave no page"
grep -q '<html[^>]* class="explored"' "$work/dom" || fail "its script did not run"
if grep 'CONSOLE' "$work/log" >"$work/console"; then
    cat "$work/console" >&2
    fail "$(wc -l <"$work/console") message(s) on the browser's console"
fi

# 2. A copy that measures itself: without the policy, so that a script may run.
grep -q '<meta http-equiv="Content-Security-Policy"' "$report" || fail "it has no content security policy"
cat >"$work/check.js" <<'JS'
addEventListener('load', () => {
  const faults = [];
  const fault = (what, element) => faults.push(what + (element ? ': ' + element.outerHTML.slice(0, 160).replace(/\s+/g, ' ') : ''));
  const all = (selector) => [...document.querySelectorAll(selector)];
  all('details').forEach((details) => { details.open = true; });
  const seen = (element) => { const box = element.getBoundingClientRect(); return box.width >= 20 && box.height >= 20; };
  const figures = all('figure');
  if (!document.querySelector('h1')?.innerText.trim()) fault('no heading');
  if (!document.documentElement.lang) fault('no language');
  if (!all('table').length) fault('no table');
  if (!figures.length && all('article.run').length && !document.body.innerText.match(/No epoch is finished yet|The file has no curves|the curves and the single runs are left out/)) fault('no figure');
  figures.forEach((figure) => {
    const picture = figure.querySelector('svg, img');
    if (!picture) fault('a figure without a picture', figure);
    else if (!seen(picture)) fault('a figure of no size', figure);
  });
  all('svg[role=img]').forEach((svg) => {
    if (!svg.querySelector('title')?.textContent.trim()) fault('a chart without a title', svg);
    if (!svg.querySelector('path, rect, circle, line')) fault('an empty chart', svg);
  });
  all('img').forEach((img) => {
    if (!img.complete || !img.naturalWidth) fault('an image that cannot be decoded', img);
    if (!img.alt) fault('an image without a description', img);
  });
  const ids = all('[id]').map((element) => element.id);
  ids.filter((id, i) => ids.indexOf(id) !== i).forEach((id) => fault('the id ' + id + ' stands twice'));
  all('a[href^="#"]').forEach((a) => { if (!document.getElementById(a.getAttribute('href').slice(1))) fault('a link to nowhere', a); });
  all('[src], link[href], use[href], image[href]').forEach((element) => {
    const address = element.getAttribute('src') ?? element.getAttribute('href');
    if (!/^(data:|#)/.test(address)) fault('something that is not in the file', element);
  });
  if (all('script:not([data-check])').length > 1) fault('a script');
  // What the script offers: a column sorts, a filter hides, and both come back.
  const table = all('main table').find((table) => table.querySelectorAll('tbody tr').length > 5 && table.closest('.scroll').previousElementSibling?.matches('.asking'));
  if (table) {
    const rows = () => [...table.tBodies[0].rows], text = () => rows().map((row) => row.textContent);
    const before = text();
    const head = [...table.tHead.rows[0].cells].findLast((head) => head.classList.contains('n') && head.querySelector('button'));
    if (head) {
      const values = () => rows().map((row) => row.cells[head.cellIndex]?.dataset.v).filter((value) => value !== undefined).map(Number);
      head.firstChild.click();
      if (head.getAttribute('aria-sort') !== 'descending' || values().some((value, i, every) => i && value > every[i - 1])) fault('a column that does not sort', head);
      head.firstChild.click(); head.firstChild.click();
      if (JSON.stringify(text()) !== JSON.stringify(before)) fault('an order that does not come back', head);
    }
    const input = table.closest('.scroll').previousElementSibling.querySelector('input');
    const ask = (words) => { input.value = words; input.dispatchEvent(new Event('input')); return rows().filter((row) => row.offsetHeight).length; };
    if (ask('no row has these words') !== 0 || ask('') !== before.length) fault('a filter that does not filter', input);
  }
  // All of a run of a large study is made when its fold is opened, with what can be asked of it.
  const whole = document.querySelector('.whole');
  if (whole) {
    const article = whole.closest('article'), before = article.querySelectorAll('svg').length;
    whole.open = true;
    whole.dispatchEvent(new Event('toggle'));
    if (!whole.querySelector('svg .readings') || !whole.querySelector('table') || article.querySelectorAll('svg').length <= before) fault('a fold that makes nothing', whole);
    if (whole.querySelector('svg .readings')?.closest('svg').tabIndex !== 0) fault('a chart in a fold that cannot be asked', whole);
    dispatchEvent(new Event('beforeprint'));
    if (document.querySelector('[data-whole]')) fault('a fold that is not made for print', whole);
  }
  // Under the pointer stand the numbers of the nearest epoch, on the page as in the chart; the keyboard moves on.
  const svg = document.querySelector('#learning svg .readings')?.closest('svg') ?? document.querySelector('figure > svg .readings')?.closest('svg');
  if (svg) {
    const box = svg.getBoundingClientRect(), said = () => [...document.querySelectorAll('.tip tr')].map((row) => row.cells[1].textContent + ' ' + row.cells[2].textContent);
    const point = (part) => svg.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, clientX: box.left + part * box.width, clientY: box.top + box.height / 2 }));
    const lines = [...svg.querySelectorAll('.readings > g')], known = (at) => lines.map((line) => line.dataset.name + ' ' + line.dataset.v.split(' ')[at]);
    // Lines may leave the picture in their first epochs.
    point(0.7);
    if (!svg.querySelector('.cursor .spot')) fault('a crosshair without a point', svg);
    point(0.02);
    if (!said().length || said().some((text) => !known(0).includes(text))) fault('numbers under the pointer that are not those of the first epoch: ' + said().join(', '), svg);
    svg.focus();
    if (lines[0].dataset.v.includes(' ')) {
      svg.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
      if (said().some((text) => !known(1).includes(text))) fault('an arrow that does not lead to the next epoch', svg);
    }
    svg.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    if (document.querySelector('.tip, .cursor')) fault('a crosshair that stays', svg);
  }
  // Other axes move the lines and come back; other lines take their place and give it back.
  const [by, across] = document.querySelectorAll('#learning .axes select').length > 1 ? document.querySelectorAll('#learning .axes select') : [null, document.querySelector('#learning .axes select')];
  const drawn = () => [...document.querySelectorAll('#learning svg g[data-run] > path')].map((path) => path.getAttribute('d')).join();
  const choose = (select, value) => { select.value = value; select.dispatchEvent(new Event('change')); };
  if (across && across.options.length > 1) {
    const first = drawn();
    choose(across, across.options[1].value);
    // Where every epoch of every run takes as many updates, the lines stay and the numbers below them do not.
    if (!document.querySelector('#learning .x-axis').textContent.includes(across.value) || /NaN/.test(drawn())) fault('an axis that is not the chosen one', across);
    choose(across, across.options[0].value);
    if (drawn() !== first) fault('lines that do not come back', across);
    if (by) {
      choose(by, by.options[1].value);
      if (!document.querySelector('#learning.grouped svg [data-run=value-1]')) fault('lines that are not grouped', by);
      choose(by, by.options[0].value);
    }
    if (document.querySelector('#learning .chosen') || !document.querySelector('#learning svg [data-run^=run-]')) fault('axes that do not come back', across);
  }
  // Two pinned runs stand side by side.
  const pins = all('#ranking button[data-pin]');
  if (pins.length > 1) {
    pins[0].click(); pins[1].click();
    const section = document.getElementById('pinned');
    if (section.hidden || section.querySelectorAll('tbody tr').length !== 2 || section.querySelectorAll('.findings li').length !== 1) fault('pinned runs that do not stand side by side', section);
    if (document.querySelector('#learning svg') && !section.querySelector('figure svg')) fault('pinned runs without their curves', section);
    pins[0].click(); pins[1].click();
    if (!section.hidden) fault('pins that stay', section);
  }
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth + 1) fault('the page is ' + page.scrollWidth + ' wide on a screen of ' + page.clientWidth);
  const result = document.createElement('pre');
  result.textContent = faults.map((text) => 'CHECK-FAULT ' + text + '\n').join('')
    + 'CHECK-DONE ' + figures.length + ' figures, ' + all('img').length + ' images, ' + all('table').length + ' tables\n';
  document.body.replaceChildren(result);
});
JS
{
    sed 's/<meta http-equiv="Content-Security-Policy"[^>]*>//' "$report"
    printf '<script data-check>\n%s\n</script>\n' "$(cat "$work/check.js")"
} >"$work/copy.html"

for width in 1280 500; do
    open_page "$width" "$work/copy.html" >"$work/dom"
    grep -q 'CHECK-DONE' "$work/dom" || { cat "$work/log" >&2; fail "the check did not run to its end at a width of $width"; }
    if grep 'CHECK-FAULT' "$work/dom" | sed 's/.*CHECK-FAULT /  /' >&2; then
        fail "the faults above were found at a width of $width"
    fi
done
echo "$report: $(sed -n 's/.*CHECK-DONE //p' "$work/dom"), nothing on the console"
