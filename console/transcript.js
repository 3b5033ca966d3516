/* The transcript of a story: one row an entry, kept between draws; only rows whose entry changed are made anew. */

import { announce, el } from "./dom.js";
import { split } from "./story.js";
import { clock, decision, plain, reason, short } from "./words.js";

const NEAR_END_PX = 80;

export class Transcript {
	/* `seek(at_ms)` is called when a line is chosen, once the recording can be played (`setPlayable`). */
	constructor({ seek }) {
		this.seek = seek;
		this.rows = new Map(); /* entry id → {row, text, change, builds} */
		this.playable = false;
		this.told = new Set();
		this.stick = false;
		this.list = el("ol", { class: "transcript", tabindex: "0", "aria-label": "Transcript" });
		this.jump = el("button", { type: "button", class: "jump", hidden: true, onclick: () => this.toEnd() }, "↓ Newest");
		this.node = el("div", { class: "transcript-box" }, this.list, this.jump);
		this.list.addEventListener("click", (event) => this.clicked(event));
		this.list.addEventListener("scroll", () => (this.jump.hidden = !this.stick || this.isAtEnd()), { passive: true });
	}

	setPlayable(playable) {
		this.playable = playable;
		this.list.classList.toggle("playable", playable);
		for (const button of this.list.querySelectorAll("button.at")) button.disabled = !playable;
	}

	clicked(event) {
		const at = event.target.closest("[data-from]");
		if (this.playable && at) this.seek(Number(at.dataset.from));
	}

	isAtEnd() {
		return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_END_PX;
	}

	toEnd() {
		this.list.scrollTop = this.list.scrollHeight;
	}

	draw(story, { stick }) {
		const follows = stick && this.isAtEnd();
		this.stick = stick;
		const seen = new Set();
		let before = null;
		for (const entry of story.entries) {
			seen.add(entry.id);
			const kept = this.rows.get(entry.id);
			const row = kept && kept.change === entry.change && kept.builds === story.builds ? kept.row : this.put(story, entry, kept);
			if ((before ? before.nextSibling : this.list.firstChild) !== row) this.list.insertBefore(row, before ? before.nextSibling : this.list.firstChild);
			before = row;
		}
		for (const [id, { row }] of this.rows) {
			if (seen.has(id)) continue;
			row.remove();
			this.rows.delete(id);
		}
		if (follows) this.toEnd();
		else this.jump.hidden = !stick || this.isAtEnd();
	}

	/* A story that was told anew has new entries; most say what they said before. */
	put(story, entry, kept) {
		const text = JSON.stringify({ ...entry, change: 0 });
		if (kept?.text === text) {
			Object.assign(kept, { change: entry.change, builds: story.builds });
			return kept.row;
		}
		const row = el("li", { class: "entry " + entry.kind, "data-epoch": entry.epoch }, this.time(entry), ROWS[entry.kind](entry));
		kept?.row.replaceWith(row);
		this.rows.set(entry.id, { row, text, change: entry.change, builds: story.builds });
		return row;
	}

	time(entry) {
		const from = fromOf(entry);
		return el("button", { type: "button", class: "at", disabled: !this.playable, "data-from": from, title: "Hear it from here" }, clock(from));
	}

	/* Lines that became final since the last time, for those who listen to the page; what was there before is not read out. */
	tell(story, aloud) {
		for (const entry of story.entries) {
			if (this.told.has(entry.id) || (entry.kind === "caller" && !entry.is_final)) continue;
			if (entry.kind === "agent" && entry.pieces.some((piece) => piece.state === "queued" || piece.state === "speaking")) continue;
			this.told.add(entry.id);
			if (!aloud) continue;
			if (entry.kind === "caller") announce("Caller: " + entry.text);
			if (entry.kind === "agent") announce("Agent: " + entry.pieces.map((piece) => split(piece)[0]).join(" "));
			if (entry.kind === "end") announce("The call is over: " + reason(entry.reason));
		}
	}

	/* The row and the piece that sound at this moment. Returns the row. */
	highlight(story, at_ms) {
		const current = at_ms === null ? null : story.entries.findLast((entry) => (entry.kind === "agent" || entry.kind === "caller") && fromOf(entry) <= at_ms);
		const row = current ? this.rows.get(current.id)?.row : null;
		if (row !== this.current) {
			this.current?.classList.remove("current");
			this.current?.removeAttribute("aria-current");
			row?.classList.add("current");
			row?.setAttribute("aria-current", "true");
			this.current = row;
			if (row) this.bringIntoView(row);
		}
		const piece = current?.kind === "agent" ? current.pieces.findLast((candidate) => candidate.from_ms !== null && candidate.from_ms <= at_ms) : null;
		const span = piece ? row.querySelector(`[data-utterance="${Number(piece.utterance)}"]`) : null;
		if (span === this.span) return;
		this.span?.classList.remove("current");
		span?.classList.add("current");
		this.span = span;
	}

	bringIntoView(row) {
		const top = row.offsetTop - this.list.offsetTop;
		if (top < this.list.scrollTop || top + row.offsetHeight > this.list.scrollTop + this.list.clientHeight)
			this.list.scrollTo({ top: top - this.list.clientHeight / 3, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
	}
}

/* Where an entry begins on the call's clock. */
export function fromOf(entry) {
	if (entry.kind === "caller") return entry.from_ms ?? entry.at_ms;
	if (entry.kind === "agent") return entry.pieces[0]?.from_ms ?? entry.at_ms;
	return entry.at_ms;
}

/* ---- rows ---- */

const STATES = { queued: "about to say", speaking: "saying", said: "", cut: "", unsaid: "", unknown: "" };

function agent(entry) {
	const answer = entry.answer ? el("span", { class: "chip", title: `Turn ${entry.answer.turn}: from the caller's last sound to the agent's first` }, short(entry.answer.total_ms)) : null;
	const coming = entry.pieces.find((piece) => piece.state === "queued" || piece.state === "speaking");
	return el("div", { class: "said" }, el("p", { class: "speaker" }, "Agent", answer, coming ? el("span", { class: "chip soft" }, STATES[coming.state]) : null),
		el("p", { class: "words" }, entry.pieces.map((piece) => [spoken(piece), " "])));
}

function spoken(piece) {
	const [heard, lost] = split(piece);
	return el("span", { class: "piece " + piece.state, "data-utterance": piece.utterance, "data-from": piece.from_ms },
		heard, lost ? [el("s", { title: "Not heard by the caller" }, lost), el("span", { class: "unseen" }, " (not heard)")] : null,
		piece.state === "unknown" ? el("span", { class: "muted small" }, " (sent, not known to have been heard)") : null);
}

function caller(entry) {
	return el("div", { class: "said" }, el("p", { class: "speaker" }, "Caller", entry.is_final ? null : el("span", { class: "chip soft" }, "speaking")),
		el("p", { class: entry.is_final ? "words" : "words partial", "data-from": fromOf(entry) }, entry.text || "…"));
}

const TOOL_STATES = { ok: "done", error: "failed", unknown: "outcome unknown", "": "running…" };

function tool(entry) {
	const kind = { ok: "good", error: "bad", unknown: "warn" }[entry.status] ?? "soft";
	return el("div", { class: "said" },
		el("p", { class: "speaker" }, "Tool ", el("code", null, entry.name), entry.changes ? el("span", { class: "chip warn" }, "changes something") : null,
			el("span", { class: "chip " + kind }, (TOOL_STATES[entry.status] ?? entry.status) + (entry.took_ms >= 0 ? ` · ${short(entry.took_ms)}` : ""))),
		el("dl", { class: "pairs" }, values("asked", entry.args), entry.status ? values("got", entry.result) : null));
}

/* JSON as a list of names and values; what is no object as it is. */
function values(word, text) {
	let parsed;
	try {
		parsed = typeof text === "string" ? JSON.parse(text) : text;
	} catch {
		parsed = text;
	}
	const shown = parsed && typeof parsed === "object" && !Array.isArray(parsed)
		? Object.entries(parsed).map(([key, value]) => el("span", { class: "pair" }, el("span", { class: "muted" }, key + " "), typeof value === "string" ? value : JSON.stringify(value)))
		: [el("span", { class: "pair" }, typeof parsed === "string" ? parsed : JSON.stringify(parsed ?? null))];
	return [el("dt", null, word), el("dd", null, shown.length ? shown : el("span", { class: "muted" }, "nothing"))];
}

function line(label, text) {
	return el("p", { class: "line" }, el("strong", null, label), text ? " · " : null, text || null);
}

/* A new epoch: the caller's line was away, or its worker was. Whose the epoch is the timeline does not say. */
function divider(entry) {
	const gap = Number.isFinite(entry.gap_ms) ? ` after ${short(entry.gap_ms)}` : "";
	return line(`The line came back${gap}`, `epoch ${entry.epoch}`);
}

function gap(entry) {
	const track = entry.track === "agent" ? "agent's" : entry.track === "caller" ? "caller's" : entry.track ?? "";
	return line(`A gap of ${short(entry.to_ms - entry.from_ms)} in the ${track} sound`, entry.why ?? "");
}

function over(entry) {
	const facts = [Number.isFinite(entry.connected_ms) ? `connected ${clock(entry.connected_ms)}` : "", Number.isFinite(entry.turns) ? `${entry.turns} turns` : ""].filter(Boolean);
	return line("The call is over: " + reason(entry.reason), facts.join(", "));
}

const ROWS = {
	agent, caller, tool, gap, attach: divider, end: over,
	digit: (entry) => line("Keypad", entry.digits),
	note: (entry) => line(...decision(entry.line)),
	outcome: (entry) => line("Outcome", plain(entry.name)),
};
