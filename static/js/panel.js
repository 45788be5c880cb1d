"use strict";
/* The panel's form: a field of Intercom is offered once, what is wrong is marked on its control, and nobody
   leaves with unsaved changes by accident. The page works without it. */
{
  const on = document.addEventListener.bind(document);
  const form = document.getElementById("panel-form");
  let leaving = false;
  let sent = -Infinity;

  // Each field of Intercom can be filled by one row only.
  const offerOnce = () => {
    const menus = [...form.querySelectorAll("select[data-target]")];
    const used = new Map();
    for (const menu of menus) if (menu.value) used.set(menu.value, (used.get(menu.value) ?? 0) + 1);
    for (const menu of menus) {
      for (const option of menu.options) option.disabled = used.has(option.value) && !option.selected;
    }
  };

  // What the server found wrong, on the controls themselves.
  const markWrong = () => {
    for (const control of form.elements) {
      if (control.id !== "id_new_name") control.removeAttribute("aria-invalid");
    }
    for (const place of document.querySelectorAll("[data-wrong]")) {
      for (const id of place.dataset.wrong.split(" ").filter(Boolean)) {
        document.getElementById(id)?.setAttribute("aria-invalid", "true");
      }
    }
  };

  const isChanged = () => Boolean(document.querySelector("#save-state [data-changed]"));

  // Said at once; what the server finds follows a moment later.
  const sayChanged = () => {
    const state = document.getElementById("save-state");
    if (!state || isChanged()) return;
    const words = document.createElement("strong");
    words.dataset.changed = "";
    words.textContent = form.dataset.unsaved;
    state.replaceChildren(words);
  };

  // What was changed before this script came, or was filled in by the browser on the way back.
  const differs = (control) => {
    if (control.type === "hidden" || !control.name) return false;
    if (["checkbox", "radio"].includes(control.type)) return control.checked !== control.defaultChecked;
    if (!control.options) return control.value !== (control.defaultValue ?? control.value);
    const options = [...control.options];
    return control.selectedIndex !== Math.max(0, options.findIndex((option) => option.defaultSelected));
  };

  const look = () => {
    offerOnce();
    markWrong();
  };

  // Nothing outside of an open dialog can be reached: what goes wrong in one is said there, by
  // <p data-moment> (shown meanwhile) and <button data-again hidden> (asks once more).
  const tellInside = ({ detail }) => {
    const dialog = detail.elt?.closest("dialog[open]");
    const box = document.getElementById("trouble");
    if (!dialog || !box) return;
    dialog.querySelector(".trouble")?.remove();
    for (const one of dialog.querySelectorAll("[data-moment]")) one.hidden = !box.hidden;
    for (const one of dialog.querySelectorAll("[data-again]")) one.hidden = box.hidden;
    if (box.hidden) return;
    const said = box.cloneNode(true);
    said.removeAttribute("id");
    dialog.prepend(said);
    box.hidden = true;
  };
  for (const name of ["beforeSwap", "responseError", "sendError", "timeout"]) {
    on(`htmx:${name}`, tellInside);
  }
  on("click", ({ target }) => {
    const button = target.closest?.("dialog[open] [data-again]");
    if (!button) return;
    const dialog = button.closest("dialog");
    tellInside({ detail: { elt: dialog } });
    dialog.querySelector("[data-closes]")?.focus();
    dialog.dispatchEvent(new Event("opened"));
  });

  if (form) {
    form.addEventListener("input", (event) => {
      if (["new_name", "new_type"].includes(event.target.name)) return;
      sayChanged();
      if (event.target.matches("form, select[data-target]")) offerOnce();
    });
    on("submit", (event) => {
      leaving = event.target === form;
      if (!leaving) return;
      if (form.querySelector(".htmx-request")) {
        // A row is being removed, say: it goes first.
        event.preventDefault();
        const again = () => form.requestSubmit(event.submitter);
        on("htmx:afterRequest", again, { once: true });
      } else if (event.timeStamp - sent < 1000) {
        // The second half of a double click would save again, over what it has just saved.
        event.preventDefault();
      } else sent = event.timeStamp;
    });
    on("click", (event) => {
      if (event.target.closest?.("[data-discards]")) leaving = true;
    });
    // The browser's own question: its words cannot be chosen.
    addEventListener("beforeunload", (event) => {
      if (!leaving && isChanged()) event.preventDefault();
    });
    addEventListener("pageshow", () => {
      leaving = false;
      if ([...form.elements].some(differs)) form.dispatchEvent(new Event("input", { bubbles: true }));
    });
    // What has the focus stays in sight, whatever an answer puts above it.
    const place = () => document.activeElement.getBoundingClientRect();
    let seen = false;
    on("htmx:beforeSwap", () => {
      seen = place().top > 0 && place().bottom < innerHeight;
    });
    on("htmx:afterSwap", () => {
      if (seen) document.activeElement.scrollIntoView({ block: "nearest" });
    });
    on("htmx:afterSettle", look);
    on("htmx:oobAfterSwap", markWrong);
    // The Enter key in a field that has a button of its own.
    on("keydown", (event) => {
      const button = event.key === "Enter" && document.getElementById(event.target.dataset?.enter);
      if (!button) return;
      event.preventDefault();
      button.click();
    });
    // What stands there already is neither read out again nor folded up.
    on("htmx:oobBeforeSwap", ({ detail }) => {
      const words = (place) => place.textContent.replace(/\s+/g, " ").trim();
      const kept = ["save-state", "first-steps"].includes(detail.target.id);
      if (kept && words(detail.target) === words(detail.fragment)) {
        detail.shouldSwap = false;
      }
    });
    look();
  }
}
