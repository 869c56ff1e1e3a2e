// chart.mjs -- the chart in a browser: what is drawn, with and without scripts, and zooming.
import { doctor, is, ok, open } from "./browser.mjs";

/** How many points of the canvas have exactly that colour of the style. */
const painted = (page, name) =>
  page.evaluate((name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    const [red, green, blue] = getComputedStyle(probe).color.match(/\d+/g).map(Number);
    probe.remove();
    const canvas = document.querySelector("#chart canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let i = 0; i < data.length; i += 4) found += Math.abs(data[i] - red) + Math.abs(data[i + 1] - green) + Math.abs(data[i + 2] - blue) < 12 && data[i + 3] > 200 ? 1 : 0;
    return found;
  }, name);

export async function chart(file) {
  const plain = await open(file, { javaScriptEnabled: false });
  is(await plain.page.locator("#chart line.mark").count(), 1, "chart: without scripts: a mark is drawn");
  ok((await plain.page.locator("#chart line.gc").count()) > 0, "chart: without scripts: collections are drawn");
  ok((await plain.page.locator("#chart svg").first().textContent()).includes("warm <b>"), "chart: without scripts: the mark has its name");
  const curves = await plain.page.locator("#chart > svg path.curve").evaluateAll((list) => list.map((e) => e.classList[1]));
  ok(["c0", "c1", "c2"].every((c) => curves.includes(c)), "chart: without scripts: resident memory, live blocks, Java heap", curves);
  const legend = await plain.page.locator("#chart .legend li:not(.upright)").allInnerTexts();
  await plain.page.context().close();

  const { page } = await open(file);
  const shown = async () => (await page.locator("#chart [tabindex='0']").getAttribute("data-shown")).split(" ").map(Number);
  const span = ([from, to]) => to - from;
  is(await page.locator("#chart canvas").count(), 1, "chart: drawn by the script");
  const named = await page.locator("#chart .u-legend .u-label").allInnerTexts();
  is(named.slice(1).map((n) => n.replace(/:$/, "")).join(), legend.map((n) => n.trim()).join(), "chart: the script's curves are those of the page");
  for (const name of [...curves, "mark"]) ok((await painted(page, name)) > 20, `chart: ${name} is painted`, await painted(page, name));
  const whole = await shown();
  await page.locator("#chart [tabindex='0']").focus();
  await page.keyboard.press("+");
  ok(span(await shown()) < span(whole) * 0.6, "chart: + zooms in", await shown());
  await page.keyboard.press("ArrowRight");
  ok((await shown())[0] > whole[0] + span(whole) / 4, "chart: the arrow moves", await shown());
  await page.keyboard.press("0");
  is(span(await shown()), span(whole), "chart: 0 shows all");
  const box = await page.locator("#chart .u-over").boundingBox();
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  ok(span(await shown()) < span(whole) * 0.5, "chart: dragging zooms in", await shown());
  await page.context().close();

  const sampled = await open(
    doctor(file, ({ curves, report }) => {
      const end = report.series.time_s.at(-1);
      report.completeness.sampling = { changes: [{ t_s: end / 2, from: 0, to: 4096, why: "budget" }] };
      report.series.cgroup_limit = report.series.rss.map((v) => v && 2 * v);
      curves.push({ column: "cgroup_limit", label: "limit of the cgroup", class: "c4", dash: [] });
      report.marks = [];
    }),
  );
  ok((await painted(sampled.page, "change")) > 20, "chart: a change of the interval is painted");
  ok((await painted(sampled.page, "c4")) > 20, "chart: so is a limit");
  is(await painted(sampled.page, "mark"), 0, "chart: and no mark where there is none");
  await sampled.page.context().close();
}
