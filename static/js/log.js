"use strict";
/* The sync log: choosing everybody on the page, and saying how many are chosen. It works without. */
{
  const boxes = [...document.querySelectorAll("input[name=ids]")];
  const label = document.querySelector("[data-chooses-all]");
  const button = document.querySelector("[data-for-chosen]");

  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    const all = label?.querySelector("input");
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    if (!button) return;
    button.dataset.says ??= button.textContent;
    button.textContent = chosen ? button.dataset.forChosen.replace("%(number)s", chosen) : button.dataset.says;
    button.disabled = !chosen;
  };

  document.addEventListener("change", ({ target }) => {
    if (target.closest("[data-chooses-all]")) for (const box of boxes) box.checked = target.checked;
    if (target.matches("input[type=checkbox]")) show();
  });
  // Browsers keep what was ticked when somebody comes back to the page.
  addEventListener("pageshow", show);
  if (label && boxes.length) label.hidden = false;
  show();
}
