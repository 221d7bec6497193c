// The comparison: the same load on the Go heap and in scopes, measured from this browser.

import { lastSeen } from "./draw.js";
import { band, bytes, count, stats } from "./charts.js";

const batch = 256; // digits in a request
const lanes = 4; // requests at a time
const lasts = 5000; // milliseconds, each

const button = document.getElementById("run");
const progress = document.getElementById("progress");
const outcome = document.getElementById("outcome");

// body returns a batch: what the network saw last, or a stroke, moved about a little.
function body() {
  let image = lastSeen();
  if (!image.some((v) => v)) image = Uint8Array.from({ length: 784 }, (_, i) => (i % 28 > 12 && i % 28 < 16 && i > 112 && i < 672 ? 255 : 0));
  const all = new Uint8Array(batch * 784);
  for (let i = 0; i < batch; i++) {
    const shift = (Math.floor(Math.random() * 5) - 2) * 28 + Math.floor(Math.random() * 5) - 2;
    for (let j = 0; j < 784; j++) all[784 * i + j] = image[(j + shift + 784) % 784];
  }
  return all;
}

// load sends batches until the time is over, and returns what that cost.
async function load(memory, signal) {
  const data = body(), durations = [];
  const before = await stats(Number.MAX_SAFE_INTEGER);
  const begin = performance.now(), done = band(memory);
  const lane = async () => {
    while (performance.now() < begin + lasts) {
      const start = performance.now();
      const response = await fetch(`/v1/predict?memory=${memory}`, {
        method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: data, signal,
      });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`the service answered ${response.status}`);
      durations.push(performance.now() - start);
    }
  };
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    done();
  }
  const seconds = (performance.now() - begin) / 1000;
  const after = await stats(Number.MAX_SAFE_INTEGER);
  durations.sort((a, b) => a - b);
  return {
    digits: (batch * durations.length) / seconds,
    garbage: (after.heap.allocated_bytes - before.heap.allocated_bytes) / durations.length,
    cycles: after.heap.gc_cycles - before.heap.gc_cycles,
    p99: durations[Math.min(durations.length - 1, Math.floor(0.99 * durations.length))],
  };
}

function fill(id, r) {
  const cells = document.getElementById(id).querySelectorAll("td");
  const texts = r ? [count(r.digits).join(" "), `${bytes(r.garbage).join(" ")}/batch`, count(r.cycles).join(" "), `${r.p99.toFixed(1)} ms`] : ["–", "–", "–", "–"];
  cells.forEach((cell, i) => { cell.textContent = texts[i]; });
}

// advance moves the bar from one half to the other.
function advance(memory, from) {
  progress.className = memory;
  const animation = progress.animate(
    [{ transform: `scaleX(${from})` }, { transform: `scaleX(${from + 0.5})` }], { duration: lasts, fill: "forwards" });
  return () => animation.cancel();
}

let running = null;

async function run() {
  running = new AbortController();
  button.textContent = "Stop";
  fill("row-heap");
  fill("row-shared");
  const stops = [];
  try {
    outcome.textContent = "On the Go heap …";
    stops.push(advance("heap", 0));
    const heap = await load("heap", running.signal);
    fill("row-heap", heap);
    outcome.textContent = "In scopes …";
    stops.push(advance("shared", 0.5));
    const shared = await load("shared", running.signal);
    fill("row-shared", shared);
    outcome.textContent = verdict(heap, shared);
  } catch (error) {
    outcome.textContent = running.signal.aborted ? "Stopped." : `Stopped: ${error.message}.`;
  }
  stops.forEach((stop) => stop());
  running = null;
  button.textContent = "Compare again";
}

function verdict(heap, shared) {
  const less = heap.garbage / Math.max(1, shared.garbage);
  return `In scopes: ${(shared.digits / heap.digits).toFixed(2)}× the digits per second, ` +
    `${less >= 10 ? Math.round(less).toLocaleString("en") : less.toFixed(1)} times less garbage, ` +
    `${count(shared.cycles).join(" ")} garbage collections instead of ${count(heap.cycles).join(" ")}.`;
}

button.addEventListener("click", () => {
  if (running) running.abort();
  else run();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) running?.abort(); // nobody is looking
});
