import { existsSync } from "node:fs";
import type { Server } from "node:http";
import { expect } from "chai";
import { chromium, type Browser, type Page } from "playwright-core";
import { History } from "../../../autoscaler/loop/history";
import type { Tick } from "../../../autoscaler/loop/loop";
import { LoopMetrics } from "../../../autoscaler/loop/serving/metrics";
import { serve } from "../../../autoscaler/loop/serving/serve";
import { LoopWorld } from "../../support/loop-world";

/** Where Debian, Ubuntu and Google's package have it. */
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);

/** Relative luminance of a colour as the browser gives it, "rgb(1, 2, 3)" (WCAG 2.2). */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+(\.\d+)?/g) ?? []).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe("the status page in a browser", function () {
  this.timeout(120_000);
  let [server, browser, page]: [Server | undefined, Browser | undefined, Page | undefined] = [
    undefined,
    undefined,
    undefined,
  ];
  let url = "";
  const complaints: string[] = [];
  const at = (): Page => {
    if (page === undefined) throw new Error("no page");
    return page;
  };
  const styleOf = async (selector: string, property: string): Promise<string> =>
    at().evaluate(
      ([where = "", what = ""]) => {
        const { document, getComputedStyle } = globalThis as unknown as {
          document: { querySelector: (selector: string) => object };
          getComputedStyle: (element: object) => { getPropertyValue: (property: string) => string };
        };
        return getComputedStyle(document.querySelector(where)).getPropertyValue(what);
      },
      [selector, property],
    );

  before(async () => {
    if (executablePath === undefined)
      throw new Error("no Chromium on this machine; run `lab/install-packages chromium`.");
    const world = new LoopWorld();
    const [metrics, history] = [new LoopMetrics(), new History()];
    const loop = world.start("one");
    const ticks: Tick[] = [];
    for (let index = 0; index < 20; index += 1) {
      world.cpu = index < 3 ? 0.9 : 0.6;
      const tick = await loop.tick();
      history.note(tick);
      ticks.push(tick);
    }
    let address = "";
    ({ server, address } = await serve(
      {
        cluster: () => "prod-swarm-alpha",
        metrics,
        history,
        last: () => ticks.at(-1),
        ended: () => ({ at: 0, wellAt: 0 }),
        now: () => 0,
        intervalSeconds: 3600,
      },
      "127.0.0.1:0",
    ));
    url = `http://${address}/`;
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    page = await browser.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => {
      complaints.push(String(error));
    });
    await page.goto(url);
  });
  after(async () => {
    await browser?.close();
    server?.close();
  });

  it("shows what was decided, the zones and the load, and breaks no rule of its policy", async () => {
    expect(await at().title()).to.equal("prod-swarm-alpha: autoscaler");
    expect(await at().getByRole("heading", { level: 2 }).allTextContents()).to.deep.equal([
      "Workers by zone",
      "Load and workers",
      "Last decisions",
      "Gates",
    ]);
    expect(await at().getByRole("region", { name: "zones" }).getByRole("listitem").allTextContents()).to.have.members([
      "az1-0",
      "az1-1",
      "az2-0",
      "az3-0",
    ]);
    expect(await at().getByRole("region", { name: "verdict" }).textContent()).to.match(
      /^holdCPU of the cluster is 60 %/,
    );
    const drawing = await at().getByRole("img").boundingBox();
    expect(drawing?.width).to.be.above(600);
    expect(await at().getByRole("region", { name: "decisions" }).getByRole("row").count()).to.be.above(2);
    // the browser asks for an icon by itself
    expect(complaints.filter((text) => !text.includes("404"))).to.deep.equal([]);
  });

  for (const [scheme, isDark] of [
    ["light", false],
    ["dark", true],
  ] as const) {
    it(`can be read in ${scheme}`, async () => {
      await at().emulateMedia({ colorScheme: scheme });
      const paper = await styleOf("body", "background-color");
      expect(luminance(paper) < 0.2).to.equal(isDark);
      const texts = {
        body: "color",
        ".faint": "color",
        th: "color",
        "td.open": "color",
        "svg text": "fill",
        "svg .label-out": "fill",
        "svg .label-in": "fill",
        "svg .faint": "fill",
      };
      for (const [selector, property] of Object.entries(texts)) {
        // 4.5 is what WCAG 2.2 asks of text (AA)
        expect(contrast(await styleOf(selector, property), paper), `${selector} in ${scheme}`).to.be.above(4.5);
      }
    });
  }

  it("fits a narrow screen", async () => {
    await at().setViewportSize({ width: 390, height: 800 });
    const width = await at().evaluate(
      () =>
        (globalThis as unknown as { document: { documentElement: { scrollWidth: number } } }).document.documentElement
          .scrollWidth,
    );
    expect(width).to.be.at.most(390);
  });
});
