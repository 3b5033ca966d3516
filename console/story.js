/* A call as its events tell it: lines in, what is to be seen out. Pure: it knows no page and no clock; the same lines give the same
 * story, which is why a reload in mid-call shows the same.
 *
 * `entries` is the transcript in order. Each has `id` (the line it began with), `kind`, `at_ms` (call clock), `change` (grows when
 * it is another than before) and, by kind:
 *   agent    pieces: [{utterance, text, heard, state, from_ms, to_ms}], answer (latency of the turn it answers)
 *            state: queued → speaking → said | cut | unsaid; unknown: it was spoken when nobody had the call any more
 *   caller   text, is_final, from_ms, to_ms
 *   tool     turn, index, name, args, changes, status, result, took_ms
 *   digit    digits
 *   note     line
 *   gap      track, from_ms, to_ms, why
 *   attach   epoch, gap_ms
 *   outcome  name, args
 *   end      reason, connected_ms, turns, outcome
 * `costs` is what providers were used for, summed (costs.js).
 */

import { Costs } from "./costs.js";


/* The order in which things happened. A worker tells some of them up to a tenth of a second late. */
function order(a, b) {
	return a.epoch - b.epoch || a.at_ms - b.at_ms || a.sequence - b.sequence || a.part - b.part;
}

function keyOf(line) {
	return `${line.epoch}.${line.sequence}.${line.part}.${line.type}`;
}

export class Story {
	constructor() {
		this.lines = [];
		this.known = new Set();
		this.builds = 0; /* grows when everything was told anew */
		this.clear();
	}

	clear() {
		this.entries = [];
		this.turns = [];
		this.start = null;
		this.end = null;
		this.outcome = null;
		this.costs = new Costs();
		this.settled = null; /* what the call came to, told behind its end */
		this.floor = "nobody";
		this.floor_ms = 0;
		this.epoch = 0;
		this.media_ms = 0; /* when the sound began: 0 of both tracks */
		this.holding = false;
		this.pieces = new Map(); /* utterance → [entry, piece] */
		this.tools = new Map(); /* "turn.index" → entry */
		this.caller = null; /* the entry that partial words go to */
		this.pending_answer = null;
	}

	/* Takes new lines. Those that come late are put where they belong, and the story is told again. */
	take(lines) {
		const fresh = lines.filter((line) => !this.known.has(keyOf(line))).sort(order);
		if (!fresh.length) return;
		const late = this.lines.length > 0 && order(fresh[0], this.lines.at(-1)) < 0;
		for (const line of fresh) this.known.add(keyOf(line));
		this.lines.push(...fresh);
		if (late) {
			this.lines.sort(order);
			this.clear();
			this.builds++;
		}
		for (const line of late ? this.lines : fresh) {
			if (line.epoch > this.epoch) this.epoch = line.epoch;
			this["on_" + line.type]?.(line);
		}
	}

	add(kind, line, members) {
		const entry = { id: keyOf(line), kind, at_ms: line.at_ms, epoch: line.epoch, change: 0, ...members };
		this.entries.push(entry);
		return entry;
	}

	/* The last that was said or done: decisions and the outcome stand between an agent's sentences without parting them. */
	last() {
		return this.entries.findLast((entry) => entry.kind !== "note" && entry.kind !== "outcome") ?? null;
	}

	/* ---- the call ---- */

	on_start(line) {
		this.start = line;
	}

	/* Words of which no final came went with the worker: the next one hears them again, or asks. */
	on_attach(line) {
		if (this.caller) this.entries.splice(this.entries.indexOf(this.caller), 1);
		this.caller = null;
		this.add("attach", line, { gap_ms: line.gap_ms });
	}

	on_end(line) {
		this.end = line;
		this.floor = "nobody";
		if (line.unwritten) this.leave();
		this.drop(() => true);
		this.caller = null;
		this.add("end", line, { reason: line.reason, connected_ms: line.connected_ms, turns: line.turns, outcome: line.outcome });
	}

	on_outcome(line) {
		this.outcome = line.name;
		this.add("outcome", line, { name: line.name, args: line.arguments });
	}

	on_settled(line) {
		this.settled = line;
	}

	on_gap(line) {
		this.add("gap", line, { track: line.track, from_ms: line.from_ms, to_ms: line.to_ms, why: line.why });
	}

	/* ---- who speaks ---- */

	on_floor(line) {
		this.floor = line.who;
		this.floor_ms = line.at_ms;
		if (line.who === "agent" || line.who === "both") this.speaks(line.at_ms);
	}

	/* The first piece that waits is the one that is heard now. */
	speaks(at_ms) {
		const [entry, piece] = this.first((candidate) => candidate.state === "queued" || candidate.state === "speaking");
		if (!piece || piece.state === "speaking") return;
		piece.state = "speaking";
		piece.from_ms = at_ms;
		entry.change++;
	}

	first(fits) {
		for (const [entry, piece] of this.pieces.values()) if (fits(piece)) return [entry, piece];
		return [null, null];
	}

	drop(fits) {
		for (const [entry, piece] of this.pieces.values()) {
			if ((piece.state !== "queued" && piece.state !== "speaking") || !fits(piece)) continue;
			piece.state = "unsaid";
			entry.change++;
		}
	}

	/* What sounded when the line or the worker went for good: no one says how much of it was heard. */
	leave() {
		const [entry, piece] = this.first((candidate) => candidate.state === "speaking");
		if (!piece) return;
		piece.state = "unknown";
		entry.change++;
	}

	/* ---- the caller ---- */

	/* Words that the recogniser takes back leave no place for what is said later. */
	on_partial(line) {
		if (!line.text) {
			if (this.caller) this.entries.splice(this.entries.indexOf(this.caller), 1);
			this.caller = null;
			return;
		}
		if (!this.caller) this.caller = this.add("caller", line, { text: "", is_final: false, from_ms: null, to_ms: null });
		this.caller.text = line.text;
		this.caller.change++;
	}

	on_final(line) {
		const entry = this.caller ?? this.add("caller", line, {});
		Object.assign(entry, { text: line.text, is_final: true, from_ms: this.media_ms + line.from_ms, to_ms: this.media_ms + line.to_ms });
		entry.change++;
		this.caller = null;
		if (!line.text) this.entries.splice(this.entries.indexOf(entry), 1);
	}

	on_digit(line) {
		const last = this.last();
		if (last?.kind === "digit" && line.at_ms - last.last_ms < 5000) {
			last.digits += line.digit;
			last.last_ms = line.at_ms;
			last.change++;
		} else {
			this.add("digit", line, { digits: String(line.digit), last_ms: line.at_ms });
		}
	}

	/* ---- the agent ---- */

	on_speak(line) {
		const known = this.pieces.get(line.utterance);
		if (known && known[1].text === line.text) {
			if (known[1].state === "unsaid") known[1].state = "queued";
			known[0].change++;
			return;
		}
		let entry = this.last();
		if (entry?.kind !== "agent" || entry.epoch !== line.epoch) entry = this.add("agent", line, { pieces: [], answer: this.pending_answer });
		this.pending_answer = null;
		const piece = { utterance: line.utterance, text: line.text, heard: "", state: "queued", from_ms: null, to_ms: null };
		entry.pieces.push(piece);
		entry.change++;
		this.pieces.set(line.utterance, [entry, piece]);
		if (this.floor === "agent" && !this.first((other) => other.state === "speaking")[1]) this.speaks(line.at_ms);
	}

	/* What was heard: all of it, or up to where it was cut. */
	on_heard(line) {
		const known = this.pieces.get(line.utterance);
		if (!known) return;
		const [entry, piece] = known;
		piece.heard = line.text;
		piece.from_ms ??= this.floor_ms;
		piece.to_ms = line.at_ms;
		piece.state = !line.cut ? "said" : piece.heard ? "cut" : "unsaid";
		entry.change++;
		if (piece.state === "said" && (this.floor === "agent" || this.floor === "both")) this.speaks(line.at_ms);
	}

	on_hold(line) {
		this.holding = true;
		this.add("note", line, { line });
	}

	on_resume(line) {
		this.holding = false;
		this.add("note", line, { line });
	}

	on_yield(line) {
		this.holding = false;
		this.drop((piece) => piece.state === "queued");
		this.add("note", line, { line });
	}

	on_language(line) {
		this.add("note", line, { line });
	}

	on_note(line) {
		if (line.code === "media") this.media_ms = line.at_ms;
		else if (line.code === "discard") this.drop((piece) => piece.state === "queued");
		if (line.code !== "media") this.add("note", line, { line });
	}

	on_usage(line) {
		this.costs.take(line);
	}

	on_turn(line) {
		const turn = { turn: line.turn, at_ms: line.at_ms, parts: line.parts_ms ?? {}, total_ms: line.total_ms };
		this.turns.push(turn);
		const last = this.last();
		if (last?.kind === "agent" && !last.answer) {
			last.answer = turn;
			last.change++;
		} else if (last?.kind !== "agent") {
			this.pending_answer = turn;
		}
	}

	/* ---- tools ---- */

	on_tool(line) {
		const key = line.turn + "." + line.index;
		if (this.tools.has(key)) return;
		this.tools.set(key, this.add("tool", line, { turn: line.turn, index: line.index, name: line.name, args: line.arguments, changes: line.changes, status: "", result: "" }));
	}

	on_tool_result(line) {
		const entry = this.tools.get(line.turn + "." + line.index);
		if (!entry) return;
		entry.status = line.status;
		entry.result = line.text;
		entry.took_ms = line.at_ms - entry.at_ms;
		entry.change++;
	}
}

/* What of a piece was heard, and what was not. With masked words the one is not always the beginning of the other: then it goes by words. */
export function split(piece) {
	if (piece.state !== "cut" && piece.state !== "unsaid") return [piece.text, ""];
	if (!piece.heard) return ["", piece.text];
	if (piece.text.startsWith(piece.heard)) return [piece.heard, piece.text.slice(piece.heard.length)];
	const words = piece.text.match(/\s*\S+/g) ?? [];
	return [piece.heard, words.slice(piece.heard.trim().split(/\s+/).length).join("")];
}
