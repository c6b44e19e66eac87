// The page of a film: a slider over the frames, and a button that plays them. The address keeps the frame.
"use strict";
const slider = document.getElementById("frame");
const button = document.getElementById("play");
const frames = [...document.getElementById("frames").children];
let timer = 0;

function show(number) {
  slider.value = String(number);
  frames.forEach((frame, i) => { frame.hidden = i !== Number(slider.value); });
  slider.setAttribute("aria-valuetext", `${Number(slider.value) + 1} / ${frames.length}`);
  if (location.protocol !== "about:") history.replaceState(null, "", `#frame=${Number(slider.value) + 1}`);
}

function say(playing) {
  button.setAttribute("aria-pressed", String(playing));
  [...button.children].forEach((word, i) => { word.hidden = playing !== (i === 1); });
}

function stop() {
  clearInterval(timer);
  timer = 0;
  say(false);
}

function play() {
  if (timer) return stop();
  if (Number(slider.value) === frames.length - 1) show(0);
  say(true);
  timer = setInterval(() => { show(Number(slider.value) + 1); if (Number(slider.value) === frames.length - 1) stop(); }, 1000 * SECONDS);
}

slider.addEventListener("input", () => { stop(); show(slider.value); });
button.addEventListener("click", play);
show(Number(/^#frame=(\d+)$/.exec(location.hash)?.[1] ?? 1) - 1);
