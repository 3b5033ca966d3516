/* One call: live while it lasts, then with its recording. What is shown comes from its events alone, so that a reload shows the same. */

import { ask, follow, titles } from "./api.js";
import { copy, el, notice, onceAFrame, question, say, seen, show, trouble, unnotice } from "./dom.js";
import { CostCard } from "./costs.js";
import { Latency } from "./latency.js";
import { Player } from "./player.js";
import { may } from "./session.js";
import { Story } from "./story.js";
import { fromOf, Transcript } from "./transcript.js";
import { clock, kind, language, plain, reason, result, state, wholeTime, when } from "./words.js";

const RECORDING_AGAIN_MS = [500, 1000, 2000, 3000, 5000, 5000, 10000, 10000];
const RECORDING_LATE_MS = 120000; /* after the call's end: then there is none */
const FACTS_AGAIN_MS = [300, 1000, 3000];
const END_LOOKS = 8; /* times those */
const DECISIONS = "callfunnel.decisions";

export class Call {
	/* `inside`: part of another view (the softphone), with less around it. */
	constructor(id, { inside = false } = {}) {
		this.id = id;
		this.inside = inside;
		this.story = new Story();
		this.over = new AbortController();
		this.offset_ms = 0; /* of the recording's beginning, on the call's clock */
		this.draw = onceAFrame(() => this.paint());
	}

	async mount(main) {
		this.build(main);
		try {
			this.facts = await ask("GET", "/v1/calls/" + this.id, { signal: this.over.signal });
		} catch (error) {
			if (error.status === 404) return main.replaceChildren(notFound());
			trouble("call", error);
			if (error.status >= 400 && error.status < 500) return;
		}
		this.titles = await titles();
		this.draw();
		this.stream();
	}

	/* The title of its rule-book; one that is gone is called by its name. */
	heading(call) {
		const name = call.rulebook ?? this.story.start?.rulebook;
		return name ? this.titles?.get(name) || plain(name) : "Call";
	}

	unmount() {
		this.over.abort();
		this.player?.close();
		clearInterval(this.seconds);
		for (const key of ["call", "stream", "sound"]) unnotice(key);
	}

	build(main) {
		this.title = el(this.inside ? "h2" : "h1", null, "Call");
		this.chips = el("span", { class: "chips" });
		this.endButton = el("button", { type: "button", class: "danger", hidden: true, onclick: () => this.end() }, "End the call");
		this.download = el("button", { type: "button", hidden: true, onclick: () => this.save() }, "Download");
		this.facts_list = el("dl", { class: "facts" });
		this.now = el("div", { class: "now", hidden: true });
		this.transcript = new Transcript({ seek: (at_ms) => this.player?.seek(at_ms - this.offset_ms, true) });
		this.latency = new Latency();
		this.costs = new CostCard();
		this.decisions = el("input", { type: "checkbox", checked: localStorage.getItem(DECISIONS) !== "no", onchange: () => this.showDecisions() });
		this.replay = el("code", null, `callfunnel replay ${this.id}`);
		this.replayBox = el("section", { class: "card replay", hidden: true, "aria-labelledby": "replay-title" },
			el("h2", { id: "replay-title" }, "Replay"), el("p", { class: "muted" }, "Feeds this call's inputs through the core again and compares every output."),
			el("div", { class: "command" }, this.replay, el("button", { type: "button", onclick: (event) => copy(this.replay.textContent, event.currentTarget) }, "Copy")));
		this.playerBox = el("div");
		this.words = el("section", { class: "card", "aria-labelledby": "words-title" },
			el("div", { class: "card-head" }, el("h2", { id: "words-title" }, "Conversation"), el("label", { class: "check" }, this.decisions, "Decisions")), this.now, this.transcript.node);
		const head = el("div", { class: "head" }, el("div", null, this.inside ? null : el("a", { href: "#/calls", class: "back" }, "← Calls"), this.title, this.chips),
			this.inside ? null : el("div", { class: "tools" }, this.download, this.endButton));
		main.replaceChildren(el("div", { class: this.inside ? "call inside" : "call" }, head, this.inside ? null : this.facts_list, this.playerBox,
			el("div", { class: "columns" }, this.words, el("div", { class: "side" }, this.latency.node, this.costs.node, this.replayBox))));
		this.showDecisions();
	}

	/* ---- events ---- */

	/* A stream that ended before the conductor knew of the end told nothing of what is waited for: it is asked again. */
	async stream() {
		await this.follow();
		await this.known;
		if (!this.facts?.settling || this.story.settled || this.over.signal.aborted) return;
		await this.follow();
		if (!this.story.settled) await this.learn();
	}

	async follow() {
		let first = !this.story.lines.length;
		try {
			await follow(this.id, {
				signal: this.over.signal,
				take: (lines) => {
					this.story.take(lines);
					this.transcript.tell(this.story, !first);
					if (first) this.sawLive = !this.story.end;
					first = false;
					this.draw();
				},
				state: (word, error) => this.streamState(word, error),
			});
		} catch (error) {
			trouble("stream", error);
		}
	}

	streamState(word, error) {
		if (word === "away") notice("stream", "The live view is cut off.", { hint: `${error.message} Trying again; nothing is lost meanwhile.`, kind: "warn" });
		else unnotice("stream");
		if (word === "over" && !this.known) this.ended();
	}

	async ended() {
		clearInterval(this.seconds);
		this.draw();
		this.known = this.learn();
		if (await this.known) await this.recording();
	}

	/* True: the conductor was asked, and answered. */
	async learn() {
		for (const wait_ms of FACTS_AGAIN_MS) {
			try {
				this.facts = await ask("GET", "/v1/calls/" + this.id, { signal: this.over.signal });
			} catch (error) {
				trouble("call", error);
				return false;
			}
			this.draw();
			if (this.facts.state === "ended") break;
			await new Promise((done) => setTimeout(done, wait_ms));
		}
		return true;
	}

	/* Nobody has it any more: true once the conductor has ended it, which takes some seconds; its last line comes later still. */
	async expectEnd() {
		for (let i = 0; i < END_LOOKS && this.facts?.state !== "ended"; i++) if (!(await this.learn())) break;
		return this.facts?.state === "ended";
	}

	/* It comes a moment after the call's end. */
	async recording() {
		const fresh = this.story.start?.recorded !== false && (this.sawLive || Date.now() - this.facts.ended_ms < RECORDING_LATE_MS);
		const pending = el("p", { class: "card muted" }, "The recording is being made…");
		this.playerBox.replaceChildren(pending);
		for (const wait_ms of fresh ? [...RECORDING_AGAIN_MS, 0] : [0]) {
			try {
				const waveform = await ask("GET", `/v1/calls/${this.id}/waveform`, { signal: this.over.signal });
				return this.play(waveform);
			} catch (error) {
				if (error.status !== 404) return error.name === "AbortError" || trouble("sound", error);
			}
			await new Promise((done) => setTimeout(done, wait_ms));
			if (this.over.signal.aborted) return;
		}
		say(pending, "There is no recording of this call.");
	}

	play(waveform) {
		this.offset_ms = waveform.media_ms ?? this.story.media_ms;
		const marks = this.story.entries.filter((entry) => entry.kind === "attach").map((entry) => ({ at_ms: entry.at_ms - this.offset_ms }));
		this.player = new Player(this.id, { waveform, marks, moved: (ms) => this.transcript.highlight(this.story, this.player?.audio.src || ms ? ms + this.offset_ms : null) });
		this.playerBox.replaceChildren(this.player.node);
		this.transcript.setPlayable(may("reveal"));
		show(this.download, may("reveal"));
	}

	/* ---- what one can do ---- */

	async end() {
		if (!(await question("End this call?", "The agent says goodbye and hangs up.", "End the call"))) return;
		this.endButton.disabled = true;
		try {
			await ask("POST", `/v1/calls/${this.id}/end`);
			unnotice("call");
		} catch (error) {
			trouble("call", error);
		}
		this.endButton.disabled = false;
	}

	async save() {
		this.download.disabled = true;
		try {
			await this.player.load();
			el("a", { href: this.player.url, download: `${this.id}.flac` }).click();
		} catch (error) {
			trouble("sound", error);
		}
		this.download.disabled = false;
	}

	showDecisions() {
		localStorage.setItem(DECISIONS, this.decisions.checked ? "yes" : "no");
		this.words.classList.toggle("no-notes", !this.decisions.checked);
	}

	/* ---- painting ---- */

	isLive() {
		return !this.story.end && this.facts?.state !== "ended";
	}

	paint() {
		if (this.over.signal.aborted) return;
		const { story } = this, live = this.isLive();
		const call = { ...this.facts, state: story.end ? "ended" : story.start ? (this.facts?.state === "ended" ? "ended" : "live") : this.facts?.state ?? "waiting" };
		if (this.facts?.replay) say(this.replay, this.facts.replay);
		say(this.title, this.heading(call));
		this.paintChips(call);
		this.paintFacts(call);
		this.paintNow(live);
		this.transcript.draw(story, { stick: live || this.inside });
		this.latency.draw(story);
		this.costs.draw(story);
		show(this.endButton, live && may("operator"));
		show(this.replayBox, Boolean(story.end));
		if (live && !this.seconds && story.start) this.seconds = setInterval(() => this.paintFacts({ ...this.facts, state: "live" }), 1000);
		if (!this.inside) document.title = `${live && story.start ? "● " : ""}${seen(this.heading(call))} – callfunnel`;
	}

	paintChips(call) {
		const came_to = this.story.settled ?? call;
		const outcome = this.story.outcome ?? came_to.outcome;
		const wanted = JSON.stringify([call.state, outcome, came_to.result]);
		if (this.chips.dataset.shown === wanted) return;
		this.chips.dataset.shown = wanted;
		this.chips.replaceChildren(el("span", { class: "state " + call.state }, state(call)), outcome ? el("span", { class: "chip outcome " + result(came_to.result) }, plain(outcome)) : "");
	}

	paintFacts(call) {
		if (this.inside) return;
		const began_ms = call.began_ms || this.story.start?.wall_ms;
		const length_ms = this.story.end?.connected_ms ?? (call.state === "ended" ? call.connected_ms : began_ms ? Date.now() - began_ms : undefined);
		const rows = [
			["Began", when(began_ms), wholeTime(began_ms)], ["Length", clock(length_ms)], ["Turns", this.story.end?.turns ?? this.story.turns.length],
			["Language", language(call.language ?? this.story.start?.language)], ["Way in", `${plain(call.direction ?? this.story.start?.direction)}, ${kind(call)}`],
			["Worker", `${call.worker || "–"}${this.story.epoch > 1 ? `, epoch ${this.story.epoch}` : ""}`], ["Ended", this.story.end || call.reason ? reason(this.story.end?.reason ?? call.reason) : ""], ["Call", this.id],
		].filter(([, value]) => value !== "");
		if (this.facts_list.childElementCount !== rows.length) this.facts_list.replaceChildren(...rows.map(() => el("div", null, el("dt"), el("dd"))));
		rows.forEach(([name, value, title], i) => {
			const [dt, dd] = this.facts_list.children[i].children;
			say(dt, name);
			say(dd, value);
			if (title) dd.title = title;
		});
	}

	paintNow(live) {
		show(this.now, live && Boolean(this.story.start));
		if (this.now.hidden) return;
		const floor = this.story.holding ? "held" : this.story.floor;
		const words = { agent: "The agent speaks", caller: "The caller speaks", both: "Both speak", nobody: "Nobody speaks", held: "The agent waits whether the caller goes on" };
		if (this.now.dataset.floor === floor) return;
		this.now.dataset.floor = floor;
		this.now.replaceChildren(el("span", { class: "bars", "aria-hidden": "true" }, el("i"), el("i"), el("i")), el("span", null, words[floor] ?? plain(floor)));
	}

	/* ---- keys ---- */

	key(event) {
		const { player } = this;
		if (event.key === "d") this.decisions.click();
		else if (event.key === "e" && !this.endButton.hidden) this.end();
		else if (player && event.key === " ") player.toggle();
		else if (player && event.key === "ArrowLeft") player.seek(player.at_ms - 5000);
		else if (player && event.key === "ArrowRight") player.seek(player.at_ms + 5000);
		else if (player && (event.key === "j" || event.key === "k")) this.step(event.key === "j");
		else return false;
		return true;
	}

	/* To the next line that was said, or the one before. */
	step(forward) {
		const at_ms = this.player.at_ms + this.offset_ms;
		const spoken = this.story.entries.filter((entry) => entry.kind === "agent" || entry.kind === "caller");
		const to = forward ? spoken.find((entry) => fromOf(entry) > at_ms + 50) : spoken.findLast((entry) => fromOf(entry) < at_ms - 1000);
		if (to) this.player.seek(fromOf(to) - this.offset_ms, !this.player.audio.paused);
	}
}

function notFound() {
	return el("div", { class: "empty" }, el("h1", null, "There is no such call"), el("p", null, "It belongs to somebody else, or was removed."), el("a", { class: "button", href: "#/calls" }, "All calls"));
}
