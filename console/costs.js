/* What a call cost, by vendor and model: the sum of its usage lines, and the card that shows it. Costs come with each line, in picos (a millionth of a
 * micro-dollar), or null where the price is not known: that is said, and never shown as zero. A wasted line counts nothing anew: so much of the rest was
 * for nothing. */

import { el, say, show } from "./dom.js";

const PICOS_A_DOLLAR = 1e12;
const SAMPLES_A_SECOND = 8000;
const SILENT = new Set(["requests", "text_bytes"]); /* nobody bills them */

export class Costs {
	constructor() {
		this.rows = new Map(); /* "vendor model" → row */
		this.change = 0;
	}

	take(line) {
		const key = `${line.vendor} ${line.model}`;
		if (!this.rows.has(key)) this.rows.set(key, { vendor: line.vendor, model: line.model, estimated: false, all: part(), wasted: part() });
		const row = this.rows.get(key);
		add(line.wasted ? row.wasted : row.all, line);
		row.estimated ||= line.estimated;
		this.prices = line.prices;
		this.change++;
	}

	/* Of what has a price; `known` is false when something has none. */
	total() {
		const rows = [...this.rows.values()];
		const sum = (name) => rows.reduce((picos, row) => picos + row[name].picos, 0);
		return { picos: sum("all"), wasted: sum("wasted"), known: rows.every((row) => row.all.known) };
	}
}

function part() {
	return { units: {}, picos: 0, known: true };
}

function add(to, line) {
	for (const [unit, count] of Object.entries(line.units ?? {})) to.units[unit] = (to.units[unit] ?? 0) + count;
	if (line.picos === null) to.known = false;
	else to.picos += line.picos;
}

/* Rounded up to a millionth, as `callfunnel show` has it. */
export function money(picos) {
	return "$" + (Math.ceil((picos * 1e6) / PICOS_A_DOLLAR) / 1e6).toFixed(6);
}

function amount(of) {
	return of.known ? money(of.picos) : "price unknown";
}

function words(units) {
	const told = Object.entries(units).filter(([unit]) => !SILENT.has(unit));
	return told.map(([unit, count]) => (unit === "audio_samples" ? `${(count / SAMPLES_A_SECOND).toFixed(1)} s of sound` : `${count} ${unit.replaceAll("_", " ")}`)).join(", ");
}

export class CostCard {
	constructor() {
		this.shown = 0;
		this.summary = el("p", { class: "muted" });
		this.list = el("ol", { class: "turns", "aria-label": "Providers" });
		this.node = el("section", { class: "card costs", hidden: true, "aria-labelledby": "costs-title" }, el("h2", { id: "costs-title" }, "Costs"), this.summary, this.list);
	}

	draw(story) {
		const { costs } = story;
		if (costs.change === this.shown && costs === this.costs) return;
		this.shown = costs.change;
		this.costs = costs;
		this.list.replaceChildren(...[...costs.rows.values()].map(row));
		say(this.summary, summary(costs));
		show(this.node, costs.rows.size > 0);
	}
}

function summary(costs) {
	const { picos, wasted, known } = costs.total();
	return `${money(picos)}${known ? "" : " and what has no price"}, ${money(wasted)} of it for nothing; prices of ${costs.prices}`;
}

function row(one) {
	const lost = Object.keys(one.wasted.units).length ? `; for nothing: ${words(one.wasted.units) || "requests"}, ${amount(one.wasted)}` : "";
	return el("li", null, el("div", { class: "turn-head" }, el("span", null, `${one.vendor} ${one.model}`), el("strong", null, amount(one.all))),
		el("p", { class: "numbers" }, `${words(one.all.units)}${lost}${one.estimated ? " (partly estimated)" : ""}`));
}
