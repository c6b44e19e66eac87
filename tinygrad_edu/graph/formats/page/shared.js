// What the pages of pictures and of players share.
"use strict";

// The state of the page in its address; a frame of a notebook has none.
function address(parts) {
  const state = new URLSearchParams(parts).toString();
  if (location.protocol !== "about:") history.replaceState(null, "", state ? `#${state}` : location.pathname + location.search);
}

// A text with the values in its places.
const words = (template, values) => template.replace(/\{(\w+)\}/g, (_, key) => values[key]);

// Write a number where it is another, after the sign of equality, if there was one; whether it was written.
function write(element, text) {
  const now = element?.textContent;
  const next = /^\s*=/.test(now) ? ` = ${text}` : text;
  if (!now || now === next) return false;
  element.textContent = next;
  return true;
}
const bracketed = (text) => (text.startsWith("−") ? `(${text})` : text);

// Text in which words of scripts that run from right to left do not turn around what stands beside them.
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc](?:[^\x00-\x7f]|[ ]+(?=[\u0590-\u08ff]))*/g;
const isolated = (text) => text.replace(RIGHT_TO_LEFT, "\u2068$&\u2069");

// The number that a word says, such as -2, 1e-3 or 1/3; undefined where it says none. Words are read from any keyboard,
// and a comma between digits may be a decimal point.
const NUMBER = "([+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]+)?)";
const FRACTION = new RegExp(`^${NUMBER}(?:/${NUMBER})?$`);
const NAMED = new Map([["inf", Infinity], ["+inf", Infinity], ["-inf", -Infinity], ["nan", NaN]]);
const typable = (text) => text.normalize("NFKC").replaceAll("−", "-").replaceAll("∞", "inf");
const withPoints = (text) => text.replace(/(?<=[0-9]),(?=[0-9])/g, ".");
function read(word) {
  const [, over, under] = FRACTION.exec(word) ?? [];
  if (!over) return NAMED.get(word.toLowerCase());
  return under === undefined ? Number(over) : Number(under) === 0 ? undefined : Number(over) / Number(under);
}
