/* The calls: live ones first, then newest first. Asks again while it is seen, and only for the first page. */

import { ask } from "./api.js";
import { byId, el, say, show, trouble, unnotice } from "./dom.js";
import { may } from "./session.js";
import { clock, kind, language, plain, reason, result, state, wholeTime, when } from "./words.js";

const LIVE_MS = 2500, QUIET_MS = 5000; /* between two looks: calls are under way, or none is */
const PAGE = 50;
const FAR = 8; /* calls under way that are not on the first page */

export class Calls {
	constructor() {
		this.calls = new Map();
		this.rows = new Map();
		this.before = null;
		this.over = new AbortController();
	}

	mount(main) {
		this.filter = el("input", { type: "search", id: "filter", placeholder: "Rule-book, outcome, id…", "aria-label": "Filter calls", oninput: () => this.draw() });
		this.states = el("select", { "aria-label": "State", onchange: () => this.draw() },
			el("option", { value: "" }, "All calls"), el("option", { value: "live" }, "Live"), el("option", { value: "ended" }, "Ended"), el("option", { value: "waiting" }, "Waiting"));
		this.list = el("ul", { class: "calls" });
		this.empty = el("div", { class: "empty", hidden: true });
		this.more = el("button", { type: "button", hidden: true, onclick: () => this.loadMore() }, "Older calls");
		this.count = el("p", { class: "muted", role: "status" });
		main.replaceChildren(el("div", { class: "head" }, el("h1", null, "Calls"),
			el("div", { class: "tools" }, this.filter, this.states, may("operator") ? el("a", { class: "button primary", href: "#/phone" }, "Talk to the agent") : null)),
			el("div", { class: "calls-head", "aria-hidden": "true" }, ["State", "Rule-book", "Outcome", "Began", "Length", "Turns"].map((word) => el("span", null, word))),
			this.list, this.empty, el("div", { class: "center" }, this.more, this.count));
		document.addEventListener("visibilitychange", () => document.hidden || this.refresh(), { signal: this.over.signal });
		return this.refresh();
	}

	unmount() {
		this.over.abort();
		clearTimeout(this.timer);
		unnotice("calls");
	}

	async refresh() {
		clearTimeout(this.timer);
		try {
			const page = await ask("GET", `/v1/calls?limit=${PAGE}`, { signal: this.over.signal });
			const first = this.calls.size === 0;
			this.take(page.calls);
			await this.lookUp(page.calls);
			if (first) this.before = page.before;
			unnotice("calls");
			this.draw();
		} catch (error) {
			trouble("calls", error);
		}
		const live = [...this.calls.values()].some((call) => call.state !== "ended");
		if (!this.over.signal.aborted && !document.hidden) this.timer = setTimeout(() => this.refresh(), live ? LIVE_MS : QUIET_MS);
	}

	async loadMore() {
		this.more.disabled = true;
		try {
			const page = await ask("GET", `/v1/calls?limit=${PAGE}&before=${encodeURIComponent(this.before)}`, { signal: this.over.signal });
			this.take(page.calls);
			this.before = page.before;
			this.draw();
		} catch (error) {
			trouble("calls", error);
		}
		this.more.disabled = false;
	}

	/* What is under way further down the list. */
	async lookUp(seen) {
		const ids = new Set(seen.map((call) => call.call));
		const far = [...this.calls.values()].filter((call) => call.state !== "ended" && !ids.has(call.call)).slice(0, FAR);
		this.take(await Promise.all(far.map((call) => ask("GET", "/v1/calls/" + call.call, { signal: this.over.signal }))));
	}

	take(calls) {
		for (const call of calls) this.calls.set(call.call, call);
	}

	wanted() {
		const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
		const fits = (call) => (!this.states.value || call.state === this.states.value) && words.every((word) => haystack(call).includes(word));
		return [...this.calls.values()].filter(fits).sort((a, b) => (b.state !== "ended") - (a.state !== "ended") || b.began_ms - a.began_ms || (a.call < b.call ? -1 : 1));
	}

	draw() {
		const wanted = this.wanted();
		let before = null;
		for (const call of wanted) {
			const row = this.row(call);
			const place = before ? before.nextSibling : this.list.firstChild;
			if (place !== row) this.list.insertBefore(row, place);
			before = row;
		}
		while (before ? before.nextSibling : this.list.firstChild) (before ? before.nextSibling : this.list.firstChild).remove();
		show(this.more, Boolean(this.before));
		say(this.count, this.calls.size > wanted.length ? `${wanted.length} of ${this.calls.size} loaded calls` : "");
		this.drawEmpty(wanted.length === 0);
	}

	drawEmpty(empty) {
		show(this.empty, empty);
		if (!empty) return;
		if (this.calls.size) this.empty.replaceChildren(el("p", null, "No loaded call fits this filter."));
		else this.empty.replaceChildren(el("h2", null, "No calls yet"), el("p", null, "Talk to the agent from this page, or let a carrier send you a call."),
			may("operator") ? el("a", { class: "button primary", href: "#/phone" }, "Talk to the agent") : null);
	}

	row(call) {
		const known = this.rows.get(call.call);
		const text = JSON.stringify(call);
		if (known?.text === text) return known.row;
		const row = known?.row ?? el("li", null);
		const focused = row.contains(document.activeElement);
		row.replaceChildren(link(call));
		if (focused) row.firstChild.focus();
		this.rows.set(call.call, { row, text });
		return row;
	}

	/* j and k */
	step(by) {
		const links = [...this.list.querySelectorAll("a")];
		const at = links.indexOf(document.activeElement);
		links[Math.max(0, Math.min(links.length - 1, at < 0 ? 0 : at + by))]?.focus();
	}

	key(event) {
		if (event.key === "j") this.step(1);
		else if (event.key === "k") this.step(-1);
		else if (event.key === "/") byId("filter").focus();
		else return false;
		return true;
	}
}

function haystack(call) {
	return [call.call, call.rulebook, plain(call.rulebook), call.outcome, plain(call.outcome), call.language, call.kind, call.direction, reason(call.reason)].join(" ").toLowerCase();
}

function link(call) {
	const ended = call.state === "ended";
	const outcome = call.outcome ? el("span", { class: "chip " + result(call.result) }, plain(call.outcome)) : el("span", { class: "muted" }, ended ? reason(call.reason) : "");
	return el("a", { href: "#/calls/" + call.call, class: "call-row " + call.state },
		el("span", { class: "state " + call.state }, state(call)),
		el("span", { class: "grow" }, el("strong", null, plain(call.rulebook)), el("span", { class: "muted small" }, [language(call.language), call.direction, kind(call)].filter(Boolean).join(" · "))),
		el("span", null, outcome),
		el("time", { datetime: call.began_ms ? new Date(call.began_ms).toISOString() : null, title: wholeTime(call.began_ms) }, when(call.began_ms)),
		el("span", { class: "number", title: "Connected" }, ended ? clock(call.connected_ms) : ""),
		el("span", { class: "number", title: "Turns" }, ended ? String(call.turns ?? "") : ""));
}
