/* Numbers, times and the server's words, as people read them. */

/* 75300 → "1:15"; with tenths for the transcript's times: "1:15.3". */
export function clock(ms, tenths = false) {
	if (!Number.isFinite(ms)) return "–";
	const whole = Math.max(0, tenths ? Math.floor(ms / 100) : Math.floor(ms / 1000));
	const seconds = tenths ? Math.floor(whole / 10) : whole;
	const hours = Math.floor(seconds / 3600);
	const two = (n) => String(n).padStart(2, "0");
	const head = hours ? `${hours}:${two(Math.floor(seconds / 60) % 60)}` : String(Math.floor(seconds / 60));
	return `${head}:${two(seconds % 60)}${tenths ? "." + (whole % 10) : ""}`;
}

/* 609 → "609 ms", 1850 → "1.9 s". */
export function short(ms) {
	if (!Number.isFinite(ms)) return "–";
	return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

const DAY_MS = 86400000;
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const hour = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const year = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

export function wholeTime(ms) {
	return ms ? whole.format(ms) : "";
}

/* "14:05", "20 Nov, 14:05", "3 Jan 2025". */
export function when(ms, now = Date.now()) {
	if (!ms) return "–";
	const at = new Date(ms), today = new Date(now);
	if (at.toDateString() === today.toDateString()) return hour.format(at);
	if (at.getFullYear() === today.getFullYear() || now - ms < 90 * DAY_MS) return `${day.format(at)}, ${hour.format(at)}`;
	return year.format(at);
}

const languages = "DisplayNames" in Intl ? new Intl.DisplayNames(undefined, { type: "language" }) : null;

export function language(tag) {
	try {
		return tag ? languages?.of(tag) ?? tag : "–";
	} catch {
		return tag;
	}
}

/* "appointment-reminder" → "Appointment reminder", "wrong_person" → "Wrong person". */
export function plain(name) {
	const text = String(name ?? "").replaceAll(/[-_]+/g, " ").trim();
	return text ? text[0].toUpperCase() + text.slice(1) : "–";
}

const STATES = { waiting: "Waiting", live: "Live", ended: "Ended" };

export function state(call) {
	return STATES[call.state] ?? plain(call.state);
}

const REASONS = {
	caller: "the caller hung up", agent: "the agent ended it", quiet: "nobody spoke", max: "its time was up", time: "its time was up", order: "ended by a person",
	lost: "the line was lost", failed: "no answer could be had", unanswered: "nobody answered", no_worker: "no worker was free", transferred: "a person has it",
};

export function reason(word) {
	return REASONS[word] ?? plain(word).toLowerCase();
}

const KINDS = { browser: "this page", twilio: "Twilio", exotel: "Exotel" };

export function kind(call) {
	const word = call.kind ?? call.carrier;
	return KINDS[word] ?? plain(word);
}

/* What the rule-book says of an outcome, as a chip's colour. */
export function result(word) {
	return { success: "good", failure: "bad" }[word] ?? "told";
}

/* The parts of a turn's latency, in their order. */
export const PARTS = [
	["end_of_turn", "End of turn", "from the last sound of the caller until the turn was taken to be over"],
	["transcript", "Transcript", "until the recogniser's final words were there"],
	["first_token", "Model", "until the model's first word"],
	["first_text", "Sentence", "until there was enough text to be spoken"],
	["first_byte", "Voice", "until the voice gave its first sound"],
	["first_sent", "Sent", "until the first frame was given to the line"],
	["first_played", "Played", "until the caller could hear it, as far as the line says"],
];

/* What was decided, and why: the head of a decision and its reason. */
const TURN_WHYS = {
	silence: "the caller was silent", complete: "the words were a whole answer", open: "the words wanted more, but none came", spelled: "no more digits or letters came",
	endpoint: "the recogniser said so", final_late: "the final words were late", keys: "keys were pressed", agent: "the agent was still speaking",
};
const YIELD_WHYS = { words: "the caller said words", stop_word: "the caller said a stop word", length: "the caller went on speaking", keys: "the caller pressed a key" };
const SHORT_WHYS = {
	late: "the words came late, or nobody could ask", attempt: "it is another attempt", tool: "a tool came between", slow: "model and voice were slow lately",
};
const RETRY_WHATS = { model: "the model", voice: "the voice", recogniser: "the recogniser", carrier: "the line" };

const quoted = (line) => (line.words ? `“${line.words}”` : "");

const DECISIONS = {
	turn: (line) => ["The caller's turn ended", `${TURN_WHYS[line.why] ?? plain(line.why)}, after ${short(line.silence_ms)} of silence`],
	hold: (line) => ["The agent held its words", `after ${short(line.voice_ms)} of the caller's voice`],
	resume: () => ["The agent went on", "from the word where it was held"],
	yield: (line) => ["The agent gave way", YIELD_WHYS[line.why] ?? plain(line.why)],
	language: (line) => [`From here on in ${line.language}`, "the agent was asked for it"],
	unheard: (line) => [`Nobody hears ${line.language}`, "no recogniser of this call serves it: the one of before goes on"],
	nod: (line) => ["A nod, no interruption", quoted(line)],
	noise: (line) => ["A sound without words", short(line.voice_ms)],
	tool: (line) => ["The result reached the conversation", line.status === "ok" ? "" : line.status],
	tool_late: () => ["A tool's result came too late", "the conversation had gone on"],
	tool_repeat: () => ["The model asked again for what was done", "it got the first result"],
	release: () => ["An answer prepared ahead was used", "the turn ended with the same words"],
	discard: () => ["An answer was thrown away before it was heard", "the caller went on, or a tool's result came"],
	retry: (line) => [`Tried again: ${RETRY_WHATS[line.what] ?? plain(line.what)}`, `attempt ${line.attempt}`],
	failed: (line) => [`Given up: ${RETRY_WHATS[line.what] ?? plain(line.what)}`, `after ${line.attempt} attempts`],
	quiet: (line) => ["Nobody spoke", line.times > 1 ? `the agent asks again, for the ${line.times}th time`.replace("2th", "2nd").replace("3th", "3rd") : "the agent asks again"],
	short: (line) => ["A short answer is asked for", `${SHORT_WHYS[line.why] ?? plain(line.why)}; another would come after ${short(line.expected_ms)}`],
	keys: (line) => ["An entry on the keypad", `${line.digits} digits`],
	ending: (line) => ["The goodbye began", reason(line.reason)],
	ended: (line) => ["The call was over", reason(line.reason)],
};

/* [head, reason] of a note, hold, resume or yield. Codes of a newer server speak for themselves. */
export function decision(line) {
	const known = DECISIONS[line.type === "note" ? line.code : line.type];
	return known ? known(line) : [plain(line.code), line.text ?? ""];
}
