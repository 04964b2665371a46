// The page of a patient without reloading: the same form is sent and the same page comes back; its content is exchanged.
// Facts go out in the body of a POST alone; the address holds the view and never a fact.
"use strict";
(() => {
  const page = document.documentElement;
  page.classList.add("scripted");
  const told = document.createElement("p");
  told.className = "hidden";
  told.setAttribute("role", "status");
  document.body.append(told);
  const form = () => document.getElementById("patient");
  let asking = null;

  // What the reader opened stays open.
  const unfolded = () => [...document.querySelectorAll("details[id][open]")].map((one) => one.id);

  function exchange(text, clicked) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const content = fresh.getElementById("content");
    if (!content) return false;
    const open = unfolded();
    const place = clicked && clicked.getBoundingClientRect().top;
    const key = clicked && ["id", "name", "value"].map((name) => clicked.getAttribute(name) || "");
    document.getElementById("content").replaceWith(document.adoptNode(content));
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    prepare();
    const fault = document.querySelector("[aria-invalid]");
    const moved = document.getElementById("moved");
    const same = key && [...document.querySelectorAll("button, input")].find((one) =>
      key.every((value, at) => (one.getAttribute(["id", "name", "value"][at]) || "") === value));
    if (fault) {
      for (let up = fault.closest("details"); up; up = up.parentElement.closest("details")) up.open = true;
      fault.focus();
    } else if (moved && clicked && clicked.type !== "checkbox") {
      moved.focus({ preventScroll: true });
      const box = moved.getBoundingClientRect();
      if (box.top < 0 || box.bottom > innerHeight) moved.scrollIntoView({ block: "start" });
    } else if (same) {
      scrollBy(0, same.getBoundingClientRect().top - place);
      same.focus({ preventScroll: true });
    }
    told.textContent = fault ? "Something could not be taken over." : moved ? moved.textContent.replace(/\s+/g, " ").trim() : "The answer is up to date.";
    return true;
  }

  async function send(clicked) {
    const sent = new FormData(form(), clicked instanceof HTMLButtonElement ? clicked : null);
    asking?.abort();
    asking = new AbortController();
    page.classList.add("busy");
    try {
      const answer = await fetch("/", {
        method: "POST", body: new URLSearchParams(sent), signal: asking.signal, cache: "no-store",
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
      });
      const text = await answer.text();
      if (!exchange(text, clicked)) told.textContent = failed(answer.status);
    } catch (error) {
      if (error.name !== "AbortError") failed(0);
    } finally {
      page.classList.remove("busy");
    }
  }

  function failed(status) {
    let note = document.getElementById("failed");
    if (!note) {
      note = document.createElement("p");
      note.id = "failed";
      note.className = "note stop";
      document.querySelector(".answer").prepend(note);
    }
    note.textContent = `The answer could not be had${status ? ` (${status})` : ""}. What you see is the answer before; what you typed is still there.`;
    return note.textContent;
  }

  document.addEventListener("submit", (event) => {
    if (event.target.id !== "patient") return;
    event.preventDefault();
    send(event.submitter);
  });

  document.addEventListener("change", (event) => {
    if (event.target.name === "plan" || event.target.id === "problem") send(event.target);
    if (event.target.id === "file" && event.target.files[0]) take(event.target.files[0]);
  });

  // A week of the slider: the status of each row is that of the last span that has begun.
  document.addEventListener("input", (event) => {
    if (event.target.id === "week") slide(event.target);
  });

  function slide(slider) {
    const week = Number(slider.value), first = Number(slider.min), last = Number(slider.max);
    const shown = String(Math.round(week * 10) / 10);
    document.getElementById("week-told").textContent = shown;
    for (const row of document.querySelectorAll(".courses li")) {
      const spans = [...row.querySelectorAll("rect[data-from]")];
      const span = spans.filter((one) => Number(one.dataset.from) <= week).pop() || spans[0];
      row.querySelector(".cursor").setAttribute("x", 300 * (week - first) / (last - first || 1) - 1);
      const mark = row.querySelector(".now .status");
      mark.firstElementChild.textContent = span.dataset.letter;
      mark.lastChild.textContent = ` ${span.dataset.status}`;
    }
  }

  // A record that is dropped or chosen is read as if it had been pasted.
  async function take(file) {
    const text = document.getElementById("text");
    text.value = await file.text();
    send(document.querySelector('button[name="action"][value="read"]'));
  }
  document.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    document.getElementById("text").classList.add("over");
  });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files[0]) return;
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });

  // A page that is left has lost its patient: whoever stated one is asked.
  addEventListener("beforeunload", (event) => {
    if (document.querySelector('input[name="example"]').value === "" && document.querySelector(".answer")) event.preventDefault();
  });

  // Fields that complete: what is typed is sent in a body, too.
  function completing(field) {
    const list = document.createElement("ul");
    list.className = "offers";
    list.id = `${field.id}-offers`;
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Terms");
    field.after(list);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) field.setAttribute(name, value);
    let at = -1, wait = 0, last = null;
    const offers = () => [...list.children];
    const close = () => { list.hidden = true; at = -1; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); };
    const choose = (one) => { field.value = one.dataset.value; close(); };
    const mark = (next) => {
      const all = offers();
      at = (next + all.length) % all.length;
      all.forEach((one, index) => one.setAttribute("aria-selected", String(index === at)));
      field.setAttribute("aria-activedescendant", all[at].id);
      all[at].scrollIntoView({ block: "nearest" });
    };
    const ask = async () => {
      const text = field.value.trim();
      last?.abort();
      if (text.length < 2) return close();
      last = new AbortController();
      const body = new URLSearchParams([["text", text], ...field.dataset.kinds.split(" ").map((kind) => ["kind", kind])]);
      try {
        const found = await (await fetch("/patient/terms", { method: "POST", body, signal: last.signal, cache: "no-store" })).json();
        list.replaceChildren(...found.map((term, index) => {
          const one = document.createElement("li");
          one.id = `${list.id}-${index}`;
          one.setAttribute("role", "option");
          one.setAttribute("aria-selected", "false");
          one.dataset.value = term.value;
          one.append(term.label);
          if (term.by) one.append(Object.assign(document.createElement("small"), { textContent: term.by }));
          return one;
        }));
        at = -1;
        list.hidden = !found.length;
        field.setAttribute("aria-expanded", String(!list.hidden));
      } catch (error) {
        if (error.name !== "AbortError") close();
      }
    };
    field.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(ask, 120); });
    field.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      if (event.key === "ArrowDown") { event.preventDefault(); mark(at + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); mark(at < 0 ? -1 : at - 1); }
      else if (event.key === "Enter" && at >= 0) { event.preventDefault(); choose(offers()[at]); }
      else if (event.key === "Escape") close();
    });
    field.addEventListener("blur", () => setTimeout(close, 150));
    list.addEventListener("mousedown", (event) => { event.preventDefault(); const one = event.target.closest("li"); if (one) choose(one); });
  }

  function prepare() {
    for (const one of document.querySelectorAll(".with-script")) one.hidden = false;
    for (const field of document.querySelectorAll("input[data-kinds]")) completing(field);
    const link = document.getElementById("link");
    if (link) history.replaceState(null, "", link.getAttribute("href"));
  }
  prepare();
})();
