"use strict";
/* select2 draws a field of its own for each one to be searched, and leaves it without the label's words. */
{
  const name = () => {
    for (const drawn of document.querySelectorAll(".select2-selection[role=combobox]")) {
      const field = drawn.closest(".select2")?.previousElementSibling;
      const label = field?.labels?.[0];
      if (!label) continue;
      label.id ||= `${field.id}_label`;
      drawn.setAttribute("aria-labelledby", `${label.id} ${drawn.getAttribute("aria-labelledby") ?? ""}`);
      // A part of the field, and not a second one.
      drawn.querySelector("[role=textbox]")?.removeAttribute("role");
      drawn.querySelector("[aria-readonly]")?.removeAttribute("aria-readonly");
    }
  };
  // In line after Django's own, which draws them.
  window.django?.jQuery?.(name);
}
