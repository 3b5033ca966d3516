/* The latency of each turn as one stacked bar, with its numbers: which part took how long. All bars share one scale. */

import { el, say } from "./dom.js";
import { PARTS, short } from "./words.js";

const SCALE_MIN_MS = 1000;

export class Latency {
	constructor() {
		this.turns = 0;
		this.scale_ms = SCALE_MIN_MS;
		this.summary = el("p", { class: "muted" });
		this.list = el("ol", { class: "turns", tabindex: "0", "aria-label": "Turns" });
		const legend = el("ul", { class: "legend" }, PARTS.map(([name, label, help]) => el("li", { title: help }, el("i", { class: "part part-" + name, "aria-hidden": "true" }), label)));
		this.node = el("section", { class: "card latency", "aria-labelledby": "latency-title" },
			el("h2", { id: "latency-title" }, "Time to answer"), this.summary, legend, this.list);
	}

	draw(story) {
		if (story.turns.length === this.turns) return;
		for (const turn of story.turns.slice(this.turns)) this.list.append(row(turn));
		this.turns = story.turns.length;
		this.scale_ms = Math.max(SCALE_MIN_MS, ...story.turns.map((turn) => turn.total_ms));
		for (const bar of this.list.querySelectorAll(".bar-parts")) bar.style.width = `${(100 * bar.dataset.total) / this.scale_ms}%`;
		say(this.summary, summary(story.turns.map((turn) => turn.total_ms).sort((a, b) => a - b)));
	}
}

function summary(totals) {
	if (!totals.length) return "";
	const at = (share) => totals[Math.min(totals.length - 1, Math.floor(share * totals.length))];
	return totals.length === 1 ? `One turn, ${short(totals[0])}` : `${totals.length} turns, half of them within ${short(at(0.5))}, the slowest ${short(totals.at(-1))}`;
}

function row(turn) {
	const parts = PARTS.filter(([name]) => turn.parts[name] > 0);
	const bar = el("div", { class: "bar-parts", "data-total": turn.total_ms, "aria-hidden": "true" });
	for (const [name, label, help] of parts) {
		const part = el("i", { class: "part part-" + name, title: `${label}: ${short(turn.parts[name])}, ${help}` });
		part.style.flexGrow = String(turn.parts[name]);
		bar.append(part);
	}
	const numbers = parts.map(([name, label]) => el("span", { class: "pair" }, el("span", { class: "muted" }, label + " "), short(turn.parts[name])));
	return el("li", null, el("div", { class: "turn-head" }, el("span", null, `Turn ${turn.turn}`), el("strong", null, short(turn.total_ms))),
		el("div", { class: "bar-room" }, bar), el("p", { class: "numbers" }, numbers));
}
