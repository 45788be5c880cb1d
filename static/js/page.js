"use strict";
/* What every admin page may use, by attributes alone; pages work without it:
     <a href="..." data-opens="ID">     opens <dialog id="ID"> instead of following the link
     <button data-closes>               closes the dialog that it stands in
     <button data-again hidden>         is shown when the dialog's words did not come, and asks for them again
     <p data-moment>                    is shown in a dialog while they are on their way
     <button data-copies="ID" hidden>   is shown, and copies the text of that element
   and in answers to htmx: HX-Trigger {"announce": "what to say", "focus": "#where-to-go"}. */
{
  const find = (id) => document.getElementById(id);
  const on = (name, listener) => document.addEventListener(name, listener);
  const words = () => find("announcer")?.dataset ?? {};

  const announce = (text) => {
    const announcer = find("announcer");
    if (!announcer || !text) return;
    announcer.textContent = "";
    setTimeout(() => (announcer.textContent = text), 50);
  };

  // Dialogs
  const open = (link, event) => {
    const dialog = find(link.dataset.opens);
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!dialog?.showModal || elsewhere) return;
    event.preventDefault();
    if (dialog.open) return;
    dialog.showModal();
    // htmx would keep the click for itself.
    dialog.dispatchEvent(new Event("opened"));
  };

  const again = (button) => {
    const dialog = button.closest("dialog[open]");
    if (!dialog) return;
    tellIn(dialog, "");
    dialog.querySelector("[data-closes]")?.focus();
    dialog.dispatchEvent(new Event("opened"));
  };

  const close = (button, event) => {
    const dialog = button.closest("dialog[open]");
    if (!dialog) return;
    event.preventDefault();
    dialog.close();
  };

  // Copying
  const write = async (source, text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // Plain http: only what is selected can be copied.
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    if (!document.execCommand("copy")) throw new Error();
  };

  const copy = async (button) => {
    const source = find(button.dataset.copies);
    if (!source) return;
    try {
      await write(source, (source.value ?? source.textContent).trim());
    } catch {
      return announce(words().notCopied);
    }
    announce(words().copied);
    button.dataset.says ??= button.textContent;
    button.textContent = words().copied;
    setTimeout(() => (button.textContent = button.dataset.says), 2000);
  };

  const showCopying = () => {
    for (const button of document.querySelectorAll("[data-copies][hidden]")) button.hidden = false;
  };

  // Menus close by Escape and by a click elsewhere
  const closeMenus = (but) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(but)) menu.open = false;
    }
  };

  on("click", (event) => {
    if (event.defaultPrevented || event.button) return;
    const target = event.target;
    closeMenus(target);
    const one = target.closest?.("[data-opens], [data-closes], [data-copies], [data-again]");
    if (!one) return;
    if ("opens" in one.dataset) open(one, event);
    else if ("closes" in one.dataset) close(one, event);
    else if ("again" in one.dataset) again(one);
    else copy(one);
  });

  on("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // What went wrong
  const show = (box, kind) => {
    box.hidden = !kind;
    for (const line of box.children) line.hidden = line.dataset.trouble !== kind;
  };

  // Nothing outside of an open dialog can be reached.
  const tellIn = (dialog, kind) => {
    dialog.querySelector(".trouble")?.remove();
    for (const one of dialog.querySelectorAll("[data-moment]")) one.hidden = Boolean(kind);
    for (const one of dialog.querySelectorAll("[data-again]")) one.hidden = !kind;
    if (!kind) return;
    const box = find("trouble").cloneNode(true);
    box.removeAttribute("id");
    show(box, kind);
    dialog.prepend(box);
  };

  const trouble = (kind, place) => {
    const box = find("trouble");
    if (!box) return;
    const dialog = place?.closest?.("dialog[open]");
    if (dialog) tellIn(dialog, kind);
    else show(box, kind);
  };

  // Signing in again elsewhere changes the token
  const TOKEN = "csrfmiddlewaretoken";
  const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  // A browser that never keeps it may be refused: that is not ours to say.
  const hadToken = Boolean(token());

  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      const field = form.querySelector(`input[name=${TOKEN}]`);
      if (field && token()) field.value = token();
      else if (field && form.getAttribute("method") === "post" && find("trouble") && hadToken) {
        // It would be refused, and what is typed be gone.
        event.preventDefault();
        event.stopPropagation();
        trouble("signed-out", form);
      }
    },
    true,
  );

  // htmx
  const said = (event) => event.detail?.value ?? event.detail?.text;
  let goal, later;

  const goThere = () => {
    const place = goal && document.querySelector(goal);
    goal = null;
    if (!place) return;
    if (place.tabIndex < 0) place.tabIndex = -1;
    place.focus();
  };

  on("announce", (event) => announce(said(event)));
  on("focus", (event) => {
    goal = said(event);
    // An answer that swaps nothing settles nothing.
    later = setTimeout(goThere, 300);
  });
  on("htmx:configRequest", (event) => {
    const { detail } = event;
    if (!token()) {
      if (detail.verb === "get" || !hadToken) return;
      event.preventDefault();
      return trouble("signed-out", event.target);
    }
    detail.headers["X-CSRFToken"] = token();
    if (detail.parameters[TOKEN]) detail.parameters[TOKEN] = token();
  });
  on("htmx:beforeSwap", ({ detail }) => {
    // Signed out meanwhile: what was typed stays.
    const signedOut = new URL(detail.xhr.responseURL || location.href).pathname.endsWith("/login/");
    if (signedOut) detail.shouldSwap = false;
    // Nothing in it works before it has settled.
    if (detail.shouldSwap) clearTimeout(later);
    if (detail.xhr.status < 400) trouble(signedOut ? "signed-out" : "", detail.elt);
  });
  on("htmx:responseError", ({ detail }) => {
    trouble(detail.xhr.status === 403 ? "refused" : "failed", detail.elt);
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    on(name, ({ detail }) => trouble("unreachable", detail.elt));
  }
  on("htmx:afterSettle", () => {
    showCopying();
    goThere();
  });

  showCopying();
}
