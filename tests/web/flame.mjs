// flame.mjs -- the flame graph in a browser: drawing, search, zoom, keys, switches and filters.
import { doctor, is, ok, open } from "./browser.mjs";

const select = (page, label) => page.locator("#flame label", { hasText: new RegExp(`^${label}`) }).locator("select");
const names = (page) => page.locator(".flame .frame").evaluateAll((list) => list.map((e) => e.getAttribute("aria-label")));

export async function flameGraph(file) {
  const { page } = await open(file);
  const frames = page.locator(".flame .frame");
  const all = await frames.count();
  ok(all > 10, "flame graph: frames are drawn", all);
  const colors = await page.evaluate(() => ["java", "native"].map((kind) => getComputedStyle(document.querySelector(`.flame .frame.${kind}`)).backgroundColor));
  ok(colors[0] !== colors[1], "flame graph: Java and native frames differ in colour", ...colors);
  const edges = await page.evaluate(() => ["java", "native"].map((kind) => getComputedStyle(document.querySelector(`.flame .frame.${kind}`)).borderBottomStyle));
  is(edges.join(" "), "double solid", "flame graph: and in more than colour");
  await page.fill("#flame input[type=search]", "leakInflater");
  ok((await page.locator(".flame .frame.hit").count()) > 0, "flame graph: the search marks what it finds");
  ok(/found: .* %/.test(await page.locator("#flame [role=status]").innerText()), "flame graph: the search says how much that is");
  await page.fill("#flame input[type=search]", "(");
  is(await page.locator(".flame .frame.hit").count(), 0, "flame graph: half a regular expression finds nothing");
  await page.fill("#flame input[type=search]", "");
  const narrow = page.locator(".flame .frame.java", { hasText: "leakDirect" }).first();
  const before = await narrow.evaluate((e) => e.getBoundingClientRect().width);
  await narrow.click();
  const after = await page.locator(".flame .frame.java:not(.out)", { hasText: "leakDirect" }).first().evaluate((e) => e.getBoundingClientRect().width);
  ok(after > before * 1.5, "flame graph: a click zooms", before, after);
  await page.keyboard.press("Escape");
  is(await frames.count(), all, "flame graph: Escape shows all again");
  await page.keyboard.press("ArrowDown");
  const level = () => page.evaluate(() => document.activeElement?.getAttribute("aria-level"));
  is(await level(), "2", "flame graph: the arrow down goes to a callee");
  await page.keyboard.press("ArrowRight");
  const label = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  const right = await label();
  await page.keyboard.press("ArrowLeft");
  ok(right !== (await label()), "flame graph: arrows go to a neighbour and back", right);
  await page.keyboard.press("Enter");
  is(await page.locator(".flame .frame.out").count(), 1, "flame graph: Enter zooms");
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  is(await level(), "1", "flame graph: the arrow up goes back");
  for (const [metric, unit] of [["growth, bytes an hour", /B\b/], ["allocated since the start", /B\b/], ["live blocks and streams", /^all, [\d,]+$/], ["live bytes", /B\b/]]) {
    await select(page, "show").selectOption({ label: metric });
    const said = (await names(page))[0];
    ok(unit.test(said), `flame graph: switched to ${metric}`, said);
  }
  await page.context().close();
}

/** Data that has every kind of what can be chosen; the first three sites and the first pair's are told
 * apart by their function's name. */
function everyChoice(data) {
  const { report } = data;
  const frame = (name) => [data.frames.push({ kind: "java", function: name, file: null, line: 1, module: null, inlined: false }) - 1];
  const site = (name, values) => ({ ...report.sites[0], kind: "malloc", jvm: false, leaks: false, expected_reason: null, class: "plateau", threads: [], stack: frame(name), live_bytes: { value: 1000, low: 1000, high: 1000 }, live_count: { value: 10, low: 10, high: 10 }, by_phase: { bytes: [1000, 0], count: [10, 0] }, ...values });
  report.sites = [
    site("grows", { class: "growing", leaks: true, rate_bytes_per_hour: { value: 9, low: 8, high: 10 } }),
    site("expected", { expected_reason: "a cache", threads: [{ name: "worker", alike: 1, live: 1 }] }),
    site("late", { class: "startup", kind: "new", threads: [{ name: "main", alike: 1, live: 1 }], by_phase: { bytes: [0, 1000], count: [0, 10] } }),
    site("addresses", { kind: "mmap" }),
  ];
  report.sites_total = 4;
  report.pairs = [{ pair: "java.util.zip.Inflater", sites: [{ ...report.pairs[0].sites[0], class: "leak", trend: "unknown", live: 5, live_bytes: 500, threads: [], stack: frame("stream"), by_phase: { bytes: [200, 300], count: [2, 3] } }] }];
  data.allocated = [[70000]];
  report.phases = [{ from: null, to: "warm" }, { from: "warm", to: null }];
}

export async function filtersOfGraph(file) {
  const { page } = await open(doctor(file, everyChoice));
  const shown = async () => (await names(page)).filter((n) => !n.startsWith("all")).map((n) => n.split(",")[0]).sort().join(" ");
  is(await shown(), "expected grows late stream", "flame graph: all memory, no address space");
  const wanted = [
    ["kind", "new", "late"],
    ["kind", "mmap", "addresses"],
    ["kind", "java.util.zip.Inflater", "stream"],
    ["class", "leak", "grows stream"],
    ["class", "expected", "expected"],
    ["growth", "growing", "grows"],
    ["growth", "startup", "late"],
    ["thread", "worker", "expected"],
    ["acquired from", "0", "expected grows stream"],
    ["acquired from", "1", "late stream"],
  ];
  for (const [label, value, left] of wanted) {
    await select(page, label).selectOption(value);
    is(await shown(), left, `flame graph: filtered by ${label}: ${value}`);
    if (label === "acquired from" && value === "1") {
      const stream = (await names(page)).find((n) => n.startsWith("stream"));
      is(stream, "stream, 300 B", "flame graph: of a phase, only what was acquired in it");
    }
    await select(page, label).selectOption("");
  }
  await select(page, "show").selectOption("allocated");
  ok((await names(page)).includes("stream, 70.0 kB"), "flame graph: what streams allocated is there, too");
  await select(page, "show").selectOption("live");
  await select(page, "kind").focus();
  await page.keyboard.press("m");
  await page.keyboard.press("a");
  is(await shown(), "expected grows", "flame graph: filters are chosen by keys");
  await page.context().close();
}
