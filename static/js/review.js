// Letters for the review page: an element with data-shortcut="a" is activated by that key, unless somebody is typing.
(() => {
  "use strict";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog[open]")) return;
    const target = document.querySelector(`[data-shortcut="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!target) return;
    event.preventDefault();
    target.click();
    const field = target.closest("details")?.querySelector("textarea, input:not([type=hidden])");
    if (field && target.closest("details").open) field.focus();
    else target.focus();
  });
})();
