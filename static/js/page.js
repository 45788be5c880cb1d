"use strict";
/* What every admin page may use, by attributes alone; pages work without it:
     <a href="..." data-opens="ID">     opens <dialog id="ID"> instead of following the link
     <button data-closes>               closes the dialog that it stands in
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
    const one = target.closest?.("[data-opens], [data-closes], [data-copies]");
    if (!one) return;
    if ("opens" in one.dataset) open(one, event);
    else if ("closes" in one.dataset) close(one, event);
    else copy(one);
  });

  on("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // Signing in again elsewhere changes the token
  const TOKEN = "csrfmiddlewaretoken";
  const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];

  document.addEventListener(
    "submit",
    (event) => {
      const field = event.target.querySelector(`input[name=${TOKEN}]`);
      if (field && token()) field.value = token();
    },
    true,
  );

  // htmx
  const trouble = (kind) => {
    const box = find("trouble");
    if (!box) return;
    box.hidden = !kind;
    for (const line of box.children) line.hidden = line.dataset.trouble !== kind;
  };

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
  on("htmx:configRequest", ({ detail }) => {
    if (!token()) return;
    detail.headers["X-CSRFToken"] = token();
    if (detail.parameters[TOKEN]) detail.parameters[TOKEN] = token();
  });
  on("htmx:beforeSwap", ({ detail }) => {
    // Signed out meanwhile: what was typed stays.
    const signedOut = new URL(detail.xhr.responseURL || location.href).pathname.endsWith("/login/");
    if (signedOut) detail.shouldSwap = false;
    // Nothing in it works before it has settled.
    if (detail.shouldSwap) clearTimeout(later);
    if (detail.xhr.status < 400) trouble(signedOut ? "signed-out" : "");
  });
  on("htmx:responseError", ({ detail }) => trouble(detail.xhr.status === 403 ? "refused" : "failed"));
  for (const name of ["htmx:sendError", "htmx:timeout"]) on(name, () => trouble("unreachable"));
  on("htmx:afterSettle", () => {
    showCopying();
    goThere();
  });

  showCopying();
}
