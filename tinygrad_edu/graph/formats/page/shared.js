// What the pages of pictures and of players share.
"use strict";

// The state of the page in its address; a frame of a notebook has none.
function address(parts) {
  const state = new URLSearchParams(parts).toString();
  if (location.protocol !== "about:") history.replaceState(null, "", state ? `#${state}` : location.pathname + location.search);
}

// Write a number where it is another, after the sign of equality, if there was one; whether it was written.
function write(element, text) {
  const now = element?.textContent;
  const next = /^\s*=/.test(now) ? ` = ${text}` : text;
  if (!now || now === next) return false;
  element.textContent = next;
  return true;
}
const bracketed = (text) => (text.startsWith("−") ? `(${text})` : text);
