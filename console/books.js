/* Rule-books: which there are, what stands in them, and whether one that is pasted is right. Nothing is stored from here. */

import { ask, askText } from "./api.js";
import { el, say, show, trouble, unnotice } from "./dom.js";
import { language, plain } from "./words.js";

export class Books {
	constructor(name) {
		this.name = name;
		this.over = new AbortController();
	}

	async mount(main) {
		this.list = el("ul", { class: "books" });
		this.title = el("h2", { id: "book-title" }, "Check a rule-book");
		this.about = el("p", { class: "muted" }, "Paste one, or choose one of the list to read it.");
		this.numbers = el("div", { class: "numbers-column", "aria-hidden": "true" });
		this.text = el("textarea", { class: "code", spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "off", "aria-label": "Rule-book, YAML", "aria-describedby": "verdict", oninput: () => this.edited() });
		this.text.addEventListener("scroll", () => (this.numbers.style.transform = `translateY(${-this.text.scrollTop}px)`), { passive: true });
		this.verdict = el("div", { id: "verdict", role: "status", class: "verdict" });
		this.button = el("button", { type: "button", class: "primary", onclick: () => this.check() }, "Check");
		main.replaceChildren(el("div", { class: "head" }, el("h1", null, "Rule-books")),
			el("div", { class: "columns books-columns" }, el("nav", { class: "card", "aria-label": "Rule-books" }, this.list, el("a", { class: "button", href: "#/books" }, "Check another one")),
				el("section", { class: "card", "aria-labelledby": "book-title" }, el("div", { class: "card-head" }, el("div", null, this.title, this.about), this.button),
					this.verdict, el("div", { class: "editor" }, el("div", { class: "numbers-box" }, this.numbers), this.text))));
		this.edited();
		await Promise.all([this.loadList(), this.name ? this.loadBook() : null]);
	}

	unmount() {
		this.over.abort();
		unnotice("books");
	}

	async loadList() {
		try {
			const { rulebooks } = await ask("GET", "/v1/rulebooks", { signal: this.over.signal });
			const open = rulebooks.find((book) => book.name === this.name);
			if (open) this.describe(open);
			this.list.replaceChildren(...rulebooks.map((book) => this.row(book)));
			show(this.list, rulebooks.length > 0);
		} catch (error) {
			trouble("books", error);
		}
	}

	row(book) {
		return el("li", null, el("a", { href: "#/books/" + book.name, "aria-current": book.name === this.name ? "page" : null },
			el("strong", null, book.title || plain(book.name)),
			book.fine ? el("span", { class: "muted small" }, `version ${book.version} · ${book.languages.map(language).join(", ")}`) : el("span", { class: "chip bad" }, "has mistakes")));
	}

	describe(book) {
		say(this.title, book.title || plain(book.name));
		say(this.about, book.fine ? `Version ${book.version} · ${book.steps} steps, ${book.tools} tools, ${book.outcomes} outcomes · sha256 ${book.sha256.slice(0, 12)}…` : "It has mistakes: no call can use it.");
		if (!book.fine) this.tell(book);
	}

	async loadBook() {
		try {
			this.text.value = await askText("/v1/rulebooks/" + this.name, { signal: this.over.signal });
			this.count();
		} catch (error) {
			trouble("books", error);
		}
	}

	edited() {
		this.count();
		this.verdict.replaceChildren();
	}

	count() {
		const lines = this.text.value.split("\n").length;
		if (this.lines !== lines) say(this.numbers, Array.from({ length: lines }, (_, i) => i + 1).join("\n"));
		this.lines = lines;
		this.button.disabled = !this.text.value.trim();
	}

	async check() {
		if (!this.text.value.trim() || this.button.disabled) return;
		this.button.disabled = true;
		try {
			this.tell(await ask("POST", "/v1/rulebooks/check", { text: this.text.value, signal: this.over.signal }));
			unnotice("books");
		} catch (error) {
			trouble("books", error);
		}
		this.button.disabled = false;
	}

	tell(report) {
		if (report.fine) {
			const facts = [`${report.steps} steps`, `${report.tools} tools`, `${report.outcomes} outcomes`].filter((fact) => !fact.startsWith("undefined"));
			return this.verdict.replaceChildren(el("p", { class: "good" }, el("strong", null, "No mistakes."), ` ${report.id}, version ${report.version}: ${facts.join(", ")}.`));
		}
		const more = report.more ? el("p", { class: "muted" }, `and ${report.more} more`) : null;
		this.verdict.replaceChildren(el("p", { class: "bad" }, el("strong", null, report.mistakes.length === 1 ? "One mistake." : `${report.mistakes.length + (report.more ?? 0)} mistakes.`)),
			el("ol", { class: "mistakes" }, report.mistakes.map((mistake) => this.mistake(mistake))), more ?? "");
	}

	mistake(m) {
		const found = m.found ? el("span", null, "found ", el("code", null, m.found)) : null;
		const allowed = m.allowed ? el("span", { class: "muted" }, "allowed: " + m.allowed) : null;
		return el("li", null, el("button", { type: "button", class: "link", onclick: () => this.goTo(m.line) }, `Line ${m.line}`),
			el("div", null, el("strong", null, m.why), m.path ? el("span", { class: "muted" }, el("code", null, m.path)) : null, found, allowed));
	}

	/* The caret to that place, the whole line chosen. */
	goTo(line) {
		const lines = this.text.value.split("\n");
		const from = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
		this.text.focus();
		this.text.setSelectionRange(from, from + (lines[line - 1]?.length ?? 0));
		this.text.scrollTop = Math.max(0, (line - 4) * Number.parseFloat(getComputedStyle(this.text).lineHeight));
		this.text.scrollLeft = 0;
	}

	key(event) {
		if (event.ctrlKey && event.key === "Enter") this.check();
		else if (event.key === "j" || event.key === "k") this.step(event.key === "j" ? 1 : -1);
		else return false;
		return true;
	}

	step(by) {
		const links = [...this.list.querySelectorAll("a")];
		const at = links.indexOf(document.activeElement);
		links[Math.max(0, Math.min(links.length - 1, at < 0 ? 0 : at + by))]?.focus();
	}
}
