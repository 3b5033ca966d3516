/* Elements without markup: whatever comes from a call or a person goes in as text, never as HTML. */

/* Marks that turn the direction of what follows, beyond their own text: they are shown by their number, not obeyed. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

export function seen(text) {
	return text.replace(TURNS, (mark) => `⟨U+${mark.codePointAt(0).toString(16).toUpperCase()}⟩`);
}

/* el("button", {class: "quiet", onclick: f, disabled: true, "aria-label": "…"}, "text", child, [children], null). */
export function el(tag, attributes, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes ?? {})) {
		if (value === undefined || value === null || value === false) continue;
		if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
		else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") node[name] = value;
		else node.setAttribute(name, value === true ? "" : seen(String(value)));
	}
	const shown = children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false);
	node.append(...shown.map((child) => (child instanceof Node ? child : seen(String(child)))));
	return node;
}

/* Touches the page only where the text is another one: no layout for nothing, no selection lost. */
export function say(node, text) {
	text = seen(String(text ?? ""));
	if (node.textContent !== text) node.textContent = text;
	return node;
}

export function show(node, wanted) {
	if (node.hidden === wanted) node.hidden = !wanted;
	return node;
}

export function byId(id) {
	return document.getElementById(id);
}

/* At most one run of `f` a frame, however often it is asked for; a page in the background draws nothing, so a timer helps out. */
export function onceAFrame(f) {
	let waits = false;
	return () => {
		if (waits) return;
		waits = true;
		const run = () => {
			waits = false;
			f();
		};
		if (document.hidden) setTimeout(run, 250);
		else requestAnimationFrame(run);
	};
}

/* ---- notices: what went wrong and what to do about it ---- */

const notices = new Map();

export function notice(key, message, { hint, kind = "bad", action, label } = {}) {
	unnotice(key);
	const close = el("button", { type: "button", class: "quiet", "aria-label": "Close this message", onclick: () => unnotice(key) }, "×");
	const node = el("div", { class: "notice " + kind, role: kind === "bad" ? "alert" : "status" },
		el("div", null, el("strong", null, message), hint ? el("p", null, hint) : null),
		action ? el("button", { type: "button", onclick: action }, label) : null, close);
	notices.set(key, node);
	byId("notices").append(node);
	return node;
}

export function unnotice(key) {
	notices.get(key)?.remove();
	notices.delete(key);
}

/* Anything that was thrown, told to the person. */
export function trouble(key, error) {
	if (error?.name === "AbortError" || error?.status === 401) return;
	notice(key, error?.message || "Something went wrong.", { hint: error?.hint });
}

/* For those who do not see the page: one more line, the oldest go. */
export function announce(text) {
	const log = byId("announcer");
	log.append(el("p", null, text));
	while (log.childElementCount > 20) log.firstElementChild.remove();
}

/* What was said so is nobody's any more. */
export function hush() {
	byId("announcer").replaceChildren();
}

/* A question with two answers; resolves to whether it was the first. Escape is the second. */
export function question(title, text, yes) {
	const dialog = byId("question");
	const no = el("button", { type: "button", onclick: () => dialog.close("no") }, "Cancel");
	const go = el("button", { type: "button", class: "danger", onclick: () => dialog.close("yes") }, yes);
	dialog.replaceChildren(el("h2", { id: "question-title" }, title), el("p", null, text), el("div", { class: "actions" }, no, go));
	dialog.returnValue = "no";
	dialog.showModal();
	no.focus();
	return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true }));
}

export async function copy(text, button) {
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		const area = el("textarea", { class: "unseen", value: text });
		(document.querySelector("dialog[open]") ?? document.body).append(area);
		area.select();
		document.execCommand("copy");
		area.remove();
	}
	const before = button.textContent;
	button.textContent = "Copied";
	setTimeout(() => (button.textContent = before), 1500);
}
